/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * task_wake.c - one task, which waits, and threads that wake it.
 *
 * Thread 1 runs the tasks, thread 2 is the stack of the first: see platform/flow.h.  The task's
 * wait is a waiter with nothing around it, as in park_answer.c.
 */
#include "explorer/model.h"
#include "platform/flow.h"
#include "runtime/task.h"
#include "wait/park.h"

enum { ROUNDS = 2, RUNNER = 1, STACK, FIRST_WAKER };
enum sight { DEADLINE_FIRST };
enum { NOISE = STALE_LOADS | WEAK_FAILURES | SPURIOUS_WAKES | WAKE_ORDERS | NO_MEMORY };

static uint64_t armed[ROUNDS];	/* written by who waits */
static struct context *context;
static int gifts[ROUNDS], ended;

/* Return: the answer; 0: the deadline passed. */
static uint32_t wait_in(unsigned round, pawl_time deadline)
{
	struct wait_for what = { "test", &armed[round], NULL };
	struct limit l = { .deadline = deadline };
	struct waiter *w = pawl_i_park_waiter(&what);
	uint32_t answer;

	__atomic_store_n(&context, w->context, __ATOMIC_RELEASE);
	__atomic_store_n(&armed[round], pawl_i_waiter_arm(w), __ATOMIC_RELEASE);
	answer = pawl_i_park_or_give_up(w, &what, &l);
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

static void wake_for_nothing(void)
{
	struct context *c;

	while ((c = __atomic_load_n(&context, __ATOMIC_ACQUIRE)) == NULL)
		model_pause();
	pawl_i_context_wake(c);
}

static void waits_once(void *arg)
{
	(void)arg;
	MODEL_CHECK(wait_in(0, PAWL_FOREVER) == GRANT);
	ended++;
}

static void waits_twice(void *arg)
{
	waits_once(arg);
	MODEL_CHECK(wait_in(1, PAWL_FOREVER) == RETRY);
}

static void waits_timed(void *arg)
{
	uint32_t answer = wait_in(0, model_soon());

	(void)arg;
	MODEL_CHECK(answer == 0 || answer == GRANT);
	answer = wait_in(1, model_soon());
	MODEL_CHECK(answer == 0 || answer == RETRY);
	ended++;
}

static void spawn_once(void)
{
	MODEL_CHECK(pawl_i_task_spawn(waits_once, NULL) == 0);
}

static void spawn_twice(void)
{
	MODEL_CHECK(pawl_i_task_spawn(waits_twice, NULL) == 0);
}

static void spawn_timed(void)
{
	MODEL_CHECK(pawl_i_task_spawn(waits_timed, NULL) == 0);
}

static void run_or_carry(unsigned who)
{
	if (who == STACK)
		model_carry(1);
	else
		MODEL_CHECK(pawl_i_tasks_run() == 0);
}

static void answer_once(unsigned who)
{
	if (who < FIRST_WAKER)
		run_or_carry(who);
	else if (who == FIRST_WAKER)
		answer_in(0, GRANT);
	else
		wake_for_nothing();
}

static void answer_twice(unsigned who)
{
	if (who < FIRST_WAKER) {
		run_or_carry(who);
		return;
	}
	answer_in(0, GRANT);
	answer_in(1, RETRY);
}

static void has_ended(void)
{
	MODEL_CHECK(ended == 1);
}

MODEL(task_wake, .about = "a task waits, a thread answers", .threads = 3, .setup = spawn_once,
      .enter = model_attach, .thread = answer_once, .finish = has_ended, .without = NO_MEMORY);

MODEL(task_wake_two, .about = "a task waits, one answers, one wakes it for nothing", .threads = 4,
      .setup = spawn_once, .enter = model_attach, .thread = answer_once, .finish = has_ended,
      .without = NOISE, .preemptions = 2);

MODEL(task_twice, .about = "a task waits twice, a thread answers", .threads = 3,
      .setup = spawn_twice, .enter = model_attach, .thread = answer_twice, .finish = has_ended,
      .without = NOISE, .preemptions = 2);

MODEL(task_timed, .about = "a task waits twice with a deadline, a thread answers", .threads = 3,
      .setup = spawn_timed, .enter = model_attach, .thread = answer_twice, .finish = has_ended,
      .without = NOISE, .preemptions = 2, .sights = { "a deadline passed before the answer came" });
