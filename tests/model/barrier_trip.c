/* SPDX-License-Identifier: BSD-2-Clause */
/* Nobody passes a barrier before all have arrived; one is the serial one; a broken one is for all. */
#include <errno.h>

#include <pawl/barrier.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static pawl_barrier b;
static int data[4], serial, passed, broke;

static void make_two(void)
{
	MODEL_CHECK(pawl_barrier_init(&b, 2) == 0);
	model_name(&b, sizeof b, "b");
}

static void make_three(void)
{
	MODEL_CHECK(pawl_barrier_init(&b, 3) == 0);
	model_name(&b, sizeof b, "b");
}

static void meet(unsigned who, int phase, unsigned others)
{
	int rc;

	data[who] = phase;
	rc = pawl_barrier_wait_until(&b, PAWL_FOREVER);
	MODEL_CHECK(rc == 0 || rc == PAWL_BARRIER_SERIAL);
	if (rc != 0)
		serial++;
	for (unsigned i = 1; i <= others; i++)
		MODEL_CHECK(data[i] >= phase);
	model_saw(0);
}

static void meet_twice(unsigned who)
{
	meet(who, 1, 0);
	meet(who, 2, 0);
}

static void meet_once(unsigned who)
{
	meet(who, 1, 3);
}

static void judge_two(void)
{
	MODEL_CHECK(serial == 2 && b.queue_ == 0 && b.word_ >> 32 == 2);
}

static void judge_three(void)
{
	MODEL_CHECK(serial == 1 && b.queue_ == 0 && b.word_ >> 32 == 1);
}

MODEL(barrier_twice, .about = "two meet twice", .threads = 2, .setup = make_two,
      .thread = meet_twice, .finish = judge_two, .enter = model_attach, .sights = { "one passed" },
      .without = SPINS | SPURIOUS_WAKES | CLOCK_JUMPS | STALE_LOADS, .preemptions = 2);

MODEL(barrier_three, .about = "three meet", .threads = 3, .setup = make_three,
      .thread = meet_once, .finish = judge_three, .enter = model_attach,
      .sights = { "one passed" }, .without = NOISE, .preemptions = 1);

/* All pass, or it is broken for all. */
static void meet_late(unsigned who)
{
	int rc = pawl_barrier_wait_until(&b, who == 1 ? model_soon() : PAWL_FOREVER);

	if (rc <= 0)
		(void)__atomic_add_fetch(&passed, 1, __ATOMIC_RELAXED);
	else
		(void)__atomic_add_fetch(&broke, 1, __ATOMIC_RELAXED);
	MODEL_CHECK(rc <= 0 || rc == EPIPE || (rc == ETIMEDOUT && who == 1));
	model_saw(rc > 0);
}

static void judge_late(void)
{
	MODEL_CHECK(b.queue_ == 0);
	MODEL_CHECK(passed == 0 || broke == 0);
}

#define LATE .thread = meet_late, .finish = judge_late, .enter = model_attach, \
	.sights = { "they passed", "it was broken" }

MODEL(barrier_late, .about = "two meet, one has a deadline", .threads = 2, .setup = make_two, LATE);

MODEL(barrier_late_three, .about = "three meet, one has a deadline", .threads = 3,
      .setup = make_three, LATE, .without = NOISE, .preemptions = 1);
