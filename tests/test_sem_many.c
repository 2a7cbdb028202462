/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sem_many.c - pawl/sem.h: several permits at once, all or none, large and small ones. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/mutex.h>

#include "sem_taker.h"

/*** Alone *************************************************************************************/

static void check_numbers(pawl_sem *s)
{
	assert_int_equal(pawl_sem_acquire_n(s, -1, PAWL_FOREVER), EINVAL);
	assert_int_equal(pawl_sem_acquire_n(s, INT64_MIN, 0), EINVAL);
	assert_int_equal(pawl_sem_acquire_n(s, PAWL_SEM_MAX + 1, PAWL_FOREVER), EINVAL);
	assert_int_equal(pawl_sem_acquire_n(s, INT64_MAX, 0), EINVAL);
	assert_int_equal(pawl_sem_acquire_n(s, 0, PAWL_FOREVER), 0);
	assert_int_equal(pawl_sem_adjust(s, -1), -1);
	assert_int_equal(pawl_sem_acquire_n(s, 0, 0), 0);
	assert_int_equal(pawl_sem_adjust(s, PAWL_SEM_MAX), PAWL_SEM_MAX - 1);
	assert_int_equal(pawl_sem_acquire_n(s, PAWL_SEM_MAX, 0), ETIMEDOUT);
	pawl_sem_release(s, 1);
	assert_int_equal(pawl_sem_acquire_n(s, PAWL_SEM_MAX, PAWL_FOREVER), 0);
	assert_permits(s, 0);
}

static void any_number_from_0_to_the_greatest_can_be_taken(void **state)
{
	(void)state;
	with_each_sem(check_numbers);
}

static void check_all_or_none(pawl_sem *s)
{
	const pawl_time past[] = { INT64_MIN, -1, 0, pawl_now() };

	pawl_sem_release(s, 5);
	assert_int_equal(pawl_sem_acquire_n(s, 3, PAWL_FOREVER), 0);
	assert_int_equal(pawl_sem_value(s), 2);
	for (size_t i = 0; i < COUNT_OF(past); i++) {
		assert_int_equal(pawl_sem_acquire_n(s, 3, past[i]), ETIMEDOUT);
		assert_int_equal(pawl_sem_value(s), 2);
		assert_int_equal(pawl_sem_acquire_n(s, 2, past[i]), 0);
		assert_int_equal(pawl_sem_acquire_n(s, 1, past[i]), ETIMEDOUT);
		assert_permits(s, 0);
		pawl_sem_release(s, 2);
	}
}

static void all_are_taken_or_none_whatever_the_deadline(void **state)
{
	(void)state;
	with_each_sem(check_all_or_none);
}

static void check_deadline(pawl_sem *s)
{
	pawl_time deadline = pawl_after(PAWL_MS(5));

	pawl_sem_release(s, 2);
	assert_int_equal(pawl_sem_acquire_n(s, 3, deadline), ETIMEDOUT);
	assert_true(pawl_now() >= deadline);
	assert_permits(s, 2);
}

static void at_the_deadline_what_was_collected_is_given_back(void **state)
{
	(void)state;
	with_each_sem(check_deadline);
}

static void check_scope(pawl_sem *s)
{
	pawl_time deadline = pawl_after(PAWL_MS(5));
	pawl_scope scope;
	int rc;

	pawl_sem_release(s, 2);
	pawl_scope_enter(&scope, deadline, NULL, 0);
	rc = pawl_sem_acquire_n(s, 3, PAWL_FOREVER);
	assert_int_equal(rc, ECANCELED);
	assert_int_equal(pawl_sem_acquire_n(s, 3, 0), ECANCELED);
	assert_int_equal(pawl_sem_acquire_n(s, 2, 0), 0);
	assert_int_equal(pawl_scope_leave(&scope, rc), ETIMEDOUT);
	assert_true(pawl_now() >= deadline);
	assert_permits(s, 0);
}

static void the_deadline_of_a_scope_ends_it_too(void **state)
{
	(void)state;
	with_each_sem(check_scope);
}

/*** One that collects *************************************************************************/

static void check_collecting(pawl_sem *s)
{
	struct sem_taker t;

	taker_start(&t, s, 4, PAWL_FOREVER);
	for (int i = 0; i < 3; i++) {
		pawl_sem_release(s, 1);
		taker_await(&t);
	}
	assert_int_equal(pawl_sem_tryacquire(s), EAGAIN);
	pawl_sem_release(s, 2);
	assert_int_equal(taker_join(&t), 0);
	assert_permits(s, 1);
}

static void it_is_complete_after_several_releases(void **state)
{
	(void)state;
	with_each_sem(check_collecting);
}

static void check_debt(pawl_sem *s)
{
	struct sem_taker t;

	taker_start(&t, s, 3, pawl_after(PAWL_S(80)));
	pawl_sem_release(s, 1);
	taker_await(&t);
	assert_int_equal(pawl_sem_adjust(s, -2), -2);
	pawl_sem_release(s, 3);
	taker_await(&t);
	assert_int_equal(pawl_sem_value(s), 0);
	pawl_sem_release(s, 1);
	assert_int_equal(taker_join(&t), 0);
	assert_permits(s, 0);
}

static void a_debt_is_paid_before_it_collects_more(void **state)
{
	(void)state;
	with_each_sem(check_debt);
}

static void check_close(pawl_sem *s)
{
	struct sem_taker front, behind, small;

	taker_start(&front, s, 3, PAWL_FOREVER);
	taker_start(&behind, s, 2, PAWL_FOREVER);
	pawl_sem_release(s, 2);
	taker_await(&front);
	taker_start(&small, s, 1, PAWL_FOREVER);
	pawl_sem_close(s);
	assert_int_equal(taker_join(&front), EPIPE);
	assert_int_equal(taker_join(&behind), EPIPE);
	assert_int_equal(taker_join(&small), EPIPE);
	for (int64_t n = 0; n <= 2; n++)
		assert_int_equal(pawl_sem_acquire_n(s, n, PAWL_FOREVER), EPIPE);
	assert_int_equal(pawl_sem_acquire_n(s, -1, PAWL_FOREVER), EINVAL);
	assert_int_equal(pawl_sem_value(s), 2);
	assert_int_equal(s->queue_, 0);
}

static void close_ends_the_whole_line_and_nothing_is_kept(void **state)
{
	(void)state;
	with_each_sem(check_close);
}

/*** The line **********************************************************************************/

static void check_line(pawl_sem *s)
{
	enum { IN_LINE = 4 };
	static const int64_t wanted[IN_LINE] = { 3, 2, 5, 2 };
	struct sem_taker t[IN_LINE];
	struct order order = { 0 };

	for (int i = 0; i < IN_LINE; i++)
		taker_start_in(&order, &t[i], i, s, wanted[i]);
	for (int i = 0; i < IN_LINE; i++) {
		pawl_sem_release(s, wanted[i] - 1);	/* would do for the next one */
		for (int j = i; j < IN_LINE; j++)
			taker_await(&t[j]);
		pawl_sem_release(s, 1);
		order_expect(&order, i + 1, i);
		assert_int_equal(taker_join(&t[i]), 0);
	}
	assert_permits(s, 0);
}

static void large_ones_come_one_after_the_other_in_order(void **state)
{
	(void)state;
	with_each_sem(check_line);
}

/* The one that collects is on its way to what is free. */
static void check_newcomer(pawl_sem *s)
{
	struct sem_taker front;

	taker_start(&front, s, 4, PAWL_FOREVER);
	worker_freeze(&front.worker);
	pawl_sem_release(s, 3);
	assert_true(pawl_sem_value(s) >= 2);
	assert_int_equal(pawl_sem_acquire_n(s, 2, 0), ETIMEDOUT);
	assert_int_equal(pawl_sem_acquire_n(s, 2, pawl_after(PAWL_MS(2))), ETIMEDOUT);
	assert_int_equal(pawl_sem_tryacquire(s), 0);
	worker_thaw(&front.worker);
	taker_await(&front);
	pawl_sem_release(s, 2);
	assert_int_equal(taker_join(&front), 0);
	assert_permits(s, 0);
}

static void no_large_one_overtakes_the_line_and_a_small_one_may(void **state)
{
	(void)state;
	with_each_sem(check_newcomer);
}

static void check_all_at_once(pawl_sem *s)
{
	struct sem_taker t[3];

	for (size_t i = 0; i < COUNT_OF(t); i++)
		taker_start(&t[i], s, 4, PAWL_FOREVER);
	pawl_sem_release(s, 12);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		assert_int_equal(taker_join(&t[i]), 0);
	assert_permits(s, 0);
}

static void one_release_may_serve_the_whole_line(void **state)
{
	(void)state;
	with_each_sem(check_all_at_once);
}

/* The small one gets its turn between two permits of the front one, and before the second. */
static void small_ones_take_turns_with_the_front_and_overtake_the_line(void **state)
{
	struct sem_taker front, behind, small;
	struct order order = { 0 };
	pawl_sem s;

	(void)state;
	assert_int_equal(pawl_sem_init(&s, 0, PAWL_FAIR), 0);
	taker_start_in(&order, &front, 0, &s, 2);
	taker_start_in(&order, &behind, 1, &s, 2);
	taker_start_in(&order, &small, 2, &s, 1);
	pawl_sem_release(&s, 1);
	taker_await(&front);
	taker_await(&small);
	pawl_sem_release(&s, 1);
	order_expect(&order, 1, 2);
	pawl_sem_release(&s, 1);
	order_expect(&order, 2, 0);
	pawl_sem_release(&s, 2);
	order_expect(&order, 3, 1);
	assert_int_equal(taker_join(&front), 0);
	assert_int_equal(taker_join(&behind), 0);
	assert_int_equal(taker_join(&small), 0);
	assert_permits(&s, 0);
}

static void check_small_while_the_line_waits(pawl_sem *s)
{
	struct sem_taker front, behind, small;

	taker_start(&front, s, 100, PAWL_FOREVER);
	taker_start(&behind, s, 2, PAWL_FOREVER);
	taker_start(&small, s, 1, PAWL_FOREVER);
	for (int i = 0; i < 50; i++) {
		pawl_sem_release(s, 1);
		nap(PAWL_MS(1));
	}
	assert_int_equal(taker_join(&small), 0);
	taker_await(&behind);
	taker_await(&front);
	pawl_sem_release(s, 100 + 2 + 1 - 50);
	assert_int_equal(taker_join(&front), 0);
	assert_int_equal(taker_join(&behind), 0);
	assert_permits(s, 0);
}

static void a_small_one_is_not_kept_out_by_one_that_wants_too_many(void **state)
{
	(void)state;
	with_each_sem(check_small_while_the_line_waits);
}

/*** Those who leave the line ******************************************************************/

static void time_out_at_the_front(void *flags)
{
	struct sem_taker front, next;
	pawl_sem s;

	must(pawl_clock_set_virtual(PAWL_S(1)) == 0);
	must(pawl_sem_init(&s, 0, *(unsigned *)flags) == 0);
	taker_start(&front, &s, 3, PAWL_S(5));
	taker_start(&next, &s, 2, PAWL_S(9));
	pawl_sem_release(&s, 2);
	taker_await(&front);
	taker_await(&next);
	must(pawl_sem_value(&s) == 0);
	must(pawl_clock_advance(PAWL_S(4)) == 0);
	must(taker_join(&front) == ETIMEDOUT);
	must(taker_join(&next) == 0);
	must(pawl_sem_value(&s) == 0 && s.queue_ == 0);

	/* Behind the front one. */
	taker_start(&front, &s, 3, PAWL_S(9));
	taker_start(&next, &s, 2, PAWL_S(8));
	must(pawl_clock_advance(PAWL_S(3)) == 0);
	must(taker_join(&next) == ETIMEDOUT);
	taker_await(&front);
	pawl_sem_release(&s, 3);
	must(taker_join(&front) == 0);
	must(pawl_sem_value(&s) == 0 && s.queue_ == 0);
}

static void who_times_out_gives_back_and_the_next_one_goes(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		struct child c;

		child_run(&c, time_out_at_the_front, &flags);
		child_assert_silent(&c);
	}
}

static void check_cancel(pawl_sem *s)
{
	struct sem_taker front, next;
	pawl_cancel *source;
	pawl_scope scope;

	assert_int_equal(pawl_cancel_open(NULL, &source), 0);
	taker_start_scoped(&front, s, 3, source);
	taker_start(&next, s, 2, PAWL_FOREVER);
	pawl_sem_release(s, 2);
	taker_await(&front);
	taker_await(&next);
	pawl_cancel_fire(source, 1);
	assert_int_equal(taker_join(&front), ECANCELED);
	assert_int_equal(taker_join(&next), 0);
	assert_permits(s, 0);

	taker_start(&front, s, 2, PAWL_FOREVER);
	pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
	assert_int_equal(pawl_sem_acquire_n(s, 2, PAWL_FOREVER), ECANCELED);
	assert_int_equal(pawl_scope_leave(&scope, 0), 0);
	pawl_sem_release(s, 2);
	assert_int_equal(taker_join(&front), 0);
	assert_permits(s, 0);
	pawl_cancel_close(source);
}

static void who_is_canceled_gives_back_and_the_next_one_goes(void **state)
{
	(void)state;
	with_each_sem(check_cancel);
}

/*** Nothing is lost ***************************************************************************/

enum { CROWD = 6, PERMITS = 5 };

struct crowd {
	pawl_sem sem;
	int64_t out;		/* atomic */
	int rounds;
};

struct member {
	struct worker worker;
	struct crowd *crowd;
	int id;
};

static void take_some_and_give_back(void *arg)
{
	struct member *m = arg;
	struct crowd *c = m->crowd;

	for (int i = 0; i < c->rounds; i++) {
		int64_t n = (i + m->id) % (PERMITS + 1);
		int rc = pawl_sem_acquire_n(&c->sem, n, i % 3 == 0 ? pawl_after(PAWL_US(i % 64)) :
					    PAWL_FOREVER);

		must(rc == 0 || (rc == ETIMEDOUT && i % 3 == 0));
		if (rc != 0)
			continue;
		must(__atomic_add_fetch(&c->out, n, __ATOMIC_RELAXED) <= PERMITS);
		if (i % 8 == 0)
			nap(PAWL_US(10));
		__atomic_sub_fetch(&c->out, n, __ATOMIC_RELAXED);
		pawl_sem_release(&c->sem, n);
	}
}

static void check_crowd(pawl_sem *s)
{
	struct crowd c = { .sem = *s, .rounds = ROUNDS(2000) };
	struct member m[CROWD];

	pawl_sem_release(&c.sem, PERMITS);
	for (int i = 0; i < CROWD; i++) {
		m[i].crowd = &c;
		m[i].id = i;
		worker_start(&m[i].worker, take_some_and_give_back, &m[i]);
	}
	for (int i = 0; i < CROWD; i++)
		worker_join(&m[i].worker);
	assert_permits(&c.sem, PERMITS);
}

static void a_crowd_never_has_more_than_there_are_and_all_come_back(void **state)
{
	(void)state;
	with_each_sem(check_crowd);
}

/*** Lifetime **********************************************************************************/

static void take_all_and_free(void *arg)
{
	pawl_sem *s = arg;

	must(pawl_sem_acquire_n(s, 3, PAWL_FOREVER) == 0);
	pawl_sem_destroy(s);
	memset(s, 0xa5, sizeof *s);
	free(s);
}

static void live_and_die(unsigned flags, int round)
{
	pawl_sem *s = malloc(sizeof *s);
	struct worker w;

	assert_non_null(s);
	assert_int_equal(pawl_sem_init(s, 0, flags), 0);
	worker_start(&w, take_all_and_free, s);
	if (round % 4 == 0)
		worker_await_wait(&w, "semaphore", s);
	pawl_sem_release(s, 1 + round % 2);
	if (round % 8 == 0)
		worker_await_wait(&w, "semaphore", s);
	pawl_sem_release(s, 2 - round % 2);
	worker_join(&w);
}

static void who_takes_the_last_permits_may_destroy_and_free_it(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++)
		for (int round = 0; round < ROUNDS(1000); round++)
			live_and_die(flags, round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_number_from_0_to_the_greatest_can_be_taken),
		TEST(all_are_taken_or_none_whatever_the_deadline),
		TEST(at_the_deadline_what_was_collected_is_given_back),
		TEST(the_deadline_of_a_scope_ends_it_too),
		TEST(it_is_complete_after_several_releases),
		TEST(a_debt_is_paid_before_it_collects_more),
		TEST(close_ends_the_whole_line_and_nothing_is_kept),
		TEST(large_ones_come_one_after_the_other_in_order),
		TEST(no_large_one_overtakes_the_line_and_a_small_one_may),
		TEST(one_release_may_serve_the_whole_line),
		TEST(small_ones_take_turns_with_the_front_and_overtake_the_line),
		TEST(a_small_one_is_not_kept_out_by_one_that_wants_too_many),
		TEST(who_times_out_gives_back_and_the_next_one_goes),
		TEST(who_is_canceled_gives_back_and_the_next_one_goes),
		TEST(a_crowd_never_has_more_than_there_are_and_all_come_back),
		TEST(who_takes_the_last_permits_may_destroy_and_free_it),
	};

	return test_main(tests);
}
