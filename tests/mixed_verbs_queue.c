/* SPDX-License-Identifier: BSD-2-Clause */
/* mixed_verbs_queue.c - those of queues, for mixed_verbs.h: a slot, or an item, goes from one to
 * the next. */
#include "config.h"

#include <errno.h>

#include <pawl/queue.h>

#include "mixed_verbs.h"

enum { SEVERAL = 3 };

static pawl_queue *queue;
static uint64_t op_item;	/* of who has its turn */

static int push_item(void)
{
	return pawl_queue_trypush(queue, &(uint64_t){ 5 });
}

static int pop_item(void)
{
	uint64_t item = 0;
	int rc = pawl_queue_trypop(queue, &item);

	must(rc != 0 || item == 5);
	return rc;
}

static void open_queue_with(unsigned flags)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = 1, .item_size = sizeof(uint64_t),
		.max_weight = SEVERAL, .flags = flags,
	};

	must(pawl_queue_open(&cfg, &queue) == 0);
	op_item = 5;
}

static void open_queue(unsigned waiters)
{
	(void)waiters;
	open_queue_with(0);
}

static void open_fast_queue(unsigned waiters)
{
	(void)waiters;
	open_queue_with(PAWL_QUEUE_FAST);
}

static void open_full_queue(unsigned waiters)
{
	open_queue(waiters);
	must(push_item() == 0);
}

static void open_full_fast_queue(unsigned waiters)
{
	open_fast_queue(waiters);
	must(push_item() == 0);
}

static void open_heavy_queue(unsigned waiters)
{
	open_queue(waiters);
	must(pawl_queue_push_weighed(queue, &op_item, SEVERAL, 0) == 0);
}

static void put_item(void)
{
	must(push_item() == 0);
}

static void take_item(void)
{
	must(pop_item() == 0);
}

static int pop(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	uint64_t item = 0;
	int rc = pawl_queue_pop_until(queue, &item, deadline);

	if (rc != 0)
		return rc;
	must(item == 5);
	got(arg);
	put_item();
	return 0;
}

static int pop_op(pawl_op *op)
{
	return pawl_queue_pop_op(queue, &op_item, op);
}

static int push(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	int rc = pawl_queue_push_until(queue, &(uint64_t){ 5 }, deadline);

	if (rc != 0)
		return rc;
	got(arg);
	take_item();
	return 0;
}

static int push_op(pawl_op *op)
{
	return pawl_queue_push_op(queue, &op_item, op);
}

static int push_heavy(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	int rc = pawl_queue_push_weighed(queue, &(uint64_t){ 5 }, SEVERAL, deadline);

	if (rc != 0)
		return rc;
	got(arg);
	take_item();
	return 0;
}

static void close_queue(void)
{
	must(pawl_queue_len(queue) == 0 && pop_item() == EAGAIN);
	must(pawl_queue_push_weighed(queue, &op_item, SEVERAL, 0) == 0);
	must(push_item() == EAGAIN);
	pawl_queue_free(queue);
}

static void close_queue_of_one(void)
{
	must(pawl_queue_len(queue) == 1 && op_item == 5);
	take_item();
	close_queue();
}

/**********************************************************************************************/

/* name, serves, open, wait; start, finish, grant, close, breaks */
const struct verb queue_verbs[QUEUE_VERBS] = {
	{ "queue, pop", IN_TURN_OR_LATE, open_queue, pop,
	  pop_op, put_item, put_item, close_queue_of_one, false },
	{ "queue, push", IN_TURN_OR_LATE, open_full_queue, push,
	  push_op, take_item, take_item, close_queue, false },
	{ "fast queue, pop", IN_ANY_ORDER, open_fast_queue, pop,
	  pop_op, put_item, put_item, close_queue_of_one, false },
	{ "fast queue, push", IN_ANY_ORDER, open_full_fast_queue, push,
	  push_op, take_item, take_item, close_queue, false },
	{ "queue, heavy push", IN_TURN, open_heavy_queue, push_heavy,
	  NULL, NULL, take_item, close_queue, false },
};
