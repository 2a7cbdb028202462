/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_task_enomem.c - tasks without memory.  This program has the library's allocator, and its
 * memory for stacks, and makes them fail: what returns ENOMEM has started nothing, and a task that
 * cannot stand in a queue lets others run while it polls.
 *
 * Each case runs in a child, where nothing was allocated yet.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include <pawl/pawl.h>

#include "platform/stack.h"
#include "runtime/task.h"

#include "failing_memory.h"
#include "support.h"

static bool no_stacks;
static int stacks;	/* given out */

void *pawl_i_stack_get(size_t size)
{
	void *p = NULL;

	if (no_stacks || posix_memalign(&p, 1 << 16, size) != 0)
		return NULL;
	stacks++;
	return p;
}

void pawl_i_stack_put(void *stack, size_t size)
{
	(void)size;
	free(stack);
	stacks--;
}

static void counts(void *arg)
{
	++*(int *)arg;
}

static void run_all(void)
{
	must(pawl_i_tasks_run() == 0);
}

/* With ever more memory, until it can be started; then it needs none. */
static void spawn_without_memory(void *arg)
{
	int calls, err, runs = 0;

	(void)arg;
	for (calls = 0;; calls++) {
		fail_calls_from(calls);
		err = pawl_i_task_spawn(counts, &runs);
		if (err == 0)
			break;
		must(err == ENOMEM && calls < 10);
		run_all();
		must(runs == 0 && stacks == 0);
	}
	/* The context and its waiter; the node, which was had first, stays. */
	must(calls == 2);
	fail_calls_from(0);
	run_all();
	must(runs == 1 && stacks == 0);
	must(pawl_i_task_spawn(counts, &runs) == 0);
	must(memory_calls() == 0);
	run_all();
	must(runs == 2);
}

static void spawn_without_a_stack(void *arg)
{
	int runs = 0;

	(void)arg;
	no_stacks = true;
	for (int i = 0; i < 3; i++)
		must(pawl_i_task_spawn(counts, &runs) == ENOMEM);
	run_all();
	no_stacks = false;
	must(pawl_i_task_spawn(counts, &runs) == 0);
	run_all();
	must(runs == 1 && stacks == 0);
}

static pawl_event event;
static int turns;

static void waits_in_vain(void *arg)
{
	must(pawl_event_wait_until(&event, pawl_after(PAWL_MS(5))) == ETIMEDOUT);
	++*(int *)arg;
}

static void waits_for_event(void *arg)
{
	must(pawl_event_wait(&event) == 0);
	must(turns == 100);
	++*(int *)arg;
}

static void sets_after_turns(void *arg)
{
	for (; turns < 100; turns++)
		pawl_i_task_yield();
	while (*(int *)arg == 0)
		pawl_i_task_yield();
	pawl_event_set(&event);
}

static void wait_without_memory(void *arg)
{
	int ends = 0;

	(void)arg;
	event = (pawl_event)PAWL_EVENT_INIT;
	for (int i = 0; i < 3; i++)
		must(pawl_i_task_spawn(waits_for_event, &ends) == 0);
	must(pawl_i_task_spawn(waits_in_vain, &ends) == 0);
	must(pawl_i_task_spawn(sets_after_turns, &ends) == 0);
	fail_calls_from(0);
	run_all();
	must(ends == 4 && memory_calls() > 0);
	must(event.queue_ == 0);
}

static void check(void (*fn)(void *arg))
{
	struct child c;

	child_run(&c, fn, NULL);
	child_assert_silent(&c);
}

static void a_spawn_without_memory_starts_nothing(void **state)
{
	(void)state;
	check(spawn_without_memory);
}

static void a_spawn_without_a_stack_starts_nothing(void **state)
{
	(void)state;
	check(spawn_without_a_stack);
}

static void a_task_that_polls_lets_others_run(void **state)
{
	(void)state;
	check(wait_without_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_spawn_without_memory_starts_nothing),
		TEST(a_spawn_without_a_stack_starts_nothing),
		TEST(a_task_that_polls_lets_others_run),
	};

	return test_main(tests);
}
