/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stress_selftest.c - cases that must fail, each by another judge.  They run only with
 * --self-test; tests/test_stress_cli.sh looks at what becomes of them.
 */
#include "config.h"

#include <sched.h>
#include <stdlib.h>

#include <pawl/mutex.h>

#include "stress.h"

extern int64_t stress_selftest_plain;
int64_t stress_selftest_plain;

static pawl_mutex first = PAWL_MUTEX_INIT, second = PAWL_MUTEX_INIT;

/* One that never unlocks: all others sleep. */
static void stuck_body(struct stress_worker *w)
{
	pawl_mutex_lock(&first);
	while (w->team->size > 0)
		pawl_mutex_lock(&second);	/* is held by the main thread */
}

static void stuck_right(struct stress_team *t)
{
	stress_name(&first, "the first mutex");
	stress_name(&second, "the second mutex");
	pawl_mutex_lock(&second);
	stress_run(t, stuck_body);
}

/* Sleeps as it should, but counts wrong. */
static void wrong_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		pawl_mutex_lock(&first);
		stress_hold(w, &first);
		pawl_mutex_unlock(&first);
		stress_done(w);
	}
}

static void wrong_right(struct stress_team *t)
{
	stress_run(t, wrong_body);
	stress_fail("1 of %llu updates was lost, as \"planned\"",
		(unsigned long long)stress_ops(t));
}

/* All is well until after the last section, where nothing orders the threads. */
static void race_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		pawl_mutex_lock(&first);
		stress_hold(w, &first);
		stress_selftest_plain++;
		pawl_mutex_unlock(&first);
		stress_done(w);
	}
	/* Often, for when threads write at the very same time, TSan may miss it once. */
	for (int i = 0; i < 50; i++) {
		stress_meet(w);
		stress_selftest_plain++;
	}
}

static void race_right(struct stress_team *t)
{
	stress_run(t, race_body);
	stress_note("counted", (uint64_t)stress_selftest_plain);
}

/* Waits by spinning; would pass if only the result counted. */
static void spin_body(struct stress_worker *w)
{
	uint64_t rounds = 0;

	while (!atomic_load_explicit(&w->team->stop, memory_order_relaxed) || rounds < 100) {
		while (pawl_mutex_trylock(&first) != 0)
			sched_yield();
		stress_selftest_plain++;
		pawl_mutex_unlock(&first);
		stress_done(w);
		rounds++;
	}
}

static void spin_right(struct stress_team *t)
{
	stress_run(t, spin_body);
	stress_note("counted", (uint64_t)stress_selftest_plain);
}

static void crash_right(struct stress_team *t)
{
	pawl_mutex_lock(&first);
	if (t->size > 0)
		pawl_mutex_lock(&first);
}

/* Claims to be broken, but is not. */
static void unseen_broken(struct stress_team *t, struct stress_outcome *ret)
{
	t->waiting_wanted = false;
	stress_run(t, wrong_body);
	ret->of = stress_ops(t);
	ret->least = 1;
}

static void good_right(struct stress_team *t)
{
	stress_run(t, wrong_body);
}

/* Claims a deadlock, and there is none. */
static void alive_broken(struct stress_team *t, struct stress_outcome *ret)
{
	unseen_broken(t, ret);
}

const struct stress_case stress_selftest_cases[] = {
	{ .name = "selftest.stuck", .about = "never ends: the watchdog names it",
		.right = "nothing", .run_right = stuck_right },
	{ .name = "selftest.wrong", .about = "an invariant does not hold", .right = "nothing",
		.run_right = wrong_right },
	{ .name = "selftest.race", .about = "a data race in a right variant (seen with TSan)",
		.right = "nothing", .run_right = race_right },
	{ .name = "selftest.spin", .about = "right, but it never sleeps", .right = "nothing",
		.run_right = spin_right },
	{ .name = "selftest.crash", .about = "aborts", .right = "nothing",
		.run_right = crash_right },
	{ .name = "selftest.unseen", .about = "a broken variant that is not broken",
		.bad = "updates lost",
		.right = "pawl_mutex", .symbol = "stress_selftest_plain",
		.racy = &stress_selftest_plain,
		.racy_size = sizeof stress_selftest_plain, .run_broken = unseen_broken,
		.run_right = good_right },
	{ .name = "selftest.alive", .about = "a broken variant that does not deadlock",
		.bad = "deadlock", .right = "pawl_mutex", .run_broken = alive_broken,
		.run_right = good_right, .deadlocks = true },
	{ .name = NULL },
};
