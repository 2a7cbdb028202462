/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_op.c - pawl/queue.h: the callback forms of push and pop.  Uses: wait, permits. */
#include "config.h"

#include <errno.h>

#include "sync/queue.h"
#include "wait/op.h"

static int finish_push(pawl_op *op, uint32_t answer, bool closing)
{
	pawl_queue *q = op->object_;

	if (answer == CLOSED)
		return EPIPE;
	if (answer != GRANT)
		return pawl_i_op_error(op, answer);
	if (!closing)
		return pawl_i_slot_push(q, slot_take(q, permits_next(&q->slots)), op->result_, 0);
	permits_give(&q->slots, 1);
	return ECANCELED;
}

static int finish_pop(pawl_op *op, uint32_t answer, bool closing)
{
	pawl_queue *q = op->object_;
	uint32_t slot;

	if (answer != CLOSED && answer != GRANT)
		return pawl_i_op_error(op, answer);
	if (closing) {
		if (answer == GRANT)
			permits_give(&q->ready, 1);
		return ECANCELED;
	}
	if (item_take(q, &slot) != 0)
		return EPIPE;
	pawl_i_item_pop(q, slot, op->result_);
	return 0;
}

static const struct op_verb push = { "pawl_queue_push_op", finish_push };
static const struct op_verb pop = { "pawl_queue_pop_op", finish_pop };

int pawl_queue_push_op(pawl_queue *q, const void *item, pawl_op *op)
{
	int rc;

	if (queue_is_fast(q))
		return pawl_i_fast_push_op(q, item, op);
	do {
		rc = pawl_queue_trypush(q, item);
		if (rc != EAGAIN || (q->flags & PAWL_QUEUE_DROP_OLDEST))
			break;
		op->result_ = (void *)(uintptr_t)item;
		rc = pawl_i_permits_wait_op(&q->slots, op, &push, q);
	} while (rc == EAGAIN);
	return rc;
}

int pawl_queue_pop_op(pawl_queue *q, void *ret_item, pawl_op *op)
{
	int rc;

	if (queue_is_fast(q))
		return pawl_i_fast_pop_op(q, ret_item, op);
	do {
		rc = pawl_queue_trypop(q, ret_item);
		if (rc != EAGAIN)
			break;
		op->result_ = ret_item;
		rc = pawl_i_permits_wait_op(&q->ready, op, &pop, q);
	} while (rc == EAGAIN);
	return rc;
}
