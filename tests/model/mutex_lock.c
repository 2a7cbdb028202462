/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three threads lock and unlock one mutex, twice each, by either policy.  Nobody is inside with
 * another (that would be a race on count), nobody sleeps for ever, and at the end the word is
 * as at the beginning, or destroy would refuse.
 */
#include "explorer/model.h"

static pawl_mutex m;
static int count;

static void twice(unsigned who)
{
	(void)who;
	for (int i = 0; i < 2; i++) {
		pawl_mutex_lock(&m);
		MODEL_CHECK(pawl_mutex_is_mine(&m));
		count++;
		pawl_mutex_unlock(&m);
	}
}

static void all_counted(void)
{
	MODEL_CHECK(count == 6);
	pawl_mutex_destroy(&m);
}

static void setup(void)
{
	model_name(&m, sizeof m, "m");
}

MODEL(mutex_lock, .about = "three threads lock and unlock twice", .threads = 3,
      .enter = model_attach, .setup = setup, .thread = twice, .finish = all_counted);

static void make_fair(void)
{
	setup();
	(void)pawl_mutex_init(&m, PAWL_FAIR);
}

/* Time changes nothing where every unlock hands over. */
MODEL(mutex_fair, .about = "the same, with PAWL_FAIR", .threads = 3, .enter = model_attach,
      .setup = make_fair, .thread = twice, .finish = all_counted, .without = CLOCK_JUMPS);
