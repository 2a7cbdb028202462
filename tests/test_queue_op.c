/* SPDX-License-Identifier: BSD-2-Clause */
/* test_queue_op.c - pawl/queue.h: push_op and pop_op; what all ops have in common: test_op.c. */
#include "config.h"

#include <errno.h>
#include <sched.h>

#include <pawl/op.h>

#include "queue_note.h"

/*** One op ************************************************************************************/

static void check_at_once(pawl_queue *q)
{
	struct note_op n;

	for (uint64_t i = 0; i < 10; i++) {
		note_init(&n, q, i);
		assert_int_equal(start_push(&n), 0);
		assert_int_equal(start_push(&n), 0);
		assert_int_equal(pawl_queue_len(q), 2);
		n.item = NOTHING;
		assert_int_equal(start_pop(&n), 0);
		assert_int_equal(n.item, i);
		pop_range(q, i, i + 1);
		dispatch(0);
		assert_int_equal(n.calls, 0);
	}
}

static void what_need_not_wait_is_done_at_once_and_done_is_not_called(void **state)
{
	(void)state;
	with_a_cq(2, check_at_once);
}

static void check_pop_later(pawl_queue *q)
{
	struct note_op n;

	pop_later(&n, q);
	dispatch(0);
	assert_int_equal(try_push(q, 5), 0);
	assert_true(try_pop(q) == NOTHING);	/* it is the op's */
	assert_true(n.item == NOTHING && n.rc == NONE);
	dispatch(1);
	assert_int_equal(n.rc, 0);
	assert_int_equal(n.item, 5);
	assert_int_equal(n.calls, 1);
	assert_true(pthread_equal(n.where, pthread_self()));
}

static void check_push_later(pawl_queue *q)
{
	struct note_op n;

	push_range(q, 0, 2);
	push_later(&n, q, 2);
	dispatch(0);
	pop_range(q, 0, 1);
	assert_int_equal(try_push(q, 9), EAGAIN);	/* the slot is the op's */
	assert_int_equal(pawl_queue_len(q), 1);
	assert_int_equal(n.rc, NONE);
	dispatch(1);
	assert_int_equal(n.rc, 0);
	assert_int_equal(n.calls, 1);
	assert_int_equal(pawl_queue_len(q), 2);
	pop_range(q, 1, 3);
}

static void an_op_that_waits_is_done_when_it_is_dispatched(void **state)
{
	(void)state;
	with_a_cq(2, check_pop_later);
	with_a_cq(2, check_push_later);
}

static void check_deadlines(pawl_queue *q)
{
	const pawl_time deadlines[] = { INT64_MIN, 0, pawl_now(), pawl_after(PAWL_MS(3)) };
	struct note_op n, next;

	for (size_t i = 0; i < 2 * COUNT_OF(deadlines); i++) {
		pawl_time deadline = deadlines[i / 2];
		bool pushes = i % 2;

		push_range(q, 0, pushes ? 1 : 0);
		note_init(&n, q, NOTHING);
		pawl_op_deadline(&n.op, deadline);
		assert_int_equal(pushes ? start_push(&n) : start_pop(&n), EINPROGRESS);
		note_init(&next, q, 6);
		assert_int_equal(pushes ? start_push(&next) : start_pop(&next), EINPROGRESS);
		while (pawl_cq_dispatch(cq, 0) == 0)
			sched_yield();
		assert_int_equal(n.rc, ETIMEDOUT);
		assert_true(pawl_now() >= deadline);
		assert_int_equal(pushes ? (int)try_pop(q) : try_push(q, 6), 0);
		dispatch(1);
		assert_int_equal(next.rc, 0);
		assert_int_equal(next.item, 6);
		if (pushes)
			pop_range(q, 6, 7);
		assert_int_equal(n.calls, 1);
		assert_int_equal(start_push(&n), 0);	/* late or not */
		assert_int_equal(start_pop(&n), 0);
	}
}

static void an_op_ends_at_its_deadline_and_the_next_one_is_served(void **state)
{
	(void)state;
	with_a_cq(1, check_deadlines);
}

/*** Several ***********************************************************************************/

enum { MANY = 200 };

static struct note_op many[MANY];

static void ops_are_served_in_the_order_of_their_starts(void **state)
{
	pawl_queue *q = queue_of(3, 0);

	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	for (size_t i = 0; i < MANY; i++)
		pop_later(&many[i], q);
	for (uint64_t i = 0; i < MANY; i += 2) {
		push_range(q, i, i + 2);
		dispatch(2);
		assert_int_equal(many[i].item, i);
		assert_int_equal(many[i + 1].item, i + 1);
	}
	push_range(q, 0, 3);
	for (uint64_t i = 0; i < MANY; i++)
		push_later(&many[i], q, 3 + i);
	for (uint64_t i = 0; i < MANY; i++) {
		pop_range(q, i, i + 1);
		dispatch(1);
		assert_true(many[i].rc == 0 && many[i].calls == 1);
	}
	pop_range(q, MANY, MANY + 3);
	assert_whole(q);
	pawl_queue_free(q);
	pawl_cq_close(cq);
}

/* Undispatched, each holds what it was granted, and nobody else is held up. */
static void what_is_left_besides_can_be_had_before_the_dispatch(void **state)
{
	pawl_queue *q = queue_of(4, 0);
	struct note_op n;

	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	pop_later(&n, q);
	push_range(q, 0, 3);
	assert_int_equal(try_pop(q), 0);
	assert_int_equal(try_pop(q), 1);
	assert_true(try_pop(q) == NOTHING);
	dispatch(1);
	assert_int_equal(n.rc, 0);
	assert_int_equal(n.item, 2);
	push_range(q, 0, 4);
	push_later(&n, q, 50);
	pop_range(q, 0, 3);
	push_range(q, 4, 6);
	assert_int_equal(try_push(q, 9), EAGAIN);
	dispatch(1);
	pop_range(q, 3, 6);
	pop_range(q, 50, 51);
	assert_whole(q);
	pawl_queue_free(q);
	pawl_cq_close(cq);
}

/*** Cancel, close *****************************************************************************/

static void check_cancel(pawl_queue *q)
{
	struct note_op n[6];

	for (size_t i = 0; i < 3; i++)
		pop_later(&n[i], q);
	assert_int_equal(pawl_op_cancel(&n[0].op), 0);
	assert_int_equal(try_push(q, 1), 0);
	assert_int_equal(pawl_op_cancel(&n[1].op), EALREADY);
	assert_int_equal(pawl_op_cancel(&n[2].op), 0);
	dispatch(3);
	assert_int_equal(n[1].item, 1);
	assert_int_equal(try_push(q, 2), 0);
	for (size_t i = 3; i < 6; i++)
		push_later(&n[i], q, i);
	assert_int_equal(pawl_op_cancel(&n[3].op), 0);
	pop_range(q, 2, 3);
	assert_int_equal(pawl_op_cancel(&n[4].op), EALREADY);
	assert_int_equal(pawl_op_cancel(&n[5].op), 0);
	dispatch(3);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(n[i].rc, i % 3 == 1 ? 0 : ECANCELED);
		assert_int_equal(n[i].calls, 1);
	}
	pop_range(q, 4, 5);
}

static void a_canceled_op_is_passed_over_and_a_granted_one_is_not_canceled(void **state)
{
	(void)state;
	with_a_cq(1, check_cancel);
}

static void check_close(pawl_queue *q)
{
	struct note_op pops[3], pushes[3], inl;

	for (size_t i = 0; i < 3; i++)
		pop_later(&pops[i], q);
	note_init_inline(&inl, q, NOTHING, note_done);
	assert_int_equal(start_pop(&inl), EINPROGRESS);
	pawl_queue_close(q);
	assert_int_equal(inl.rc, EPIPE);
	assert_int_equal(pawl_op_cancel(&pops[0].op), EALREADY);
	dispatch(3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(pops[i].rc == EPIPE && pops[i].item == NOTHING);
		note_init(&pops[i], q, NOTHING);
		assert_int_equal(start_pop(&pops[i]), EPIPE);
		note_init(&pushes[i], q, i);
		assert_int_equal(start_push(&pushes[i]), EPIPE);
	}
	dispatch(0);
}

static void check_close_of_full(pawl_queue *q)
{
	struct note_op pushes[3], n;

	push_range(q, 0, 2);
	for (size_t i = 0; i < 3; i++)
		push_later(&pushes[i], q, 10 + i);
	pawl_queue_close(q);
	dispatch(3);
	for (size_t i = 0; i < 3; i++)
		assert_true(pushes[i].rc == EPIPE && pushes[i].calls == 1);
	note_init(&n, q, NOTHING);
	for (uint64_t i = 0; i < 2; i++) {
		assert_int_equal(start_pop(&n), 0);
		assert_int_equal(n.item, i);
	}
	assert_int_equal(start_pop(&n), EPIPE);
}

static void close_ends_ops_with_epipe(void **state)
{
	(void)state;
	with_a_cq(2, check_close);
	with_a_cq(2, check_close_of_full);
}

static void check_close_before_dispatch(pawl_queue *q)
{
	struct note_op pop, push;

	pop_later(&pop, q);
	assert_int_equal(try_push(q, 1), 0);
	assert_int_equal(try_push(q, 2), 0);
	push_range(q, 3, 3 + pawl_queue_capacity(q) - 2);
	push_later(&push, q, 50);
	assert_int_equal(try_pop(q), 1);
	pawl_queue_close(q);
	dispatch(2);
	assert_int_equal(pop.rc, 0);
	assert_int_equal(pop.item, 2);
	assert_int_equal(push.rc, EPIPE);
	assert_int_equal(push.item, 50);
	assert_int_equal(try_pop(q), 3);
	assert_int_equal(pawl_queue_trypop(q, &pop.item), EPIPE);
}

static void of_what_was_granted_before_the_close_pops_get_items_and_pushes_do_not(void **state)
{
	(void)state;
	with_a_cq(3, check_close_before_dispatch);
}

/* What was not dispatched goes to the thread that waits, and back. */
static void check_close_of_the_cq(pawl_queue *q)
{
	struct note_op n[4];
	struct queue_user u;

	assert_int_equal(pawl_cq_open(&cq), 0);
	for (size_t i = 0; i < COUNT_OF(n); i++)
		pop_later(&n[i], q);
	popper_start(&u, q, PAWL_FOREVER);
	push_range(q, 0, 3);
	assert_true(try_pop(q) == NOTHING);
	user_await(&u);
	pawl_cq_close(cq);
	assert_int_equal(user_join(&u), 0);
	assert_int_equal(u.item, 0);
	for (size_t i = 0; i < COUNT_OF(n); i++)
		assert_true(n[i].rc == ECANCELED && n[i].calls == 1 && n[i].item == NOTHING);
	pop_range(q, 1, 3);
}

static void check_close_of_the_cq_with_pushes(pawl_queue *q)
{
	struct note_op n[4];
	struct queue_user u;

	assert_int_equal(pawl_cq_open(&cq), 0);
	push_range(q, 0, 3);
	for (size_t i = 0; i < COUNT_OF(n); i++)
		push_later(&n[i], q, 10 + i);
	pusher_start(&u, q, 50, PAWL_FOREVER);
	pop_range(q, 0, 3);
	assert_int_equal(try_push(q, 9), EAGAIN);
	user_await(&u);
	pawl_cq_close(cq);
	assert_int_equal(user_join(&u), 0);
	for (size_t i = 0; i < COUNT_OF(n); i++)
		assert_true(n[i].rc == ECANCELED && n[i].calls == 1);
	pop_range(q, 50, 51);
}

static void closing_the_cq_gives_items_and_slots_back(void **state)
{
	(void)state;
	with_each_queue(3, check_close_of_the_cq);
	with_each_queue(3, check_close_of_the_cq_with_pushes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_need_not_wait_is_done_at_once_and_done_is_not_called),
		TEST(an_op_that_waits_is_done_when_it_is_dispatched),
		TEST(an_op_ends_at_its_deadline_and_the_next_one_is_served),
		TEST(ops_are_served_in_the_order_of_their_starts),
		TEST(what_is_left_besides_can_be_had_before_the_dispatch),
		TEST(a_canceled_op_is_passed_over_and_a_granted_one_is_not_canceled),
		TEST(close_ends_ops_with_epipe),
		TEST(of_what_was_granted_before_the_close_pops_get_items_and_pushes_do_not),
		TEST(closing_the_cq_gives_items_and_slots_back),
	};

	return test_main(tests);
}
