/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.h - the bounded queue inside.  Uses: atomic, platform, wait, permits, ring, sem.
 *
 *	     slots (permits)                                   ready (permits)
 *	       |                                                 |
 *	free (bag) --take--> slot: write --fill--> filled (ring) --take--> slot: read --+
 *	   ^                                                                            |
 *	   +-------------------------------- give back ---------------------------------+
 *
 * A slot is a number, and room for an item.  It is in the bag, in the ring, or in the hands of one
 * call.  Whoever puts it there gives a permit after that, and whoever takes one takes a permit
 * before: so for a permit there is a slot.
 *
 * What pushes write is in one line, what pops write in another: while the queue is neither full nor
 * empty they meet in cells and items only.
 *
 * Closed: filled has its mark, then both permits are shut.  From then on pops take without permits,
 * until all tickets are used.
 */
#ifndef PAWL_SYNC_QUEUE_H
#define PAWL_SYNC_QUEUE_H

#include <errno.h>
#include <string.h>

#include <pawl/queue.h>
#include <pawl/sem.h>

#include "platform/hb.h"
#include "sync/bag.h"
#include "sync/permits.h"
#include "sync/queue_fast.h"
#include "sync/ring.h"

/* What the calls of one side write. */
struct queue_side {
	struct permits_taken taken;
	struct permits_given given;
	uint64_t ticket;	/* of the ring: of pushes the tail, of pops the head */
};

struct pawl_queue {
	size_t item_size, max_weight;
	uint32_t capacity;
	unsigned flags;
	unsigned char *items;
	size_t *weights;	/* of the items in slots; NULL: no bound */
	uint8_t *reserved;	/* whether a slot is, for checks of misuse */
	void (*evicted)(void *item, void *user);
	void *user;
	struct permits slots, ready;
	struct bag free;
	struct ring filled;
	_Alignas(CACHE_LINE) struct queue_side pushes;	/* take slots, make items ready */
	_Alignas(CACHE_LINE) struct queue_side pops;	/* the other way round */
	_Alignas(CACHE_LINE) pawl_sem room;		/* weight that is left */
	struct fast fast;	/* PAWL_QUEUE_FAST: then the slots are for reserve only */
};

static inline bool queue_is_fast(const pawl_queue *q)
{
	return q->flags & PAWL_QUEUE_FAST;
}

/* Return: the line of those who wait for items, or for room. */
static inline uint64_t *fast_line(pawl_queue *q, enum fast_end_of end)
{
	return end == FAST_ITEMS ? &q->ready.given->line : &q->slots.given->line;
}

/* Most items are pointers: for them the compiler needs no call. */
PERMITS_INLINE void item_copy(void *to, const void *from, size_t size)
{
	if (pawl_likely_(size == sizeof(void *)))
		memcpy(to, from, sizeof(void *));
	else
		memcpy(to, from, size);
}

static inline void *slot_item(const pawl_queue *q, uint32_t slot)
{
	return q->items + slot * q->item_size;
}

/*** Slots: to fill ****************************************************************************/

/* For a permit of q->slots, with the number @first, if it has one. */
PERMITS_INLINE uint32_t slot_take(pawl_queue *q, uint32_t first)
{
	uint32_t slot = bag_take(&q->free, first);

	hb_acquire(&q->slots);
	return slot;
}

/* Give @slot back, without an item. */
PERMITS_INLINE void slot_free(pawl_queue *q, uint32_t slot)
{
	hb_release(&q->slots);
	bag_put(&q->free, slot, permits_next(&q->slots));
	permits_give(&q->slots, 1);
}

/* There is no permit, but @err.  Return: as slot_try(). */
int pawl_i_slot_try_evict(pawl_queue *q, int err, uint32_t *ret_slot);

/* Take a slot to fill.  Return: 0; EAGAIN; EPIPE. */
PERMITS_INLINE int slot_try(pawl_queue *q, uint32_t *ret_slot)
{
	uint32_t first;
	int err;

	if (!pawl_likely_(permits_take_first(&q->slots, 1, &err, &first) == 1))
		return pawl_i_slot_try_evict(q, err, ret_slot);
	*ret_slot = slot_take(q, first);
	return 0;
}

/* The same, or wait for one.  Return: as pawl_queue_push_until(). */
int pawl_i_slot_wait(pawl_queue *q, pawl_time deadline, uint32_t *ret_slot);

/* Append the item that was written into @slot.  Return: 0; EPIPE, and it is the caller's still. */
PERMITS_INLINE int slot_fill(pawl_queue *q, uint32_t slot)
{
	hb_release(&q->ready);
	if (!pawl_likely_(ring_put(&q->filled, slot))) {
		hb_acquire(&q->ready);
		return EPIPE;
	}
	permits_give(&q->ready, 1);
	return 0;
}

/* Push @item, that weighs @weight, into @slot.  Return: 0; EPIPE, and it is free. */
int pawl_i_slot_push(pawl_queue *q, uint32_t slot, const void *item, size_t weight);

/*** Items: to be taken out ********************************************************************/

/* For a permit of q->ready, or when they are shut.  Return: 0; EPIPE. */
PERMITS_INLINE int item_take(pawl_queue *q, uint32_t *ret_slot)
{
	int64_t slot = ring_get(&q->filled);

	hb_acquire(&q->ready);
	if (slot == RING_NONE)
		return EPIPE;
	*ret_slot = (uint32_t)slot;
	return 0;
}

/* Take the first item out.  Return: 0; EAGAIN; EPIPE. */
PERMITS_INLINE int item_try(pawl_queue *q, uint32_t *ret_slot)
{
	int err;

	if (permits_take(&q->ready, 1, &err) == 0 && err == EAGAIN)
		return EAGAIN;
	return item_take(q, ret_slot);
}

/* The same, or wait for one.  Return: as pawl_queue_pop_until(). */
int pawl_i_item_wait(pawl_queue *q, pawl_time deadline, uint32_t *ret_slot);

/* Take the first item out, and give it to evicted(), to have its slot.  Return: as item_try(). */
int pawl_i_item_evict(pawl_queue *q, uint32_t *ret_slot);

/* The same, and give the slot back; also of a fast queue. */
int pawl_i_item_drop(pawl_queue *q);

/* Push, or wait; also into a fast queue.  Return: as pawl_queue_push_until(). */
int pawl_i_item_push(pawl_queue *q, const void *item, size_t weight, pawl_time deadline);

/* Copy it from @slot to @ret_item, and give @slot back. */
void pawl_i_item_pop(pawl_queue *q, uint32_t slot, void *ret_item);

/* What weighs @weight leaves. */
void pawl_i_item_lighten(pawl_queue *q, size_t weight);

#endif
