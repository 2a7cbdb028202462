/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends of waits for an initialiser: it succeeds, or fails and leaves its role to who waits
 * (ends_model.h).
 */
#include <pawl/once.h>

#include "ends_model.h"

static int running, ended, runs;

static int succeed(void *arg)
{
	(void)arg;
	__atomic_store_n(&running, 1, __ATOMIC_RELAXED);
	runs++;
	return 0;
}

static int fail(void *arg)
{
	(void)succeed(arg);
	return EIO;
}

/* The other runs first. */
static int wait_for(int (*fn)(void *arg), pawl_time deadline)
{
	while (!__atomic_load_n(&running, __ATOMIC_RELAXED))
		model_pause();
	return pawl_once_do_until(object, fn, NULL, deadline);
}

static int take_role(pawl_time deadline)
{
	return wait_for(succeed, deadline);
}

static int fail_again(pawl_time deadline)
{
	int rc = wait_for(fail, deadline);

	return rc == EIO ? 0 : rc;
}

static int must_not_run(void *arg)
{
	(void)arg;
	return EIO;
}

static int wait_until_done(pawl_time deadline)
{
	return wait_for(must_not_run, deadline);
}

static void run_badly(void)
{
	MODEL_CHECK(pawl_once_do(object, fail, NULL) == EIO);
}

static void run_well(void)
{
	MODEL_CHECK(pawl_once_do(object, succeed, NULL) == 0);
}

/* Nobody has the role. */
static void judge_done(int passed)
{
	pawl_once *o = object;

	(void)passed;
	MODEL_CHECK(o->queue_ == 0 && runs == 1);
	MODEL_CHECK(pawl_once_do_until(o, must_not_run, NULL, model_past()) == 0);
}

static void judge_role(int passed)
{
	pawl_once *o = object;

	MODEL_CHECK(o->queue_ == 0 && runs == 1 + passed);
	MODEL_CHECK(pawl_once_is_done(o) == (passed > 0));
	MODEL_CHECK(pawl_once_do_until(o, succeed, NULL, model_past()) == 0);
}

static void judge_failed(int passed)
{
	pawl_once *o = object;

	MODEL_CHECK(o->queue_ == 0 && runs == 1 + passed && !pawl_once_is_done(o));
	MODEL_CHECK(pawl_once_do_until(o, succeed, NULL, model_past()) == 0);
}

#define ONCE .size = sizeof(pawl_once)

static const struct subject done_once = {
	ONCE, .wait = wait_until_done, .grant = run_well, .judge = judge_done
};
static const struct subject role = {
	ONCE, .wait = take_role, .grant = run_badly, .judge = judge_role
};

ENDS_THREAD(ends_once, done_once);
ENDS_THREAD(ends_once_role, role);
ENDS_LAST(ends_once_last, done_once, .without = LESS, .preemptions = 2);

/* Neither success nor failure comes before the wait was canceled, or late. */
static int hold(void *arg)
{
	__atomic_store_n(&running, 1, __ATOMIC_RELAXED);
	pawl_cancel_fire(source, 1);
	while (!__atomic_load_n(&ended, __ATOMIC_RELAXED))
		model_pause();
	return fail(arg);
}

static void run_until_ended(void)
{
	MODEL_CHECK(pawl_once_do(object, hold, NULL) == EIO);
}

static const struct subject held = {
	ONCE, .wait = take_role, .grant = run_until_ended, .judge = judge_role
};

static void make_held(void)
{
	begin(&held, model_soon());
}

static void wait_or_hold(unsigned who)
{
	wait_grant_fire(who);
	if (who == 1)
		__atomic_store_n(&ended, 1, __ATOMIC_RELAXED);
	else
		model_saw(GRANTED);
}

MODEL(ends_once_late, .about = "T1 waits until a deadline for T2, which cancels it", .threads = 2,
      .setup = make_held, .enter = model_attach, .thread = wait_or_hold, .finish = end,
      .sights = { "canceled", "over", "late" });

/* Two are canceled as the role comes to one of them. */
static int fire_and_fail(void *arg)
{
	__atomic_store_n(&running, 1, __ATOMIC_RELAXED);
	pawl_cancel_fire(source, 1);
	return fail(arg);
}

static void run_and_fire(void)
{
	MODEL_CHECK(pawl_once_do(object, fire_and_fail, NULL) == EIO);
}

static const struct subject failing = {
	ONCE, .wait = fail_again, .grant = run_and_fire, .judge = judge_failed
};

static void make_failing(void)
{
	begin(&failing, PAWL_FOREVER);
}

static void two_wait_or_fail(unsigned who)
{
	if (who == 3)
		grant();
	else if (wait_in_scope(until) == 0)
		model_saw(GRANTED);
}

MODEL(ends_once_both, .about = "T1 and T2 wait for T3, which cancels them and fails", .threads = 3,
      .setup = make_failing, .enter = model_attach, .thread = two_wait_or_fail, .finish = end,
      .sights = { "canceled", "granted" }, .without = LESS, .preemptions = 2);
