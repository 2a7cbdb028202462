/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * once_done.c - what is_done() shows, when a done object may be freed, and a call from inside.
 */
#include <errno.h>

#include "explorer/model.h"
#include "wait/list.h"

enum sight { HAD_WAITERS };

static pawl_once *o;
static int value, running, left;

static void setup(void)
{
	o = model_alloc(sizeof *o);
	model_name(o, sizeof *o, "o");
	left = 2;
}

static void see_waiters(void)
{
	if (__atomic_load_n(&o->word_, __ATOMIC_RELAXED) & WAITERS)
		model_saw(HAD_WAITERS);
}

static int make(void *arg)
{
	(void)arg;
	__atomic_store_n(&running, 1, __ATOMIC_RELEASE);
	value++;
	see_waiters();
	return 0;
}

static int must_not_run(void *arg)
{
	(void)arg;
	MODEL_CHECK(value == 0);	/* another ran, or does */
	return 0;
}

static void wait_for_runner(void)
{
	while (!__atomic_load_n(&running, __ATOMIC_ACQUIRE))
		model_pause();
}

/* Thread 1 runs it, and may still be on its way out when the last of the others frees it. */
static void run_or_free(unsigned who)
{
	if (who == 1) {
		MODEL_CHECK(pawl_once_do(o, make, NULL) == 0);
		return;
	}
	wait_for_runner();
	MODEL_CHECK(pawl_once_do(o, must_not_run, NULL) == 0 && value == 1);
	if (__atomic_sub_fetch(&left, 1, __ATOMIC_ACQ_REL) == 0)
		model_free(o);
}

MODEL(once_freed, .about = "two wait for it, and free it while its runner returns",
      .threads = 3, .enter = model_attach, .setup = setup, .thread = run_or_free,
      .sights = { "it was done while others waited" });

static void run_or_look(unsigned who)
{
	if (who == 1) {
		MODEL_CHECK(pawl_once_do(o, make, NULL) == 0);
		return;
	}
	if (who == 3)
		wait_for_runner();
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
	see_waiters();
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

MODEL(once_inside, .about = "initialisers call the object that they are for", .threads = 3,
      .enter = model_attach, .setup = setup, .thread = run_it, .finish = two_ran,
      .sights = { "it was done while others waited" });
