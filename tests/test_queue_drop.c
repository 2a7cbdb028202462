/* SPDX-License-Identifier: BSD-2-Clause */
/* test_queue_drop.c - pawl/queue.h: PAWL_QUEUE_DROP_OLDEST, and who gets what nobody pops. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <pawl/op.h>

#include "queue_user.h"

enum { MOST = 10, NOTED = 64 };

/* What evicted() was given, in this order. */
static struct {
	size_t count;
	uint64_t items[NOTED];
	pthread_t where;
	void *user;
} gone;

static void note_gone(void *item, void *user)
{
	must(gone.count < NOTED);
	memcpy(&gone.items[gone.count++], item, sizeof(uint64_t));
	memset(item, 0xa5, sizeof(uint64_t));	/* it is its own */
	gone.where = pthread_self();
	gone.user = user;
}

static pawl_queue *queue_with(size_t capacity, unsigned flags, size_t max_weight)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = capacity, .item_size = sizeof(uint64_t),
		.max_weight = max_weight, .flags = flags, .evicted = note_gone, .user = &gone,
	};
	pawl_queue *q;

	must(pawl_queue_open(&cfg, &q) == 0);
	gone.count = 0;
	gone.user = NULL;
	return q;
}

/* @from and so on, before @to; then none. */
static void assert_gone(uint64_t from, uint64_t to)
{
	assert_int_equal(gone.count, to - from);
	for (size_t i = 0; i < gone.count; i++)
		assert_int_equal(gone.items[i], from + i);
	if (gone.count > 0) {
		assert_true(pthread_equal(gone.where, pthread_self()));
		assert_ptr_equal(gone.user, &gone);
	}
	gone.count = 0;
}

static void with_each_dropping_queue(size_t capacity, size_t max_weight,
	void (*fn)(pawl_queue *q))
{
	for (unsigned flags = 0; flags <= PAWL_QUEUE_FAST; flags += PAWL_QUEUE_FAST) {
		pawl_queue *q = queue_with(capacity, PAWL_QUEUE_DROP_OLDEST | flags, max_weight);

		fn(q);
		assert_gone(0, 0);
		pawl_queue_free(q);
		assert_gone(0, 0);
	}
}

static void not_called(pawl_op *op, int rc)
{
	(void)op;
	(void)rc;
	must_fail(__FILE__, __LINE__, "nothing was started");
}

/*** Left in free ******************************************************************************/

static void what_is_left_in_free_is_evicted_in_order(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 8; flags += 2)
		for (int closed = 0; closed < 2; closed++) {
			pawl_queue *q = queue_with(5, flags, 0);

			push_range(q, 0, 4);
			pop_range(q, 0, 2);
			push_range(q, 4, 7);
			if (closed)
				pawl_queue_close(q);
			assert_gone(0, 0);
			pawl_queue_free(q);
			assert_gone(2, 7);
		}
}

static void nobody_need_be_told_of_it(void **state)
{
	pawl_queue *q = queue_of(2, PAWL_QUEUE_DROP_OLDEST);

	(void)state;
	push_range(q, 0, 10);
	pop_range(q, 8, 9);
	pawl_queue_free(q);
	assert_gone(0, 0);
}

static void what_was_popped_or_abandoned_is_not_evicted(void **state)
{
	pawl_queue *q = queue_with(3, 0, 0);
	void *slot;

	(void)state;
	push_range(q, 0, 3);
	pop_range(q, 0, 3);
	assert_int_equal(pawl_queue_reserve(q, 0, &slot), 0);
	*(uint64_t *)slot = 7;
	pawl_queue_abandon(q, slot);
	pawl_queue_free(q);
	assert_gone(0, 0);
}

/*** Dropped for others *************************************************************************/

static void check_each_push(pawl_queue *q)
{
	uint64_t items[4] = { 10, 11, 12, 13 };
	void *slot;
	size_t n;

	push_range(q, 0, 3);
	assert_gone(0, 0);
	assert_int_equal(try_push(q, 3), 0);
	assert_gone(0, 1);
	assert_int_equal(pawl_queue_push(q, &(uint64_t){ 4 }), 0);
	assert_gone(1, 2);
	assert_int_equal(pawl_queue_push_until(q, &(uint64_t){ 5 }, 0), 0);
	assert_gone(2, 3);
	assert_int_equal(pawl_queue_push_weighed(q, &(uint64_t){ 6 }, 0, 0), 0);
	assert_gone(3, 4);
	assert_int_equal(pawl_queue_reserve(q, 0, &slot), 0);
	assert_gone(4, 5);
	*(uint64_t *)slot = 7;
	assert_int_equal(pawl_queue_commit(q, slot), 0);
	assert_int_equal(pawl_queue_push_n(q, items, 2, PAWL_FOREVER, &n), 0);
	assert_int_equal(n, 2);
	assert_gone(5, 7);
	assert_int_equal(pawl_queue_len(q), 3);
	pop_range(q, 7, 8);
	pop_range(q, 10, 12);
	assert_true(try_pop(q) == NOTHING);
}

static void a_push_into_a_full_queue_drops_the_oldest(void **state)
{
	(void)state;
	with_each_dropping_queue(3, 0, check_each_push);
}

static void check_many_rounds(pawl_queue *q)
{
	size_t capacity = pawl_queue_capacity(q);

	push_range(q, 0, capacity);
	for (uint64_t i = capacity; i < 300; i++) {
		assert_int_equal(try_push(q, i), 0);
		assert_gone(i - capacity, i - capacity + 1);
		assert_int_equal(pawl_queue_len(q), capacity);
	}
	pop_range(q, 300 - capacity, 300);
}

static void the_last_ones_stay_and_each_of_the_others_is_dropped_once(void **state)
{
	(void)state;
	with_each_dropping_queue(1, 0, check_many_rounds);
	with_each_dropping_queue(2, 0, check_many_rounds);
	with_each_dropping_queue(7, 0, check_many_rounds);
	with_each_dropping_queue(7, MOST, check_many_rounds);
}

/* More than there are slots: the first of its own are dropped for the last. */
static void check_push_of_many(pawl_queue *q)
{
	uint64_t items[10];
	size_t n;

	for (size_t i = 0; i < COUNT_OF(items); i++)
		items[i] = i;
	assert_int_equal(pawl_queue_push_n(q, items, COUNT_OF(items), 0, &n), 0);
	assert_int_equal(n, COUNT_OF(items));
	assert_gone(0, 7);
	pop_range(q, 7, 10);
}

static void of_more_than_there_are_slots_the_last_stay(void **state)
{
	(void)state;
	with_each_dropping_queue(3, 0, check_push_of_many);
}

/* There is nothing to drop, and nobody knows who will give a slot back. */
static void check_all_reserved(pawl_queue *q)
{
	pawl_time soon = pawl_after(PAWL_MS(3));
	uint64_t item = 9;
	void *slots[2], *slot;
	pawl_scope scope;
	pawl_op op;
	size_t n = 99;

	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pawl_queue_reserve(q, 0, &slots[i]), 0);
	assert_int_equal(try_push(q, 9), EAGAIN);
	assert_int_equal(pawl_queue_push_until(q, &item, 0), ETIMEDOUT);
	assert_int_equal(pawl_queue_push_until(q, &item, soon), ETIMEDOUT);
	assert_true(pawl_now() >= soon);
	assert_int_equal(pawl_queue_push_n(q, &item, 1, 0, &n), ETIMEDOUT);
	assert_int_equal(n, 0);
	assert_int_equal(pawl_queue_reserve(q, 0, &slot), ETIMEDOUT);
	pawl_scope_enter(&scope, 0, NULL, 0);
	assert_int_equal(pawl_queue_push(q, &item), ECANCELED);
	assert_int_equal(pawl_scope_leave(&scope, 0), 0);
	pawl_op_init_inline(&op, not_called, NULL);
	assert_int_equal(pawl_queue_push_op(q, &item, &op), EAGAIN);
	assert_gone(0, 0);
	pawl_queue_abandon(q, slots[0]);
	assert_int_equal(pawl_queue_push(q, &item), 0);
	assert_int_equal(try_push(q, 10), 0);
	assert_gone(9, 10);
	pop_range(q, 10, 11);
	pawl_queue_abandon(q, slots[1]);
}

static void if_all_slots_are_reserved_a_push_returns_eagain_or_waits(void **state)
{
	(void)state;
	with_each_dropping_queue(2, 0, check_all_reserved);
}

static void push_with_patience(void *q)
{
	must(pawl_queue_push_until(q, &(uint64_t){ 5 }, PAWL_FOREVER) == 0);
}

static void check_wait_for_a_slot(pawl_queue *q)
{
	struct worker w;
	void *slot;

	for (int round = 0; round < 20; round++) {
		assert_int_equal(pawl_queue_reserve(q, 0, &slot), 0);
		worker_start(&w, push_with_patience, q);
		nap(PAWL_US(100 * (round % 4)));
		if (round % 2) {
			pawl_queue_abandon(q, slot);
			worker_join(&w);
		} else {
			*(uint64_t *)slot = 4;
			assert_int_equal(pawl_queue_commit(q, slot), 0);
			worker_join(&w);
			assert_int_equal(gone.count, 1);
			assert_int_equal(gone.items[0], 4);
			gone.count = 0;
		}
		pop_range(q, 5, 6);
	}
}

static void who_waits_for_a_reserved_slot_goes_on_at_commit_or_abandon(void **state)
{
	(void)state;
	with_each_dropping_queue(1, 0, check_wait_for_a_slot);
}

/* Pops wait here as elsewhere. */
static void check_pops(pawl_queue *q)
{
	struct queue_user u;
	uint64_t item = NOTHING;

	assert_int_equal(pawl_queue_trypop(q, &item), EAGAIN);
	assert_int_equal(pawl_queue_pop_until(q, &item, 0), ETIMEDOUT);
	popper_start(&u, q, PAWL_FOREVER);
	assert_int_equal(try_push(q, 3), 0);
	assert_int_equal(user_join(&u), 0);
	assert_int_equal(u.item, 3);
}

static void pops_wait_for_an_item(void **state)
{
	(void)state;
	with_each_dropping_queue(1, 0, check_pops);
}

static void what_was_granted_to_a_pop_is_not_dropped(void **state)
{
	pawl_queue *q = queue_with(1, PAWL_QUEUE_DROP_OLDEST, 0);
	struct queue_user u;

	(void)state;
	popper_start(&u, q, PAWL_FOREVER);
	worker_freeze(&u.worker);
	assert_int_equal(try_push(q, 3), 0);
	assert_int_equal(try_push(q, 4), EAGAIN);
	worker_thaw(&u.worker);
	assert_int_equal(user_join(&u), 0);
	assert_int_equal(u.item, 3);
	assert_gone(0, 0);
	pawl_queue_free(q);
}

static void check_close(pawl_queue *q)
{
	push_range(q, 0, 2);
	pawl_queue_close(q);
	assert_int_equal(try_push(q, 2), EPIPE);
	assert_int_equal(pawl_queue_push(q, &(uint64_t){ 2 }), EPIPE);
	assert_int_equal(pawl_queue_push_weighed(q, &(uint64_t){ 2 }, 1, PAWL_FOREVER), EPIPE);
	assert_gone(0, 0);
	pop_range(q, 0, 2);
}

static void a_closed_queue_drops_nothing(void **state)
{
	(void)state;
	with_each_dropping_queue(2, 0, check_close);
	with_each_dropping_queue(2, MOST, check_close);
}

/*** With weights ******************************************************************************/

static int weigh(pawl_queue *q, uint64_t item, size_t weight)
{
	return pawl_queue_push_weighed(q, &item, weight, PAWL_FOREVER);
}

static void check_drop_for_weight(pawl_queue *q)
{
	assert_int_equal(weigh(q, 0, 3), 0);
	assert_int_equal(try_push(q, 1), 0);	/* weighs nothing, and may have to go too */
	assert_int_equal(weigh(q, 2, 3), 0);
	assert_int_equal(weigh(q, 3, 4), 0);
	assert_gone(0, 0);
	assert_int_equal(weigh(q, 4, 5), 0);	/* 3 is not enough, nor is it with nothing */
	assert_gone(0, 3);
	assert_int_equal(weigh(q, 5, 1), 0);
	assert_gone(0, 0);
	assert_int_equal(weigh(q, 6, MOST), 0);
	assert_gone(3, 6);
	assert_int_equal(weigh(q, 7, 0), 0);
	assert_int_equal(weigh(q, 8, 0), 0);
	assert_gone(0, 0);
	assert_int_equal(pawl_queue_len(q), 3);
	assert_int_equal(weigh(q, 9, 1), 0);
	assert_gone(6, 7);
	assert_int_equal(weigh(q, 10, MOST + 1), EOVERFLOW);
	assert_gone(0, 0);
	pop_range(q, 7, 10);
	assert_int_equal(weigh(q, 11, MOST), 0);
	pop_range(q, 11, 12);
}

static void the_oldest_are_dropped_until_there_is_room_for_a_heavy_one(void **state)
{
	(void)state;
	with_each_dropping_queue(5, MOST, check_drop_for_weight);
}

/* For want of a slot, not of weight: that of the dropped one comes back all the same. */
static void check_weight_of_the_dropped(pawl_queue *q)
{
	for (uint64_t i = 0; i < 2; i++)
		assert_int_equal(weigh(q, i, 5), 0);
	for (uint64_t i = 2; i < 50; i++) {
		assert_int_equal(i % 3 ? try_push(q, i) : weigh(q, i, 5), 0);
		assert_gone(i - 2, i - 1);
	}
	pop_range(q, 48, 50);
	assert_int_equal(weigh(q, 50, 5), 0);
	assert_int_equal(weigh(q, 51, 5), 0);
	assert_gone(0, 0);
	pop_range(q, 50, 52);
}

static void what_is_dropped_gives_its_weight_back(void **state)
{
	(void)state;
	with_each_dropping_queue(2, MOST, check_weight_of_the_dropped);
}

/*** Threads ***********************************************************************************/

enum { PUSHERS = 3, EACH = 5000, ALL = PUSHERS * EACH };

static unsigned char fate[ALL];		/* atomic: how many times it was popped or dropped */
static uint64_t dropped;		/* atomic */

static void count_dropped(void *item, void *user)
{
	uint64_t number;

	(void)user;
	memcpy(&number, item, sizeof number);
	must(number < ALL);
	__atomic_add_fetch(&fate[number], 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&dropped, 1, __ATOMIC_RELAXED);
}

struct dropper {
	struct worker worker;
	pawl_queue *queue;
	uint64_t first;
	uint64_t not_at_once;
};

/* All slots may be in the hands of others for a moment. */
static void push_each(void *arg)
{
	struct dropper *d = arg;

	for (uint64_t i = 0; i < ROUNDS(EACH); i++) {
		uint64_t number = d->first + i;
		int rc = pawl_queue_trypush(d->queue, &number);

		d->not_at_once += rc == EAGAIN;
		if (rc == EAGAIN)
			rc = pawl_queue_push_weighed(d->queue, &number, number % MOST,
						     PAWL_FOREVER);
		must(rc == 0);
	}
}

static void pop_in_a_crowd(unsigned flags, size_t max_weight)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = 3, .item_size = sizeof(uint64_t),
		.flags = PAWL_QUEUE_DROP_OLDEST | flags, .evicted = count_dropped,
		.max_weight = max_weight,
	};
	struct dropper d[PUSHERS];
	uint64_t number, last[PUSHERS] = { 0 }, popped = 0;
	pawl_queue *q;

	assert_int_equal(pawl_queue_open(&cfg, &q), 0);
	memset(fate, 0, sizeof fate);
	dropped = 0;
	for (size_t i = 0; i < PUSHERS; i++) {
		d[i] = (struct dropper){ .queue = q, .first = i * EACH };
		worker_start(&d[i].worker, push_each, &d[i]);
	}
	while (pawl_queue_pop_until(q, &number, pawl_after(PAWL_MS(20))) == 0) {
		assert_true(number % EACH >= last[number / EACH]);
		last[number / EACH] = number % EACH;
		popped += __atomic_add_fetch(&fate[number], 1, __ATOMIC_RELAXED);
	}
	for (size_t i = 0; i < PUSHERS; i++)
		worker_join(&d[i].worker);
	pawl_queue_free(q);
	note("%llu popped, %llu dropped", (unsigned long long)popped, (unsigned long long)dropped);
	for (size_t i = 0; i < ALL; i++)
		assert_int_equal(fate[i], i % EACH < ROUNDS(EACH));
	assert_int_equal(popped + dropped, PUSHERS * ROUNDS(EACH));
}

static void in_a_crowd_each_item_is_popped_or_dropped_once(void **state)
{
	(void)state;
	pop_in_a_crowd(0, 0);
	pop_in_a_crowd(PAWL_QUEUE_FAST, 0);
	pop_in_a_crowd(0, MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_left_in_free_is_evicted_in_order),
		TEST(nobody_need_be_told_of_it),
		TEST(what_was_popped_or_abandoned_is_not_evicted),
		TEST(a_push_into_a_full_queue_drops_the_oldest),
		TEST(the_last_ones_stay_and_each_of_the_others_is_dropped_once),
		TEST(of_more_than_there_are_slots_the_last_stay),
		TEST(if_all_slots_are_reserved_a_push_returns_eagain_or_waits),
		TEST(who_waits_for_a_reserved_slot_goes_on_at_commit_or_abandon),
		TEST(pops_wait_for_an_item),
		TEST(what_was_granted_to_a_pop_is_not_dropped),
		TEST(a_closed_queue_drops_nothing),
		TEST(the_oldest_are_dropped_until_there_is_room_for_a_heavy_one),
		TEST(what_is_dropped_gives_its_weight_back),
		TEST(in_a_crowd_each_item_is_popped_or_dropped_once),
	};

	return test_main(tests);
}
