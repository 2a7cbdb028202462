/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache_flight.c - all want the same key, which nobody has yet: it is fetched once, by one of
 * them, and the others get or await that.
 */
#include "cache_model.h"

enum sight { JOINED, HIT, NOT_YET };

static void setup(void)
{
	open_cache(fetch_one);
}

static void get_one(unsigned who)
{
	(void)who;
	MODEL_CHECK(get_or_fetch("b", PAWL_FOREVER) == 1);
}

static void fetched_once(unsigned calls, unsigned without_value)
{
	pawl_cache_stats_t s;

	pawl_cache_stats(cache, &s);
	if (s.joins > 0)
		model_saw(JOINED);
	if (s.hits > 0)
		model_saw(HIT);
	MODEL_CHECK(fetches == 1 && s.fetches == 1 && s.failures == 0 && s.takeovers == 0);
	MODEL_CHECK(s.hits + s.misses == calls && s.misses == 1 + s.joins + without_value);
	close_cache(1);
}

static void three_calls(void)
{
	fetched_once(3, 0);
}

MODEL(cache_flight, .about = "three threads get and release one key", .threads = 3,
      .preemptions = 2, .enter = model_attach, .setup = setup, .thread = get_one,
      .finish = three_calls,
      .without = ~0u,	/* those are for cache_ways, and for cache_memory.c */
      .sights = { "a caller joined another's fetch", "a caller found the value" });

static int not_found;

/* The second look finds it if the first did. */
static void look_twice(void)
{
	int first = get("b"), second = get("b");

	MODEL_CHECK(first == 1 || first == -ENOENT);
	MODEL_CHECK(second == 1 || (second == -ENOENT && first == -ENOENT));
	not_found = (first < 0) + (second < 0);
	if (not_found > 0)
		model_saw(NOT_YET);
}

static void get_borrow_or_look(unsigned who)
{
	switch (who) {
	case 1: MODEL_CHECK(get_or_fetch("b", PAWL_FOREVER) == 1); break;
	case 2: MODEL_CHECK(with("b", PAWL_FOREVER) == 1); break;
	case 3: look_twice(); break;
	}
}

static void four_calls(void)
{
	fetched_once(4, (unsigned)not_found);
}

MODEL(cache_ways, .about = "one gets and releases it, one borrows it, one looks twice",
      .threads = 3, .preemptions = 2, .enter = model_attach, .setup = setup,
      .thread = get_borrow_or_look,
      .finish = four_calls, .without = BELOW,
      .sights = { "a caller joined another's fetch", "a caller found the value",
		  "it was not there yet" });
