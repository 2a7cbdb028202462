/* SPDX-License-Identifier: BSD-2-Clause */
/* test_time.c - pawl/time.h.  What changes a process for ever runs in a child. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <pawl/counter.h>
#include <pawl/mutex.h>
#include <pawl/once.h>

#include "support.h"

/*** The system's clock ************************************************************************/

static int64_t monotonic(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return t.tv_sec * PAWL_S(1) + t.tv_nsec;
}

static void the_macros_make_durations(void **state)
{
	(void)state;
	assert_int_equal(PAWL_NS(7), 7);
	assert_int_equal(PAWL_US(7), 7000);
	assert_int_equal(PAWL_MS(5), 5000000);
	assert_int_equal(PAWL_S(-2), -2000000000);
	assert_int_equal(PAWL_MS(2 + 3), PAWL_US(5000));
	assert_true(PAWL_S(9000000000) == 9000000000000000000);
	assert_int_equal(sizeof PAWL_MS(1), sizeof(pawl_ns));
	assert_true(PAWL_FOREVER == INT64_MAX);
}

static void now_is_the_monotonic_clock(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t before = monotonic(), now = pawl_now(), after = monotonic();

		assert_true(before <= now && now <= after);
	}
}

static void after_is_now_and_the_duration(void **state)
{
	const pawl_ns durations[] = { 0, 1, PAWL_US(1), PAWL_S(1), PAWL_S(100000000), -1 };

	(void)state;
	nap(PAWL_MS(1));	/* so that -1 is after the start of the process */
	for (size_t i = 0; i < COUNT_OF(durations); i++) {
		int64_t before = monotonic(), then = pawl_after(durations[i]), now = monotonic();

		assert_true(before + durations[i] <= then && then <= now + durations[i]);
	}
}

static void after_saturates_at_forever(void **state)
{
	const pawl_ns durations[] = { INT64_MAX, INT64_MAX - 1,
		INT64_MAX - pawl_now() + PAWL_S(1) };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(durations); i++)
		assert_true(pawl_after(durations[i]) == PAWL_FOREVER);
	assert_true(pawl_after(INT64_MAX - pawl_now() - PAWL_S(1000)) < PAWL_FOREVER);
}

static void after_saturates_at_the_start_of_the_process(void **state)
{
	pawl_time first = pawl_after(INT64_MIN);

	(void)state;
	assert_true(first > 0 && first <= pawl_now());
	assert_true(pawl_after(-INT64_MAX) == first);
	assert_true(pawl_after(-pawl_now()) == first);
	assert_true(pawl_after(-PAWL_S(100000000)) == first);
}

static void advance_is_refused_on_the_system_s_clock(void **state)
{
	(void)state;
	assert_int_equal(pawl_clock_advance(0), EPERM);
	assert_int_equal(pawl_clock_advance(PAWL_S(1)), EPERM);
	assert_int_equal(pawl_clock_advance(-1), EINVAL);
	assert_int_equal(pawl_clock_advance(INT64_MIN), EINVAL);
}

static void a_virtual_clock_cannot_start_out_of_range(void **state)
{
	int64_t before = monotonic();

	(void)state;
	assert_int_equal(pawl_clock_set_virtual(-1), EINVAL);
	assert_int_equal(pawl_clock_set_virtual(INT64_MIN), EINVAL);
	assert_int_equal(pawl_clock_set_virtual(PAWL_FOREVER), EINVAL);
	assert_true(pawl_now() >= before);	/* still the system's */
}

/*** The virtual clock *************************************************************************/

static void run_in_child(void (*fn)(void *arg), void *arg)
{
	struct child c;

	child_run(&c, fn, arg);
	child_assert_silent(&c);
}

static void drive_clock(void *arg)
{
	(void)arg;
	must(pawl_clock_set_virtual(1000) == 0);
	must(pawl_now() == 1000);
	nap(PAWL_MS(2));
	must(pawl_now() == 1000);
	must(pawl_after(5) == 1005);
	must(pawl_after(-5) == 1000);		/* not before its start */
	must(pawl_after(INT64_MIN) == 1000);
	must(pawl_after(INT64_MAX) == PAWL_FOREVER);
	must(pawl_after(PAWL_FOREVER - 1000) == PAWL_FOREVER);
	must(pawl_after(PAWL_FOREVER - 1001) == PAWL_FOREVER - 1);
	must(pawl_clock_advance(0) == 0);
	must(pawl_now() == 1000);
	must(pawl_clock_advance(7) == 0);
	must(pawl_now() == 1007);
	must(pawl_after(-5) == 1002);
	must(pawl_clock_advance(-1) == EINVAL);
	must(pawl_clock_set_virtual(0) == EALREADY);
	must(pawl_clock_set_virtual(-1) == EINVAL);
	must(pawl_now() == 1007);
	must(pawl_clock_advance(INT64_MAX) == 0);
	must(pawl_now() == PAWL_FOREVER - 1);
	must(pawl_clock_advance(INT64_MAX) == 0);
	must(pawl_now() == PAWL_FOREVER - 1);
}

static void a_virtual_clock_stands_still_until_it_is_advanced(void **state)
{
	(void)state;
	run_in_child(drive_clock, NULL);
}

static void start_at_0(void *arg)
{
	pawl_mutex m = PAWL_MUTEX_INIT;

	(void)arg;
	must(pawl_clock_set_virtual(0) == 0);
	must(pawl_now() == 0);
	must(pawl_after(-1) == 0);
	must(pawl_mutex_lock_until(&m, pawl_after(-1)) == 0);
	must(pawl_clock_advance(PAWL_S(1)) == 0);
	must(pawl_now() == PAWL_S(1));
}

static void it_may_start_at_0(void **state)
{
	(void)state;
	run_in_child(start_at_0, NULL);
}

static void start_at_the_end(void *arg)
{
	(void)arg;
	must(pawl_clock_set_virtual(PAWL_FOREVER - 1) == 0);
	must(pawl_now() == PAWL_FOREVER - 1);
	must(pawl_after(1) == PAWL_FOREVER);
	must(pawl_clock_advance(1) == 0);
	must(pawl_now() == PAWL_FOREVER - 1);
}

static void it_may_start_at_the_last_instant(void **state)
{
	(void)state;
	run_in_child(start_at_the_end, NULL);
}

static void advance_often(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10000; i++)
		must(pawl_clock_advance(3) == 0);
}

static void advance_from_threads(void *arg)
{
	struct worker w[4];

	(void)arg;
	must(pawl_clock_set_virtual(0) == 0);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_start(&w[i], advance_often, NULL);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_join(&w[i]);
	must(pawl_now() == 4 * 3 * 10000);
}

static void no_advance_of_several_threads_is_lost(void **state)
{
	(void)state;
	run_in_child(advance_from_threads, NULL);
}

/*** Waits that are under way when the clock becomes virtual ***********************************/

/* A wait of each kind, which only its deadline can end. */
struct waits {
	pawl_mutex mutex, cond_mutex;
	pawl_cond cond;
	pawl_once once;
	pawl_counter counter;
	pawl_time deadline;
	struct worker on_mutex, on_cond, on_once, on_counter;
};

static int fail_to_run(void *arg)
{
	(void)arg;
	must_fail(__FILE__, __LINE__, "nothing runs while another runs");
}

static void wait_on_mutex(void *arg)
{
	struct waits *w = arg;

	must(pawl_mutex_lock_until(&w->mutex, w->deadline) == ETIMEDOUT);
}

static void wait_on_cond(void *arg)
{
	struct waits *w = arg;

	pawl_mutex_lock(&w->cond_mutex);
	must(pawl_cond_wait_until(&w->cond, &w->cond_mutex, w->deadline) == ETIMEDOUT);
	pawl_mutex_unlock(&w->cond_mutex);
}

static void wait_on_once(void *arg)
{
	struct waits *w = arg;

	must(pawl_once_do_until(&w->once, fail_to_run, w, w->deadline) == ETIMEDOUT);
}

static void wait_on_counter(void *arg)
{
	struct waits *w = arg;

	must(pawl_counter_wait_zero(&w->counter, w->deadline) == ETIMEDOUT);
}

static void waits_await(struct waits *w)
{
	worker_await_wait(&w->on_mutex, "mutex", &w->mutex);
	worker_await_wait(&w->on_cond, "cond", &w->cond);
	worker_await_wait(&w->on_once, "once", &w->once);
	worker_await_wait(&w->on_counter, "counter", &w->counter);
}

static void waits_join(struct waits *w)
{
	worker_join(&w->on_mutex);
	worker_join(&w->on_cond);
	worker_join(&w->on_once);
	worker_join(&w->on_counter);
}

/* Runs as the initialiser of the once, so that others have to wait for it. */
static int make_virtual_while_all_wait(void *arg)
{
	struct waits *w = arg;

	w->deadline = pawl_after(PAWL_S(1000));
	pawl_mutex_lock(&w->mutex);
	(void)pawl_counter_add(&w->counter, 1);
	worker_start(&w->on_mutex, wait_on_mutex, w);
	worker_start(&w->on_cond, wait_on_cond, w);
	worker_start(&w->on_once, wait_on_once, w);
	worker_start(&w->on_counter, wait_on_counter, w);
	waits_await(w);
	must(pawl_clock_set_virtual(w->deadline - 2) == 0);
	nap(PAWL_MS(2));
	waits_await(w);
	must(pawl_clock_advance(1) == 0);
	nap(PAWL_MS(2));
	waits_await(w);
	must(pawl_clock_advance(1) == 0);
	waits_join(w);
	pawl_mutex_unlock(&w->mutex);
	return 0;
}

static void become_virtual_before_the_deadline(void *arg)
{
	struct waits w = { .deadline = 0 };

	(void)arg;
	must(pawl_once_do(&w.once, make_virtual_while_all_wait, &w) == 0);
}

static void waits_under_way_end_exactly_when_the_virtual_clock_gets_there(void **state)
{
	(void)state;
	run_in_child(become_virtual_before_the_deadline, NULL);
}

static void become_virtual_after_the_deadline(void *arg)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker l;

	(void)arg;
	pawl_mutex_lock(&m);
	locker_start(&l, 0, &m, pawl_after(PAWL_S(1000)), NULL);
	must(pawl_clock_set_virtual(l.deadline + 1) == 0);
	must(locker_join(&l) == ETIMEDOUT);
	pawl_mutex_unlock(&m);
}

static void a_virtual_clock_that_starts_later_ends_waits_under_way(void **state)
{
	(void)state;
	run_in_child(become_virtual_after_the_deadline, NULL);
}

/*** A duration where an instant is due ********************************************************/

static int lock_free_mutex(pawl_ns d)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	int err = pawl_mutex_lock_until(&m, d);

	if (err == 0)
		pawl_mutex_unlock(&m);
	return err;
}

static void wait_with_durations(void *arg)
{
	struct waits *w = arg;

	must(lock_free_mutex(PAWL_MS(5)) == 0);
	wait_on_mutex(w);
	wait_on_cond(w);
	wait_on_counter(w);
}

static void confuse_with_several_threads(void *arg)
{
	struct worker w[4];
	struct waits all = { .deadline = PAWL_MS(5) };

	(void)arg;
	pawl_mutex_lock(&all.mutex);
	(void)pawl_counter_add(&all.counter, 1);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_start(&w[i], wait_with_durations, &all);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_join(&w[i]);
	pawl_mutex_unlock(&all.mutex);
}

static void assert_one_hint(const struct child *c)
{
	assert_int_equal(c->exit_status, 0);
	assert_int_equal(c->lines, 1);
	assert_non_null(strstr(c->text, "pawl: "));
	assert_non_null(strstr(c->text, "duration"));
	assert_non_null(strstr(c->text, "pawl_after()"));
}

static void a_duration_as_deadline_times_out_and_is_named_once(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, confuse_with_several_threads, NULL);
	assert_one_hint(&c);
}

static void confuse_mutex(void *arg)
{
	struct worker w;
	struct waits all = { .deadline = PAWL_S(1) };

	(void)arg;
	pawl_mutex_lock(&all.mutex);
	worker_start(&w, wait_on_mutex, &all);
	worker_join(&w);
}

static void confuse_cond(void *arg)
{
	struct waits all = { .deadline = PAWL_S(1) };

	(void)arg;
	wait_on_cond(&all);
}

static void confuse_counter(void *arg)
{
	struct waits all = { .counter = PAWL_COUNTER_INIT(1), .deadline = PAWL_S(1) };

	(void)arg;
	wait_on_counter(&all);
}

static int let_another_wait(void *arg)
{
	struct worker w;

	worker_start(&w, wait_on_once, arg);
	worker_join(&w);
	return 0;
}

static void confuse_once(void *arg)
{
	struct waits all = { .deadline = PAWL_S(1) };

	(void)arg;
	must(pawl_once_do(&all.once, let_another_wait, &all) == 0);
}

static void lock_all_on_mutex(void *arg)
{
	struct waits *w = arg;
	pawl_mutex *const list[] = { &w->cond_mutex, &w->mutex };

	must(pawl_mutex_lock_all_until(list, 2, w->deadline) == ETIMEDOUT);
}

static void confuse_lock_all(void *arg)
{
	struct worker w;
	struct waits all = { .deadline = PAWL_S(1) };

	(void)arg;
	pawl_mutex_lock(&all.mutex);
	worker_start(&w, lock_all_on_mutex, &all);
	worker_join(&w);
}

static void each_kind_of_wait_names_it(void **state)
{
	void (*const confusions[])(void *arg) = { confuse_mutex, confuse_cond, confuse_counter,
		confuse_once, confuse_lock_all };
	struct child c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(confusions); i++) {
		child_run(&c, confusions[i], NULL);
		assert_one_hint(&c);
	}
}

static void wait_with_good_deadlines(void *arg)
{
	const pawl_time deadlines[] = { 0, -1, INT64_MIN, pawl_after(-PAWL_S(1000)), pawl_now(),
		pawl_after(PAWL_MS(1)) };
	struct waits w = { .counter = PAWL_COUNTER_INIT(1) };

	(void)arg;
	for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
		w.deadline = deadlines[i];
		wait_on_counter(&w);
		wait_on_cond(&w);
	}
	must(lock_free_mutex(PAWL_MS(5)) == 0);
}

static void polls_past_instants_and_success_are_not_named(void **state)
{
	(void)state;
	run_in_child(wait_with_good_deadlines, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_macros_make_durations),
		TEST(now_is_the_monotonic_clock),
		TEST(after_is_now_and_the_duration),
		TEST(after_saturates_at_forever),
		TEST(after_saturates_at_the_start_of_the_process),
		TEST(advance_is_refused_on_the_system_s_clock),
		TEST(a_virtual_clock_cannot_start_out_of_range),
		TEST(a_virtual_clock_stands_still_until_it_is_advanced),
		TEST(it_may_start_at_0),
		TEST(it_may_start_at_the_last_instant),
		TEST(no_advance_of_several_threads_is_lost),
		TEST(waits_under_way_end_exactly_when_the_virtual_clock_gets_there),
		TEST(a_virtual_clock_that_starts_later_ends_waits_under_way),
		TEST(a_duration_as_deadline_times_out_and_is_named_once),
		TEST(each_kind_of_wait_names_it),
		TEST(polls_past_instants_and_success_are_not_named),
	};

	return test_main(tests);
}
