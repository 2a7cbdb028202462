/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends of waits for an item of a queue, and for a slot of it: to push, to reserve, and with a
 * weight; and ends by its close (ends_model.h).
 */
#include <pawl/queue.h>

#include "ends_model.h"

/* The object of a model; the queue is its own. */
struct holder {
	pawl_queue *jobs;
};

static pawl_queue *jobs(void)
{
	return ((struct holder *)object)->jobs;
}

static void open_queue(size_t max_weight)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = 1, .item_size = sizeof(int),
		.max_weight = max_weight
	};

	MODEL_CHECK(pawl_queue_open(&cfg, &((struct holder *)object)->jobs) == 0);
	model_name(jobs(), 640, "q");
}

static void destroy(void)
{
	pawl_queue_free(jobs());
}

static int trypush(void)
{
	int item = 1;

	return pawl_queue_trypush(jobs(), &item);
}

static int trypop(void)
{
	int item = 0, rc = pawl_queue_trypop(jobs(), &item);

	MODEL_CHECK(rc != 0 || item == 1);
	return rc;
}

static void push_one(void)
{
	MODEL_CHECK(trypush() == 0);
}

static void pop_one(void)
{
	MODEL_CHECK(trypop() == 0);
}

static void close_it(void)
{
	pawl_queue_close(jobs());
}

static void make_empty(void)
{
	open_queue(0);
}

static void make_full(void)
{
	open_queue(0);
	push_one();
}

/*** An item: a push grants it, and who got it pushes it again *********************************/

static int pop_until(pawl_time deadline)
{
	int item = 0, rc = pawl_queue_pop_until(jobs(), &item, deadline);

	MODEL_CHECK(rc != 0 || item == 1);
	return rc;
}

static int popped[OPS];

static int start_pop(pawl_op *op)
{
	return pawl_queue_pop_op(jobs(), &popped[op == &ops[1]], op);
}

static void judge_full(int taken_by)
{
	(void)taken_by;
	MODEL_CHECK(pawl_queue_len(jobs()) == 1);
	MODEL_CHECK(trypop() == 0 && trypop() == EAGAIN);
	MODEL_CHECK(trypush() == 0 && trypush() == EAGAIN);
}

static void judge_shut(int taken_by)
{
	MODEL_CHECK(taken_by == 0);
	MODEL_CHECK(trypush() == EPIPE);
}

/*** A slot: a pop grants it, and who got it pops what it pushed *******************************/

static const int one = 1;

static int push_until(pawl_time deadline)
{
	return pawl_queue_push_until(jobs(), &one, deadline);
}

static int start_push(pawl_op *op)
{
	return pawl_queue_push_op(jobs(), &one, op);
}

static void judge_empty(int taken_by)
{
	(void)taken_by;
	MODEL_CHECK(pawl_queue_len(jobs()) == 0);
	MODEL_CHECK(trypush() == 0 && trypush() == EAGAIN);
	MODEL_CHECK(trypop() == 0 && trypop() == EAGAIN);
}

static int reserve_and_commit(pawl_time deadline)
{
	void *slot = NULL;
	int rc = pawl_queue_reserve(jobs(), deadline, &slot);

	if (rc != 0)
		return rc;
	*(int *)slot = 1;
	return pawl_queue_commit(jobs(), slot);
}

static int push_weighed(pawl_time deadline)
{
	return pawl_queue_push_weighed(jobs(), &one, 2, deadline);
}

static void make_heavy(void)
{
	open_queue(2);
	MODEL_CHECK(push_weighed(PAWL_FOREVER) == 0);
}

#define QUEUE .size = sizeof(struct holder), .destroy = destroy
#define ITEM QUEUE, .make = make_empty, .wait = pop_until, .start = start_pop
#define SLOT QUEUE, .make = make_full, .wait = push_until, .start = start_push
#define CLOSING .grant = close_it, .judge = judge_shut

static const struct subject item = {
	ITEM, .grant = push_one, .put = push_one, .judge = judge_full
};
static const struct subject slot = {
	SLOT, .grant = pop_one, .put = pop_one, .judge = judge_empty
};
static const struct subject room = {
	QUEUE, .make = make_full, .wait = reserve_and_commit, .grant = pop_one, .put = pop_one,
	.judge = judge_empty
};
static const struct subject weight = {
	QUEUE, .make = make_heavy, .wait = push_weighed, .grant = pop_one, .put = pop_one,
	.judge = judge_empty
};
static const struct subject item_closing = { ITEM, CLOSING };
static const struct subject slot_closing = { SLOT, CLOSING };
static const struct subject weight_closing = {
	QUEUE, .make = make_heavy, .wait = push_weighed, CLOSING
};

ENDS_THREAD(ends_queue_pop, item);
ENDS_THREAD(ends_queue_push, slot);
ENDS_THREAD(ends_queue_reserve, room);
ENDS_THREAD(ends_queue_weight, weight);
ENDS_THREAD(ends_queue_pop_shut, item_closing);
ENDS_THREAD(ends_queue_push_shut, slot_closing);
ENDS_THREAD(ends_queue_weight_shut, weight_closing);
ENDS_LATE(ends_queue_pop_late, item);
ENDS_LATE(ends_queue_push_late, slot);
ENDS_BOTH(ends_queue_pop_both, item, .without = LESS, .preemptions = 1);
ENDS_BOTH(ends_queue_push_both, slot, .without = LESS, .preemptions = 1);
ENDS_INLINE(ends_queue_pop_inline, item);
ENDS_INLINE(ends_queue_push_inline, slot);
ENDS_INLINE(ends_queue_pop_shut_inline, item_closing);
ENDS_INLINE(ends_queue_push_shut_inline, slot_closing);
ENDS_TWO(ends_queue_pop_two, item);
ENDS_TWO(ends_queue_push_two, slot);
ENDS_OP(ends_queue_pop_op, item);
ENDS_OP(ends_queue_push_op, slot);
ENDS_OP(ends_queue_pop_shut_op, item_closing);
ENDS_OP(ends_queue_push_shut_op, slot_closing);
ENDS_INLINE_FREED(ends_queue_pop_freed, item);
ENDS_INLINE_FREED(ends_queue_push_freed, slot);
ENDS_OP_FREED(ends_queue_pop_op_freed, item);
ENDS_OP_FREED(ends_queue_push_op_freed, slot);
ENDS_OP_LATE(ends_queue_pop_op_late, item);
ENDS_OP_LATE(ends_queue_push_op_late, slot);
ENDS_CLOSED(ends_queue_pop_closed, item);
ENDS_CLOSED(ends_queue_push_closed, slot);
ENDS_CLOSED(ends_queue_pop_shut_closed, item_closing);
ENDS_CLOSED(ends_queue_push_shut_closed, slot_closing);
