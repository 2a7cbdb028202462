/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counter_zero.c - waits for zero: none is lost, and what was done before the adds is visible.
 *
 * Two counters that share a queue of waiters are found among more than there are queues.
 */
#include <errno.h>

#include "explorer/model.h"

enum { BUCKETS = 256, BUCKET_BITS = 8, STEP = 17 /* words, so that hashes scatter */ };
enum sight { ZERO, TIMED_OUT };

static pawl_counter c;
static int gifts[4];

static void give(unsigned who, pawl_counter *to)
{
	gifts[who] = 1;
	(void)pawl_counter_add(to, -1);
}

static void one_left(void)
{
	c = (pawl_counter)PAWL_COUNTER_INIT(1);
	model_name(&c, sizeof c, "c");
}

static void two_left(void)
{
	one_left();
	c = (pawl_counter)PAWL_COUNTER_INIT(2);
}

static void two_wait(unsigned who)
{
	if (who == 1) {
		give(1, &c);
		return;
	}
	MODEL_CHECK(pawl_counter_wait_zero(&c, PAWL_FOREVER) == 0 && gifts[1] == 1);
}

/* Three threads, two of which wait, are many schedules: two preemptions. */
MODEL(counter_two_wait, .about = "one makes it zero, two wait", .threads = 3, .preemptions = 2,
      .enter = model_attach, .setup = one_left, .thread = two_wait);

static void two_add(unsigned who)
{
	if (who < 3) {
		give(who, &c);
		return;
	}
	MODEL_CHECK(pawl_counter_wait_zero(&c, PAWL_FOREVER) == 0);
	MODEL_CHECK(gifts[1] + gifts[2] == 2);
	MODEL_CHECK(pawl_counter_wait_zero(&c, model_past()) == 0);
}

MODEL(counter_two_add, .about = "two make it zero, one waits", .threads = 3,
      .enter = model_attach, .setup = two_left, .thread = two_add);

static void timed(unsigned who)
{
	int err;

	if (who == 1) {
		give(1, &c);
		return;
	}
	err = pawl_counter_wait_zero(&c, model_soon());
	model_saw(err == 0 ? ZERO : TIMED_OUT);
	MODEL_CHECK(err == ETIMEDOUT || (err == 0 && gifts[1] == 1));
}

MODEL(counter_timed, .about = "one makes it zero, one has a deadline", .threads = 2,
      .enter = model_attach, .setup = one_left, .thread = timed,
      .sights = { "a wait ended with zero", "a wait ended at its deadline" });

static pawl_counter many[(BUCKETS + 1) * STEP], *a, *b;

static uint64_t bucket_of(const pawl_counter *at)
{
	return (uint64_t)(uintptr_t)at * UINT64_C(0x9e3779b97f4a7c15) >> (64 - BUCKET_BITS);
}

static void find_neighbours(void)
{
	pawl_counter *seen[BUCKETS] = { 0 };

	for (b = many; !(a = seen[bucket_of(b)]); b += STEP)
		seen[bucket_of(b)] = b;
	*a = *b = (pawl_counter)PAWL_COUNTER_INIT(1);
	model_name(a, sizeof *a, "a");
	model_name(b, sizeof *b, "b");
}

static void neighbours(unsigned who)
{
	if (who == 1) {
		give(2, a);
		give(3, b);
		return;
	}
	MODEL_CHECK(pawl_counter_wait_zero(b, PAWL_FOREVER) == 0);
	MODEL_CHECK(gifts[3] == 1);
}

MODEL(counter_neighbours, .about = "two counters share a queue: zero of one, then of the other",
      .threads = 2, .enter = model_attach, .setup = find_neighbours, .thread = neighbours);

static void neighbour_stays(unsigned who)
{
	int err;

	if (who == 1) {
		give(2, a);
		return;
	}
	if (who == 2) {
		MODEL_CHECK(pawl_counter_wait_zero(a, PAWL_FOREVER) == 0 && gifts[2] == 1);
		return;
	}
	err = pawl_counter_wait_zero(b, model_soon());
	MODEL_CHECK(err == ETIMEDOUT && pawl_counter_get(b) == 1);
}

MODEL(counter_neighbour_stays, .about = "two counters share a queue, one of them stays above zero",
      .threads = 3, .preemptions = 2,
      .without = STALE_LOADS | WEAK_FAILURES | SPURIOUS_WAKES | WAKE_ORDERS,
      .enter = model_attach, .setup = find_neighbours, .thread = neighbour_stays);
