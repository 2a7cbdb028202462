/* SPDX-License-Identifier: BSD-2-Clause */
/* test_line.c - who is first in the waiter queue, whatever happens meanwhile. */
#include "config.h"

#include "line_crowd.h"

/*** Order *************************************************************************************/

static void who_waits_longest_is_first(void **state)
{
	struct crowd c;

	(void)state;
	crowd_make(&c, 5);
	join_all(&c);
	for (size_t i = 0; i < 5; i++)
		answer(&c, i);
	crowd_drop(&c);
}

static void who_gives_up_is_passed_over_wherever_it_stands(void **state)
{
	enum { N = 3 * SEGMENT_CELLS + 2 };
	struct crowd c;

	(void)state;
	crowd_make(&c, N);
	for (size_t gone = 0; gone < N; gone++) {
		join_all(&c);
		give_up(&c, gone);
		for (size_t i = 0; i < N; i++)
			if (i != gone)
				answer(&c, i);
		assert_int_equal(c.queue, 0);
	}
	crowd_drop(&c);
}

static void order_holds_over_many_segments_and_random_gaps(void **state)
{
	enum { N = 5000 };
	struct crowd c;

	(void)state;
	crowd_make(&c, N);
	for (int round = 0; round < 4; round++) {
		static bool gone[N];
		size_t *order = shuffled(N);

		memset(gone, 0, sizeof gone);
		join_all(&c);
		for (size_t i = 0; i < N * 3 / 4; i++) {
			give_up(&c, order[i]);
			gone[order[i]] = true;
		}
		for (size_t i = 0; i < N; i++)
			if (!gone[i])
				answer(&c, i);
		assert_int_equal(c.queue, 0);
		free(order);
	}
	crowd_drop(&c);
}

/* They are over, and have not left: as one that was answered and has not run yet. */
static void who_is_over_but_has_not_left_is_passed_over(void **state)
{
	enum { N = 4 * SEGMENT_CELLS };
	struct waiter *wake;
	struct crowd c;

	(void)state;
	crowd_make(&c, N);
	join_all(&c);
	for (size_t i = 0; i < N - 1; i++) {
		assert_true(pawl_i_line_first(&c.queue) == c.refs[i]);
		assert_true(pawl_i_waiter_tell(c.refs[i], RETRY, &wake));
	}
	answer(&c, N - 1);
	assert_int_equal(pawl_i_line_first(&c.queue), 0);
	assert_int_equal(line_users(c.queue), N - 1);
	for (size_t i = N - 1; i-- > 0;)
		pawl_i_line_leave(&c.queue, c.w[i]);
	crowd_drop(&c);
}

static void those_who_come_later_are_not_among_so_many_that_are_told(void **state)
{
	enum { N = 2 * SEGMENT_CELLS };
	struct crowd c;

	(void)state;
	crowd_make(&c, N);
	join_all(&c);
	give_up(&c, 3);
	pawl_i_line_tell_all(pawl_i_line_root(&c.queue), GRANT, N - 5);
	for (size_t i = 0; i < N; i++) {
		uint32_t is = pawl_i_waiter_answer(c.w[i]);

		assert_int_equal(is, i != 3 && i < N - 4 ? GRANT : 0);
		if (i != 3 && is != 0)
			pawl_i_line_leave(&c.queue, c.w[i]);
	}
	pawl_i_line_tell_all(pawl_i_line_root(&c.queue), RETRY, UINT64_MAX);
	for (size_t i = N - 4; i < N; i++) {
		assert_int_equal(pawl_i_waiter_answer(c.w[i]), RETRY);
		pawl_i_line_leave(&c.queue, c.w[i]);
	}
	crowd_drop(&c);
}

/*** The field *********************************************************************************/

static void the_field_counts_users_and_keeps_the_bit_of_the_object(void **state)
{
	struct crowd c;

	(void)state;
	crowd_make(&c, 3);
	for (uint64_t flag = 0; flag <= LINE_FLAG; flag++) {
		c.queue = flag;
		assert_null(pawl_i_line_words(&c.queue));
		assert_int_equal(pawl_i_line_root(&c.queue), 0);
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(join(&c, i), 0);
			assert_int_equal(c.queue & LINE_FLAG, flag);
			assert_int_equal(line_users(c.queue), i + 1);
		}
		assert_non_null(pawl_i_line_words(&c.queue));
		answer(&c, 0);
		give_up(&c, 2);
		assert_int_equal(line_users(c.queue), 1);
		assert_int_equal(c.queue & LINE_FLAG, flag);
		give_up(&c, 1);
		assert_int_equal(c.queue, flag);
	}
	crowd_drop(&c);
}

/* It is freed, or used for something else, as soon as nobody is inside. */
static void a_root_can_be_looked_at_when_its_object_is_gone(void **state)
{
	uint64_t root, first;
	struct crowd old, new;
	struct waiter *wake;

	(void)state;
	crowd_make(&old, SEGMENT_CELLS + 2);
	crowd_make(&new, 1);
	new.w[0]->spare = 0;
	join_all(&old);
	root = pawl_i_line_root(&old.queue);
	first = pawl_i_line_first_of(root);
	assert_true(first == old.refs[0]);
	for (size_t i = 0; i < old.count; i++)
		give_up(&old, i);
	assert_int_equal(old.queue, 0);
	old.queue = UINT64_C(0x5a5a5a5a5a5a5a5a);
	assert_int_equal(pawl_i_line_first_of(root), 0);
	assert_false(pawl_i_waiter_tell(first, GRANT, &wake));
	/* The same segment becomes the root of another, in which somebody waits. */
	new.w[0]->spare = ref_handle(root);
	old.w[old.count - 1]->spare = 0;
	assert_int_equal(join(&new, 0), 0);
	assert_int_equal(ref_handle(pawl_i_line_root(&new.queue)), ref_handle(root));
	assert_int_equal(pawl_i_line_first_of(root), 0);
	pawl_i_line_tell_all(root, GRANT, UINT64_MAX);
	assert_int_equal(pawl_i_waiter_answer(new.w[0]), 0);
	answer(&new, 0);
	old.queue = 0;
	crowd_drop(&old);
	crowd_drop(&new);
}

/*** Interrupted at each access ****************************************************************/

static struct crowd here, elsewhere;

static void give_up_all(struct crowd *c)
{
	for (size_t i = 0; i < c->count; i++)
		give_up(c, i);
}

/* The same waiters, and segments. */
static void move_elsewhere(void)
{
	give_up_all(&here);
	elsewhere = here;
	elsewhere.queue = 0;
	join_all(&elsewhere);
}

static void check_first_at_each_access(size_t waits)
{
	struct waiter *wake;
	bool interrupted;
	uint64_t n = 0;

	do {
		uint64_t ref;

		crowd_make(&here, waits);
		join_all(&here);
		interrupt_at(++n, move_elsewhere);
		ref = pawl_i_line_first(&here.queue);
		interrupted = was_interrupted();
		if (ref != 0)
			assert_true(pawl_i_waiter_tell(ref, GRANT, &wake) != interrupted);
		if (interrupted) {
			for (size_t i = 0; i < waits; i++)
				answer(&elsewhere, i);
			crowd_drop(&elsewhere);
			continue;
		}
		pawl_i_line_leave(&here.queue, here.w[0]);
		for (size_t i = 1; i < waits; i++)
			answer(&here, i);
		crowd_drop(&here);
	} while (interrupted);
	assert_true(n > 5);
}

static void who_answers_at_one_object_answers_nobody_at_another(void **state)
{
	(void)state;
	check_first_at_each_access(1);
	check_first_at_each_access(SEGMENT_CELLS);
	check_first_at_each_access(2 * SEGMENT_CELLS + 1);
}

/* All segments but those that are needed here become another's. */
static void come_and_go_and_wait_elsewhere(void)
{
	for (size_t i = 0; i < 4 * SEGMENT_CELLS; i++) {
		assert_int_equal(join(&here, 3), 0);
		give_up(&here, 3);
	}
	join_all(&elsewhere);
}

/* 0 and 2 wait here, 1 is about to join or to leave. */
static void check_end(void)
{
	for (size_t i = 0; i < elsewhere.count; i++)
		answer(&elsewhere, i);
	crowd_drop(&elsewhere);
	crowd_drop(&here);
}

/* @before: of so many cells of a segment. */
static void check_join_at_each_access(size_t before)
{
	bool interrupted;
	uint64_t n = 0;

	do {
		crowd_make(&here, 4);
		crowd_make(&elsewhere, 3 * SEGMENT_CELLS);
		assert_int_equal(join(&here, 0), 0);
		for (size_t i = 1; i < before; i++) {
			assert_int_equal(join(&here, 3), 0);
			give_up(&here, 3);
		}
		interrupt_at(++n, come_and_go_and_wait_elsewhere);
		assert_int_equal(join(&here, 1), 0);
		interrupted = was_interrupted();
		if (!interrupted)
			join_all(&elsewhere);
		assert_int_equal(join(&here, 2), 0);
		for (size_t i = 0; i < 3; i++)
			answer(&here, i);
		check_end();
	} while (interrupted);
	assert_true(n > 5);
}

static void who_joins_stands_where_it_wanted(void **state)
{
	(void)state;
	for (size_t before = 1; before <= SEGMENT_CELLS + 1; before++)
		check_join_at_each_access(before);
}

static void check_leave_at_each_access(size_t before)
{
	bool interrupted;
	uint64_t n = 0;

	do {
		crowd_make(&here, 4);
		crowd_make(&elsewhere, 3 * SEGMENT_CELLS);
		assert_int_equal(join(&here, 0), 0);
		for (size_t i = 1; i < before; i++) {
			assert_int_equal(join(&here, 3), 0);
			give_up(&here, 3);
		}
		assert_int_equal(join(&here, 1), 0);
		for (size_t i = 1; i < SEGMENT_CELLS; i++) {
			assert_int_equal(join(&here, 3), 0);
			give_up(&here, 3);
		}
		assert_int_equal(join(&here, 2), 0);
		assert_int_equal(pawl_i_waiter_give_up(here.w[1]), 0);
		interrupt_at(++n, come_and_go_and_wait_elsewhere);
		pawl_i_line_leave(&here.queue, here.w[1]);
		interrupted = was_interrupted();
		if (!interrupted)
			join_all(&elsewhere);
		answer(&here, 0);
		answer(&here, 2);
		check_end();
	} while (interrupted);
	assert_true(n > 5);
}

static void who_leaves_takes_nobody_with_it(void **state)
{
	(void)state;
	for (size_t before = 1; before <= SEGMENT_CELLS + 1; before++)
		check_leave_at_each_access(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_waits_longest_is_first),
		TEST(who_gives_up_is_passed_over_wherever_it_stands),
		TEST(order_holds_over_many_segments_and_random_gaps),
		TEST(who_is_over_but_has_not_left_is_passed_over),
		TEST(those_who_come_later_are_not_among_so_many_that_are_told),
		TEST(the_field_counts_users_and_keeps_the_bit_of_the_object),
		TEST(a_root_can_be_looked_at_when_its_object_is_gone),
		TEST(who_answers_at_one_object_answers_nobody_at_another),
		TEST(who_joins_stands_where_it_wanted),
		TEST(who_leaves_takes_nobody_with_it),
	};

	return test_main(tests);
}
