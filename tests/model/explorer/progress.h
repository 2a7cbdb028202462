/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress.h - for whom does a call wait?  What README's table of progress says of each function,
 * found out by freezing threads.
 *
 * A case is a model: thread 1, the subject, makes one call, and its peers do on the same object
 * what may be in its way.  Each peer is stopped for ever before each step that it takes, and then
 * the subject's call must still end; if not, it waits for a stalled thread: it is blocking.  One
 * that never waits is wait-free if the most steps that it ever takes stay the same when its peers
 * do twice as much, and lock-free if they grow.
 */
#ifndef EXPLORER_PROGRESS_H
#define EXPLORER_PROGRESS_H

#include "explorer/model.h"

struct progress {
	const char *function;		/* as in README */
	const char *when;		/* the condition there: "if nobody waits"; "": always */
	/* Thread 1: what comes before the call and after it; may be NULL.  What is true when
	 * the call begins is the condition. */
	void (*before)(void);
	void (*call)(void);
	void (*after)(void);
	void (*peer)(unsigned who);	/* threads 2 and up, progress_rounds() times */
	bool timed;			/* the call has a deadline, model_soon() */
	bool unattached;		/* threads make their contexts when they need them */
	const char *lock_free;		/* what models replace and is lock-free itself; NULL: nothing */
};

/*
 * @id:		model progress_@id
 * @count:	of its threads
 * @make:	its setup, or NULL
 *
 * Not offered: failures that models of their own are about, and spins, which would look like
 * waits when their thread can do nothing else.
 */
#define PROGRESS(id, count, make, ...) \
	static const struct progress progress_##id = { __VA_ARGS__ }; \
	MODEL(progress_##id, .about = "progress, for --progress", .threads = (count), \
	      .enter = progress_enter, .setup = (make), .thread = progress_thread, \
	      .without = NO_MEMORY | WEAK_FAILURES | SPINS, .progress = &progress_##id)

/* Of the run: how often each peer does what it does. */
unsigned progress_rounds(void);

/* For PROGRESS(). */
void progress_enter(unsigned who);
void progress_thread(unsigned who);

/* Explore the case @m.  Return: false: a run of it failed. */
bool progress_find(const struct model *m);

/* Print the table: what was found, a row per function and condition. */
void progress_print(void);

#endif
