/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waiter.h - one wait: the word that says whether it is over.  Uses: atomic, reclaim, context.
 *
 *     IDLE --arm--> ARMED --P1 park--> PARKED
 *       ^            |  |               |  |
 *       |            |  +---P5 answer---|--+--> GRANT, RETRY   until it is armed again
 *       +--P12 give up------------------+
 *                    +---P14 move-------+-----> MOVED --P5 answer--> GRANT, RETRY
 *
 * A waiter is a type-stable node, not a thing on a stack: each wait has a generation, and
 * whoever answers names waiter and generation in one compare-and-swap.  So
 *
 * I1  a wait ends by one step: of who answers it, or of who gives it up.  Nobody is between,
 *     for nobody has to be waited for.
 * I2  a ref of a wait that is over can be kept, and used, for ever: it does nothing.
 * I3  from ARMED on until the wait is over only P1, P5, P12 and P14 write the word.
 */
#ifndef PAWL_WAIT_WAITER_H
#define PAWL_WAIT_WAITER_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/cpu.h"
#include "reclaim/nodes.h"

struct context;
struct rooms;
struct pawl_op;

enum {
	IDLE,
	ARMED,
	PARKED,		/* who answers has to wake */
	MOVED,		/* the same; and it cannot be given up: it is about to stand elsewhere */
	GRANT,		/* it is yours */
	RETRY,		/* try again */
	ALONE,		/* the same, and you stand in no queue (mutex_move.h) */
	CLOSED		/* the object was closed */
};

struct waiter {
	_Alignas(CACHE_LINE) struct node node;
	uint32_t handle;
	uint32_t spare;		/* line.c: handle of a root that it keeps for its next wait, or 0 */
	uint32_t note;		/* of its wait, for who answers: sem.c, gate.c */
	uint64_t word;		/* GENERATION << REF_SHIFT | state */
	uint64_t segment;	/* line.c: where its cell is; written by who put it there */
	struct context *context;	/* whose it is, and stays while that is a thread; NULL: an op's */
	struct pawl_op *op;		/* whose it is; NULL: a thread's */
	struct pawl_mutex *mutex;	/* cond.c: what to wait for after a signal */
	struct waiter *sibling;		/* another one of its context, which keeps that too */
};

/* Return: one for @c, which keeps it; NULL: no memory. */
struct waiter *pawl_i_waiter_make(struct context *c);

/*
 * Return: another one of the context of @w, which is the caller's; made if need be, and kept:
 * whoever told it may come to wake it later.  NULL: no memory.
 */
struct waiter *pawl_i_waiter_sibling(struct waiter *w);

/* The same as make for @op, which gives it back when its wait is over and it has left. */
struct waiter *pawl_i_waiter_get(struct pawl_op *op);
void pawl_i_waiter_put(struct waiter *w);

/* Return: whether the wait @ref is, if it is not over, that of an op. */
bool pawl_i_waiter_is_op(uint64_t ref);

/* Note @n for the next wait, before it is armed. */
void pawl_i_waiter_make_note(struct waiter *w, uint32_t n);

/* Return: what was noted for the wait @ref, or, if that is over, for a later one. */
uint32_t pawl_i_waiter_note(uint64_t ref);

/* Begin a wait.  Return: its ref. */
uint64_t pawl_i_waiter_arm(struct waiter *w);

/*
 * Go from ARMED to PARKED.
 *
 * Return: 0; or the answer, if there is one already.
 */
uint32_t pawl_i_waiter_park(struct waiter *w);

/* Return: the answer; 0: there is none yet. */
uint32_t pawl_i_waiter_answer(struct waiter *w);

/*
 * Give up, if there is no answer yet.
 *
 * Return: 0: the wait is over, and nobody will answer.  The answer, if it came first.
 * MOVED: it will come, as who moves it will have put it where it is answered.
 */
uint32_t pawl_i_waiter_give_up(struct waiter *w);

extern struct nodes pawl_i_waiters;

static inline struct waiter *waiter_at(uint64_t ref)
{
	return nodes_at(&pawl_i_waiters, ref_handle(ref), sizeof(struct waiter));
}

/* Of a wait that is not over. */
static inline bool waiter_is_open(uint64_t word)
{
	uint32_t state = (uint32_t)word & ((1 << REF_SHIFT) - 1);

	return state >= ARMED && state <= MOVED;
}

/* Return: whether the wait @ref is not over yet. */
static inline bool waiter_waits(uint64_t ref)
{
	/* P17 relaxed: P5 looks again; one that is over stays over. */
	uint64_t word = pawl_load_(&waiter_at(ref)->word, relaxed);

	return ref_generation(word) == ref_generation(ref) && waiter_is_open(word);
}

/*
 * End the wait @ref with @answer.  The last step: what the caller did before is seen by who
 * waited, and what it does after may come too late for it.
 *
 * Return: whether it was not over yet; and then in @ret_wake the waiter if it has to be
 * woken, else NULL.
 */
bool pawl_i_waiter_tell(uint64_t ref, uint32_t answer, struct waiter **ret_wake);

/* What tell asked for; any time after it. */
void pawl_i_waiter_wake(struct waiter *w);

/* The same; if it is in a room, when @set is called (lobby.h), with others. */
void pawl_i_waiter_wake_with(struct waiter *w, struct rooms *set);

/*
 * Take the wait @ref over, to put it elsewhere; it gets a new ref, which must be answered.
 *
 * Return: the waiter; NULL: it was over.
 */
struct waiter *pawl_i_waiter_move(uint64_t ref);

/* Return: the ref of the wait under way of @w, which the caller moved. */
uint64_t pawl_i_waiter_ref(const struct waiter *w);

/* In the child of a fork: the thread of @w is gone, and whoever it waits for need not know. */
void pawl_i_waiter_forget(struct waiter *w);

#endif
