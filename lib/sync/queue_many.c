/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_many.c - pawl/queue.h: several items at once.  Uses: wait.
 *
 * The first may have to be waited for.  Then callbacks that the call completes are held back until
 * its end, as they may free the queue.
 */
#include "config.h"

#include <errno.h>

#include "sync/queue.h"
#include "wait/op.h"

/* Push up to @n @items, of which the first has @slot.  Return: how many. */
static size_t push_some(pawl_queue *q, uint32_t slot, const unsigned char *items, size_t n, int *rc)
{
	size_t done = 0;

	do {
		*rc = pawl_i_slot_push(q, slot, items + done * q->item_size, 0);
		if (*rc != 0)
			break;
	} while (++done < n && slot_try(q, &slot) == 0);
	return done;
}

int pawl_queue_push_n(pawl_queue *q, const void *items, size_t n, pawl_time deadline,
	size_t *ret_n)
{
	uint32_t slot;
	int rc;

	if (queue_is_fast(q))
		return pawl_i_fast_push_n(q, items, n, deadline, ret_n);
	*ret_n = 0;
	if (n == 0)
		return 0;
	rc = slot_try(q, &slot);
	if (rc == EAGAIN)
		rc = pawl_i_slot_wait(q, deadline, &slot);
	if (rc != 0)
		return rc;
	pawl_i_op_hold();
	*ret_n = push_some(q, slot, items, n, &rc);
	pawl_i_op_let();
	return *ret_n > 0 ? 0 : rc;
}

int pawl_queue_pop_n(pawl_queue *q, void *ret_items, size_t n, pawl_time deadline, size_t *ret_n)
{
	unsigned char *item = ret_items;
	uint32_t slot;
	int rc;

	if (queue_is_fast(q))
		return pawl_i_fast_pop_n(q, ret_items, n, deadline, ret_n);
	*ret_n = 0;
	if (n == 0)
		return 0;
	rc = item_try(q, &slot);
	if (rc == EAGAIN)
		rc = pawl_i_item_wait(q, deadline, &slot);
	if (rc != 0)
		return rc;
	pawl_i_op_hold();
	do
		pawl_i_item_pop(q, slot, item + (*ret_n)++ * q->item_size);
	while (*ret_n < n && item_try(q, &slot) == 0);
	pawl_i_op_let();
	return 0;
}
