/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends of waits at a barrier: who gives up breaks it, for all (ends_model.h). */
#include <pawl/barrier.h>

#include "ends_model.h"

static int last_rc, serial, broke;

static void make_two(void)
{
	MODEL_CHECK(pawl_barrier_init(object, 2) == 0);
}

static void make_three(void)
{
	MODEL_CHECK(pawl_barrier_init(object, 3) == 0);
}

static int meet(pawl_time deadline)
{
	int rc = pawl_barrier_wait_until(object, deadline);

	if (rc == PAWL_BARRIER_SERIAL)
		(void)__atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED);
	if (rc == ECANCELED || rc == ETIMEDOUT)
		(void)__atomic_add_fetch(&broke, 1, __ATOMIC_RELAXED);
	return rc == PAWL_BARRIER_SERIAL ? 0 : rc;
}

/* The other comes, and waits as long as it takes. */
static void come(void)
{
	last_rc = meet(PAWL_FOREVER);
}

/* The other gives up at once. */
static void come_late(void)
{
	last_rc = meet(model_past());
}

/* Both passed, or it is broken. */
static void judge(int passed)
{
	pawl_barrier *b = object;

	MODEL_CHECK(b->queue_ == 0);
	MODEL_CHECK(last_rc == (passed ? 0 : EPIPE) && serial == passed && broke == 1 - passed);
	MODEL_CHECK(meet(model_past()) == (passed ? ETIMEDOUT : EPIPE));
}

/* One gave up, and broke it for all. */
static void judge_broken(int passed)
{
	MODEL_CHECK(passed == 0 && serial == 0 && broke == 1 && last_rc > 0);
	MODEL_CHECK(meet(PAWL_FOREVER) == EPIPE);
}

static const struct subject barrier = {
	.size = sizeof(pawl_barrier), .make = make_two, .wait = meet, .grant = come,
	.judge = judge
};
static const struct subject too_few = {
	.size = sizeof(pawl_barrier), .make = make_three, .wait = meet, .grant = come_late,
	.judge = judge_broken
};

ENDS_THREAD(ends_barrier, barrier);
ENDS_LATE(ends_barrier_late, barrier);
ENDS_THREAD(ends_barrier_broken, too_few);
ENDS_BOTH(ends_barrier_both, too_few, .without = LESS, .preemptions = 1);
