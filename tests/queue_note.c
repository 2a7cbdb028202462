/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_note.c - see queue_note.h. */
#include "config.h"

#include <errno.h>

#include "queue_note.h"

pawl_cq *cq;

void note_done(pawl_op *op, int rc)
{
	struct note_op *n = pawl_op_user(op);

	n->rc = rc;
	n->calls++;
	n->where = pthread_self();
}

void note_init(struct note_op *n, pawl_queue *q, uint64_t item)
{
	*n = (struct note_op){ .queue = q, .item = item, .rc = NONE };
	pawl_op_init(&n->op, cq, note_done, n);
}

void note_init_inline(struct note_op *n, pawl_queue *q, uint64_t item, pawl_done_fn done)
{
	*n = (struct note_op){ .queue = q, .item = item, .rc = NONE };
	pawl_op_init_inline(&n->op, done, n);
}

int start_push(struct note_op *n)
{
	return pawl_queue_push_op(n->queue, &n->item, &n->op);
}

int start_pop(struct note_op *n)
{
	return pawl_queue_pop_op(n->queue, &n->item, &n->op);
}

void push_later(struct note_op *n, pawl_queue *q, uint64_t item)
{
	note_init(n, q, item);
	assert_int_equal(start_push(n), EINPROGRESS);
}

void pop_later(struct note_op *n, pawl_queue *q)
{
	note_init(n, q, NOTHING);
	assert_int_equal(start_pop(n), EINPROGRESS);
}

void dispatch(int expected)
{
	assert_int_equal(pawl_cq_dispatch(cq, 0), expected);
}

void with_a_cq(size_t capacity, void (*fn)(pawl_queue *q))
{
	assert_int_equal(pawl_cq_open(&cq), 0);
	with_each_queue(capacity, fn);
	dispatch(0);
	pawl_cq_close(cq);
}
