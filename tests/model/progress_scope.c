/* SPDX-License-Identifier: BSD-2-Clause */
/* progress_scope.c - progress of pawl/scope.h, and of waits that a scope ends. */
#include <errno.h>

#include "explorer/progress.h"

enum { WHY = 7 };

static pawl_cancel *parent, *source, *own;
static pawl_scope scope;
static pawl_counter counter;
static pawl_mutex m;
static pawl_once o;
static uint32_t steps;

static void open_sources(void)
{
	MODEL_CHECK(pawl_cancel_open(NULL, &parent) == 0);
	MODEL_CHECK(pawl_cancel_open(parent, &source) == 0);
	counter = (pawl_counter)PAWL_COUNTER_INIT(1);
	model_name(&counter, sizeof counter, "counter");
	model_name(&m, sizeof m, "m");
	model_name(&o, sizeof o, "o");
}

static void enter(void)
{
	pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
}

static void leave(void)
{
	MODEL_CHECK(pawl_scope_leave(&scope, 0) == 0);
}

static void check(void)
{
	int err = pawl_scope_check();

	MODEL_CHECK(err == 0 || err == ECANCELED);
}

static void open_own(void)
{
	MODEL_CHECK(pawl_cancel_open(source, &own) == 0);
}

static void ref(void)
{
	own = pawl_cancel_ref(source);
}

static void fire(void)
{
	pawl_cancel_fire(source, WHY);
}

static void look_at_reason(void)
{
	(void)pawl_cancel_reason(source);
}

static void close_own(void)
{
	pawl_cancel_close(own);
}

/* One waits in a scope of its own until it is canceled, one cancels it, and both take references
 * and give them back. */
static void wait_or_fire(unsigned who)
{
	pawl_scope s;

	pawl_scope_enter(&s, PAWL_FOREVER, source, 0);
	if (who == 2)
		(void)pawl_scope_leave(&s, pawl_counter_wait_zero(&counter, model_soon()));
	else
		(void)pawl_scope_leave(&s, 0);
	if (who == 3)
		pawl_cancel_fire(parent, WHY);
}

PROGRESS(scope_enter, 3, open_sources, "pawl_scope_enter", "", .call = enter, .after = leave,
	 .peer = wait_or_fire);
PROGRESS(scope_leave, 3, open_sources, "pawl_scope_leave", "", .before = enter, .call = leave,
	 .peer = wait_or_fire);
PROGRESS(scope_check, 3, open_sources, "pawl_scope_check", "", .before = enter, .call = check,
	 .after = leave, .peer = wait_or_fire);
PROGRESS(cancel_open, 3, open_sources, "pawl_cancel_open", "", .call = open_own,
	 .after = close_own, .peer = wait_or_fire);
PROGRESS(cancel_ref, 3, open_sources, "pawl_cancel_ref", "", .call = ref, .after = close_own,
	 .peer = wait_or_fire);
PROGRESS(cancel_close, 3, open_sources, "pawl_cancel_close", "", .before = ref,
	 .call = close_own, .peer = wait_or_fire);
PROGRESS(cancel_fire, 3, open_sources, "pawl_cancel_fire", "", .call = fire,
	 .peer = wait_or_fire);
PROGRESS(cancel_reason, 3, open_sources, "pawl_cancel_reason", "", .call = look_at_reason,
	 .peer = wait_or_fire);

/* A call without a deadline of its own ends at the scope's, or at a cancel that came, whoever
 * stops while the subject gives up. */
static void enter_timed(void)
{
	pawl_scope_enter(&scope, model_soon(), source, 0);
}

static void leave_any(void)
{
	(void)pawl_scope_leave(&scope, 0);
}

static void enter_canceled(void)
{
	fire();
	enter_timed();
}

static void wait_zero(void)
{
	int err = pawl_counter_wait_zero(&counter, PAWL_FOREVER);

	MODEL_CHECK(err == 0 || err == ECANCELED);
}

static void lock(void)
{
	if (pawl_mutex_lock_until(&m, PAWL_FOREVER) == 0)
		pawl_mutex_unlock(&m);
}

static int succeed(void *arg)
{
	(void)arg;
	pawl_fetch_add_(&steps, 1, relaxed);
	return 0;
}

static void do_once(void)
{
	int err = pawl_once_do_until(&o, succeed, NULL, PAWL_FOREVER);

	MODEL_CHECK(err == 0 || err == ECANCELED);
}

static void contend(unsigned who)
{
	(void)who;
	pawl_mutex_lock(&m);
	pawl_mutex_unlock(&m);
}

static void make_zero(unsigned who)
{
	(void)pawl_counter_add(&counter, who == 2 ? -1 : 1);
	pawl_fetch_add_(&steps, pawl_counter_wait_zero(&counter, model_soon()) == 0, relaxed);
}

static int fail(void *arg)
{
	(void)arg;
	pawl_fetch_add_(&steps, 1, relaxed);
	return EIO;
}

static void initialise(unsigned who)
{
	(void)pawl_once_do(&o, who == 2 ? fail : succeed, NULL);
}

PROGRESS(mutex_lock_until_scope, 3, open_sources, "pawl_mutex_lock_until", "", .timed = true,
	 .before = enter_timed, .call = lock, .after = leave_any, .peer = contend);
PROGRESS(mutex_lock_until_canceled, 3, open_sources, "pawl_mutex_lock_until", "",
	 .timed = true, .before = enter_canceled, .call = lock, .after = leave_any,
	 .peer = contend);
PROGRESS(counter_wait_zero_scope, 3, open_sources, "pawl_counter_wait_zero", "", .timed = true,
	 .before = enter_timed, .call = wait_zero, .after = leave_any, .peer = make_zero);
PROGRESS(once_do_until_scope, 3, open_sources, "pawl_once_do_until", "else", .timed = true,
	 .before = enter_timed, .call = do_once, .after = leave_any, .peer = initialise);
