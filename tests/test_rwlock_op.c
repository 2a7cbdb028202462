/* SPDX-License-Identifier: BSD-2-Clause */
/* test_rwlock_op.c - pawl/rwlock.h: rdlock_op, wrlock_op; inline ones and races:
 * test_rwlock_inline.c; what all ops have in common: test_op.c. */
#include "config.h"

#include <errno.h>
#include <sched.h>

#include "rwlock_user.h"

static pawl_cq *cq;

static void with_a_queue(void (*fn)(pawl_rwlock *l))
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;

	assert_int_equal(pawl_cq_open(&cq), 0);
	fn(&l);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	pawl_cq_close(cq);
	rw_assert_free(&l);
}

/*** One op ************************************************************************************/

static void check_free(pawl_rwlock *l)
{
	struct rw_op r[2], w;

	for (int i = 0; i < 2; i++) {
		rw_op_init(cq, &r[i], l, RW_READ);
		assert_int_equal(rw_op_begin(&r[i]), 0);
	}
	rw_assert_read(l);
	rw_op_let_go_elsewhere(&r[0]);
	rw_op_let_go(&r[1]);
	rw_op_init(cq, &w, l, RW_WRITE);
	assert_int_equal(rw_op_begin(&w), 0);
	rw_assert_written(l);
	rw_op_let_go_elsewhere(&w);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	assert_int_equal(r[0].calls + r[1].calls + w.calls, 0);
}

static void a_free_lock_is_had_at_once_and_done_is_not_called(void **state)
{
	(void)state;
	with_a_queue(check_free);
}

/* Though readers are in slots otherwise. */
static void check_never_in_a_slot(pawl_rwlock *l)
{
	struct rw_op r;

	rw_have_slots(l);
	rw_op_init(cq, &r, l, RW_READ);
	assert_int_equal(rw_op_begin(&r), 0);
	rw_assert_read(l);
	rw_op_let_go_elsewhere(&r);
	rw_have_slots(l);
	assert_int_equal(rw_op_begin(&r), 0);
	rw_op_let_go_elsewhere(&r);
}

static void the_share_of_an_op_can_be_given_back_by_any_thread(void **state)
{
	(void)state;
	with_a_queue(check_never_in_a_slot);
}

static void check_hand_over(pawl_rwlock *l)
{
	struct rw_op r[2], w;

	pawl_rwlock_wrlock(l);
	rw_op_start(cq, &r[0], l, RW_READ);
	rw_op_start(cq, &w, l, RW_WRITE);
	rw_op_start(cq, &r[1], l, RW_READ);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	pawl_rwlock_wrunlock(l);
	assert_int_equal(pawl_rwlock_trywrlock(l), EBUSY);	/* they are inside already */
	assert_int_equal(r[0].calls + r[1].calls, 0);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 2);
	rw_op_assert_ends(&r[0], 0);
	rw_op_assert_ends(&r[1], 0);
	rw_op_let_go_elsewhere(&r[1]);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	rw_op_let_go_elsewhere(&r[0]);
	rw_assert_written(l);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	rw_op_assert_ends(&w, 0);
	assert_true(pthread_equal(w.where, pthread_self()));
	rw_op_let_go_elsewhere(&w);
}

static void an_unlock_hands_over_to_ops_in_their_turn(void **state)
{
	(void)state;
	with_a_queue(check_hand_over);
}

static void check_deadlines(pawl_rwlock *l)
{
	const pawl_time deadlines[] = { INT64_MIN, 0, pawl_now(), pawl_after(PAWL_MS(3)) };

	for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
		for (enum rw_how how = RW_READ; how <= RW_WRITE; how++) {
			struct rw_op n;

			pawl_rwlock_wrlock(l);
			rw_op_init(cq, &n, l, how);
			pawl_op_deadline(&n.op, deadlines[i]);
			assert_int_equal(rw_op_begin(&n), EINPROGRESS);
			while (pawl_cq_dispatch(cq, 0) == 0)
				sched_yield();
			rw_op_assert_ends(&n, ETIMEDOUT);
			assert_true(pawl_now() >= deadlines[i]);
			rw_assert_written(l);
			pawl_rwlock_wrunlock(l);
			assert_int_equal(rw_op_begin(&n), 0);		/* late or not */
			rw_op_let_go(&n);
		}
	}
}

static void an_op_ends_at_its_deadline(void **state)
{
	(void)state;
	with_a_queue(check_deadlines);
}

/*** With threads, and many ********************************************************************/

static void check_threads_too(pawl_rwlock *l)
{
	struct rw_user r, w;
	struct rw_op read, first, last;

	pawl_rwlock_rdlock(l);
	rw_op_start(cq, &first, l, RW_WRITE);
	rw_park(&w, l, RW_WRITE);
	rw_op_start(cq, &last, l, RW_WRITE);
	rw_park(&r, l, RW_READ);
	rw_op_start(cq, &read, l, RW_READ);
	pawl_rwlock_rdunlock(l);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	rw_op_assert_ends(&first, 0);
	rw_op_let_go(&first);
	rw_assert_gets(&r);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	rw_op_assert_ends(&read, 0);
	rw_leave(&r);
	rw_assert_waits(&w);
	rw_op_let_go(&read);
	rw_assert_gets(&w);
	assert_int_equal(last.calls, 0);
	rw_leave(&w);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	rw_op_assert_ends(&last, 0);
	rw_op_let_go(&last);
}

static void threads_and_ops_are_served_in_one_order(void **state)
{
	(void)state;
	with_a_queue(check_threads_too);
}

enum { MANY = 500 };

static struct rw_op many[MANY];

static void check_many(pawl_rwlock *l)
{
	pawl_rwlock_wrlock(l);
	for (int i = 0; i < MANY; i++)
		rw_op_start(cq, &many[i], l, i % 5 == 0 ? RW_WRITE : RW_READ);
	pawl_rwlock_wrunlock(l);
	assert_int_equal(pawl_cq_dispatch(cq, 0), MANY / 5 * 4);
	for (int i = 0; i < MANY; i++)
		if (i % 5 != 0)
			rw_op_let_go(&many[i]);
	for (int i = 0; i < MANY; i += 5) {
		assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
		rw_op_assert_ends(&many[i], 0);
		rw_op_let_go(&many[i]);
	}
	for (int i = 0; i < MANY; i++)
		rw_op_assert_ends(&many[i], 0);
}

static void all_that_read_come_first_and_then_writers_in_order(void **state)
{
	(void)state;
	with_a_queue(check_many);
}

/*** Cancel, close *****************************************************************************/

static void check_cancel(pawl_rwlock *l)
{
	struct rw_op r[2], w[2];

	pawl_rwlock_wrlock(l);
	for (int i = 0; i < 2; i++) {
		rw_op_start(cq, &r[i], l, RW_READ);
		rw_op_start(cq, &w[i], l, RW_WRITE);
	}
	assert_int_equal(pawl_op_cancel(&r[0].op), 0);
	assert_int_equal(pawl_op_cancel(&w[0].op), 0);
	pawl_rwlock_wrunlock(l);
	assert_int_equal(pawl_op_cancel(&r[1].op), EALREADY);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 3);
	rw_op_assert_ends(&r[0], ECANCELED);
	rw_op_assert_ends(&w[0], ECANCELED);
	rw_op_assert_ends(&r[1], 0);
	rw_op_let_go(&r[1]);
	assert_int_equal(pawl_op_cancel(&w[1].op), EALREADY);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	rw_op_assert_ends(&w[1], 0);
	rw_op_let_go(&w[1]);
}

static void a_canceled_op_is_passed_over_and_a_granted_one_is_not_canceled(void **state)
{
	(void)state;
	with_a_queue(check_cancel);
}

static void check_canceled_writer(pawl_rwlock *l)
{
	struct rw_op w;
	struct rw_user r;

	pawl_rwlock_rdlock(l);
	rw_op_start(cq, &w, l, RW_WRITE);
	rw_park(&r, l, RW_READ);
	assert_int_equal(pawl_op_cancel(&w.op), 0);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	rw_op_assert_ends(&w, ECANCELED);
	rw_assert_gets(&r);
	rw_leave(&r);
	rw_assert_read(l);
	rw_op_start(cq, &w, l, RW_WRITE);		/* not dispatched before those inside leave */
	rw_park(&r, l, RW_READ);
	assert_int_equal(pawl_op_cancel(&w.op), 0);
	pawl_rwlock_rdunlock(l);
	rw_assert_gets(&r);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	rw_op_assert_ends(&w, ECANCELED);
	rw_leave(&r);
}

static void readers_come_in_when_a_canceled_writer_is_dispatched_or_all_have_left(void **state)
{
	(void)state;
	with_a_queue(check_canceled_writer);
}

/* What ops were granted, and were not told, goes back. */
static void closing_the_queue_gives_back_what_was_granted(void **state)
{
	(void)state;
	for (enum rw_how how = RW_READ; how <= RW_WRITE; how++) {
		pawl_rwlock l = PAWL_RWLOCK_INIT;
		struct rw_op n[3], other;
		struct rw_user w;

		assert_int_equal(pawl_cq_open(&cq), 0);
		pawl_rwlock_wrlock(&l);
		for (size_t i = 0; i < COUNT_OF(n); i++)
			rw_op_start(cq, &n[i], &l, how);
		rw_op_start(cq, &other, &l, RW_WRITE);
		rw_park(&w, &l, RW_WRITE);
		pawl_rwlock_wrunlock(&l);
		rw_assert_waits(&w);
		pawl_cq_close(cq);
		rw_assert_gets(&w);
		for (size_t i = 0; i < COUNT_OF(n); i++)
			rw_op_assert_ends(&n[i], ECANCELED);
		rw_op_assert_ends(&other, ECANCELED);
		rw_leave(&w);
		rw_assert_free(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_free_lock_is_had_at_once_and_done_is_not_called),
		TEST(the_share_of_an_op_can_be_given_back_by_any_thread),
		TEST(an_unlock_hands_over_to_ops_in_their_turn),
		TEST(an_op_ends_at_its_deadline),
		TEST(threads_and_ops_are_served_in_one_order),
		TEST(all_that_read_come_first_and_then_writers_in_order),
		TEST(a_canceled_op_is_passed_over_and_a_granted_one_is_not_canceled),
		TEST(readers_come_in_when_a_canceled_writer_is_dispatched_or_all_have_left),
		TEST(closing_the_queue_gives_back_what_was_granted),
	};

	return test_main(tests);
}
