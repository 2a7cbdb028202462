/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * park.c - see park.h.
 *
 * No lost wake: the waker answers (P5), then sets park to 1; the waiter sets park to 0
 * (P4), then looks for the answer (P3), then sleeps only while park is 0.  If P4 comes
 * after the waker's X8 in park's order, it reads X8's 1 and so P3 sees the answer; if
 * before, park is 1 and the futex does not sleep.  A cancel wakes in the same way, with a
 * source's reason for the answer.
 *
 * In a lobby: see the head of lobby.h; there X16 finds it as P31 wrote it, before P2 and P22.  In a
 * room: the same; X24 finds it as P33 wrote it, before the wait's ref, too, was anywhere.
 *
 * The same with the virtual clock for the word: w[deadline] P2, r[now] K1 here; w[now] K3
 * or K4, r[deadline] X9 there; all seq_cst.  If K1 read the old instant, X9 sees the
 * deadline and wakes; and X8 comes after P4 in park's order, for P4 would have acquired
 * K3 or K4 through it, and K1 the new instant.
 *
 * A task's context has no park word in use: see runtime/marks.h, whose mark is as park's 1, and is
 * taken before the task looks.
 */
#include "config.h"

#include <stddef.h>

#include <pawl/atomic.h>

#include "platform/clock.h"
#include "platform/cpu.h"
#include "platform/fatal.h"
#include "platform/futex.h"
#include "platform/tls.h"
#include "wait/lobby.h"
#include "wait/park.h"

enum { POLL_MIN = 20000, POLL_DOUBLINGS = 6 };	/* ns: to 1.3 ms */

void pawl_i_park_poll(unsigned round, struct limit *l)
{
	int64_t pause = (int64_t)POLL_MIN << (round < POLL_DOUBLINGS ? round : POLL_DOUBLINGS);
	struct context *c = pawl_i_tls.context;

	if (pawl_i_limit_reached(l))
		return;
	if (c && c->flows)
		c->flows->suspend(c, pawl_i_clock_real() + pause);
	else
		pawl_i_clock_sleep(pause);
}

static void suspend_until(struct context *c, struct limit *l, bool (*is_over)(void *arg), void *arg)
{
	while (!is_over(arg) && !pawl_i_limit_reached(l))
		c->flows->suspend(c,
			pawl_i_clock_is_virtual() ? INT64_MAX : pawl_i_limit_instant(l));
}

/* The same as below, but until a call for one of @bits. */
static void sleep_in(struct context *c, struct lobby *y, uint32_t bits, struct limit *l,
		     bool (*is_over)(void *arg), void *arg)
{
	for (;;) {
		uint32_t calls = lobby_calls(y);
		int32_t waker;

		if (is_over(arg) || pawl_i_limit_reached(l))
			return;
		waker = pawl_i_lobby_sleep(y, calls, bits,
			pawl_i_clock_is_virtual() ? INT64_MAX : pawl_i_limit_instant(l));
		/* P30 relaxed: a hint. */
		pawl_store_(&c->waker, waker, relaxed);
	}
}

static void sleep_until(struct context *c, struct limit *l, bool (*is_over)(void *arg), void *arg)
{
	for (;;) {
		/* P4 acquire: pairs with X8.  See the head of this file. */
		(void)pawl_xchg_(&c->park, 0, acquire);
		if (is_over(arg) || pawl_i_limit_reached(l))
			return;
		pawl_i_futex_wait(&c->park, 0,
			pawl_i_clock_is_virtual() ? INT64_MAX : pawl_i_limit_instant(l));
	}
}

/* Let the virtual clock and cancels find the wait. */
static void watch(struct context *c, pawl_time deadline, uint64_t cancels)
{
	if (deadline != PAWL_FOREVER)
		/* P2 seq_cst: pairs with X9.  See the head of this file. */
		pawl_store_(&c->deadline, deadline, seq_cst);
	if (cancels != 0)
		/* P22 seq_cst: pairs with X14.  See cancel.c. */
		pawl_store_(&c->cancels, cancels, seq_cst);
}

static void watch_no_more(struct context *c, pawl_time deadline, uint64_t cancels)
{
	if (deadline != PAWL_FOREVER)
		/* P11 relaxed: a tick too many costs one look. */
		pawl_store_(&c->deadline, PAWL_FOREVER, relaxed);
	if (cancels != 0)
		/* P24 relaxed: the same. */
		pawl_store_(&c->cancels, 0, relaxed);
}

uint32_t pawl_i_park_spins(struct limit *l)
{
	const struct context *c = pawl_i_tls.context;
	/* P29 relaxed: a hint. */
	int32_t waker = c ? pawl_load_(&c->waker, relaxed) : -1;

	/* In a task the CPU is for the other tasks. */
	if (c && c->flows)
		return 0;
	if (waker >= 0 && waker == pawl_i_cpu_index())
		return 0;
	return pawl_i_limit_reached(l) ? 0 : pawl_i_cpu_spins();
}

struct waiter *pawl_i_park_waiter(const struct wait_for *what)
{
	struct context *c;

	if (pawl_i_tls.stage == IN_DONE)
		pawl_i_misuse("a wait", what->kind, what->object,
			      "is waited for by the done() of an inline op", 0);
	c = pawl_i_tls.stage == NOT_INLINE ? pawl_i_context() : NULL;
	return c ? c->waiter : NULL;
}

bool pawl_i_park_is_thread(void)
{
	return !pawl_i_tls.context || !pawl_i_tls.context->flows;
}

static void begin(struct context *c, const struct wait_for *what, pawl_time deadline,
	uint64_t cancels)
{
	/* P9 relaxed: for dumps. */
	pawl_store_(&c->since, pawl_i_clock_real(), relaxed);
	pawl_i_context_show(c, what->kind, what->object, what->word);
	watch(c, deadline, cancels);
}

static void end(struct context *c, pawl_time deadline, uint64_t cancels)
{
	watch_no_more(c, deadline, cancels);
	pawl_i_context_show(c, NULL, NULL, NULL);
}

void pawl_i_park_until(struct context *c, const struct wait_for *what, struct limit *l,
	uint64_t cancels, bool (*is_over)(void *arg), void *arg)
{
	pawl_time deadline = pawl_i_limit_instant(l);
	uint32_t room = c->waiter->handle;

	cancels |= pawl_i_limit_cancels(l);
	begin(c, what, deadline, cancels);
	if (c->flows)
		suspend_until(c, l, is_over, arg);
	else if (pawl_i_context_is_in_room(c))
		sleep_in(c, pawl_i_room(room), room_bit(room), l, is_over, arg);
	else
		sleep_until(c, l, is_over, arg);
	end(c, deadline, cancels);
}

void pawl_i_park_in_lobby(struct context *c, const struct wait_for *what, struct limit *l,
	const void *object, bool (*is_over)(void *arg), void *arg)
{
	pawl_time deadline = pawl_i_limit_instant(l);
	uint64_t cancels = pawl_i_limit_cancels(l);
	uint32_t bits = pawl_i_lobby_bit(object) | pawl_i_lobby_cancel_bits(cancels);

	/* P31 relaxed: P2 or P22 publishes it. */
	pawl_store_(&c->lobby, pawl_i_lobby(object), relaxed);
	begin(c, what, deadline, cancels);
	sleep_in(c, pawl_i_lobby(object), bits, l, is_over, arg);
	end(c, deadline, cancels);
	/* P32 relaxed: the same, of a later wait. */
	pawl_store_(&c->lobby, NULL, relaxed);
}

void pawl_i_park_enter_room(struct waiter *w)
{
	struct context *c = w->context;

	/* P33 relaxed: goes with the ref of the wait, or with P2 and P22. */
	pawl_store_(&c->in_room, !c->flows && room_is_for(w->handle), relaxed);
}

void pawl_i_park_leave_room(struct waiter *w)
{
	/* P34 relaxed: the same, of a later wait. */
	pawl_store_(&w->context->in_room, 0, relaxed);
}

static bool is_answered(void *arg)
{
	return pawl_i_waiter_answer(arg) != 0;
}

uint32_t pawl_i_park(struct waiter *w, const struct wait_for *what, struct limit *l)
{
	uint32_t answer = pawl_i_waiter_park(w);

	if (answer != 0)
		return answer;
	pawl_i_park_until(w->context, what, l, 0, is_answered, w);
	return pawl_i_waiter_answer(w);
}

uint32_t pawl_i_park_or_give_up(struct waiter *w, const struct wait_for *what, struct limit *l)
{
	uint32_t answer = pawl_i_park(w, what, l);

	return answer != 0 ? answer : pawl_i_waiter_give_up(w);
}
