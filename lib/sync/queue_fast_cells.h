/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_fast_cells.h - the steps on the ring of PAWL_QUEUE_FAST, see queue_fast.h.
 *
 * Items of 8 bytes have a path of their own here, @plain, which is in its callers: an attempt costs
 * little more than its one atomic step, and each instruction in front of that is felt.
 */
#ifndef PAWL_SYNC_QUEUE_FAST_CELLS_H
#define PAWL_SYNC_QUEUE_FAST_CELLS_H

#include "sync/queue.h"

#define FAST_INLINE static inline __attribute__((__always_inline__))

FAST_INLINE unsigned char *fast_cell(const struct fast *f, uint64_t word, bool plain)
{
	return plain ? f->cells + ((word & f->index_mask) >> (FAST_SHIFT - FAST_PLAIN_SHIFT)) :
		f->cells + ((word & f->index_mask) >> FAST_SHIFT) * f->stride;
}

static inline uint64_t *fast_stamp(unsigned char *cell)
{
	return (uint64_t *)(void *)cell - 1;
}

static inline uint64_t fast_position(uint64_t word)
{
	return word & ~(FAST_ONE - 1);
}

/* @word, at the next position. */
FAST_INLINE uint64_t fast_next(const struct fast *f, uint64_t word)
{
	/* Once in a lap, and foretold, while the step would wait for a sum. */
	if (!pawl_likely_((word & f->index_mask) != f->last))
		return word + FAST_ONE + (f->index_mask - f->last);
	return word + FAST_ONE;
}

static inline int64_t fast_capacity(const struct fast *f)
{
	return (int64_t)(f->last >> FAST_SHIFT) + 1;
}

/* How many items there are; less than none if @tail is older than @head. */
static inline int64_t fast_items(const struct fast *f, uint64_t head, uint64_t tail)
{
	uint64_t in_lap = f->index_mask | (FAST_ONE - 1);
	int64_t laps = (int64_t)((tail & ~in_lap) - (head & ~in_lap)) >> f->lap_shift;
	int64_t cells = (int64_t)((tail & f->index_mask) >> FAST_SHIFT) -
		(int64_t)((head & f->index_mask) >> FAST_SHIFT);

	return laps * fast_capacity(f) + cells;
}

/* How many may be taken by who has no promise: items; or room for them. */
static inline int64_t fast_items_left(const struct fast *f, uint64_t head, uint64_t tail)
{
	return fast_items(f, head, tail) -
		(tail & FAST_CLOSED ? 0 : (int64_t)(head & FAST_PROMISED));
}

static inline int64_t fast_rooms_left(const struct fast *f, uint64_t head, uint64_t tail)
{
	return fast_capacity(f) - fast_items(f, head, tail) - (int64_t)(tail & FAST_PROMISED);
}

/*** Those who wait ****************************************************************************/

/* Where they are counted. */
FAST_INLINE uint32_t *fast_waiting(struct fast *f, enum fast_end_of end)
{
	return end == FAST_ITEMS ? &f->tail.waiting : &f->head.waiting;
}

FAST_INLINE bool fast_some_wait(struct fast *f, enum fast_end_of end)
{
	/* QF19 relaxed: the caller's step on a word came after those who announced themselves
	 * (I3). */
	return pawl_load_(fast_waiting(f, end), relaxed) != 0;
}

/* Return: what is left, by the word that has the promises, which is @word. */
static inline int64_t fast_left(struct fast *f, enum fast_end_of end, uint64_t word)
{
	if (end == FAST_ITEMS)
		/* QF24 relaxed: an older word means fewer: who then waits looks again, and who
		 * tells comes after who changed it, or before (QF9). */
		return fast_items_left(f, word, pawl_load_(&f->tail.word, relaxed));
	/* QF27 relaxed: the same. */
	return fast_rooms_left(f, pawl_load_(&f->head.word, relaxed), word);
}

/* One was made: for those who wait, if there are.  Return: 0. */
FAST_INLINE int fast_hand_out(pawl_queue *q, enum fast_end_of end)
{
	return pawl_likely_(!fast_some_wait(&q->fast, end)) ? 0 : pawl_i_fast_hand_out(q, end);
}

/*** Push **************************************************************************************/

/* Take *@ret_cell, at position *@ret_at, into the caller's hands.  False: the longer way. */
FAST_INLINE bool fast_take_tail(struct fast *f, bool plain, unsigned char **ret_cell,
	uint64_t *ret_at)
{
	/* QF1 relaxed: QF3 looks again. */
	uint64_t tail = pawl_load_(&f->tail.word, relaxed);
	unsigned char *cell;

	do {
		cell = fast_cell(f, tail, plain);
		/* QF2 acquire: pairs with QF8.  That the item before it was copied. */
		if (!pawl_likely_(pawl_load_(fast_stamp(cell), acquire) == tail))
			return false;
		/* QF3 acquire: pairs with QF16.  Those who announced themselves (I3). */
	} while (!pawl_likely_(pawl_cas_weak_(&f->tail.word, &tail, fast_next(f, tail),
					      acquire, relaxed)));
	*ret_cell = cell;
	*ret_at = tail;
	return true;
}

/* The item is in @cell, at position @at.  Return: 0. */
FAST_INLINE int fast_filled(pawl_queue *q, unsigned char *cell, uint64_t at)
{
	/* QF4 release: pairs with QF6, QF14.  The item. */
	pawl_store_(fast_stamp(cell), at + FAST_FILLED, release);
	return fast_hand_out(q, FAST_ITEMS);
}

/* Push, in its callers.  @wait: until when; NULL: do not.  Return: as push_until, trypush. */
FAST_INLINE int fast_push(pawl_queue *q, const void *item, size_t weight, const pawl_time *wait)
{
	unsigned char *cell;
	uint64_t at;

	if (pawl_likely_(q->fast.plain) && pawl_likely_(fast_take_tail(&q->fast, true, &cell, &at))) {
		memcpy(cell, item, sizeof(uint64_t));
		return fast_filled(q, cell, at);
	}
	return wait ? pawl_i_fast_push(q, item, weight, *wait) : pawl_i_fast_trypush(q, item, weight);
}

/*** Pop ***************************************************************************************/

/* The same of the head. */
FAST_INLINE bool fast_take_head(struct fast *f, bool plain, unsigned char **ret_cell,
	uint64_t *ret_at)
{
	/* QF29 relaxed: QF7 looks again. */
	uint64_t head = pawl_load_(&f->head.word, relaxed);
	unsigned char *cell;

	do {
		cell = fast_cell(f, head, plain);
		/* QF6 acquire: pairs with QF4.  The item. */
		if (!pawl_likely_(pawl_load_(fast_stamp(cell), acquire) == head + FAST_FILLED))
			return false;
		/* QF7 acquire: pairs with QF15.  Those who announced themselves (I3). */
	} while (!pawl_likely_(pawl_cas_weak_(&f->head.word, &head, fast_next(f, head),
					      acquire, relaxed)));
	*ret_cell = cell;
	*ret_at = head;
	return true;
}

/* The item was copied from @cell, at position @at.  Return: 0. */
FAST_INLINE int fast_emptied(pawl_queue *q, unsigned char *cell, uint64_t at)
{
	/* QF8 release: pairs with QF2, QF5.  That the item was copied. */
	pawl_store_(fast_stamp(cell), at + q->fast.index_mask + FAST_ONE, release);
	return fast_hand_out(q, FAST_ROOMS);
}

/* Pop, in its callers. */
FAST_INLINE int fast_pop(pawl_queue *q, void *ret_item, const pawl_time *wait)
{
	unsigned char *cell;
	uint64_t at;

	if (pawl_likely_(q->fast.plain) && pawl_likely_(fast_take_head(&q->fast, true, &cell, &at))) {
		memcpy(ret_item, cell, sizeof(uint64_t));
		return fast_emptied(q, cell, at);
	}
	return wait ? pawl_i_fast_pop(q, ret_item, *wait) : pawl_i_fast_trypop(q, ret_item);
}

#endif
