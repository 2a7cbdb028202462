/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_fast.c - see queue_fast.h. */
#include "config.h"

#include <errno.h>

#include "platform/hb.h"
#include "sync/queue_fast_cells.h"

void pawl_i_fast_init(struct fast *f, void *memory, size_t count, size_t item_size,
	bool plain)
{
	uint64_t cells = 1, at = 0;

	for (f->lap_shift = FAST_SHIFT; cells < count; cells *= 2)
		f->lap_shift++;
	f->stride = fast_stride(item_size);
	f->cells = (unsigned char *)memory + fast_alignment(item_size);
	f->index_mask = (cells - 1) << FAST_SHIFT;
	f->last = (uint64_t)(count - 1) << FAST_SHIFT;
	f->plain = plain && item_size == sizeof(uint64_t);
	for (size_t i = 0; i < count; i++, at = fast_next(f, at))
		*fast_stamp(fast_cell(f, at, false)) = at;
}

size_t pawl_i_fast_len(const pawl_queue *q)
{
	const struct fast *f = &q->fast;
	/* QF34 relaxed: advisory. */
	uint64_t tail = pawl_load_(&f->tail.word, relaxed);
	/* QF35 relaxed: the same. */
	int64_t n = fast_items(f, pawl_load_(&f->head.word, relaxed), tail);

	return n <= 0 ? 0 : n > fast_capacity(f) ? (size_t)fast_capacity(f) : (size_t)n;
}

/*** Push **************************************************************************************/

/* @cell, at position @at, is the caller's.  Return: 0. */
static int fill(pawl_queue *q, unsigned char *cell, uint64_t at, const void *item, size_t weight)
{
	hb_acquire(fast_stamp(cell));
	item_copy(cell, item, q->item_size);
	if (q->weights)
		q->weights[(at & q->fast.index_mask) >> FAST_SHIFT] = weight;
	hb_release(fast_stamp(cell));
	return fast_filled(q, cell, at);
}

/* Return: 0 and *@ret_tail, which has to be filled; EAGAIN; EPIPE. */
static int draw_tail(pawl_queue *q, enum fast_promise has, uint64_t *ret_tail)
{
	struct fast *f = &q->fast;

	for (;;) {
		/* QF23 acquire: pairs with QF21.  What was done before it was closed. */
		uint64_t tail = pawl_load_(&f->tail.word, acquire);
		unsigned char *cell = fast_cell(f, tail, false);

		if (tail & FAST_CLOSED)
			return EPIPE;
		if (has == NOTHING && fast_left(f, FAST_ROOMS, tail) <= 0)
			return EAGAIN;
		/* QF5 acquire: pairs with QF8.  As QF2. */
		if (pawl_load_(fast_stamp(cell), acquire) != fast_position(tail)) {
			/* QF30 relaxed: the same word: so a pop has the cell in its hands. */
			if (pawl_load_(&f->tail.word, relaxed) == tail)
				return EAGAIN;
			continue;
		}
		*ret_tail = tail;
		/* QF13 acquire: pairs with QF16.  As QF3. */
		if (pawl_cas_weak_(&f->tail.word, &tail, fast_next(f, tail) - (has == PROMISED),
				   acquire, relaxed))
			return 0;
	}
}

int pawl_i_fast_push_promised(pawl_queue *q, enum fast_promise has, const void *item, size_t weight)
{
	uint64_t tail;
	int rc = draw_tail(q, has, &tail);

	return rc == 0 ? fill(q, fast_cell(&q->fast, tail, false), fast_position(tail), item,
			      weight) : rc;
}

/* Out of the way of the others. */
static __attribute__((__noinline__)) int push_slowly(pawl_queue *q, const void *item,
	size_t weight)
{
	int rc;

	while ((rc = pawl_i_fast_push_promised(q, NOTHING, item, weight)) == EAGAIN &&
	       (q->flags & PAWL_QUEUE_DROP_OLDEST)) {
		rc = pawl_i_fast_drop(q);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int pawl_i_fast_trypush(pawl_queue *q, const void *item, size_t weight)
{
	unsigned char *cell;
	uint64_t at;

	return fast_take_tail(&q->fast, false, &cell, &at) ? fill(q, cell, at, item, weight) :
		push_slowly(q, item, weight);
}

/*** Pop ***************************************************************************************/

/* @cell, at position @at, is the caller's: take what is in it.  Return: 0. */
static int empty(pawl_queue *q, unsigned char *cell, uint64_t at, void *ret_item)
{
	size_t weight = q->weights ? q->weights[(at & q->fast.index_mask) >> FAST_SHIFT] : 0;

	hb_acquire(fast_stamp(cell));
	if (ret_item)
		item_copy(ret_item, cell, q->item_size);
	else if (q->evicted)
		q->evicted(cell, q->user);
	hb_release(fast_stamp(cell));
	pawl_i_item_lighten(q, weight);
	/* The last touch: a callback that this completes may free the queue. */
	return fast_emptied(q, cell, at);
}

/* Return: 0 and *@ret_head, which has to be emptied; EAGAIN; EPIPE. */
static int draw_head(pawl_queue *q, enum fast_promise has, uint64_t *ret_head)
{
	struct fast *f = &q->fast;

	for (;;) {
		/* QF25 relaxed: QF7 looks again. */
		uint64_t head = pawl_load_(&f->head.word, relaxed);
		/* QF26 acquire: pairs with QF21.  What was done before it was closed. */
		uint64_t tail = pawl_load_(&f->tail.word, acquire);

		if (fast_items_left(f, head, tail) + (has == PROMISED && !(tail & FAST_CLOSED)) <= 0)
			return tail & FAST_CLOSED ? EPIPE : EAGAIN;
		/* QF14 acquire: pairs with QF4.  As QF6. */
		if (pawl_load_(fast_stamp(fast_cell(f, head, false)), acquire) !=
		    fast_position(head) + FAST_FILLED) {
			/* QF31 relaxed: the same word: so a push has the cell in its hands. */
			if (pawl_load_(&f->head.word, relaxed) == head)
				return EAGAIN;
			continue;
		}
		*ret_head = head;
		/* QF28 acquire: pairs with QF15.  As QF7. */
		if (pawl_cas_weak_(&f->head.word, &head, fast_next(f, head) - (has == PROMISED),
				   acquire, relaxed))
			return 0;
	}
}

int pawl_i_fast_pop_promised(pawl_queue *q, enum fast_promise has, void *ret_item)
{
	uint64_t head;
	int rc = draw_head(q, has, &head);

	return rc == 0 ? empty(q, fast_cell(&q->fast, head, false), fast_position(head),
			       ret_item) : rc;
}

int pawl_i_fast_drop(pawl_queue *q)
{
	return pawl_i_fast_pop_promised(q, NOTHING, NULL);
}

int pawl_i_fast_trypop(pawl_queue *q, void *ret_item)
{
	unsigned char *cell;
	uint64_t at;

	return fast_take_head(&q->fast, false, &cell, &at) ? empty(q, cell, at, ret_item) :
		pawl_i_fast_pop_promised(q, NOTHING, ret_item);
}
