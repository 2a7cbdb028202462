/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_windows.c - a wait that times out meets its signal: from inside.
 *
 * Both must enter the object's list.  Each round holds the list's lock until both stand
 * before it, then lets them in, in whatever order they come.  Either way nothing may be
 * lost: who was signalled got it, who gave up left no trace.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include <pawl/mutex.h>
#include <pawl/once.h>

#include "support.h"
#include "wait/list.h"

enum { WINDOWS = 60 };

static int won, gave_up;	/* how rounds ended; for the note */

static void note_rounds(void)
{
	note("%d signalled, %d gave up", won, gave_up);
	won = gave_up = 0;
}

static void count(int result)
{
	must(result == 0 || result == ETIMEDOUT);
	++*(result == 0 ? &won : &gave_up);
}

/* Its deadline has passed, and it is on the way to the list. */
static void await_end_of_sleep(const struct worker *w)
{
	char line[64];

	must(pawl_clock_advance(PAWL_S(1)) == 0);
	snprintf(line, sizeof line, "(tid %d) does not wait", (int)w->tid);
	while (!dump_shows(line, ""))
		nap(PAWL_US(50));
}

/* Open the window: the other one is let go, and has time to come to the list. */
static void let_both_in(struct gate *other, uint64_t *word)
{
	gate_open(other);
	nap(PAWL_US(300));
	pawl_i_list_unlock(word, 0);
}

/*** Mutex: the holder unlocks *****************************************************************/

struct mutex_window {
	pawl_mutex mutex;
	struct gate holds, may_unlock;
};

static void hold_until_told(void *arg)
{
	struct mutex_window *w = arg;

	pawl_mutex_lock(&w->mutex);
	gate_open(&w->holds);
	gate_pass(&w->may_unlock);
	pawl_mutex_unlock(&w->mutex);
}

static void open_mutex_window(unsigned flags)
{
	struct mutex_window w = { .holds = GATE_INIT, .may_unlock = GATE_INIT };
	struct locker timed, behind;
	struct worker holder;

	assert_int_equal(pawl_mutex_init(&w.mutex, flags), 0);
	worker_start(&holder, hold_until_told, &w);
	gate_pass(&w.holds);
	locker_start(&timed, 0, &w.mutex, pawl_after(PAWL_S(1)), NULL);
	locker_start(&behind, 1, &w.mutex, PAWL_FOREVER, NULL);
	pawl_i_list_lock(&w.mutex.word_);
	await_end_of_sleep(&timed.worker);
	let_both_in(&w.may_unlock, &w.mutex.word_);
	worker_join(&holder);
	count(locker_join(&timed));
	assert_int_equal(locker_join(&behind), 0);
	pawl_mutex_destroy(&w.mutex);
}

static void unlock_meets_a_lock_that_times_out(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WINDOWS; i++)
		open_mutex_window(i % 2);
	note_rounds();
}

/*** Condition: a signal or a broadcast ********************************************************/

struct cond_window {
	pawl_mutex mutex;
	pawl_cond cond;
	struct gate may_signal;
	bool all;
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

static void signal_when_told(void *arg)
{
	struct cond_window *w = arg;

	gate_pass(&w->may_signal);
	if (w->all)
		pawl_cond_broadcast(&w->cond);
	else
		pawl_cond_signal(&w->cond);
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
	struct cond_window w = { .may_signal = GATE_INIT, .all = all };
	struct cond_waiter timed, behind;
	struct worker signaller;

	assert_int_equal(pawl_mutex_init(&w.mutex, flags), 0);
	cond_waiter_start(&timed, &w, pawl_after(PAWL_S(1)));
	cond_waiter_start(&behind, &w, PAWL_FOREVER);
	worker_start(&signaller, signal_when_told, &w);
	pawl_i_list_lock(&w.cond.word_);
	await_end_of_sleep(&timed.worker);
	let_both_in(&w.may_signal, &w.cond.word_);
	worker_join(&signaller);
	worker_join(&timed.worker);
	count(timed.result);
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
	note_rounds();
}

static void a_broadcast_meets_a_wait_that_times_out(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WINDOWS; i++)
		open_cond_window(i % 2, true);
	note_rounds();
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
	pawl_i_list_lock(&w.once.word_);
	await_end_of_sleep(&timed.worker);
	caller_start(&late, &w, PAWL_FOREVER);	/* will want to enter the list too */
	let_both_in(&w.may_end, &w.once.word_);
	worker_join(&runner);
	worker_join(&timed.worker);
	count(timed.result);
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
	note_rounds();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unlock_meets_a_lock_that_times_out),
		TEST(a_signal_meets_a_wait_that_times_out),
		TEST(a_broadcast_meets_a_wait_that_times_out),
		TEST(the_end_of_a_run_meets_a_wait_that_times_out),
	};

	if (pawl_clock_set_virtual(PAWL_S(1)) != 0)
		return 99;
	return test_main(tests);
}
