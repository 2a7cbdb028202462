/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_notify.c - pawl/notify.h: notifications for one, who gets them, and that none is lost.  What
 * it has in common with event, latch and future: test_gate_*.c.
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/atomic.h>

#include "gate_kinds.h"

static const struct gate_kind *const kind = &gate_kinds[GATE_NOTIFY];

/* Return: how many were kept, having taken them. */
static int take_all(pawl_notify *n)
{
	int taken = 0, rc;

	while ((rc = pawl_notify_wait_until(n, 0)) == 0)
		taken++;
	must(rc == ETIMEDOUT);
	return taken;
}

/*** Kept **************************************************************************************/

static void all_zero_memory_is_a_notify_that_keeps_nothing(void **state)
{
	pawl_notify *n = calloc(1, sizeof *n), initialised = PAWL_NOTIFY_INIT;

	(void)state;
	assert_non_null(n);
	assert_int_equal(take_all(n), 0);
	assert_memory_equal(n, &initialised, sizeof *n);
	pawl_notify_one(n);
	assert_int_equal(take_all(n), 1);
	memset(n, 0xff, sizeof *n);
	assert_int_equal(pawl_notify_init(n), 0);
	assert_memory_equal(n, &initialised, sizeof *n);
	free(n);
}

static void one_is_kept_if_nobody_waits_and_one_at_most(void **state)
{
	pawl_notify n = PAWL_NOTIFY_INIT;

	(void)state;
	for (int given = 0; given < 4; given++) {
		for (int i = 0; i < given; i++)
			pawl_notify_one(&n);
		assert_int_equal(take_all(&n), given > 0);
	}
	pawl_notify_one(&n);
	assert_int_equal(pawl_notify_wait_until(&n, PAWL_FOREVER), 0);
	assert_true(gate_is_idle(kind, &n));
}

static void all_is_not_kept_and_leaves_what_is(void **state)
{
	pawl_notify n = PAWL_NOTIFY_INIT;

	(void)state;
	pawl_notify_all(&n);
	assert_int_equal(take_all(&n), 0);
	pawl_notify_one(&n);
	pawl_notify_all(&n);
	assert_int_equal(take_all(&n), 1);
}

static void what_is_kept_is_taken_in_a_canceled_scope(void **state)
{
	pawl_notify n = PAWL_NOTIFY_INIT;
	pawl_cancel *source = gate_source();
	pawl_scope s;

	(void)state;
	pawl_cancel_fire(source, 1);
	pawl_notify_one(&n);
	pawl_scope_enter(&s, 0, source, 0);
	assert_int_equal(pawl_notify_wait_until(&n, PAWL_FOREVER), 0);
	assert_int_equal(pawl_notify_wait_until(&n, PAWL_FOREVER), ECANCELED);
	assert_int_equal(pawl_scope_leave(&s, 0), 0);
	pawl_cancel_close(source);
}

static void an_op_takes_what_is_kept_at_once(void **state)
{
	pawl_notify n = PAWL_NOTIFY_INIT;
	struct gate_op o;

	(void)state;
	gate_op_init(&o, NULL);
	pawl_notify_one(&n);
	assert_int_equal(pawl_notify_wait_op(&n, &o.op), 0);
	gate_op_park(&o, kind, &n);
	pawl_notify_one(&n);
	assert_int_equal(o.calls, 1);
	assert_int_equal(o.rc, 0);
	assert_int_equal(take_all(&n), 0);
}

/*** Who gets it *******************************************************************************/

enum { LINE = 9 };

/* Every third is a thread, an op of the queue, an inline op. */
struct line {
	pawl_notify notify;
	pawl_cq *cq;
	struct gate_waiter thread[LINE];
	struct gate_op op[LINE];
};

static void line_up(struct line *l)
{
	memset(l, 0, sizeof *l);
	assert_int_equal(pawl_cq_open(&l->cq), 0);
	for (int i = 0; i < LINE; i++) {
		if (i % 3 == 0) {
			l->thread[i] = (struct gate_waiter)GATE_WAITER(kind, &l->notify);
			gate_waiter_park(&l->thread[i]);
		} else {
			gate_op_init(&l->op[i], i % 3 == 1 ? l->cq : NULL);
			gate_op_park(&l->op[i], kind, &l->notify);
		}
	}
}

/* Place @i was given one, and none behind it. */
static void assert_turn(struct line *l, int i)
{
	if (i % 3 == 0)
		gate_waiter_assert_passes(&l->thread[i], gate_written);
	else
		assert_int_equal(pawl_cq_dispatch(l->cq, 0), i % 3 == 1);
	for (int other = 0; other < LINE; other++) {
		if (other % 3 != 0)
			assert_int_equal(l->op[other].rc, other <= i ? 0 : GATE_NONE);
		else if (other > i)
			worker_await_wait(&l->thread[other].worker, "notify", &l->notify);
	}
}

static void one_goes_to_who_has_waited_longest(void **state)
{
	static struct line l;

	(void)state;
	line_up(&l);
	for (int i = 0; i < LINE; i++) {
		gate_written++;
		pawl_notify_one(&l.notify);
		assert_turn(&l, i);
	}
	assert_int_equal(take_all(&l.notify), 0);
	assert_true(gate_is_idle(kind, &l.notify));
	pawl_cq_close(l.cq);
}

static void all_goes_to_those_whom_none_for_one_reached(void **state)
{
	static struct line l;

	(void)state;
	line_up(&l);
	pawl_notify_one(&l.notify);
	gate_waiter_assert_passes(&l.thread[0], gate_written);
	pawl_notify_all(&l.notify);
	assert_int_equal(pawl_cq_dispatch(l.cq, 0), LINE / 3);
	for (int i = 1; i < LINE; i++) {
		if (i % 3 == 0)
			gate_waiter_assert_passes(&l.thread[i], gate_written);
		else
			assert_int_equal(l.op[i].rc, 0);
	}
	assert_int_equal(take_all(&l.notify), 0);
	assert_true(gate_is_idle(kind, &l.notify));
	pawl_cq_close(l.cq);
}

/* A waiter that was given one, and has not run since, is out of the line. */
static void two_for_one_go_to_two(void **state)
{
	pawl_notify n = PAWL_NOTIFY_INIT;
	struct gate_waiter w[] = { GATE_WAITER(kind, &n), GATE_WAITER(kind, &n) };

	(void)state;
	gate_waiter_park(&w[0]);
	gate_waiter_park(&w[1]);
	worker_freeze(&w[0].worker);
	pawl_notify_one(&n);
	pawl_notify_one(&n);
	gate_waiter_assert_passes(&w[1], gate_written);
	pawl_notify_one(&n);
	worker_thaw(&w[0].worker);
	gate_waiter_assert_passes(&w[0], gate_written);
	assert_int_equal(take_all(&n), 1);
}

static void who_gave_up_is_passed_over(void **state)
{
	pawl_notify n = PAWL_NOTIFY_INIT;
	struct gate_waiter late = GATE_WAITER(kind, &n), next = late;
	struct gate_op canceled;

	(void)state;
	gate_op_init(&canceled, NULL);
	gate_op_park(&canceled, kind, &n);
	late.deadline = pawl_after(PAWL_MS(20));
	gate_waiter_start(&late);
	worker_await_sleep(&late.worker);
	gate_waiter_park(&next);
	assert_int_equal(pawl_op_cancel(&canceled.op), 0);
	assert_int_equal(gate_waiter_join(&late), ETIMEDOUT);
	pawl_notify_one(&n);
	gate_waiter_assert_passes(&next, gate_written);
	assert_int_equal(take_all(&n), 0);
}

/*** Given back ********************************************************************************/

static void of_a_closed_queue_it_goes_to_the_next(void **state)
{
	pawl_notify n = PAWL_NOTIFY_INIT;
	struct gate_waiter w = GATE_WAITER(kind, &n);
	struct gate_op o;
	pawl_cq *cq;

	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	gate_op_init(&o, cq);
	gate_op_park(&o, kind, &n);
	gate_waiter_park(&w);
	pawl_notify_one(&n);
	worker_await_wait(&w.worker, "notify", &n);
	pawl_cq_close(cq);
	assert_int_equal(o.rc, ECANCELED);
	gate_waiter_assert_passes(&w, gate_written);
	assert_int_equal(take_all(&n), 0);
	assert_true(gate_is_idle(kind, &n));
}

static void of_a_closed_queue_it_is_kept_if_nobody_waits(void **state)
{
	pawl_notify n = PAWL_NOTIFY_INIT;
	struct gate_op o[3];
	pawl_cq *cq;

	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	for (int i = 0; i < 3; i++) {
		gate_op_init(&o[i], cq);
		gate_op_park(&o[i], kind, &n);
	}
	pawl_notify_one(&n);
	pawl_notify_one(&n);
	pawl_cq_close(cq);
	for (int i = 0; i < 3; i++)
		assert_int_equal(o[i].rc, ECANCELED);
	assert_int_equal(take_all(&n), 1);	/* one at most */
	assert_true(gate_is_idle(kind, &n));
}

/* One for all is no more when it was not dispatched. */
static void of_a_closed_queue_one_for_all_is_not_kept(void **state)
{
	pawl_notify n = PAWL_NOTIFY_INIT;
	struct gate_op o;
	pawl_cq *cq;

	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	gate_op_init(&o, cq);
	gate_op_park(&o, kind, &n);
	pawl_notify_all(&n);
	pawl_cq_close(cq);
	assert_int_equal(o.rc, ECANCELED);
	assert_int_equal(take_all(&n), 0);
}

/*** A notification against a deadline *********************************************************/

/* What became of the notifications. */
static uint32_t taken, kept;

static void take_or_keep(struct gate_duel *d, uint32_t i)
{
	int rc = d->rc[i];

	must(rc == 0 || rc == (d->cancels ? ECANCELED : ETIMEDOUT));
	must(take_all(d->object[i]) == (rc != 0));
	taken += rc == 0;
	kept += rc != 0;
}

static void duel(bool cancels, uint32_t rounds, void (*act)(struct gate_duel *d, uint32_t i))
{
	struct gate_duel d = { .kind = kind, .cancels = cancels, .rounds = rounds };

	taken = kept = 0;
	gate_duel_run(&d, act, take_or_keep);
	note("%u taken, %u kept", taken, kept);
	assert_int_equal(taken + kept, rounds * GATE_DUELS);
	assert_true(taken > 0);
	assert_true(kept > 0);
}

static void notify_about_when_it_is_late(struct gate_duel *d, uint32_t i)
{
	gate_duel_spin(d, i);
	pawl_notify_one(d->object[i]);
}

static void a_notification_that_meets_a_deadline_is_taken_or_kept(void **state)
{
	(void)state;
	duel(false, ROUNDS(2000), notify_about_when_it_is_late);
}

/* Now this comes first, and now that. */
static void notify_and_cancel(struct gate_duel *d, uint32_t i)
{
	pawl_time until = pawl_after((int)(i % 8) * 500);

	while (pawl_now() < until)
		;
	if (i % 2)
		pawl_notify_one(d->object[i]);
	pawl_cancel_fire(d->source[i], 1);
	if (i % 2 == 0)
		pawl_notify_one(d->object[i]);
}

static void a_notification_that_meets_a_cancel_is_taken_or_kept(void **state)
{
	(void)state;
	duel(true, ROUNDS(500), notify_and_cancel);
}

/*** A notification against the cancels of ops *************************************************/

struct cancels {
	pthread_barrier_t begun, over;
	int rounds;
	struct gate_op op[2];
};

static void cancel_first(void *arg)
{
	struct cancels *c = arg;

	for (int round = 0; round < c->rounds; round++) {
		pthread_barrier_wait(&c->begun);
		for (int i = 0; i < round % 5; i++)
			sched_yield();
		(void)pawl_op_cancel(&c->op[0].op);
		pthread_barrier_wait(&c->over);
	}
}

/* Two in the line, the first is canceled: either of them takes it, and exactly one. */
static void what_a_canceled_op_does_not_take_the_next_one_does(void **state)
{
	static struct cancels c;
	pawl_notify n = PAWL_NOTIFY_INIT;
	int first = 0, second = 0;
	struct worker w;

	(void)state;
	c.rounds = ROUNDS(30000);
	pthread_barrier_init(&c.begun, NULL, 2);
	pthread_barrier_init(&c.over, NULL, 2);
	worker_start(&w, cancel_first, &c);
	for (int round = 0; round < c.rounds; round++) {
		for (int i = 0; i < 2; i++) {
			gate_op_init(&c.op[i], NULL);
			gate_op_park(&c.op[i], kind, &n);
		}
		pthread_barrier_wait(&c.begun);
		pawl_notify_one(&n);
		pthread_barrier_wait(&c.over);
		assert_int_equal(c.op[0].calls, 1);
		assert_int_equal(c.op[1].calls, c.op[0].rc == ECANCELED);
		first += c.op[0].rc == 0;
		second += c.op[1].rc == 0;
		if (c.op[0].rc == 0)
			assert_int_equal(pawl_op_cancel(&c.op[1].op), 0);
		assert_int_equal(take_all(&n), 0);
	}
	worker_join(&w);
	note("%d went to the first, %d to the second", first, second);
	assert_int_equal(first + second, c.rounds);
	assert_true(first > 0 && second > 0);
	assert_true(gate_is_idle(kind, &n));
	pthread_barrier_destroy(&c.begun);
	pthread_barrier_destroy(&c.over);
}

/*** Many of both kinds at once ****************************************************************/

enum { TAKERS = 4 };

struct flood {
	pawl_notify notify;
	uint32_t taken;		/* atomic */
	uint32_t over;		/* atomic */
	int timeouts[TAKERS];
};

struct taker {
	struct worker worker;
	struct flood *flood;
	int id;
};

static void take_until_over(void *arg)
{
	struct taker *t = arg;
	struct flood *f = t->flood;

	for (unsigned i = 0; !pawl_load_(&f->over, acquire); i++) {
		int rc = pawl_notify_wait_until(&f->notify, pawl_after(PAWL_US(i % 40)));

		must(rc == 0 || rc == ETIMEDOUT);
		if (rc == 0)
			pawl_fetch_add_(&f->taken, 1, release);
		else
			f->timeouts[t->id]++;
	}
}

/* One more is given when the one before was taken: so none is lost in those that are kept. */
static void of_many_who_come_and_give_up_one_takes_each(void **state)
{
	struct flood f = { .taken = 0 };
	struct taker t[TAKERS];
	int timeouts = 0;

	(void)state;
	for (int i = 0; i < TAKERS; i++) {
		t[i].flood = &f;
		t[i].id = i;
		worker_start(&t[i].worker, take_until_over, &t[i]);
	}
	for (uint32_t given = 1; given <= (uint32_t)ROUNDS(20000); given++) {
		pawl_notify_one(&f.notify);
		gate_await(&f.taken, given);
		assert_int_equal(pawl_load_(&f.taken, acquire), given);
	}
	pawl_store_(&f.over, 1, release);
	for (int i = 0; i < TAKERS; i++) {
		worker_join(&t[i].worker);
		timeouts += f.timeouts[i];
	}
	note("%d waits timed out", timeouts);
	assert_true(timeouts > 0);
	assert_int_equal(take_all(&f.notify), 0);
	assert_true(gate_is_idle(kind, &f.notify));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_zero_memory_is_a_notify_that_keeps_nothing),
		TEST(one_is_kept_if_nobody_waits_and_one_at_most),
		TEST(all_is_not_kept_and_leaves_what_is),
		TEST(what_is_kept_is_taken_in_a_canceled_scope),
		TEST(an_op_takes_what_is_kept_at_once),
		TEST(one_goes_to_who_has_waited_longest),
		TEST(all_goes_to_those_whom_none_for_one_reached),
		TEST(two_for_one_go_to_two),
		TEST(who_gave_up_is_passed_over),
		TEST(of_a_closed_queue_it_goes_to_the_next),
		TEST(of_a_closed_queue_it_is_kept_if_nobody_waits),
		TEST(of_a_closed_queue_one_for_all_is_not_kept),
		TEST(a_notification_that_meets_a_deadline_is_taken_or_kept),
		TEST(a_notification_that_meets_a_cancel_is_taken_or_kept),
		TEST(what_a_canceled_op_does_not_take_the_next_one_does),
		TEST(of_many_who_come_and_give_up_one_takes_each),
	};

	return test_main(tests);
}
