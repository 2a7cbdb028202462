/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.h - what a model is: a few threads that use pawl, explored under every schedule that
 * matters.  tests/README says how to write one in ten lines.
 *
 * A model is compiled, with the library, for ThreadSanitizer, whose runtime is the explorer
 * here.  So it is ordinary C: plain and atomic accesses of it are seen as those of the
 * library are, and no two of its runs differ but by the schedule.
 *
 * Static data is put back after each run; thread-locals are not, and not looked at: models have
 * none.  setup and finish run before and after all threads, and are ordered with them.  Threads are
 * numbered from 1.
 */
#ifndef EXPLORER_MODEL_H
#define EXPLORER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pawl/pawl.h>

#include "explorer/linear.h"

enum { MODEL_THREADS = 7, MODEL_SIGHTS = 8 };

struct model {
	const char *name;
	const char *about;	/* one line: who does what */
	unsigned threads;	/* 1 to MODEL_THREADS */
	void (*setup)(void);	/* may be NULL */
	void (*enter)(unsigned who);	/* each thread alone, before they start; may be NULL */
	void (*thread)(unsigned who);
	void (*finish)(void);	/* may be NULL */
	const struct specification *spec;	/* NULL: no history is checked */
	/* What must have happened in some schedule, or the model shows nothing. */
	const char *sights[MODEL_SIGHTS];
	unsigned without;	/* deviations that are not offered: enum deviation, or-ed */
	unsigned preemptions, deviations;	/* bounds of the search; 0: the usual ones */
	const struct progress *progress;	/* see progress.h; NULL: an ordinary model */
};

/* What else may go another way than the simplest, besides who runs next. */
enum deviation {
	STALE_LOADS = 1 << 0,		/* an older value that the C11 model allows */
	WEAK_FAILURES = 1 << 1,		/* a weak compare-exchange fails for no reason */
	SPURIOUS_WAKES = 1 << 2,	/* a futex wait ends for no reason */
	TIMEOUTS = 1 << 3,		/* a deadline passes while others could still run */
	CLOCK_JUMPS = 1 << 4,		/* time passes between two instructions */
	WAKE_ORDERS = 1 << 5,		/* a wake goes to another than the longest sleeper */
	NO_MEMORY = 1 << 6,		/* an allocation fails */
	SPINS = 1 << 7			/* a bounded spin is not empty */
};

/* One per model, anywhere in a file. */
#define MODEL(id, ...) \
	static const struct model model_##id = { .name = #id, __VA_ARGS__ }; \
	__attribute__((__section__("models"), __used__)) \
	static const struct model *const model_at_##id = &model_##id

/* Ends the run as failed unless @condition holds. */
#define MODEL_CHECK(condition) \
	((condition) ? (void)0 : model_failed(#condition, __FILE__, __LINE__))

_Noreturn void model_failed(const char *what, const char *file, int line);

/* What sights[@index] describes happened now. */
void model_saw(unsigned index);

/* One operation of the history that spec judges: @kind, and what it was called with. */
void model_invoke(uint32_t kind, int64_t argument);
void model_return(int64_t result);

/* Zeroed memory whose use after model_free(), and whose loss, end the run as failed. */
void *model_alloc(size_t size);
void model_free(void *p);

/* Name an object for traces. */
void model_name(const void *p, size_t size, const char *name);

/* Instants for deadlines.  Time stands still but for deadlines that pass. */
pawl_time model_soon(void);	/* a deadline that may pass at any time */
pawl_time model_past(void);	/* one that has passed */

/* For enter: make the thread's context, and have memory for queues, so that schedules are not spent
 * on who makes them when. */
void model_attach(unsigned who);

/*
 * Wait until another thread has changed something that the caller read since it last wrote or
 * waited; for loops that wait for a flag.  If nobody can go on, it ends by itself, four times
 * in a row: a bounded spin is not a livelock, if its bound is not above that.
 */
void model_pause(void);

#endif
