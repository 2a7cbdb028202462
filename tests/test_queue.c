/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_queue.c - pawl/queue.h: open, the forms of push and pop, order, who waits.  Cancels, close:
 * test_queue_ends.c; several items at once: test_queue_many.c; reserved slots:
 * test_queue_slots.c; weights, evictions: test_queue_weights.c; ops: test_queue_op.c.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue_user.h"

/*** Open **************************************************************************************/

static const pawl_queue_config valid = {
	.size = sizeof valid, .capacity = 4, .item_size = sizeof(uint64_t),
};

static void expect_open(int rc, pawl_queue_config cfg)
{
	pawl_queue *const untouched = (pawl_queue *)(uintptr_t)&valid;
	pawl_queue *q = untouched;

	assert_int_equal(pawl_queue_open(&cfg, &q), rc);
	assert_true((q == untouched) == (rc != 0));
	if (rc == 0)
		pawl_queue_free(q);
}

static void expect_open_with(int rc, unsigned flags)
{
	pawl_queue_config cfg = valid;

	cfg.flags = flags;
	expect_open(rc, cfg);
}

static void open_refuses_what_it_does_not_know(void **state)
{
	const size_t sizes[] = { 0, 1, sizeof valid - 1, SIZE_MAX };

	(void)state;
	expect_open(0, valid);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		pawl_queue_config cfg = valid;

		cfg.size = sizes[i];
		expect_open(EINVAL, cfg);
	}
	expect_open_with(EINVAL, 1);
	expect_open_with(EINVAL, 8);
	expect_open_with(EINVAL, PAWL_QUEUE_FAST | 0x80000000u);
	for (unsigned flags = 0; flags <= 6; flags += 2)
		expect_open_with(0, flags);
}

static void open_refuses_no_capacity_and_too_much_and_items_of_no_size(void **state)
{
	pawl_queue_config nothing = { .size = sizeof nothing };

	(void)state;
	expect_open(EINVAL, nothing);
	nothing = valid;
	nothing.capacity = 0;
	expect_open(EINVAL, nothing);
	nothing.capacity = PAWL_QUEUE_CAPACITY_MAX + 1;
	expect_open(EINVAL, nothing);
	nothing.capacity = SIZE_MAX;
	expect_open(EINVAL, nothing);
	nothing = valid;
	nothing.item_size = 0;
	expect_open(EINVAL, nothing);
}

/* A later version may have more fields; zero means "as before". */
static void a_larger_configuration_is_known_if_the_rest_of_it_is_zero(void **state)
{
	struct {
		pawl_queue_config cfg;
		unsigned char more[40];
	} later = { .cfg = valid };
	pawl_queue *q;

	(void)state;
	later.cfg.size = sizeof later;
	assert_int_equal(pawl_queue_open(&later.cfg, &q), 0);
	pawl_queue_free(q);
	for (size_t i = 0; i < sizeof later.more; i++) {
		later.more[i] = 1;
		later.cfg.size = sizeof valid + i + 1;
		assert_int_equal(pawl_queue_open(&later.cfg, &q), EINVAL);
		later.cfg.size = sizeof valid + i;
		assert_int_equal(pawl_queue_open(&later.cfg, &q), 0);
		pawl_queue_free(q);
		later.more[i] = 0;
	}
}

/* Products that would wrap, and those of which there is no such room. */
static void more_than_there_is_memory_for_is_enomem(void **state)
{
	const struct {
		size_t capacity, item_size;
	} huge[] = {
		{ 1, SIZE_MAX }, { 1, SIZE_MAX / 2 }, { 2, SIZE_MAX / 2 }, { 2, SIZE_MAX / 2 + 1 },
		{ 3, SIZE_MAX / 3 + 1 }, { PAWL_QUEUE_CAPACITY_MAX, (size_t)1 << 34 },
		{ PAWL_QUEUE_CAPACITY_MAX, ((size_t)1 << 34) + 1 },
		{ PAWL_QUEUE_CAPACITY_MAX, SIZE_MAX }, { PAWL_QUEUE_CAPACITY_MAX, SIZE_MAX / 2 },
		{ PAWL_QUEUE_CAPACITY_MAX - 1, SIZE_MAX / 4 }, { 4, (size_t)1 << 62 },
		{ 1000, SIZE_MAX / 1000 }, { 1024, SIZE_MAX / 2 / 1024 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(huge); i++) {
		pawl_queue_config cfg = valid;

		cfg.capacity = huge[i].capacity;
		cfg.item_size = huge[i].item_size;
		expect_open(ENOMEM, cfg);
		cfg.max_weight = 1;
		expect_open(ENOMEM, cfg);
	}
}

static void freeing_nothing_does_nothing(void **state)
{
	(void)state;
	pawl_queue_free(NULL);
}

/*** Alone *************************************************************************************/

static const pawl_time past[] = { INT64_MIN, -1, 0 };

static void check_each_form(pawl_queue *q)
{
	uint64_t item = 0;

	assert_int_equal(pawl_queue_push(q, &item), 0);
	item = 1;
	assert_int_equal(pawl_queue_trypush(q, &item), 0);
	item = 2;
	assert_int_equal(pawl_queue_push_until(q, &item, PAWL_FOREVER), 0);
	for (size_t i = 0; i < COUNT_OF(past); i++) {
		item = 3 + i;
		assert_int_equal(pawl_queue_push_until(q, &item, past[i]), 0);
	}
	assert_int_equal(item, 5);
	item = NOTHING;
	assert_int_equal(pawl_queue_len(q), 6);
	assert_int_equal(pawl_queue_pop(q, &item), 0);
	assert_int_equal(item, 0);
	assert_int_equal(pawl_queue_trypop(q, &item), 0);
	assert_int_equal(item, 1);
	assert_int_equal(pawl_queue_pop_until(q, &item, PAWL_FOREVER), 0);
	assert_int_equal(item, 2);
	for (size_t i = 0; i < COUNT_OF(past); i++) {
		assert_int_equal(pawl_queue_pop_until(q, &item, past[i]), 0);
		assert_int_equal(item, 3 + i);
	}
}

static void items_can_be_pushed_and_popped_in_each_form_whatever_the_deadline(void **state)
{
	(void)state;
	with_each_queue(8, check_each_form);
}

static void check_pops_of_nothing(pawl_queue *q)
{
	pawl_time deadline = pawl_after(PAWL_MS(3));
	uint64_t item = NOTHING;

	assert_int_equal(pawl_queue_trypop(q, &item), EAGAIN);
	for (size_t i = 0; i < COUNT_OF(past); i++)
		assert_int_equal(pawl_queue_pop_until(q, &item, past[i]), ETIMEDOUT);
	assert_int_equal(pawl_queue_pop_until(q, &item, deadline), ETIMEDOUT);
	assert_true(pawl_now() >= deadline);
	assert_true(item == NOTHING);
}

static void popping_from_an_empty_one_returns_eagain_or_etimedout(void **state)
{
	(void)state;
	with_each_queue(3, check_pops_of_nothing);
}

static void check_pushes_without_room(pawl_queue *q)
{
	pawl_time deadline = pawl_after(PAWL_MS(3));
	uint64_t item = 99;

	push_range(q, 0, 3);
	assert_int_equal(pawl_queue_trypush(q, &item), EAGAIN);
	for (size_t i = 0; i < COUNT_OF(past); i++)
		assert_int_equal(pawl_queue_push_until(q, &item, past[i]), ETIMEDOUT);
	assert_int_equal(pawl_queue_push_until(q, &item, deadline), ETIMEDOUT);
	assert_true(pawl_now() >= deadline);
	assert_int_equal(pawl_queue_len(q), 3);
	pop_range(q, 0, 3);
}

static void pushing_into_a_full_one_returns_eagain_or_etimedout(void **state)
{
	(void)state;
	with_each_queue(3, check_pushes_without_room);
}

/* So many that the rings go round several times, while there are @within items in it. */
static void go_round(pawl_queue *q, size_t within)
{
	uint64_t rounds = 10 * pawl_queue_capacity(q) + 100;

	push_range(q, 0, within);
	for (uint64_t i = 0; i < rounds; i++) {
		assert_int_equal(pawl_queue_len(q), within);
		assert_int_equal(try_pop(q), i);
		assert_int_equal(try_push(q, within + i), 0);
	}
	pop_range(q, rounds, rounds + within);
}

static void check_rounds(pawl_queue *q)
{
	size_t capacity = pawl_queue_capacity(q);

	assert_whole(q);
	go_round(q, 1);
	go_round(q, (capacity + 1) / 2);
	go_round(q, capacity);
}

static void each_capacity_is_what_was_asked_for_and_the_first_in_is_the_first_out(void **state)
{
	const size_t capacities[] = { 1, 2, 3, 4, 5, 7, 8, 9, 1000, 1023, 1024, 1025 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(capacities); i++)
		with_each_queue(capacities[i], check_rounds);
}

/* Each byte of an item says which item it is of, and where in that. */
static void paint(unsigned char *item, size_t size, unsigned number)
{
	for (size_t i = 0; i < size; i++)
		item[i] = (unsigned char)(number * 31 + i * 7);
}

static void check_item_size(size_t size, size_t capacity, unsigned flags)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = capacity, .item_size = size, .flags = flags,
	};
	unsigned char *in = malloc(size), *out = malloc(size);	/* no byte more */
	pawl_queue *q;

	assert_int_equal(pawl_queue_open(&cfg, &q), 0);
	for (unsigned round = 0; round < 3 * capacity; round += (unsigned)capacity - 1) {
		for (unsigned n = 0; n < capacity; n++) {
			paint(in, size, round + n);
			assert_int_equal(pawl_queue_trypush(q, in), 0);
		}
		for (unsigned n = 0; n < capacity; n++) {
			paint(in, size, round + n);
			assert_int_equal(pawl_queue_trypop(q, out), 0);
			assert_memory_equal(in, out, size);
		}
	}
	pawl_queue_free(q);
	free(in);
	free(out);
}

static void items_of_any_size_are_copied_in_and_out_as_they_are(void **state)
{
	const size_t sizes[] = { 1, 2, 3, 4, 7, 8, 9, 12, 16, 32, 33, 63, 64, 65, 100, 4096, 5000 };

	(void)state;
	for (unsigned flags = 0; flags <= PAWL_QUEUE_FAST; flags += PAWL_QUEUE_FAST)
		for (size_t i = 0; i < COUNT_OF(sizes); i++) {
			check_item_size(sizes[i], 2, flags);
			check_item_size(sizes[i], 5, flags);
			check_item_size(sizes[i], 8, flags);
		}
}

/*** Those who wait ****************************************************************************/

static void check_wakes(pawl_queue *q)
{
	struct queue_user u;

	popper_start(&u, q, PAWL_FOREVER);
	assert_int_equal(try_push(q, 7), 0);
	assert_int_equal(user_join(&u), 0);
	assert_int_equal(u.item, 7);
	popper_start(&u, q, pawl_after(PAWL_S(80)));
	assert_int_equal(try_push(q, 8), 0);
	assert_int_equal(user_join(&u), 0);
	assert_int_equal(u.item, 8);
	push_range(q, 0, 2);
	pusher_start(&u, q, 2, PAWL_FOREVER);
	pop_range(q, 0, 1);
	assert_int_equal(user_join(&u), 0);
	pusher_start(&u, q, 3, pawl_after(PAWL_S(80)));
	pop_range(q, 1, 2);
	assert_int_equal(user_join(&u), 0);
	pop_range(q, 2, 4);
}

static void a_push_wakes_who_waits_for_an_item_and_a_pop_who_waits_for_a_slot(void **state)
{
	(void)state;
	with_each_queue(2, check_wakes);
}

static void who_waits_for_an_item_is_served_in_the_order_of_arrival(void **state)
{
	pawl_queue *q = queue_of(2, 0);
	struct queue_user u[ORDER_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(u); i++)
		popper_start(&u[i], q, i % 2 ? PAWL_FOREVER : pawl_after(PAWL_S(80)));
	for (size_t i = 0; i < COUNT_OF(u); i++) {
		assert_int_equal(try_push(q, i), 0);
		assert_int_equal(user_join(&u[i]), 0);
		assert_int_equal(u[i].item, i);
		if (i + 1 < COUNT_OF(u))
			user_await(&u[i + 1]);
	}
	assert_whole(q);
	pawl_queue_free(q);
}

static void who_waits_for_a_slot_is_let_in_in_the_order_of_arrival(void **state)
{
	pawl_queue *q = queue_of(1, 0);
	struct queue_user u[ORDER_MAX];

	(void)state;
	assert_int_equal(try_push(q, 100), 0);
	for (size_t i = 0; i < COUNT_OF(u); i++)
		pusher_start(&u[i], q, i, i % 2 ? PAWL_FOREVER : pawl_after(PAWL_S(80)));
	pop_range(q, 100, 101);
	for (size_t i = 0; i < COUNT_OF(u); i++) {
		assert_int_equal(user_join(&u[i]), 0);
		if (i + 1 < COUNT_OF(u))
			user_await(&u[i + 1]);
		pop_range(q, i, i + 1);
	}
	assert_whole(q);
	pawl_queue_free(q);
}

/* What is granted to one that was not scheduled yet is its own: nobody overtakes it. */
static void a_newcomer_does_not_overtake_who_was_woken(void **state)
{
	pawl_queue *q = queue_of(2, 0);
	struct queue_user u[2];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(u); i++)
		popper_start(&u[i], q, PAWL_FOREVER);
	worker_freeze(&u[0].worker);
	assert_int_equal(try_push(q, 0), 0);
	assert_true(try_pop(q) == NOTHING);
	assert_int_equal(try_push(q, 1), 0);	/* the second need not wait for the first */
	assert_int_equal(user_join(&u[1]), 0);
	assert_true(try_pop(q) == NOTHING);
	worker_thaw(&u[0].worker);
	assert_int_equal(user_join(&u[0]), 0);
	assert_int_equal(u[0].item + u[1].item, 1);
	push_range(q, 0, 2);
	for (size_t i = 0; i < COUNT_OF(u); i++)
		pusher_start(&u[i], q, 2 + i, PAWL_FOREVER);
	worker_freeze(&u[0].worker);
	pop_range(q, 0, 1);
	assert_int_equal(try_push(q, 9), EAGAIN);
	pop_range(q, 1, 2);
	assert_int_equal(user_join(&u[1]), 0);
	assert_int_equal(try_push(q, 9), EAGAIN);
	worker_thaw(&u[0].worker);
	assert_int_equal(user_join(&u[0]), 0);
	pop_range(q, 3, 4);
	pop_range(q, 2, 3);
	assert_whole(q);
	pawl_queue_free(q);
}

/* In a child, as there is no way back from the virtual clock. */
static void time_out_in_line(void *flags)
{
	pawl_queue *q = queue_of(1, *(unsigned *)flags);
	struct queue_user late, next;

	must(pawl_clock_set_virtual(PAWL_S(1)) == 0);
	popper_start(&late, q, PAWL_S(5));
	popper_start(&next, q, PAWL_FOREVER);
	must(pawl_clock_advance(PAWL_S(4) - 1) == 0);
	user_await(&late);
	must(pawl_clock_advance(1) == 0);
	must(user_join(&late) == ETIMEDOUT);
	user_await(&next);
	must(try_push(q, 1) == 0);
	must(user_join(&next) == 0 && next.item == 1);

	must(try_push(q, 2) == 0);
	pusher_start(&late, q, 3, PAWL_S(9));
	pusher_start(&next, q, 4, PAWL_FOREVER);
	must(pawl_clock_advance(PAWL_S(4)) == 0);
	must(user_join(&late) == ETIMEDOUT);
	user_await(&next);
	pop_range(q, 2, 3);
	must(user_join(&next) == 0);
	pop_range(q, 4, 5);
	must(pawl_queue_len(q) == 0);
	pawl_queue_free(q);
}

static void who_timed_out_is_passed_over(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags <= PAWL_QUEUE_FAST; flags += PAWL_QUEUE_FAST) {
		struct child c;

		child_run(&c, time_out_in_line, &flags);
		child_assert_silent(&c);
	}
}

/* What came before the deadline is had after it too. */
static void be_late_with_a_grant(void *arg)
{
	pawl_queue *q = queue_of(1, 0);
	struct queue_user u;

	(void)arg;
	must(pawl_clock_set_virtual(PAWL_S(1)) == 0);
	popper_start(&u, q, PAWL_S(5));
	worker_freeze(&u.worker);
	must(try_push(q, 1) == 0);
	must(pawl_clock_advance(PAWL_S(4)) == 0);
	worker_thaw(&u.worker);
	must(user_join(&u) == 0 && u.item == 1);
	must(try_push(q, 2) == 0);
	pusher_start(&u, q, 3, PAWL_S(9));
	worker_freeze(&u.worker);
	pop_range(q, 2, 3);
	must(pawl_clock_advance(PAWL_S(4)) == 0);
	worker_thaw(&u.worker);
	must(user_join(&u) == 0);
	pop_range(q, 3, 4);
	pawl_queue_free(q);
}

static void who_was_served_before_its_deadline_passed_has_it(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, be_late_with_a_grant, NULL);
	child_assert_silent(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_refuses_what_it_does_not_know),
		TEST(open_refuses_no_capacity_and_too_much_and_items_of_no_size),
		TEST(a_larger_configuration_is_known_if_the_rest_of_it_is_zero),
		TEST(more_than_there_is_memory_for_is_enomem),
		TEST(freeing_nothing_does_nothing),
		TEST(items_can_be_pushed_and_popped_in_each_form_whatever_the_deadline),
		TEST(popping_from_an_empty_one_returns_eagain_or_etimedout),
		TEST(pushing_into_a_full_one_returns_eagain_or_etimedout),
		TEST(each_capacity_is_what_was_asked_for_and_the_first_in_is_the_first_out),
		TEST(items_of_any_size_are_copied_in_and_out_as_they_are),
		TEST(a_push_wakes_who_waits_for_an_item_and_a_pop_who_waits_for_a_slot),
		TEST(who_waits_for_an_item_is_served_in_the_order_of_arrival),
		TEST(who_waits_for_a_slot_is_let_in_in_the_order_of_arrival),
		TEST(a_newcomer_does_not_overtake_who_was_woken),
		TEST(who_timed_out_is_passed_over),
		TEST(who_was_served_before_its_deadline_passed_has_it),
	};

	return test_main(tests);
}
