/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_deadlines.c - waits of mutex, cond, once and counter that end by their deadline,
 * in virtual time: each case decides what has happened before the deadline passes.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include <pawl/counter.h>
#include <pawl/mutex.h>
#include <pawl/once.h>

#include "support.h"

static void advance(pawl_ns d)
{
	assert_int_equal(pawl_clock_advance(d), 0);
}

static void with_both_policies(void (*fn)(pawl_mutex *m))
{
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		pawl_mutex m;

		assert_int_equal(pawl_mutex_init(&m, flags), 0);
		fn(&m);
		pawl_mutex_destroy(&m);
	}
}

/*** Mutex *************************************************************************************/

static void check_mutex_instant(pawl_mutex *m)
{
	struct locker l;

	pawl_mutex_lock(m);
	locker_start(&l, 0, m, pawl_after(PAWL_S(5)), NULL);
	advance(PAWL_S(5) - 1);
	nap(PAWL_MS(2));
	worker_await_wait(&l.worker, "mutex", m);
	advance(1);
	assert_int_equal(locker_join(&l), ETIMEDOUT);
	assert_int_equal(pawl_now(), l.deadline);
	pawl_mutex_unlock(m);
}

static void a_lock_times_out_at_its_deadline_and_not_before(void **state)
{
	(void)state;
	with_both_policies(check_mutex_instant);
}

/* Of five who wait, the first, the third and the last give up. */
static void check_order_without_those_who_left(pawl_mutex *m)
{
	struct order order = { 0 };
	struct locker l[5];

	pawl_mutex_lock(m);
	for (int i = 0; i < 5; i++)
		locker_start(&l[i], i, m, i % 2 ? PAWL_FOREVER : pawl_after(PAWL_S(1)), &order);
	advance(PAWL_S(1));
	for (int i = 0; i < 5; i += 2)
		assert_int_equal(locker_join(&l[i]), ETIMEDOUT);
	pawl_mutex_unlock(m);
	assert_int_equal(locker_join(&l[1]), 0);
	assert_int_equal(locker_join(&l[3]), 0);
	assert_int_equal(order.count, 2);
	assert_int_equal(order.who[0], 1);
	assert_int_equal(order.who[1], 3);
}

static void those_who_gave_up_do_not_stand_in_the_way(void **state)
{
	(void)state;
	with_both_policies(check_order_without_those_who_left);
}

static void check_all_left(pawl_mutex *m)
{
	struct locker l[3];

	pawl_mutex_lock(m);
	for (int i = 0; i < 3; i++)
		locker_start(&l[i], i, m, pawl_after(PAWL_S(1)), NULL);
	advance(PAWL_S(1));
	for (int i = 0; i < 3; i++)
		assert_int_equal(locker_join(&l[i]), ETIMEDOUT);
	pawl_mutex_unlock(m);
	assert_int_equal(pawl_mutex_trylock(m), 0);
	pawl_mutex_unlock(m);
}

static void when_all_gave_up_the_mutex_is_free_after_unlock(void **state)
{
	(void)state;
	with_both_policies(check_all_left);
}

/* The first of two is woken, but comes back only after its deadline, to a mutex that is
 * taken: the second must not sleep for ever. */
static void an_heir_whose_deadline_passed_lets_the_next_one_go(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker first, second;

	(void)state;
	pawl_mutex_lock(&m);
	locker_start(&first, 1, &m, pawl_after(PAWL_S(1)), NULL);
	locker_start(&second, 2, &m, PAWL_FOREVER, NULL);
	worker_freeze(&first.worker);
	pawl_mutex_unlock(&m);
	assert_int_equal(pawl_mutex_trylock(&m), 0);
	advance(PAWL_S(1));
	worker_thaw(&first.worker);
	assert_int_equal(locker_join(&first), ETIMEDOUT);
	pawl_mutex_unlock(&m);
	assert_int_equal(locker_join(&second), 0);
	pawl_mutex_destroy(&m);
}

/* As above, and nobody else waits: the mutex must be quite free after the unlock. */
static void an_heir_that_gave_up_leaves_no_trace(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker l;

	(void)state;
	pawl_mutex_lock(&m);
	locker_start(&l, 0, &m, pawl_after(PAWL_S(1)), NULL);
	worker_freeze(&l.worker);
	pawl_mutex_unlock(&m);
	assert_int_equal(pawl_mutex_trylock(&m), 0);
	advance(PAWL_S(1));
	worker_thaw(&l.worker);
	assert_int_equal(locker_join(&l), ETIMEDOUT);
	pawl_mutex_unlock(&m);
	pawl_mutex_destroy(&m);
}

static void check_late_but_woken(pawl_mutex *m)
{
	struct locker first, second;

	pawl_mutex_lock(m);
	locker_start(&first, 1, m, pawl_after(PAWL_S(1)), NULL);
	locker_start(&second, 2, m, PAWL_FOREVER, NULL);
	worker_freeze(&first.worker);
	pawl_mutex_unlock(m);
	advance(PAWL_S(1));
	worker_thaw(&first.worker);
	assert_int_equal(locker_join(&first), 0);
	assert_int_equal(locker_join(&second), 0);
}

static void who_was_woken_in_time_gets_it_though_its_deadline_passed_since(void **state)
{
	(void)state;
	with_both_policies(check_late_but_woken);
}

static void the_next_one_does_not_inherit_the_hand_over_of_who_gave_up(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker starving, next;

	(void)state;
	pawl_mutex_lock(&m);
	locker_start(&starving, 1, &m, pawl_after(PAWL_S(1)), NULL);
	locker_starve(&starving);
	locker_start(&next, 2, &m, PAWL_FOREVER, NULL);
	advance(PAWL_S(1));
	assert_int_equal(locker_join(&starving), ETIMEDOUT);
	worker_freeze(&next.worker);
	pawl_mutex_unlock(&m);
	assert_int_equal(pawl_mutex_trylock(&m), 0);
	worker_thaw(&next.worker);
	pawl_mutex_unlock(&m);
	assert_int_equal(locker_join(&next), 0);
	pawl_mutex_destroy(&m);
}

/*** Condition *********************************************************************************/

struct cond_case {
	pawl_mutex mutex;
	pawl_cond cond;
};

struct cond_waiter {
	struct worker worker;
	struct cond_case *shared;
	pawl_time deadline;
	int result;
};

static void wait_on_cond(void *arg)
{
	struct cond_waiter *w = arg;

	pawl_mutex_lock(&w->shared->mutex);
	w->result = pawl_cond_wait_until(&w->shared->cond, &w->shared->mutex, w->deadline);
	must(pawl_mutex_is_mine(&w->shared->mutex));
	pawl_mutex_unlock(&w->shared->mutex);
}

static void cond_waiter_start(struct cond_waiter *w, struct cond_case *shared, pawl_time deadline)
{
	w->shared = shared;
	w->deadline = deadline;
	worker_start(&w->worker, wait_on_cond, w);
	worker_await_wait(&w->worker, "cond", &shared->cond);
}

static int cond_waiter_join(struct cond_waiter *w)
{
	worker_join(&w->worker);
	return w->result;
}

static void a_cond_wait_times_out_at_its_deadline_and_not_before(void **state)
{
	struct cond_case c = { PAWL_MUTEX_INIT, PAWL_COND_INIT };
	struct cond_waiter w;

	(void)state;
	cond_waiter_start(&w, &c, pawl_after(PAWL_S(5)));
	advance(PAWL_S(5) - 1);
	nap(PAWL_MS(2));
	worker_await_wait(&w.worker, "cond", &c.cond);
	advance(1);
	assert_int_equal(cond_waiter_join(&w), ETIMEDOUT);
}

static void a_signal_taken_before_the_deadline_counts_though_it_passed_since(void **state)
{
	struct cond_case c = { PAWL_MUTEX_INIT, PAWL_COND_INIT };
	struct cond_waiter w;

	(void)state;
	cond_waiter_start(&w, &c, pawl_after(PAWL_S(1)));
	worker_freeze(&w.worker);
	pawl_cond_signal(&c.cond);
	advance(PAWL_S(1));
	worker_thaw(&w.worker);
	assert_int_equal(cond_waiter_join(&w), 0);
}

static void who_was_signalled_waits_for_the_mutex_beyond_its_deadline(void **state)
{
	struct cond_waiter first, second;

	(void)state;
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		struct cond_case c = { .cond = PAWL_COND_INIT };

		assert_int_equal(pawl_mutex_init(&c.mutex, flags), 0);
		cond_waiter_start(&first, &c, pawl_after(PAWL_S(1)));
		cond_waiter_start(&second, &c, pawl_after(PAWL_S(1)));
		pawl_mutex_lock(&c.mutex);
		pawl_cond_signal(&c.cond);
		advance(PAWL_S(1));
		worker_await_wait(&second.worker, "mutex", &c.mutex);	/* it timed out */
		worker_await_sleep(&first.worker);
		pawl_mutex_unlock(&c.mutex);
		assert_int_equal(cond_waiter_join(&first), 0);
		assert_int_equal(cond_waiter_join(&second), ETIMEDOUT);
		pawl_mutex_destroy(&c.mutex);
	}
}

static void a_signal_goes_past_who_gave_up(void **state)
{
	struct cond_case c = { PAWL_MUTEX_INIT, PAWL_COND_INIT };
	struct cond_waiter first, second;

	(void)state;
	cond_waiter_start(&first, &c, pawl_after(PAWL_S(1)));
	cond_waiter_start(&second, &c, PAWL_FOREVER);
	advance(PAWL_S(1));
	assert_int_equal(cond_waiter_join(&first), ETIMEDOUT);
	pawl_cond_signal(&c.cond);
	assert_int_equal(cond_waiter_join(&second), 0);
}

static void who_timed_out_still_waits_for_the_mutex_and_returns_holding_it(void **state)
{
	struct cond_case c = { PAWL_MUTEX_INIT, PAWL_COND_INIT };
	struct cond_waiter w;

	(void)state;
	cond_waiter_start(&w, &c, pawl_after(PAWL_S(1)));
	pawl_mutex_lock(&c.mutex);
	advance(PAWL_S(1));
	worker_await_wait(&w.worker, "mutex", &c.mutex);
	pawl_mutex_unlock(&c.mutex);
	assert_int_equal(cond_waiter_join(&w), ETIMEDOUT);
}

/*** Once **************************************************************************************/

struct once_case {
	pawl_once once;
	struct gate runs, may_end;
	int result;
};

struct once_waiter {
	struct worker worker;
	struct once_case *shared;
	pawl_time deadline;
	int result, runs;
	struct gate runs_now, may_end;	/* of its initialiser, if it is one to wait for */
};

static int initialise_behind_gate(void *arg)
{
	struct once_case *c = arg;

	gate_open(&c->runs);
	gate_pass(&c->may_end);
	return c->result;
}

static void run_behind_gate(void *arg)
{
	struct once_case *c = arg;

	must(pawl_once_do(&c->once, initialise_behind_gate, c) == c->result);
}

static int count_run(void *arg)
{
	struct once_waiter *w = arg;

	w->runs++;
	return 0;
}

static void wait_on_once(void *arg)
{
	struct once_waiter *w = arg;

	w->result = pawl_once_do_until(&w->shared->once, count_run, w, w->deadline);
}

static void once_waiter_start(struct once_waiter *w, struct once_case *shared, pawl_time deadline)
{
	w->shared = shared;
	w->deadline = deadline;
	w->runs = 0;
	worker_start(&w->worker, wait_on_once, w);
	worker_await_wait(&w->worker, "once", &shared->once);
}

static void runner_start(struct worker *runner, struct once_case *c)
{
	worker_start(runner, run_behind_gate, c);
	gate_pass(&c->runs);
}

static void a_once_wait_times_out_at_its_deadline_and_runs_nothing(void **state)
{
	struct once_case c = { PAWL_ONCE_INIT, GATE_INIT, GATE_INIT, 0 };
	struct once_waiter w;
	struct worker runner;

	(void)state;
	runner_start(&runner, &c);
	once_waiter_start(&w, &c, pawl_after(PAWL_S(5)));
	advance(PAWL_S(5) - 1);
	nap(PAWL_MS(2));
	worker_await_wait(&w.worker, "once", &c.once);
	advance(1);
	worker_join(&w.worker);
	assert_int_equal(w.result, ETIMEDOUT);
	assert_int_equal(w.runs, 0);
	gate_open(&c.may_end);
	worker_join(&runner);
	assert_true(pawl_once_is_done(&c.once));
}

static void the_role_goes_past_who_gave_up(void **state)
{
	struct once_case c = { PAWL_ONCE_INIT, GATE_INIT, GATE_INIT, EIO };
	struct once_waiter first, second;
	struct worker runner;

	(void)state;
	runner_start(&runner, &c);
	once_waiter_start(&first, &c, pawl_after(PAWL_S(1)));
	once_waiter_start(&second, &c, PAWL_FOREVER);
	advance(PAWL_S(1));
	worker_join(&first.worker);
	assert_int_equal(first.result, ETIMEDOUT);
	gate_open(&c.may_end);
	worker_join(&runner);
	worker_join(&second.worker);
	assert_int_equal(second.result, 0);
	assert_int_equal(second.runs, 1);
}

static int call_again(void *arg)
{
	struct once_waiter *w = arg;

	w->runs++;
	gate_open(&w->runs_now);
	gate_pass(&w->may_end);
	must(pawl_once_do(&w->shared->once, count_run, w) == EDEADLK);
	return 0;
}

static void run_when_it_is_my_turn(void *arg)
{
	struct once_waiter *w = arg;

	w->result = pawl_once_do(&w->shared->once, call_again, w);
}

/* The second runs, and knows itself as the runner, though the third behind it gave up. */
static void who_gives_up_behind_the_next_runner_leaves_no_trace(void **state)
{
	struct once_case c = { PAWL_ONCE_INIT, GATE_INIT, GATE_INIT, EIO };
	struct once_waiter second = { .runs_now = GATE_INIT, .may_end = GATE_INIT }, third;
	struct worker runner;

	(void)state;
	second.shared = &c;
	runner_start(&runner, &c);
	worker_start(&second.worker, run_when_it_is_my_turn, &second);
	worker_await_wait(&second.worker, "once", &c.once);
	once_waiter_start(&third, &c, pawl_after(PAWL_S(1)));
	gate_open(&c.may_end);
	gate_pass(&second.runs_now);
	advance(PAWL_S(1));
	worker_join(&third.worker);
	assert_int_equal(third.result, ETIMEDOUT);
	gate_open(&second.may_end);
	worker_join(&runner);
	worker_join(&second.worker);
	assert_int_equal(second.result, 0);
	assert_int_equal(second.runs, 1);
	assert_true(pawl_once_is_done(&c.once));
}

/* Signalled before its deadline, awake only after it: the result of the signal counts. */
static void check_late_but_signalled(int runner_result, int runs)
{
	struct once_case c = { PAWL_ONCE_INIT, GATE_INIT, GATE_INIT, runner_result };
	struct once_waiter w;
	struct worker runner;

	runner_start(&runner, &c);
	once_waiter_start(&w, &c, pawl_after(PAWL_S(1)));
	worker_freeze(&w.worker);
	gate_open(&c.may_end);
	worker_join(&runner);
	advance(PAWL_S(1));
	worker_thaw(&w.worker);
	worker_join(&w.worker);
	assert_int_equal(w.result, 0);
	assert_int_equal(w.runs, runs);
	assert_true(pawl_once_is_done(&c.once));
}

static void who_was_given_the_role_in_time_runs_though_its_deadline_passed_since(void **state)
{
	(void)state;
	check_late_but_signalled(EIO, 1);
}

static void who_was_told_in_time_that_it_is_done_gets_0_though_it_is_late(void **state)
{
	(void)state;
	check_late_but_signalled(0, 0);
}

/*** Counter ***********************************************************************************/

struct counter_waiter {
	struct worker worker;
	pawl_counter *counter;
	pawl_time deadline;
	int result;
};

static void wait_on_counter(void *arg)
{
	struct counter_waiter *w = arg;

	w->result = pawl_counter_wait_zero(w->counter, w->deadline);
}

static void counter_waiter_start(struct counter_waiter *w, pawl_counter *c, pawl_time deadline)
{
	w->counter = c;
	w->deadline = deadline;
	worker_start(&w->worker, wait_on_counter, w);
	worker_await_wait(&w->worker, "counter", c);
}

static void a_wait_for_zero_times_out_at_its_deadline_and_not_before(void **state)
{
	pawl_counter c = PAWL_COUNTER_INIT(1);
	struct counter_waiter timed, forever;

	(void)state;
	counter_waiter_start(&timed, &c, pawl_after(PAWL_S(5)));
	counter_waiter_start(&forever, &c, PAWL_FOREVER);
	advance(PAWL_S(5) - 1);
	nap(PAWL_MS(2));
	worker_await_wait(&timed.worker, "counter", &c);
	advance(1);
	worker_join(&timed.worker);
	assert_int_equal(timed.result, ETIMEDOUT);
	worker_await_wait(&forever.worker, "counter", &c);
	assert_int_equal(pawl_counter_add(&c, -1), 0);
	worker_join(&forever.worker);
	assert_int_equal(forever.result, 0);
}

static void who_sees_zero_gets_0_though_its_deadline_passed_since(void **state)
{
	pawl_counter c = PAWL_COUNTER_INIT(1);
	struct counter_waiter w;

	(void)state;
	counter_waiter_start(&w, &c, pawl_after(PAWL_S(1)));
	worker_freeze(&w.worker);
	assert_int_equal(pawl_counter_add(&c, -1), 0);
	advance(PAWL_S(1));
	worker_thaw(&w.worker);
	worker_join(&w.worker);
	assert_int_equal(w.result, 0);
}

/*** Far ahead *********************************************************************************/

static void advancing_wakes_nobody_whose_deadline_is_later_or_never(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker later, never;

	(void)state;
	pawl_mutex_lock(&m);
	locker_start(&later, 0, &m, PAWL_FOREVER - 1, NULL);
	locker_start(&never, 1, &m, PAWL_FOREVER, NULL);
	advance(PAWL_S(1000000));
	nap(PAWL_MS(2));
	worker_await_wait(&later.worker, "mutex", &m);
	worker_await_wait(&never.worker, "mutex", &m);
	advance(INT64_MAX);	/* the last instant there is, just below PAWL_FOREVER */
	assert_int_equal(pawl_now(), PAWL_FOREVER - 1);
	assert_int_equal(locker_join(&later), ETIMEDOUT);
	worker_await_wait(&never.worker, "mutex", &m);
	pawl_mutex_unlock(&m);
	assert_int_equal(locker_join(&never), 0);
}

static int64_t cpu_time_of(const struct worker *w)
{
	struct timespec t;
	clockid_t clock;

	must(pthread_getcpuclockid(w->pthread, &clock) == 0);
	must(clock_gettime(clock, &t) == 0);
	return t.tv_sec * PAWL_S(1) + t.tv_nsec;
}

/* Though the system's clock is far beyond what is a late instant of the virtual one. */
static void who_waits_for_a_virtual_instant_sleeps(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker l;
	int64_t before;

	(void)state;
	pawl_mutex_lock(&m);
	locker_start(&l, 0, &m, pawl_after(1), NULL);
	before = cpu_time_of(&l.worker);
	nap(PAWL_MS(100));
	assert_true(cpu_time_of(&l.worker) - before < PAWL_MS(5));
	advance(1);
	assert_int_equal(locker_join(&l), ETIMEDOUT);
	pawl_mutex_unlock(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_lock_times_out_at_its_deadline_and_not_before),
		TEST(those_who_gave_up_do_not_stand_in_the_way),
		TEST(when_all_gave_up_the_mutex_is_free_after_unlock),
		TEST(an_heir_whose_deadline_passed_lets_the_next_one_go),
		TEST(an_heir_that_gave_up_leaves_no_trace),
		TEST(who_was_woken_in_time_gets_it_though_its_deadline_passed_since),
		TEST(the_next_one_does_not_inherit_the_hand_over_of_who_gave_up),
		TEST(a_cond_wait_times_out_at_its_deadline_and_not_before),
		TEST(a_signal_taken_before_the_deadline_counts_though_it_passed_since),
		TEST(who_was_signalled_waits_for_the_mutex_beyond_its_deadline),
		TEST(a_signal_goes_past_who_gave_up),
		TEST(who_timed_out_still_waits_for_the_mutex_and_returns_holding_it),
		TEST(a_once_wait_times_out_at_its_deadline_and_runs_nothing),
		TEST(the_role_goes_past_who_gave_up),
		TEST(who_gives_up_behind_the_next_runner_leaves_no_trace),
		TEST(who_was_given_the_role_in_time_runs_though_its_deadline_passed_since),
		TEST(who_was_told_in_time_that_it_is_done_gets_0_though_it_is_late),
		TEST(a_wait_for_zero_times_out_at_its_deadline_and_not_before),
		TEST(who_sees_zero_gets_0_though_its_deadline_passed_since),
		TEST(who_waits_for_a_virtual_instant_sleeps),
		/* Last, for time ends there. */
		TEST(advancing_wakes_nobody_whose_deadline_is_later_or_never),
	};

	if (pawl_clock_set_virtual(PAWL_S(1)) != 0)
		return 99;
	return test_main(tests);
}
