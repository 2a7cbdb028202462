/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op.h - one wait of a callback.  Uses: atomic, platform, waiter, queue, limit, cq.
 *
 * An op waits by a waiter as threads do (waiter.h), whose word says how that ends, in one
 * step: GRANT or RETRY by who releases, OP_CANCELED, OP_LATE.  wait_ is its ref.
 *
 *	none --start--> ARMED --P1 park--> PARKED		EINPROGRESS
 *	                  |                   |
 *	             P5 answer           P5 answer, and then: told
 *	                  v                   v
 *	        start returns 0, or       inline: done() on that thread
 *	        passes the cancel on      with a queue: state_
 *
 * state_: who starts lists the op with its queue, so that it can be found for its deadline and at
 * close; who ends its wait tells it.  Whoever comes second passes it to the queue.
 *
 *	FRESH --B3 starter--> LISTED --B4 teller, passes it on--> TOLD
 *	FRESH --B4 teller--> TOLD --B3 starter, passes it on--> LISTED
 *
 * The dispatcher, which ends waits for deadlines and at close, is a teller too (B8).
 *
 * I1  the op is touched by its starter until B3 (an inline one: until P1 succeeds), by who
 *     ended its wait until B4, and then by who passes it on, who dispatches it.  By cancels:
 *     wait_ only, unless they end its wait.
 * I2  what started is a user of its object's queue, and leaves it when it is dispatched, before
 *     done(): on that thread.
 * I3  verb_ is set from start to dispatch, for checks of misuse.
 */
#ifndef PAWL_WAIT_OP_H
#define PAWL_WAIT_OP_H

#include <stdbool.h>
#include <stdint.h>

#include <pawl/op.h>

#include "wait/waiter.h"

/* More answers than those of waiter.h. */
enum { OP_CANCELED = CLOSED + 1, OP_LATE };

enum { OP_FRESH, OP_LISTED, OP_TOLD };	/* state_ */

/* What a function with an _op form does at the end. */
struct op_verb {
	const char *name;	/* for messages */
	/*
	 * The wait is over with @answer, and has left the object's queue.
	 *
	 * @closing:	give back what was granted
	 *
	 * Return: for done().
	 */
	int (*finish)(pawl_op *op, uint32_t answer, bool closing);
};

/*
 * Begin: have @op stand in @queue of @object, with @note (waiter.h).  Between hold and let.
 *
 * Return: 0, and pawl_i_op_park() must follow; ENOMEM.
 */
int pawl_i_op_join(pawl_op *op, const struct op_verb *verb, void *object, uint64_t *queue,
	uint32_t note);

/* Return: EINPROGRESS; or if it was answered meanwhile, what its verb makes of that. */
int pawl_i_op_park(pawl_op *op);

/* Instead of park: take it back.  Return: whether nothing was started; else it was answered, and
 * pawl_i_op_park() must follow. */
bool pawl_i_op_withdraw(pawl_op *op);

/* What pawl_i_waiter_tell() asked for, of an op's waiter. */
void pawl_i_op_told(struct waiter *w);

/* Leave, and finish.  Return: for done(). */
int pawl_i_op_end(pawl_op *op, bool closing);

/* Return: what OP_CANCELED and OP_LATE mean for done(). */
int pawl_i_op_error(const pawl_op *op, uint32_t answer);

/* Around what may complete inline ops in its middle: their done() runs at the last let. */
void pawl_i_op_hold(void);
void pawl_i_op_let(void);

#endif
