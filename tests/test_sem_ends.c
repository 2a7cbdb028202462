/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sem_ends.c - pawl/sem.h: waits that end without a permit, permits that are taken away. */
#include "config.h"

#include <errno.h>

#include "sem_taker.h"

/*** Scopes ************************************************************************************/

static pawl_cancel *open_source(void)
{
	pawl_cancel *c;

	assert_int_equal(pawl_cancel_open(NULL, &c), 0);
	return c;
}

static void check_cancel(pawl_sem *s)
{
	pawl_cancel *source = open_source();
	struct sem_taker first, next;

	taker_start_scoped(&first, s, 1, source);
	taker_start(&next, s, 1, PAWL_FOREVER);
	pawl_cancel_fire(source, 1);
	assert_int_equal(taker_join(&first), ECANCELED);
	taker_await(&next);
	pawl_sem_release(s, 1);
	assert_int_equal(taker_join(&next), 0);
	assert_permits(s, 0);
	pawl_cancel_close(source);
}

static void a_cancel_ends_a_wait_and_the_next_one_gets_the_permit(void **state)
{
	(void)state;
	with_each_sem(check_cancel);
}

static void check_canceled_scope(pawl_sem *s)
{
	pawl_cancel *source = open_source();
	pawl_scope scope;

	pawl_cancel_fire(source, 1);
	pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
	assert_int_equal(pawl_sem_acquire(s), ECANCELED);
	assert_int_equal(pawl_sem_acquire_until(s, 0), ECANCELED);
	assert_int_equal(pawl_sem_tryacquire(s), EAGAIN);
	pawl_sem_release(s, 1);
	assert_int_equal(pawl_sem_acquire(s), 0);
	assert_int_equal(pawl_scope_leave(&scope, 0), 0);
	assert_permits(s, 0);
	pawl_cancel_close(source);
}

static void in_a_canceled_scope_what_is_there_is_had(void **state)
{
	(void)state;
	with_each_sem(check_canceled_scope);
}

static void check_scope_deadline(pawl_sem *s)
{
	pawl_time deadline = pawl_after(PAWL_MS(3));
	pawl_scope scope;
	int rc;

	pawl_scope_enter(&scope, deadline, NULL, 0);
	rc = pawl_sem_acquire(s);
	assert_int_equal(rc, ECANCELED);
	assert_int_equal(pawl_scope_leave(&scope, rc), ETIMEDOUT);
	assert_true(pawl_now() >= deadline);
	assert_permits(s, 0);
}

static void the_deadline_of_a_scope_ends_a_wait_and_leave_says_so(void **state)
{
	(void)state;
	with_each_sem(check_scope_deadline);
}

static void check_grant_and_cancel(pawl_sem *s)
{
	pawl_cancel *source = open_source();
	struct sem_taker t;

	taker_start_scoped(&t, s, 1, source);
	worker_freeze(&t.worker);
	pawl_sem_release(s, 1);
	pawl_cancel_fire(source, 1);
	worker_thaw(&t.worker);
	assert_int_equal(taker_join(&t), 0);
	assert_permits(s, 0);
	pawl_cancel_close(source);
}

static void a_grant_wins_over_a_cancel_that_comes_too(void **state)
{
	(void)state;
	with_each_sem(check_grant_and_cancel);
}

/*** Adjust ************************************************************************************/

static void check_adjust(pawl_sem *s)
{
	assert_int_equal(pawl_sem_adjust(s, 0), 0);
	assert_int_equal(pawl_sem_adjust(s, 3), 3);
	assert_int_equal(pawl_sem_adjust(s, -1), 2);
	assert_permits(s, 2);
	assert_int_equal(pawl_sem_adjust(s, -4), -2);
	assert_int_equal(pawl_sem_value(s), -2);
	assert_int_equal(pawl_sem_tryacquire(s), EAGAIN);
	assert_int_equal(pawl_sem_acquire_until(s, 0), ETIMEDOUT);
	assert_int_equal(pawl_sem_adjust(s, 0), -2);
	assert_int_equal(pawl_sem_adjust(s, 1), -1);
	pawl_sem_release(s, 2);
	assert_permits(s, 1);
	assert_int_equal(pawl_sem_adjust(s, PAWL_SEM_MAX - 1), PAWL_SEM_MAX);
	assert_int_equal(pawl_sem_adjust(s, -2 * PAWL_SEM_MAX), -PAWL_SEM_MAX);
	assert_int_equal(pawl_sem_value(s), -PAWL_SEM_MAX);
	assert_int_equal(pawl_sem_adjust(s, PAWL_SEM_MAX), 0);
	assert_permits(s, 0);
}

static void adjust_gives_or_takes_away_and_returns_what_is_left(void **state)
{
	(void)state;
	with_each_sem(check_adjust);
}

static void check_debt_with_waiters(pawl_sem *s)
{
	struct sem_taker t[2];

	assert_int_equal(pawl_sem_adjust(s, -2), -2);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		taker_start(&t[i], s, 1, PAWL_FOREVER);
	for (int64_t debt = 1; debt >= 0; debt--) {
		pawl_sem_release(s, 1);
		assert_int_equal(pawl_sem_value(s), -debt);
		taker_await(&t[0]);
		taker_await(&t[1]);
	}
	pawl_sem_release(s, 1);
	assert_int_equal(taker_join(&t[0]), 0);
	taker_await(&t[1]);
	assert_int_equal(pawl_sem_adjust(s, -1), -1);
	pawl_sem_release(s, 3);	/* the debt, the second, and one over */
	assert_int_equal(taker_join(&t[1]), 0);
	assert_permits(s, 1);
}

static void releases_pay_the_debt_before_anybody_gets_a_permit(void **state)
{
	(void)state;
	with_each_sem(check_debt_with_waiters);
}

static void check_adjust_with_waiters(pawl_sem *s)
{
	struct sem_taker t[3];

	for (size_t i = 0; i < COUNT_OF(t); i++)
		taker_start(&t[i], s, 1, PAWL_FOREVER);
	(void)pawl_sem_adjust(s, 2);
	assert_int_equal(taker_join(&t[0]), 0);
	assert_int_equal(taker_join(&t[1]), 0);
	taker_await(&t[2]);
	(void)pawl_sem_adjust(s, 4);
	assert_int_equal(taker_join(&t[2]), 0);
	assert_permits(s, 3);
}

static void what_adjust_gives_goes_to_those_who_wait(void **state)
{
	(void)state;
	with_each_sem(check_adjust_with_waiters);
}

/* What is handed over is not free any more. */
static void adjust_does_not_count_what_it_handed_over(void **state)
{
	struct sem_taker t[4];
	pawl_sem s;

	(void)state;
	assert_int_equal(pawl_sem_init(&s, 0, PAWL_FAIR), 0);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		taker_start(&t[i], &s, 1, PAWL_FOREVER);
	assert_int_equal(pawl_sem_adjust(&s, 1), 0);
	assert_int_equal(pawl_sem_adjust(&s, 2), 0);
	assert_int_equal(pawl_sem_adjust(&s, -1), -1);
	assert_int_equal(pawl_sem_adjust(&s, 4), 2);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		assert_int_equal(taker_join(&t[i]), 0);
	assert_permits(&s, 2);
}

/*** Close *************************************************************************************/

static void assert_closed(pawl_sem *s)
{
	assert_int_equal(pawl_sem_tryacquire(s), EPIPE);
	assert_int_equal(pawl_sem_acquire(s), EPIPE);
	assert_int_equal(pawl_sem_acquire_until(s, 0), EPIPE);
	assert_int_equal(pawl_sem_acquire_until(s, pawl_after(PAWL_S(50))), EPIPE);
	assert_int_equal(pawl_sem_acquire_n(s, 2, PAWL_FOREVER), EPIPE);
	assert_int_equal(s->queue_, 0);
}

static void check_close(pawl_sem *s)
{
	pawl_sem_close(s);
	assert_closed(s);
	pawl_sem_release(s, 3);
	assert_closed(s);
	assert_int_equal(pawl_sem_adjust(s, -4), -1);
	assert_int_equal(pawl_sem_adjust(s, 3), 2);
	assert_int_equal(pawl_sem_value(s), 2);
	pawl_sem_close(s);
	assert_closed(s);
}

static void after_close_acquires_return_epipe_permits_or_not(void **state)
{
	(void)state;
	with_each_sem(check_close);
}

static void check_close_with_waiters(pawl_sem *s)
{
	struct sem_taker t[ORDER_MAX];

	assert_int_equal(pawl_sem_adjust(s, -1), -1);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		taker_start(&t[i], s, 1, i % 2 ? PAWL_FOREVER : pawl_after(PAWL_S(80)));
	pawl_sem_close(s);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		assert_int_equal(taker_join(&t[i]), EPIPE);
	assert_closed(s);
	assert_int_equal(pawl_sem_value(s), -1);
}

static void close_ends_all_waits_with_epipe(void **state)
{
	(void)state;
	with_each_sem(check_close_with_waiters);
}

static void who_was_handed_a_permit_before_the_close_has_it(void **state)
{
	struct sem_taker t[2];
	pawl_sem s;

	(void)state;
	assert_int_equal(pawl_sem_init(&s, 0, PAWL_FAIR), 0);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		taker_start(&t[i], &s, 1, PAWL_FOREVER);
	worker_freeze(&t[0].worker);
	pawl_sem_release(&s, 1);
	pawl_sem_close(&s);
	worker_thaw(&t[0].worker);
	assert_int_equal(taker_join(&t[0]), 0);
	assert_int_equal(taker_join(&t[1]), EPIPE);
	assert_closed(&s);
}

static void who_was_only_woken_before_the_close_has_not(void **state)
{
	pawl_sem s = PAWL_SEM_INIT(0);
	struct sem_taker t[2];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(t); i++)
		taker_start(&t[i], &s, 1, PAWL_FOREVER);
	worker_freeze(&t[0].worker);
	pawl_sem_release(&s, 1);
	pawl_sem_close(&s);
	worker_thaw(&t[0].worker);
	assert_int_equal(taker_join(&t[0]), EPIPE);
	assert_int_equal(taker_join(&t[1]), EPIPE);
	assert_closed(&s);
	assert_int_equal(pawl_sem_value(&s), 1);
}

struct turnover {
	pawl_sem sem;
	pthread_barrier_t begin;
	int64_t taken;		/* atomic; more than were given back */
};

static void take_and_give_until_closed(void *arg)
{
	struct turnover *o = arg;
	int rc;

	pthread_barrier_wait(&o->begin);
	while ((rc = pawl_sem_acquire(&o->sem)) == 0) {
		__atomic_add_fetch(&o->taken, 1, __ATOMIC_RELAXED);
		pawl_sem_release(&o->sem, 1);
		__atomic_sub_fetch(&o->taken, 1, __ATOMIC_RELAXED);
	}
	must(rc == EPIPE);
}

static void a_close_in_the_midst_leaves_nobody_behind_and_no_permit_out(void **state)
{
	enum { TAKERS = 4 };

	(void)state;
	for (int round = 0; round < ROUNDS(100); round++) {
		int64_t permits = 1 + round / 2 % 2;
		struct turnover o = { .taken = 0 };
		struct worker w[TAKERS];

		assert_int_equal(pawl_sem_init(&o.sem, permits, (unsigned)round % 2), 0);
		pthread_barrier_init(&o.begin, NULL, TAKERS + 1);
		for (int i = 0; i < TAKERS; i++)
			worker_start(&w[i], take_and_give_until_closed, &o);
		pthread_barrier_wait(&o.begin);
		nap(PAWL_US(round % 64));
		pawl_sem_close(&o.sem);
		for (int i = 0; i < TAKERS; i++)
			worker_join(&w[i]);
		assert_int_equal(o.taken, 0);
		assert_int_equal(pawl_sem_value(&o.sem), permits);
		assert_closed(&o.sem);
		pawl_sem_destroy(&o.sem);
		pthread_barrier_destroy(&o.begin);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cancel_ends_a_wait_and_the_next_one_gets_the_permit),
		TEST(in_a_canceled_scope_what_is_there_is_had),
		TEST(the_deadline_of_a_scope_ends_a_wait_and_leave_says_so),
		TEST(a_grant_wins_over_a_cancel_that_comes_too),
		TEST(adjust_gives_or_takes_away_and_returns_what_is_left),
		TEST(releases_pay_the_debt_before_anybody_gets_a_permit),
		TEST(what_adjust_gives_goes_to_those_who_wait),
		TEST(adjust_does_not_count_what_it_handed_over),
		TEST(after_close_acquires_return_epipe_permits_or_not),
		TEST(close_ends_all_waits_with_epipe),
		TEST(who_was_handed_a_permit_before_the_close_has_it),
		TEST(who_was_only_woken_before_the_close_has_not),
		TEST(a_close_in_the_midst_leaves_nobody_behind_and_no_permit_out),
	};

	return test_main(tests);
}
