/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_windows.c - a wait that times out meets its answer.
 *
 * The clock is virtual.  Each round one thread makes a deadline pass while another does
 * what ends the wait, one of them a moment later: how much later moves, round by round,
 * to where both ends are as likely.  Either way nothing may be lost: who was answered got
 * it, who gave up left no trace.  And both must have happened.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <pawl/cond.h>
#include <pawl/counter.h>
#include <pawl/mutex.h>
#include <pawl/once.h>

#include "support.h"

enum { WINDOWS = 120 };

/*** The race **********************************************************************************/

static struct {
	int answered, gave_up;	/* how rounds ended */
	int64_t later;		/* ns by which the answer is later than the clock; or earlier */
	struct gate begin;
	struct worker clock;
} race;

static int64_t real_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * PAWL_S(1) + t.tv_nsec;
}

static void spend(int64_t ns)
{
	int64_t end = real_now() + ns;

	while (real_now() < end)
		continue;
}

static void let_deadline_pass(void *arg)
{
	(void)arg;
	gate_pass(&race.begin);
	spend(-race.later);
	must(pawl_clock_advance(PAWL_S(1)) == 0);
}

/* The deadline, 1 s after now, passes about when this returns. */
static void race_begin(void)
{
	race.begin = (struct gate)GATE_INIT;
	worker_start(&race.clock, let_deadline_pass, NULL);
	gate_open(&race.begin);
	spend(race.later);
}

/* @result: of the wait with the deadline. */
static void race_end(int result)
{
	int64_t step = PAWL_US(1) + llabs(race.later) / 4;

	worker_join(&race.clock);
	must(result == 0 || result == ETIMEDOUT);
	++*(result == 0 ? &race.answered : &race.gave_up);
	race.later += result == 0 ? step : -step;
}

static void assert_both_ends(void)
{
	note("%d answered, %d gave up", race.answered, race.gave_up);
	assert_true(race.answered > 0);
	assert_true(race.gave_up > 0);
	race.answered = race.gave_up = 0;
	race.later = 0;
}

/*** Mutex: the holder unlocks *****************************************************************/

static void open_mutex_window(unsigned flags)
{
	struct locker timed, behind;
	pawl_mutex m;

	assert_int_equal(pawl_mutex_init(&m, flags), 0);
	pawl_mutex_lock(&m);
	locker_start(&timed, 0, &m, pawl_after(PAWL_S(1)), NULL);
	locker_start(&behind, 1, &m, PAWL_FOREVER, NULL);
	race_begin();
	pawl_mutex_unlock(&m);
	race_end(locker_join(&timed));
	assert_int_equal(locker_join(&behind), 0);
	pawl_mutex_destroy(&m);
}

static void unlock_meets_a_lock_that_times_out(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		for (unsigned i = 0; i < WINDOWS; i++)
			open_mutex_window(flags);
		assert_both_ends();
	}
}

/*** Condition: a signal or a broadcast ********************************************************/

struct cond_window {
	pawl_mutex mutex;
	pawl_cond cond;
};

struct cond_waiter {
	struct worker worker;
	struct cond_window *window;
	pawl_time deadline;
	int result;
};

static void wait_for_signal(void *arg)
{
	struct cond_waiter *w = arg;

	pawl_mutex_lock(&w->window->mutex);
	w->result = pawl_cond_wait_until(&w->window->cond, &w->window->mutex, w->deadline);
	pawl_mutex_unlock(&w->window->mutex);
}

static void cond_waiter_start(struct cond_waiter *w, struct cond_window *window, pawl_time deadline)
{
	w->window = window;
	w->deadline = deadline;
	worker_start(&w->worker, wait_for_signal, w);
	worker_await_wait(&w->worker, "cond", &window->cond);
}

static void open_cond_window(unsigned flags, bool all)
{
	struct cond_window w = { .cond = PAWL_COND_INIT };
	struct cond_waiter timed, behind;

	assert_int_equal(pawl_mutex_init(&w.mutex, flags), 0);
	cond_waiter_start(&timed, &w, pawl_after(PAWL_S(1)));
	cond_waiter_start(&behind, &w, PAWL_FOREVER);
	race_begin();
	if (all)
		pawl_cond_broadcast(&w.cond);
	else
		pawl_cond_signal(&w.cond);
	worker_join(&timed.worker);
	race_end(timed.result);
	/* One signal: it is the first one's, or goes to the second. */
	if (!all && timed.result == 0) {
		worker_await_wait(&behind.worker, "cond", &w.cond);
		pawl_cond_signal(&w.cond);
	}
	worker_join(&behind.worker);
	assert_int_equal(behind.result, 0);
	pawl_mutex_destroy(&w.mutex);
}

static void a_signal_meets_a_wait_that_times_out(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WINDOWS; i++)
		open_cond_window(i % 2, false);
	assert_both_ends();
}

static void a_broadcast_meets_a_wait_that_times_out(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WINDOWS; i++)
		open_cond_window(i % 2, true);
	assert_both_ends();
}

/*** Once: the initialiser succeeds or fails ***************************************************/

struct once_window {
	pawl_once once;
	struct gate runs, may_end;
	int wanted;
};

struct once_caller {
	struct worker worker;
	struct once_window *window;
	pawl_time deadline;
	int result, runs;
};

static int run_until_told(void *arg)
{
	struct once_window *w = arg;

	gate_open(&w->runs);
	gate_pass(&w->may_end);
	return w->wanted;
}

static void run_first(void *arg)
{
	struct once_window *w = arg;

	must(pawl_once_do(&w->once, run_until_told, w) == w->wanted);
}

static int run_at_once(void *arg)
{
	struct once_caller *c = arg;

	c->runs++;
	return 0;
}

static void call(void *arg)
{
	struct once_caller *c = arg;

	c->result = pawl_once_do_until(&c->window->once, run_at_once, c, c->deadline);
}

static void caller_start(struct once_caller *c, struct once_window *w, pawl_time deadline)
{
	c->window = w;
	c->deadline = deadline;
	c->runs = 0;
	worker_start(&c->worker, call, c);
}

static void open_once_window(int wanted)
{
	struct once_window w = { .runs = GATE_INIT, .may_end = GATE_INIT, .wanted = wanted };
	struct once_caller timed, behind, late;
	struct worker runner;

	worker_start(&runner, run_first, &w);
	gate_pass(&w.runs);
	caller_start(&timed, &w, pawl_after(PAWL_S(1)));
	worker_await_wait(&timed.worker, "once", &w.once);
	caller_start(&behind, &w, PAWL_FOREVER);
	worker_await_wait(&behind.worker, "once", &w.once);
	caller_start(&late, &w, PAWL_FOREVER);	/* comes at the same time */
	race_begin();
	gate_open(&w.may_end);
	worker_join(&runner);
	worker_join(&timed.worker);
	race_end(timed.result);
	worker_join(&behind.worker);
	worker_join(&late.worker);
	assert_int_equal(behind.result, 0);
	assert_int_equal(late.result, 0);
	assert_int_equal(timed.runs + behind.runs + late.runs, wanted == 0 ? 0 : 1);
	assert_true(pawl_once_is_done(&w.once));
}

static void the_end_of_a_run_meets_a_wait_that_times_out(void **state)
{
	(void)state;
	for (int i = 0; i < WINDOWS; i++)
		open_once_window(i % 2 ? EIO : 0);
	assert_both_ends();
}

/*** Counter: it becomes zero ******************************************************************/

struct counter_waiter {
	struct worker worker;
	pawl_counter *counter;
	pawl_time deadline;
	int result;
};

static void wait_for_zero(void *arg)
{
	struct counter_waiter *w = arg;

	w->result = pawl_counter_wait_zero(w->counter, w->deadline);
}

static void zero_waiter_start(struct counter_waiter *w, pawl_counter *c, pawl_time deadline)
{
	w->counter = c;
	w->deadline = deadline;
	worker_start(&w->worker, wait_for_zero, w);
	worker_await_wait(&w->worker, "counter", c);
}

static void open_counter_window(void)
{
	pawl_counter c = PAWL_COUNTER_INIT(1);
	struct counter_waiter timed, behind;

	zero_waiter_start(&timed, &c, pawl_after(PAWL_S(1)));
	zero_waiter_start(&behind, &c, PAWL_FOREVER);
	race_begin();
	pawl_counter_add(&c, -1);
	worker_join(&timed.worker);
	race_end(timed.result);
	worker_join(&behind.worker);
	assert_int_equal(behind.result, 0);
}

static void zero_meets_a_wait_that_times_out(void **state)
{
	(void)state;
	for (int i = 0; i < WINDOWS; i++)
		open_counter_window();
	assert_both_ends();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unlock_meets_a_lock_that_times_out),
		TEST(a_signal_meets_a_wait_that_times_out),
		TEST(a_broadcast_meets_a_wait_that_times_out),
		TEST(the_end_of_a_run_meets_a_wait_that_times_out),
		TEST(zero_meets_a_wait_that_times_out),
	};

	if (pawl_clock_set_virtual(PAWL_S(1)) != 0)
		return 99;
	return test_main(tests);
}
