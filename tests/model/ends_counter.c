/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends of waits for a counter to be zero (ends_model.h). */
#include <pawl/counter.h>

#include "ends_model.h"

static void make_one(void)
{
	(void)pawl_counter_add(object, 1);
}

static int wait_zero(pawl_time deadline)
{
	return pawl_counter_wait_zero(object, deadline);
}

static void make_zero(void)
{
	MODEL_CHECK(pawl_counter_add(object, -1) == 0);
}

static void judge(int passed)
{
	(void)passed;
	MODEL_CHECK(wait_zero(model_past()) == 0);
}

static const struct subject counter = {
	.size = sizeof(pawl_counter), .make = make_one, .wait = wait_zero, .grant = make_zero,
	.judge = judge
};

ENDS_THREAD(ends_counter, counter);
ENDS_LATE(ends_counter_late, counter);
ENDS_BOTH(ends_counter_both, counter, .without = LESS, .preemptions = 2);
ENDS_LAST(ends_counter_last, counter, .without = LESS, .preemptions = 2);
