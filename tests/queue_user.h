/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_user.h - threads and ops that push into a queue or pop from it, and what tests of that
 * share.  Items are of 64 bits, but where a test says otherwise. */
#ifndef TESTS_QUEUE_USER_H
#define TESTS_QUEUE_USER_H

#include <pawl/queue.h>
#include <pawl/scope.h>

#include "support.h"

/* Who pops has this until it got something. */
#define NOTHING UINT64_C(0xdeadbeefdeadbeef)

/*** Queues ************************************************************************************/

/* A queue of 64-bit items, in a test that fails if it cannot be opened. */
pawl_queue *queue_of(size_t capacity, unsigned flags);

/* Push @item, which need not wait.  Return: as trypush. */
int try_push(pawl_queue *q, uint64_t item);

/* Return: the item that is popped, which need not wait; NOTHING: none was there. */
uint64_t try_pop(pawl_queue *q);

/* Push @from, @from + 1 and so on, before @to; or pop them. */
void push_range(pawl_queue *q, uint64_t from, uint64_t to);
void pop_range(pawl_queue *q, uint64_t from, uint64_t to);

/* As many items as @q has slots can be pushed, and popped in their order; @q is empty, open, and
 * nobody waits. */
void assert_whole(pawl_queue *q);

/* Plain, and PAWL_QUEUE_FAST: @fn with an empty queue of @capacity, which must be whole after it,
 * or closed. */
void with_each_queue(size_t capacity, void (*fn)(pawl_queue *q));

/*** Threads ***********************************************************************************/

enum user_does { DOES_PUSH, DOES_POP, DOES_WEIGH };

struct queue_user {
	struct worker worker;
	pawl_queue *queue;
	enum user_does does;
	uint64_t item;		/* to be pushed, or that was popped */
	size_t weight;
	pawl_time deadline;
	pawl_cancel *source;	/* of a scope around it; NULL: none */
	int result;
};

/* Start one that pushes @item, or pops, and has to wait; returns when it sleeps. */
void pusher_start(struct queue_user *u, pawl_queue *q, uint64_t item, pawl_time deadline);
void popper_start(struct queue_user *u, pawl_queue *q, pawl_time deadline);

/* The same, for ever, in a scope that @source cancels. */
void pusher_start_scoped(struct queue_user *u, pawl_queue *q, uint64_t item, pawl_cancel *source);
void popper_start_scoped(struct queue_user *u, pawl_queue *q, pawl_cancel *source);

/* One that pushes @item of @weight, and has to wait for room; in a scope of @source, if there is
 * one. */
void weigher_start(struct queue_user *u, pawl_queue *q, uint64_t item, size_t weight,
	pawl_cancel *source);

/* Return when it sleeps. */
void user_await(const struct queue_user *u);

/* Return: the result of its call. */
int user_join(struct queue_user *u);

pawl_cancel *open_source(void);

#endif
