/* SPDX-License-Identifier: BSD-2-Clause */
/* test_op.c - pawl/op.h: ops, on mutexes; queues by themselves are in test_cq.c. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/atomic.h>
#include <pawl/counter.h>
#include <pawl/mutex.h>
#include <pawl/op.h>

#include "support.h"

enum { NONE = -1 };

/* An op that notes how it ended. */
struct note_op {
	pawl_op op;
	pawl_mutex *mutex;
	int rc;			/* NONE: done() was not called */
	int calls;
	pthread_t where;
	int *log, *logged;	/* may be NULL; guarded by the mutex */
	int id;
};

static pawl_cq *cq;

static void note_done(pawl_op *op, int rc)
{
	struct note_op *n = pawl_op_user(op);

	n->rc = rc;
	n->calls++;
	n->where = pthread_self();
	if (n->log && rc == 0)
		n->log[(*n->logged)++] = n->id;
}

static void note_init(struct note_op *n, pawl_mutex *m)
{
	*n = (struct note_op){ .mutex = m, .rc = NONE };
	pawl_op_init(&n->op, cq, note_done, n);
}

static void note_init_inline(struct note_op *n, pawl_mutex *m)
{
	*n = (struct note_op){ .mutex = m, .rc = NONE };
	pawl_op_init_inline(&n->op, note_done, n);
}

static void note_start(struct note_op *n)
{
	assert_int_equal(pawl_mutex_lock_op(n->mutex, &n->op), EINPROGRESS);
}

static void with_a_queue(void (*fn)(pawl_mutex *m))
{
	assert_int_equal(pawl_cq_open(&cq), 0);
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		pawl_mutex m;

		assert_int_equal(pawl_mutex_init(&m, flags), 0);
		fn(&m);
		pawl_mutex_destroy(&m);
	}
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	pawl_cq_close(cq);
}

static void assert_free(pawl_mutex *m)
{
	assert_int_equal(pawl_mutex_trylock(m), 0);
	pawl_mutex_unlock(m);
}

/*** One op ************************************************************************************/

static void unlock_elsewhere(void *m)
{
	pawl_mutex_unlock(m);
}

static void check_free_mutex(pawl_mutex *m)
{
	struct note_op n;
	struct worker w;

	note_init(&n, m);
	assert_ptr_equal(pawl_op_user(&n.op), &n);
	assert_int_equal(pawl_mutex_lock_op(m, &n.op), 0);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	assert_int_equal(n.rc, NONE);
	assert_int_equal(pawl_mutex_trylock(m), EBUSY);
	assert_false(pawl_mutex_is_mine(m));
	worker_start(&w, unlock_elsewhere, m);
	worker_join(&w);
	assert_free(m);
}

static void a_free_mutex_is_had_at_once_and_any_thread_may_unlock_it(void **state)
{
	(void)state;
	with_a_queue(check_free_mutex);
}

static void check_held_mutex(pawl_mutex *m)
{
	struct note_op n;
	struct worker w;

	note_init(&n, m);
	pawl_mutex_lock(m);
	note_start(&n);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	pawl_mutex_unlock(m);
	assert_int_equal(n.rc, NONE);
	assert_int_equal(pawl_mutex_trylock(m), EBUSY);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	assert_int_equal(n.rc, 0);
	assert_true(pthread_equal(n.where, pthread_self()));
	assert_int_equal(pawl_mutex_trylock(m), EBUSY);
	worker_start(&w, unlock_elsewhere, m);
	worker_join(&w);
	assert_free(m);
	assert_int_equal(n.calls, 1);
}

static void a_held_mutex_is_handed_over_to_the_op(void **state)
{
	(void)state;
	with_a_queue(check_held_mutex);
}

static void check_lock_after_op(pawl_mutex *m)
{
	struct locker l;
	struct note_op n;

	note_init(&n, m);
	assert_int_equal(pawl_mutex_lock_op(m, &n.op), 0);
	locker_start(&l, 0, m, PAWL_FOREVER, NULL);
	assert_true(dump_shows("for mutex", "held by an op"));
	assert_int_equal(pawl_mutex_lock_until(m, pawl_after(PAWL_MS(1))), ETIMEDOUT);
	pawl_mutex_unlock(m);
	assert_int_equal(locker_join(&l), 0);
}

static void a_thread_waits_for_what_an_op_holds(void **state)
{
	(void)state;
	with_a_queue(check_lock_after_op);
}

/*** Many in one queue *************************************************************************/

enum { MIXED = 8 };

/* Even ones are threads, odd ones ops. */
static void check_mixed(pawl_mutex *m)
{
	struct order order = { 0 };
	struct locker l[MIXED];
	struct note_op n[MIXED];

	pawl_mutex_lock(m);
	for (int i = 0; i < MIXED; i++) {
		if (i % 2 == 0) {
			locker_start(&l[i], i, m, PAWL_FOREVER, &order);
			continue;
		}
		note_init(&n[i], m);
		n[i].id = i;
		n[i].log = order.who;
		n[i].logged = &order.count;
		note_start(&n[i]);
	}
	pawl_mutex_unlock(m);
	for (int i = 1; i < MIXED; i += 2) {
		assert_int_equal(locker_join(&l[i - 1]), 0);
		while (pawl_cq_dispatch(cq, 0) == 0)
			sched_yield();
		assert_int_equal(n[i].rc, 0);
		pawl_mutex_unlock(m);
	}
	assert_int_equal(order.count, MIXED);
	for (int i = 0; i < MIXED; i++)
		assert_int_equal(order.who[i], i);
}

static void threads_and_ops_are_served_in_one_order(void **state)
{
	(void)state;
	with_a_queue(check_mixed);
}

static void check_many(pawl_mutex *m)
{
	enum { MANY = 500 };
	static struct note_op n[MANY];
	static int log[MANY];
	int logged = 0;

	pawl_mutex_lock(m);
	for (int i = 0; i < MANY; i++) {
		note_init(&n[i], m);
		n[i].id = i;
		n[i].log = log;
		n[i].logged = &logged;
		note_start(&n[i]);
	}
	for (int i = 0; i < MANY; i++) {
		pawl_mutex_unlock(m);
		assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
		assert_int_equal(logged, i + 1);
		assert_int_equal(log[i], i);
	}
	pawl_mutex_unlock(m);
}

static void ops_are_served_in_the_order_of_their_starts(void **state)
{
	(void)state;
	with_a_queue(check_many);
}

static void unlock_and_start_again(pawl_op *op, int rc)
{
	struct note_op *n = pawl_op_user(op);

	n->rc = rc;
	if (++n->calls < 100) {
		rc = pawl_mutex_lock_op(n->mutex, op);
		must(rc == EINPROGRESS);
	}
	pawl_mutex_unlock(n->mutex);
}

static void check_again(pawl_mutex *m)
{
	struct note_op n = { .mutex = m };
	int turns = 0;

	pawl_op_init(&n.op, cq, unlock_and_start_again, &n);
	pawl_mutex_lock(m);
	note_start(&n);
	pawl_mutex_unlock(m);
	while (n.calls < 100) {
		assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
		turns++;
	}
	assert_int_equal(turns, 100);
	assert_free(m);
}

static void done_may_start_its_op_again(void **state)
{
	(void)state;
	with_a_queue(check_again);
}

static void unlock_and_free(pawl_op *op, int rc)
{
	struct note_op *n = pawl_op_user(op);

	must(rc == 0);
	pawl_mutex_unlock(n->mutex);
	free(n->mutex);
	memset(n, 0xff, sizeof *n);
	free(n);
}

static void done_may_free_the_op_and_the_object(void **state)
{
	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	for (int i = 0; i < 100; i++) {
		struct note_op *n = calloc(1, sizeof *n);

		assert_non_null(n);
		n->mutex = calloc(1, sizeof *n->mutex);
		assert_non_null(n->mutex);
		if (i % 2 == 0)
			pawl_op_init(&n->op, cq, unlock_and_free, n);
		else
			pawl_op_init_inline(&n->op, unlock_and_free, n);
		pawl_mutex_lock(n->mutex);
		assert_int_equal(pawl_mutex_lock_op(n->mutex, &n->op), EINPROGRESS);
		pawl_mutex_unlock(n->mutex);
		assert_int_equal(pawl_cq_dispatch(cq, 0), i % 2 == 0);
	}
	pawl_cq_close(cq);
}

/*** Cancel ************************************************************************************/

static void check_cancel(pawl_mutex *m)
{
	struct note_op a, b, c;

	note_init(&a, m);
	note_init(&b, m);
	note_init(&c, m);
	assert_int_equal(pawl_op_cancel(&a.op), EALREADY);
	pawl_mutex_lock(m);
	note_start(&a);
	note_start(&b);
	note_start(&c);
	assert_int_equal(pawl_op_cancel(&a.op), 0);
	assert_int_equal(pawl_op_cancel(&a.op), EALREADY);
	assert_int_equal(a.rc, NONE);
	pawl_mutex_unlock(m);
	assert_int_equal(pawl_op_cancel(&b.op), EALREADY);
	assert_int_equal(pawl_op_cancel(&c.op), 0);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 3);
	assert_int_equal(a.rc, ECANCELED);
	assert_int_equal(b.rc, 0);
	assert_int_equal(c.rc, ECANCELED);
	assert_int_equal(pawl_op_cancel(&b.op), EALREADY);
	pawl_mutex_unlock(m);
	assert_int_equal(a.calls + b.calls + c.calls, 3);
	assert_free(m);
}

static void a_canceled_op_is_passed_over_and_a_granted_one_is_not_canceled(void **state)
{
	(void)state;
	with_a_queue(check_cancel);
}

static void check_cancel_of_a_later_start(pawl_mutex *m)
{
	struct note_op n;

	note_init(&n, m);
	for (int i = 0; i < 3; i++) {
		pawl_mutex_lock(m);
		note_start(&n);
		assert_int_equal(pawl_op_cancel(&n.op), 0);
		pawl_mutex_unlock(m);
		assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
		assert_int_equal(n.rc, ECANCELED);
		assert_int_equal(n.calls, i + 1);
		assert_int_equal(pawl_op_cancel(&n.op), EALREADY);
	}
}

static void an_op_that_was_canceled_can_be_started_again(void **state)
{
	(void)state;
	with_a_queue(check_cancel_of_a_later_start);
}

/*** Cancels against grants ********************************************************************/

enum { RACE_OPS = 256 };

struct race {
	pawl_mutex mutex[RACE_OPS];
	struct note_op n[RACE_OPS];
	uint32_t turn, answered;	/* atomic: the canceler's cue, and its answer */
	unsigned rounds;
	uint64_t canceled;		/* the canceler's: what it was told */
};

static void await(uint32_t *word, uint32_t value)
{
	while (pawl_load_(word, acquire) != value)
		sched_yield();
}

static void cancel_all(void *arg)
{
	struct race *r = arg;

	for (unsigned round = 1; round <= r->rounds; round++) {
		await(&r->turn, round);
		for (int i = RACE_OPS - 1; i >= 0; i--)
			if (pawl_op_cancel(&r->n[i].op) == 0)
				r->canceled++;
		pawl_store_(&r->answered, round, release);
	}
}

static void race_done(pawl_op *op, int rc)
{
	note_done(op, rc);
	if (rc == 0)
		pawl_mutex_unlock(((struct note_op *)pawl_op_user(op))->mutex);
}

static void race_round(struct race *r, unsigned round, uint64_t *ret_granted)
{
	int done = 0;

	for (int i = 0; i < RACE_OPS; i++) {
		struct note_op *n = &r->n[i];

		*n = (struct note_op){ .mutex = &r->mutex[i], .rc = NONE };
		pawl_op_init(&n->op, cq, race_done, n);
		assert_int_equal(pawl_mutex_trylock(n->mutex), 0);
		note_start(n);
	}
	pawl_store_(&r->turn, round, release);
	if (round % 2 == 0)
		sched_yield();
	for (int i = 0; i < RACE_OPS; i++) {
		pawl_mutex_unlock(&r->mutex[i]);
		if (i % 16 == 0)
			done += pawl_cq_dispatch(cq, 0);
	}
	await(&r->answered, round);
	while (done < RACE_OPS)
		done += pawl_cq_dispatch(cq, 0);
	assert_int_equal(done, RACE_OPS);
	for (int i = 0; i < RACE_OPS; i++) {
		assert_int_equal(r->n[i].calls, 1);
		*ret_granted += r->n[i].rc == 0;
	}
}

/* Each mutex can be locked again in the next round: so no grant was lost. */
static void none_of_a_million_grants_is_lost_to_cancels(void **state)
{
	static struct race r;
	struct worker canceler;
	uint64_t granted = 0, all;

	(void)state;
	r.rounds = ROUNDS(4000);
	all = (uint64_t)r.rounds * RACE_OPS;
	assert_int_equal(pawl_cq_open(&cq), 0);
	worker_start(&canceler, cancel_all, &r);
	for (unsigned round = 1; round <= r.rounds; round++)
		race_round(&r, round, &granted);
	worker_join(&canceler);
	note("%llu ops: %llu granted, %llu canceled", (unsigned long long)all,
	     (unsigned long long)granted, (unsigned long long)r.canceled);
	assert_int_equal(granted + r.canceled, all);
	assert_true(granted > 0);
	assert_true(r.canceled > 0);
	for (int i = 0; i < RACE_OPS; i++)
		pawl_mutex_destroy(&r.mutex[i]);
	pawl_cq_close(cq);
}

/*** Inline ************************************************************************************/

static void check_inline(pawl_mutex *m)
{
	struct note_op n;
	struct worker w;

	note_init_inline(&n, m);
	assert_int_equal(pawl_mutex_lock_op(m, &n.op), 0);
	pawl_mutex_unlock(m);
	assert_int_equal(n.rc, NONE);
	assert_int_equal(pawl_mutex_lock_op(m, &n.op), 0);
	note_init_inline(&n, m);
	note_start(&n);
	worker_start(&w, unlock_elsewhere, m);
	worker_join(&w);
	assert_int_equal(n.rc, 0);
	assert_true(pthread_equal(n.where, w.pthread));
	pawl_mutex_unlock(m);
	assert_int_equal(n.calls, 1);
}

static void an_inline_op_is_done_on_the_thread_that_unlocks(void **state)
{
	(void)state;
	with_a_queue(check_inline);
}

static void check_inline_cancel(pawl_mutex *m)
{
	struct note_op n;

	note_init_inline(&n, m);
	pawl_mutex_lock(m);
	note_start(&n);
	assert_int_equal(pawl_op_cancel(&n.op), 0);
	assert_int_equal(n.rc, ECANCELED);
	assert_int_equal(pawl_op_cancel(&n.op), EALREADY);
	pawl_mutex_unlock(m);
	assert_int_equal(n.calls, 1);
}

static void an_inline_op_is_canceled_before_cancel_returns(void **state)
{
	(void)state;
	with_a_queue(check_inline_cancel);
}

static int depth, deepest;

static void unlock_nested(pawl_op *op, int rc)
{
	struct note_op *n = pawl_op_user(op);

	note_done(op, rc);
	deepest = ++depth > deepest ? depth : deepest;
	pawl_mutex_unlock(n->mutex);
	depth--;
}

static void check_never_nested(pawl_mutex *m)
{
	enum { CHAIN = 1000 };
	static struct note_op n[CHAIN];

	deepest = 0;
	pawl_mutex_lock(m);
	for (int i = 0; i < CHAIN; i++) {
		n[i] = (struct note_op){ .mutex = m, .rc = NONE };
		pawl_op_init_inline(&n[i].op, unlock_nested, &n[i]);
		note_start(&n[i]);
	}
	pawl_mutex_unlock(m);
	for (int i = 0; i < CHAIN; i++)
		assert_int_equal(n[i].rc, 0);
	assert_int_equal(deepest, 1);
	assert_free(m);
}

static void inline_ops_are_never_nested(void **state)
{
	(void)state;
	with_a_queue(check_never_nested);
}

static pawl_mutex both[2];
static bool other_was_free;

static void try_the_other(pawl_op *op, int rc)
{
	note_done(op, rc);
	other_was_free = pawl_mutex_trylock(&both[1]) == 0;
	if (other_was_free)
		pawl_mutex_unlock(&both[1]);
}

static void an_inline_op_is_done_at_the_end_of_the_outermost_call(void **state)
{
	pawl_mutex *list[] = { &both[0], &both[1] };
	struct note_op n = { .mutex = &both[0], .rc = NONE };

	(void)state;
	pawl_op_init_inline(&n.op, try_the_other, &n);
	pawl_mutex_lock_all(list, 2);
	note_start(&n);
	pawl_mutex_unlock_all(list, 2);
	assert_int_equal(n.rc, 0);
	assert_true(other_was_free);
	pawl_mutex_unlock(&both[0]);
}

/*** Misuse ************************************************************************************/

static void start_twice(void *arg)
{
	pawl_mutex m = PAWL_MUTEX_INIT, other = PAWL_MUTEX_INIT;
	struct note_op n;

	(void)arg;
	must(pawl_cq_open(&cq) == 0);
	note_init(&n, &m);
	pawl_mutex_lock(&m);
	pawl_mutex_lock(&other);
	must(pawl_mutex_lock_op(&m, &n.op) == EINPROGRESS);
	must(pawl_mutex_lock_op(&other, &n.op) == EINPROGRESS);
}

static void set_the_deadline_late(void *arg)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct note_op n;

	(void)arg;
	must(pawl_cq_open(&cq) == 0);
	note_init(&n, &m);
	pawl_mutex_lock(&m);
	must(pawl_mutex_lock_op(&m, &n.op) == EINPROGRESS);
	pawl_op_deadline(&n.op, pawl_after(1));
}

static void set_a_deadline_inline(void *arg)
{
	struct note_op n;

	(void)arg;
	note_init_inline(&n, NULL);
	pawl_op_deadline(&n.op, pawl_after(1));
}

static void destroy_what_an_op_holds(void *arg)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct note_op n;

	(void)arg;
	note_init_inline(&n, NULL);
	must(pawl_mutex_lock_op(&m, &n.op) == 0);
	pawl_mutex_destroy(&m);
}

static void lock_what_was_destroyed(void *arg)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct note_op n;

	(void)arg;
	note_init_inline(&n, NULL);
	pawl_mutex_destroy(&m);
	must(pawl_mutex_lock_op(&m, &n.op) == 0);
}

static void start_what_is_all_zero(void *arg)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	pawl_op op = { 0 };

	(void)arg;
	pawl_mutex_lock(&m);
	(void)!pawl_mutex_lock_op(&m, &op);
}

static void wait_for_zero(pawl_op *op, int rc)
{
	must(rc == 0);
	must(pawl_counter_wait_zero(pawl_op_user(op), PAWL_FOREVER) == 0);
}

static void wait_in_a_callback(void *arg)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	pawl_counter one = PAWL_COUNTER_INIT(1);
	pawl_op op;

	(void)arg;
	pawl_op_init_inline(&op, wait_for_zero, &one);
	pawl_mutex_lock(&m);
	must(pawl_mutex_lock_op(&m, &op) == EINPROGRESS);
	pawl_mutex_unlock(&m);
}

static void misuse_is_told(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, start_twice, NULL);
	child_assert_misuse(&c, "pawl_mutex_lock_op: op");
	child_assert_misuse(&c, "is under way already");
	child_run(&c, set_the_deadline_late, NULL);
	child_assert_misuse(&c, "is under way");
	child_run(&c, set_a_deadline_inline, NULL);
	child_assert_misuse(&c, "has no completion queue");
	child_run(&c, destroy_what_an_op_holds, NULL);
	child_assert_misuse(&c, "is held by an op");
	child_run(&c, lock_what_was_destroyed, NULL);
	child_assert_misuse(&c, "was destroyed before");
	child_run(&c, start_what_is_all_zero, NULL);
	child_assert_misuse(&c, "pawl_mutex_lock_op: op");
	child_assert_misuse(&c, "was not initialised");
	child_run(&c, wait_in_a_callback, NULL);
	child_assert_misuse(&c, "is waited for by the done() of an inline op");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(misuse_is_told),
		TEST(a_free_mutex_is_had_at_once_and_any_thread_may_unlock_it),
		TEST(a_held_mutex_is_handed_over_to_the_op),
		TEST(a_thread_waits_for_what_an_op_holds),
		TEST(threads_and_ops_are_served_in_one_order),
		TEST(ops_are_served_in_the_order_of_their_starts),
		TEST(done_may_start_its_op_again),
		TEST(done_may_free_the_op_and_the_object),
		TEST(a_canceled_op_is_passed_over_and_a_granted_one_is_not_canceled),
		TEST(an_op_that_was_canceled_can_be_started_again),
		TEST(none_of_a_million_grants_is_lost_to_cancels),
		TEST(an_inline_op_is_done_on_the_thread_that_unlocks),
		TEST(an_inline_op_is_canceled_before_cancel_returns),
		TEST(inline_ops_are_never_nested),
		TEST(an_inline_op_is_done_at_the_end_of_the_outermost_call),
	};

	return test_main(tests);
}
