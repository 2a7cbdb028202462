/* SPDX-License-Identifier: BSD-2-Clause */
/* test_rwlock_inline.c - pawl/rwlock.h: ops whose done() is called by whoever lets them in; cancels
 * that meet the grant; and what done() may free. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/atomic.h>

#include "op_race.h"
#include "rwlock_user.h"

static pawl_cq *cq;

/*** Inline ************************************************************************************/

static void wrunlock(void *lock)
{
	pawl_rwlock_wrunlock(lock);
}

static void an_inline_op_is_done_by_the_thread_that_unlocks(void **state)
{
	(void)state;
	for (enum rw_how how = RW_READ; how <= RW_WRITE; how++) {
		pawl_rwlock l = PAWL_RWLOCK_INIT;
		struct rw_op before, n;
		struct worker w;

		rw_op_init_inline(&before, &l, RW_WRITE, rw_op_done);
		assert_int_equal(rw_op_begin(&before), 0);
		rw_op_start_inline(&n, &l, how);
		worker_start(&w, wrunlock, &l);
		worker_join(&w);
		rw_op_assert_ends(&n, 0);
		assert_false(pthread_equal(n.where, pthread_self()));
		rw_op_let_go(&n);
		rw_assert_free(&l);
	}
}

static void readers_come_in_at_once_when_an_inline_writer_is_canceled(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;
	struct rw_op w;
	struct rw_user r;

	(void)state;
	pawl_rwlock_rdlock(&l);
	rw_op_start_inline(&w, &l, RW_WRITE);
	rw_park(&r, &l, RW_READ);
	assert_int_equal(pawl_op_cancel(&w.op), 0);
	rw_op_assert_ends(&w, ECANCELED);
	rw_assert_gets(&r);
	rw_leave(&r);
	pawl_rwlock_rdunlock(&l);
	rw_assert_free(&l);
}

enum { MANY = 500 };

static struct rw_op many[MANY];
static int depth;

static void unlock_in_done(pawl_op *op, int rc)
{
	must(++depth == 1 && rc == 0);	/* never inside another done() */
	rw_op_done(op, rc);
	rw_op_let_go(pawl_op_user(op));
	depth--;
}

static void one_unlock_goes_through_a_chain_of_inline_ops(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;

	(void)state;
	pawl_rwlock_wrlock(&l);
	for (int i = 0; i < MANY; i++) {
		rw_op_init_inline(&many[i], &l, i % 3 ? RW_WRITE : RW_READ, unlock_in_done);
		assert_int_equal(rw_op_begin(&many[i]), EINPROGRESS);
	}
	pawl_rwlock_wrunlock(&l);
	for (int i = 0; i < MANY; i++)
		rw_op_assert_ends(&many[i], 0);
	rw_assert_free(&l);
}

/*** Races *************************************************************************************/

static pawl_rwlock race_lock[RACE_OPS];
static struct rw_op race_op[RACE_OPS];

static pawl_op *race_start(int i, int round)
{
	enum rw_how how = i % 2 ? RW_WRITE : RW_READ;

	(void)round;
	pawl_rwlock_wrlock(&race_lock[i]);
	if (i % 4 < 2)
		rw_op_init_inline(&race_op[i], &race_lock[i], how, rw_op_done);
	else
		rw_op_init(cq, &race_op[i], &race_lock[i], how);
	assert_int_equal(rw_op_begin(&race_op[i]), EINPROGRESS);
	return &race_op[i].op;
}

static void race_grant(int i)
{
	pawl_rwlock_wrunlock(&race_lock[i]);
}

static bool race_judge(int i)
{
	struct rw_op *n = &race_op[i];

	assert_int_equal(n->calls, 1);
	assert_true(n->rc == 0 || n->rc == ECANCELED);
	if (n->rc == 0)
		rw_op_let_go(n);
	rw_assert_free(n->lock);
	return n->rc == 0;
}

static void a_cancel_that_meets_the_grant_loses_nothing(void **state)
{
	struct op_race race = { .queued = RACE_OPS / 2, .start = race_start, .grant = race_grant,
				.judge = race_judge };

	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	race.cq = cq;
	op_race(&race);
	pawl_cq_close(cq);
}

/*
 * Writers that give up at the same time, while one reads and others wait to: none of them may leave
 * that to another one.
 */
enum { QUITTERS = 2 };

struct quit {
	pawl_rwlock lock[RACE_OPS];
	struct rw_op writers[RACE_OPS][QUITTERS], readers[RACE_OPS];
	int begun, ended[QUITTERS];	/* atomic: rounds */
};

struct quitter {
	struct worker worker;
	struct quit *quit;
	int id;
};

static void cancel_mine(void *arg)
{
	struct quitter *q = arg;

	for (int round = 1; round <= ROUNDS(200); round++) {
		op_race_await(&q->quit->begun, round);
		for (int i = 0; i < RACE_OPS; i++)
			must(pawl_op_cancel(&q->quit->writers[i][q->id].op) == 0);
		pawl_store_(&q->quit->ended[q->id], round, release);
	}
}

static void quit_round(struct quit *q, int round)
{
	for (int i = 0; i < RACE_OPS; i++) {
		pawl_rwlock_rdlock(&q->lock[i]);
		for (int j = 0; j < QUITTERS; j++)
			rw_op_start_inline(&q->writers[i][j], &q->lock[i], RW_WRITE);
		rw_op_start_inline(&q->readers[i], &q->lock[i], RW_READ);
	}
	pawl_store_(&q->begun, round, release);
	for (int j = 0; j < QUITTERS; j++)
		op_race_await(&q->ended[j], round);
	for (int i = 0; i < RACE_OPS; i++) {
		for (int j = 0; j < QUITTERS; j++)
			rw_op_assert_ends(&q->writers[i][j], ECANCELED);
		rw_op_assert_ends(&q->readers[i], 0);
		rw_op_let_go(&q->readers[i]);
		pawl_rwlock_rdunlock(&q->lock[i]);
		rw_assert_free(&q->lock[i]);
	}
}

static void when_all_writers_give_up_at_once_readers_come_in(void **state)
{
	static struct quit q;
	struct quitter w[QUITTERS];

	(void)state;
	for (int j = 0; j < QUITTERS; j++) {
		w[j] = (struct quitter){ .quit = &q, .id = j };
		worker_start(&w[j].worker, cancel_mine, &w[j]);
	}
	for (int round = 1; round <= ROUNDS(200); round++)
		quit_round(&q, round);
	for (int j = 0; j < QUITTERS; j++)
		worker_join(&w[j].worker);
}

/*** Lifetime **********************************************************************************/

static void free_all(pawl_op *op, int rc)
{
	struct rw_op *n = pawl_op_user(op);

	must(rc == 0);
	memset(n->lock, 0xa5, sizeof *n->lock);
	free(n->lock);
	memset(n, 0xff, sizeof *n);
	free(n);
}

static void done_may_free_the_op_and_the_lock(void **state)
{
	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	for (int round = 0; round < ROUNDS(1000); round++) {
		struct rw_op *n = calloc(1, sizeof *n);
		pawl_rwlock *l = calloc(1, sizeof *l);
		struct worker w;

		assert_non_null(n);
		assert_non_null(l);
		*n = (struct rw_op){ .lock = l, .how = RW_WRITE };
		if (round % 2 == 0)
			pawl_op_init(&n->op, cq, free_all, n);
		else
			pawl_op_init_inline(&n->op, free_all, n);
		pawl_rwlock_wrlock(l);
		assert_int_equal(rw_op_begin(n), EINPROGRESS);
		worker_start(&w, wrunlock, l);
		while (round % 2 == 0 && pawl_cq_dispatch(cq, 0) == 0)
			sched_yield();
		worker_join(&w);
	}
	pawl_cq_close(cq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_inline_op_is_done_by_the_thread_that_unlocks),
		TEST(readers_come_in_at_once_when_an_inline_writer_is_canceled),
		TEST(one_unlock_goes_through_a_chain_of_inline_ops),
		TEST(a_cancel_that_meets_the_grant_loses_nothing),
		TEST(when_all_writers_give_up_at_once_readers_come_in),
		TEST(done_may_free_the_op_and_the_lock),
	};

	return test_main(tests);
}
