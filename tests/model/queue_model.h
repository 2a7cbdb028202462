/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_model.h - what the models of pawl_queue and of its ring share: first in, first out, of
 * small numbers, as a specification; and queues of numbers.
 */
#ifndef TESTS_MODEL_QUEUE_MODEL_H
#define TESTS_MODEL_QUEUE_MODEL_H

#include <errno.h>

#include "explorer/model.h"

#define UNUSED __attribute__((__unused__))

enum { PUSH, POP, CLOSE };	/* kinds of operations */
enum { ITEMS = 4 };

/*** A specification **************************************************************************/

struct fifo {
	int64_t closed, count, items[ITEMS];
};

static int64_t fifo_capacity = ITEMS;

static void fifo_start(void *state)
{
	*(struct fifo *)state = (struct fifo){ 0 };
}

static bool fifo_push(struct fifo *f, const struct operation *op)
{
	if (op->result == EPIPE)
		return f->closed;
	if (f->closed || f->count == fifo_capacity)
		return false;
	f->items[f->count++] = op->argument;
	return true;
}

/* The result is the item, or an error below zero. */
static bool fifo_pop(struct fifo *f, const struct operation *op)
{
	if (op->result == -EPIPE)
		return f->closed && f->count == 0;
	if (f->count == 0 || f->items[0] != op->result)
		return false;
	f->count--;
	for (int64_t i = 0; i < f->count; i++)
		f->items[i] = f->items[i + 1];
	f->items[f->count] = 0;
	return true;
}

/* What found nothing, as the rest was in the hands of others, or was late, may do so any time. */
static bool fifo_step(void *state, const struct operation *op)
{
	struct fifo *f = state;

	if (op->kind == CLOSE) {
		f->closed = 1;
		return true;
	}
	if (op->result == EAGAIN || op->result == -EAGAIN || op->result == ETIMEDOUT ||
	    op->result == -ETIMEDOUT)
		return true;
	return op->kind == PUSH ? fifo_push(f, op) : fifo_pop(f, op);
}

static const char *fifo_describe(const struct operation *op, char *buffer, size_t size)
{
	static const char *const names[] = { "push", "pop", "close" };

	(void)buffer;
	(void)size;
	return names[op->kind];
}

static const struct specification fifo UNUSED = {
	"a queue", sizeof(struct fifo), fifo_start, fifo_step, fifo_describe
};

/*** Queues of numbers *************************************************************************/

static pawl_queue *jobs;

static UNUSED void make_queue_of(size_t capacity, size_t max_weight, unsigned flags,
	void (*evicted)(void *item, void *user))
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = capacity, .item_size = sizeof(int),
		.max_weight = max_weight, .flags = flags, .evicted = evicted
	};

	MODEL_CHECK(pawl_queue_open(&cfg, &jobs) == 0);
	model_name(jobs, 640, "q");
	fifo_capacity = (int64_t)capacity;
}

static UNUSED void make_queue(size_t capacity)
{
	make_queue_of(capacity, 0, 0, NULL);
}

static UNUSED int push(int item, pawl_time deadline)
{
	int rc;

	model_invoke(PUSH, item);
	rc = pawl_queue_push_until(jobs, &item, deadline);
	model_return(rc);
	return rc;
}

static UNUSED int trypush(int item)
{
	int rc;

	model_invoke(PUSH, item);
	rc = pawl_queue_trypush(jobs, &item);
	model_return(rc);
	return rc;
}

static UNUSED int returned(int rc, int item)
{
	model_return(rc == 0 ? item : -rc);
	return rc == 0 ? item : -rc;
}

/* Return: the item, or an error below zero. */
static UNUSED int pop(pawl_time deadline)
{
	int item = 0, rc;

	model_invoke(POP, 0);
	rc = pawl_queue_pop_until(jobs, &item, deadline);
	return returned(rc, item);
}

static UNUSED int trypop(void)
{
	int item = 0, rc;

	model_invoke(POP, 0);
	rc = pawl_queue_trypop(jobs, &item);
	return returned(rc, item);
}

static UNUSED void close_queue(void)
{
	model_invoke(CLOSE, 0);
	pawl_queue_close(jobs);
	model_return(0);
}

#endif
