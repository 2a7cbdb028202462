/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line_middle.c - segments leave the list at its head and in its middle, by those who answer and
 * those who leave, while others pass and join.
 *
 * The line is there from the beginning, with a cell a segment.  At the end those that wait still
 * are answered in their order, and no segment is lost.
 */
#include "line_model.h"

enum sight { TOLD_FIRST, TOLD_OTHER, HANDED_BACK = 0 };

static uint64_t queue;

static void make_line(unsigned n)
{
	model_cells = 1;
	model_name(&queue, sizeof queue, "queue");
	line_make(n);
	for (unsigned i = 0; i < n; i++)
		line_join(i, &queue);
}

static void make_two(void) { make_line(2); }
static void make_three(void) { make_line(3); }
static void make_four(void) { make_line(4); }

/* Those that wait are answered in their order, and leave. */
static void in_order(unsigned left)
{
	uint64_t ref;
	unsigned next = 0;

	while ((ref = answer_first(&queue)) != 0) {
		while (next < LINE && line[next].ref != ref)
			next++;
		MODEL_CHECK(next < LINE);
		MODEL_CHECK(line_leave(next, &queue) == GRANT);
		left--;
	}
	MODEL_CHECK(left == 0);
	nothing_is_left(&queue);
}

/* Neighbours in the middle leave. */
static void middle(unsigned who)
{
	(void)line_leave(who, &queue);
}

static void ends_are_left(void)
{
	MODEL_CHECK(pawl_i_line_first(&queue) == line[0].ref);
	in_order(2);
}

MODEL(line_middle, .about = "two of four in line leave at once", .threads = 2,
      .without = NO_MEMORY, .enter = model_attach, .setup = make_four, .thread = middle,
      .finish = ends_are_left);

/* One in the middle leaves, and the first, and somebody looks past it. */
static void first_and_middle(unsigned who)
{
	uint64_t ref;

	if (who < 3) {
		(void)line_leave(who - 1, &queue);
		return;
	}
	ref = pawl_i_line_first(&queue);
	model_saw(ref == line[0].ref ? TOLD_FIRST : TOLD_OTHER);
	MODEL_CHECK(ref != 0);
}

static void third_is_left(void)
{
	MODEL_CHECK(pawl_i_line_first(&queue) == line[2].ref);
	in_order(1);
}

MODEL(line_first_and_middle, .about = "two of three in line leave, one looks who is first",
      .threads = 3, .preemptions = 2, .without = NO_MEMORY, .enter = model_attach,
      .setup = make_three,
      .thread = first_and_middle, .finish = third_is_left,
      .sights = { "the first waited still", "the first was over" });

/* One passes those that are over while they leave; nobody who waits may be missed. */
static void pass_or_leave(unsigned who)
{
	uint64_t ref;

	if (who == 1) {
		(void)line_leave(0, &queue);
		(void)line_leave(1, &queue);
		return;
	}
	ref = pawl_i_line_first(&queue);
	model_saw(ref == line[0].ref ? TOLD_FIRST : TOLD_OTHER);
	MODEL_CHECK(ref != 0);
}

MODEL(line_pass, .about = "two of three in line leave, one passes them", .threads = 2,
      .without = NO_MEMORY, .enter = model_attach, .setup = make_three,
      .thread = pass_or_leave, .finish = third_is_left,
      .sights = { "the first waited still", "the first was over" });

/* One joins behind a wait that is given up, so that its segment dies as the tail goes past it, and
 * somebody looks. */
static void append_or_leave(unsigned who)
{
	if (who == 1)
		(void)join(&queue);
	else if (who == 2)
		(void)line_leave(0, &queue);
	else
		(void)pawl_i_line_first(&queue);
}

/* It stands in the second segment; and there is the root. */
static void one_behind(void)
{
	MODEL_CHECK(line_users(queue) == 1 && pawl_i_line_first(&queue) != 0);
	others_are_free(2);
}

static void make_first(void) { make_line(1); }

MODEL(line_append, .about = "one joins, one leaves before it, one looks", .threads = 3,
      .preemptions = 2, .without = NO_MEMORY, .enter = model_attach, .setup = make_first,
      .thread = append_or_leave, .finish = one_behind);

static void nobody_left(void)
{
	in_order(0);
}

/* Where the last leaves and the next joins the queue goes, or the segment. */
static void join_or_leave(unsigned who)
{
	if (who == 2) {
		(void)line_leave(1, &queue);
		(void)line_leave(0, &queue);
		return;
	}
	(void)join(&queue);
	MODEL_CHECK(pawl_i_line_first(&queue) != 0);
	MODEL_CHECK(pawl_i_waiter_give_up(own_waiter()) == 0);
	leave(&queue);
}

MODEL(line_tail, .about = "one joins and gives up, two before it leave", .threads = 2,
      .without = NO_MEMORY, .enter = model_attach, .setup = make_two,
      .thread = join_or_leave, .finish = nobody_left);

/* A segment in the middle whose wait is given up as the tail goes past it: one of them sees that it
 * is dead, and takes it out. */
static void append_or_die(unsigned who)
{
	if (who == 1)
		(void)join(&queue);
	else
		(void)line_leave(1, &queue);
}

static void first_and_last(void)
{
	MODEL_CHECK(line_users(queue) == 2);
	others_are_free(2);
}

MODEL(line_die, .about = "one joins, the one before it leaves", .threads = 2,
      .without = NO_MEMORY, .enter = model_attach, .setup = make_two, .thread = append_or_die,
      .finish = first_and_last);

/* Two join at once where there is no segment yet. */
static void join_both(unsigned who)
{
	(void)who;
	(void)join(&queue);
	MODEL_CHECK(pawl_i_line_first(&queue) != 0);
	MODEL_CHECK(pawl_i_waiter_give_up(own_waiter()) == 0);
	leave(&queue);
}

static void make_none(void) { make_line(0); }

MODEL(line_both, .about = "two join, look and leave", .threads = 2, .without = NO_MEMORY,
      .enter = model_attach, .setup = make_none, .thread = join_both, .finish = nobody_left);

/* The last one leaves, and takes the queue off, while somebody who found its root passes. */
static uint64_t root;

static void make_passed(void)
{
	make_line(2);
	root = pawl_i_line_root(&queue);
}

static void last_or_late(unsigned who)
{
	if (who == 1) {
		(void)line_leave(0, &queue);
		(void)line_leave(1, &queue);
		MODEL_CHECK(queue == 0);
	} else {
		pawl_i_line_tell_all(root, GRANT, 2);
	}
}

MODEL(line_last, .about = "two leave, and the queue goes, while one tells by its root",
      .threads = 2, .without = NO_MEMORY, .enter = model_attach, .setup = make_passed,
      .thread = last_or_late, .finish = nobody_left);

/* The segments of the line are used for another queue while the teller still passes. */
static uint64_t other;

static void again_or_late(unsigned who)
{
	unsigned was = ref_handle(root);

	if (who == 2) {
		pawl_i_line_tell_all(root, GRANT, 2);
		return;
	}
	(void)line_leave(0, &queue);
	(void)line_leave(1, &queue);
	line_join(1, &other);	/* it left last, and has the root */
	line_join(0, &other);
	if (root_handle(other) == was)
		model_saw(HANDED_BACK);
	MODEL_CHECK(pawl_i_line_first(&other) == line[1].ref);
	MODEL_CHECK(line_leave(1, &other) == 0);
	MODEL_CHECK(pawl_i_line_first(&other) == line[0].ref);
	MODEL_CHECK(line_leave(0, &other) == 0);
}

/* It was given up before, and the next queue's root is the same segment. */
static void make_given_up(void)
{
	make_line(1);
	root = pawl_i_line_root(&queue);
	MODEL_CHECK(pawl_i_waiter_give_up(line[0].waiter) == 0);
}

static void again_or_pass(unsigned who)
{
	if (who == 2) {
		MODEL_CHECK(pawl_i_line_first_of(root) == 0);
		return;
	}
	pawl_i_line_leave(&queue, line[0].waiter);
	line_join(0, &other);
}

static void can_append(void)
{
	MODEL_CHECK(root_handle(other) == ref_handle(root));
	(void)join(&other);
	MODEL_CHECK(line_leave(0, &other) == 0);
	MODEL_CHECK(ref_handle(pawl_i_line_first(&other)) == own_waiter()->handle);
	leave(&other);
	nothing_is_left(&other);
}

MODEL(line_root_again, .about = "a root begins anew while one passes what it was", .threads = 2,
      .without = NO_MEMORY, .enter = model_attach, .setup = make_given_up,
      .thread = again_or_pass, .finish = can_append);

static void both_empty(void)
{
	MODEL_CHECK(queue == 0);
	nothing_is_left(&other);
}

MODEL(line_again_line, .about = "a line moves to another queue while one tells by the old root",
      .threads = 2, .without = NO_MEMORY, .enter = model_attach, .setup = make_passed,
      .thread = again_or_late, .finish = both_empty,
      .sights = { "the root was used again" });
