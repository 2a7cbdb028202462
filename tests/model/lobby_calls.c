/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that sleep at gates: one call wakes all of them, and one that was for others, or comes
 * too late, costs a look and nothing else.  All objects share a lobby here.
 */
#include <errno.h>

#include <pawl/event.h>
#include <pawl/scope.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"
#include "wait/gate.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = STALE_LOADS | WEAK_FAILURES | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static pawl_event e, other;
static pawl_cancel *source;
static int data;

static void make(void)
{
	model_name(&e, sizeof e, "e");
	model_name(&other, sizeof other, "other");
}

static void set(void)
{
	data = 7;
	pawl_event_set(&e);
}

static void pass(void)
{
	MODEL_CHECK(pawl_event_wait(&e) == 0);
	MODEL_CHECK(data == 7);
}

static void two_wait(unsigned who)
{
	if (who == 3) {
		set();
	} else {
		pass();
		model_saw(who - 1);
	}
}

MODEL(lobby_two, .about = "two wait, one sets", .threads = 3, .setup = make, .thread = two_wait,
      .enter = model_attach, .sights = { "one passed", "two passed" }, .without = NOISE,
      .preemptions = 2);

/* Woken for nothing. */
static void others_called(unsigned who)
{
	if (who == 1) {
		pass();
		model_saw(0);
	} else if (who == 2) {
		MODEL_CHECK(pawl_event_wait(&other) == 0);
		model_saw(1);
	} else {
		pawl_event_set(&other);
		set();
	}
}

MODEL(lobby_others, .about = "two wait, each for its event; one sets both", .threads = 3,
      .setup = make, .thread = others_called, .enter = model_attach,
      .sights = { "one passed", "the other passed" }, .without = NOISE, .preemptions = 2);

/* It passed, so the event is gone, and its memory is another one: whose wait the late call, of who
 * set the first, does not end. */
static void used_again(unsigned who)
{
	if (who == 2) {
		set();
		return;
	}
	pass();
	e = (pawl_event)PAWL_EVENT_INIT;
	MODEL_CHECK(pawl_event_wait_until(&e, model_soon()) == ETIMEDOUT);
	model_saw(0);
}

MODEL(lobby_again, .about = "who passes waits for another one at the same address", .threads = 2,
      .setup = make, .thread = used_again, .enter = model_attach,
      .sights = { "the second wait timed out" });

/* A clear that takes nothing back leaves those who sleep announced. */
static void clear_and_set(unsigned who)
{
	if (who == 1) {
		pass();
		model_saw(0);
	} else {
		pawl_event_clear(&e);
		set();
	}
}

MODEL(lobby_cleared, .about = "one waits, one clears and then sets", .threads = 2, .setup = make,
      .thread = clear_and_set, .enter = model_attach, .sights = { "it passed" });

/* Who set it has stopped before the call: who sets it when it is set calls. */
static void set_and_stop(void)
{
	uint64_t word;

	data = 7;
	while ((word = pawl_load_(&e.word_, acquire)) != GATE_SLEEPS)
		model_pause();
	MODEL_CHECK(pawl_cas_(&e.word_, &word, GATE_EPOCH | GATE_OWN | GATE_OPEN, acq_rel, acquire));
}

static void helped(unsigned who)
{
	if (who == 1) {
		pass();
		model_saw(0);
	} else {
		set_and_stop();
		pawl_event_set(&e);
	}
}

MODEL(lobby_helped, .about = "one waits; one sets without a call, and then sets", .threads = 2,
      .setup = make, .thread = helped, .enter = model_attach, .sights = { "it passed" });

static void helped_later(unsigned who)
{
	if (who == 1) {
		pass();
		model_saw(0);
	} else {
		set_and_stop();
		pawl_event_clear(&e);
		pawl_event_set(&e);
		pawl_event_set(&e);
	}
}

MODEL(lobby_helped_later, .about = "the same, and it is cleared and set between", .threads = 2,
      .setup = make, .thread = helped_later, .enter = model_attach, .sights = { "it passed" });

/* The same, and somebody sleeps again before it is set: one call is for both. */
static void helped_both(unsigned who)
{
	if (who == 3) {
		set_and_stop();
		pawl_event_clear(&e);
		pawl_event_set(&other);
		while (!(pawl_load_(&e.word_, acquire) & GATE_SLEEPS))
			model_pause();
		pawl_event_set(&e);
		return;
	}
	if (who == 2)
		MODEL_CHECK(pawl_event_wait(&other) == 0);
	pass();
	model_saw(who - 1);
}

MODEL(lobby_helped_both, .about = "the same, and one more waits before it is set again",
      .threads = 3, .setup = make, .thread = helped_both, .enter = model_attach,
      .sights = { "one passed", "two passed" }, .without = NOISE, .preemptions = 2);

/*** Cancels and clocks ************************************************************************/

static void make_source(void)
{
	make();
	MODEL_CHECK(pawl_cancel_open(NULL, &source) == 0);
}

static void close_source(void)
{
	pawl_cancel_close(source);
}

static int wait_in_scope(pawl_time deadline)
{
	pawl_scope scope;

	pawl_scope_enter(&scope, deadline, source, 0);
	return pawl_scope_leave(&scope, pawl_event_wait(&e));
}

static void fire(void)
{
	data = 7;
	pawl_cancel_fire(source, 1);
}

static void wait_or_fire(unsigned who)
{
	if (who == 2) {
		fire();
		return;
	}
	MODEL_CHECK(wait_in_scope(PAWL_FOREVER) == ECANCELED);
	MODEL_CHECK(data == 7);
	model_saw(0);
}

MODEL(lobby_cancel, .about = "one waits, one cancels that", .threads = 2, .setup = make_source,
      .thread = wait_or_fire, .finish = close_source, .enter = model_attach,
      .sights = { "it was canceled" });

/* One of two is canceled, and the other not. */
static void fire_and_set(unsigned who)
{
	int rc;

	if (who == 1) {
		rc = wait_in_scope(PAWL_FOREVER);
		MODEL_CHECK((rc == 0 || rc == ECANCELED) && data == 7);
		model_saw(rc == 0 ? 0 : 1);
	} else if (who == 2) {
		pass();
	} else {
		fire();
		pawl_event_set(&e);
	}
}

MODEL(lobby_cancel_one, .about = "two wait, one of them is canceled, then it is set",
      .threads = 3, .setup = make_source, .thread = fire_and_set, .finish = close_source,
      .enter = model_attach, .sights = { "it passed", "it was canceled" }, .without = NOISE,
      .preemptions = 2);

/* Who passed an event waits for a mutex next: a cancel finds it wherever it sleeps. */
static pawl_mutex m;
static int canceled;		/* a loop that sleeps has to look at something */

static void make_locked(void)
{
	make_source();
	model_name(&m, sizeof m, "m");
}

static void wait_twice(unsigned who)
{
	pawl_scope scope;
	int rc;

	if (who == 2) {
		pawl_mutex_lock(&m);
		pawl_event_set(&e);
		fire();
		while (!__atomic_load_n(&canceled, __ATOMIC_ACQUIRE))
			model_pause();
		pawl_mutex_unlock(&m);
		return;
	}
	pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
	MODEL_CHECK(pawl_event_wait(&e) == 0);
	rc = pawl_mutex_lock_until(&m, PAWL_FOREVER);
	MODEL_CHECK(pawl_scope_leave(&scope, rc) == ECANCELED);
	model_saw(0);
	__atomic_store_n(&canceled, 1, __ATOMIC_RELEASE);
}

MODEL(lobby_and_mutex, .about = "one waits for an event, then for a mutex; its holder cancels it",
      .threads = 2, .setup = make_locked, .thread = wait_twice, .finish = close_source,
      .enter = model_attach, .sights = { "it was canceled" }, .preemptions = 2);

static void make_virtual(void)
{
	make();
	MODEL_CHECK(pawl_clock_set_virtual(PAWL_S(1)) == 0);
}

static void wait_or_advance(unsigned who)
{
	if (who == 2) {
		MODEL_CHECK(pawl_clock_advance(PAWL_S(1)) == 0);
		return;
	}
	MODEL_CHECK(pawl_event_wait_until(&e, PAWL_S(2)) == ETIMEDOUT);
	model_saw(0);
}

MODEL(lobby_clock, .about = "one waits until an instant, one moves the clock there", .threads = 2,
      .setup = make_virtual, .thread = wait_or_advance, .enter = model_attach,
      .sights = { "its time came" });
