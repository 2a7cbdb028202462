/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_fast.c - see queue_fast.h. */
#include "config.h"

#include <errno.h>

#include "platform/hb.h"
#include "sync/queue.h"
#include "wait/line.h"

/* Into each of its callers, for the two kinds of rings. */
#define INLINE inline __attribute__((__always_inline__))
#define NOINLINE __attribute__((__noinline__))

/*** The ring **********************************************************************************/

static inline unsigned char *cell_at(const struct fast *f, uint64_t word)
{
	return f->cells + ((word & f->index_mask) >> FAST_SHIFT) * f->stride;
}

static INLINE unsigned char *cell_of(const struct fast *f, uint64_t word, bool plain)
{
	return plain ? f->cells + ((word & f->index_mask) >> (FAST_SHIFT - FAST_PLAIN_SHIFT)) :
		cell_at(f, word);
}

static inline uint64_t *stamp_of(unsigned char *cell)
{
	return (uint64_t *)(void *)cell - 1;
}

static inline uint64_t position(uint64_t word)
{
	return word & ~(FAST_ONE - 1);
}

/* @word, at the next position. */
static inline uint64_t next(const struct fast *f, uint64_t word)
{
	uint64_t gap = (word & f->index_mask) == f->last ? f->index_mask - f->last : 0;

	return word + gap + FAST_ONE;
}

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
	for (size_t i = 0; i < count; i++, at = next(f, at))
		*stamp_of(cell_at(f, at)) = at;
}

static int64_t capacity(const struct fast *f)
{
	return (int64_t)(f->last >> FAST_SHIFT) + 1;
}

/* How many items there are; less than none if @tail is older than @head. */
static int64_t items_in(const struct fast *f, uint64_t head, uint64_t tail)
{
	uint64_t in_lap = f->index_mask | (FAST_ONE - 1);
	int64_t laps = (int64_t)((tail & ~in_lap) - (head & ~in_lap)) >> f->lap_shift;
	int64_t cells = (int64_t)((tail & f->index_mask) >> FAST_SHIFT) -
		(int64_t)((head & f->index_mask) >> FAST_SHIFT);

	return laps * capacity(f) + cells;
}

/* How many may be taken by who has no promise: items; or room for them. */
static int64_t items_left(const struct fast *f, uint64_t head, uint64_t tail)
{
	return items_in(f, head, tail) -
		(tail & FAST_CLOSED ? 0 : (int64_t)(head & FAST_PROMISED));
}

static int64_t rooms_left(const struct fast *f, uint64_t head, uint64_t tail)
{
	return capacity(f) - items_in(f, head, tail) - (int64_t)(tail & FAST_PROMISED);
}

/*** Those who wait ****************************************************************************/

/* The word that has the promises. */
static uint64_t *promises_of(pawl_queue *q, enum fast_end_of end)
{
	return end == FAST_ITEMS ? &q->fast.head.word : &q->fast.tail.word;
}

static uint32_t *waiting_for(pawl_queue *q, enum fast_end_of end)
{
	return end == FAST_ITEMS ? &q->fast.tail.waiting : &q->fast.head.waiting;
}

void pawl_i_fast_count_in(pawl_queue *q, enum fast_end_of end)
{
	/* QF17 relaxed: QF15 and QF16 publish it; and joining the line, for who counts off. */
	(void)pawl_fetch_add_(waiting_for(q, end), 1, relaxed);
}

void pawl_i_fast_count_off(pawl_queue *q, enum fast_end_of end)
{
	/* QF18 relaxed: counts only; after its wait is over. */
	(void)pawl_fetch_sub_(waiting_for(q, end), 1, relaxed);
}

bool pawl_i_fast_some_wait(pawl_queue *q, enum fast_end_of end)
{
	/* QF19 relaxed: the caller's step on a word came after those who announced themselves
	 * (I3). */
	return pawl_load_(waiting_for(q, end), relaxed) != 0;
}

bool pawl_i_fast_announce(pawl_queue *q, enum fast_end_of end)
{
	struct fast *f = &q->fast;

	for (;;) {
		/* QF20 relaxed: QF15 looks again. */
		uint64_t head = pawl_load_(&f->head.word, relaxed);
		/* QF22 relaxed: QF16 looks again. */
		uint64_t tail = pawl_load_(&f->tail.word, relaxed);
		int64_t left = end == FAST_ITEMS ? items_left(f, head, tail) : rooms_left(f, head, tail);

		if (left > 0 || (tail & FAST_CLOSED))
			return false;
		/* QF15 release: pairs with QF7, QF9, QF12, QF28.  That the caller is in line, and
		 * counted. */
		if (!pawl_cas_(&f->head.word, &head, head, release, relaxed))
			continue;
		/* QF16 release: pairs with QF3, QF9, QF12, QF13, QF21.  The same. */
		if (pawl_cas_(&f->tail.word, &tail, tail, release, relaxed))
			return true;
	}
}

/* Return: what is left, by the word that has the promises, which is @word. */
static int64_t left_by(pawl_queue *q, enum fast_end_of end, uint64_t word)
{
	struct fast *f = &q->fast;

	if (end == FAST_ITEMS)
		/* QF24 relaxed: an older word means fewer: who then waits looks again, and who
		 * tells comes after who changed it, or before (QF9). */
		return items_left(f, word, pawl_load_(&f->tail.word, relaxed));
	/* QF27 relaxed: the same. */
	return rooms_left(f, pawl_load_(&f->head.word, relaxed), word);
}

int pawl_i_fast_promise(pawl_queue *q, enum fast_end_of end)
{
	uint64_t *word = promises_of(q, end);
	/* QF11 acquire: pairs with QF21.  What was done before it was closed. */
	uint64_t old = pawl_load_(word, acquire);

	do {
		if (end == FAST_ROOMS && (old & FAST_CLOSED))
			return EPIPE;
		if (left_by(q, end, old) <= 0 || (old & FAST_PROMISED) == FAST_PROMISED)
			return EAGAIN;
		/* QF10 acquire: pairs with QF12.  The slot that was given back.  The failure: as
		 * QF11. */
	} while (!pawl_cas_weak_(word, &old, old + 1, acquire, acquire));
	return 0;
}

/* Nobody uses what was promised. */
static void take_back(pawl_queue *q, enum fast_end_of end)
{
	/* QF12 acq_rel: pairs with QF9, QF10, QF15, QF16.  What goes with it; those who wait, and
	 * what was done by who told before. */
	(void)pawl_fetch_sub_(promises_of(q, end), 1, acq_rel);
}

void pawl_i_fast_give_back(pawl_queue *q, enum fast_end_of end)
{
	take_back(q, end);
	if (pawl_i_fast_some_wait(q, end))
		(void)pawl_i_fast_hand_out(q, end);
}

/* Whether one is left, and may be promised. */
static bool can_promise(pawl_queue *q, enum fast_end_of end)
{
	/* QF9 acq_rel: pairs with QF9, QF12, QF15, QF16.  A step, so that of two who each make what
	 * the other one needs, a promise less here and a move there, the later sees both. */
	uint64_t word = pawl_fetch_add_(promises_of(q, end), 0, acq_rel);

	return left_by(q, end, word) > 0 && (word & FAST_PROMISED) != FAST_PROMISED;
}

int pawl_i_fast_hand_out(pawl_queue *q, enum fast_end_of end)
{
	struct waiter *wake;
	bool told = false;

	pawl_i_op_hold();
	while (!told && pawl_i_fast_some_wait(q, end) && can_promise(q, end)) {
		uint64_t ref = pawl_i_line_first(fast_line(q, end));
		bool is_op;

		if (ref == 0)
			break;
		is_op = pawl_i_waiter_is_op(ref);
		if (is_op && pawl_i_fast_promise(q, end) != 0)
			continue;
		told = pawl_i_waiter_tell(ref, is_op ? GRANT : RETRY, &wake);
		if (told)
			pawl_i_fast_count_off(q, end);
		else if (is_op)
			take_back(q, end);
		if (told && wake)
			pawl_i_waiter_wake(wake);
	}
	pawl_i_op_let();
	return 0;
}

/*** Push **************************************************************************************/

/* The cell at @position, which is the caller's.  Return: 0. */
static INLINE int fill(pawl_queue *q, uint64_t at, const void *item, size_t weight, bool plain)
{
	unsigned char *cell = cell_of(&q->fast, at, plain);

	if (plain) {
		memcpy(cell, item, sizeof(uint64_t));
	} else {
		hb_acquire(stamp_of(cell));
		item_copy(cell, item, q->item_size);
		if (q->weights)
			q->weights[(at & q->fast.index_mask) >> FAST_SHIFT] = weight;
		hb_release(stamp_of(cell));
	}
	/* QF4 release: pairs with QF6, QF14.  The item. */
	pawl_store_(stamp_of(cell), at + FAST_FILLED, release);
	return pawl_i_fast_some_wait(q, FAST_ITEMS) ? pawl_i_fast_hand_out(q, FAST_ITEMS) : 0;
}

/* Return: 0 and *@ret_tail, which has to be filled; EAGAIN; EPIPE. */
static int draw_tail(pawl_queue *q, enum fast_promise has, uint64_t *ret_tail)
{
	struct fast *f = &q->fast;

	for (;;) {
		/* QF23 acquire: pairs with QF21.  What was done before it was closed. */
		uint64_t tail = pawl_load_(&f->tail.word, acquire);

		if (tail & FAST_CLOSED)
			return EPIPE;
		if (has == NOTHING && left_by(q, FAST_ROOMS, tail) <= 0)
			return EAGAIN;
		/* QF5 acquire: pairs with QF8.  As QF2. */
		if (pawl_load_(stamp_of(cell_at(f, tail)), acquire) != position(tail)) {
			/* QF30 relaxed: the same word: so a pop has the cell in its hands. */
			if (pawl_load_(&f->tail.word, relaxed) == tail)
				return EAGAIN;
			continue;
		}
		*ret_tail = tail;
		/* QF13 acquire: pairs with QF16.  As QF3. */
		if (pawl_cas_weak_(&f->tail.word, &tail, next(f, tail) - (has == PROMISED),
				   acquire, relaxed))
			return 0;
	}
}

static NOINLINE int push_slowly(pawl_queue *q, const void *item, size_t weight)
{
	uint64_t tail;
	int rc;

	while ((rc = draw_tail(q, NOTHING, &tail)) == EAGAIN &&
	       (q->flags & PAWL_QUEUE_DROP_OLDEST)) {
		rc = pawl_i_fast_drop(q);
		if (rc != 0)
			return rc;
	}
	return rc == 0 ? fill(q, position(tail), item, weight, false) : rc;
}

/* @wait: until when; NULL: do not. */
static INLINE int push(pawl_queue *q, const void *item, size_t weight, const pawl_time *wait,
	bool plain)
{
	struct fast *f = &q->fast;
	/* QF1 relaxed: QF3 looks again. */
	uint64_t tail = pawl_load_(&f->tail.word, relaxed);

	do {
		/* QF2 acquire: pairs with QF8.  That the item before it was copied. */
		if (pawl_load_(stamp_of(cell_of(f, tail, plain)), acquire) != tail)
			return wait ? pawl_i_fast_push_wait(q, item, weight, *wait) :
				push_slowly(q, item, weight);
		/* QF3 acquire: pairs with QF16.  Those who announced themselves (I3). */
	} while (!pawl_cas_weak_(&f->tail.word, &tail, next(f, tail), acquire, relaxed));
	return fill(q, tail, item, weight, plain);
}

static NOINLINE int push_any(pawl_queue *q, const void *item, size_t weight)
{
	return push(q, item, weight, NULL, false);
}

int pawl_i_fast_trypush(pawl_queue *q, const void *item, size_t weight)
{
	return q->fast.plain ? push(q, item, weight, NULL, true) : push_any(q, item, weight);
}

int pawl_i_fast_push(pawl_queue *q, const void *item, size_t weight, pawl_time deadline)
{
	return q->fast.plain ? push(q, item, weight, &deadline, true) :
		pawl_i_fast_push_wait(q, item, weight, deadline);
}

int pawl_i_fast_push_promised(pawl_queue *q, enum fast_promise has, const void *item)
{
	uint64_t tail;
	int rc = draw_tail(q, has, &tail);

	return rc == 0 ? fill(q, position(tail), item, 0, false) : rc;
}

/*** Pop ***************************************************************************************/

/* The cell at @position was read.  Return: 0. */
static INLINE int clear(pawl_queue *q, uint64_t at, bool plain)
{
	struct fast *f = &q->fast;
	uint64_t *stamp = stamp_of(cell_of(f, at, plain));

	if (!plain)
		hb_release(stamp);
	/* QF8 release: pairs with QF2, QF5.  That the item was copied. */
	pawl_store_(stamp, at + f->index_mask + FAST_ONE, release);
	return pawl_i_fast_some_wait(q, FAST_ROOMS) ? pawl_i_fast_hand_out(q, FAST_ROOMS) : 0;
}

/* The cell at @position is the caller's: take what is in it.  Return: 0. */
static NOINLINE int empty(pawl_queue *q, uint64_t at, void *ret_item)
{
	struct fast *f = &q->fast;
	unsigned char *cell = cell_at(f, at);
	size_t weight = q->weights ? q->weights[(at & f->index_mask) >> FAST_SHIFT] : 0;

	hb_acquire(stamp_of(cell));
	if (ret_item)
		item_copy(ret_item, cell, q->item_size);
	else if (q->evicted)
		q->evicted(cell, q->user);
	(void)clear(q, at, false);
	pawl_i_item_lighten(q, weight);
	return 0;
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

		if (items_left(f, head, tail) + (has == PROMISED && !(tail & FAST_CLOSED)) <= 0)
			return tail & FAST_CLOSED ? EPIPE : EAGAIN;
		/* QF14 acquire: pairs with QF4.  As QF6. */
		if (pawl_load_(stamp_of(cell_at(f, head)), acquire) !=
		    position(head) + FAST_FILLED) {
			/* QF31 relaxed: the same word: so a push has the cell in its hands. */
			if (pawl_load_(&f->head.word, relaxed) == head)
				return EAGAIN;
			continue;
		}
		*ret_head = head;
		/* QF28 acquire: pairs with QF15.  As QF7. */
		if (pawl_cas_weak_(&f->head.word, &head, next(f, head) - (has == PROMISED),
				   acquire, relaxed))
			return 0;
	}
}

int pawl_i_fast_pop_promised(pawl_queue *q, enum fast_promise has, void *ret_item)
{
	uint64_t head;
	int rc = draw_head(q, has, &head);

	return rc == 0 ? empty(q, position(head), ret_item) : rc;
}

static INLINE int pop(pawl_queue *q, void *ret_item, const pawl_time *wait, bool plain)
{
	struct fast *f = &q->fast;
	/* QF29 relaxed: QF7 looks again. */
	uint64_t head = pawl_load_(&f->head.word, relaxed);

	do {
		/* QF6 acquire: pairs with QF4.  The item. */
		if (pawl_load_(stamp_of(cell_of(f, head, plain)), acquire) != head + FAST_FILLED)
			return wait ? pawl_i_fast_pop_wait(q, ret_item, *wait) :
				pawl_i_fast_pop_promised(q, NOTHING, ret_item);
		/* QF7 acquire: pairs with QF15.  Those who announced themselves (I3). */
	} while (!pawl_cas_weak_(&f->head.word, &head, next(f, head), acquire, relaxed));
	if (!plain)
		return empty(q, head, ret_item);
	memcpy(ret_item, cell_of(f, head, plain), sizeof(uint64_t));
	return clear(q, head, plain);
}

static NOINLINE int pop_any(pawl_queue *q, void *ret_item)
{
	return pop(q, ret_item, NULL, false);
}

int pawl_i_fast_trypop(pawl_queue *q, void *ret_item)
{
	return q->fast.plain ? pop(q, ret_item, NULL, true) : pop_any(q, ret_item);
}

int pawl_i_fast_pop(pawl_queue *q, void *ret_item, pawl_time deadline)
{
	return q->fast.plain ? pop(q, ret_item, &deadline, true) :
		pawl_i_fast_pop_wait(q, ret_item, deadline);
}

int pawl_i_fast_drop(pawl_queue *q)
{
	return pawl_i_fast_pop_promised(q, NOTHING, NULL);
}

/*** The rest **********************************************************************************/

bool pawl_i_fast_looks_better(pawl_queue *q, enum fast_end_of end)
{
	struct fast *f = &q->fast;
	/* QF32 relaxed: a hint. */
	uint64_t word = pawl_load_(end == FAST_ITEMS ? &f->head.word : &f->tail.word, relaxed);
	uint64_t due = position(word) + (end == FAST_ITEMS ? FAST_FILLED : 0);

	/* QF33 relaxed: the same. */
	return pawl_load_(stamp_of(cell_at(f, word)), relaxed) == due;
}

void pawl_i_fast_close(pawl_queue *q)
{
	/* QF21 acq_rel: pairs with QF11, QF16, QF23, QF26.  Those who announced themselves; what
	 * was done before it. */
	(void)pawl_fetch_or_(&q->fast.tail.word, FAST_CLOSED, acq_rel);
	pawl_i_op_hold();
	for (int end = FAST_ROOMS; end <= FAST_ITEMS; end++)
		pawl_i_line_tell_all(pawl_i_line_root(fast_line(q, (enum fast_end_of)end)), CLOSED,
				     UINT64_MAX);
	pawl_i_op_let();
}

size_t pawl_i_fast_len(const pawl_queue *q)
{
	const struct fast *f = &q->fast;
	/* QF34 relaxed: advisory. */
	uint64_t tail = pawl_load_(&f->tail.word, relaxed);
	/* QF35 relaxed: the same. */
	int64_t n = items_in(f, pawl_load_(&f->head.word, relaxed), tail);

	return n <= 0 ? 0 : n > capacity(f) ? (size_t)capacity(f) : (size_t)n;
}
