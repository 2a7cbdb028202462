/* SPDX-License-Identifier: BSD-2-Clause */
/* bench_rwlock.c - pawl/rwlock.h beside other reader-writer locks. */
#include "config.h"

#include <pthread.h>

#include <pawl/rwlock.h>

#include "bench.h"
#include "rw_subject.h"

void rw_torn(const char *label)
{
	fatal("%s: a reader saw half of what a writer does", label);
}

unsigned rw_reads(void)
{
	static __thread uint32_t state = 2463534242;

	if (state == 2463534242)	/* threads do not write at the same times */
		state ^= (uint32_t)(uintptr_t)&state;
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % (2 * READS_PER_WRITE + 1);
}

static int pawl_begin(pawl_rwlock *l)
{
	*l = (pawl_rwlock)PAWL_RWLOCK_INIT;
	return 0;
}

RW_SUBJECTS(pawl_rw, "pawl", pawl_rwlock, pawl_begin, pawl_rwlock_rdlock, pawl_rwlock_rdunlock,
	    pawl_rwlock_wrlock, pawl_rwlock_wrunlock)

static int posix_begin(pthread_rwlock_t *l)
{
	return pthread_rwlock_init(l, NULL);
}

RW_SUBJECTS(posix_rw, "pthread", pthread_rwlock_t, posix_begin, pthread_rwlock_rdlock,
	    pthread_rwlock_unlock, pthread_rwlock_wrlock, pthread_rwlock_unlock)

/* Peers that may be missing. */
#ifdef BENCH_NSYNC
# define NSYNC(form) &nsync_rw_##form,
#else
# define NSYNC(form)
#endif
#ifndef BENCH_TSAN
# define CK(form) &ck_rw_##form,
#else
# define CK(form)
#endif

#define SUBJECTS(form) { &posix_rw_##form, &pawl_rw_##form, CK(form) NSYNC(form) NULL }

static const struct subject *const reads[] = SUBJECTS(read);
static const struct subject *const writes[] = SUBJECTS(write);
static const struct subject *const mixed[] = SUBJECTS(mixed);

const struct bench_case bench_rwlock[] = {
	{ .name = "rwlock/read", .what = "lock and unlock for reading, no contention", .mode = SOLO,
	  .threads = 1, .cpus = 1, .subjects = reads },
	{ .name = "rwlock/write", .what = "lock and unlock for writing, no contention", .mode = SOLO,
	  .threads = 1, .cpus = 1, .subjects = writes },
	{ .name = "rwlock/2thr-read", .what = "two threads overlapping, reading", .mode = OVERLAP,
	  .threads = 2, .cpus = 2, .batch = 64, .min_ms = 300, .max_ratio = 0.20,
	  .subjects = reads },
	{ .name = "rwlock/2thr-1%", .what = "two threads on 2 CPUs, 1 % writes, waits included",
	  .mode = CROWD, .threads = 2, .cpus = 2, .batch = 16, .min_ms = 300, .max_ratio = 0.15,
	  .subjects = mixed },
	{ .name = "rwlock/8thr-read", .what = "8 threads on 2 CPUs, reading", .mode = CROWD,
	  .threads = 8, .cpus = 2, .batch = 64, .min_ms = 300, .subjects = reads },
	{ .name = "rwlock/8thr-1%", .what = "8 threads on 2 CPUs, 1 % writes", .mode = CROWD,
	  .threads = 8, .cpus = 2, .batch = 16, .min_ms = 300, .subjects = mixed },
	{ .name = NULL }
};
