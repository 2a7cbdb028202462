/* SPDX-License-Identifier: BSD-2-Clause */
/* mixed.c - see mixed.h. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "mixed.h"

enum { REASON = 42, DEADLINE_US = 200, PAST_US = 20, CALM_EVERY = 8, CALM_US = 300 };

/* Of each worker: what can cancel its wait, with a reference for who takes it. */
struct slot {
	_Alignas(STRESS_LINE) _Atomic(pawl_cancel *) source;
	bool begun;		/* the worker's own */
	_Atomic uint64_t cancels;	/* waits that ended by one */
};

static struct slot *slots;
static unsigned slot_count;
static _Atomic uint64_t waits, timeouts;

static enum mixed_kind choose(struct stress_worker *w, struct slot *s)
{
	uint64_t n = s->begun ? stress_random(w, 10) : 0;

	s->begun = true;
	return n == 0 ? MIXED_CANCELED : n <= 3 ? MIXED_TIMED : MIXED_PLAIN;
}

static bool misses_an_end(void)
{
	return mixed_timeouts() == 0 || mixed_cancels() == 0;
}

void mixed_open(struct stress_team *t)
{
	stress_go_on_while(t, misses_an_end);
	slot_count = t->size;
	slots = aligned_alloc(STRESS_LINE, slot_count * sizeof *slots);
	if (!slots) {
		stress_fail("no memory");
		exit(1);
	}
	for (unsigned i = 0; i < slot_count; i++)
		slots[i] = (struct slot){ .begun = false };
}

void mixed_close(void)
{
	stress_note("waits", atomic_load(&waits));
	stress_note("timeouts", mixed_timeouts());
	stress_note("cancels", mixed_cancels());
	if (mixed_timeouts() == 0)
		stress_fail("no wait timed out");
	if (mixed_cancels() == 0)
		stress_fail("no wait was canceled");
	free(slots);
}

/* Half of the sources are fired through a parent. */
static void publish(struct mixed *x, struct slot *s, bool with_parent)
{
	pawl_cancel *top;

	if (pawl_cancel_open(NULL, &top) != 0 ||
	    (with_parent && pawl_cancel_open(top, &x->source) != 0)) {
		stress_fail("no memory");
		exit(1);
	}
	if (!with_parent)
		x->source = pawl_cancel_ref(top);
	if (atomic_exchange(&s->source, top))
		stress_fail("a source was left behind");
}

pawl_time mixed_begin(struct mixed *x, struct stress_worker *w)
{
	struct slot *s = &slots[w->index];

	*x = (struct mixed){ .kind = choose(w, s), .deadline = PAWL_FOREVER };
	if (x->kind == MIXED_TIMED) {
		x->deadline = pawl_after(PAWL_US(stress_random(w, DEADLINE_US)) - PAWL_US(PAST_US));
		x->scoped = stress_random(w, 2) == 0;
	} else if (x->kind == MIXED_CANCELED) {
		publish(x, s, stress_random(w, 2) == 0);
		x->scoped = true;
	}
	if (!x->scoped)
		return x->deadline;
	pawl_scope_enter(&x->scope, x->deadline, x->source, 0);
	return PAWL_FOREVER;
}

static void check_timeout(const struct mixed *x)
{
	atomic_fetch_add_explicit(&timeouts, 1, memory_order_relaxed);
	if (x->kind != MIXED_TIMED)
		stress_fail("a wait without a deadline timed out");
	else if (pawl_now() < x->deadline)
		stress_fail("ETIMEDOUT came before the deadline");
}

static void check_cancel(const struct mixed *x, struct slot *s)
{
	atomic_fetch_add_explicit(&s->cancels, 1, memory_order_relaxed);
	if (!x->source)
		stress_fail("a wait was canceled by nobody");
	else if (pawl_cancel_reason(x->source) != REASON)
		stress_fail("a wait was canceled without a reason");
}

static void forget(const struct mixed *x, struct slot *s)
{
	pawl_cancel *left = atomic_exchange(&s->source, NULL);

	if (left)
		pawl_cancel_close(left);
	pawl_cancel_close(x->source);
}

int mixed_end(struct mixed *x, struct stress_worker *w, int rc)
{
	atomic_fetch_add_explicit(&waits, 1, memory_order_relaxed);
	if (x->scoped)
		rc = pawl_scope_leave(&x->scope, rc);
	if (rc == ETIMEDOUT)
		check_timeout(x);
	else if (rc == ECANCELED)
		check_cancel(x, &slots[w->index]);
	if (x->source)
		forget(x, &slots[w->index]);
	return rc;
}

static void fire_at(struct stress_worker *w, struct slot *s, bool calm)
{
	uint64_t before = atomic_load(&s->cancels);
	pawl_cancel *c = atomic_exchange(&s->source, NULL);

	if (!c)
		return;
	pawl_cancel_fire(c, REASON);
	pawl_cancel_close(c);
	atomic_store(&w->phase, "waits until a canceled wait has ended");
	while (calm && atomic_load(&s->cancels) == before)
		sched_yield();
	atomic_store(&w->phase, NULL);
}

void mixed_fire(struct stress_worker *w, unsigned begin, unsigned end)
{
	bool calm = atomic_load(&w->ops) == 0 || stress_random(w, CALM_EVERY) == 0;
	struct timespec pause = { 0, (long)PAWL_US(stress_random(w, CALM_US)) };

	if (calm)
		nanosleep(&pause, NULL);
	for (unsigned i = begin; i < end; i++)
		fire_at(w, &slots[i], calm);
}

uint64_t mixed_timeouts(void)
{
	return atomic_load_explicit(&timeouts, memory_order_relaxed);
}

uint64_t mixed_cancels(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < slot_count; i++)
		sum += atomic_load_explicit(&slots[i].cancels, memory_order_relaxed);
	return sum;
}
