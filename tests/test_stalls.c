/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_stalls.c - the waiter queue while threads are stopped in the middle of it: others
 * go on, and nothing piles up.
 */
#include "config.h"

#include <pawl/atomic.h>

#include "stall_load.h"
#include "stalled_line.h"
#include "support.h"

/*** Throughput beside the list ****************************************************************/

/* Sleeps make up nearly all of the time, so that a busy machine changes little. */
static void with_20_ms_stalls_the_queue_does_5_times_what_the_list_does(void **state)
{
	struct stall_load queue = { .threads = 8, .stalls = 10, .every = 500 }, list = queue;

	(void)state;
	stall_load_queue(&queue);
	stall_load_list(&list);
	note("queue %.2f us/op, list %.2f us/op: %.1f times",
	     (double)queue.ns / (double)queue.ops / 1000, (double)list.ns / (double)list.ops / 1000,
	     (double)list.ns / (double)queue.ns);
	assert_int_equal(queue.answered, queue.told);
	assert_int_equal(list.answered, list.told);
	assert_true(queue.answered > 0 && list.answered > 0);
	assert_true(list.ns >= 5 * queue.ns);
}

/*** Memory ************************************************************************************/

enum { THREADS = 4 };

/*
 * Segments in use at any time: the first and the last of the queue; one for each wait that
 * has not left, and dead ones, an eighth of these at most; one that each waiter keeps
 * for its next queue; and two in the hands of each thread: one that died when it left and
 * that it is to unlink, and one that it has unlinked, or got, just now.  Nothing waits
 * to be reclaimed.  Here each thread has one waiter, and that one wait; and one more stays all
 * the time, so that the queue does.
 */
static uint32_t most_segments(uint32_t threads)
{
	uint32_t waits = threads + 1, waiters = waits;

	return 2 + waits + waits / 8 + waiters + 2 * threads;
}

struct storm {
	uint64_t queue;
	struct waiter *stays;
	uint32_t spare;
	bool answers;	/* now and then, to whoever is first */
	bool stop;	/* atomic */
};

struct aborter {
	struct worker worker;
	struct storm *storm;
	uint64_t rounds;	/* atomic */
};

static void wait_and_give_up(struct aborter *a, struct waiter *w)
{
	struct waiter *wake;
	uint64_t ref = pawl_i_waiter_arm(w);

	must(stalled_line_join(&a->storm->queue, w, ref) == 0);
	ref = a->storm->answers && a->rounds % 8 == 0 ? stalled_line_first(&a->storm->queue) : 0;
	if (ref != 0)
		(void)pawl_i_waiter_tell(ref, RETRY, &wake);
	(void)pawl_i_waiter_give_up(w);
	stalled_line_leave(&a->storm->queue, w);
	pawl_store_(&a->rounds, a->rounds + 1, relaxed);
}

static void abort_until_told(void *arg)
{
	struct aborter *a = arg;
	uint32_t spare = 0;
	struct waiter *w = stalled_line_waiter_get(&spare);

	must(w != NULL);
	while (!pawl_load_(&a->storm->stop, relaxed))
		wait_and_give_up(a, w);
	stalled_line_waiter_put(w, spare);
}

static void storm_start(struct storm *s, struct aborter a[THREADS])
{
	assert_non_null(s->stays = stalled_line_waiter_get(&s->spare));
	assert_int_equal(stalled_line_join(&s->queue, s->stays, pawl_i_waiter_arm(s->stays)), 0);
	for (int i = 0; i < THREADS; i++) {
		a[i] = (struct aborter){ .storm = s };
		worker_start(&a[i].worker, abort_until_told, &a[i]);
	}
}

static void storm_end(struct storm *s, struct aborter a[THREADS])
{
	uint32_t made;

	pawl_store_(&s->stop, true, relaxed);
	for (int i = 0; i < THREADS; i++)
		worker_join(&a[i].worker);
	(void)pawl_i_waiter_give_up(s->stays);
	stalled_line_leave(&s->queue, s->stays);
	stalled_line_waiter_put(s->stays, s->spare);
	assert_int_equal(s->queue, 0);
	made = stalled_line_segments();
	note("%u segments were made; not more than %u can be in use", made, most_segments(THREADS));
	assert_true(made <= most_segments(THREADS));
}

/* All but @frozen, if it is not NULL, do so many rounds. */
static void await_rounds(struct aborter a[THREADS], const struct aborter *frozen, uint64_t rounds)
{
	uint64_t goals[THREADS];

	for (int i = 0; i < THREADS; i++)
		goals[i] = pawl_load_(&a[i].rounds, relaxed) + rounds;
	for (int i = 0; i < THREADS; i++)
		while (&a[i] != frozen && pawl_load_(&a[i].rounds, relaxed) < goals[i])
			nap(PAWL_US(100));
}

static void a_storm_of_waits_that_give_up_needs_next_to_no_memory(void **state)
{
	struct storm storm = { .queue = 0 };
	struct aborter a[THREADS];

	(void)state;
	storm_start(&storm, a);
	await_rounds(a, NULL, ROUNDS(200000));
	storm_end(&storm, a);
}

/* Wherever it was: the signal comes at any time. */
static void freeze_one_after_the_other(bool answers)
{
	struct storm storm = { .answers = answers };
	struct aborter a[THREADS];

	storm_start(&storm, a);
	for (int i = 0; i < ROUNDS(40); i++) {
		struct aborter *frozen = &a[i % THREADS];

		await_rounds(a, NULL, 10);
		worker_freeze(&frozen->worker);
		await_rounds(a, frozen, ROUNDS(2000));
		worker_thaw(&frozen->worker);
	}
	storm_end(&storm, a);
}

static void nor_if_one_of_them_is_frozen_and_the_others_go_on(void **state)
{
	(void)state;
	freeze_one_after_the_other(false);
}

static void nor_if_they_also_answer(void **state)
{
	(void)state;
	freeze_one_after_the_other(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First those that look at how many segments were ever made. */
		TEST(a_storm_of_waits_that_give_up_needs_next_to_no_memory),
		TEST(nor_if_one_of_them_is_frozen_and_the_others_go_on),
		TEST(nor_if_they_also_answer),
		TEST(with_20_ms_stalls_the_queue_does_5_times_what_the_list_does),
	};

	return test_main(tests);
}
