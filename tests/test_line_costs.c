/* SPDX-License-Identifier: BSD-2-Clause */
/* test_line_costs.c - what the waiter queue needs: memory, and accesses. */
#include "config.h"

#include "line_crowd.h"

/*** Memory ************************************************************************************/

static uint32_t made(void)
{
	return pawl_i_nodes_made(&segments);
}

static void the_last_who_leaves_gives_everything_back(void **state)
{
	size_t sizes[] = { 1, 2, SEGMENT_CELLS, SEGMENT_CELLS + 1, 10 * SEGMENT_CELLS };
	uint32_t before = 0;
	uint64_t waits = 0;
	struct crowd c;

	(void)state;
	crowd_make(&c, sizes[COUNT_OF(sizes) - 1]);
	for (int round = 0; waits < 200000; round++) {
		c.count = sizes[(size_t)round % COUNT_OF(sizes)];
		join_all(&c);
		for (size_t i = 0; i < c.count; i++)
			if (round % 3 == 0)
				answer(&c, i);
			else
				give_up(&c, round % 3 == 1 ? i : c.count - 1 - i);
		assert_int_equal(c.queue, 0);
		waits += c.count;
		if (round == 3 * (int)COUNT_OF(sizes))
			before = made();
	}
	note("%u segments after %llu waits", made(), (unsigned long long)waits);
	/* Not one more; but the waiters may keep roots. */
	assert_true(made() <= before + (uint32_t)COUNT_OF(sizes));
	c.count = sizes[COUNT_OF(sizes) - 1];
	crowd_drop(&c);
}

static void waits_that_end_while_one_stays_give_back_what_they_used(void **state)
{
	uint32_t before = made();
	struct crowd c;

	(void)state;
	crowd_make(&c, 2);
	assert_int_equal(join(&c, 0), 0);
	for (int i = 0; i < 100000; i++) {
		assert_int_equal(join(&c, 1), 0);
		give_up(&c, 1);
	}
	assert_true(made() <= before + 4);
	answer(&c, 0);
	crowd_drop(&c);
}

/* A queue that was long once leaves nothing behind for one that is short. */
static void dead_segments_are_an_eighth_of_the_queue_at_most(void **state)
{
	enum { N = 200 * SEGMENT_CELLS };
	uint32_t before;
	struct crowd c;

	(void)state;
	crowd_make(&c, N);
	join_all(&c);
	for (size_t i = 0; i < N; i++)
		give_up(&c, i);
	assert_int_equal(c.queue, 0);
	/* One stays, and keeps the list as it is; the other comes and goes. */
	before = made();
	fail = true;	/* what it needs has to be there */
	assert_int_equal(join(&c, N - 1), 0);
	for (int i = 0; i < N; i++) {
		uint32_t dead = 0, at;

		assert_int_equal(join(&c, 0), 0);
		give_up(&c, 0);
		if (i % SEGMENT_CELLS != 0)
			continue;
		at = root_of(c.queue);
		for (uint64_t s = segment_at(at)->head; ref_handle(s) != 0; dead++)
			s = segment_at(s)->next & ~(uint64_t)REF_MARK;
		assert_true(dead <= 4);
	}
	fail = false;
	assert_int_equal(made(), before);
	answer(&c, N - 1);
	crowd_drop(&c);
}

static void without_memory_nobody_joins_and_those_who_wait_stay(void **state)
{
	enum { N = 10000 };
	size_t in = 0;
	struct crowd c;

	(void)state;
	crowd_make(&c, N);
	for (size_t i = 0; i < N; i++)
		c.w[i]->spare = 0;
	fail = true;
	while (in < N && join(&c, in) == 0)
		in++;
	assert_true(in > 0 && in < N);
	assert_int_equal(line_users(c.queue), in);
	assert_int_equal(join(&c, in), ENOMEM);
	assert_int_equal(line_users(c.queue), in);
	for (size_t i = 0; i < in; i++)
		answer(&c, i);
	assert_int_equal(c.queue, 0);
	/* Now there is room again; the last one kept the root. */
	assert_int_equal(join(&c, in - 1), 0);
	for (size_t i = 0; i < in - 1; i++)
		assert_int_equal(join(&c, i), 0);
	for (size_t i = 0; i < in; i++)
		give_up(&c, i);
	fail = false;
	crowd_drop(&c);
}

static void without_memory_the_first_gets_no_queue(void **state)
{
	struct crowd c, hog;
	size_t in = 0;

	(void)state;
	crowd_make(&c, 1);
	crowd_make(&hog, 10000);
	for (size_t i = 0; i < hog.count; i++)
		hog.w[i]->spare = 0;
	c.w[0]->spare = 0;
	fail = true;
	while (in < hog.count && join(&hog, in) == 0)
		in++;
	assert_true(in < hog.count);
	assert_int_equal(join(&c, 0), ENOMEM);
	assert_int_equal(c.queue, 0);
	c.queue = LINE_FLAG;
	assert_int_equal(join(&c, 0), ENOMEM);
	assert_int_equal(c.queue, LINE_FLAG);
	while (in-- > 0)
		give_up(&hog, in);
	assert_int_equal(join(&c, 0), 0);
	answer(&c, 0);
	fail = false;
	crowd_drop(&c);
	crowd_drop(&hog);
}

/*** Costs *************************************************************************************/

/* Accesses of one that looks through at most two segments. */
enum { FEW = 4 * SEGMENT_CELLS + 50 };

/* What the one who answers does; to leave is the other one's affair. */
static void count_answer(struct crowd *c, size_t i)
{
	uint64_t begin = accesses;
	struct waiter *wake;

	assert_true(pawl_i_line_first(&c->queue) == c->refs[i]);
	assert_true(pawl_i_waiter_tell(c->refs[i], GRANT, &wake));
	assert_true(accesses - begin <= FEW);
	pawl_i_line_leave(&c->queue, c->w[i]);
}

static void a_million_dead_cells_cost_one_release_nothing(void **state)
{
	struct crowd c;

	(void)state;
	crowd_make(&c, 3);
	assert_int_equal(join(&c, 0), 0);
	for (int i = 0; i < 1000000; i++) {
		assert_int_equal(join(&c, 1), 0);
		give_up(&c, 1);
	}
	assert_int_equal(join(&c, 2), 0);
	count_answer(&c, 0);
	count_answer(&c, 2);
	crowd_drop(&c);
}

/* All but the last of each segment gave up, so that no segment is dead. */
static void nor_do_they_if_somebody_waits_among_them(void **state)
{
	enum { SEGMENTS = 500, N = SEGMENTS * SEGMENT_CELLS };
	struct crowd c;

	(void)state;
	crowd_make(&c, N);
	join_all(&c);
	for (size_t i = 0; i < N; i++)
		if ((i + 1) % SEGMENT_CELLS != 0)
			give_up(&c, i);
	for (size_t i = SEGMENT_CELLS - 1; i < N; i += SEGMENT_CELLS)
		count_answer(&c, i);
	crowd_drop(&c);
}

/* All at once, in any order, with many who wait in front: each death looks at the list only
 * if that pays. */
static void a_give_up_costs_the_same_however_long_the_queue_is(void **state)
{
	static const size_t sizes[] = { 1000, 10000, 100000 };
	double each[COUNT_OF(sizes)];

	(void)state;
	for (size_t k = 0; k < COUNT_OF(sizes); k++) {
		size_t *order = shuffled(sizes[k]);
		struct crowd c;
		uint64_t begin;

		crowd_make(&c, sizes[k]);
		join_all(&c);
		begin = accesses;
		for (size_t i = 0; i < sizes[k]; i++)
			give_up(&c, order[i]);
		each[k] = (double)(accesses - begin) / (double)sizes[k];
		note("%zu give up in random order: %.1f accesses each", sizes[k], each[k]);
		crowd_drop(&c);
		free(order);
	}
	assert_true(each[2] <= 2 * each[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_last_who_leaves_gives_everything_back),
		TEST(waits_that_end_while_one_stays_give_back_what_they_used),
		TEST(dead_segments_are_an_eighth_of_the_queue_at_most),
		TEST(without_memory_nobody_joins_and_those_who_wait_stay),
		TEST(without_memory_the_first_gets_no_queue),
		TEST(a_million_dead_cells_cost_one_release_nothing),
		TEST(nor_do_they_if_somebody_waits_among_them),
		TEST(a_give_up_costs_the_same_however_long_the_queue_is),
	};

	return test_main(tests);
}
