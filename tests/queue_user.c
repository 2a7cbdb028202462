/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_user.c - see queue_user.h. */
#include "config.h"

#include <errno.h>

#include "queue_user.h"

/*** Queues ************************************************************************************/

pawl_queue *queue_of(size_t capacity, unsigned flags)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = capacity, .item_size = sizeof(uint64_t),
		.flags = flags,
	};
	pawl_queue *q;

	must(pawl_queue_open(&cfg, &q) == 0);
	return q;
}

int try_push(pawl_queue *q, uint64_t item)
{
	return pawl_queue_trypush(q, &item);
}

uint64_t try_pop(pawl_queue *q)
{
	uint64_t item = NOTHING;
	int rc = pawl_queue_trypop(q, &item);

	must(rc == 0 || item == NOTHING);
	return item;
}

void push_range(pawl_queue *q, uint64_t from, uint64_t to)
{
	for (; from < to; from++)
		must(try_push(q, from) == 0);
}

void pop_range(pawl_queue *q, uint64_t from, uint64_t to)
{
	for (; from < to; from++)
		must(try_pop(q) == from);
}

void assert_whole(pawl_queue *q)
{
	size_t capacity = pawl_queue_capacity(q);
	uint64_t item = NOTHING;

	assert_int_equal(pawl_queue_len(q), 0);
	assert_int_equal(pawl_queue_trypop(q, &item), EAGAIN);
	push_range(q, 1, 1 + capacity);
	assert_int_equal(pawl_queue_len(q), capacity);
	assert_int_equal(try_push(q, 0), EAGAIN);
	pop_range(q, 1, 1 + capacity);
	assert_int_equal(pawl_queue_trypop(q, &item), EAGAIN);
	assert_int_equal(pawl_queue_len(q), 0);
}

void with_each_queue(size_t capacity, void (*fn)(pawl_queue *q))
{
	for (unsigned flags = 0; flags <= PAWL_QUEUE_FAST; flags += PAWL_QUEUE_FAST) {
		pawl_queue *q = queue_of(capacity, flags);
		uint64_t item = NOTHING;

		fn(q);
		if (pawl_queue_trypop(q, &item) != EPIPE)
			assert_whole(q);
		pawl_queue_free(q);
	}
}

/*** Threads ***********************************************************************************/

static int push(struct queue_user *u)
{
	return u->deadline == PAWL_FOREVER ? pawl_queue_push(u->queue, &u->item) :
		pawl_queue_push_until(u->queue, &u->item, u->deadline);
}

static int pop(struct queue_user *u)
{
	int rc = u->deadline == PAWL_FOREVER ? pawl_queue_pop(u->queue, &u->item) :
		pawl_queue_pop_until(u->queue, &u->item, u->deadline);

	must((rc == 0) == (u->item != NOTHING));
	return rc;
}

static void use(void *arg)
{
	struct queue_user *u = arg;
	pawl_scope scope;

	if (u->source)
		pawl_scope_enter(&scope, PAWL_FOREVER, u->source, 0);
	u->result = u->does == DOES_PUSH ? push(u) : u->does == DOES_POP ? pop(u) :
		pawl_queue_push_weighed(u->queue, &u->item, u->weight, u->deadline);
	must(u->result != ETIMEDOUT || pawl_now() >= u->deadline);
	if (u->source)
		must(pawl_scope_leave(&scope, 0) == 0);
}

static void start(struct queue_user *u)
{
	worker_start(&u->worker, use, u);
	user_await(u);
}

void pusher_start(struct queue_user *u, pawl_queue *q, uint64_t item, pawl_time deadline)
{
	*u = (struct queue_user){ .queue = q, .does = DOES_PUSH, .item = item,
		.deadline = deadline };
	start(u);
}

void popper_start(struct queue_user *u, pawl_queue *q, pawl_time deadline)
{
	*u = (struct queue_user){ .queue = q, .does = DOES_POP, .item = NOTHING,
		.deadline = deadline };
	start(u);
}

void pusher_start_scoped(struct queue_user *u, pawl_queue *q, uint64_t item, pawl_cancel *source)
{
	*u = (struct queue_user){ .queue = q, .does = DOES_PUSH, .item = item,
		.deadline = PAWL_FOREVER, .source = source };
	start(u);
}

void popper_start_scoped(struct queue_user *u, pawl_queue *q, pawl_cancel *source)
{
	*u = (struct queue_user){ .queue = q, .does = DOES_POP, .item = NOTHING,
		.deadline = PAWL_FOREVER, .source = source };
	start(u);
}

void weigher_start(struct queue_user *u, pawl_queue *q, uint64_t item, size_t weight,
	pawl_cancel *source)
{
	*u = (struct queue_user){ .queue = q, .does = DOES_WEIGH, .item = item, .weight = weight,
		.deadline = PAWL_FOREVER, .source = source };
	start(u);
}

void user_await(const struct queue_user *u)
{
	if (u->does == DOES_WEIGH)
		worker_await_sleep(&u->worker);
	else
		worker_await_wait(&u->worker, "queue", u->queue);
}

int user_join(struct queue_user *u)
{
	worker_join(&u->worker);
	return u->result;
}

pawl_cancel *open_source(void)
{
	pawl_cancel *c;

	must(pawl_cancel_open(NULL, &c) == 0);
	return c;
}
