/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_slots.c - pawl/queue.h: reserve, commit, abandon; weights.  Uses: platform, sem. */
#include "config.h"

#include <errno.h>

#include "platform/fatal.h"
#include "sync/queue.h"
#include "sync/sem_op.h"

/*** Reserved slots ****************************************************************************/

int pawl_queue_reserve(pawl_queue *q, pawl_time deadline, void **ret_slot)
{
	uint32_t slot;
	int rc = queue_is_fast(q) ? pawl_i_fast_slot_try(q, &slot) : slot_try(q, &slot);

	if (rc == EAGAIN)
		rc = pawl_i_slot_wait(q, deadline, &slot);
	if (rc != 0)
		return rc;
	/* QU1 relaxed: the slot is the caller's. */
	pawl_store_(&q->reserved[slot], 1, relaxed);
	if (q->weights && !queue_is_fast(q))
		q->weights[slot] = 0;
	*ret_slot = slot_item(q, slot);
	return 0;
}

/* Return: the slot at @item, for @verb. */
static uint32_t reserved_slot(const char *verb, pawl_queue *q, const void *item)
{
	size_t offset = (size_t)((const unsigned char *)item - q->items);
	size_t slot = offset / q->item_size;

	if (offset % q->item_size != 0 || slot >= q->capacity ||
	    /* QU2 relaxed: as QU1, if it is a reserved one. */
	    !pawl_load_(&q->reserved[slot], relaxed))
		pawl_i_misuse(verb, "queue", q, "has not reserved that slot", 0);
	return (uint32_t)slot;
}

int pawl_queue_commit(pawl_queue *q, void *item)
{
	uint32_t slot = reserved_slot("pawl_queue_commit", q, item);
	int rc;

	/* QU3 relaxed: as QU1; before it may be another's. */
	pawl_store_(&q->reserved[slot], 0, relaxed);
	rc = queue_is_fast(q) ? pawl_i_fast_slot_fill(q, slot) : slot_fill(q, slot);
	if (rc != 0)
		/* QU4 relaxed: as QU1. */
		pawl_store_(&q->reserved[slot], 1, relaxed);
	return rc;
}

void pawl_queue_abandon(pawl_queue *q, void *item)
{
	uint32_t slot = reserved_slot("pawl_queue_abandon", q, item);

	/* QU5 relaxed: as QU3. */
	pawl_store_(&q->reserved[slot], 0, relaxed);
	if (queue_is_fast(q))
		pawl_i_fast_slot_free(q, slot);
	else
		slot_free(q, slot);
}

/*** Weights ***********************************************************************************/

/* Take out the oldest items until there is room for @weight.  Return: 0; EAGAIN: what is left is in
 * the hands of other calls; EPIPE. */
static int drop_until(pawl_queue *q, int64_t weight)
{
	int64_t got;
	int rc;

	while ((rc = pawl_i_sem_take(&q->room, weight, weight, &got)) == EAGAIN) {
		rc = pawl_i_item_drop(q);
		if (rc != 0)
			break;
	}
	return rc;
}

/* Return: 0: there is room for @weight; or as push_weighed. */
static int get_room(pawl_queue *q, int64_t weight, pawl_time deadline)
{
	struct limit l = pawl_i_limit(deadline);
	int rc;

	if (!(q->flags & PAWL_QUEUE_DROP_OLDEST))
		return pawl_sem_acquire_n(&q->room, weight, deadline);
	for (unsigned round = 0; (rc = drop_until(q, weight)) == EAGAIN; round++) {
		if (pawl_i_limit_reached(&l))
			return pawl_i_limit_error(&l);
		pawl_i_park_poll(round, &l);
	}
	return rc;
}

int pawl_queue_push_weighed(pawl_queue *q, const void *item, size_t weight, pawl_time deadline)
{
	int rc;

	if (!q->weights || weight == 0)
		return pawl_queue_push_until(q, item, deadline);
	if (weight > q->max_weight)
		return EOVERFLOW;
	rc = get_room(q, (int64_t)weight, deadline);
	if (rc != 0)
		return rc;
	rc = pawl_i_item_push(q, item, weight, deadline);
	if (rc != 0)
		pawl_i_item_lighten(q, weight);
	return rc;
}
