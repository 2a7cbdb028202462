/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * park.h - one wait of one thread: the waiter word.  Uses: atomic, platform, context.
 *
 *     ARMED --P1 waiter--> PARKED
 *       | P5 signal          | P5 signal, and wakes
 *       v                    v
 *     GRANT or RETRY, final
 *
 * I1  who makes the word final must have taken the waiter off its list before; and
 *     its P5 is its last touch of the waiter, which is on the stack of the thread
 *     that waits.  After P5 it may touch that thread's context, never unmapped.
 * I2  the waiter leaves only after it saw a final word, or took itself off the list.
 */
#ifndef PAWL_WAIT_PARK_H
#define PAWL_WAIT_PARK_H

#include <stdbool.h>
#include <stdint.h>

#include <pawl/time.h>

#include "wait/context.h"

enum { ARMED, PARKED, GRANT /* it is yours */, RETRY /* try again */ };

struct waiter {
	struct waiter *next, *prev;	/* guarded by its list's lock; prev NULL: not on it */
	struct context *context;	/* NULL: no memory, polls */
	uint64_t self;
	const void *key;		/* counter.c: many objects share a list */
	struct pawl_mutex *mutex;	/* cond.c: what to wait for after a signal */
	bool moved;			/* cond.c: signalled; guarded by the cond's list */
	bool front;			/* mutex.c: was woken before, keeps its place */
	bool starving;			/* mutex.c: it set STARVING */
	uint32_t word;
};

/* Make @w ready to be put on a list; after each wait anew. */
void pawl_i_waiter_arm(struct waiter *w);

/* What the wait is for, shown by pawl_dump(). */
struct wait_for {
	const char *kind;
	const void *object;
	const uint64_t *word;	/* its upper half is the owner's id; NULL: nobody owns it */
};

/*
 * Wait until @w's word is final, or @deadline has passed.
 *
 * Return: GRANT or RETRY; 0 at the deadline: the caller then takes @w off the list,
 * or, when it is no longer on it, waits for the word.
 */
uint32_t pawl_i_park(struct waiter *w, const struct wait_for *what, pawl_time deadline);

/* Wait for the word of one that is off the list: it is about to be final. */
uint32_t pawl_i_park_signal(struct waiter *w);

/* Make the word of @w final and wake its thread.  @w is gone then. */
void pawl_i_signal(struct waiter *w, uint32_t final);

/* Called by what is about to return ETIMEDOUT: if @deadline must be a duration,
 * say so, once in the process's life. */
void pawl_i_deadline_suspect(pawl_time deadline);

#endif
