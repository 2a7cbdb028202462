/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress_event.c - progress of pawl/event.h, notify.h, latch.h, barrier.h and future.h: the
 * subject's call among peers that open, wait and give up.
 */
#include <errno.h>

#include "explorer/progress.h"

static pawl_event e;
static pawl_notify n, own_notify;
static pawl_latch l, own_latch;
static pawl_barrier b, own_barrier;
static pawl_future f;
static pawl_op op;

static void done(pawl_op *which, int rc)
{
	(void)which;
	(void)rc;
}

static void make(void)
{
	model_name(&e, sizeof e, "e");
	model_name(&n, sizeof n, "n");
	model_name(&l, sizeof l, "l");
	model_name(&b, sizeof b, "b");
	model_name(&f, sizeof f, "f");
	MODEL_CHECK(pawl_latch_init(&l, 2 * progress_rounds() + 1) == 0);
	MODEL_CHECK(pawl_barrier_init(&b, 2) == 0);
	pawl_op_init_inline(&op, done, NULL);
}

/* Only peers arrive. */
static void make_latch(void)
{
	make();
	MODEL_CHECK(pawl_latch_init(&l, 2 * progress_rounds()) == 0);
}

#define CAS_LOOPS "who joins, looks or pushes begins again when it changed"

/*** Event *************************************************************************************/

static void set_or_wait(unsigned who)
{
	if (who == 2)
		pawl_event_set(&e);
	else if (pawl_event_wait_until(&e, model_soon()) == 0)
		pawl_event_clear(&e);
}

/* Two who set it help each other: then a wait needs no one of them. */
static void set_or_look(unsigned who)
{
	if (who == 2)
		pawl_event_set(&e);
	else
		(void)pawl_event_is_set(&e);
}

static void call_is_set(void)
{
	(void)pawl_event_is_set(&e);
}

static void call_clear(void)
{
	pawl_event_clear(&e);
}

static void call_set(void)
{
	pawl_event_set(&e);
}

static void call_event_wait(void)
{
	MODEL_CHECK(pawl_event_wait(&e) == 0);
}

static void call_event_wait_until(void)
{
	int rc = pawl_event_wait_until(&e, model_soon());

	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT);
}

static void call_event_wait_op(void)
{
	int rc = pawl_event_wait_op(&e, &op);

	MODEL_CHECK(rc == 0 || rc == EINPROGRESS);
}

PROGRESS(event_is_set, 3, make, "pawl_event_is_set", "", .call = call_is_set,
	 .peer = set_or_wait);
PROGRESS(event_clear, 3, make, "pawl_event_clear", "", .call = call_clear,
	 .peer = set_or_wait);
PROGRESS(event_set, 3, make, "pawl_event_set", "", .call = call_set, .peer = set_or_wait);
PROGRESS(event_wait, 3, make, "pawl_event_wait", "", .call = call_event_wait,
	 .peer = set_or_look);
PROGRESS(event_wait_until, 3, make, "pawl_event_wait_until", "", .timed = true,
	 .call = call_event_wait_until, .peer = set_or_wait);
PROGRESS(event_wait_op, 3, make, "pawl_event_wait_op", "", .call = call_event_wait_op,
	 .peer = set_or_wait, .lock_free = CAS_LOOPS);

/*** Notify ************************************************************************************/

static void notify_or_wait(unsigned who)
{
	int rc;

	if (who == 2) {
		pawl_notify_one(&n);
		return;
	}
	rc = pawl_notify_wait_until(&n, model_soon());
	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT);
}

static void call_notify_init(void)
{
	MODEL_CHECK(pawl_notify_init(&own_notify) == 0);
}

static void call_one(void)
{
	pawl_notify_one(&n);
}

static void call_all(void)
{
	pawl_notify_all(&n);
}

static void call_notify_wait_until(void)
{
	int rc = pawl_notify_wait_until(&n, model_soon());

	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT);
}

static void call_notify_wait_op(void)
{
	int rc = pawl_notify_wait_op(&n, &op);

	MODEL_CHECK(rc == 0 || rc == EINPROGRESS);
}

PROGRESS(notify_init, 3, make, "pawl_notify_init", "", .call = call_notify_init,
	 .peer = notify_or_wait);
PROGRESS(notify_one, 3, make, "pawl_notify_one", "", .call = call_one,
	 .peer = notify_or_wait);
PROGRESS(notify_all, 3, make, "pawl_notify_all", "", .call = call_all,
	 .peer = notify_or_wait);
PROGRESS(notify_wait_until, 3, make, "pawl_notify_wait_until", "", .timed = true,
	 .call = call_notify_wait_until, .peer = notify_or_wait);
PROGRESS(notify_wait_op, 3, make, "pawl_notify_wait_op", "", .call = call_notify_wait_op,
	 .peer = notify_or_wait, .lock_free = CAS_LOOPS);

/*** Latch *************************************************************************************/

static void arrive(unsigned who)
{
	(void)who;
	pawl_latch_arrive(&l);
}

static void call_latch_init(void)
{
	MODEL_CHECK(pawl_latch_init(&own_latch, 1) == 0);
}

static void call_arrive(void)
{
	pawl_latch_arrive(&l);
}

static void call_latch_wait_until(void)
{
	int rc = pawl_latch_wait_until(&l, model_soon());

	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT);
}

static void call_latch_wait_op(void)
{
	int rc = pawl_latch_wait_op(&l, &op);

	MODEL_CHECK(rc == 0 || rc == EINPROGRESS);
}

PROGRESS(latch_init, 3, make, "pawl_latch_init", "", .call = call_latch_init,
	 .peer = arrive);
PROGRESS(latch_arrive, 3, make, "pawl_latch_arrive", "", .call = call_arrive,
	 .peer = arrive);
PROGRESS(latch_wait_until, 3, make_latch, "pawl_latch_wait_until", "", .timed = true,
	 .call = call_latch_wait_until, .peer = arrive);
PROGRESS(latch_wait_op, 3, make_latch, "pawl_latch_wait_op", "", .call = call_latch_wait_op,
	 .peer = arrive, .lock_free = CAS_LOOPS);

/*** Barrier ***********************************************************************************/

static void meet(unsigned who)
{
	int rc = pawl_barrier_wait_until(&b, model_soon());

	(void)who;
	MODEL_CHECK(rc <= 0 || rc == ETIMEDOUT || rc == EPIPE);
}

static void call_barrier_init(void)
{
	MODEL_CHECK(pawl_barrier_init(&own_barrier, 2) == 0);
}

static void call_barrier_wait_until(void)
{
	meet(1);
}

PROGRESS(barrier_init, 3, make, "pawl_barrier_init", "", .call = call_barrier_init,
	 .peer = meet);
PROGRESS(barrier_wait_until, 3, make, "pawl_barrier_wait_until", "", .timed = true,
	 .call = call_barrier_wait_until, .peer = meet);

/*** Future ************************************************************************************/

static void set_or_get(unsigned who)
{
	int rc;

	if (who == 2) {
		(void)pawl_future_set(&f, 0, &f);
		return;
	}
	rc = pawl_future_wait_until(&f, model_soon(), NULL);
	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT);
}

static void get(unsigned who)
{
	(void)who;
	set_or_get(3);
}

static void call_future_set(void)
{
	(void)pawl_future_set(&f, 0, &f);
}

static void call_future_wait_until(void)
{
	set_or_get(3);
}

static void call_future_wait_op(void)
{
	int rc = pawl_future_wait_op(&f, NULL, &op);

	MODEL_CHECK(rc == 0 || rc == EINPROGRESS);
}

PROGRESS(future_set, 3, make, "pawl_future_set", "", .call = call_future_set, .peer = get,
	 .lock_free = CAS_LOOPS);
PROGRESS(future_wait_until, 3, make, "pawl_future_wait_until", "", .timed = true,
	 .call = call_future_wait_until, .peer = set_or_get);
PROGRESS(future_wait_op, 3, make, "pawl_future_wait_op", "", .call = call_future_wait_op,
	 .peer = set_or_get, .lock_free = CAS_LOOPS);
