/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counter_freed.c - the add that makes it zero is still returning when the counter is freed,
 * or when a new one stands at its address.
 */
#include "explorer/model.h"

enum sight { REPLACED_IN_TIME };

static pawl_counter *c;
static int given, replaced, added;

static void setup(void)
{
	c = model_alloc(sizeof *c);
	*c = (pawl_counter)PAWL_COUNTER_INIT(1);
	model_name(c, sizeof *c, "c");
}

static void wait_and_free(unsigned who)
{
	if (who == 1) {
		(void)pawl_counter_add(c, -1);
		return;
	}
	MODEL_CHECK(pawl_counter_wait_zero(c, PAWL_FOREVER) == 0);
	model_free(c);
}

MODEL(counter_freed, .about = "one waits for zero, and frees it while the add returns",
      .threads = 2, .enter = model_attach, .setup = setup, .thread = wait_and_free);

/* Thread 2 waits twice; the first add, being late, may wake it from its second wait. */
static void replace(void)
{
	MODEL_CHECK(pawl_counter_wait_zero(c, PAWL_FOREVER) == 0);
	if (!__atomic_load_n(&added, __ATOMIC_RELAXED))
		model_saw(REPLACED_IN_TIME);
	*c = (pawl_counter)PAWL_COUNTER_INIT(1);
	__atomic_store_n(&replaced, 1, __ATOMIC_RELEASE);
	MODEL_CHECK(pawl_counter_wait_zero(c, PAWL_FOREVER) == 0);
	MODEL_CHECK(given == 1);
	model_free(c);
}

static void wait_at_the_same_address(unsigned who)
{
	switch (who) {
	case 1:
		(void)pawl_counter_add(c, -1);
		__atomic_store_n(&added, 1, __ATOMIC_RELAXED);
		break;
	case 2:
		replace();
		break;
	case 3:
		while (!__atomic_load_n(&replaced, __ATOMIC_ACQUIRE))
			model_pause();
		given = 1;
		(void)pawl_counter_add(c, -1);
		break;
	}
}

MODEL(counter_replaced, .about = "a new counter stands where one was whose add still returns",
      .threads = 3, .enter = model_attach, .setup = setup, .thread = wait_at_the_same_address,
      .sights = { "the new counter was there before the add to the old one returned" });
