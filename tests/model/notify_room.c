/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that wait for a notification sleep in rooms: a call is for one of them, or for all, and
 * whatever ends a wait finds them there, and finds them elsewhere when they wait for other things.
 */
#include <errno.h>

#include <pawl/mutex.h>
#include <pawl/notify.h>
#include <pawl/scope.h>

#include "explorer/model.h"
#include "wait/gate.h"
#include "wait/lobby.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = STALE_LOADS | WEAK_FAILURES | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static pawl_notify n;
static pawl_cancel *source;
static int data, passed[4];

static void make(void)
{
	model_name(&n, sizeof n, "n");
}

static void pass(unsigned who)
{
	MODEL_CHECK(pawl_notify_wait_until(&n, PAWL_FOREVER) == 0);
	MODEL_CHECK(data == 7);
	__atomic_store_n(&passed[who], 1, __ATOMIC_RELAXED);
	model_saw(who - 1);
}

/* An all() is for those who wait. */
static void await_waiters(uint64_t count)
{
	while (pawl_load_(&n.word_, acquire) / GATE_ANNOUNCE < count)
		model_pause();
}

static void none_waits(void)
{
	MODEL_CHECK(n.queue_ == 0 && !(n.word_ & GATE_OPEN));
}

static void two_wait(unsigned who)
{
	if (who < 3) {
		pass(who);
		return;
	}
	await_waiters(2);
	data = 7;
	pawl_notify_all(&n);
}

#define TWO .threads = 3, .setup = make, .finish = none_waits, .enter = model_attach, \
	.sights = { "one passed", "two passed" }, .without = NOISE, .preemptions = 2

/* In models a room has two bits: those of 2 and 3 are in one, that of 1 in another. */
MODEL(notify_room_all, .about = "two wait in two rooms, one notifies all", .thread = two_wait, TWO);

static void two_in_one(unsigned who)
{
	two_wait(who == 1 ? 3 : who - 1);
}

MODEL(notify_room_same, .about = "two wait in one room, one notifies all", .thread = two_in_one,
      TWO);

/* Each is woken alone, and the first lets the other pass. */
static void one_after_the_other(unsigned who)
{
	if (who == 3) {
		await_waiters(2);
		data = 7;
	} else {
		pass(who);
		if (__atomic_load_n(&passed[3 - who], __ATOMIC_RELAXED))
			return;
	}
	pawl_notify_one(&n);
}

static void at_most_one_kept(void)
{
	MODEL_CHECK(n.queue_ == 0);
}

MODEL(notify_room_one, .about = "two wait, one notifies one, and who passes the other",
      .thread = one_after_the_other, .threads = 3, .setup = make, .finish = at_most_one_kept,
      .enter = model_attach, .sights = { "one passed", "two passed" }, .without = NOISE,
      .preemptions = 2);

/* One of two is canceled while all are notified, or one: what it was given is not lost. */
static void make_source(void)
{
	make();
	MODEL_CHECK(pawl_cancel_open(NULL, &source) == 0);
}

static int wait_in_scope(void)
{
	pawl_scope scope;

	pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
	return pawl_scope_leave(&scope, pawl_notify_wait_until(&n, PAWL_FOREVER));
}

static void fire_and_notify(unsigned who)
{
	if (who == 1) {
		model_saw(wait_in_scope() == 0 ? 0 : 2);
	} else if (who == 2) {
		pass(who);
	} else {
		await_waiters(2);
		data = 7;
		pawl_cancel_fire(source, 1);
		pawl_notify_one(&n);
		pawl_notify_all(&n);
	}
}

static void close_source(void)
{
	MODEL_CHECK(n.queue_ == 0);
	pawl_cancel_close(source);
}

MODEL(notify_room_cancel, .about = "two wait, one of them is canceled; then one, and all",
      .threads = 3, .setup = make_source, .thread = fire_and_notify, .finish = close_source,
      .enter = model_attach, .sights = { "it passed", "the other passed", "it was canceled" },
      .without = NOISE, .preemptions = 2);

/* Who passed waits for a mutex next: who unlocks that, or cancels it, finds it on its own word. */
static pawl_mutex m;
static int canceled;		/* a loop that sleeps has to look at something */

static void make_mutex(void)
{
	make_source();
	model_name(&m, sizeof m, "m");
}

static void pass_then_lock(unsigned who)
{
	if (who == 2) {
		data = 7;
		pawl_mutex_lock(&m);
		pawl_notify_one(&n);
		pawl_mutex_unlock(&m);
	} else {
		pass(who);
		pawl_mutex_lock(&m);
		pawl_mutex_unlock(&m);
	}
}

MODEL(notify_room_mutex, .about = "one waits, then locks; the owner notifies it, then unlocks",
      .threads = 2, .setup = make_mutex, .thread = pass_then_lock, .finish = close_source,
      .enter = model_attach, .sights = { "it passed" });

static void pass_then_canceled(unsigned who)
{
	pawl_scope scope;

	if (who == 2) {
		pawl_mutex_lock(&m);
		pawl_notify_one(&n);
		pawl_cancel_fire(source, 1);
		while (!__atomic_load_n(&canceled, __ATOMIC_ACQUIRE))
			model_pause();
		pawl_mutex_unlock(&m);
		return;
	}
	MODEL_CHECK(pawl_notify_wait_until(&n, PAWL_FOREVER) == 0);
	pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
	MODEL_CHECK(pawl_scope_leave(&scope, pawl_mutex_lock_until(&m, PAWL_FOREVER)) == ECANCELED);
	model_saw(0);
	__atomic_store_n(&canceled, 1, __ATOMIC_RELEASE);
}

MODEL(notify_room_left, .about = "one waits, then for a mutex; its owner notifies, then cancels it",
      .threads = 2, .setup = make_mutex, .thread = pass_then_canceled, .finish = close_source,
      .enter = model_attach, .sights = { "it was canceled" }, .preemptions = 2);

/* A cancel, or the clock, wakes it where it sleeps. */
static void wait_or_fire(unsigned who)
{
	if (who == 2) {
		pawl_cancel_fire(source, 1);
	} else {
		MODEL_CHECK(wait_in_scope() == ECANCELED);
		model_saw(0);
	}
}

MODEL(notify_room_fire, .about = "one waits, one cancels that", .threads = 2, .setup = make_source,
      .thread = wait_or_fire, .finish = close_source, .enter = model_attach,
      .sights = { "it was canceled" });

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
	MODEL_CHECK(pawl_notify_wait_until(&n, PAWL_S(2)) == ETIMEDOUT);
	model_saw(0);
}

MODEL(notify_room_clock, .about = "one waits until an instant, one moves the clock there",
      .threads = 2, .setup = make_virtual, .thread = wait_or_advance, .enter = model_attach,
      .sights = { "its time came" });
