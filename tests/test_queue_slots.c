/* SPDX-License-Identifier: BSD-2-Clause */
/* test_queue_slots.c - pawl/queue.h: reserve, commit, abandon. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "queue_user.h"

static uint64_t *reserve(pawl_queue *q)
{
	void *slot = NULL;

	assert_int_equal(pawl_queue_reserve(q, 0, &slot), 0);
	assert_non_null(slot);
	return slot;
}

static void assert_all_reserved(pawl_queue *q, pawl_time deadline)
{
	void *untouched = q, *slot = untouched;

	assert_int_equal(pawl_queue_reserve(q, deadline, &slot), ETIMEDOUT);
	assert_ptr_equal(slot, untouched);
	assert_int_equal(try_push(q, 0), EAGAIN);
}

static void check_commit(pawl_queue *q)
{
	for (uint64_t i = 0; i < 20; i++) {
		uint64_t *slot = reserve(q);

		assert_int_equal(pawl_queue_len(q), 0);
		assert_true(try_pop(q) == NOTHING);
		*slot = i;
		assert_int_equal(pawl_queue_commit(q, slot), 0);
		assert_int_equal(pawl_queue_len(q), 1);
		pop_range(q, i, i + 1);
	}
}

static void what_was_written_into_a_slot_is_popped_once_it_is_committed(void **state)
{
	(void)state;
	with_each_queue(3, check_commit);
}

static void check_order(pawl_queue *q)
{
	uint64_t *a = reserve(q), *b = reserve(q), *c = reserve(q);

	assert_int_equal(try_push(q, 3), 0);
	assert_all_reserved(q, 0);
	*a = 1;
	*b = 2;
	*c = 0;
	assert_int_equal(pawl_queue_commit(q, c), 0);
	assert_int_equal(pawl_queue_commit(q, a), 0);
	assert_int_equal(pawl_queue_commit(q, b), 0);
	pop_range(q, 3, 4);
	pop_range(q, 0, 3);
}

static void their_order_is_that_of_the_commits(void **state)
{
	(void)state;
	with_each_queue(4, check_order);
}

static void check_abandon(pawl_queue *q)
{
	size_t capacity = pawl_queue_capacity(q);

	for (int round = 0; round < 20; round++) {
		uint64_t *slots[3];

		for (size_t i = 0; i < capacity; i++) {
			slots[i] = reserve(q);
			*slots[i] = NOTHING;
			for (size_t k = 0; k < i; k++)
				assert_ptr_not_equal(slots[i], slots[k]);
		}
		assert_all_reserved(q, 0);
		assert_all_reserved(q, pawl_after(PAWL_US(100)));
		for (size_t i = 0; i < capacity; i++)
			pawl_queue_abandon(q, slots[(i + (size_t)round) % capacity]);
		assert_int_equal(pawl_queue_len(q), 0);
		assert_true(try_pop(q) == NOTHING);
	}
}

static void an_abandoned_slot_is_free_and_nobody_sees_what_was_in_it(void **state)
{
	(void)state;
	with_each_queue(3, check_abandon);
}

static void slots_are_aligned_for_any_type_of_their_size(void **state)
{
	const size_t sizes[] = { 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 4096 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		const pawl_queue_config cfg = {
			.size = sizeof cfg, .capacity = 7, .item_size = sizes[i],
		};
		size_t align = sizes[i] & -sizes[i];	/* no type of that size has more */
		void *slots[7];
		pawl_queue *q;

		if (align > 64)
			align = 64;
		assert_int_equal(pawl_queue_open(&cfg, &q), 0);
		for (size_t n = 0; n < COUNT_OF(slots); n++) {
			assert_int_equal(pawl_queue_reserve(q, 0, &slots[n]), 0);
			assert_int_equal((uintptr_t)slots[n] % align, 0);
			memset(slots[n], (int)n, sizes[i]);
		}
		for (size_t n = 0; n < COUNT_OF(slots); n++) {
			unsigned char *bytes = slots[n];

			assert_true(bytes[0] == n && bytes[sizes[i] - 1] == n);
			pawl_queue_abandon(q, slots[n]);
		}
		pawl_queue_free(q);
	}
}

/*** Those who wait ****************************************************************************/

struct reserver {
	struct worker worker;
	pawl_queue *queue;
	pawl_time deadline;
	void *slot;
	int result;
};

static void reserve_one(void *arg)
{
	struct reserver *r = arg;

	r->result = pawl_queue_reserve(r->queue, r->deadline, &r->slot);
	must((r->result == 0) == (r->slot != NULL));
	must(r->result != ETIMEDOUT || pawl_now() >= r->deadline);
}

static void reserver_start(struct reserver *r, pawl_queue *q, pawl_time deadline)
{
	*r = (struct reserver){ .queue = q, .deadline = deadline };
	worker_start(&r->worker, reserve_one, r);
	worker_await_wait(&r->worker, "queue", q);
}

static void check_waits(pawl_queue *q)
{
	uint64_t *slot = reserve(q);
	struct reserver r;

	assert_int_equal(try_push(q, 1), 0);
	reserver_start(&r, q, PAWL_FOREVER);
	pop_range(q, 1, 2);
	worker_join(&r.worker);
	assert_int_equal(r.result, 0);
	*(uint64_t *)r.slot = 5;
	assert_int_equal(pawl_queue_commit(q, r.slot), 0);
	reserver_start(&r, q, pawl_after(PAWL_S(80)));
	pawl_queue_abandon(q, slot);
	worker_join(&r.worker);
	assert_int_equal(r.result, 0);
	pawl_queue_abandon(q, r.slot);
	pop_range(q, 5, 6);
}

static void a_reserve_waits_for_a_pop_or_an_abandon(void **state)
{
	(void)state;
	with_each_queue(2, check_waits);
}

static void check_wakes(pawl_queue *q)
{
	uint64_t *slot = reserve(q);
	struct queue_user u;

	popper_start(&u, q, PAWL_FOREVER);
	*slot = 9;
	assert_int_equal(pawl_queue_commit(q, slot), 0);
	assert_int_equal(user_join(&u), 0);
	assert_int_equal(u.item, 9);
	slot = reserve(q);
	assert_int_equal(try_push(q, 1), 0);
	pusher_start(&u, q, 2, PAWL_FOREVER);
	pawl_queue_abandon(q, slot);
	assert_int_equal(user_join(&u), 0);
	pop_range(q, 1, 3);
}

static void a_commit_wakes_who_waits_for_an_item_and_an_abandon_who_waits_for_a_slot(void **state)
{
	(void)state;
	with_each_queue(2, check_wakes);
}

static void check_deadline_and_cancel(pawl_queue *q)
{
	uint64_t *slots[2] = { reserve(q), reserve(q) };
	void *slot = NULL;
	pawl_scope scope;

	assert_all_reserved(q, INT64_MIN);
	assert_all_reserved(q, pawl_after(PAWL_MS(2)));
	pawl_scope_enter(&scope, 0, NULL, 0);
	assert_int_equal(pawl_queue_reserve(q, PAWL_FOREVER, &slot), ECANCELED);
	assert_null(slot);
	pawl_queue_abandon(q, slots[1]);
	assert_int_equal(pawl_queue_reserve(q, PAWL_FOREVER, &slot), 0);
	pawl_queue_abandon(q, slot);
	pawl_queue_abandon(q, slots[0]);
	assert_int_equal(pawl_scope_leave(&scope, 0), 0);
}

static void a_reserve_ends_at_its_deadline_or_a_cancel(void **state)
{
	(void)state;
	with_each_queue(2, check_deadline_and_cancel);
}

/*** Close *************************************************************************************/

static void check_commit_after_close(pawl_queue *q)
{
	uint64_t *kept = reserve(q), *other = reserve(q);
	uint64_t item;

	*kept = 41;
	*other = 42;
	assert_int_equal(try_push(q, 40), 0);
	pawl_queue_close(q);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pawl_queue_commit(q, kept), EPIPE);
		assert_int_equal(*kept, 41);
	}
	assert_int_equal(pawl_queue_commit(q, other), EPIPE);
	assert_int_equal(*other, 42);
	*other = 43;
	pop_range(q, 40, 41);
	assert_int_equal(pawl_queue_pop(q, &item), EPIPE);
	assert_int_equal(*kept, 41);
	assert_int_equal(*other, 43);
	pawl_queue_abandon(q, kept);
	pawl_queue_abandon(q, other);
	assert_int_equal(pawl_queue_pop(q, &item), EPIPE);
}

static void a_commit_after_the_close_fails_and_the_slot_can_be_read_and_abandoned(void **state)
{
	(void)state;
	with_each_queue(4, check_commit_after_close);
}

static void check_len_after_failed_commits(pawl_queue *q)
{
	uint64_t *slot = reserve(q);

	push_range(q, 0, 2);
	pawl_queue_close(q);
	for (uint64_t i = 0; i < 2; i++) {
		assert_int_equal(pawl_queue_commit(q, slot), EPIPE);
		assert_int_equal(pawl_queue_len(q), 2 - i);
		pop_range(q, i, i + 1);
	}
	assert_int_equal(pawl_queue_commit(q, slot), EPIPE);
	assert_int_equal(pawl_queue_len(q), 0);
	pawl_queue_abandon(q, slot);
}

static void a_commit_that_failed_is_not_counted(void **state)
{
	(void)state;
	with_each_queue(4, check_len_after_failed_commits);
}

static void close_ends_the_wait_of_a_reserve(void **state)
{
	pawl_queue *q = queue_of(1, 0);
	uint64_t *slot = reserve(q);
	struct reserver r;

	(void)state;
	reserver_start(&r, q, PAWL_FOREVER);
	pawl_queue_close(q);
	worker_join(&r.worker);
	assert_int_equal(r.result, EPIPE);
	pawl_queue_abandon(q, slot);
	pawl_queue_free(q);
}

/*** Large ones ********************************************************************************/

enum { WORDS = 512, BLOCKS = 2000 };

static void write_block(pawl_queue *q, uint64_t number, bool really)
{
	uint64_t *words;
	void *slot;

	must(pawl_queue_reserve(q, PAWL_FOREVER, &slot) == 0);
	words = slot;
	for (uint64_t k = 0; k < WORDS; k++)
		words[k] = number ^ k;
	if (really)
		must(pawl_queue_commit(q, slot) == 0);
	else
		pawl_queue_abandon(q, slot);
}

static void write_blocks(void *arg)
{
	for (uint64_t i = 0; i < ROUNDS(BLOCKS); i++) {
		if (i % 7 == 3)
			write_block(arg, NOTHING, false);
		write_block(arg, i, true);
	}
	pawl_queue_close(arg);
}

static void blocks_written_in_place_arrive_whole_and_in_order(void **state)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = 3, .item_size = WORDS * sizeof(uint64_t),
	};
	static uint64_t words[WORDS];
	struct worker w;
	pawl_queue *q;
	uint64_t i;

	(void)state;
	assert_int_equal(pawl_queue_open(&cfg, &q), 0);
	worker_start(&w, write_blocks, q);
	for (i = 0; pawl_queue_pop(q, words) == 0; i++)
		for (uint64_t k = 0; k < WORDS; k++)
			must(words[k] == (i ^ k));
	worker_join(&w);
	assert_int_equal(i, ROUNDS(BLOCKS));
	pawl_queue_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_written_into_a_slot_is_popped_once_it_is_committed),
		TEST(their_order_is_that_of_the_commits),
		TEST(an_abandoned_slot_is_free_and_nobody_sees_what_was_in_it),
		TEST(slots_are_aligned_for_any_type_of_their_size),
		TEST(a_reserve_waits_for_a_pop_or_an_abandon),
		TEST(a_commit_wakes_who_waits_for_an_item_and_an_abandon_who_waits_for_a_slot),
		TEST(a_reserve_ends_at_its_deadline_or_a_cancel),
		TEST(a_commit_after_the_close_fails_and_the_slot_can_be_read_and_abandoned),
		TEST(a_commit_that_failed_is_not_counted),
		TEST(close_ends_the_wait_of_a_reserve),
		TEST(blocks_written_in_place_arrive_whole_and_in_order),
	};

	return test_main(tests);
}
