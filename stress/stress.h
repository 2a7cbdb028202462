/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stress.h - what a case of pawl-stress is, and what its code may use.
 *
 * A case is one mistake and its remedy.  Each variant runs in a process of its own,
 * by a team of threads, in one of three modes:
 *
 *	BROKEN	the wrong code.  A rendezvous at its await point makes sure that it
 *		goes wrong, every time, by a known minimum.  The rendezvous is made of
 *		relaxed atomics, so that ThreadSanitizer sees no order in it and still
 *		reports the race.
 *	NATURAL	the same code without the rendezvous, to see how often it goes wrong
 *		by itself.  Shown, never judged.
 *	RIGHT	what to write instead: silent, exact, and shown to have slept.
 *
 * To add a case: a struct in the array of its stress_<stem>.c, which stands in
 * STRESS_STEMS below and in stress/local.mk.
 */
#ifndef STRESS_H
#define STRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where there is a task switch. */
#ifdef STRESS_TASKS
# define STRESS_TASK_STEM_(X) X(task)
#else
# define STRESS_TASK_STEM_(X)
#endif

#define STRESS_STEMS(X) \
	X(counter) X(session) X(transfer) X(cache) X(any) \
	X(event) X(notify) X(barrier) \
	X(mutex) X(cond) X(rwlock) X(sem) X(queue) X(once) X(op) STRESS_TASK_STEM_(X) \
	X(scope) X(cleanup) X(tally) X(selftest)

enum {
	STRESS_ITERATIONS = 200,	/* of each thread, BROKEN */
	STRESS_EVERY = 8,		/* the last of so many has a rendezvous */
	STRESS_WAITS = 16,		/* sleeps to be seen in a RIGHT variant that waits */
	STRESS_LINE = 64,		/* bytes that threads do not share */
};

enum stress_mode { STRESS_BROKEN, STRESS_NATURAL, STRESS_RIGHT };

struct stress_worker {
	_Alignas(STRESS_LINE) _Atomic uint64_t ops;	/* written by its thread, read by any */
	_Atomic int tid;			/* 0: not running */
	_Atomic(const char *) phase;		/* for the watchdog; NULL: nothing special */
	struct stress_team *team;
	unsigned index;
	uint64_t random;
	uint64_t awaits;
	_Atomic uint64_t met;	/* rendezvous; its own */
	uint64_t switches;	/* times it slept, as the kernel counted */
	uint64_t counted;	/* ops when worker 0 last saw it asleep */
	int dump_fd;		/* for looking at the others; -1: none yet */
	pthread_t thread;
};

enum { STRESS_MISSES = 2 };

struct stress_team {
	enum stress_mode mode;
	unsigned size;
	double duration;	/* seconds; not for BROKEN */
	struct stress_worker *workers;
	void (*body)(struct stress_worker *w);
	pthread_barrier_t gate;
	_Alignas(STRESS_LINE) _Atomic uint64_t tick;	/* arrivals at the rendezvous */
	_Alignas(STRESS_LINE) _Atomic bool stop;
	_Atomic uint64_t waits;		/* sleeps seen */
	bool waiting_wanted;		/* go on until STRESS_WAITS were seen */
	bool (*misses[STRESS_MISSES])(void);	/* see stress_go_on_while() */
};

/* What a BROKEN or NATURAL variant found. */
struct stress_outcome {
	uint64_t bad;	/* how many went wrong */
	uint64_t of;
	uint64_t least;	/* so many must have, thanks to the rendezvous; BROKEN */
};

struct stress_case {
	const char *name;	/* stem.case */
	const char *about;	/* one phrase for --list */
	const char *bad;	/* what .bad counts, such as "updates lost" */
	const char *right;	/* what the right variant uses */
	const char *symbol;	/* variable that TSan must name; NULL: there is no data race */
	const void *racy;	/* that variable */
	size_t racy_size;
	void (*run_broken)(struct stress_team *t, struct stress_outcome *ret);	/* may be NULL */
	void (*run_right)(struct stress_team *t);
	bool never_waits;	/* the right variant has nothing to wait for */
	bool deadlocks;		/* BROKEN is to end by the watchdog, which names what is stuck */
};

/* The cases of stress_<stem>.c; the last one has no name. */
#define STRESS_DECLARE_(stem) extern const struct stress_case stress_##stem##_cases[];
STRESS_STEMS(STRESS_DECLARE_)

/* Run @body in every thread of the team, until all have returned. */
void stress_run(struct stress_team *t, void (*body)(struct stress_worker *w));

/* Whether the loop of @w goes round once more. */
bool stress_again(struct stress_worker *w);

/* In a run that is not broken, go on while @misses says so, of what has to be seen: on a busy machine
 * that may come late.  Until the end of the next run. */
void stress_go_on_while(struct stress_team *t, bool (*misses)(void));

/* One round is over. */
void stress_done(struct stress_worker *w);

/* Stands for waiting for something slow: once in STRESS_EVERY calls others get to run; in
 * BROKEN they meet here, so that all of them have got so far. */
void stress_await(struct stress_worker *w);

/* Meet all others of the team, unordered (relaxed); all must come equally often. */
void stress_meet(struct stress_worker *w);

/* Rounds of all threads together. */
uint64_t stress_ops(const struct stress_team *t);

/* What a read-await-write loses at least in BROKEN: all but one of each rendezvous. */
uint64_t stress_least(const struct stress_team *t);

/* Uniform in [0, n). */
uint64_t stress_random(struct stress_worker *w, uint64_t n);

/* An invariant of a right variant does not hold. */
void stress_fail(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

/* A figure worth showing. */
void stress_note(const char *name, uint64_t value);

/* What @object is, for who reads the watchdog's lines. */
void stress_name(const void *object, const char *name);

double stress_now(void);

/*
 * How a right variant shows that it waited.
 *
 * The holder of a lock keeps it until another thread of the team sleeps for it, as both
 * sides say: pawl_dump() that the thread waits, and for which object; the kernel, in
 * /proc/self/task/<tid>/stat, that it sleeps (a thread that spins or yields is running
 * there).  And each thread's count of voluntary context switches must in the end be no
 * smaller than the sleeps seen, so the parent checks their sums.
 */

/* Called by the holder of @object (NULL: of several) in each round: worker 0 waits, in
 * its first rounds, until somebody who went round since it was last seen sleeps. */
void stress_hold(struct stress_worker *w, const void *object);

/* Wait until @n others sleep for @object (NULL: for anything), and count them. */
void stress_hold_until(struct stress_worker *w, const void *object, unsigned n);

/* How many others sleep for @object now. */
unsigned stress_sleepers(struct stress_worker *w, const void *object);
void stress_count_waits(struct stress_team *t, unsigned n);

/* Whether sleeps are still to be shown. */
bool stress_wants_waits(const struct stress_team *t);

#endif
