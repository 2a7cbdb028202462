/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_scope.c - cancels that come while somebody is about to sleep. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/counter.h>
#include <pawl/scope.h>

#include "stress.h"

/*
 * Home-made: look at a flag, then sleep.  Each worker cancels its neighbour, and is canceled, once
 * a round; after a rendezvous the last one to go to sleep does so though it was canceled.
 */
static _Atomic uint64_t *canceled;	/* of each worker: the round in which it was */
static _Atomic uint64_t lost;

static void flag_body(struct stress_worker *w)
{
	_Atomic uint64_t *mine = &canceled[w->index];
	_Atomic uint64_t *neighbour_s = &canceled[(w->index + 1) % w->team->size];

	for (uint64_t round = 1; stress_again(w); round++) {
		bool seen = atomic_load(mine) >= round;

		stress_await(w);
		atomic_store(neighbour_s, round);
		/* Here it would sleep, and nobody comes any more to wake it. */
		if (!seen && atomic_load(mine) >= round)
			atomic_fetch_add(&lost, 1);
		stress_done(w);
	}
}

static void flag_broken(struct stress_team *t, struct stress_outcome *ret)
{
	canceled = calloc(t->size, sizeof *canceled);
	if (!canceled) {
		stress_fail("no memory");
		return;
	}
	stress_run(t, flag_body);
	ret->of = stress_ops(t);
	ret->bad = atomic_load(&lost);
	ret->least = STRESS_ITERATIONS / STRESS_EVERY;
	free(canceled);
}

/*
 * With scopes: all but worker 0 wait for what never comes, with nothing but a cancel, a child's or
 * parent's, to end it; then clean up, which takes its time, under a shield.  Worker 0 writes plain
 * data and fires.
 */
struct slot {
	_Alignas(STRESS_LINE) _Atomic(pawl_cancel *) source;	/* with a reference */
	int why;	/* written before it is fired, read after */
};

static struct slot *slots;
static pawl_counter never = PAWL_COUNTER_INIT(1);
static _Atomic bool over;
static _Atomic unsigned ended;
static _Atomic uint64_t cancels;

static void fire_all(struct stress_worker *w, int reason)
{
	for (unsigned i = 1; i < w->team->size; i++) {
		pawl_cancel *c = atomic_exchange(&slots[i].source, NULL);

		if (!c)
			continue;
		slots[i].why = reason;
		pawl_cancel_fire(c, reason);
		pawl_cancel_close(c);
	}
}

static void firing_body(struct stress_worker *w)
{
	unsigned others = w->team->size - 1;
	int reason = 1;

	for (; stress_again(w); reason = reason % 1000 + 1) {
		if (stress_wants_waits(w->team))
			stress_hold_until(w, &never, others);
		fire_all(w, reason);
		stress_done(w);
	}
	atomic_store(&over, true);
	while (atomic_load(&ended) < others) {
		fire_all(w, reason);
		sched_yield();
	}
}

static pawl_cancel *open_source(pawl_cancel *parent)
{
	pawl_cancel *c;

	if (pawl_cancel_open(parent, &c) != 0) {
		stress_fail("no memory");
		exit(1);
	}
	return c;
}

/* Return: what to enter a scope with; its parent, perhaps itself, can be fired from now on. */
static pawl_cancel *publish(struct slot *s, bool with_parent)
{
	pawl_cancel *top = open_source(NULL);
	pawl_cancel *c = with_parent ? open_source(top) : pawl_cancel_ref(top);

	atomic_store(&s->source, top);
	return c;
}

/* Inside of what was canceled. */
static void clean_up(struct stress_worker *w)
{
	pawl_time deadline = pawl_after(PAWL_US(stress_random(w, 100)));
	pawl_scope shield;
	int err;

	pawl_scope_enter(&shield, deadline, NULL, PAWL_SHIELD);
	if (pawl_scope_check() != 0 && pawl_now() < deadline)
		stress_fail("the cancel came through the shield");
	err = pawl_scope_leave(&shield, pawl_counter_wait_zero(&never, PAWL_FOREVER));
	if (err != ETIMEDOUT)
		stress_fail("the clean-up returned %d", err);
	else if (pawl_now() < deadline)
		stress_fail("the clean-up ended before its deadline");
}

static void wait_for_cancel(struct stress_worker *w, struct slot *s)
{
	pawl_cancel *c = publish(s, stress_random(w, 2) == 0);
	pawl_scope outer, inner;
	int err;

	pawl_scope_enter(&outer, PAWL_FOREVER, c, 0);
	pawl_scope_enter(&inner, pawl_after(PAWL_S(1000)), NULL, 0);
	err = pawl_counter_wait_zero(&never, PAWL_FOREVER);
	if (err != ECANCELED)
		stress_fail("what never comes returned %d", err);
	else if (pawl_cancel_reason(c) != s->why)
		stress_fail("the reason is %d, not %d", pawl_cancel_reason(c), s->why);
	else
		atomic_fetch_add_explicit(&cancels, 1, memory_order_relaxed);
	clean_up(w);
	if (pawl_counter_wait_zero(&never, PAWL_FOREVER) != ECANCELED)
		stress_fail("the cancel did not stay");
	if (pawl_scope_leave(&inner, ECANCELED) != ECANCELED ||
	    pawl_scope_leave(&outer, ECANCELED) != ECANCELED)
		stress_fail("a scope timed out");
	pawl_cancel_close(c);
}

static void scope_body(struct stress_worker *w)
{
	if (w->index == 0) {
		firing_body(w);
		return;
	}
	while (!atomic_load(&over)) {
		wait_for_cancel(w, &slots[w->index]);
		stress_done(w);
	}
	atomic_fetch_add(&ended, 1);
}

static void scope_right(struct stress_team *t)
{
	slots = aligned_alloc(STRESS_LINE, t->size * sizeof *slots);
	if (!slots) {
		stress_fail("no memory");
		return;
	}
	for (unsigned i = 0; i < t->size; i++)
		slots[i] = (struct slot){ .why = 0 };
	stress_name(&never, "what never comes");
	stress_run(t, scope_body);
	stress_note("cancels", atomic_load(&cancels));
	for (unsigned i = 1; i < t->size; i++)
		if (atomic_load(&slots[i].source))
			stress_fail("a source was left behind");
	free(slots);
}

const struct stress_case stress_scope_cases[] = {
	{
		.name = "scope.lost",
		.about = "a cancel between the look at its flag and the sleep",
		.bad = "cancels lost",
		.right = "pawl_scope",
		.run_broken = flag_broken,
		.run_right = scope_right,
	},
	{ .name = NULL },
};
