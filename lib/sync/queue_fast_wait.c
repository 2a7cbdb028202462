/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_fast_wait.c - PAWL_QUEUE_FAST: waits, ops, reserved slots; see queue_fast.h. */
#include "config.h"

#include <errno.h>

#include "platform/hb.h"
#include "sync/queue_fast_cells.h"
#include "wait/line.h"
#include "wait/park.h"
#include "wait/patience.h"

enum { HAND_YIELDS = 8 };	/* before the first sleep */

/* The cell is in the hands of another call, which does not tell. */
static void wait_for_hand(unsigned round, struct limit *l)
{
	if (round < HAND_YIELDS && pawl_i_park_is_thread())
		pawl_i_cpu_yield();
	else
		pawl_i_park_poll(round < HAND_YIELDS ? 0 : round - HAND_YIELDS, l);
}

/* A call that waits, or tries again and again. */
struct call {
	pawl_queue *q;
	enum fast_end_of end;
	int (*attempt)(struct call *c);
	const void *item;
	size_t weight;
	void *ret_item;
	size_t n, done;		/* items of several */
	uint32_t slot;
	bool told;		/* to try again: it owes I4 to the others */
};

/* The callbacks that it completes run at its end, after the last touch of the queue, which they may
 * free. */
static int attempt(void *call)
{
	struct call *c = call;
	int rc;

	pawl_i_op_hold();
	rc = c->attempt(c);
	if (rc != EAGAIN && c->told) {
		c->told = false;
		(void)pawl_i_fast_hand_out(c->q, c->end);
	}
	pawl_i_op_let();
	return rc;
}

static bool others_wait(void *call)
{
	struct call *c = call;

	return fast_some_wait(&c->q->fast, c->end);
}

/* Return: whether it had to wait, and did. */
static bool wait_in_line(struct call *c, struct limit *l)
{
	struct wait_for what = { "queue", c->q, NULL };
	struct waiter *w = pawl_i_park_waiter(&what);
	uint64_t *line = fast_line(c->q, c->end);
	uint32_t answer;
	bool announced;

	/* With DROP_OLDEST an item that is committed would do as well; nobody tells that. */
	if (!w || pawl_i_fast_has(c->q, c->end) ||
	    (c->end == FAST_ROOMS && (c->q->flags & PAWL_QUEUE_DROP_OLDEST)))
		return false;
	pawl_i_fast_count_in(c->q, c->end);
	if (pawl_i_line_join(line, w, pawl_i_waiter_arm(w)) != 0) {
		pawl_i_fast_count_off(c->q, c->end);
		return false;
	}
	announced = pawl_i_fast_announce(c->q, c->end);
	answer = announced ? pawl_i_park_or_give_up(w, &what, l) : pawl_i_waiter_give_up(w);
	pawl_i_line_leave(line, w);
	if (answer == RETRY)
		c->told = true;
	else
		pawl_i_fast_count_off(c->q, c->end);
	return announced;
}

/* Return: what the attempt does; ETIMEDOUT; ECANCELED. */
static int wait(struct call *c, pawl_time deadline)
{
	struct limit l = pawl_i_limit(deadline);
	int rc = pawl_i_patience(&l, attempt, others_wait, c);

	for (unsigned round = 0; rc == EAGAIN; rc = attempt(c)) {
		if (pawl_i_limit_reached(&l)) {
			if (c->told)
				(void)pawl_i_fast_hand_out(c->q, c->end);
			return pawl_i_limit_error(&l);
		}
		if (wait_in_line(c, &l))
			round = 0;
		else if (round++ > 0)
			wait_for_hand(round - 2, &l);
	}
	return rc;
}

static int try_push(struct call *c)
{
	return pawl_i_fast_trypush(c->q, c->item, c->weight);
}

int pawl_i_fast_push(pawl_queue *q, const void *item, size_t weight, pawl_time deadline)
{
	struct call c = {
		.q = q, .end = FAST_ROOMS, .attempt = try_push, .item = item, .weight = weight
	};
	int rc = pawl_i_fast_trypush(q, item, weight);

	return rc == EAGAIN ? wait(&c, deadline) : rc;
}

static int try_pop(struct call *c)
{
	return pawl_i_fast_trypop(c->q, c->ret_item);
}

int pawl_i_fast_pop(pawl_queue *q, void *ret_item, pawl_time deadline)
{
	struct call c = { .q = q, .end = FAST_ITEMS, .attempt = try_pop, .ret_item = ret_item };
	int rc = pawl_i_fast_trypop(q, ret_item);

	return rc == EAGAIN ? wait(&c, deadline) : rc;
}

/*** Several at once ***************************************************************************/

static int push_some(struct call *c)
{
	const unsigned char *items = c->item;
	int rc = EAGAIN;

	for (; c->done < c->n; c->done++) {
		rc = pawl_i_fast_trypush(c->q, items + c->done * c->q->item_size, 0);
		if (rc != 0)
			break;
	}
	return c->done > 0 ? 0 : rc;
}

int pawl_i_fast_push_n(pawl_queue *q, const void *items, size_t n, pawl_time deadline,
	size_t *ret_n)
{
	struct call c = {
		.q = q, .end = FAST_ROOMS, .attempt = push_some, .item = items, .n = n
	};
	int rc = n > 0 ? wait(&c, deadline) : 0;

	*ret_n = c.done;
	return rc;
}

static int pop_some(struct call *c)
{
	unsigned char *items = c->ret_item;
	int rc = EAGAIN;

	for (; c->done < c->n; c->done++) {
		rc = pawl_i_fast_trypop(c->q, items + c->done * c->q->item_size);
		if (rc != 0)
			break;
	}
	return c->done > 0 ? 0 : rc;
}

int pawl_i_fast_pop_n(pawl_queue *q, void *ret_items, size_t n, pawl_time deadline,
	size_t *ret_n)
{
	struct call c = {
		.q = q, .end = FAST_ITEMS, .attempt = pop_some, .ret_item = ret_items, .n = n
	};
	int rc = n > 0 ? wait(&c, deadline) : 0;

	*ret_n = c.done;
	return rc;
}

/*** Reserved slots ****************************************************************************/

int pawl_i_fast_slot_try(pawl_queue *q, uint32_t *ret_slot)
{
	int rc;

	while ((rc = pawl_i_fast_promise(q, FAST_ROOMS)) == EAGAIN &&
	       (q->flags & PAWL_QUEUE_DROP_OLDEST)) {
		rc = pawl_i_fast_drop(q);
		if (rc != 0)
			return rc;
	}
	if (rc == 0) {
		*ret_slot = bag_take(&q->free, 0);
		hb_acquire(&q->slots);
	}
	return rc;
}

static int try_slot(struct call *c)
{
	return pawl_i_fast_slot_try(c->q, &c->slot);
}

int pawl_i_fast_slot_wait(pawl_queue *q, pawl_time deadline, uint32_t *ret_slot)
{
	struct call c = { .q = q, .end = FAST_ROOMS, .attempt = try_slot };
	int rc = wait(&c, deadline);

	if (rc == 0)
		*ret_slot = c.slot;
	return rc;
}

void pawl_i_fast_slot_free(pawl_queue *q, uint32_t slot)
{
	hb_release(&q->slots);
	bag_put(&q->free, slot, slot);
	pawl_i_fast_give_back(q, FAST_ROOMS);
}

/* Push, for who has a promise, and waits for nothing but hands.  Return: 0; EPIPE. */
static int push_promised(pawl_queue *q, enum fast_promise has, const void *item)
{
	struct limit l = limit_none();
	int rc;

	for (unsigned round = 0; (rc = pawl_i_fast_push_promised(q, has, item, 0)) == EAGAIN; round++)
		wait_for_hand(round, &l);
	return rc;
}

int pawl_i_fast_slot_fill(pawl_queue *q, uint32_t slot)
{
	int rc;

	pawl_i_op_hold();
	/* The promise goes when the slot can be another's. */
	rc = push_promised(q, PROMISE_KEPT, slot_item(q, slot));
	if (rc == 0)
		pawl_i_fast_slot_free(q, slot);
	pawl_i_op_let();
	return rc;
}

/*** Ops ***************************************************************************************/

static int finish_push(pawl_op *op, uint32_t answer, bool closing)
{
	pawl_queue *q = op->object_;
	int rc;

	if (answer != GRANT) {
		pawl_i_fast_count_off(q, FAST_ROOMS);
		return answer == CLOSED ? EPIPE : pawl_i_op_error(op, answer);
	}
	if (closing) {
		pawl_i_fast_give_back(q, FAST_ROOMS);
		return ECANCELED;
	}
	pawl_i_op_hold();
	rc = push_promised(q, PROMISED, op->result_);
	/* One more may be promised. */
	(void)pawl_i_fast_hand_out(q, FAST_ROOMS);
	pawl_i_op_let();
	return rc;
}

/* What is left in a queue that was closed.  Return: 0; EPIPE. */
static int pop_promised(pawl_queue *q, enum fast_promise has, void *ret_item)
{
	struct limit l = limit_none();
	int rc;

	for (unsigned round = 0; (rc = pawl_i_fast_pop_promised(q, has, ret_item)) == EAGAIN; round++)
		wait_for_hand(round, &l);
	return rc;
}

static int finish_pop(pawl_op *op, uint32_t answer, bool closing)
{
	pawl_queue *q = op->object_;
	int rc;

	if (answer != GRANT) {
		pawl_i_fast_count_off(q, FAST_ITEMS);
		if (answer != CLOSED)
			return pawl_i_op_error(op, answer);
		return closing ? ECANCELED : pop_promised(q, NOTHING, op->result_);
	}
	if (closing) {
		pawl_i_fast_give_back(q, FAST_ITEMS);
		return ECANCELED;
	}
	pawl_i_op_hold();
	rc = pop_promised(q, PROMISED, op->result_);
	(void)pawl_i_fast_hand_out(q, FAST_ITEMS);
	pawl_i_op_let();
	return rc;
}

static const struct op_verb push_verb = { "pawl_queue_push_op", finish_push };
static const struct op_verb pop_verb = { "pawl_queue_pop_op", finish_pop };

/* Return: as start; EAGAIN: it need not wait. */
static int wait_op(pawl_queue *q, enum fast_end_of end, pawl_op *op, const struct op_verb *verb)
{
	int rc;

	if (pawl_i_fast_has(q, end))
		return EAGAIN;
	pawl_i_op_hold();
	pawl_i_fast_count_in(q, end);
	rc = pawl_i_op_join(op, verb, q, fast_line(q, end), 0);
	if (rc != 0) {
		pawl_i_fast_count_off(q, end);
	} else if (!pawl_i_fast_announce(q, end) && pawl_i_op_withdraw(op)) {
		pawl_i_fast_count_off(q, end);
		rc = EAGAIN;
	} else {
		rc = pawl_i_op_park(op);
	}
	pawl_i_op_let();
	return rc;
}

int pawl_i_fast_push_op(pawl_queue *q, const void *item, pawl_op *op)
{
	struct limit l = limit_none();
	int rc;

	for (unsigned round = 0;; round++) {
		rc = pawl_i_fast_trypush(q, item, 0);
		if (rc != EAGAIN || (q->flags & PAWL_QUEUE_DROP_OLDEST))
			return rc;
		op->result_ = (void *)(uintptr_t)item;
		rc = wait_op(q, FAST_ROOMS, op, &push_verb);
		if (rc != EAGAIN)
			return rc;
		wait_for_hand(round, &l);
	}
}

int pawl_i_fast_pop_op(pawl_queue *q, void *ret_item, pawl_op *op)
{
	struct limit l = limit_none();
	int rc;

	for (unsigned round = 0;; round++) {
		rc = pawl_i_fast_trypop(q, ret_item);
		if (rc != EAGAIN)
			return rc;
		op->result_ = ret_item;
		rc = wait_op(q, FAST_ITEMS, op, &pop_verb);
		if (rc != EAGAIN)
			return rc;
		wait_for_hand(round, &l);
	}
}
