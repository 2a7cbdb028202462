/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_once.c - pawl/once.h.  Timeouts against ends of runs in order: test_deadlines.c;
 * C++ exceptions: test_once_exception.cc.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/counter.h>
#include <pawl/mutex.h>
#include <pawl/once.h>

#include "support.h"

enum { CALLERS_MAX = 6 };

/* One that calls do(); its initialiser says that it runs, waits for a gate and ends. */
struct caller {
	struct worker worker;
	pawl_once *once;
	struct gate runs, may_end;
	int wanted;		/* what the initialiser returns */
	void (*leave)(void);	/* or how it leaves instead */
	int result, run_count;
};

static const struct caller NEW_CALLER = { .runs = GATE_INIT, .may_end = GATE_INIT, .result = -1 };

static int initialise(void *arg)
{
	struct caller *c = arg;

	c->run_count++;
	gate_open(&c->runs);
	gate_pass(&c->may_end);
	if (c->leave)
		c->leave();
	return c->wanted;
}

static void call(void *arg)
{
	struct caller *c = arg;

	c->result = pawl_once_do(c->once, initialise, c);
}

/* Start one that becomes the runner, and return when its initialiser runs. */
static void runner_start(struct caller *c, pawl_once *o, int wanted)
{
	c->once = o;
	c->wanted = wanted;
	worker_start(&c->worker, call, c);
	gate_pass(&c->runs);
}

/* Start one that has to wait; its initialiser will not. */
static void waiter_start(struct caller *c, pawl_once *o, int wanted)
{
	c->once = o;
	c->wanted = wanted;
	gate_open(&c->may_end);
	worker_start(&c->worker, call, c);
	worker_await_wait(&c->worker, "once", o);
}

static int count_run(void *arg)
{
	++*(int *)arg;
	return 0;
}

static int return_this(void *arg)
{
	return *(int *)arg;
}

/*** Alone *************************************************************************************/

static void the_first_call_runs_the_initialiser_and_later_ones_do_not(void **state)
{
	pawl_once *o = calloc(1, sizeof *o);	/* all-zero is valid */
	int runs = 0;

	(void)state;
	assert_non_null(o);
	assert_false(pawl_once_is_done(o));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pawl_once_do(o, count_run, &runs), 0);
		assert_true(pawl_once_is_done(o));
		assert_int_equal(pawl_once_do_until(o, count_run, &runs, 0), 0);
	}
	assert_int_equal(runs, 1);
	free(o);
}

static void a_once_has_at_most_16_bytes(void **state)
{
	(void)state;
	assert_in_range(sizeof(pawl_once), 1, 16);
}

static void an_error_goes_to_the_caller_and_it_is_not_done(void **state)
{
	int errors[] = { EIO, ENOMEM, ETIMEDOUT, ECANCELED, EDEADLK, -1, INT32_MIN, INT32_MAX };
	pawl_once o = PAWL_ONCE_INIT;
	int runs = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		assert_int_equal(pawl_once_do(&o, return_this, &errors[i]), errors[i]);
		assert_false(pawl_once_is_done(&o));
	}
	assert_int_equal(pawl_once_do(&o, count_run, &runs), 0);
	assert_true(pawl_once_is_done(&o));
	assert_int_equal(runs, 1);
}

static void a_past_deadline_still_runs_when_nobody_else_does(void **state)
{
	const pawl_time deadlines[] = { INT64_MIN, -1, 0, pawl_now(), PAWL_FOREVER };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
		pawl_once o = PAWL_ONCE_INIT;
		int runs = 0, error = EIO;

		assert_int_equal(pawl_once_do_until(&o, return_this, &error, deadlines[i]), EIO);
		assert_int_equal(pawl_once_do_until(&o, count_run, &runs, deadlines[i]), 0);
		assert_int_equal(runs, 1);
	}
}

static int call_itself(void *arg)
{
	pawl_once *o = arg;
	int runs = 0;

	assert_int_equal(pawl_once_do(o, count_run, &runs), EDEADLK);
	assert_int_equal(pawl_once_do_until(o, count_run, &runs, 0), EDEADLK);
	assert_int_equal(pawl_once_do_until(o, count_run, &runs, PAWL_FOREVER), EDEADLK);
	assert_int_equal(runs, 0);
	assert_false(pawl_once_is_done(o));
	return 0;
}

static void an_initialiser_that_calls_its_own_once_gets_edeadlk(void **state)
{
	pawl_once o = PAWL_ONCE_INIT;

	(void)state;
	assert_int_equal(pawl_once_do(&o, call_itself, &o), 0);
	assert_true(pawl_once_is_done(&o));
}

static int use_others(void *arg)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	pawl_cond c = PAWL_COND_INIT;
	pawl_once inner = PAWL_ONCE_INIT;

	pawl_mutex_lock(&m);
	assert_int_equal(pawl_cond_wait_until(&c, &m, pawl_after(PAWL_US(10))), ETIMEDOUT);
	pawl_mutex_unlock(&m);
	return pawl_once_do(&inner, count_run, arg);
}

static void an_initialiser_may_wait_and_use_other_objects(void **state)
{
	pawl_once o = PAWL_ONCE_INIT;
	int runs = 0;

	(void)state;
	assert_int_equal(pawl_once_do(&o, use_others, &runs), 0);
	assert_int_equal(runs, 1);
}

/*** Several ***********************************************************************************/

static void who_waits_gets_0_when_the_initialiser_succeeds(void **state)
{
	struct caller c[CALLERS_MAX];
	pawl_once o = PAWL_ONCE_INIT;

	(void)state;
	for (int i = 0; i < CALLERS_MAX; i++)
		c[i] = NEW_CALLER;
	runner_start(&c[0], &o, 0);
	for (int i = 1; i < CALLERS_MAX; i++)
		waiter_start(&c[i], &o, EIO);
	assert_false(pawl_once_is_done(&o));
	gate_open(&c[0].may_end);
	for (int i = 0; i < CALLERS_MAX; i++) {
		worker_join(&c[i].worker);
		assert_int_equal(c[i].result, 0);
		assert_int_equal(c[i].run_count, i == 0);
	}
	assert_true(pawl_once_is_done(&o));
}

static void when_it_fails_the_next_in_line_runs_its_own(void **state)
{
	const int wanted[CALLERS_MAX] = { EIO, E2BIG, ENOMEM, 0, EPERM, EPERM };
	struct caller c[CALLERS_MAX];
	pawl_once o = PAWL_ONCE_INIT;

	(void)state;
	for (int i = 0; i < CALLERS_MAX; i++)
		c[i] = NEW_CALLER;
	runner_start(&c[0], &o, wanted[0]);
	for (int i = 1; i < CALLERS_MAX; i++)
		waiter_start(&c[i], &o, wanted[i]);
	gate_open(&c[0].may_end);
	for (int i = 0; i < CALLERS_MAX; i++) {
		worker_join(&c[i].worker);
		assert_int_equal(c[i].result, i < 3 ? wanted[i] : 0);
		assert_int_equal(c[i].run_count, i < 4);
	}
	assert_true(pawl_once_is_done(&o));
}

static void when_all_fail_it_can_still_be_done_later(void **state)
{
	struct caller c[3] = { NEW_CALLER, NEW_CALLER, NEW_CALLER };
	pawl_once o = PAWL_ONCE_INIT;
	int runs = 0;

	(void)state;
	runner_start(&c[0], &o, EIO);
	waiter_start(&c[1], &o, E2BIG);
	waiter_start(&c[2], &o, ENOMEM);
	gate_open(&c[0].may_end);
	for (int i = 0; i < 3; i++) {
		worker_join(&c[i].worker);
		assert_int_equal(c[i].result, c[i].wanted);
	}
	assert_false(pawl_once_is_done(&o));
	assert_int_equal(pawl_once_do(&o, count_run, &runs), 0);
	assert_int_equal(runs, 1);
}

static void do_until_times_out_while_another_runs(void **state)
{
	const pawl_time deadlines[] = { INT64_MIN, -1, 0, pawl_now(), pawl_after(PAWL_MS(3)) };
	struct caller c = NEW_CALLER;
	pawl_once o = PAWL_ONCE_INIT;
	int runs = 0;

	(void)state;
	runner_start(&c, &o, 0);
	for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
		assert_int_equal(pawl_once_do_until(&o, count_run, &runs, deadlines[i]), ETIMEDOUT);
		assert_true(pawl_now() >= deadlines[i]);
	}
	assert_int_equal(runs, 0);
	gate_open(&c.may_end);
	worker_join(&c.worker);
	assert_int_equal(pawl_once_do_until(&o, count_run, &runs, 0), 0);
	assert_int_equal(runs, 0);
}

/*** Initialisers that do not return ***********************************************************/

static void leave_the_thread(void)
{
	pthread_exit(NULL);
}

/* Not in a call that sleeps: ThreadSanitizer's own wrappers of those do not unwind. */
static void wait_to_be_cancelled(void)
{
	for (;;) {
		pthread_testcancel();
		sched_yield();
	}
}

static void check_leaving(void (*leave)(void))
{
	struct caller first = NEW_CALLER, second = NEW_CALLER, third = NEW_CALLER;
	pawl_once o = PAWL_ONCE_INIT;

	first.leave = leave;
	runner_start(&first, &o, 0);
	waiter_start(&second, &o, 0);
	waiter_start(&third, &o, 0);
	gate_open(&first.may_end);
	if (leave == wait_to_be_cancelled)
		must(pthread_cancel(first.worker.pthread) == 0);
	worker_join(&first.worker);
	worker_join(&second.worker);
	worker_join(&third.worker);
	assert_int_equal(first.result, -1);	/* do() has not returned */
	assert_int_equal(second.result, 0);
	assert_int_equal(second.run_count, 1);
	assert_int_equal(third.run_count, 0);
	assert_true(pawl_once_is_done(&o));
}

static void one_that_leaves_by_pthread_exit_passes_the_role_on(void **state)
{
	(void)state;
	check_leaving(leave_the_thread);
}

static void one_that_is_cancelled_passes_the_role_on(void **state)
{
	(void)state;
	check_leaving(wait_to_be_cancelled);
}

/*** Races *************************************************************************************/

enum { RACERS = 4 };

struct race {
	pthread_barrier_t round;
	int rounds;
	pawl_once *once;
	int value, runs;	/* touched by initialisers only: nothing else orders them */
	pawl_counter timeouts;
};

static int initialise_value(void *arg)
{
	struct race *r = arg;

	r->runs++;
	sched_yield();		/* so that others come to wait */
	if (r->value++ < 0)
		return EIO;
	return 0;
}

static void race(void *arg)
{
	struct race *r = arg;

	for (int i = 0; i < r->rounds; i++) {
		if (pthread_barrier_wait(&r->round) == PTHREAD_BARRIER_SERIAL_THREAD) {
			r->once = calloc(1, sizeof *r->once);
			must(r->once != NULL);
			r->value = -2;	/* two failures, then success */
		}
		pthread_barrier_wait(&r->round);
		while (pawl_once_do(r->once, initialise_value, r) != 0)
			must(r->once != NULL);
		must(r->value == 1);
		must(pawl_once_is_done(r->once));
		if (pthread_barrier_wait(&r->round) == PTHREAD_BARRIER_SERIAL_THREAD)
			free(r->once);
	}
}

static void run_race(struct race *r, void (*fn)(void *arg))
{
	struct worker w[RACERS];

	pthread_barrier_init(&r->round, NULL, RACERS);
	for (int i = 0; i < RACERS; i++)
		worker_start(&w[i], fn, r);
	for (int i = 0; i < RACERS; i++)
		worker_join(&w[i]);
	pthread_barrier_destroy(&r->round);
}

static void of_many_callers_only_as_many_run_as_it_takes(void **state)
{
	struct race r = { .rounds = ROUNDS(5000) };

	(void)state;
	run_race(&r, race);
	assert_int_equal(r.runs, 3 * r.rounds);
}

static int fail_and_count(void *arg)
{
	struct race *r = arg;

	r->runs++;
	return EIO;
}

static void fail_often(void *arg)
{
	struct race *r = arg;

	for (int i = 0; i < r->rounds; i++)
		must(pawl_once_do(r->once, fail_and_count, r) == EIO);
}

static void runs_that_fail_see_what_earlier_ones_left(void **state)
{
	pawl_once o = PAWL_ONCE_INIT;
	struct race r = { .rounds = ROUNDS(50000), .once = &o };

	(void)state;
	run_race(&r, fail_often);
	assert_int_equal(r.runs, RACERS * r.rounds);
	assert_false(pawl_once_is_done(&o));
}

static int initialise_briefly(void *arg)
{
	struct race *r = arg;

	for (pawl_time end = pawl_after(PAWL_US(30)); pawl_now() < end;)
		;
	r->runs++;
	return 0;
}

/* Waits time out while the initialiser succeeds; once done is done for ever. */
static void race_with_deadlines(void *arg)
{
	struct race *r = arg;
	unsigned turn = 0;

	for (int i = 0; i < r->rounds; i++) {
		int err;

		if (pthread_barrier_wait(&r->round) == PTHREAD_BARRIER_SERIAL_THREAD) {
			r->once = calloc(1, sizeof *r->once);
			must(r->once != NULL);
		}
		pthread_barrier_wait(&r->round);
		do {
			err = pawl_once_do_until(r->once, initialise_briefly, r,
						 pawl_after(PAWL_US(turn++ % 40)));
			if (err == ETIMEDOUT)
				(void)pawl_counter_add(&r->timeouts, 1);
			else
				must(err == 0);
		} while (err != 0);
		for (int look = 0; look < 100; look++)
			must(pawl_once_is_done(r->once));
		if (pthread_barrier_wait(&r->round) == PTHREAD_BARRIER_SERIAL_THREAD)
			free(r->once);
	}
}

static void what_is_done_stays_done_while_others_time_out(void **state)
{
	struct race r = { .rounds = ROUNDS(5000) };

	(void)state;
	run_race(&r, race_with_deadlines);
	assert_int_equal(r.runs, r.rounds);
	note("%d rounds, %d timeouts", r.rounds, (int)pawl_counter_get(&r.timeouts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_call_runs_the_initialiser_and_later_ones_do_not),
		TEST(a_once_has_at_most_16_bytes),
		TEST(an_error_goes_to_the_caller_and_it_is_not_done),
		TEST(a_past_deadline_still_runs_when_nobody_else_does),
		TEST(an_initialiser_that_calls_its_own_once_gets_edeadlk),
		TEST(an_initialiser_may_wait_and_use_other_objects),
		TEST(who_waits_gets_0_when_the_initialiser_succeeds),
		TEST(when_it_fails_the_next_in_line_runs_its_own),
		TEST(when_all_fail_it_can_still_be_done_later),
		TEST(do_until_times_out_while_another_runs),
		TEST(one_that_leaves_by_pthread_exit_passes_the_role_on),
		TEST(one_that_is_cancelled_passes_the_role_on),
		TEST(of_many_callers_only_as_many_run_as_it_takes),
		TEST(runs_that_fail_see_what_earlier_ones_left),
		TEST(what_is_done_stays_done_while_others_time_out),
	};

	return test_main(tests);
}
