/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scope_reach.c - how far a scope reaches: its deadline and those of calls, what is around it,
 * shields; and that a grant is never lost to a cancel.
 */
#include <errno.h>

#include "explorer/model.h"

enum { WHY = 7 };
#define LATER (model_soon() + PAWL_S(1))

static pawl_cancel *source;
static pawl_mutex m;
static pawl_once o;
static pawl_counter counter;

static void setup(void)
{
	MODEL_CHECK(pawl_cancel_open(NULL, &source) == 0);
	counter = (pawl_counter)PAWL_COUNTER_INIT(1);
	model_name(&counter, sizeof counter, "counter");
	model_name(&m, sizeof m, "m");
	model_name(&o, sizeof o, "o");
}

static void setup_fair(void)
{
	setup();
	(void)pawl_mutex_init(&m, PAWL_FAIR);
}

static void close_source(void)
{
	pawl_cancel_close(source);
}

static int wait_zero(pawl_time deadline)
{
	return pawl_counter_wait_zero(&counter, deadline);
}

static void make_zero(void)
{
	(void)pawl_counter_add(&counter, -1);
}

/* @later: the deadline of the call, after that of the outer scope. */
static void wait_in_two(pawl_time later)
{
	pawl_scope outer, inner;
	int err;

	pawl_scope_enter(&outer, model_soon(), NULL, 0);
	pawl_scope_enter(&inner, LATER, NULL, 0);
	err = wait_zero(later);
	model_saw(err != 0);
	MODEL_CHECK(err == 0 || err == ECANCELED);
	MODEL_CHECK(pawl_scope_leave(&inner, err) == err);
	MODEL_CHECK(pawl_scope_leave(&outer, err) == (err == 0 ? 0 : ETIMEDOUT));
}

static void deadline_around(unsigned who)
{
	if (who == 1)
		wait_in_two(LATER);
	else
		make_zero();
}

MODEL(scope_deadline, .about = "one waits in an inner scope until the outer one's deadline",
      .threads = 2, .enter = model_attach, .setup = setup, .thread = deadline_around,
      .finish = close_source,
      .sights = { "zero came in time", "the deadline of the outer scope passed" });

static void deadline_of_the_call(unsigned who)
{
	pawl_scope s;
	int err;

	if (who == 2) {
		make_zero();
		return;
	}
	pawl_scope_enter(&s, LATER, source, 0);
	err = wait_zero(model_soon());
	model_saw(err != 0);
	MODEL_CHECK(err == 0 || err == ETIMEDOUT);
	MODEL_CHECK(pawl_scope_check() == 0);
	MODEL_CHECK(pawl_scope_leave(&s, err) == err);
}

MODEL(scope_own_deadline, .about = "one waits until its call's deadline, before its scope's",
      .threads = 2, .enter = model_attach, .setup = setup, .thread = deadline_of_the_call,
      .finish = close_source, .sights = { "zero came in time", "the call's deadline passed" });

/* Neither the source nor the deadline outside gets in; both count again outside. */
static void wait_in_shield(void)
{
	pawl_scope outer, shield;
	int err;

	pawl_scope_enter(&outer, model_soon(), source, 0);
	pawl_scope_enter(&shield, PAWL_FOREVER, NULL, PAWL_SHIELD);
	err = wait_zero(PAWL_FOREVER);
	MODEL_CHECK(err == 0 && pawl_scope_check() == 0);
	MODEL_CHECK(pawl_scope_leave(&shield, 0) == 0);
	MODEL_CHECK(pawl_scope_check() == ECANCELED);
	MODEL_CHECK(pawl_scope_leave(&outer, ECANCELED) == ECANCELED);
}

static void fire_around_shield(unsigned who)
{
	if (who == 1) {
		wait_in_shield();
		return;
	}
	pawl_cancel_fire(source, WHY);
	make_zero();
}

MODEL(scope_shield, .about = "one waits in a shield, one fires the source around it",
      .threads = 2, .enter = model_attach, .setup = setup, .thread = fire_around_shield,
      .finish = close_source);

static void attach_and_hold(unsigned who)
{
	model_attach(who);
	if (who == 2)
		pawl_mutex_lock(&m);
}

/* pawl_mutex_lock() and _lock_all() do not look at scopes. */
static void lock_canceled(void (*lock)(void))
{
	pawl_scope s;

	pawl_cancel_fire(source, WHY);
	pawl_scope_enter(&s, model_past(), source, 0);
	lock();
	MODEL_CHECK(pawl_mutex_is_mine(&m));
	pawl_mutex_unlock(&m);
	MODEL_CHECK(pawl_scope_leave(&s, 0) == 0);
}

static void lock(void)
{
	pawl_mutex_lock(&m);
}

static void lock_all(void)
{
	pawl_mutex *const all[] = { &m };

	pawl_mutex_lock_all(all, 1);
}

static void lock_or_unlock(unsigned who)
{
	if (who == 1)
		lock_canceled(lock);
	else
		pawl_mutex_unlock(&m);
}

static void lock_all_or_unlock(unsigned who)
{
	if (who == 1)
		lock_canceled(lock_all);
	else
		pawl_mutex_unlock(&m);
}

MODEL(scope_ignored, .about = "one locks in a canceled scope a mutex that is held", .threads = 2,
      .enter = attach_and_hold, .setup = setup, .thread = lock_or_unlock,
      .finish = close_source);
MODEL(scope_ignored_all, .about = "the same, with pawl_mutex_lock_all()", .threads = 2,
      .enter = attach_and_hold, .setup = setup, .thread = lock_all_or_unlock,
      .finish = close_source);

enum sight { GRANTED, GRANTED_AND_FIRED, CANCELED };

static void see(int err)
{
	MODEL_CHECK(err == 0 || err == ECANCELED);
	if (err != 0)
		MODEL_CHECK(pawl_cancel_reason(source) == WHY);
	model_saw(err != 0 ? CANCELED : pawl_cancel_reason(source) ? GRANTED_AND_FIRED : GRANTED);
}

static void lock_in_scope(void)
{
	pawl_scope s;
	int err;

	pawl_scope_enter(&s, PAWL_FOREVER, source, 0);
	err = pawl_mutex_lock_until(&m, PAWL_FOREVER);
	see(err);
	if (err == 0)
		pawl_mutex_unlock(&m);
	(void)pawl_scope_leave(&s, err);
}

static void grant_or_cancel(unsigned who)
{
	switch (who) {
	case 1:
		lock_in_scope();
		break;
	case 2:
		pawl_mutex_unlock(&m);
		break;
	case 3:
		pawl_cancel_fire(source, WHY);
		break;
	}
}

static void mutex_is_free(void)
{
	MODEL_CHECK(pawl_mutex_trylock(&m) == 0);
	pawl_mutex_unlock(&m);
	pawl_mutex_destroy(&m);
	close_source();
}

MODEL(scope_grant, .about = "one waits for a mutex, its holder lets go, one fires", .threads = 3,
      .enter = attach_and_hold, .setup = setup, .thread = grant_or_cancel,
      .finish = mutex_is_free,
      .sights = { "it was granted", "it was granted, and fired", "it was canceled" });
MODEL(scope_grant_fair, .about = "the same, with a fair mutex", .threads = 3,
      .enter = attach_and_hold, .setup = setup_fair, .thread = grant_or_cancel,
      .finish = mutex_is_free,
      .sights = { "it was granted", "it was granted, and fired", "it was canceled" });

static int runs;

static int fail_and_fire(void *arg)
{
	runs++;
	if (arg)
		pawl_cancel_fire(source, WHY);
	return EIO;
}

static void role_or_cancel(unsigned who)
{
	pawl_scope s;
	int err;

	if (who == 2) {
		MODEL_CHECK(pawl_once_do(&o, fail_and_fire, &o) == EIO);
		return;
	}
	pawl_scope_enter(&s, PAWL_FOREVER, source, 0);
	err = pawl_once_do(&o, fail_and_fire, NULL);
	see(err == EIO ? 0 : err);
	MODEL_CHECK(pawl_scope_leave(&s, err) == err);
}

static void role_is_free(void)
{
	MODEL_CHECK(pawl_once_do_until(&o, fail_and_fire, NULL, model_past()) == EIO);
	close_source();
}

MODEL(scope_role, .about = "one waits for an initialiser, which fires and fails", .threads = 2,
      .enter = model_attach, .setup = setup, .thread = role_or_cancel, .finish = role_is_free,
      .sights = { "it ran first", "it was handed the role, and fired", "it was canceled" });
