/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_tally.c - statistics that many threads add to. */
#include "config.h"

#include <inttypes.h>

#include <pawl/tally.h>

#include "stress.h"

static pawl_tally tally;
static _Atomic int64_t added;

static void sum_body(struct stress_worker *w)
{
	int64_t mine = 0;

	while (stress_again(w)) {
		int64_t n = (int64_t)stress_random(w, 2001) - 1000;

		pawl_tally_add(&tally, n);
		mine += n;
		if (stress_random(w, 1000) == 0)
			(void)pawl_tally_sum(&tally);	/* of a moment, so not judged */
		stress_done(w);
	}
	atomic_fetch_add(&added, mine);
}

static void sum_right(struct stress_team *t)
{
	int64_t sum;

	if (pawl_tally_init(&tally) != 0) {
		stress_fail("no memory for a tally");
		return;
	}
	stress_run(t, sum_body);
	sum = pawl_tally_sum(&tally);
	if (sum != atomic_load(&added))
		stress_fail("the tally is %" PRId64 ", but %" PRId64 " was added", sum,
			atomic_load(&added));
	pawl_tally_destroy(&tally);
}

const struct stress_case stress_tally_cases[] = {
	{
		.name = "tally.sum",
		.about = "a sum that is exact when nobody adds",
		.right = "pawl_tally",
		.run_right = sum_right,
		.never_waits = true,
	},
	{ .name = NULL },
};
