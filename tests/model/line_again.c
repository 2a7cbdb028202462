/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line_again.c - a segment is taken out of a queue and used in another one while somebody still
 * looks at it, or is about to fill it; with a cell a segment.
 */
#include "line_model.h"

static uint64_t queue, other;

/* The first two were given up; the head is past the first. */
static void make_passed(void)
{
	model_cells = 1;
	model_name(&queue, sizeof queue, "queue");
	model_name(&other, sizeof other, "other");
	line_make(LINE);
	for (unsigned i = 0; i < 3; i++)
		line_join(i, &queue);
	MODEL_CHECK(pawl_i_waiter_give_up(line[0].waiter) == 0);
	MODEL_CHECK(pawl_i_line_first(&queue) == line[1].ref);
	MODEL_CHECK(pawl_i_waiter_give_up(line[1].waiter) == 0);
}

/* The third waits all the time, whatever becomes of the segment before it. */
static void look_or_use_again(unsigned who)
{
	if (who == 1) {
		MODEL_CHECK(pawl_i_line_first(&queue) == line[2].ref);
		return;
	}
	pawl_i_line_leave(&queue, line[1].waiter);
	line_join(3, &other);
	if (root_handle(other) == ref_handle(line[1].waiter->segment))
		model_saw(0);
}

static void third_waits(void)
{
	MODEL_CHECK(pawl_i_line_first(&queue) == line[2].ref);
	MODEL_CHECK(pawl_i_line_first(&other) == line[3].ref);
	MODEL_CHECK(line_leave(3, &other) == 0);
	MODEL_CHECK(other == 0);
	pawl_i_line_leave(&queue, line[0].waiter);
	MODEL_CHECK(line_leave(2, &queue) == 0);
	nothing_is_left(&queue);
}

MODEL(line_segment_again, .threads = 2, .without = NO_MEMORY,
      .about = "one looks for the third in line, one uses the segment of the second again",
      .enter = model_attach, .setup = make_passed, .thread = look_or_use_again,
      .finish = third_waits, .sights = { "the segment was used again" });

/* The tail that one is about to fill was filled, emptied, and used again by another. */
static void make_first(void)
{
	model_cells = 1;
	model_name(&queue, sizeof queue, "queue");
	model_name(&other, sizeof other, "other");
	line_make(LINE);
	line_join(0, &queue);
}

static void fill_or_use_again(unsigned who)
{
	unsigned segment;

	if (who == 1) {
		(void)join(&queue);
		return;
	}
	line_join(1, &queue);
	segment = ref_handle(line[1].waiter->segment);
	(void)line_leave(1, &queue);
	line_join(2, &queue);
	line_join(3, &other);
	if (root_handle(other) == segment)
		model_saw(0);
}

/* In each queue there are those that joined it. */
static void all_there(void)
{
	MODEL_CHECK(answer_first(&other) == line[3].ref && answer_first(&other) == 0);
	MODEL_CHECK(line_leave(3, &other) == GRANT && other == 0);
	MODEL_CHECK(answer_first(&queue) == line[0].ref);
	MODEL_CHECK(answer_first(&queue) != 0 && answer_first(&queue) != 0);
	MODEL_CHECK(answer_first(&queue) == 0);
}

MODEL(line_fill_again, .threads = 2, .without = ~0u,
      .about = "one joins at the tail, one fills it, leaves, and uses it again",
      .enter = model_attach, .setup = make_first, .thread = fill_or_use_again,
      .finish = all_there, .sights = { "the segment was used again" });

/* Segments that are not new: the cells of the second one were filled before, too. */
static void make_used(void)
{
	model_name(&queue, sizeof queue, "queue");
	line_make(LINE);
	for (unsigned i = 0; i < LINE; i++)
		line_join(i, &queue);
	for (unsigned i = 0; i < LINE; i++)
		MODEL_CHECK(line_leave(i, &queue) == 0);
	for (unsigned i = LINE - 1; i > 1; i--) {	/* the last has kept the root */
		line_join(i, &queue);
		MODEL_CHECK(pawl_i_waiter_give_up(line[i].waiter) == 0);
	}
}

/* The first is full, and both append the second and join. */
static void append_both(unsigned who)
{
	if (who == 1)
		(void)join(&queue);
	else
		line_join(0, &queue);
	MODEL_CHECK(pawl_i_line_first(&queue) != 0);
}

static void both_joined(void)
{
	MODEL_CHECK(answer_first(&queue) != 0 && answer_first(&queue) != 0);
	MODEL_CHECK(answer_first(&queue) == 0);
}

MODEL(line_append_again, .threads = 2, .without = NO_MEMORY,
      .about = "two join where a segment follows that was used before",
      .enter = model_attach, .setup = make_used, .thread = append_both,
      .finish = both_joined);

/* One joins, passes, and gives up; the other follows. */
static void pass_both(unsigned who)
{
	if (who == 2) {
		line_join(0, &queue);
		MODEL_CHECK(pawl_i_line_first(&queue) == line[0].ref);
		MODEL_CHECK(pawl_i_waiter_give_up(line[0].waiter) == 0);
	}
	(void)pawl_i_line_first(&queue);
}

static void one_more(void)
{
	MODEL_CHECK(pawl_i_line_first(&queue) == 0);
	line_join(1, &queue);
	MODEL_CHECK(pawl_i_line_first(&queue) == line[1].ref);
}

MODEL(line_pass_again, .threads = 2, .without = NO_MEMORY,
      .about = "one joins, looks and gives up, one looks; the segment was used before",
      .enter = model_attach, .setup = make_used, .thread = pass_both, .finish = one_more);

/* The tail is passed, and used again, before who appended to it has moved the tail. */
static void make_tail(void)
{
	model_cells = 1;
	model_name(&queue, sizeof queue, "queue");
	line_make(LINE);
	line_join(0, &queue);
	line_join(1, &queue);
	MODEL_CHECK(pawl_i_waiter_give_up(line[0].waiter) == 0);
	MODEL_CHECK(pawl_i_waiter_give_up(line[1].waiter) == 0);
}

static void append_or_pass(unsigned who)
{
	if (who == 1) {
		(void)join(&queue);
		return;
	}
	(void)pawl_i_line_first(&queue);
	pawl_i_line_leave(&queue, line[1].waiter);
	line_join(3, &other);
	line_join(2, &queue);
}

MODEL(line_tail_again, .threads = 2, .without = NO_MEMORY,
      .about = "one joins, one passes the tail, uses it again, and joins",
      .enter = model_attach, .setup = make_tail, .thread = append_or_pass,
      .finish = both_joined);

/* One unlinks the third of four, and may stand on the second when that becomes one of another
 * queue, in which a tail that was given up follows. */
static struct waiter *last;

static void join_last(void)
{
	MODEL_CHECK(pawl_i_line_join(&other, last, pawl_i_waiter_arm(last)) == 0);
}

static void make_four(void)
{
	model_cells = 1;
	model_name(&queue, sizeof queue, "queue");
	model_name(&other, sizeof other, "other");
	line_make(LINE);
	MODEL_CHECK((last = pawl_i_waiter_get(NULL)) != NULL);
	for (unsigned i = 0; i < LINE; i++)
		line_join(i, &queue);
}

static void walk_or_use_again(unsigned who)
{
	uint32_t segment;

	if (who == 1) {
		(void)line_leave(2, &queue);
		return;
	}
	segment = ref_handle(line[1].waiter->segment);
	(void)line_leave(1, &queue);
	(void)join(&other);
	line_join(1, &other);
	if (ref_handle(line[1].waiter->segment) == segment)
		model_saw(0);
	join_last();
	MODEL_CHECK(pawl_i_waiter_give_up(last) == 0);
	pawl_i_line_leave(&other, last);
}

/* Who joins the other queue now is found there. */
static void none_is_lost(void)
{
	join_last();
	MODEL_CHECK(answer_first(&other) != 0 && answer_first(&other) == line[1].ref);
	MODEL_CHECK(ref_handle(answer_first(&other)) == last->handle);
	MODEL_CHECK(answer_first(&other) == 0);
	MODEL_CHECK(answer_first(&queue) == line[0].ref);
	MODEL_CHECK(answer_first(&queue) == line[3].ref && answer_first(&queue) == 0);
}

MODEL(line_walk, .threads = 2, .without = NO_MEMORY,
      .about = "one goes along a queue, one uses a segment of it again in another",
      .enter = model_attach, .setup = make_four, .thread = walk_or_use_again,
      .finish = none_is_lost, .sights = { "the segment was used again" });
