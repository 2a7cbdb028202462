/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_fast.h - the ring of PAWL_QUEUE_FAST.  Uses: atomic, platform, wait.
 *
 *	tail = position << 21 | CLOSED | rooms that are promised
 *	head = position << 21 |          items that are promised
 *	stamp of a cell = position << 21 | FILLED
 *
 * A position is a lap and, in the low bits, the index of a cell; laps begin at multiples of a power
 * of two that is not less than the capacity.
 *
 *	p, free --push: tail from p to what follows, copy, QF4--> p, FILLED
 *	p, FILLED --pop: head from p to what follows, copy, QF8--> a lap later, free
 *
 * I1  who moved tail, or head, from p has the cell of p in its hands until it writes the stamp.
 *     Who comes to that cell meanwhile can only wait for it: that is where this queue is blocking.
 * I2  items (tail - head) + promised rooms <= capacity, but for what is being committed; and
 *     promised items <= items, until the queue is closed.  Whoever is promised one gets it, others
 *     may not take it: a reserved slot, an op whose turn came.  With a promise, or CLOSED, in it a
 *     word equals no stamp, and all go the longer way.
 *
 * Waiting.  Who has to wait counts itself in `waiting`, joins the line, and then announces itself:
 * it replaces both words by what they are, by which it must wait (QF15, QF16).
 *
 * I3  so whoever makes room, or an item, available, by a step on a word, after that, sees it
 *     waiting when the stamp is written, and tells one: threads RETRY, ops GRANT with a promise.
 * I4  if one is available and somebody waits, then whoever made it available has not told yet; or
 *     somebody was told RETRY and has not ended its call, at the end of which it tells the next.
 * I5  `waiting` is not less than the number of those who announced themselves and wait: they count
 *     themselves before they join, and who ends their wait counts them off after it.
 *
 * Where a step compares a word, 43 bits of position can come again only if a thread sleeps between
 * two instructions while 2^42 items pass: hours, and just so many.
 *
 * Source: Vyukov, "Bounded MPMC queue", 1024cores.net, 2010.
 */
#ifndef PAWL_SYNC_QUEUE_FAST_H
#define PAWL_SYNC_QUEUE_FAST_H

#include <stdbool.h>
#include <stdint.h>

#include <pawl/op.h>
#include <pawl/queue.h>

#include "platform/cpu.h"

#define FAST_PROMISED (((uint64_t)1 << 20) - 1)
#define FAST_CLOSED ((uint64_t)1 << 20)
#define FAST_FILLED ((uint64_t)1 << 20)
#define FAST_ONE ((uint64_t)1 << 21)	/* position */

enum { FAST_SHIFT = 21, FAST_PLAIN_SHIFT = 4 };	/* the latter: of the stride of plain cells */

/* What one waits for, takes, or gives. */
enum fast_end_of { FAST_ROOMS, FAST_ITEMS };

enum fast_promise { NOTHING, PROMISED, PROMISE_KEPT };	/* the last: and it stays so for now */

struct fast_end {
	uint64_t word;
	uint32_t waiting;	/* for it to move: of tail those that pop, of head those that push */
};

struct fast {
	unsigned char *cells;	/* each an item, before it the stamp */
	size_t stride;
	unsigned lap_shift;
	uint64_t index_mask;	/* where it is in a word */
	uint64_t last;		/* the index capacity - 1 there */
	bool plain;		/* items of 8 bytes, and nothing but them: for them a path of its own */
	_Alignas(CACHE_LINE) struct fast_end tail;
	_Alignas(CACHE_LINE) struct fast_end head;
};

static inline size_t fast_alignment(size_t item_size)
{
	size_t align = item_size & -item_size;

	return align < sizeof(uint64_t) ? sizeof(uint64_t) :
		align > CACHE_LINE ? (size_t)CACHE_LINE : align;
}

/* Bytes from one cell to the next. */
static inline size_t fast_stride(size_t item_size)
{
	size_t align = fast_alignment(item_size);

	return align + ((item_size + align - 1) & -align);
}

/* An empty one, of @count cells at @memory, which is aligned to cache lines.  @plain: items have no
 * weights. */
void pawl_i_fast_init(struct fast *f, void *memory, size_t count, size_t item_size, bool plain);

int pawl_i_fast_trypush(pawl_queue *q, const void *item, size_t weight);
int pawl_i_fast_trypop(pawl_queue *q, void *ret_item);

/* Return: as push_until, pop_until. */
int pawl_i_fast_push(pawl_queue *q, const void *item, size_t weight, pawl_time deadline);
int pawl_i_fast_pop(pawl_queue *q, void *ret_item, pawl_time deadline);

/* Return: as push_n, pop_n. */
int pawl_i_fast_push_n(pawl_queue *q, const void *items, size_t n, pawl_time deadline,
	size_t *ret_n);
int pawl_i_fast_pop_n(pawl_queue *q, void *ret_items, size_t n, pawl_time deadline,
	size_t *ret_n);

/* Take the oldest item out, for evicted().  Return: 0; EAGAIN; EPIPE. */
int pawl_i_fast_drop(pawl_queue *q);

/* Take a slot beside the ring, and the promise of room for it.  Return: 0; EAGAIN; EPIPE. */
int pawl_i_fast_slot_try(pawl_queue *q, uint32_t *ret_slot);

/* The same, or wait.  Return: as push_until. */
int pawl_i_fast_slot_wait(pawl_queue *q, pawl_time deadline, uint32_t *ret_slot);

/* Append what is in @slot, which is free then.  Return: 0; EPIPE: it is the caller's still. */
int pawl_i_fast_slot_fill(pawl_queue *q, uint32_t slot);

void pawl_i_fast_slot_free(pawl_queue *q, uint32_t slot);

/* Start @op.  Return: as push_op, pop_op. */
int pawl_i_fast_push_op(pawl_queue *q, const void *item, pawl_op *op);
int pawl_i_fast_pop_op(pawl_queue *q, void *ret_item, pawl_op *op);

void pawl_i_fast_close(pawl_queue *q);
size_t pawl_i_fast_len(const pawl_queue *q);

/*** Between the parts of it *******************************************************************/

/* Promise one.  Return: 0; EAGAIN: none is left; EPIPE. */
int pawl_i_fast_promise(pawl_queue *q, enum fast_end_of end);

/* A promise is not wanted any more. */
void pawl_i_fast_give_back(pawl_queue *q, enum fast_end_of end);

/* By who may have a promise.  @ret_item: NULL: for evicted().  Return: 0; EAGAIN, which with one
 * means that the cell is in the hands of another call; EPIPE. */
int pawl_i_fast_push_promised(pawl_queue *q, enum fast_promise has, const void *item,
	size_t weight);
int pawl_i_fast_pop_promised(pawl_queue *q, enum fast_promise has, void *ret_item);

/* One more that waits, before it joins the line; or less, when that is over. */
void pawl_i_fast_count_in(pawl_queue *q, enum fast_end_of end);
void pawl_i_fast_count_off(pawl_queue *q, enum fast_end_of end);

/* Whether one is left, or it is closed: so a call waits for nothing but the hands of others. */
bool pawl_i_fast_has(pawl_queue *q, enum fast_end_of end);

/* For who is in line.  Return: whether it has to wait: then it will be told. */
bool pawl_i_fast_announce(pawl_queue *q, enum fast_end_of end);

/* Tell one who waits, if one is left for it.  Return: 0. */
int pawl_i_fast_hand_out(pawl_queue *q, enum fast_end_of end);

#endif
