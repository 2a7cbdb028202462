/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_sem.c - pawl/sem.h beside other semaphores.
 *
 * Two floors.  `bare' is two fetch-and-adds that look at nothing.  `bare-cas' is two loads
 * with a compare-and-swap each, the least for a release that has to see whether somebody
 * waits before the permit is free: afterwards the semaphore may be gone.
 *
 * Handoff: two threads give each other a permit in turn; an operation is one way.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

#include <pawl/mutex.h>
#include <pawl/sem.h>

#include "bench.h"
#include "sem_subject.h"

enum { WARM_UP_US = 20000 };

void sem_check_crowd(const char *label, unsigned permits)
{
	if (permits != CROWD_PERMITS)
		fatal("%s: of %d permits there are %u at the end", label, CROWD_PERMITS, permits);
}

/*** Handoff **********************************************************************************/

struct side {
	uint64_t turns OWN_LINES;	/* written by its thread, read by any */
	pthread_t thread;
	unsigned index;
	const struct sem_kind *kind;
	void *state;
	const struct bench_case *c;
	const bool *stop;
};

static void *side_run(void *arg)
{
	struct side *side = arg;
	bool stop;

	machine_pin(side->c->cpus == 2 ? side->index : 0, 1);
	do {
		side->kind->acquire(side->state, side->index);
		stop = __atomic_load_n(side->stop, __ATOMIC_RELAXED);
		__atomic_store_n(&side->turns, side->turns + 1, __ATOMIC_RELAXED);
		side->kind->release(side->state, !side->index);
	} while (!stop);
	return NULL;
}

static uint64_t turns_of(const struct side *sides)
{
	return __atomic_load_n(&sides[0].turns, __ATOMIC_RELAXED) +
		__atomic_load_n(&sides[1].turns, __ATOMIC_RELAXED);
}

void sem_handoff(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
		 struct sample *ret)
{
	struct side sides[2];
	uint64_t turns;
	int64_t begin;
	bool stop = false;

	for (unsigned i = 0; i < 2; i++) {
		sides[i] = (struct side){ .index = i, .kind = s->kind, .state = state, .c = c,
					  .stop = &stop };
		if (pthread_create(&sides[i].thread, NULL, side_run, &sides[i]) != 0)
			fatal("%s: cannot make a thread", c->name);
	}
	usleep(WARM_UP_US);
	turns = turns_of(sides);
	begin = clock_ns();
	usleep(ms * 1000);
	turns = turns_of(sides) - turns;
	begin = clock_ns() - begin;
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(sides[i].thread, NULL);
	if (turns > 0)
		ret->ns = (double)begin / (double)turns;
}

/*** Subjects *********************************************************************************/

static int plain_open(pawl_sem *sem, int64_t permits)
{
	return pawl_sem_init(sem, permits, 0);
}

static int fair_open(pawl_sem *sem, int64_t permits)
{
	return pawl_sem_init(sem, permits, PAWL_FAIR);
}

static inline void plain_acquire(pawl_sem *sem)
{
	if (pawl_sem_acquire(sem) != 0)
		abort();
}

#define PAWL_TRY(sem) (pawl_sem_tryacquire(sem) == 0)
#define PAWL_RELEASE(sem) pawl_sem_release(sem, 1)

SEM_SUBJECTS(pawl_sem, "pawl", pawl_sem, plain_open, pawl_sem_destroy, plain_acquire, PAWL_TRY,
	     PAWL_RELEASE)
SEM_SUBJECTS(fair_sem, "pawl-fair", pawl_sem, fair_open, pawl_sem_destroy, plain_acquire, PAWL_TRY,
	     PAWL_RELEASE)

static int posix_open(sem_t *sem, unsigned permits)
{
	return sem_init(sem, 0, permits) == 0 ? 0 : errno;
}

static inline void posix_acquire(sem_t *sem)
{
	if (sem_wait(sem) != 0)
		abort();
}

#define POSIX_TRY(sem) (sem_trywait(sem) == 0)

SEM_SUBJECTS(posix_sem, "sem_t", sem_t, posix_open, sem_destroy, posix_acquire, POSIX_TRY, sem_post)

/*** Floors ***********************************************************************************/

#define CLOSE_NOT(word) (void)(word)

static int bare_open(int64_t *word)
{
	*word = 1;
	return 0;
}

/* The result is used, so that it is a fetch-and-add. */
static inline int64_t bare_add(int64_t *word, int64_t n, int order)
{
	int64_t before = __atomic_fetch_add(word, n, order);

	__asm__ volatile("" : "+r"(before));
	return before;
}

static inline bool bare_take(int64_t *word)
{
	return bare_add(word, -1, __ATOMIC_ACQUIRE) > 0;
}

static inline void bare_give(int64_t *word)
{
	(void)bare_add(word, 1, __ATOMIC_RELEASE);
}

LOCK_SUBJECTS(bare_sem, "bare", int64_t, bare_open, CLOSE_NOT, (void)bare_take, bare_take,
	      bare_give)

static inline bool cas_take(int64_t *word)
{
	int64_t seen = __atomic_load_n(word, __ATOMIC_RELAXED);

	return __builtin_expect(seen > 0, 1) &&
		__builtin_expect(__atomic_compare_exchange_n(word, &seen, seen - 1, false,
			__ATOMIC_ACQUIRE, __ATOMIC_RELAXED), 1);
}

static inline void cas_acquire(int64_t *word)
{
	if (!cas_take(word))
		abort();
}

static inline void cas_give(int64_t *word)
{
	int64_t seen = __atomic_load_n(word, __ATOMIC_RELAXED);

	if (__builtin_expect(!__atomic_compare_exchange_n(word, &seen, seen + 1, false,
			__ATOMIC_RELEASE, __ATOMIC_RELAXED), 0))
		abort();
}

LOCK_SUBJECTS(cas_sem, "bare-cas", int64_t, bare_open, CLOSE_NOT, cas_acquire, cas_take, cas_give)

/*** Cases ************************************************************************************/

/* A peer that may be missing. */
#ifdef BENCH_NSYNC
# define NSYNC(form) &nsync_sem_##form,
#else
# define NSYNC(form)
#endif

static const struct subject *const pairs[] = {
	&cas_sem_pair, &pawl_sem_pair, &bare_sem_pair, &fair_sem_pair, &posix_sem_pair,
	NSYNC(pair) NULL
};
static const struct subject *const tries[] = {
	&cas_sem_try, &pawl_sem_try, &bare_sem_try, &fair_sem_try, &posix_sem_try,
	NSYNC(try) NULL
};
static const struct subject *const sections[] = {
	&posix_sem_section, &pawl_sem_section, &fair_sem_section, NSYNC(section) NULL
};
static const struct subject *const crowds[] = {
	&posix_sem_crowd, &pawl_sem_crowd, &fair_sem_crowd, NSYNC(crowd) NULL
};
static const struct subject *const handoffs[] = {
	&posix_sem_handoff, &pawl_sem_handoff, &fair_sem_handoff, NSYNC(handoff) NULL
};

const struct bench_case bench_sem[] = {
	{ .name = "sem/pair", .what = "acquire and release, no contention", .mode = SOLO,
	  .threads = 1, .cpus = 1, .max_ratio = 1.05, .subjects = pairs },
	{ .name = "sem/try", .what = "tryacquire and release, no contention", .mode = SOLO,
	  .threads = 1, .cpus = 1, .subjects = tries },
	{ .name = "sem/2thr-100ns", .what = "two threads overlapping, 1 permit, 100 ns with it",
	  .mode = OVERLAP, .threads = 2, .cpus = 2, .section_ns = 100, .batch = 4, .min_ms = 300,
	  .subjects = sections },
	{ .name = "sem/100thr-10", .what = "100 threads on 2 CPUs, 10 permits, a yield with one",
	  .mode = CROWD, .threads = 100, .cpus = 2, .batch = 1, .min_ms = 300,
	  .max_cpu_ratio = 0.60, .subjects = crowds },
	{ .name = "sem/handoff", .what = "a permit handed over, two CPUs", .mode = OWN,
	  .threads = 2, .cpus = 2, .subjects = handoffs },
	{ .name = "sem/handoff-1cpu", .what = "a permit handed over, one CPU", .mode = OWN,
	  .threads = 2, .cpus = 1, .subjects = handoffs },
	{ .name = NULL }
};
