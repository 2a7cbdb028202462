/* SPDX-License-Identifier: BSD-2-Clause */
/* test_queue_ends.c - pawl/queue.h: waits that end without a slot or an item; close. */
#include "config.h"

#include <errno.h>

#include "queue_user.h"

/*** Scopes ************************************************************************************/

static void check_cancel_of_pop(pawl_queue *q)
{
	pawl_cancel *source = open_source();
	struct queue_user first, next;

	popper_start_scoped(&first, q, source);
	popper_start(&next, q, PAWL_FOREVER);
	pawl_cancel_fire(source, 1);
	assert_int_equal(user_join(&first), ECANCELED);
	user_await(&next);
	assert_int_equal(try_push(q, 1), 0);
	assert_int_equal(user_join(&next), 0);
	assert_int_equal(next.item, 1);
	pawl_cancel_close(source);
}

static void check_cancel_of_push(pawl_queue *q)
{
	pawl_cancel *source = open_source();
	struct queue_user first, next;

	push_range(q, 0, 2);
	pusher_start_scoped(&first, q, 2, source);
	pusher_start(&next, q, 3, PAWL_FOREVER);
	pawl_cancel_fire(source, 1);
	assert_int_equal(user_join(&first), ECANCELED);
	user_await(&next);
	pop_range(q, 0, 1);
	assert_int_equal(user_join(&next), 0);
	pop_range(q, 1, 2);
	pop_range(q, 3, 4);
	pawl_cancel_close(source);
}

static void a_cancel_ends_a_wait_and_the_next_in_line_is_served(void **state)
{
	(void)state;
	with_each_queue(2, check_cancel_of_pop);
	with_each_queue(2, check_cancel_of_push);
}

static void check_canceled_scope(pawl_queue *q)
{
	pawl_cancel *source = open_source();
	uint64_t item = 5;
	pawl_scope scope;

	pawl_cancel_fire(source, 1);
	pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
	assert_int_equal(pawl_queue_push(q, &item), 0);
	assert_int_equal(pawl_queue_push(q, &item), ECANCELED);
	assert_int_equal(pawl_queue_push_until(q, &item, 0), ECANCELED);
	assert_int_equal(pawl_queue_trypush(q, &item), EAGAIN);
	item = NOTHING;
	assert_int_equal(pawl_queue_pop(q, &item), 0);
	assert_int_equal(item, 5);
	item = NOTHING;
	assert_int_equal(pawl_queue_pop(q, &item), ECANCELED);
	assert_int_equal(pawl_queue_pop_until(q, &item, 0), ECANCELED);
	assert_int_equal(pawl_queue_trypop(q, &item), EAGAIN);
	assert_true(item == NOTHING);
	assert_int_equal(pawl_scope_leave(&scope, 0), 0);
	pawl_cancel_close(source);
}

static void in_a_canceled_scope_what_is_there_is_had(void **state)
{
	(void)state;
	with_each_queue(1, check_canceled_scope);
}

static void check_scope_deadline(pawl_queue *q)
{
	uint64_t item = NOTHING;

	for (int full = 0; full < 2; full++) {
		pawl_time deadline = pawl_after(PAWL_MS(3));
		pawl_scope scope;
		int rc;

		pawl_scope_enter(&scope, deadline, NULL, 0);
		rc = full ? pawl_queue_push(q, &item) : pawl_queue_pop(q, &item);
		assert_int_equal(rc, ECANCELED);
		assert_int_equal(pawl_scope_leave(&scope, rc), ETIMEDOUT);
		assert_true(pawl_now() >= deadline);
		push_range(q, 0, full ? 0 : 2);
	}
	pop_range(q, 0, 2);
}

static void the_deadline_of_a_scope_ends_a_wait_and_leave_says_so(void **state)
{
	(void)state;
	with_each_queue(2, check_scope_deadline);
}

/* In the plain queue what comes is the sleeper's from then on. */
static void what_was_granted_is_had_although_a_cancel_comes_too(void **state)
{
	pawl_cancel *source = open_source();
	pawl_queue *q = queue_of(1, 0);
	struct queue_user u;

	(void)state;
	popper_start_scoped(&u, q, source);
	worker_freeze(&u.worker);
	assert_int_equal(try_push(q, 1), 0);
	pawl_cancel_fire(source, 1);
	worker_thaw(&u.worker);
	assert_int_equal(user_join(&u), 0);
	assert_int_equal(u.item, 1);
	pawl_cancel_close(source);
	source = open_source();
	assert_int_equal(try_push(q, 2), 0);
	pusher_start_scoped(&u, q, 3, source);
	worker_freeze(&u.worker);
	pop_range(q, 2, 3);
	pawl_cancel_fire(source, 1);
	worker_thaw(&u.worker);
	assert_int_equal(user_join(&u), 0);
	pop_range(q, 3, 4);
	assert_whole(q);
	pawl_queue_free(q);
	pawl_cancel_close(source);
}

/*** Close *************************************************************************************/

static void assert_no_push(pawl_queue *q)
{
	uint64_t items[2] = { 77, 78 };
	void *slot = items;
	size_t n = 9;

	assert_int_equal(pawl_queue_trypush(q, items), EPIPE);
	assert_int_equal(pawl_queue_push(q, items), EPIPE);
	assert_int_equal(pawl_queue_push_until(q, items, 0), EPIPE);
	assert_int_equal(pawl_queue_push_until(q, items, pawl_after(PAWL_S(50))), EPIPE);
	assert_int_equal(pawl_queue_push_n(q, items, 2, PAWL_FOREVER, &n), EPIPE);
	assert_int_equal(n, 0);
	assert_int_equal(pawl_queue_push_weighed(q, items, 1, PAWL_FOREVER), EPIPE);
	assert_int_equal(pawl_queue_reserve(q, PAWL_FOREVER, &slot), EPIPE);
	assert_true(items[0] == 77 && items[1] == 78);
}

static void assert_no_pop(pawl_queue *q)
{
	uint64_t items[2] = { NOTHING, NOTHING };
	size_t n = 9;

	assert_int_equal(pawl_queue_len(q), 0);
	assert_int_equal(pawl_queue_trypop(q, items), EPIPE);
	assert_int_equal(pawl_queue_pop(q, items), EPIPE);
	assert_int_equal(pawl_queue_pop_until(q, items, 0), EPIPE);
	assert_int_equal(pawl_queue_pop_until(q, items, pawl_after(PAWL_S(50))), EPIPE);
	assert_int_equal(pawl_queue_pop_n(q, items, 2, PAWL_FOREVER, &n), EPIPE);
	assert_int_equal(n, 0);
	assert_true(items[0] == NOTHING && items[1] == NOTHING);
	assert_int_equal(pawl_queue_len(q), 0);
}

static void check_close_of_empty(pawl_queue *q)
{
	for (int i = 0; i < 3; i++) {
		pawl_queue_close(q);
		assert_no_push(q);
		assert_no_pop(q);
		assert_int_equal(pawl_queue_capacity(q), 5);
	}
}

static void after_close_an_empty_queue_returns_epipe_whatever_is_called(void **state)
{
	(void)state;
	with_each_queue(5, check_close_of_empty);
}

static void check_drain(pawl_queue *q)
{
	uint64_t item, items[3] = { 0 };
	size_t n;

	push_range(q, 0, 4);
	pop_range(q, 0, 2);
	push_range(q, 4, 7);
	pawl_queue_close(q);
	assert_no_push(q);
	assert_int_equal(pawl_queue_len(q), 5);
	assert_int_equal(pawl_queue_pop(q, &item), 0);
	assert_int_equal(item, 2);
	pawl_queue_close(q);
	assert_int_equal(pawl_queue_pop_until(q, &item, 0), 0);
	assert_int_equal(item, 3);
	assert_int_equal(pawl_queue_len(q), 3);
	assert_no_push(q);
	pop_range(q, 4, 5);
	assert_int_equal(pawl_queue_pop_n(q, items, 3, PAWL_FOREVER, &n), 0);
	assert_int_equal(n, 2);
	assert_true(items[0] == 5 && items[1] == 6 && items[2] == 0);
	assert_no_pop(q);
	assert_no_push(q);
}

static void what_was_there_when_it_was_closed_can_be_popped(void **state)
{
	(void)state;
	with_each_queue(5, check_drain);
}

static void check_close_with_poppers(pawl_queue *q)
{
	struct queue_user u[ORDER_MAX];

	for (size_t i = 0; i < COUNT_OF(u); i++)
		popper_start(&u[i], q, i % 2 ? PAWL_FOREVER : pawl_after(PAWL_S(80)));
	pawl_queue_close(q);
	for (size_t i = 0; i < COUNT_OF(u); i++)
		assert_int_equal(user_join(&u[i]), EPIPE);
	assert_no_pop(q);
	assert_no_push(q);
}

static void close_ends_the_waits_for_items_with_epipe(void **state)
{
	(void)state;
	with_each_queue(2, check_close_with_poppers);
}

static void check_close_with_pushers(pawl_queue *q)
{
	struct queue_user u[ORDER_MAX];

	push_range(q, 0, 2);
	for (size_t i = 0; i < COUNT_OF(u); i++)
		pusher_start(&u[i], q, 50 + i, i % 2 ? PAWL_FOREVER : pawl_after(PAWL_S(80)));
	pawl_queue_close(q);
	for (size_t i = 0; i < COUNT_OF(u); i++) {
		assert_int_equal(user_join(&u[i]), EPIPE);
		assert_int_equal(u[i].item, 50 + i);
	}
	assert_int_equal(pawl_queue_len(q), 2);
	pop_range(q, 0, 2);
	assert_no_pop(q);
	assert_no_push(q);
}

static void close_ends_the_waits_for_slots_with_epipe_and_their_items_stay_out(void **state)
{
	(void)state;
	with_each_queue(2, check_close_with_pushers);
}

/* Its slot is there, but nothing can be appended any more. */
static void who_was_let_in_before_the_close_but_comes_after_it_gets_epipe(void **state)
{
	pawl_queue *q = queue_of(1, 0);
	struct queue_user u;

	(void)state;
	assert_int_equal(try_push(q, 1), 0);
	pusher_start(&u, q, 2, PAWL_FOREVER);
	worker_freeze(&u.worker);
	pop_range(q, 1, 2);
	pawl_queue_close(q);
	worker_thaw(&u.worker);
	assert_int_equal(user_join(&u), EPIPE);
	assert_no_pop(q);
	pawl_queue_free(q);
}

static void who_was_served_before_the_close_has_the_item(void **state)
{
	pawl_queue *q = queue_of(1, 0);
	struct queue_user u[2];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(u); i++)
		popper_start(&u[i], q, PAWL_FOREVER);
	worker_freeze(&u[0].worker);
	assert_int_equal(try_push(q, 1), 0);
	pawl_queue_close(q);
	worker_thaw(&u[0].worker);
	/* After a close who waited may look too: one of them has it. */
	assert_int_equal(user_join(&u[0]) + user_join(&u[1]), EPIPE);
	assert_true((u[0].item == 1) != (u[1].item == 1));
	assert_no_pop(q);
	pawl_queue_free(q);
}

static void check_len(pawl_queue *q)
{
	size_t capacity = pawl_queue_capacity(q);

	for (size_t i = 0; i < capacity; i++) {
		assert_int_equal(pawl_queue_len(q), i);
		assert_int_equal(try_push(q, i), 0);
	}
	assert_int_equal(try_push(q, 0), EAGAIN);
	assert_int_equal(pawl_queue_len(q), capacity);
	for (size_t i = 0; i < capacity; i++) {
		assert_int_equal(try_pop(q), i);
		assert_int_equal(pawl_queue_len(q), capacity - 1 - i);
	}
	assert_true(try_pop(q) == NOTHING);
	assert_int_equal(pawl_queue_len(q), 0);
}

static void len_is_how_many_items_are_there(void **state)
{
	(void)state;
	with_each_queue(1, check_len);
	with_each_queue(6, check_len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cancel_ends_a_wait_and_the_next_in_line_is_served),
		TEST(in_a_canceled_scope_what_is_there_is_had),
		TEST(the_deadline_of_a_scope_ends_a_wait_and_leave_says_so),
		TEST(what_was_granted_is_had_although_a_cancel_comes_too),
		TEST(after_close_an_empty_queue_returns_epipe_whatever_is_called),
		TEST(what_was_there_when_it_was_closed_can_be_popped),
		TEST(close_ends_the_waits_for_items_with_epipe),
		TEST(close_ends_the_waits_for_slots_with_epipe_and_their_items_stay_out),
		TEST(who_was_let_in_before_the_close_but_comes_after_it_gets_epipe),
		TEST(who_was_served_before_the_close_has_the_item),
		TEST(len_is_how_many_items_are_there),
	};

	return test_main(tests);
}
