/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * park.c - see park.h.
 *
 * No lost wake: the waker makes the word final, then sets park to 1; the waiter sets
 * park to 0 (P4), then reads the word (P3), then sleeps only while park is 0.  If P4
 * comes after the waker's X8 in park's order, it reads X8's 1 and so P3 sees the
 * final word; if before, park is 1 and the futex does not sleep.
 *
 * The same with the virtual clock for the word: w[deadline] P2, r[now] K1 here; w[now] K3
 * or K4, r[deadline] X9 there; all seq_cst.  If K1 read the old instant, X9 sees the
 * deadline and wakes; and X8 comes after P4 in park's order, for P4 would have acquired
 * K3 or K4 through it, and K1 the new instant.
 */
#include "config.h"

#include <stddef.h>

#include <pawl/atomic.h>

#include "platform/clock.h"
#include "platform/fatal.h"
#include "platform/futex.h"
#include "platform/tls.h"
#include "wait/park.h"

enum { POLL_MIN = 20000, POLL_MAX = 1000000 };	/* ns; without a context */

void pawl_i_waiter_arm(struct waiter *w)
{
	/* P6 relaxed: the list's lock publishes it. */
	pawl_store_(&w->word, ARMED, relaxed);
	w->context = pawl_i_context();
	w->self = pawl_i_self();
	w->key = w->next = w->prev = NULL;
	w->moved = false;
}

static bool is_final(struct waiter *w, uint32_t *ret_word)
{
	/* P3 acquire: pairs with P5.  What the signaller did before. */
	*ret_word = pawl_load_(&w->word, acquire);
	return *ret_word >= GRANT;
}

static uint32_t park_polling(struct waiter *w, pawl_time deadline)
{
	int64_t pause = POLL_MIN;
	uint32_t word;

	while (!is_final(w, &word)) {
		if (pawl_i_clock_now() >= deadline)
			return 0;
		pawl_i_clock_sleep(pause);
		if (pause < POLL_MAX)
			pause *= 2;
	}
	return word;
}

static uint32_t sleep_until_final(struct waiter *w, struct context *c, pawl_time deadline)
{
	uint32_t word;

	for (;;) {
		/* P4 acquire: pairs with X8.  See the head of this file. */
		(void)pawl_xchg_(&c->park, 0, acquire);
		if (is_final(w, &word))
			return word;
		if (deadline != PAWL_FOREVER && pawl_i_clock_now() >= deadline)
			return 0;
		pawl_i_futex_wait(&c->park, 0,
			pawl_i_clock_is_virtual() ? INT64_MAX : deadline);
	}
}

uint32_t pawl_i_park(struct waiter *w, const struct wait_for *what, pawl_time deadline)
{
	struct context *c = w->context;
	uint32_t word = ARMED;

	if (!c)
		return park_polling(w, deadline);
	/* P1 acquire: pairs with P5.  From here on the signaller wakes us; the acquire
	 * is for the failure: it was signalled meanwhile. */
	if (!pawl_cas_(&w->word, &word, PARKED, acquire, acquire) && word >= GRANT)
		return word;
	/* P9 relaxed: for dumps. */
	pawl_store_(&c->since, pawl_i_clock_real(), relaxed);
	pawl_i_context_show(c, what->kind, what->object, what->word);
	if (deadline != PAWL_FOREVER)
		/* P2 seq_cst: pairs with X9.  See the head of this file. */
		pawl_store_(&c->deadline, deadline, seq_cst);
	word = sleep_until_final(w, c, deadline);
	if (deadline != PAWL_FOREVER)
		/* P11 relaxed: a tick too many costs one look. */
		pawl_store_(&c->deadline, PAWL_FOREVER, relaxed);
	pawl_i_context_show(c, NULL, NULL, NULL);
	return word;
}

uint32_t pawl_i_park_signal(struct waiter *w)
{
	struct wait_for nothing = { "signal", NULL, NULL };

	return pawl_i_park(w, &nothing, PAWL_FOREVER);
}

void pawl_i_signal(struct waiter *w, uint32_t final)
{
	struct context *c = w->context;

	/* P5 release: pairs with P1, P3.  Last touch of *w (I1). */
	if (pawl_xchg_(&w->word, final, release) == PARKED)
		pawl_i_context_wake(c);
}

void pawl_i_deadline_suspect(pawl_time deadline)
{
	static uint32_t said;

	/* A virtual clock may start later than deadlines made before. */
	if (deadline <= 0 || deadline >= pawl_i_clock_origin() || pawl_i_clock_is_virtual())
		return;
	/* P13 relaxed: only who is first counts. */
	if (pawl_xchg_(&said, 1, relaxed) == 0)
		pawl_i_warn("a deadline lies before the start of this process: it looks like a "
			    "duration; make an instant of it with pawl_after()");
}
