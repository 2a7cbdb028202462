/* SPDX-License-Identifier: BSD-2-Clause */
/* progress_counter.c - progress of pawl/counter.h and pawl/tally.h. */
#include <errno.h>

#include "explorer/progress.h"

static pawl_counter c;
static pawl_tally t, own;

static void name_it(void)
{
	model_name(&c, sizeof c, "c");
}

/* Zero is reached by the last of all adds of -1. */
static void count_peers(void)
{
	name_it();
	pawl_counter_add(&c, 2 * progress_rounds());
}

static void one_more(void)
{
	name_it();
	pawl_counter_add(&c, 1);
}

static void take_one(void)
{
	pawl_counter_add(&c, -1);
}

static void add_one(void)
{
	pawl_counter_add(&c, 1);
}

static void call_get(void)
{
	(void)pawl_counter_get(&c);
}

static void call_wait_zero(void)
{
	int err = pawl_counter_wait_zero(&c, model_soon());

	MODEL_CHECK(err == 0 || err == ETIMEDOUT);
}

static void take(unsigned who)
{
	(void)who;
	take_one();
}

/* It never becomes zero by the subject. */
static void add_or_wait(unsigned who)
{
	if (who == 2)
		add_one();
	else
		call_wait_zero();
}

static void wait_zero(unsigned who)
{
	(void)who;
	call_wait_zero();
}

PROGRESS(counter_get, 3, count_peers, "pawl_counter_get", "", .call = call_get, .peer = take);
PROGRESS(counter_add, 3, one_more, "pawl_counter_add", "if the value does not become zero",
	 .call = add_one, .peer = add_or_wait);
PROGRESS(counter_add_zero, 3, one_more, "pawl_counter_add", "else", .call = take_one,
	 .peer = wait_zero, .lock_free = "who looks into a queue begins again when it changed");
PROGRESS(counter_wait_zero, 3, count_peers, "pawl_counter_wait_zero", "", .timed = true,
	 .call = call_wait_zero, .peer = take);

static void make_tally(void)
{
	MODEL_CHECK(pawl_tally_init(&t) == 0);
}

static void add_and_sum(unsigned who)
{
	pawl_tally_add(&t, who);
	MODEL_CHECK(pawl_tally_sum(&t) > 0);
}

static void call_tally_add(void)
{
	pawl_tally_add(&t, 1);
}

static void call_tally_sum(void)
{
	(void)pawl_tally_sum(&t);
}

static void call_tally_init(void)
{
	MODEL_CHECK(pawl_tally_init(&own) == 0);
}

static void call_tally_destroy(void)
{
	pawl_tally_destroy(&own);
}

PROGRESS(tally_add, 3, make_tally, "pawl_tally_add", "", .call = call_tally_add,
	 .peer = add_and_sum);
PROGRESS(tally_sum, 3, make_tally, "pawl_tally_sum", "", .call = call_tally_sum,
	 .peer = add_and_sum);
PROGRESS(tally_init, 3, make_tally, "pawl_tally_init", "", .call = call_tally_init,
	 .peer = add_and_sum);
PROGRESS(tally_destroy, 3, make_tally, "pawl_tally_destroy", "", .before = call_tally_init,
	 .call = call_tally_destroy, .peer = add_and_sum);
