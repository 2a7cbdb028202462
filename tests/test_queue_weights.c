/* SPDX-License-Identifier: BSD-2-Clause */
/* test_queue_weights.c - pawl/queue.h: items that weigh something.  Items that are dropped for
 * others: test_queue_drop.c. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "queue_user.h"

enum { CAPACITY = 4, MOST = 10 };

static pawl_queue *weighing_queue(unsigned flags)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = CAPACITY, .item_size = sizeof(uint64_t),
		.max_weight = MOST, .flags = flags,
	};
	pawl_queue *q;

	must(pawl_queue_open(&cfg, &q) == 0);
	return q;
}

static int weigh(pawl_queue *q, uint64_t item, size_t weight)
{
	return pawl_queue_push_weighed(q, &item, weight, 0);
}

/* All of the weight is there. */
static void assert_room(pawl_queue *q)
{
	assert_int_equal(pawl_queue_len(q), 0);
	assert_int_equal(weigh(q, 1, MOST), 0);
	assert_int_equal(weigh(q, 2, 1), ETIMEDOUT);
	pop_range(q, 1, 2);
	assert_whole(q);
}

static void with_each_weighing_queue(void (*fn)(pawl_queue *q))
{
	for (unsigned flags = 0; flags <= PAWL_QUEUE_FAST; flags += PAWL_QUEUE_FAST) {
		pawl_queue *q = weighing_queue(flags);

		fn(q);
		if (pawl_queue_trypop(q, &(uint64_t){ 0 }) != EPIPE)
			assert_room(q);
		pawl_queue_free(q);
	}
}

static void check_too_heavy(pawl_queue *q)
{
	uint64_t item = 1;

	assert_int_equal(weigh(q, 1, MOST + 1), EOVERFLOW);
	assert_int_equal(weigh(q, 1, SIZE_MAX), EOVERFLOW);
	assert_int_equal(pawl_queue_push_weighed(q, &item, (size_t)1 << 63, PAWL_FOREVER),
			 EOVERFLOW);
	assert_int_equal(pawl_queue_len(q), 0);
	push_range(q, 0, CAPACITY);
	assert_int_equal(pawl_queue_push_weighed(q, &item, MOST + 1, PAWL_FOREVER), EOVERFLOW);
	pop_range(q, 0, CAPACITY);
}

static void what_weighs_more_than_all_is_refused(void **state)
{
	(void)state;
	with_each_weighing_queue(check_too_heavy);
}

static void check_sum(pawl_queue *q)
{
	assert_int_equal(weigh(q, 0, 4), 0);
	assert_int_equal(weigh(q, 1, 6), 0);
	assert_int_equal(weigh(q, 9, 1), ETIMEDOUT);
	assert_int_equal(weigh(q, 2, 0), 0);
	assert_int_equal(try_push(q, 3), 0);	/* weighs nothing */
	assert_int_equal(weigh(q, 9, 0), ETIMEDOUT);
	pop_range(q, 0, 1);
	assert_int_equal(weigh(q, 9, 5), ETIMEDOUT);
	assert_int_equal(weigh(q, 4, 4), 0);
	pop_range(q, 1, 2);
	assert_int_equal(weigh(q, 5, 7), ETIMEDOUT);
	assert_int_equal(weigh(q, 5, 6), 0);
	pop_range(q, 2, 6);
}

static void all_that_are_in_it_weigh_not_more_than_the_most(void **state)
{
	(void)state;
	with_each_weighing_queue(check_sum);
}

/* The slots may be the bound, too: then the weight goes back. */
static void check_full(pawl_queue *q)
{
	push_range(q, 0, CAPACITY);
	for (int i = 0; i < 10; i++)
		assert_int_equal(weigh(q, 9, MOST), ETIMEDOUT);
	pop_range(q, 0, 1);
	assert_int_equal(weigh(q, CAPACITY, MOST), 0);
	pop_range(q, 1, CAPACITY + 1);
}

static void the_weight_of_what_found_no_slot_goes_back(void **state)
{
	(void)state;
	with_each_weighing_queue(check_full);
}

static void check_each_pop(pawl_queue *q)
{
	uint64_t item, items[2];
	size_t n;

	assert_int_equal(weigh(q, 0, MOST), 0);
	assert_int_equal(pawl_queue_pop(q, &item), 0);
	assert_int_equal(weigh(q, 0, MOST), 0);
	assert_int_equal(pawl_queue_trypop(q, &item), 0);
	assert_int_equal(weigh(q, 0, MOST), 0);
	assert_int_equal(pawl_queue_pop_until(q, &item, 0), 0);
	assert_int_equal(weigh(q, 0, 3), 0);
	assert_int_equal(weigh(q, 0, MOST - 3), 0);
	assert_int_equal(pawl_queue_pop_n(q, items, 2, 0, &n), 0);
	assert_int_equal(n, 2);
}

static void each_form_of_pop_gives_the_weight_back(void **state)
{
	(void)state;
	with_each_weighing_queue(check_each_pop);
}

/* A slot keeps nothing of the weight of the item that was in it before. */
static void check_slots_are_weighed_anew(pawl_queue *q)
{
	for (uint64_t i = 0; i < 2 * CAPACITY; i++) {
		void *slot;

		assert_int_equal(weigh(q, i, MOST), 0);
		pop_range(q, i, i + 1);
		if (i % 2 == 0) {
			assert_int_equal(try_push(q, 100), 0);
		} else {
			assert_int_equal(pawl_queue_reserve(q, 0, &slot), 0);
			*(uint64_t *)slot = 100;
			assert_int_equal(pawl_queue_commit(q, slot), 0);
		}
		pop_range(q, 100, 101);
		assert_room(q);
	}
}

static void what_is_pushed_in_another_way_weighs_nothing(void **state)
{
	(void)state;
	with_each_weighing_queue(check_slots_are_weighed_anew);
}

static void without_a_bound_no_weight_matters(void **state)
{
	pawl_queue *q = queue_of(3, 0);

	(void)state;
	assert_int_equal(weigh(q, 0, 0), 0);
	assert_int_equal(weigh(q, 1, 1000), 0);
	assert_int_equal(weigh(q, 2, SIZE_MAX), 0);
	assert_int_equal(weigh(q, 3, 1), ETIMEDOUT);
	pop_range(q, 0, 3);
	assert_whole(q);
	pawl_queue_free(q);
}

/*** Those who wait ****************************************************************************/

static void check_heavy_waits(pawl_queue *q)
{
	struct queue_user heavy;

	assert_int_equal(weigh(q, 0, 3), 0);
	assert_int_equal(weigh(q, 1, 3), 0);
	weigher_start(&heavy, q, 50, 9, NULL);
	pop_range(q, 0, 1);
	user_await(&heavy);
	assert_int_equal(pawl_queue_len(q), 1);
	pop_range(q, 1, 2);
	assert_int_equal(user_join(&heavy), 0);
	assert_int_equal(weigh(q, 9, 2), ETIMEDOUT);
	assert_int_equal(weigh(q, 51, 1), 0);
	pop_range(q, 50, 52);
}

static void a_heavy_item_waits_until_light_ones_have_left(void **state)
{
	(void)state;
	with_each_weighing_queue(check_heavy_waits);
}

/* Each of those in the line gets what it needs before the next. */
static void check_line_of_heavy_ones(pawl_queue *q)
{
	struct queue_user heavy[3];

	assert_int_equal(weigh(q, 0, MOST), 0);
	for (size_t i = 0; i < COUNT_OF(heavy); i++)
		weigher_start(&heavy[i], q, 50 + i, MOST - 1, NULL);
	pop_range(q, 0, 1);
	for (size_t i = 0; i < COUNT_OF(heavy); i++) {
		assert_int_equal(user_join(&heavy[i]), 0);
		for (size_t k = i + 1; k < COUNT_OF(heavy); k++)
			user_await(&heavy[k]);
		pop_range(q, 50 + i, 51 + i);
	}
}

static void heavy_ones_come_in_in_the_order_of_their_arrival(void **state)
{
	(void)state;
	with_each_weighing_queue(check_line_of_heavy_ones);
}

static void check_light_ones_overtake(pawl_queue *q)
{
	struct queue_user heavy;

	assert_int_equal(weigh(q, 0, 4), 0);
	weigher_start(&heavy, q, 50, MOST, NULL);
	assert_int_equal(try_push(q, 1), 0);
	assert_int_equal(weigh(q, 2, 0), 0);
	user_await(&heavy);
	pop_range(q, 0, 1);
	assert_int_equal(user_join(&heavy), 0);
	pop_range(q, 1, 3);
	pop_range(q, 50, 51);
}

static void what_weighs_nothing_passes_a_heavy_one_that_waits(void **state)
{
	(void)state;
	with_each_weighing_queue(check_light_ones_overtake);
}

static void check_gives_up(pawl_queue *q)
{
	pawl_time soon = pawl_after(PAWL_MS(3));
	uint64_t item = 9;
	pawl_scope scope;

	assert_int_equal(weigh(q, 0, 4), 0);
	assert_int_equal(pawl_queue_push_weighed(q, &item, 7, soon), ETIMEDOUT);
	assert_true(pawl_now() >= soon);
	assert_int_equal(pawl_queue_push_weighed(q, &item, 7, INT64_MIN), ETIMEDOUT);
	pawl_scope_enter(&scope, 0, NULL, 0);
	assert_int_equal(pawl_queue_push_weighed(q, &item, 7, PAWL_FOREVER), ECANCELED);
	assert_int_equal(pawl_queue_push_weighed(q, &item, 6, PAWL_FOREVER), 0);
	assert_int_equal(pawl_scope_leave(&scope, ECANCELED), ETIMEDOUT);
	assert_int_equal(pawl_queue_len(q), 2);
	pop_range(q, 0, 1);
	pop_range(q, 9, 10);
}

static void a_heavy_one_gives_up_and_leaves_no_weight_behind(void **state)
{
	(void)state;
	with_each_weighing_queue(check_gives_up);
}

/* It has room, and waits for a slot: all of its weight is still its own. */
static void check_gives_up_for_a_slot(pawl_queue *q)
{
	pawl_cancel *source = open_source();
	struct queue_user heavy, next;

	push_range(q, 0, CAPACITY);
	weigher_start(&heavy, q, 50, MOST, source);
	weigher_start(&next, q, 51, 1, NULL);
	pawl_cancel_fire(source, 1);
	assert_int_equal(user_join(&heavy), ECANCELED);
	user_await(&next);
	pop_range(q, 0, 1);
	assert_int_equal(user_join(&next), 0);
	pop_range(q, 1, CAPACITY);
	pop_range(q, 51, 52);
	pawl_cancel_close(source);
}

static void one_that_has_room_but_no_slot_gives_up_both(void **state)
{
	(void)state;
	with_each_weighing_queue(check_gives_up_for_a_slot);
}

/*** Close *************************************************************************************/

static void check_close(pawl_queue *q)
{
	struct queue_user heavy[3];

	assert_int_equal(weigh(q, 0, 5), 0);
	for (size_t i = 0; i < COUNT_OF(heavy); i++)
		weigher_start(&heavy[i], q, 50, 6, NULL);
	pawl_queue_close(q);
	for (size_t i = 0; i < COUNT_OF(heavy); i++)
		assert_int_equal(user_join(&heavy[i]), EPIPE);
	assert_int_equal(weigh(q, 9, 1), EPIPE);
	assert_int_equal(weigh(q, 9, 0), EPIPE);
	assert_int_equal(pawl_queue_len(q), 1);
	pop_range(q, 0, 1);
	assert_int_equal(pawl_queue_trypop(q, &(uint64_t){ 0 }), EPIPE);
}

static void close_ends_the_waits_of_heavy_ones(void **state)
{
	(void)state;
	with_each_weighing_queue(check_close);
}

static void check_close_for_a_slot(pawl_queue *q)
{
	struct queue_user heavy;

	push_range(q, 0, CAPACITY);
	weigher_start(&heavy, q, 50, MOST, NULL);
	pawl_queue_close(q);
	assert_int_equal(user_join(&heavy), EPIPE);
	pop_range(q, 0, CAPACITY);
	assert_int_equal(pawl_queue_trypop(q, &(uint64_t){ 0 }), EPIPE);
}

static void and_of_those_that_have_room_but_no_slot(void **state)
{
	(void)state;
	with_each_weighing_queue(check_close_for_a_slot);
}

/*** Many **************************************************************************************/

enum { PUSHERS = 3, EACH = 3000 };

struct crowd {
	pawl_queue *queue;
	unsigned seed;		/* atomic */
	int64_t weight;		/* atomic: of what is in it; when it is not sure, more */
	int64_t highest;
	uint64_t timeouts;	/* atomic */
};

/* An item is its weight. */
static void push_weighed(void *arg)
{
	struct crowd *c = arg;
	unsigned seed = __atomic_add_fetch(&c->seed, 1, __ATOMIC_RELAXED);

	for (int i = 0; i < ROUNDS(EACH);) {
		uint64_t weight = (uint64_t)rand_r(&seed) % (MOST + 1);
		pawl_time until = i % 3 ? PAWL_FOREVER : pawl_after(PAWL_US(rand_r(&seed) % 50));
		int rc = pawl_queue_push_weighed(c->queue, &weight, weight, until);

		must(rc == 0 || (rc == ETIMEDOUT && until != PAWL_FOREVER));
		i += rc == 0;
		__atomic_add_fetch(&c->weight, rc == 0 ? (int64_t)weight : 0, __ATOMIC_RELAXED);
		__atomic_add_fetch(&c->timeouts, rc != 0, __ATOMIC_RELAXED);
	}
}

/* What was popped is counted until it was taken off: that is one item, which is not heavier than
 * all may be together; what is pushed is not counted before. */
static void pop_weighed(struct crowd *c)
{
	for (int i = 0; i < PUSHERS * ROUNDS(EACH); i++) {
		int64_t now = __atomic_load_n(&c->weight, __ATOMIC_RELAXED);
		uint64_t weight = NOTHING;

		c->highest = now > c->highest ? now : c->highest;
		assert_int_equal(pawl_queue_pop(c->queue, &weight), 0);
		assert_in_range(weight, 0, MOST);
		now = __atomic_load_n(&c->weight, __ATOMIC_RELAXED);
		assert_true(now <= 2 * MOST);
		__atomic_sub_fetch(&c->weight, (int64_t)weight, __ATOMIC_RELAXED);
	}
}

static void the_weights_in_a_crowd_are_bounded_and_come_back(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags <= PAWL_QUEUE_FAST; flags += PAWL_QUEUE_FAST) {
		struct crowd c = { .queue = weighing_queue(flags) };
		struct worker w[PUSHERS];

		for (size_t i = 0; i < COUNT_OF(w); i++)
			worker_start(&w[i], push_weighed, &c);
		pop_weighed(&c);
		for (size_t i = 0; i < COUNT_OF(w); i++)
			worker_join(&w[i]);
		note("%llu timeouts, up to %lld", (unsigned long long)c.timeouts,
		     (long long)c.highest);
		assert_int_equal(c.weight, 0);
		assert_room(c.queue);
		pawl_queue_free(c.queue);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_weighs_more_than_all_is_refused),
		TEST(all_that_are_in_it_weigh_not_more_than_the_most),
		TEST(the_weight_of_what_found_no_slot_goes_back),
		TEST(each_form_of_pop_gives_the_weight_back),
		TEST(what_is_pushed_in_another_way_weighs_nothing),
		TEST(without_a_bound_no_weight_matters),
		TEST(a_heavy_item_waits_until_light_ones_have_left),
		TEST(heavy_ones_come_in_in_the_order_of_their_arrival),
		TEST(what_weighs_nothing_passes_a_heavy_one_that_waits),
		TEST(a_heavy_one_gives_up_and_leaves_no_weight_behind),
		TEST(one_that_has_room_but_no_slot_gives_up_both),
		TEST(close_ends_the_waits_of_heavy_ones),
		TEST(and_of_those_that_have_room_but_no_slot),
		TEST(the_weights_in_a_crowd_are_bounded_and_come_back),
	};

	return test_main(tests);
}
