/* SPDX-License-Identifier: BSD-2-Clause */
/* test_task.c - lib/runtime/task.h: tasks from their start to their end.  Stacks and forks:
 * test_task_stacks.c, waits: test_task_waits.c. */
#include "config.h"

#include <errno.h>

#include <pawl/pawl.h>

#include "tasks.h"

/*** Start, turns, end *************************************************************************/

static void notes_itself(void *arg)
{
	must(pawl_i_task_is_one());
	must(((uintptr_t)__builtin_frame_address(0) & 15) == 0);
	++*(int *)arg;
}

static void a_task_runs_once_with_its_argument(void **state)
{
	int calls[2] = { 0, 0 };

	(void)state;
	spawn(notes_itself, &calls[0]);
	spawn(notes_itself, &calls[1]);
	assert_int_equal(calls[0] + calls[1], 0);
	assert_int_equal(pawl_i_tasks_run(), 0);
	assert_int_equal(calls[0], 1);
	assert_int_equal(calls[1], 1);
	assert_false(pawl_i_task_is_one());
}

static void without_tasks_a_run_returns(void **state)
{
	(void)state;
	assert_int_equal(pawl_i_tasks_run(), 0);
	assert_int_equal(pawl_i_tasks_run(), 0);
	pawl_i_task_yield();
}

enum { TURNS = 50, TAKERS = 5 };

static int turns[TAKERS], all_turns;

static void takes_turns(void *arg)
{
	int *mine = arg;

	for (; *mine < TURNS; pawl_i_task_yield()) {
		++*mine;
		all_turns++;
		/* Nobody is more than a round ahead, or behind. */
		must(all_turns > (*mine - 2) * TAKERS && all_turns < (*mine + 1) * TAKERS);
	}
}

static void tasks_take_turns_when_they_yield(void **state)
{
	(void)state;
	for (int i = 0; i < TAKERS; i++)
		spawn(takes_turns, &turns[i]);
	run_all();
	assert_int_equal(all_turns, TAKERS * TURNS);
}

static int born;

static void has_two_children(void *arg)
{
	uintptr_t depth = (uintptr_t)arg;

	born++;
	for (int i = 0; depth > 0 && i < 2; i++)
		spawn(has_two_children, (void *)(depth - 1));
}

static void tasks_spawn_tasks(void **state)
{
	(void)state;
	spawn(has_two_children, (void *)8);
	run_all();
	assert_int_equal(born, (1 << 9) - 1);
}

static uint32_t counted;

static void counts(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&counted, 1, __ATOMIC_RELAXED);
}

static void stays_until_all_came(void *arg)
{
	must(pawl_latch_wait_until(arg, PAWL_FOREVER) == 0);
}

enum { SPAWNED = 300 };

static void spawns_many(void *arg)
{
	for (int i = 0; i < SPAWNED; i++)
		spawn(counts, NULL);
	pawl_latch_arrive(arg);
}

static void threads_spawn_tasks_while_they_run(void **state)
{
	pawl_latch all_came = PAWL_LATCH_INIT(3);
	struct worker w[3];

	(void)state;
	spawn(stays_until_all_came, &all_came);
	for (int i = 0; i < 3; i++)
		worker_start(&w[i], spawns_many, &all_came);
	run_all();
	for (int i = 0; i < 3; i++)
		worker_join(&w[i]);
	run_all();
	assert_int_equal(counted, 3 * SPAWNED);
}

static void runs_again(void *arg)
{
	*(int *)arg = pawl_i_tasks_run();
}

static void there_is_one_worker(void **state)
{
	pawl_latch latch = PAWL_LATCH_INIT(1);
	struct worker w;
	int rc = 0;

	(void)state;
	spawn(runs_again, &rc);
	run_all();
	assert_int_equal(rc, EBUSY);
	spawn(stays_until_all_came, &latch);
	worker_start(&w, run_in_thread, NULL);
	worker_await_sleep(&w);
	assert_int_equal(pawl_i_tasks_run(), EBUSY);
	pawl_latch_arrive(&latch);
	worker_join(&w);
}

/*** What each has of its own, and what not ****************************************************/

static void keeps_errno(void *arg)
{
	int mine = (int)(uintptr_t)arg;

	for (int i = 0; i < 10; i++) {
		errno = mine;
		pawl_i_task_yield();
		must(errno == mine);
	}
}

static void errno_is_kept_over_a_wait(void **state)
{
	(void)state;
	for (uintptr_t i = 1; i < 5; i++)
		spawn(keeps_errno, (void *)i);
	errno = 77;
	run_all();
	spawn(counts, NULL);
	assert_int_equal(errno, 77);
}

/* More values than there are registers. */
static void keeps_numbers(void *arg)
{
	double x[20], first = (double)(uintptr_t)arg;
	long double precise = 1.0L / first;

	for (int i = 0; i < 20; i++)
		x[i] = first * i;
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 20; i++)
			x[i] += 0.5;
		pawl_i_task_yield();
	}
	for (int i = 0; i < 20; i++)
		must(x[i] == first * i + 5);
	must(precise == 1.0L / first);
}

static void floating_point_numbers_are_kept_over_a_wait(void **state)
{
	(void)state;
	for (uintptr_t i = 1; i < 5; i++)
		spawn(keeps_numbers, (void *)i);
	run_all();
}

static pawl_mutex lock = PAWL_MUTEX_INIT;

static void holds_over_a_yield(void *arg)
{
	pawl_mutex_lock(&lock);
	must(pawl_mutex_is_mine(&lock));
	must(pawl_mutex_lock_until(&lock, PAWL_FOREVER) == EDEADLK);
	pawl_i_task_yield();
	must(pawl_mutex_is_mine(&lock));
	++*(int *)arg;
	pawl_mutex_unlock(&lock);
}

static void finds_it_held(void *arg)
{
	(void)arg;
	must(!pawl_mutex_is_mine(&lock));
	must(pawl_mutex_trylock(&lock) == EBUSY);
}

static void a_mutex_belongs_to_the_task_that_locked_it(void **state)
{
	int count = 0;

	(void)state;
	spawn(holds_over_a_yield, &count);
	spawn(finds_it_held, NULL);
	spawn(holds_over_a_yield, &count);
	run_all();
	assert_int_equal(count, 2);
	assert_false(pawl_mutex_is_mine(&lock));
	pawl_mutex_lock(&lock);
	spawn(finds_it_held, NULL);
	run_all();
	pawl_mutex_unlock(&lock);
}

static void unlocks(void *arg)
{
	(void)arg;
	while (pawl_mutex_trylock(&lock) == 0) {
		pawl_mutex_unlock(&lock);
		pawl_i_task_yield();
	}
	pawl_mutex_unlock(&lock);
}

static void unlocks_what_another_holds(void *arg)
{
	(void)arg;
	spawn(holds_over_a_yield, &(int){ 0 });
	spawn(unlocks, NULL);
	run_all();
}

static void a_task_may_not_unlock_what_another_holds(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, unlocks_what_another_holds, NULL);
	child_assert_misuse(&c, "is held by thread");
}

static void ends_inside_a_scope(void *arg)
{
	static pawl_scope scope;

	(void)arg;
	pawl_scope_enter(&scope, PAWL_FOREVER, NULL, 0);
}

static void spawns_one_that_ends_inside_a_scope(void *arg)
{
	spawn(ends_inside_a_scope, arg);
	run_all();
}

static void a_task_leaves_its_scopes(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, spawns_one_that_ends_inside_a_scope, NULL);
	child_assert_misuse(&c, "was not left before it ended");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_task_runs_once_with_its_argument),
		TEST(without_tasks_a_run_returns),
		TEST(tasks_take_turns_when_they_yield),
		TEST(tasks_spawn_tasks),
		TEST(threads_spawn_tasks_while_they_run),
		TEST(there_is_one_worker),
		TEST(errno_is_kept_over_a_wait),
		TEST(floating_point_numbers_are_kept_over_a_wait),
		TEST(a_mutex_belongs_to_the_task_that_locked_it),
		TEST(a_task_may_not_unlock_what_another_holds),
		TEST(a_task_leaves_its_scopes),
	};

	return test_main(tests);
}
