/* SPDX-License-Identifier: BSD-2-Clause */
/* test_misuse_queue.c - each misuse of a queue ends the process with one sentence. */
#include "config.h"

#include <errno.h>

#include <pawl/queue.h>

#include "misuse.h"

static pawl_queue *queue, *other_queue;

/* Of a queue of two items, with room for a weight of one. */
static void expect_queue(void (*fn)(void *arg), const char *call, const char *problem)
{
	for (unsigned flags = 0; flags <= PAWL_QUEUE_FAST; flags += PAWL_QUEUE_FAST) {
		const pawl_queue_config cfg = {
			.size = sizeof cfg, .capacity = 2, .item_size = 16, .max_weight = 1,
			.flags = flags,
		};

		assert_int_equal(pawl_queue_open(&cfg, &queue), 0);
		assert_int_equal(pawl_queue_open(&cfg, &other_queue), 0);
		expect_line(fn, call, "queue", queue, problem);
		pawl_queue_free(queue);
		pawl_queue_free(other_queue);
	}
}

static unsigned char *slot_of(pawl_queue *q)
{
	void *slot;

	must(pawl_queue_reserve(q, 0, &slot) == 0);
	return slot;
}

static void commit(unsigned char *slot)
{
	must(pawl_queue_commit(queue, slot) == 0);
}

static void commit_twice(void *arg)
{
	unsigned char *slot = slot_of(queue);

	(void)arg;
	commit(slot);
	commit(slot);
}

static void commit_abandoned(void *arg)
{
	unsigned char *slot = slot_of(queue);

	(void)arg;
	pawl_queue_abandon(queue, slot);
	commit(slot);
}

static void commit_in_the_middle(void *arg)
{
	(void)arg;
	commit(slot_of(queue) + 1);
}

static void commit_of_another(void *arg)
{
	(void)arg;
	(void)slot_of(queue);
	commit(slot_of(other_queue));
}

static void commit_what_is_no_slot(void *arg)
{
	unsigned char here[16];

	(void)arg;
	(void)slot_of(queue);
	(void)slot_of(queue);
	commit(here);
}

static void commit_before_the_first(void *arg)
{
	unsigned char *a = slot_of(queue), *b = slot_of(queue);

	(void)arg;
	commit((a < b ? a : b) - 16);
}

static void commit_after_the_last(void *arg)
{
	unsigned char *a = slot_of(queue), *b = slot_of(queue);

	(void)arg;
	commit((a > b ? a : b) + 16);
}

static void abandon_twice(void *arg)
{
	unsigned char *slot = slot_of(queue);

	(void)arg;
	pawl_queue_abandon(queue, slot);
	pawl_queue_abandon(queue, slot);
}

static void abandon_committed(void *arg)
{
	unsigned char *slot = slot_of(queue);

	(void)arg;
	commit(slot);
	pawl_queue_abandon(queue, slot);
}

static void abandon_of_another(void *arg)
{
	(void)arg;
	pawl_queue_abandon(queue, slot_of(other_queue));
}

static void committing_or_abandoning_what_is_not_a_reserved_slot(void **state)
{
	const char *not_reserved = "has not reserved that slot";

	(void)state;
	expect_queue(commit_twice, "pawl_queue_commit", not_reserved);
	expect_queue(commit_abandoned, "pawl_queue_commit", not_reserved);
	expect_queue(commit_in_the_middle, "pawl_queue_commit", not_reserved);
	expect_queue(commit_of_another, "pawl_queue_commit", not_reserved);
	expect_queue(commit_what_is_no_slot, "pawl_queue_commit", not_reserved);
	expect_queue(commit_before_the_first, "pawl_queue_commit", not_reserved);
	expect_queue(commit_after_the_last, "pawl_queue_commit", not_reserved);
	expect_queue(abandon_twice, "pawl_queue_abandon", not_reserved);
	expect_queue(abandon_committed, "pawl_queue_abandon", not_reserved);
	expect_queue(abandon_of_another, "pawl_queue_abandon", not_reserved);
}

static void free_with_a_reserved_slot(void *arg)
{
	(void)arg;
	pawl_queue_abandon(queue, slot_of(queue));
	(void)slot_of(queue);
	pawl_queue_free(queue);
}

static void free_with_a_failed_commit(void *arg)
{
	unsigned char *slot = slot_of(queue);

	(void)arg;
	pawl_queue_close(queue);
	must(pawl_queue_commit(queue, slot) == EPIPE);
	pawl_queue_free(queue);
}

static const unsigned char an_item[16];

static void wait_for_item(void *arg)
{
	unsigned char item[16];

	(void)arg;
	(void)!pawl_queue_pop(queue, item);
}

static void wait_for_slot(void *arg)
{
	(void)arg;
	(void)!pawl_queue_push(queue, an_item);
}

static void wait_for_room(void *arg)
{
	(void)arg;
	(void)!pawl_queue_push_weighed(queue, an_item, 1, PAWL_FOREVER);
}

static void free_under(void (*fn)(void *arg))
{
	struct worker w;

	worker_start(&w, fn, NULL);
	worker_await_sleep(&w);
	pawl_queue_free(queue);
}

static void free_popped(void *arg)
{
	(void)arg;
	free_under(wait_for_item);
}

static void free_pushed(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2; i++)
		must(pawl_queue_trypush(queue, an_item) == 0);
	free_under(wait_for_slot);
}

static void free_pushed_heavily(void *arg)
{
	(void)arg;
	must(pawl_queue_push_weighed(queue, an_item, 1, 0) == 0);
	free_under(wait_for_room);
}

static void free_with_an_op(void *arg)
{
	unsigned char item[16];
	pawl_op op;

	(void)arg;
	pawl_op_init_inline(&op, not_called, NULL);
	must(pawl_queue_pop_op(queue, item, &op) == EINPROGRESS);
	pawl_queue_free(queue);
}

static void freeing_a_queue_that_is_waited_for_or_of_which_a_slot_is_reserved(void **state)
{
	(void)state;
	expect_queue(free_with_a_reserved_slot, "pawl_queue_free", "has a slot that is reserved");
	expect_queue(free_with_a_failed_commit, "pawl_queue_free", "has a slot that is reserved");
	expect_queue(free_popped, "pawl_queue_free", "is being waited for");
	expect_queue(free_pushed, "pawl_queue_free", "is being waited for");
	expect_queue(free_with_an_op, "pawl_queue_free", "is being waited for");
	expect_queue(free_pushed_heavily, "pawl_queue_free", "is being waited for");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(committing_or_abandoning_what_is_not_a_reserved_slot),
		TEST(freeing_a_queue_that_is_waited_for_or_of_which_a_slot_is_reserved),
	};

	return test_main(tests);
}
