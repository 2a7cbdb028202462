/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * any.c - pawl/any.h.  Uses: platform, wait, sem, queue, event, notify, latch, future.
 *
 * A place for each of the list: a waiter of its own, which stands in that object's line, and is
 * the thread's for ever.  All of them wake the one thread.  Then it gives up all of them: the first
 * that was answered is what it takes, and what others were given, it gives back; for each of them
 * that is one step.
 *
 * Of a queue it is given a permit for an item, and gives that back always: the item is for
 * whoever pops.  A cancel has no line; it wakes whoever watches its bit.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>

#include <pawl/any.h>
#include <pawl/scope.h>
#include <pawl/sem.h>

#include "platform/hb.h"
#include "platform/memory.h"
#include "sync/gates.h"
#include "sync/queue.h"
#include "sync/sem_op.h"
#include "wait/cancel.h"
#include "wait/park.h"

enum { FEW = 8 };	/* places without malloc */

struct place {
	struct waiter *waiter;	/* in the line; NULL: none is needed, or it is not there yet */
	uint64_t seen;		/* of a gate's word, when the call began */
};

struct any {
	const pawl_any *list;
	size_t n;
	struct place *places;
	struct waiter *waiter;	/* the thread's; NULL: poll */
	size_t taken;		/* n: none */
};

static bool is_gate(const pawl_any *a)
{
	return a->kind != PAWL_ANY_SEM && a->kind != PAWL_ANY_CANCEL &&
		a->kind != PAWL_ANY_QUEUE;
}

static struct gate gate_of(const pawl_any *a)
{
	switch (a->kind) {
	case PAWL_ANY_EVENT:
		return pawl_i_event_gate(a->object);
	case PAWL_ANY_NOTIFY:
		return pawl_i_notify_gate(a->object);
	case PAWL_ANY_LATCH:
		return pawl_i_latch_gate(a->object);
	default:
		return pawl_i_future_gate(a->object);
	}
}

static struct permits *items_of(const pawl_any *a)
{
	return &((pawl_queue *)a->object)->ready;
}

static uint64_t *line_of(const pawl_any *a)
{
	switch (a->kind) {
	case PAWL_ANY_SEM:
		return &((pawl_sem *)a->object)->queue_;
	case PAWL_ANY_QUEUE:
		return &items_of(a)->given->line;
	default:
		return gate_of(a).queue;
	}
}

static bool is_valid(const pawl_any *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].kind < PAWL_ANY_SEM || list[i].kind > PAWL_ANY_LATCH ||
		    !list[i].object ||
		    (list[i].kind == PAWL_ANY_QUEUE &&
		     (((pawl_queue *)list[i].object)->flags & PAWL_QUEUE_FAST)))
			return false;
	return n > 0;
}

/* What comes from now on, is not lost. */
static void begin(struct any *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (is_gate(&a->list[i]))
			/* T3 acquire: pairs with H3.  As H5. */
			a->places[i].seen = pawl_load_(gate_of(&a->list[i]).word, acquire);
}

/* Whether an item is there, or it is closed. */
static bool is_to_pop(const struct permits *items)
{
	bool shut;

	/* T4 relaxed: a pop looks at the same word, so it finds it closed too. */
	return permits_left(items, &shut) > 0 ||
		(pawl_load_(&items->taken->word, relaxed) & PERMITS_TAKEN_SHUT);
}

/* Return: 0: it is taken; EAGAIN; EPIPE. */
static int try_one(const pawl_any *a, const struct place *p)
{
	struct gate g;

	if (a->kind == PAWL_ANY_SEM)
		return pawl_sem_tryacquire(a->object);
	if (a->kind == PAWL_ANY_QUEUE)
		return is_to_pop(items_of(a)) ? 0 : EAGAIN;
	if (a->kind == PAWL_ANY_CANCEL)
		return pawl_cancel_reason(a->object) != 0 ? 0 : EAGAIN;
	g = gate_of(a);
	return pawl_i_gate_step(&g, p->seen, false) != GATE_WAIT ? 0 : EAGAIN;
}

/* Return: 0 and *ret_index, if there is one; else ENOMEM; or EPIPE. */
static int try_without_places(const pawl_any *list, size_t n, size_t *ret_index)
{
	int rc = EAGAIN;

	for (size_t i = 0; i < n && rc == EAGAIN; i++) {
		struct place p = { NULL, 0 };
		struct any one = { .list = &list[i], .n = 1, .places = &p };

		begin(&one);
		rc = try_one(&list[i], &p);
		if (rc == 0)
			*ret_index = i;
	}
	return rc == EAGAIN ? ENOMEM : rc;
}

/* Return: 0: *ret_index is taken; EAGAIN; EPIPE. */
static int try_all(struct any *a)
{
	int rc = EAGAIN;

	for (size_t i = 0; i < a->n && rc == EAGAIN; i++) {
		rc = try_one(&a->list[i], &a->places[i]);
		if (rc == 0)
			a->taken = i;
	}
	return rc;
}

/* By @w.  Return: 0; ENOMEM. */
static int join(struct any *a, size_t i, struct waiter *w)
{
	const pawl_any *one = &a->list[i];
	struct place *p = &a->places[i];
	struct gate g;

	if (is_gate(one)) {
		g = gate_of(one);
		pawl_i_waiter_make_note(w, pawl_i_gate_note(&g, p->seen));
	} else if (one->kind == PAWL_ANY_SEM) {
		pawl_i_waiter_make_note(w, SEM_INSISTS);
	}
	if (pawl_i_line_join(line_of(one), w, pawl_i_waiter_arm(w)) != 0) {
		(void)pawl_i_waiter_give_up(w);
		return ENOMEM;
	}
	p->waiter = w;
	return 0;
}

/* Return: 0: it is taken, or can be; EAGAIN: it has to wait; EPIPE. */
static int announce(struct any *a, size_t i)
{
	struct gate g;

	if (a->list[i].kind == PAWL_ANY_SEM)
		return pawl_i_sem_announce(a->list[i].object);
	if (a->list[i].kind == PAWL_ANY_QUEUE)
		return pawl_i_permits_announce(items_of(&a->list[i]));
	g = gate_of(&a->list[i]);
	if (pawl_i_gate_step(&g, a->places[i].seen, true) == GATE_WAIT)
		return EAGAIN;
	a->taken = i;
	return 0;
}

/* Join all lines.  Return: EAGAIN: all have to wait; 0, EPIPE: look again; ENOMEM. */
static int join_all(struct any *a, uint64_t *ret_cancels)
{
	struct waiter *w = a->waiter;
	int rc = EAGAIN;

	*ret_cancels = 0;
	for (size_t i = 0; i < a->n && rc == EAGAIN; i++) {
		if (a->list[i].kind == PAWL_ANY_CANCEL) {
			*ret_cancels |= pawl_i_cancel_bits(a->list[i].object);
			continue;
		}
		rc = w ? join(a, i, w) : ENOMEM;
		if (rc == 0)
			rc = announce(a, i);
		if (rc == EAGAIN && i + 1 < a->n)
			w = pawl_i_waiter_sibling(w);
	}
	return rc;
}

/* It is answered, and another one is taken; or nothing is, of a queue. */
static void pass_on(const pawl_any *one, uint32_t answer)
{
	if (answer != GRANT)
		return;
	if (one->kind == PAWL_ANY_SEM)
		pawl_sem_release(one->object, 1);
	else if (one->kind == PAWL_ANY_QUEUE)
		permits_give(items_of(one), 1);
	else if (one->kind == PAWL_ANY_NOTIFY)
		pawl_notify_one(one->object);
}

static void leave(struct any *a, size_t i)
{
	struct place *p = &a->places[i];
	uint32_t answer;
	bool is_it;

	if (!p->waiter)
		return;
	answer = pawl_i_waiter_give_up(p->waiter);
	pawl_i_line_leave(line_of(&a->list[i]), p->waiter);
	p->waiter = NULL;
	is_it = answer != 0 && answer != CLOSED && a->taken == a->n;
	if (is_it)
		a->taken = i;
	if (!is_it || a->list[i].kind == PAWL_ANY_QUEUE)
		pass_on(&a->list[i], answer);
}

static bool is_over(void *arg)
{
	struct any *a = arg;

	for (size_t i = 0; i < a->n; i++)
		if (a->places[i].waiter ? pawl_i_waiter_answer(a->places[i].waiter) != 0 :
		    pawl_cancel_reason(a->list[i].object) != 0)
			return true;
	return false;
}

static void park(struct any *a, const struct wait_for *what, struct limit *l, uint64_t cancels)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->places[i].waiter && pawl_i_waiter_park(a->places[i].waiter) != 0)
			return;
	pawl_i_park_until(a->waiter->context, what, l, cancels, is_over, a);
}

/* Return: 0: one is taken; EAGAIN: look again; ENOMEM. */
static int wait_once(struct any *a, const struct wait_for *what, struct limit *l)
{
	uint64_t cancels;
	int rc = join_all(a, &cancels);

	if (rc == EAGAIN)
		park(a, what, l, cancels);
	pawl_i_op_hold();
	for (size_t i = 0; i < a->n; i++)
		leave(a, i);
	pawl_i_op_let();
	if (a->taken < a->n)
		return 0;
	return rc == ENOMEM ? ENOMEM : EAGAIN;
}

static int wait_any(struct any *a, pawl_time deadline)
{
	struct wait_for what = { "any", a->list, NULL };
	struct limit l = pawl_i_limit(deadline);
	int rc;

	begin(a);
	for (unsigned round = 0; (rc = try_all(a)) == EAGAIN; round++) {
		if (pawl_i_limit_reached(&l))
			return pawl_i_limit_error(&l);
		if (!a->waiter)
			a->waiter = pawl_i_park_waiter(&what);
		rc = a->waiter ? wait_once(a, &what, &l) : ENOMEM;
		if (rc == ENOMEM)
			pawl_i_park_poll(round, &l);
		else if (rc != EAGAIN)
			break;
	}
	return rc;
}

int pawl_wait_any(const pawl_any *list, size_t n, pawl_time deadline, size_t *ret_index)
{
	struct place few[FEW] = { { NULL, 0 } };
	struct any a = { .list = list, .n = n, .places = few, .taken = n };
	int rc;

	if (!is_valid(list, n))
		return EINVAL;
	if (n > FEW)
		a.places = pawl_i_memory_get(n * sizeof *a.places, sizeof(void *));
	if (!a.places)
		return try_without_places(list, n, ret_index);
	rc = wait_any(&a, deadline);
	if (n > FEW)
		pawl_i_memory_put(a.places);
	if (rc == 0) {
		hb_acquire(list[a.taken].object);
		*ret_index = a.taken;
	}
	return rc;
}
