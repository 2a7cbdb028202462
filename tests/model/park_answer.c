/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * park_answer.c - one waiter and one context, with no queue: the answer may come before, while
 * or after the waiter parks, others wake the context for nothing, and the next wait of the
 * thread is not disturbed by what was left of the last one.
 */
#include "explorer/model.h"
#include "wait/park.h"

enum { ROUNDS = 2 };
enum sight { DEADLINE_FIRST };

static uint64_t armed[ROUNDS];	/* written by who waits */
static struct context *context;
static int gifts[ROUNDS];

static void attach(unsigned who)
{
	MODEL_CHECK(pawl_thread_attach() == 0);
	if (who == 1)
		context = pawl_i_context();
}

/* Return: the answer; 0: the deadline passed. */
static uint32_t wait_in(unsigned round, pawl_time deadline)
{
	struct wait_for what = { "test", &armed[round], NULL };
	struct limit l = { .deadline = deadline };
	uint32_t answer;

	__atomic_store_n(&armed[round], pawl_i_waiter_arm(context->waiter), __ATOMIC_RELEASE);
	answer = pawl_i_park_or_give_up(context->waiter, &what, &l);
	MODEL_CHECK(answer == 0 || gifts[round] == 1);
	if (answer == 0)
		model_saw(DEADLINE_FIRST);
	return answer;
}

static void answer_in(unsigned round, uint32_t answer)
{
	struct waiter *wake = NULL;
	uint64_t ref;

	while ((ref = __atomic_load_n(&armed[round], __ATOMIC_ACQUIRE)) == 0)
		model_pause();
	gifts[round] = 1;
	(void)pawl_i_waiter_tell(ref, answer, &wake);
	if (wake)
		pawl_i_waiter_wake(wake);
}

static void wait_twice(unsigned who)
{
	switch (who) {
	case 1:
		MODEL_CHECK(wait_in(0, PAWL_FOREVER) == GRANT);
		MODEL_CHECK(wait_in(1, PAWL_FOREVER) == RETRY);
		break;
	case 2:
		answer_in(0, GRANT);
		answer_in(1, RETRY);
		break;
	case 3:
		pawl_i_context_wake(context);
		pawl_i_context_wake(context);
		break;
	}
}

MODEL(park_twice, .about = "one waits twice, one answers, one wakes it for nothing",
      .threads = 3, .without = NO_MEMORY, .enter = attach, .thread = wait_twice);

static void wait_timed(unsigned who)
{
	uint32_t answer;

	switch (who) {
	case 1:
		answer = wait_in(0, model_soon());
		MODEL_CHECK(answer == 0 || answer == GRANT);
		answer = wait_in(1, model_soon());
		MODEL_CHECK(answer == 0 || answer == RETRY);
		break;
	case 2:
		answer_in(0, GRANT);
		break;
	case 3:
		answer_in(1, RETRY);
		break;
	}
}

MODEL(park_timed, .about = "one waits twice with a deadline, two answer", .threads = 3,
      .without = NO_MEMORY, .enter = attach, .thread = wait_timed,
      .sights = { "a deadline passed before the answer came" });
