/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * task_ends.c - what comes when a task has ended: a late wake, for the next one that has its node
 * and its context; and tasks that others spawn.
 *
 * Thread 1 runs the tasks, threads 2 and 3 are their stacks, thread 4 is another.
 */
#include <errno.h>

#include "explorer/model.h"
#include "platform/flow.h"
#include "runtime/task.h"
#include "wait/context.h"
#include "wait/park.h"

enum { RUNNER = 1, STACK, OTHER_STACK, OTHER };
enum { NOISE = STALE_LOADS | WEAK_FAILURES | SPURIOUS_WAKES | WAKE_ORDERS | NO_MEMORY };
enum sight { SAME_CONTEXT, DEADLINE_FIRST };

static uint64_t armed[2];
static struct context *contexts[2];
static int gifts[2], ended;

static void wait_once(unsigned round, pawl_time deadline)
{
	struct wait_for what = { "test", &armed[round], NULL };
	struct limit l = { .deadline = deadline };
	struct waiter *w = pawl_i_park_waiter(&what);
	uint32_t answer;

	contexts[round] = w->context;
	__atomic_store_n(&armed[round], pawl_i_waiter_arm(w), __ATOMIC_RELEASE);
	answer = pawl_i_park_or_give_up(w, &what, &l);
	MODEL_CHECK(answer == 0 ? deadline != PAWL_FOREVER : answer == GRANT && gifts[round] == 1);
	if (answer == 0)
		model_saw(DEADLINE_FIRST);
	ended++;
}

static void first(void *arg)
{
	(void)arg;
	wait_once(0, model_soon());
}

static void second(void *arg)
{
	(void)arg;
	if (contexts[0] == pawl_i_context())
		model_saw(SAME_CONTEXT);
	wait_once(1, PAWL_FOREVER);
}

static void answer(unsigned round)
{
	struct waiter *wake = NULL;
	uint64_t ref;

	while ((ref = __atomic_load_n(&armed[round], __ATOMIC_ACQUIRE)) == 0)
		model_pause();
	gifts[round] = 1;
	if (pawl_i_waiter_tell(ref, GRANT, &wake) && wake)
		pawl_i_waiter_wake(wake);
}

static void spawn(void (*fn)(void *arg))
{
	MODEL_CHECK(pawl_i_task_spawn(fn, NULL) == 0);
}

static void spawn_first(void)
{
	spawn(first);
}

static void run_all(void)
{
	MODEL_CHECK(pawl_i_tasks_run() == 0);
}

static void one_after_the_other(unsigned who)
{
	switch (who) {
	case RUNNER:
		run_all();
		spawn(second);
		run_all();
		break;
	case STACK:
	case OTHER_STACK:
		model_carry(who - RUNNER);
		break;
	case OTHER:
		answer(0);
		answer(1);
		break;
	}
}

static void both_ended(void)
{
	MODEL_CHECK(ended == 2);
	MODEL_CHECK(pawl_i_present_count() == 0);
}

MODEL(task_late, .about = "one waits and ends, another has its context, one answers both",
      .threads = 4, .setup = spawn_first, .enter = model_attach, .thread = one_after_the_other,
      .finish = both_ended, .without = NOISE, .preemptions = 1,
      .sights = { "the second had the first's context", "the deadline passed before the answer" });

/* A thread spawns the task that the first one waits for; the worker may be asleep by then. */
static pawl_event event;

static void waits_for_event(void *arg)
{
	(void)arg;
	MODEL_CHECK(pawl_event_wait(&event) == 0 && gifts[0] == 1);
	ended++;
}

static void sets_event(void *arg)
{
	MODEL_CHECK(arg == gifts);
	*(int *)arg = 1;
	pawl_event_set(&event);
	ended++;
}

static void spawn_waiter(void)
{
	event = (pawl_event)PAWL_EVENT_INIT;
	model_name(&event, sizeof event, "event");
	spawn(waits_for_event);
}

static void spawn_while_it_runs(unsigned who)
{
	switch (who) {
	case RUNNER:
		run_all();
		break;
	case STACK:
	case OTHER_STACK:
		model_carry(who - RUNNER);
		break;
	case OTHER:
		MODEL_CHECK(pawl_i_task_spawn(sets_event, gifts) == 0);
		break;
	}
}

MODEL(task_spawn, .about = "a thread spawns the task that another one waits for", .threads = 4,
      .setup = spawn_waiter, .enter = model_attach, .thread = spawn_while_it_runs,
      .finish = both_ended, .without = NOISE, .preemptions = 2);

/* A thread spawns one when another ends, whose node it may get; and a wake for that comes late. */
static struct context *early;
static int all_ended;

static void shows_its_context(void *arg)
{
	(void)arg;
	__atomic_store_n(&early, pawl_i_context(), __ATOMIC_RELEASE);
	__atomic_fetch_add(&all_ended, 1, __ATOMIC_RELEASE);
}

static void uses_its_argument(void *arg)
{
	MODEL_CHECK(*(int *)arg == 1);
	if (pawl_i_context() == early)
		model_saw(SAME_CONTEXT);
	__atomic_fetch_add(&all_ended, 1, __ATOMIC_RELEASE);
}

static void spawn_early(void)
{
	spawn(shows_its_context);
}

static void run_until_both_ended(void)
{
	for (;;) {
		run_all();
		if (__atomic_load_n(&all_ended, __ATOMIC_ACQUIRE) == 2)
			break;
		model_pause();
	}
}

static void wake_early(void)
{
	struct context *c;

	while ((c = __atomic_load_n(&early, __ATOMIC_ACQUIRE)) == NULL)
		model_pause();
	pawl_i_context_wake(c);
}

static void spawn_and_wake(unsigned who)
{
	switch (who) {
	case RUNNER:
		run_until_both_ended();
		break;
	case STACK:
	case OTHER_STACK:
		model_carry(who - RUNNER);
		break;
	case OTHER:
		gifts[0] = 1;
		MODEL_CHECK(pawl_i_task_spawn(uses_its_argument, gifts) == 0);
		break;
	default:
		wake_early();
		break;
	}
}

#define REUSED .setup = spawn_early, .enter = model_attach, .thread = spawn_and_wake, \
	.without = NOISE, .preemptions = 2, .sights = { "the second had the first's context" }

MODEL(task_reused, .about = "a thread spawns a task when one ends", .threads = 4, REUSED);

MODEL(task_reused_late, .about = "the same, and a late wake", .threads = 5, REUSED);

/* The contexts of tasks are not for threads. */
static void run_then_attach(unsigned who)
{
	if (who == STACK) {
		model_carry(1);
		return;
	}
	run_all();
	MODEL_CHECK(pawl_thread_attach() == 0 && !pawl_i_context()->flows);
	MODEL_CHECK(pawl_event_wait_until(&event, model_soon()) == ETIMEDOUT);
}

MODEL(task_context, .about = "a thread attaches when a task has ended", .threads = 2,
      .setup = spawn_early, .thread = run_then_attach, .without = NOISE);

/* Two run tasks one after the other, or one of them in vain. */
static void counts(void *arg)
{
	(void)arg;
	ended++;
}

static bool ran[MODEL_THREADS + 1];

static void spawn_one(void)
{
	spawn(counts);
}

static void run_by_two(unsigned who)
{
	int rc;

	if (who == STACK) {
		model_carry(1);
		return;
	}
	rc = pawl_i_tasks_run();
	MODEL_CHECK(rc == 0 || rc == EBUSY);
	ran[who] = rc == 0;
	if (rc != 0)
		model_saw(0);
}

static void one_ran(void)
{
	MODEL_CHECK(ended == 1 && (ran[1] || ran[3]));
}

MODEL(task_run, .about = "two run the tasks", .threads = 3, .setup = spawn_one,
      .enter = model_attach, .thread = run_by_two, .finish = one_ran, .without = NO_MEMORY,
      .sights = { "one ran them already" });
