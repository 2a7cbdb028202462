/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * task_marks.c - who adds to a set of marks, and who takes: nothing is lost, what came before an
 * add is seen, and nobody depends on one who was stopped in the middle of an add.
 */
#include "explorer/model.h"
#include "runtime/marks.h"

/* In one leaf, in another leaf below the same word, and below another. */
enum { NEAR = 3, NEXT = 5, FAR = 5 * MARKS_FAN, AWAY = 5 * MARKS_FAN * MARKS_FAN, ALL = AWAY + 1 };
enum { TAKER = 1 };
enum sight { TAKEN_TWICE };

static struct marks marks;
static int gift[ALL], taken[ALL];

static void take_one(uint32_t n)
{
	MODEL_CHECK(gift[n] == 1);
	if (taken[n]++ > 0)
		model_saw(TAKEN_TWICE);
}

static void take_until(uint32_t a, uint32_t b)
{
	while (taken[a] == 0 || taken[b] == 0) {
		if (pawl_i_marks_any(&marks))
			pawl_i_marks_take(&marks, take_one);
		else
			model_pause();
	}
}

static void give(uint32_t n)
{
	gift[n] = 1;
	pawl_i_marks_add(&marks, n);
}

static void add_near(unsigned who)
{
	if (who == TAKER)
		take_until(NEAR, NEXT);
	else
		give(who == 2 ? NEAR : NEXT);
}

static void add_far(unsigned who)
{
	if (who == TAKER)
		take_until(NEAR, FAR);
	else
		give(who == 2 ? NEAR : FAR);
}

static void add_away(unsigned who)
{
	if (who == TAKER)
		take_until(NEAR, AWAY);
	else
		give(who == 2 ? NEAR : AWAY);
}

static void give_before(void)
{
	gift[NEAR] = 1;
}

static void add_same(unsigned who)
{
	if (who == TAKER)
		take_until(NEAR, NEAR);
	else
		pawl_i_marks_add(&marks, NEAR);
}

static void take_rest(void)
{
	pawl_i_marks_take(&marks, take_one);
	MODEL_CHECK(!pawl_i_marks_any(&marks));
}

#define THREE .threads = 3, .finish = take_rest

MODEL(task_marks_near, .about = "two add to one leaf, one takes", .thread = add_near, THREE);

MODEL(task_marks_far, .about = "two add to two leaves, one takes", .thread = add_far, THREE);

MODEL(task_marks_away, .about = "two add far apart, one takes", .thread = add_away, THREE);

MODEL(task_marks_same, .about = "two add the same, one takes", .setup = give_before,
      .thread = add_same, THREE, .sights = { "it was taken twice" });

/* One was stopped for ever, after its first step, or its second, which are done by hand. */
static void stop_in_leaf(void)
{
	gift[FAR] = 1;
	marks.leaf[FAR / MARKS_FAN] = 1 << FAR % MARKS_FAN;
}

static void stop_in_middle(void)
{
	stop_in_leaf();
	marks.middle[0] = 1 << FAR / MARKS_FAN % MARKS_FAN;
}

static void add_over_it(unsigned who)
{
	if (who == TAKER)
		take_until(FAR, FAR);
	else
		pawl_i_marks_add(&marks, FAR);
}

MODEL(task_marks_stopped, .about = "one was stopped in its add, one adds the same, one takes",
      .threads = 2, .setup = stop_in_leaf, .thread = add_over_it);

MODEL(task_marks_stopped_late, .about = "the same, stopped later", .threads = 2,
      .setup = stop_in_middle, .thread = add_over_it);
