/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * park_signal.c - one waiter word and one context, with no list: the signal may come before,
 * while or after the waiter parks, others wake the context for nothing, and the next wait of
 * the thread is not disturbed by what was left of the last one.
 */
#include "explorer/model.h"
#include "wait/park.h"

enum { ROUNDS = 2 };
enum sight { DEADLINE_FIRST };

static struct waiter *armed[ROUNDS];	/* written by who waits */
static struct context *context;
static int gifts[ROUNDS];

static void attach(unsigned who)
{
	model_attach(who);
	if (who == 1)
		context = pawl_i_context();
}

static uint32_t wait_in(unsigned round, pawl_time deadline)
{
	struct wait_for what = { "test", &armed[round], NULL };
	struct waiter w;
	uint32_t answer;

	pawl_i_waiter_arm(&w);
	__atomic_store_n(&armed[round], &w, __ATOMIC_RELEASE);
	answer = pawl_i_park(&w, &what, deadline);
	if (answer == 0) {
		model_saw(DEADLINE_FIRST);
		answer = pawl_i_park_signal(&w);
	}
	MODEL_CHECK(gifts[round] == 1);
	return answer;
}

static void signal_in(unsigned round, uint32_t final)
{
	struct waiter *w;

	while (!(w = __atomic_load_n(&armed[round], __ATOMIC_ACQUIRE)))
		model_pause();
	gifts[round] = 1;
	pawl_i_signal(w, final);
}

static void wait_twice(unsigned who)
{
	switch (who) {
	case 1:
		MODEL_CHECK(wait_in(0, PAWL_FOREVER) == GRANT);
		MODEL_CHECK(wait_in(1, PAWL_FOREVER) == RETRY);
		break;
	case 2:
		signal_in(0, GRANT);
		signal_in(1, RETRY);
		break;
	case 3:
		pawl_i_context_wake(context);
		pawl_i_context_wake(context);
		break;
	}
}

MODEL(park_twice, .about = "one waits twice, one signals it, one wakes it for nothing",
      .threads = 3, .enter = attach, .thread = wait_twice);

static void wait_timed(unsigned who)
{
	switch (who) {
	case 1:
		MODEL_CHECK(wait_in(0, model_soon()) == GRANT);
		MODEL_CHECK(wait_in(1, model_soon()) == RETRY);
		break;
	case 2:
		signal_in(0, GRANT);
		break;
	case 3:
		signal_in(1, RETRY);
		break;
	}
}

MODEL(park_timed, .about = "one waits twice with a deadline, two signal it", .threads = 3,
      .enter = attach, .thread = wait_timed,
      .sights = { "a deadline passed before the signal came" });
