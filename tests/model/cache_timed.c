/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache_timed.c - callers that leave a flight at their deadline while it ends: the value is
 * not lost by it, and nobody is left with an entry that died.
 */
#include "cache_model.h"

enum sight { LEFT, GOT_IN_TIME };

static int got_of[4];

static void setup(void)
{
	open_cache(fetch_one);
}

static void first_fails(void)
{
	setup();
	failing = 1;
}

static void get_timed(unsigned who, pawl_time deadline)
{
	wait_for_flight();
	got_of[who] = get_or_fetch("b", deadline);
	if (got_of[who] == -ETIMEDOUT)
		model_saw(LEFT);
	if (got_of[who] > 0)
		model_saw(GOT_IN_TIME);
}

static void get_three_ways(unsigned who)
{
	switch (who) {
	case 1: got_of[1] = get_or_fetch("b", PAWL_FOREVER); break;
	case 2: get_timed(2, model_soon()); break;
	case 3: get_timed(3, model_past()); break;
	}
}

static void value_stays(void)
{
	MODEL_CHECK(got_of[1] == 1 && fetches == 1);
	MODEL_CHECK(got_of[2] == 1 || got_of[2] == -ETIMEDOUT);
	MODEL_CHECK(got_of[3] == 1 || got_of[3] == -ETIMEDOUT);
	MODEL_CHECK(get("b") == 1);
	close_cache(1);
}

MODEL(cache_timed, .about = "one gets it, two have deadlines", .threads = 3,
      .preemptions = 2, .enter = model_attach, .setup = setup, .thread = get_three_ways,
      .finish = value_stays,
      .without = NO_MEMORY,
      .sights = { "a caller left at its deadline", "a timed caller got it" });

/* Thread 3 looks after an entry that may have died just now. */
static void get_two_ways(unsigned who)
{
	switch (who) {
	case 1: got_of[1] = get_or_fetch("b", PAWL_FOREVER); break;
	case 2: get_timed(2, model_soon()); break;
	case 3:
		wait_for_flight();
		got_of[3] = get("b");
		break;
	}
}

static void value_or_nothing(void)
{
	MODEL_CHECK(got_of[1] == -EIO || got_of[1] == 2);
	MODEL_CHECK(got_of[2] == -EIO || got_of[2] == 2 || got_of[2] == -ETIMEDOUT);
	MODEL_CHECK(got_of[3] == 2 || got_of[3] == -ENOENT);
	MODEL_CHECK(get("b") == (fetches > 1 ? 2 : -ENOENT));
	close_cache(fetches > 1);
}

MODEL(cache_timed_failure, .about = "one fetch fails; one has a deadline, one looks",
      .threads = 3, .preemptions = 2, .enter = model_attach, .setup = first_fails,
      .thread = get_two_ways,
      .finish = value_or_nothing, .without = BELOW,
      .sights = { "a caller left at its deadline", "a timed caller got it" });
