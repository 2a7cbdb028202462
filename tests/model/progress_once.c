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

PROGRESS(once_is_done, 3, name_it, "pawl_once_is_done", "", .call = call_is_done,
	 .peer = initialise);
PROGRESS(once_do_done, 3, make_first, "pawl_once_do", "once it is done", .call = call_do,
	 .peer = initialise);
PROGRESS(once_do, 3, name_it, "pawl_once_do", "else", .call = call_do, .peer = initialise);
PROGRESS(once_do_until_done, 3, make_first, "pawl_once_do_until", "once it is done",
	 .timed = true, .call = call_do_until, .peer = initialise);
PROGRESS(once_do_until, 3, name_it, "pawl_once_do_until", "else", .timed = true,
	 .call = call_do_until, .peer = initialise);
