/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_task_inside.c - tasks, from inside: runtime/task.h.
 *
 * This program has a runtime/task.c of its own, and of what that stands on, in which a thread can be
 * stopped before any access: so a fork finds it half-way, at each step of what it does.  And there
 * may be few tasks at once.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/hb.h"	/* before the headers, as in the library */

#include <pawl/atomic.h>
#include <pawl/pawl.h>

static void before_access(void);

#undef pawl_load_
#define pawl_load_(p, order) (before_access(), __atomic_load_n((p), PAWL_ORDER_##order##_))
#undef pawl_store_
#define pawl_store_(p, v, order) \
	(before_access(), __atomic_store_n((p), (v), PAWL_ORDER_##order##_))
#undef pawl_xchg_
#define pawl_xchg_(p, v, order) \
	(before_access(), __atomic_exchange_n((p), (v), PAWL_ORDER_##order##_))
#undef pawl_fetch_add_
#define pawl_fetch_add_(p, v, order) \
	(before_access(), __atomic_fetch_add((p), (v), PAWL_ORDER_##order##_))
#undef pawl_fetch_sub_
#define pawl_fetch_sub_(p, v, order) \
	(before_access(), __atomic_fetch_sub((p), (v), PAWL_ORDER_##order##_))
#undef pawl_fetch_or_
#define pawl_fetch_or_(p, v, order) \
	(before_access(), __atomic_fetch_or((p), (v), PAWL_ORDER_##order##_))
#undef pawl_cas_weak_
#define pawl_cas_weak_(p, expected, v, success, failure) \
	(before_access(), __atomic_compare_exchange_n((p), (expected), (v), true, \
		PAWL_ORDER_##success##_, PAWL_ORDER_##failure##_))
#undef pawl_cas_
#define pawl_cas_(p, expected, v, success, failure) \
	(before_access(), __atomic_compare_exchange_n((p), (expected), (v), false, \
		PAWL_ORDER_##success##_, PAWL_ORDER_##failure##_))
#include "reclaim/nodes.c"
#include "runtime/marks.c"
#include "runtime/task.c"

#include "tasks.h"

/*** A thread that is stopped ******************************************************************/

static __thread unsigned to_go;		/* accesses until it stops; 0: it does not */

static struct stop {
	struct worker worker;
	void (*fn)(void *arg);
	void *arg;
	unsigned at;
	bool early;		/* it was stopped before it was through */
	sem_t reached, go_on;
} stop;

static void before_access(void)
{
	if (to_go == 0 || --to_go > 0)
		return;
	stop.early = true;
	sem_post(&stop.reached);
	must(sem_wait(&stop.go_on) == 0);
}

static void stops_half_way(void *arg)
{
	(void)arg;
	to_go = stop.at;
	stop.fn(stop.arg);
	to_go = 0;
	if (!stop.early)
		sem_post(&stop.reached);
}

/* Have a thread call @fn(@arg).  Return: whether it is stopped now before its access @at, counted
 * from 1; else it is through. */
static bool stop_at(unsigned at, void (*fn)(void *arg), void *arg)
{
	stop = (struct stop){ .fn = fn, .arg = arg, .at = at };
	must(sem_init(&stop.reached, 0, 0) == 0 && sem_init(&stop.go_on, 0, 0) == 0);
	worker_start(&stop.worker, stops_half_way, NULL);
	must(sem_wait(&stop.reached) == 0);
	return stop.early;
}

static void let_it_go_on(void)
{
	sem_post(&stop.go_on);
	worker_join(&stop.worker);
}

/*** What was half done ************************************************************************/

static unsigned miscounted, unmarked;	/* forks that found it so */

static bool is_marked(uint32_t handle)
{
	uint32_t leaf = handle / MARKS_FAN, middle = leaf / MARKS_FAN;

	return (worker.marks.leaf[leaf] & bit(handle)) && (worker.marks.middle[middle] & bit(leaf)) &&
	       (worker.marks.top & bit(middle));
}

/* While the other is stopped, and @running tasks run. */
static void look(uint32_t running)
{
	uint32_t alive = 0, marked = 0;

	for (uint32_t handle = 1; handle <= pawl_i_nodes_made(&tasks); handle++) {
		alive += task_at(handle)->alive;
		marked += task_at(handle)->alive && is_marked(handle);
	}
	miscounted += alive != worker.alive;
	unmarked += alive > running && marked == 0;
}

static void end_of_child(pid_t child)
{
	int status;

	must(child > 0 && waitpid(child, &status, 0) == child);
	must(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static pid_t fork_watched(void)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		alarm(WATCH_SECONDS / 2);
	return child;
}

/*** Forks *************************************************************************************/

static int counted;

static void counts(void *arg)
{
	(void)arg;
	counted++;
}

static void spawns(void *arg)
{
	spawn(counts, arg);
}

/* TSan does not look at what a thread does in the child of a process of several threads, nor at
 * what that orders; but at the tasks, which are threads to it. */
static bool children_may_run_tasks(void)
{
	if (UNDER_TSAN)
		note("no tasks in the child under ThreadSanitizer");
	return !UNDER_TSAN;
}

/* In a child: what is there can be run, and more be started. */
static void goes_on(void)
{
	int before;

	run_all();
	must((before = counted) <= 1);
	spawn(counts, NULL);
	run_all();
	_exit(counted == before + 1 ? 0 : 1);
}

static void a_fork_may_find_a_spawn_half_way(void **state)
{
	bool early;

	(void)state;
	if (!children_may_run_tasks())
		return;
	miscounted = unmarked = 0;
	for (unsigned at = 1; early = stop_at(at, spawns, NULL), early; at++) {
		pid_t child;

		counted = 0;
		look(0);
		child = fork_watched();
		if (child == 0)
			goes_on();
		end_of_child(child);
		let_it_go_on();
		run_all();
		assert_int_equal(counted, 1);
	}
	worker_join(&stop.worker);
	run_all();
	note("%u forks found it counted, and not alive; %u alive, and not marked", miscounted,
	     unmarked);
	assert_true(miscounted > 0 && unmarked > 0);
}

/* One of the tasks forks, so that the child has them all. */
static pawl_sem permits;
static struct {
	void (*fn)(void *arg);	/* in which a thread is stopped */
	unsigned at;
	bool early, waits;
	pid_t child;
} plan;

static void waits_for_a_permit(void *arg)
{
	plan.waits = true;
	must(pawl_sem_acquire(&permits) == 0);
	counts(arg);
}

static void releases(void *arg)
{
	(void)arg;
	pawl_sem_release(&permits, 1);
}

static void forks_half_way(void *arg)
{
	while (!plan.waits)
		pawl_i_task_yield();
	plan.early = stop_at(plan.at, plan.fn, arg);
	if (plan.early)
		look(1);
	plan.child = fork_watched();
	if (plan.child == 0)
		return;
	end_of_child(plan.child);
	if (plan.early)
		let_it_go_on();
	else
		worker_join(&stop.worker);
}

/* Return: whether @fn was stopped. */
static bool fork_from_task(unsigned at, void (*fn)(void *arg))
{
	counted = 0;
	plan.at = at;
	plan.fn = fn;
	spawn(forks_half_way, NULL);
	run_all();
	if (plan.child == 0)
		goes_on();
	assert_int_equal(counted, 1);
	return plan.early;
}

static void a_fork_of_a_task_may_find_a_spawn_half_way(void **state)
{
	unsigned at = 1;

	(void)state;
	if (!children_may_run_tasks())
		return;
	miscounted = unmarked = 0;
	plan.waits = true;
	while (fork_from_task(at, spawns))
		at++;
	note("%u forks found it counted, and not alive; %u alive, and not marked", miscounted,
	     unmarked);
	assert_true(miscounted > 0 && unmarked > 0);
}

static void a_fork_of_a_task_may_find_a_wake_half_way(void **state)
{
	unsigned at = 0;
	bool early;

	(void)state;
	if (!children_may_run_tasks())
		return;
	miscounted = unmarked = 0;
	permits = (pawl_sem)PAWL_SEM_INIT(0);
	do {
		plan.waits = false;
		spawn(waits_for_a_permit, NULL);
		early = fork_from_task(++at, releases);
	} while (early);
	note("%u forks found it granted, and not marked", unmarked);
	assert_true(unmarked > 0);
	assert_int_equal(miscounted, 0);
}

/* They are the child's then; and gone, if they are run already. */
static void a_fork_may_find_another_thread_about_to_run_tasks(void **state)
{
	unsigned homeless = 0, at;
	bool early;

	(void)state;
	if (!children_may_run_tasks())
		return;
	for (at = 1; spawn(counts, NULL), early = stop_at(at, run_in_thread, NULL), early; at++) {
		pid_t child;

		homeless += worker.running && !worker.home;
		counted = 0;
		child = fork_watched();
		if (child == 0)
			goes_on();
		end_of_child(child);
		let_it_go_on();
	}
	worker_join(&stop.worker);
	note("%u forks found them to be run, and the other not at home yet, or no more", homeless);
	assert_true(homeless > 0);
}

/*** Too many **********************************************************************************/

enum { FEW = 5 };

static void in_child(void (*fn)(void *arg))
{
	struct child c;

	counted = 0;
	child_run(&c, fn, NULL);
	child_assert_silent(&c);
}

/* Return: how many can be started, of those that count. */
static int fill(void)
{
	int n = 0;

	while (pawl_i_task_spawn(counts, NULL) == 0)
		n++;
	return n;
}

static void few_at_once(void *arg)
{
	(void)arg;
	tasks.end = FEW + 1;
	for (int i = 1; i < 4; i++) {
		must(fill() == FEW);
		must(pawl_i_task_spawn(counts, NULL) == ENOMEM);
		run_all();
		must(counted == i * FEW);
	}
}

static void as_soon_as_one_ends_another_can_be_started(void **state)
{
	(void)state;
	in_child(few_at_once);
}

static void tries_to_spawn(void *arg)
{
	int rc = pawl_i_task_spawn(counts, arg);

	must(rc == 0 || rc == ENOMEM);
	*(int *)arg += rc != 0;
}

/* A thread is refused, and all end while it is half-way: it may keep none from being started. */
static void refused_meanwhile(void *arg)
{
	int refused = 0;

	(void)arg;
	tasks.end = FEW + 1;
	for (unsigned at = 1; must(fill() == FEW), stop_at(at, tries_to_spawn, &refused); at++) {
		run_all();
		let_it_go_on();
		run_all();
	}
	worker_join(&stop.worker);
	must(refused > 1);
	run_all();
}

static void who_was_refused_meanwhile_keeps_no_place(void **state)
{
	(void)state;
	in_child(refused_meanwhile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(as_soon_as_one_ends_another_can_be_started),
		TEST(who_was_refused_meanwhile_keeps_no_place),
		TEST(a_fork_may_find_a_spawn_half_way),
		TEST(a_fork_of_a_task_may_find_a_spawn_half_way),
		TEST(a_fork_of_a_task_may_find_a_wake_half_way),
		TEST(a_fork_may_find_another_thread_about_to_run_tasks),
	};

	return test_main(tests);
}
