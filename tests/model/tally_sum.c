/* SPDX-License-Identifier: BSD-2-Clause */
/* tally_sum.c - no add is lost; a sum meanwhile is of some of them. */
#include "explorer/model.h"

static pawl_tally t;

static void setup(void)
{
	MODEL_CHECK(pawl_tally_init(&t) == 0);
	model_name(&t, sizeof t, "t");
}

static void add_or_sum(unsigned who)
{
	int64_t sum;

	pawl_tally_add(&t, who);
	if (who < 3) {
		pawl_tally_add(&t, 10 * who);
		return;
	}
	sum = pawl_tally_sum(&t);
	MODEL_CHECK(sum >= 3 && sum <= 36);
}

static void all_counted(void)
{
	MODEL_CHECK(pawl_tally_sum(&t) == 36);
	pawl_tally_destroy(&t);
}

MODEL(tally_sum, .about = "three threads add, one of them looks meanwhile", .threads = 3,
      .setup = setup, .thread = add_or_sum, .finish = all_counted);
