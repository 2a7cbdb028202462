/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_fast_line.c - PAWL_QUEUE_FAST: those who wait, and promises; see queue_fast.h. */
#include "config.h"

#include <errno.h>

#include "sync/queue_fast_cells.h"
#include "wait/line.h"

/* The word that has the promises. */
static uint64_t *promises_of(pawl_queue *q, enum fast_end_of end)
{
	return end == FAST_ITEMS ? &q->fast.head.word : &q->fast.tail.word;
}

void pawl_i_fast_count_in(pawl_queue *q, enum fast_end_of end)
{
	/* QF17 relaxed: QF15 and QF16 publish it; and joining the line, for who counts off. */
	(void)pawl_fetch_add_(fast_waiting(&q->fast, end), 1, relaxed);
}

void pawl_i_fast_count_off(pawl_queue *q, enum fast_end_of end)
{
	/* QF18 relaxed: counts only; after its wait is over. */
	(void)pawl_fetch_sub_(fast_waiting(&q->fast, end), 1, relaxed);
}

/* Whether one is left, or it is closed, by these words. */
static bool has(struct fast *f, enum fast_end_of end, uint64_t head, uint64_t tail)
{
	return (tail & FAST_CLOSED) || (end == FAST_ITEMS ? fast_items_left(f, head, tail) :
					fast_rooms_left(f, head, tail)) > 0;
}

bool pawl_i_fast_has(pawl_queue *q, enum fast_end_of end)
{
	struct fast *f = &q->fast;
	/* QF32 relaxed: a hint. */
	uint64_t head = pawl_load_(&f->head.word, relaxed);

	/* QF33 relaxed: the same. */
	return has(f, end, head, pawl_load_(&f->tail.word, relaxed));
}

bool pawl_i_fast_announce(pawl_queue *q, enum fast_end_of end)
{
	struct fast *f = &q->fast;

	for (;;) {
		/* QF20 relaxed: QF15 looks again. */
		uint64_t head = pawl_load_(&f->head.word, relaxed);
		/* QF22 relaxed: QF16 looks again. */
		uint64_t tail = pawl_load_(&f->tail.word, relaxed);

		if (has(f, end, head, tail))
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

int pawl_i_fast_promise(pawl_queue *q, enum fast_end_of end)
{
	uint64_t *word = promises_of(q, end);
	/* QF11 acquire: pairs with QF21.  What was done before it was closed. */
	uint64_t old = pawl_load_(word, acquire);

	do {
		if (end == FAST_ROOMS && (old & FAST_CLOSED))
			return EPIPE;
		if (fast_left(&q->fast, end, old) <= 0 || (old & FAST_PROMISED) == FAST_PROMISED)
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
	(void)fast_hand_out(q, end);
}

/* Whether one is left, and may be promised. */
static bool can_promise(pawl_queue *q, enum fast_end_of end)
{
	/* QF9 acq_rel: pairs with QF9, QF12, QF15, QF16.  A step, so that of two who each make what
	 * the other one needs, a promise less here and a move there, the later sees both. */
	uint64_t word = pawl_fetch_add_(promises_of(q, end), 0, acq_rel);

	return fast_left(&q->fast, end, word) > 0 && (word & FAST_PROMISED) != FAST_PROMISED;
}

int pawl_i_fast_hand_out(pawl_queue *q, enum fast_end_of end)
{
	struct waiter *wake;
	bool told = false;

	pawl_i_op_hold();
	while (!told && fast_some_wait(&q->fast, end) && can_promise(q, end)) {
		uint64_t ref = pawl_i_line_first(fast_line(q, end));
		bool is_op;
		int rc;

		if (ref == 0)
			break;
		is_op = pawl_i_waiter_is_op(ref);
		if (is_op) {
			rc = pawl_i_fast_promise(q, end);
			if (rc == EPIPE)
				break;
			if (rc != 0)
				continue;
		}
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
