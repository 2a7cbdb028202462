/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine.h - one run of one model: what its parts know of each other.
 *
 *	run.c		threads, and who goes on at each point
 *	cells.c		the memory that is looked at: where it is, how it gets its values back
 *	shadow.c	which bytes were accessed by whom: races, dead memory
 *	atomics.c	the stores that an atomic location had, and which of them a load may see
 *	heap.c		allocations
 *	system.c	futex and time
 *	sections.c	epochs, as the cache's table has them
 *	history.c	operations, for linear.c to judge
 *	tsan.c		what compiled code calls, instead of ThreadSanitizer
 *	platform.c	lib/platform, on top of system.c and heap.c
 *	choose.c	how choices are made: at random, by priorities, exhaustively, replayed
 *	search.c	the exhaustive one, with its memory of states
 *	explore.c	many runs by one of these; shrink.c: the same failure, simpler
 *	progress.c	who waits for whom when a thread is frozen
 *	trace.c		what a run did, with names.c, symbols.c and labels.c
 *
 * All of it runs in one thread of the system.  Nothing here is instrumented.
 */
#ifndef EXPLORER_ENGINE_H
#define EXPLORER_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/tls.h"

#include "explorer/clock.h"
#include "explorer/model.h"

enum {
	STACK_SIZE = 1 << 16,
	OWN_FRAMES = 1 << 12,		/* of the explorer, below the model's */
	HEAP_SIZE = 1 << 15,		/* of each thread */
	STEPS_MAX = 20000,		/* of a run; a clock component stays below 0xffff */
	SPIN_MAX = 8,			/* locations that a spin loop looks at */
	REASON_MAX = 300
};

struct atom;

enum thread_state {
	UNBORN,
	READY,
	PAUSED,		/* in a spin loop; until what it looked at changes */
	ASLEEP,		/* in the futex */
	JOINING,	/* thread 0, until all others are done */
	FROZEN,		/* for ever */
	DONE
};

struct thread {
	vclock clock;
	vclock unacquired;	/* of relaxed loads, for an acquire fence */
	vclock fenced;		/* what the last release fence made ready */
	uint64_t chain;		/* hash of all that it did and saw */
	void *sp;
	enum thread_state state;
	unsigned index;
	bool polling;		/* PAUSED by a sleep */
	unsigned polls;		/* rounds of a loop that ended by themselves, with no change */
	unsigned yields;	/* since others had to go first */
	uint32_t steps;
	uint32_t decisions;
	uint32_t freeze_at;	/* FROZEN at this step; 0: never */
	uint32_t subject_steps;	/* see progress.c */
	bool subject;
	uintptr_t pc;		/* of its last step */
	unsigned spin_count;
	struct spin {
		struct atom *atom;
		uint64_t value;
		bool waits;		/* for another value */
	} spin[SPIN_MAX];
	const struct atom *failed_on;	/* its last compare-exchange that failed */
	uint64_t failed_value;
	const void *asleep_on;
	uint32_t asleep_bits;
	int64_t deadline;	/* of its sleep or poll; INT64_MAX: none */
	uintptr_t *frame;	/* the innermost of frames[]: its stack pointer */
	uintptr_t frames[256];
	uintptr_t stack_low, stack_high;
	uintptr_t used_low;	/* below it, nothing was accessed in a frame that still is */
	uintptr_t deepest;	/* of all frames of this run */
	struct thread_local_state {
		uint64_t self;
		struct tls tls;
		struct { void (*fn)(void *arg); void *arg; } exits[TLS_EXITS];
	} local;
};

enum outcome {
	PASSED,
	PRUNED,		/* as an earlier one from here on */
	STUCK,		/* somebody waits for a frozen thread */
	FAILED
};

struct engine {
	const struct model *model;
	unsigned threads;	/* of the model: 1..threads */
	bool running;		/* threads do: points are points */
	uint32_t ready;		/* bit per thread */
	struct thread *current;
	uint32_t steps;		/* of this run */
	uint32_t sleeps;	/* in the futex, of this run */
	uint32_t accesses;	/* plain ones, of this run */
	uint32_t idle_jumps;	/* of the clock, since nobody could go on */
	int64_t now;		/* real time */
	uint64_t now_hash;
	vclock fences;		/* seq_cst fences, each of which knows those before */
	uint64_t fences_hash;
	uint64_t points;	/* of all runs: steps at which it was asked who goes on */
	enum outcome outcome;
	char reason[REASON_MAX];
	uintptr_t reason_pc, reason_other;	/* where, and the other access of a race; 0: unknown */
	uint64_t sights;	/* bits, of all runs */
	bool sharing_grew;	/* a location turned out to be shared */
	bool tracing;
	void *sp;		/* of who called run() */
	struct thread thread[THREADS];
};

extern struct engine engine;

/* run.c */
void run(const struct model *m);
void run_init(void);
void point(uintptr_t pc, bool shared);
void yield(void);			/* go on later, if others want to; free of charge */
void wait_here(enum thread_state state);
void wake(struct thread *t);
_Noreturn void leave_run(enum outcome outcome);
_Noreturn void fail(uintptr_t pc, const char *format, ...)
	__attribute__((__format__(__printf__, 2, 3)));

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu + b;

	h ^= h >> 32;
	h *= 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 29;
}

/* Of a set of threads; the CPU's instruction is not in every x86-64. */
static inline unsigned count_threads(uint32_t set)
{
	set = (set & 0x55) + (set >> 1 & 0x55);
	set = (set & 0x33) + (set >> 2 & 0x33);
	return (set & 0xf) + (set >> 4);
}

/* The current thread saw or did what @what stands for. */
static inline void observe(uint64_t what)
{
	engine.current->chain = mix(engine.current->chain, what);
}

/* choose.c: 0 is the simplest.  @kind: a deviation. */
unsigned choose(enum deviation kind, unsigned count);
/* Of the threads in @candidates; @stay: the current one, if it could go on, or NULL. */
struct thread *choose_thread(uint32_t candidates, struct thread *stay);

/* trace.c: what the failing run did, recorded while engine.tracing. */
struct event {
	unsigned thread;
	uintptr_t pc;
	const char *what;
	const char *order;
	uintptr_t address;
	unsigned size;
	uint64_t before, after;
	const char *note;
};
void trace_add(const struct event *e);

#endif
