/* SPDX-License-Identifier: BSD-2-Clause */
/* bench_mutex.c - pawl/mutex.h beside other locks that park. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>

#include <pawl/mutex.h>

#include "bench.h"
#include "lock_subject.h"

#define CLOSE_NOT(lock) (void)(lock)
#define POSIX_TRYLOCK(lock) (pthread_mutex_trylock(lock) == 0)
#define PAWL_TRYLOCK(lock) (pawl_mutex_trylock(lock) == 0)

static int fair_init(pawl_mutex *lock)
{
	return pawl_mutex_init(lock, PAWL_FAIR);
}

static int plain_init(pawl_mutex *lock)
{
	return pawl_mutex_init(lock, 0);
}

static int posix_init(pthread_mutex_t *lock)
{
	return pthread_mutex_init(lock, NULL);
}

static int adaptive_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;
	int err;

	pthread_mutexattr_init(&attr);
	err = pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP);
	if (err == 0)
		err = pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return err;
}

LOCK_SUBJECTS(pawl, "pawl", pawl_mutex, plain_init, pawl_mutex_destroy,
	      pawl_mutex_lock, PAWL_TRYLOCK, pawl_mutex_unlock)
LOCK_SUBJECTS(fair, "pawl-fair", pawl_mutex, fair_init, pawl_mutex_destroy,
	      pawl_mutex_lock, PAWL_TRYLOCK, pawl_mutex_unlock)
LOCK_SUBJECTS(posix, "pthread", pthread_mutex_t, posix_init, pthread_mutex_destroy,
	      pthread_mutex_lock, POSIX_TRYLOCK, pthread_mutex_unlock)
LOCK_SUBJECTS(adaptive, "adaptive", pthread_mutex_t, adaptive_init, pthread_mutex_destroy,
	      pthread_mutex_lock, POSIX_TRYLOCK, pthread_mutex_unlock)

/* The floor of a lock whose unlock looks for waiters: two locked instructions. */
static inline bool bare_trylock(uint64_t *word)
{
	uint64_t expected = 0;

	return __builtin_expect(__atomic_compare_exchange_n(word, &expected, 1, false,
			__ATOMIC_ACQUIRE, __ATOMIC_RELAXED), 1);
}

static inline void bare_unlock(uint64_t *word)
{
	uint64_t expected = 1;

	if (__builtin_expect(!__atomic_compare_exchange_n(word, &expected, 0, false,
			__ATOMIC_RELEASE, __ATOMIC_RELAXED), 0))
		abort();
}

static inline void bare_lock(uint64_t *word)
{
	if (!bare_trylock(word))
		abort();
}

static int bare_init(uint64_t *word)
{
	*word = 0;
	return 0;
}

LOCK_SUBJECTS(bare, "bare", uint64_t, bare_init, CLOSE_NOT, bare_lock, bare_trylock, bare_unlock)

/* Peers that may be missing. */
#ifdef BENCH_NSYNC
# define NSYNC(form) &nsync_##form,
#else
# define NSYNC(form)
#endif
#ifdef BENCH_TBB
# define TBB(form) &tbb_##form,
#else
# define TBB(form)
#endif

static const struct subject *const pairs[] = {
	&bare_pair, &pawl_pair, &posix_pair, NSYNC(pair) TBB(pair) NULL
};
static const struct subject *const tries[] = {
	&bare_try, &pawl_try, &posix_try, NSYNC(try) TBB(try) NULL
};
static const struct subject *const sections[] = {
	&posix_section, &pawl_section, &adaptive_section, NSYNC(section) TBB(section) NULL
};
static const struct subject *const fair_too[] = {
	&posix_section, &pawl_section, &fair_section, &adaptive_section,
	NSYNC(section) TBB(section) NULL
};

#define CASE(name, what, mode, threads, cpus, section_ns, batch, min_ms, ratio, unfairness, who) \
	{ "mutex/" name, what, mode, threads, cpus, section_ns, batch, min_ms, ratio, unfairness, \
	  .subjects = who }

const struct bench_case bench_mutex[] = {
	CASE("pair", "lock and unlock, no contention", SOLO, 1, 1, 0, 0, 0, 1.05, 0, pairs),
	CASE("try", "trylock and unlock, no contention", SOLO, 1, 1, 0, 0, 0, 0, 0, tries),
	CASE("1thr-100ns", "one thread, 100 ns inside", SOLO, 1, 1, 100, 0, 0, 0, 0, sections),
	CASE("2thr-0", "two threads overlapping, next to nothing inside",
	     OVERLAP, 2, 2, 0, 8, 0, 0, 0, sections),
	CASE("2thr-100ns", "two threads overlapping, 100 ns inside",
	     OVERLAP, 2, 2, 100, 4, 300, 0.45, 0, fair_too),
	CASE("2thr-1us", "two threads overlapping, 1 us inside",
	     OVERLAP, 2, 2, 1000, 4, 0, 0, 0, sections),
	CASE("4thr-100ns-1cpu", "4 threads on one CPU, 100 ns inside",
	     CROWD, 4, 1, 100, 1, 300, 1.05, 0, fair_too),
	CASE("4thr-1us-1cpu", "4 threads on one CPU, 1 us inside",
	     CROWD, 4, 1, 1000, 1, 300, 1.05, 0, fair_too),
	CASE("4thr-100ns", "4 threads on 2 CPUs, 100 ns inside",
	     CROWD, 4, 2, 100, 1, 0, 0, 0, sections),
	CASE("4thr-1us", "4 threads on 2 CPUs, 1 us inside",
	     CROWD, 4, 2, 1000, 1, 0, 0, 0, sections),
	CASE("16thr-0", "16 threads on 2 CPUs, next to nothing inside",
	     CROWD, 16, 2, 0, 1, 0, 0, 0, sections),
	CASE("16thr-100ns", "16 threads on 2 CPUs, 100 ns inside",
	     CROWD, 16, 2, 100, 1, 0, 0, 0, sections),
	CASE("16thr-1us", "16 threads on 2 CPUs, 1 us inside",
	     CROWD, 16, 2, 1000, 1, 1000, 0.85, 3.0, fair_too),
	CASE("64thr-100ns", "64 threads on 2 CPUs, 100 ns inside",
	     CROWD, 64, 2, 100, 1, 0, 0, 0, sections),
	CASE("64thr-1us", "64 threads on 2 CPUs, 1 us inside",
	     CROWD, 64, 2, 1000, 1, 0, 0, 0, sections),
	{ .name = NULL }
};
