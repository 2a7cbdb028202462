/* SPDX-License-Identifier: BSD-2-Clause */
/* test_task_stacks.c - stacks and contexts of tasks, many of them, and in children of forks. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pawl/pawl.h>

#include "platform/stack.h"
#include "wait/context.h"

#include "tasks.h"

static uint32_t counted;

static void counts(void *arg)
{
	(void)arg;
	counted++;
}

static void stays_until_told(void *arg)
{
	must(pawl_latch_wait_until(arg, PAWL_FOREVER) == 0);
}

/*** Stacks and contexts ***********************************************************************/

static volatile char *deepest;
static volatile bool deep_enough;

__attribute__((__noinline__)) static void goes_deeper(void *arg)
{
	volatile char frame[1000];

	frame[0] = 1;
	deepest = frame;
	if (!deep_enough)
		goes_deeper(arg);
	frame[1] = 2;
}

static void overflows(void *arg)
{
	signal(SIGSEGV, SIG_DFL);
	spawn(goes_deeper, arg);
	run_all();
}

static void a_stack_that_overflows_ends_the_program(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, overflows, NULL);
	assert_int_equal(c.signal, SIGSEGV);
}

enum { STACK = 1 << 16 };

static void writes_below(void *arg)
{
	volatile char *stack = pawl_i_stack_get(STACK);

	must(stack != NULL);
	signal(SIGSEGV, SIG_DFL);	/* CMocka has a handler */
	stack[-*(int *)arg] = 1;
}

static void below_a_stack_is_no_memory(void **state)
{
	int below[] = { 1, 4096, STACK };
	volatile char *stack = pawl_i_stack_get(STACK);
	struct child c;

	(void)state;
	stack[0] = stack[STACK - 1] = 1;
	pawl_i_stack_put((void *)(uintptr_t)stack, STACK);
	for (size_t i = 0; i < COUNT_OF(below); i++) {
		child_run(&c, writes_below, &below[i]);
		assert_int_equal(c.signal, SIGSEGV);
	}
}

static void fills_its_stack(void *arg)
{
	volatile char all[60 * 1024];

	for (size_t i = 0; i < sizeof all; i++)
		all[i] = 1;
	pawl_i_task_yield();
	for (size_t i = 0; i < sizeof all; i++)
		must(all[i] == 1);
	++*(int *)arg;
}

static void a_stack_has_60_KiB_to_use(void **state)
{
	int count = 0;

	(void)state;
	spawn(fills_its_stack, &count);
	spawn(fills_its_stack, &count);
	run_all();
	assert_int_equal(count, 2);
}

/* Of tasks, as who looks at all finds them. */
static size_t contexts(void)
{
	struct context_walk w = context_walk();
	size_t n = 0;

	for (struct context *c; (c = context_next(&w)) != NULL;)
		n += c->flows && __atomic_load_n(&c->used, __ATOMIC_RELAXED);
	return n;
}

static void notes_its_context(void *arg)
{
	*(struct context **)arg = pawl_i_context();
	must(contexts() == 1);
}

static void a_context_of_an_ended_task_is_used_again(void **state)
{
	struct context *first, *next;

	(void)state;
	spawn(notes_its_context, &first);
	run_all();
	for (int i = 0; i < 100; i++) {
		spawn(notes_its_context, &next);
		run_all();
		assert_ptr_equal(next, first);
	}
	assert_int_equal(contexts(), 0);
}

/* gcc's ThreadSanitizer has no more than 8,128 fibers. */
enum { MANY = UNDER_TSAN ? 1000 : 10000 };

static void waits_with_all(void *arg)
{
	counted++;
	must(pawl_event_wait(arg) == 0);
	counted--;
}

static void sets_when_all_wait(void *arg)
{
	while (counted != MANY)
		pawl_i_task_yield();
	must(contexts() == MANY + 1);
	pawl_event_set(arg);
}

static void ten_thousand_tasks_wait_at_once(void **state)
{
	pawl_event event = PAWL_EVENT_INIT;

	(void)state;
	counted = 0;
	for (int i = 0; i < MANY; i++)
		spawn(waits_with_all, &event);
	spawn(sets_when_all_wait, &event);
	run_all();
	assert_int_equal(counted, 0);
	/* Who looks at all meets none of them any more. */
	assert_int_equal(pawl_i_present_count(), 0);
}

/*** Fork **************************************************************************************/

static pawl_sem fork_sem;

static void waits_over_a_fork(void *arg)
{
	pawl_sem none = PAWL_SEM_INIT(0);

	(void)arg;
	must(pawl_sem_acquire(&fork_sem) == 0);
	counted++;
	must(pawl_sem_acquire_until(&none, pawl_after(PAWL_MS(2))) == ETIMEDOUT);
	counted++;
}

static void forks_with_others(void *arg)
{
	pid_t *child = arg;

	pawl_i_task_yield();
	*child = fork();
	must(*child >= 0);
	/* TSan looks away in the child of a process of several threads, which tasks are to it. */
	if (UNDER_TSAN && *child == 0)
		_exit(0);
	pawl_sem_release(&fork_sem, 5);
}

static void a_child_of_a_task_has_all_tasks(void **state)
{
	pid_t child = -1;
	int status;

	(void)state;
	counted = 0;
	fork_sem = (pawl_sem)PAWL_SEM_INIT(0);
	spawn(forks_with_others, &child);
	for (int i = 0; i < 3; i++)
		spawn(counts, NULL);
	for (int i = 0; i < 5; i++)
		spawn(waits_over_a_fork, NULL);
	run_all();
	if (child == 0)
		_exit(counted == 13 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(counted, 13);
}

static void tasks_run_in_another_thread(pawl_latch *latch, struct worker *w)
{
	for (int i = 0; i < 10; i++)
		spawn(stays_until_told, latch);
	worker_start(w, run_in_thread, NULL);
	worker_await_sleep(w);
}

static void a_child_of_another_thread_has_no_tasks(void **state)
{
	pawl_latch latch = PAWL_LATCH_INIT(1);
	struct worker w;
	pid_t child;
	int status;

	(void)state;
	tasks_run_in_another_thread(&latch, &w);
	child = fork();
	if (child == 0) {
		counted = 0;
		run_all();
		for (int i = 0; i < 20; i++)
			spawn(counts, NULL);
		run_all();
		_exit(counted == 20 && contexts() == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	pawl_latch_arrive(&latch);
	worker_join(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stack_that_overflows_ends_the_program),
		TEST(below_a_stack_is_no_memory),
		TEST(a_stack_has_60_KiB_to_use),
		TEST(a_context_of_an_ended_task_is_used_again),
		TEST(ten_thousand_tasks_wait_at_once),
		TEST(a_child_of_a_task_has_all_tasks),
		TEST(a_child_of_another_thread_has_no_tasks),
	};

	return test_main(tests);
}
