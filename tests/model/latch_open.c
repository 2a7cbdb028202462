/* SPDX-License-Identifier: BSD-2-Clause */
/* Latch and future: who passes has seen all that led to it, and may free it. */
#include <errno.h>

#include <pawl/future.h>
#include <pawl/latch.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

/* What only makes more schedules of three, and is in the models of two. */
enum {
	NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES,
	MORE_NOISE = NOISE | STALE_LOADS | WEAK_FAILURES
};

static pawl_latch *latch;
static int data[3];

static void make(uint32_t count)
{
	latch = model_alloc(sizeof *latch);
	MODEL_CHECK(pawl_latch_init(latch, count) == 0);
}

static void make_two(void)
{
	make(2);
}

static void make_one(void)
{
	make(1);
}

static void arrive_or_free(unsigned who)
{
	if (who > 1) {
		data[who - 1] = 7;
		pawl_latch_arrive(latch);
		return;
	}
	MODEL_CHECK(pawl_latch_wait_until(latch, PAWL_FOREVER) == 0);
	MODEL_CHECK(data[1] == 7);
	model_saw(0);
	model_free(latch);
}

MODEL(latch_open, .about = "one arrives, one waits and frees it", .threads = 2,
      .setup = make_one, .thread = arrive_or_free, .enter = model_attach,
      .sights = { "it passed" });

MODEL(latch_open_two, .about = "two arrive, one waits and frees it", .threads = 3,
      .setup = make_two, .thread = arrive_or_free, .enter = model_attach,
      .sights = { "it passed" }, .without = NOISE,
      .preemptions = 2);

static void arrive_or_wait(unsigned who)
{
	int rc;

	if (who == 1) {
		pawl_latch_arrive(latch);
		return;
	}
	rc = pawl_latch_wait_until(latch, model_soon());
	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT);
	model_saw(rc != 0);
}

static void free_latch(void)
{
	MODEL_CHECK(latch->word_ >> 32 == 0 && latch->queue_ == 0);
	model_free(latch);
}

MODEL(latch_late, .about = "one arrives, two wait until a deadline", .threads = 3,
      .setup = make_one, .thread = arrive_or_wait, .finish = free_latch, .enter = model_attach,
      .sights = { "it passed", "a deadline passed" }, .without = MORE_NOISE, .preemptions = 2);

static pawl_future *future;
static int winners;

static void make_future(void)
{
	future = model_alloc(sizeof *future);
	*future = (pawl_future)PAWL_FUTURE_INIT;
}

static void set_or_free(unsigned who)
{
	void *value = NULL;

	if (who == 2) {
		data[0] = 7;
		MODEL_CHECK(pawl_future_set(future, EIO, data) == 0);
		return;
	}
	MODEL_CHECK(pawl_future_wait_until(future, PAWL_FOREVER, &value) == EIO);
	MODEL_CHECK(value == data && data[0] == 7);
	model_saw(0);
	model_free(future);
}

MODEL(future_set, .about = "one sets, one waits and frees it", .threads = 2, .setup = make_future,
      .thread = set_or_free, .enter = model_attach, .sights = { "it passed" });

static void set_both(unsigned who)
{
	void *value = NULL;

	if (who == 3) {
		MODEL_CHECK(pawl_future_wait_until(future, PAWL_FOREVER, &value) == 0);
		MODEL_CHECK(value == &data[1] || value == &data[2]);
		model_saw(0);
		return;
	}
	if (pawl_future_set(future, 0, &data[who]) == 0)
		(void)__atomic_add_fetch(&winners, 1, __ATOMIC_RELAXED);
}

static void free_future(void)
{
	MODEL_CHECK(winners == 1 && future->queue_ == 0);
	model_free(future);
}

MODEL(future_twice, .about = "two set, one waits", .threads = 3, .setup = make_future,
      .thread = set_both, .finish = free_future, .enter = model_attach,
      .sights = { "it passed" }, .without = NOISE, .preemptions = 2);
