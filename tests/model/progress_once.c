/* SPDX-License-Identifier: BSD-2-Clause */
/* progress_once.c - progress of pawl/once.h. */
#include <errno.h>

#include "explorer/progress.h"

static pawl_once o;
static uint32_t made, tries;

/* A step in an initialiser, at which it can be stopped. */
static void step(void)
{
	pawl_fetch_add_(&tries, 1, relaxed);
}

static int make(void *arg)
{
	(void)arg;
	step();
	made++;
	return 0;
}

static int fail(void *arg)
{
	(void)arg;
	step();
	return EIO;
}

static void name_it(void)
{
	model_name(&o, sizeof o, "o");
}

static void make_first(void)
{
	name_it();
	MODEL_CHECK(pawl_once_do(&o, make, NULL) == 0);
}

/* Some fail, so that the next in line tries; some give up. */
static void initialise(unsigned who)
{
	pawl_time deadline = who == 2 ? PAWL_FOREVER : model_soon();

	if (pawl_once_do_until(&o, fail, NULL, deadline) != 0 && who == 2)
		MODEL_CHECK(pawl_once_do(&o, make, NULL) == 0);
}

static void call_is_done(void)
{
	(void)pawl_once_is_done(&o);
}

static void call_do(void)
{
	MODEL_CHECK(pawl_once_do(&o, make, NULL) == 0);
}

static void call_do_until(void)
{
	int err = pawl_once_do_until(&o, make, NULL, model_soon());

	MODEL_CHECK(err == 0 || err == ETIMEDOUT);
}

/* The peers come while its initialiser runs, which waits for nobody: what is left is its end. */
static uint32_t come;

static int run_well(void *arg)
{
	pawl_store_(&come, 1, release);
	return make(arg);
}

static int run_badly(void *arg)
{
	pawl_store_(&come, 1, release);
	return fail(arg);
}

static void call_and_succeed(void)
{
	MODEL_CHECK(pawl_once_do(&o, run_well, NULL) == 0);
}

static void call_until(void)
{
	MODEL_CHECK(pawl_once_do_until(&o, run_well, NULL, model_soon()) == 0);
}

static void call_and_fail(void)
{
	MODEL_CHECK(pawl_once_do(&o, run_badly, NULL) == EIO);
}

static void come_later(unsigned who)
{
	while (!pawl_load_(&come, acquire))
		model_pause();
	initialise(who);
}

#define QUEUE "who looks into a queue begins again when it has become another"

PROGRESS(once_finish, 3, name_it, "pawl_once_do", "if nobody runs one", .call = call_and_succeed,
	 .peer = come_later, .lock_free = QUEUE);
PROGRESS(once_finish_badly, 3, name_it, "pawl_once_do", "if nobody runs one",
	 .call = call_and_fail, .peer = come_later, .lock_free = QUEUE);
PROGRESS(once_finish_until, 3, name_it, "pawl_once_do_until", "if nobody runs one",
	 .call = call_until, .peer = come_later, .lock_free = QUEUE);
PROGRESS(once_is_done, 3, name_it, "pawl_once_is_done", "", .call = call_is_done,
	 .peer = initialise);
PROGRESS(once_do_done, 3, make_first, "pawl_once_do", "once it is done", .call = call_do,
	 .peer = initialise);
PROGRESS(once_do, 3, name_it, "pawl_once_do", "else", .call = call_do, .peer = initialise);
PROGRESS(once_do_until_done, 3, make_first, "pawl_once_do_until", "once it is done",
	 .timed = true, .call = call_do_until, .peer = initialise);
PROGRESS(once_do_until, 3, name_it, "pawl_once_do_until", "else", .timed = true,
	 .call = call_do_until, .peer = initialise);
