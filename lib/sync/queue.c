/* SPDX-License-Identifier: BSD-2-Clause */
/* queue.c - pawl/queue.h: push and pop; see sync/queue.h.  Uses: wait, permits, ring, sem. */
#include "config.h"

#include <errno.h>

#include "platform/hb.h"
#include "sync/queue_fast_cells.h"
#include "wait/park.h"

/*** Slots *************************************************************************************/

void pawl_i_item_lighten(pawl_queue *q, size_t weight)
{
	if (q->weights)
		pawl_sem_release(&q->room, (int64_t)weight);
}

int pawl_i_item_evict(pawl_queue *q, uint32_t *ret_slot)
{
	int rc = item_try(q, ret_slot);

	if (rc != 0)
		return rc;
	if (q->evicted)
		q->evicted(slot_item(q, *ret_slot), q->user);
	if (q->weights)
		pawl_i_item_lighten(q, q->weights[*ret_slot]);
	return 0;
}

int pawl_i_item_drop(pawl_queue *q)
{
	uint32_t slot;
	int rc;

	if (queue_is_fast(q))
		return pawl_i_fast_drop(q);
	rc = pawl_i_item_evict(q, &slot);
	if (rc == 0)
		slot_free(q, slot);
	return rc;
}

int pawl_i_slot_try_evict(pawl_queue *q, int err, uint32_t *ret_slot)
{
	if (err == EAGAIN && (q->flags & PAWL_QUEUE_DROP_OLDEST))
		return pawl_i_item_evict(q, ret_slot);
	if (err == EPIPE)
		hb_acquire(&q->ready);
	return err;
}

/* All slots are in the hands of other calls, which will fill them or free them: nobody knows
 * which, so there is no line to wait in. */
static int wait_for_any_hand(pawl_queue *q, struct limit *l, uint32_t *ret_slot)
{
	int rc;

	for (unsigned round = 0; (rc = slot_try(q, ret_slot)) == EAGAIN; round++) {
		if (pawl_i_limit_reached(l))
			return pawl_i_limit_error(l);
		pawl_i_park_poll(round, l);
	}
	return rc;
}

int pawl_i_slot_wait(pawl_queue *q, pawl_time deadline, uint32_t *ret_slot)
{
	struct wait_for what = { "queue", q, NULL };
	struct limit l;
	int rc;

	if (queue_is_fast(q))
		return pawl_i_fast_slot_wait(q, deadline, ret_slot);
	l = pawl_i_limit(deadline);
	if (q->flags & PAWL_QUEUE_DROP_OLDEST)
		return wait_for_any_hand(q, &l, ret_slot);
	rc = pawl_i_permits_wait(&q->slots, &what, &l);
	if (rc == 0)
		*ret_slot = slot_take(q, permits_next(&q->slots));
	else if (rc == EPIPE)
		hb_acquire(&q->ready);
	return rc;
}

/* What was to be filled with @slot is closed. */
static __attribute__((__noinline__)) int take_back(pawl_queue *q, uint32_t slot)
{
	slot_free(q, slot);
	return EPIPE;
}

PERMITS_INLINE int push_into(pawl_queue *q, uint32_t slot, const void *item, size_t weight)
{
	int rc;

	item_copy(slot_item(q, slot), item, q->item_size);
	if (q->weights)
		q->weights[slot] = weight;
	rc = slot_fill(q, slot);
	return pawl_likely_(rc == 0) ? 0 : take_back(q, slot);
}

int pawl_i_slot_push(pawl_queue *q, uint32_t slot, const void *item, size_t weight)
{
	return push_into(q, slot, item, weight);
}

/*** Items *************************************************************************************/

int pawl_i_item_wait(pawl_queue *q, pawl_time deadline, uint32_t *ret_slot)
{
	struct wait_for what = { "queue", q, NULL };
	struct limit l = pawl_i_limit(deadline);
	int rc = pawl_i_permits_wait(&q->ready, &what, &l);

	return rc == 0 || rc == EPIPE ? item_take(q, ret_slot) : rc;
}

PERMITS_INLINE void pop_from(pawl_queue *q, uint32_t slot, void *ret_item)
{
	item_copy(ret_item, slot_item(q, slot), q->item_size);
	if (q->weights)
		pawl_i_item_lighten(q, q->weights[slot]);
	slot_free(q, slot);
}

void pawl_i_item_pop(pawl_queue *q, uint32_t slot, void *ret_item)
{
	pop_from(q, slot, ret_item);
}

/*** Calls *************************************************************************************/

/* Out of the way of PAWL_QUEUE_FAST. */
#define NOINLINE static __attribute__((__noinline__))

NOINLINE int push_by_slot(pawl_queue *q, const void *item, size_t weight, pawl_time deadline)
{
	uint32_t slot;
	int rc = slot_try(q, &slot);

	if (rc == EAGAIN)
		rc = pawl_i_slot_wait(q, deadline, &slot);
	return rc == 0 ? push_into(q, slot, item, weight) : rc;
}

int pawl_i_item_push(pawl_queue *q, const void *item, size_t weight, pawl_time deadline)
{
	return queue_is_fast(q) ? fast_push(q, item, weight, &deadline) :
		push_by_slot(q, item, weight, deadline);
}

int pawl_queue_push_until(pawl_queue *q, const void *item, pawl_time deadline)
{
	return pawl_i_item_push(q, item, 0, deadline);
}

int pawl_queue_push(pawl_queue *q, const void *item)
{
	return pawl_i_item_push(q, item, 0, PAWL_FOREVER);
}

NOINLINE int trypush_by_slot(pawl_queue *q, const void *item)
{
	uint32_t slot;
	int rc = slot_try(q, &slot);

	return rc == 0 ? push_into(q, slot, item, 0) : rc;
}

int pawl_queue_trypush(pawl_queue *q, const void *item)
{
	return queue_is_fast(q) ? fast_push(q, item, 0, NULL) : trypush_by_slot(q, item);
}

NOINLINE int pop_by_slot(pawl_queue *q, void *ret_item, pawl_time deadline)
{
	uint32_t slot;
	int rc = item_try(q, &slot);

	if (rc == EAGAIN)
		rc = pawl_i_item_wait(q, deadline, &slot);
	if (rc == 0)
		pop_from(q, slot, ret_item);
	return rc;
}

static int pop(pawl_queue *q, void *ret_item, pawl_time deadline)
{
	return queue_is_fast(q) ? fast_pop(q, ret_item, &deadline) :
		pop_by_slot(q, ret_item, deadline);
}

int pawl_queue_pop_until(pawl_queue *q, void *ret_item, pawl_time deadline)
{
	return pop(q, ret_item, deadline);
}

int pawl_queue_pop(pawl_queue *q, void *ret_item)
{
	return pop(q, ret_item, PAWL_FOREVER);
}

NOINLINE int trypop_by_slot(pawl_queue *q, void *ret_item)
{
	uint32_t slot;
	int rc = item_try(q, &slot);

	if (rc == 0)
		pop_from(q, slot, ret_item);
	return rc;
}

int pawl_queue_trypop(pawl_queue *q, void *ret_item)
{
	return queue_is_fast(q) ? fast_pop(q, ret_item, NULL) : trypop_by_slot(q, ret_item);
}

void pawl_queue_close(pawl_queue *q)
{
	hb_release(&q->ready);
	/* Callbacks that this completes may free the queue. */
	pawl_i_op_hold();
	if (queue_is_fast(q)) {
		pawl_i_fast_close(q);
	} else {
		pawl_i_ring_close(&q->filled);
		pawl_i_permits_shut(&q->slots);
		pawl_i_permits_shut(&q->ready);
	}
	if (q->weights)
		pawl_sem_close(&q->room);
	pawl_i_op_let();
}

size_t pawl_queue_len(const pawl_queue *q)
{
	bool shut;
	int32_t n;

	if (queue_is_fast(q))
		return pawl_i_fast_len(q);
	n = permits_left(&q->ready, &shut);
	/* Shut, permits are not taken any more; tickets can be more than items. */
	return shut ? pawl_i_ring_length(&q->filled, (uint32_t)n) : (size_t)n;
}

size_t pawl_queue_capacity(const pawl_queue *q)
{
	return q->capacity;
}
