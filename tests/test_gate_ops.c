/* SPDX-License-Identifier: BSD-2-Clause */
/* test_gate_ops.c - ops that wait at an event, a notify, a latch or a future. */
#include "config.h"

#include <errno.h>
#include <poll.h>

#include <pawl/atomic.h>

#include "gate_kinds.h"

static pawl_cq *cq;

/* With a queue, and an object of each kind. */
static void for_each(void (*fn)(const struct gate_kind *k, void *object))
{
	assert_int_equal(pawl_cq_open(&cq), 0);
	FOR_EACH_OP_GATE(k) {
		void *object = gate_new(k, 0);

		note("%s", k->name);
		fn(k, object);
		gate_end(k, object);
		assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	}
	pawl_cq_close(cq);
}

/*** One op ************************************************************************************/

static void check_at_once(const struct gate_kind *k, void *object)
{
	struct gate_op o;

	k->let_pass(object);
	for (int is_inline = 0; is_inline < 2; is_inline++) {
		gate_op_init(&o, is_inline ? NULL : cq);
		if (!is_inline)
			pawl_op_deadline(&o.op, 0);
		if (k == &gate_kinds[GATE_NOTIFY])
			pawl_notify_one(object);
		assert_int_equal(k->wait_op(object, &o.op), 0);
		assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
		assert_int_equal(o.calls, 0);
		assert_int_equal(pawl_op_cancel(&o.op), EALREADY);
	}
}

static void what_is_open_is_passed_at_once_without_done(void **state)
{
	(void)state;
	for_each(check_at_once);
}

static void check_later(const struct gate_kind *k, void *object)
{
	struct pollfd p = { .fd = pawl_cq_fd(cq), .events = POLLIN };
	struct gate_op o;

	gate_op_init(&o, cq);
	gate_op_park(&o, k, object);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	gate_written++;
	k->let_pass(object);
	assert_int_equal(o.calls, 0);
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(pawl_op_cancel(&o.op), EALREADY);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	assert_int_equal(o.rc, 0);
	assert_int_equal(o.calls, 1);
	assert_true(pthread_equal(o.where, pthread_self()));
}

static void what_is_shut_is_waited_for_until_done(void **state)
{
	(void)state;
	for_each(check_later);
}

static void check_cancel(const struct gate_kind *k, void *object)
{
	struct gate_op a, b, c;

	gate_op_init(&a, cq);
	gate_op_init(&b, cq);
	gate_op_init(&c, NULL);
	gate_op_park(&a, k, object);
	gate_op_park(&b, k, object);
	gate_op_park(&c, k, object);
	assert_int_equal(pawl_op_cancel(&a.op), 0);
	assert_int_equal(pawl_op_cancel(&a.op), EALREADY);
	assert_int_equal(pawl_op_cancel(&c.op), 0);
	assert_int_equal(c.rc, ECANCELED);
	assert_int_equal(a.calls, 0);
	k->let_pass(object);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 2);
	assert_int_equal(a.rc, ECANCELED);
	assert_int_equal(b.rc, 0);
	assert_int_equal(a.calls + b.calls + c.calls, 3);
}

static void a_cancel_ends_one_op_and_no_other(void **state)
{
	(void)state;
	for_each(check_cancel);
}

static void check_again(const struct gate_kind *k, void *object)
{
	struct gate_op o;

	gate_op_init(&o, cq);
	for (int i = 1; i <= 3; i++) {
		gate_op_park(&o, k, object);
		assert_int_equal(pawl_op_cancel(&o.op), 0);
		assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
		assert_int_equal(o.rc, ECANCELED);
		assert_int_equal(o.calls, i);
		assert_true(gate_is_idle(k, object));
	}
	gate_op_park(&o, k, object);
	k->let_pass(object);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	assert_int_equal(o.rc, 0);
}

static void an_op_that_was_canceled_can_be_started_again(void **state)
{
	(void)state;
	for_each(check_again);
}

static void check_deadline(const struct gate_kind *k, void *object)
{
	const pawl_time deadlines[] = { INT64_MIN, 0, pawl_now(), pawl_after(PAWL_MS(3)) };
	struct pollfd p = { .fd = pawl_cq_fd(cq), .events = POLLIN };
	struct gate_op o, other;

	gate_op_init(&other, cq);
	gate_op_park(&other, k, object);
	for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
		gate_op_init(&o, cq);
		pawl_op_deadline(&o.op, deadlines[i]);
		gate_op_park(&o, k, object);
		while (o.calls == 0) {
			assert_int_equal(poll(&p, 1, 10000), 1);
			(void)pawl_cq_dispatch(cq, 0);
		}
		assert_int_equal(o.rc, ETIMEDOUT);
		assert_int_equal(o.calls, 1);
		assert_true(pawl_now() >= deadlines[i]);
	}
	assert_int_equal(other.calls, 0);
	k->let_pass(object);
	gate_dispatch(cq, 1);
	assert_int_equal(other.rc, 0);
}

static void a_deadline_ends_one_op_and_no_other(void **state)
{
	(void)state;
	for_each(check_deadline);
}

static void check_pass_before_deadline(const struct gate_kind *k)
{
	void *object = gate_new(k, 0);
	struct gate_op o;

	gate_op_init(&o, cq);
	pawl_op_deadline(&o.op, pawl_after(PAWL_S(2)));
	gate_op_park(&o, k, object);
	k->let_pass(object);
	must(pawl_clock_advance(PAWL_S(5)) == 0);
	gate_dispatch(cq, 1);
	must(o.rc == 0);
	gate_end(k, object);
}

static void pass_before_deadline(void *arg)
{
	(void)arg;
	must(pawl_clock_set_virtual(PAWL_S(1)) == 0);
	must(pawl_cq_open(&cq) == 0);
	FOR_EACH_OP_GATE(k)
		check_pass_before_deadline(k);
	pawl_cq_close(cq);
}

/* In a child, as there is no way back from the virtual clock. */
static void what_passed_before_its_deadline_is_dispatched_as_passed(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, pass_before_deadline, NULL);
	child_assert_silent(&c);
}

static void check_closed_queue(const struct gate_kind *k, void *object)
{
	struct gate_op waits, granted, other;
	pawl_cq *closing;

	for (int is_granted = 0; is_granted < 2; is_granted++) {
		struct gate_op *o = is_granted ? &granted : &waits;

		assert_int_equal(pawl_cq_open(&closing), 0);
		gate_op_init(o, closing);
		gate_op_init(&other, cq);
		gate_op_park(o, k, object);
		gate_op_park(&other, k, object);
		if (is_granted)
			k->let_pass(object);
		pawl_cq_close(closing);
		assert_int_equal(o->rc, ECANCELED);
		assert_int_equal(o->calls, 1);
		if (!is_granted)
			assert_int_equal(pawl_op_cancel(&other.op), 0);
		assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
		assert_int_equal(other.rc, is_granted ? 0 : ECANCELED);
	}
}

static void the_ops_of_a_closed_queue_are_canceled_and_no_other(void **state)
{
	(void)state;
	for_each(check_closed_queue);
}

static void check_scope(const struct gate_kind *k, void *object)
{
	pawl_cancel *source = gate_source();
	struct gate_op o;
	pawl_scope s;

	pawl_cancel_fire(source, 1);
	pawl_scope_enter(&s, 0, source, 0);
	gate_op_init(&o, cq);
	gate_op_park(&o, k, object);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	k->let_pass(object);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	assert_int_equal(o.rc, 0);
	assert_int_equal(pawl_scope_leave(&s, 0), 0);
	pawl_cancel_close(source);
}

static void ops_ignore_scopes(void **state)
{
	(void)state;
	for_each(check_scope);
}

/*** Inline ************************************************************************************/

struct restart {
	struct gate_op o;
	const struct gate_kind *kind;
	void *object;
	int again;		/* what the second start returned */
};

static void start_again(pawl_op *op, int rc)
{
	struct restart *r = pawl_op_user(op);

	r->o.rc = rc;
	r->o.where = pthread_self();
	if (r->o.calls++ == 0)
		r->again = r->kind->wait_op(r->object, op);
}

static void let_pass_elsewhere(void *arg)
{
	struct restart *r = arg;

	r->kind->let_pass(r->object);
}

static void check_inline(const struct gate_kind *k, void *object)
{
	struct restart r = { .kind = k, .object = object };
	struct worker w;

	pawl_op_init_inline(&r.o.op, start_again, &r);
	gate_op_park(&r.o, k, object);
	worker_start(&w, let_pass_elsewhere, &r);
	worker_join(&w);
	assert_int_equal(r.o.calls, 1);		/* one step lets it pass once */
	assert_int_equal(r.o.rc, 0);
	assert_false(pthread_equal(r.o.where, pthread_self()));
	assert_int_equal(r.again, k->stays ? 0 : EINPROGRESS);
	if (!k->stays) {
		k->let_pass(object);
		assert_int_equal(r.o.calls, 2);
		assert_int_equal(r.o.rc, 0);
	}
}

static void an_inline_op_is_done_on_the_thread_that_opens_and_may_start_again(void **state)
{
	(void)state;
	for_each(check_inline);
}

/*** Many in one queue *************************************************************************/

enum { MIXED = 24, OPS = 500 };

/* Of three in a row the first is a thread, the second an op of the queue, the third inline. */
static void check_mixed(const struct gate_kind *k, void *object)
{
	struct gate_waiter w[MIXED];
	struct gate_op o[MIXED];

	for (int i = 0; i < MIXED; i++) {
		if (i % 3 == 0) {
			w[i] = (struct gate_waiter)GATE_WAITER(k, object);
			gate_waiter_park(&w[i]);
			continue;
		}
		gate_op_init(&o[i], i % 3 == 1 ? cq : NULL);
		gate_op_park(&o[i], k, object);
	}
	gate_written++;
	k->let_pass(object);
	assert_int_equal(pawl_cq_dispatch(cq, 0), MIXED / 3);
	for (int i = 0; i < MIXED; i++) {
		if (i % 3 == 0) {
			gate_waiter_assert_passes(&w[i], gate_written);
			continue;
		}
		assert_int_equal(o[i].rc, 0);
		assert_int_equal(o[i].calls, 1);
		assert_int_equal(o[i].seen, gate_written);
	}
}

static void threads_and_ops_pass_together(void **state)
{
	(void)state;
	for_each(check_mixed);
}

static void check_many(const struct gate_kind *k, void *object)
{
	static struct gate_op o[OPS];

	for (int i = 0; i < OPS; i++) {
		gate_op_init(&o[i], cq);
		gate_op_park(&o[i], k, object);
	}
	for (int i = 0; i < OPS; i += 7)
		assert_int_equal(pawl_op_cancel(&o[i].op), 0);
	k->let_pass(object);
	gate_dispatch(cq, OPS);
	for (int i = 0; i < OPS; i++) {
		assert_int_equal(o[i].rc, i % 7 == 0 ? ECANCELED : 0);
		assert_int_equal(o[i].calls, 1);
	}
}

static void many_ops_pass_but_those_that_were_canceled(void **state)
{
	(void)state;
	for_each(check_many);
}

/*** Cancels against the step that opens *******************************************************/

enum { RACE_OPS = 32 };

struct race {
	struct gate_op o[RACE_OPS];
	uint32_t rounds;
	uint32_t begun, ready, opening, over;	/* atomic: the last round that came so far */
	int canceled;				/* the canceler's: what it was told */
};

/* Another number of them each round, before they meet; then the others. */
static void cancel_all(void *arg)
{
	struct race *r = arg;

	for (uint32_t round = 1; round <= r->rounds; round++) {
		gate_await(&r->begun, round);
		for (uint32_t i = 0; i < RACE_OPS; i++) {
			if (i == round % RACE_OPS) {
				pawl_store_(&r->ready, round, release);
				gate_await(&r->opening, round);
			}
			r->canceled += pawl_op_cancel(&r->o[RACE_OPS - 1 - i].op) == 0;
		}
		pawl_store_(&r->over, round, release);
	}
}

static void race_round(struct race *r, uint32_t round, const struct gate_kind *k, int *canceled,
	int *passed)
{
	void *object = gate_new(k, 0);

	for (int i = 0; i < RACE_OPS; i++) {
		gate_op_init(&r->o[i], i % 2 ? cq : NULL);
		gate_op_park(&r->o[i], k, object);
	}
	pawl_store_(&r->begun, round, release);
	gate_await(&r->ready, round);
	pawl_store_(&r->opening, round, release);
	k->let_pass(object);
	gate_await(&r->over, round);
	gate_dispatch(cq, RACE_OPS / 2);
	for (int i = 0; i < RACE_OPS; i++) {
		assert_int_equal(r->o[i].calls, 1);
		assert_true(r->o[i].rc == 0 || r->o[i].rc == ECANCELED);
		*canceled += r->o[i].rc == ECANCELED;
		*passed += r->o[i].rc == 0;
	}
	gate_end(k, object);
}

static void each_op_ends_once_by_cancel_or_pass(void **state)
{
	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	FOR_EACH_OP_GATE(k) {
		static struct race r;
		int canceled = 0, passed = 0;
		struct worker w;

		r = (struct race){ .rounds = ROUNDS(2000) };
		worker_start(&w, cancel_all, &r);
		for (uint32_t round = 1; round <= r.rounds; round++)
			race_round(&r, round, k, &canceled, &passed);
		worker_join(&w);
		note("%s: %d passed, %d canceled", k->name, passed, canceled);
		assert_int_equal(canceled, r.canceled);
		assert_true(canceled > 0 && passed > 0);
	}
	pawl_cq_close(cq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_open_is_passed_at_once_without_done),
		TEST(what_is_shut_is_waited_for_until_done),
		TEST(a_cancel_ends_one_op_and_no_other),
		TEST(an_op_that_was_canceled_can_be_started_again),
		TEST(a_deadline_ends_one_op_and_no_other),
		TEST(what_passed_before_its_deadline_is_dispatched_as_passed),
		TEST(the_ops_of_a_closed_queue_are_canceled_and_no_other),
		TEST(ops_ignore_scopes),
		TEST(an_inline_op_is_done_on_the_thread_that_opens_and_may_start_again),
		TEST(threads_and_ops_pass_together),
		TEST(many_ops_pass_but_those_that_were_canceled),
		TEST(each_op_ends_once_by_cancel_or_pass),
	};

	return test_main(tests);
}
