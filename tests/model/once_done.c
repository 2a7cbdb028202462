/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * once_done.c - what is_done() shows, when a done object may be freed, and a call from inside.
 */
#include <errno.h>

#include "explorer/model.h"
#include "wait/owner.h"

enum sight { HAD_WAITERS, TOLD_LATE };

static pawl_once *o, *next;
static int value, running, left, next_value, next_runs, returned;

static void setup(void)
{
	o = model_alloc(sizeof *o);
	model_name(o, sizeof *o, "o");
	left = 2;
}

static void see_waiters(const pawl_once *of)
{
	if (__atomic_load_n(&of->word_, __ATOMIC_RELAXED) & WAITERS)
		model_saw(HAD_WAITERS);
}

static int make(void *arg)
{
	(void)arg;
	__atomic_store_n(&running, 1, __ATOMIC_RELEASE);
	value++;
	see_waiters(o);
	return 0;
}

static int must_not_run(void *arg)
{
	(void)arg;
	MODEL_CHECK(value == 0);	/* another ran, or does */
	return 0;
}

static void wait_until(const int *flag)
{
	while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
		model_pause();
}

static void run(void)
{
	MODEL_CHECK(pawl_once_do(o, make, NULL) == 0);
}

static void wait_for_run(void)
{
	wait_until(&running);
	MODEL_CHECK(pawl_once_do(o, must_not_run, NULL) == 0 && value == 1);
}

/* Thread 1 runs it, and may still be on its way out when it is freed. */
static void run_or_free(unsigned who)
{
	if (who == 1) {
		run();
		return;
	}
	wait_for_run();
	model_free(o);
}

MODEL(once_freed, .about = "one waits for it, and frees it while its runner returns",
      .threads = 2, .enter = model_attach, .setup = setup, .thread = run_or_free,
      .sights = { "it was done while others waited" });

static void run_or_free_last(unsigned who)
{
	if (who == 1) {
		run();
		return;
	}
	wait_for_run();
	if (__atomic_sub_fetch(&left, 1, __ATOMIC_ACQ_REL) == 0)
		model_free(o);
}

/* Three that wait are many schedules: two preemptions. */
MODEL(once_freed_by_last, .about = "two wait for it, the last of them frees it", .threads = 3,
      .preemptions = 2, .enter = model_attach, .setup = setup, .thread = run_or_free_last,
      .sights = { "it was done while others waited" });

/* The same, with a deadline: who gave up may see that it is done, and free it. */
static void run_or_give_up(unsigned who)
{
	int err;

	if (who == 1) {
		run();
		return;
	}
	wait_until(&running);
	err = pawl_once_do_until(o, must_not_run, NULL, model_soon());
	MODEL_CHECK(err == ETIMEDOUT || (err == 0 && value == 1));
	if (pawl_once_is_done(o))
		model_free(o);
	else
		left = 0;
}

static void free_what_is_left(void)
{
	if (left == 0)
		model_free(o);
}

MODEL(once_freed_timed, .about = "one waits with a deadline, and frees it if it is done",
      .threads = 2, .enter = model_attach, .setup = setup, .thread = run_or_give_up,
      .finish = free_what_is_left, .sights = { "it was done while others waited" });

static int make_next(void *arg)
{
	(void)arg;
	__atomic_store_n(&next_runs, 1, __ATOMIC_RELEASE);
	see_waiters(next);
	next_value = 1;
	return 0;
}

/* Thread 2 frees it, and waits for the next one with the same waiter, in the same memory of a
 * queue, while thread 1 still looks for whom it has to tell. */
static void run_or_go_on(unsigned who)
{
	if (who == 1) {
		run();
		__atomic_store_n(&returned, 1, __ATOMIC_RELAXED);
	} else if (who == 2) {
		wait_for_run();
		model_free(o);
		wait_until(&next_runs);
		if (!__atomic_load_n(&returned, __ATOMIC_RELAXED))
			model_saw(TOLD_LATE);
		MODEL_CHECK(pawl_once_do(next, must_not_run, NULL) == 0 && next_value == 1);
	} else {
		MODEL_CHECK(pawl_once_do(next, make_next, NULL) == 0);
	}
}

static void setup_both(void)
{
	setup();
	next = model_alloc(sizeof *next);
	model_name(next, sizeof *next, "next");
}

static void free_next(void)
{
	model_free(next);
}

MODEL(once_reused, .about = "one waits, frees it, and waits for another, whose queue is the same",
      .threads = 3, .preemptions = 2, .enter = model_attach, .setup = setup_both,
      .thread = run_or_go_on, .finish = free_next,
      .sights = { "it was done while others waited", "a runner returned after the next began" });

static void run_or_look(unsigned who)
{
	if (who == 1) {
		run();
		return;
	}
	while (!pawl_once_is_done(o))
		model_pause();
	MODEL_CHECK(value == 1);
	if (__atomic_sub_fetch(&left, 1, __ATOMIC_ACQ_REL) == 0)
		model_free(o);
}

MODEL(once_is_done, .about = "two look until it is done, and free it while its runner returns",
      .threads = 3, .setup = setup, .thread = run_or_look);

static int call_again(void *arg)
{
	(void)arg;
	value++;
	see_waiters(o);
	MODEL_CHECK(pawl_once_do(o, must_not_run, NULL) == EDEADLK);
	MODEL_CHECK(pawl_once_do_until(o, must_not_run, NULL, model_soon()) == EDEADLK);
	MODEL_CHECK(!pawl_once_is_done(o));
	return value == 1 ? EIO : 0;
}

static void run_it(unsigned who)
{
	int err = pawl_once_do(o, call_again, NULL);

	(void)who;
	MODEL_CHECK(err == EIO || (err == 0 && value == 2));
}

static void two_ran(void)
{
	MODEL_CHECK(value == 2 && pawl_once_is_done(o));
	model_free(o);
}

MODEL(once_inside, .about = "initialisers call the object that they are for", .threads = 2,
      .enter = model_attach, .setup = setup, .thread = run_it, .finish = two_ran,
      .sights = { "it was done while others waited" });
