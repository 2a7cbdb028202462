/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sem_op.c - pawl/sem.h: acquire_op; what all ops have in common is in test_op.c. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/mutex.h>
#include <pawl/op.h>

#include "op_race.h"
#include "sem_taker.h"

enum { NONE = -1 };

/* An op that notes how it ended. */
struct note_op {
	pawl_op op;
	pawl_sem *sem;
	int rc;			/* NONE: done() was not called */
	int calls;
	pthread_t where;
	struct order *order;	/* may be NULL */
	int id;
};

static pawl_cq *cq;

static void note_done(pawl_op *op, int rc)
{
	struct note_op *n = pawl_op_user(op);

	n->rc = rc;
	n->calls++;
	n->where = pthread_self();
	if (n->order && rc == 0)
		order_note(n->order, n->id);
}

static void note_init(struct note_op *n, pawl_sem *s)
{
	*n = (struct note_op){ .sem = s, .rc = NONE };
	pawl_op_init(&n->op, cq, note_done, n);
}

static void note_init_inline(struct note_op *n, pawl_sem *s, pawl_done_fn done)
{
	*n = (struct note_op){ .sem = s, .rc = NONE };
	pawl_op_init_inline(&n->op, done, n);
}

static void start(struct note_op *n)
{
	assert_int_equal(pawl_sem_acquire_op(n->sem, &n->op), EINPROGRESS);
}

static void note_start(struct note_op *n, pawl_sem *s)
{
	note_init(n, s);
	start(n);
}

static void with_each_sem_and_a_queue(void (*fn)(pawl_sem *s))
{
	assert_int_equal(pawl_cq_open(&cq), 0);
	with_each_sem(fn);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	pawl_cq_close(cq);
}

/*** One op ************************************************************************************/

static void check_free(pawl_sem *s)
{
	struct note_op n;

	pawl_sem_release(s, 2);
	note_init(&n, s);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pawl_sem_acquire_op(s, &n.op), 0);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	assert_int_equal(n.calls, 0);
	assert_permits(s, 0);
}

static void a_free_permit_is_had_at_once_and_done_is_not_called(void **state)
{
	(void)state;
	with_each_sem_and_a_queue(check_free);
}

static void check_hand_over(pawl_sem *s)
{
	struct note_op n;

	note_start(&n, s);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	pawl_sem_release(s, 1);
	assert_int_equal(pawl_sem_tryacquire(s), EAGAIN);
	assert_int_equal(n.rc, NONE);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	assert_int_equal(n.rc, 0);
	assert_true(pthread_equal(n.where, pthread_self()));
	pawl_sem_release(s, 1);
	assert_int_equal(n.calls, 1);
	assert_permits(s, 1);
}

static void a_released_permit_is_handed_over_to_the_op(void **state)
{
	(void)state;
	with_each_sem_and_a_queue(check_hand_over);
}

static void check_debt(pawl_sem *s)
{
	struct note_op n;

	assert_int_equal(pawl_sem_adjust(s, -1), -1);
	note_start(&n, s);
	pawl_sem_release(s, 1);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	assert_int_equal(pawl_sem_adjust(s, 3), 2);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	assert_int_equal(n.rc, 0);
	assert_permits(s, 2);
}

static void a_debt_is_paid_first(void **state)
{
	(void)state;
	with_each_sem_and_a_queue(check_debt);
}

static void check_deadlines(pawl_sem *s)
{
	const pawl_time deadlines[] = { INT64_MIN, 0, pawl_now(), pawl_after(PAWL_MS(3)) };
	struct note_op n, next;

	for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
		note_init(&n, s);
		pawl_op_deadline(&n.op, deadlines[i]);
		start(&n);
		note_start(&next, s);
		while (pawl_cq_dispatch(cq, 0) == 0)
			sched_yield();
		assert_int_equal(n.rc, ETIMEDOUT);
		assert_true(pawl_now() >= deadlines[i]);
		pawl_sem_release(s, 1);
		assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
		assert_int_equal(next.rc, 0);
		pawl_sem_release(s, 1);
		assert_int_equal(pawl_sem_acquire_op(s, &n.op), 0);	/* late or not */
		assert_permits(s, 0);
	}
}

static void an_op_ends_at_its_deadline_and_the_next_one_gets_the_permit(void **state)
{
	(void)state;
	with_each_sem_and_a_queue(check_deadlines);
}

/*** Many in one queue *************************************************************************/

/* Even ones are threads, odd ones ops. */
static void check_mixed(pawl_sem *s)
{
	struct order order = { 0 };
	struct sem_taker t[ORDER_MAX];
	struct note_op n[ORDER_MAX];

	for (int i = 0; i < ORDER_MAX; i++) {
		if (i % 2 == 0) {
			taker_start_in(&order, &t[i], i, s, 1);
			continue;
		}
		note_init(&n[i], s);
		n[i].id = i;
		n[i].order = &order;
		start(&n[i]);
	}
	for (int i = 0; i < ORDER_MAX; i++) {
		pawl_sem_release(s, 1);
		assert_int_equal(pawl_cq_dispatch(cq, 0), i % 2);
		order_expect(&order, i + 1, i);
		if (i % 2 == 0)
			assert_int_equal(taker_join(&t[i]), 0);
	}
	assert_permits(s, 0);
}

static void threads_and_ops_are_served_in_one_order(void **state)
{
	(void)state;
	with_each_sem_and_a_queue(check_mixed);
}

static void check_one_release(pawl_sem *s)
{
	struct sem_taker t[2];
	struct note_op n[3];

	note_start(&n[0], s);
	taker_start(&t[0], s, 1, PAWL_FOREVER);
	note_start(&n[1], s);
	taker_start(&t[1], s, 1, PAWL_FOREVER);
	note_start(&n[2], s);
	pawl_sem_release(s, 4);
	assert_int_equal(taker_join(&t[0]), 0);
	assert_int_equal(taker_join(&t[1]), 0);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 2);
	assert_int_equal(n[0].rc + n[1].rc, 0);
	assert_int_equal(n[2].rc, NONE);
	pawl_sem_release(s, 1);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	assert_int_equal(n[2].rc, 0);
	assert_permits(s, 0);
}

/* By default the thread between them is woken, and hands on to the op behind it. */
static void a_release_of_n_serves_n_of_both(void **state)
{
	(void)state;
	with_each_sem_and_a_queue(check_one_release);
}

enum { MANY = 500 };

static struct note_op many[MANY];

static void check_many(pawl_sem *s)
{
	for (int i = 0; i < MANY; i++)
		note_start(&many[i], s);
	for (int i = 0; i < MANY / 2; i++) {
		pawl_sem_release(s, 1);
		assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
		assert_int_equal(many[i].rc, 0);
	}
	pawl_sem_release(s, MANY / 2 - 1);
	assert_int_equal(pawl_cq_dispatch(cq, 0), MANY / 2 - 1);
	assert_int_equal(many[MANY - 1].rc, NONE);
	pawl_sem_release(s, 2);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	for (int i = 0; i < MANY; i++)
		assert_true(many[i].rc == 0 && many[i].calls == 1);
	assert_permits(s, 1);
}

static void ops_are_served_in_the_order_of_their_starts(void **state)
{
	(void)state;
	with_each_sem_and_a_queue(check_many);
}

static void check_large_one(pawl_sem *s)
{
	struct note_op before, behind;
	struct sem_taker large;

	note_start(&before, s);
	taker_start(&large, s, 2, PAWL_FOREVER);
	note_start(&behind, s);
	pawl_sem_release(s, 1);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	assert_int_equal(before.rc, 0);
	pawl_sem_release(s, 1);
	taker_await(&large);
	pawl_sem_release(s, 2);
	assert_int_equal(taker_join(&large), 0);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	assert_int_equal(behind.rc, 0);
	assert_permits(s, 0);
}

static void an_op_takes_turns_with_one_that_collects(void **state)
{
	(void)state;
	with_each_sem_and_a_queue(check_large_one);
}

/* It does not wait any more, so nobody is before those that come. */
static void check_undispatched(pawl_sem *s)
{
	struct note_op n;

	note_start(&n, s);
	pawl_sem_release(s, 6);
	assert_int_equal(pawl_sem_tryacquire(s), 0);
	assert_int_equal(pawl_sem_acquire_until(s, 0), 0);
	assert_int_equal(pawl_sem_acquire_n(s, 3, 0), 0);
	assert_int_equal(pawl_sem_value(s), 0);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	assert_int_equal(n.rc, 0);
	assert_permits(s, 0);
}

static void what_is_left_besides_an_op_s_grant_can_be_had_before_its_dispatch(void **state)
{
	(void)state;
	with_each_sem_and_a_queue(check_undispatched);
}

/*** Cancel, close *****************************************************************************/

static void check_cancel(pawl_sem *s)
{
	struct note_op a, b, c;

	note_start(&a, s);
	note_start(&b, s);
	note_start(&c, s);
	assert_int_equal(pawl_op_cancel(&a.op), 0);
	pawl_sem_release(s, 1);
	assert_int_equal(pawl_op_cancel(&b.op), EALREADY);
	assert_int_equal(pawl_op_cancel(&c.op), 0);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 3);
	assert_int_equal(a.rc, ECANCELED);
	assert_int_equal(b.rc, 0);
	assert_int_equal(c.rc, ECANCELED);
	pawl_sem_release(s, 1);
	assert_permits(s, 1);
}

static void a_canceled_op_is_passed_over_and_a_granted_one_is_not_canceled(void **state)
{
	(void)state;
	with_each_sem_and_a_queue(check_cancel);
}

static pawl_sem race_sem[RACE_OPS];
static struct note_op race_op[RACE_OPS];

static pawl_op *race_start(int i, int round)
{
	assert_int_equal(pawl_sem_init(&race_sem[i], 0, (unsigned)round % 2), 0);
	note_start(&race_op[i], &race_sem[i]);
	return &race_op[i].op;
}

static void race_grant(int i)
{
	pawl_sem_release(&race_sem[i], 1);
}

static bool race_judge(int i)
{
	struct note_op *n = &race_op[i];

	assert_int_equal(n->calls, 1);
	assert_true(n->rc == 0 || n->rc == ECANCELED);
	assert_permits(n->sem, n->rc != 0);
	pawl_sem_destroy(n->sem);
	return n->rc == 0;
}

static void a_cancel_that_meets_the_grant_loses_no_permit(void **state)
{
	struct op_race race = { .queued = RACE_OPS, .start = race_start, .grant = race_grant,
				.judge = race_judge };

	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	race.cq = cq;
	op_race(&race);
	pawl_cq_close(cq);
}

static void check_close(pawl_sem *s)
{
	struct note_op waits[2], granted, late, inl;

	note_start(&granted, s);
	for (size_t i = 0; i < COUNT_OF(waits); i++)
		note_start(&waits[i], s);
	note_init_inline(&inl, s, note_done);
	start(&inl);
	pawl_sem_release(s, 1);
	pawl_sem_close(s);
	assert_int_equal(inl.rc, EPIPE);
	assert_int_equal(pawl_op_cancel(&waits[0].op), EALREADY);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 3);
	assert_int_equal(granted.rc, 0);
	for (size_t i = 0; i < COUNT_OF(waits); i++)
		assert_int_equal(waits[i].rc, EPIPE);
	pawl_sem_release(s, 1);
	note_init(&late, s);
	assert_int_equal(pawl_sem_acquire_op(s, &late.op), EPIPE);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	assert_int_equal(late.calls, 0);
	assert_int_equal(s->queue_, 0);
}

static void close_ends_ops_with_epipe(void **state)
{
	(void)state;
	with_each_sem_and_a_queue(check_close);
}

/* The permits that were not dispatched go to the thread, and to the count. */
static void check_close_of_the_queue(pawl_sem *s)
{
	struct note_op granted[2], waits, canceled;
	struct sem_taker t;

	assert_int_equal(pawl_cq_open(&cq), 0);
	for (size_t i = 0; i < COUNT_OF(granted); i++)
		note_start(&granted[i], s);
	note_start(&canceled, s);
	note_start(&waits, s);
	taker_start(&t, s, 1, PAWL_FOREVER);
	assert_int_equal(pawl_op_cancel(&canceled.op), 0);
	pawl_sem_release(s, 2);
	taker_await(&t);
	pawl_cq_close(cq);
	assert_int_equal(taker_join(&t), 0);
	for (size_t i = 0; i < COUNT_OF(granted); i++)
		assert_int_equal(granted[i].rc, ECANCELED);
	assert_int_equal(waits.rc, ECANCELED);
	assert_int_equal(canceled.rc, ECANCELED);
	assert_permits(s, 1);
}

static void closing_the_queue_gives_permits_back(void **state)
{
	(void)state;
	with_each_sem(check_close_of_the_queue);
}

/*** Inline ************************************************************************************/

static void release_one(void *sem)
{
	pawl_sem_release(sem, 1);
}

static void check_inline(pawl_sem *s)
{
	struct note_op n;
	struct worker w;

	note_init_inline(&n, s, note_done);
	start(&n);
	worker_start(&w, release_one, s);
	worker_join(&w);
	assert_int_equal(n.rc, 0);
	assert_false(pthread_equal(n.where, pthread_self()));
	start(&n);
	assert_int_equal(pawl_op_cancel(&n.op), 0);
	assert_int_equal(n.rc, ECANCELED);
	assert_true(pthread_equal(n.where, pthread_self()));
	assert_int_equal(n.calls, 2);
	assert_permits(s, 0);
}

static void an_inline_op_is_done_by_the_thread_that_releases_or_cancels(void **state)
{
	(void)state;
	with_each_sem(check_inline);
}

static int depth;

static void release_in_done(pawl_op *op, int rc)
{
	must(++depth == 1 && rc == 0);	/* never inside another done() */
	note_done(op, rc);
	pawl_sem_release(((struct note_op *)pawl_op_user(op))->sem, 1);
	depth--;
}

static void check_chain(pawl_sem *s)
{
	for (int i = 0; i < MANY; i++) {
		note_init_inline(&many[i], s, release_in_done);
		start(&many[i]);
	}
	pawl_sem_release(s, 1);
	for (int i = 0; i < MANY; i++)
		assert_true(many[i].rc == 0 && many[i].calls == 1);
	assert_permits(s, 1);
}

static void one_permit_goes_through_a_chain_of_inline_ops(void **state)
{
	(void)state;
	with_each_sem(check_chain);
}

static void free_all(pawl_op *op, int rc)
{
	struct note_op *n = pawl_op_user(op);

	must(rc == 0);
	pawl_sem_destroy(n->sem);
	memset(n->sem, 0xa5, sizeof *n->sem);
	free(n->sem);
	memset(n, 0xff, sizeof *n);
	free(n);
}

static void start_and_die(unsigned flags, int round)
{
	struct note_op *n = calloc(1, sizeof *n);
	pawl_sem *s = calloc(1, sizeof *s);
	struct worker w;

	assert_non_null(n);
	assert_non_null(s);
	assert_int_equal(pawl_sem_init(s, 0, flags), 0);
	n->sem = s;
	if (round % 2 == 0)
		pawl_op_init(&n->op, cq, free_all, n);
	else
		pawl_op_init_inline(&n->op, free_all, n);
	start(n);
	worker_start(&w, release_one, s);
	while (round % 2 == 0 && pawl_cq_dispatch(cq, 0) == 0)
		sched_yield();
	worker_join(&w);
}

static void done_may_free_the_op_and_the_semaphore(void **state)
{
	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++)
		for (int round = 0; round < ROUNDS(1000); round++)
			start_and_die(flags, round);
	pawl_cq_close(cq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_free_permit_is_had_at_once_and_done_is_not_called),
		TEST(a_released_permit_is_handed_over_to_the_op),
		TEST(a_debt_is_paid_first),
		TEST(an_op_ends_at_its_deadline_and_the_next_one_gets_the_permit),
		TEST(threads_and_ops_are_served_in_one_order),
		TEST(a_release_of_n_serves_n_of_both),
		TEST(ops_are_served_in_the_order_of_their_starts),
		TEST(an_op_takes_turns_with_one_that_collects),
		TEST(what_is_left_besides_an_op_s_grant_can_be_had_before_its_dispatch),
		TEST(a_canceled_op_is_passed_over_and_a_granted_one_is_not_canceled),
		TEST(a_cancel_that_meets_the_grant_loses_no_permit),
		TEST(close_ends_ops_with_epipe),
		TEST(closing_the_queue_gives_permits_back),
		TEST(an_inline_op_is_done_by_the_thread_that_releases_or_cancels),
		TEST(one_permit_goes_through_a_chain_of_inline_ops),
		TEST(done_may_free_the_op_and_the_semaphore),
	};

	return test_main(tests);
}
