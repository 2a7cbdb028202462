/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line_move.c - a wait is taken from one queue to another (as a signal of a condition does),
 * while it parks, gives up, or is answered; what was in its place is not seen as it again.
 */
#include "line_model.h"

enum sight { MOVED_FIRST, GAVE_UP, ANSWERED };

static uint64_t from, to;
static int gift;

static void make(void)
{
	model_cells = 1;
	model_name(&from, sizeof from, "from");
	model_name(&to, sizeof to, "to");
}

static void enter_from(unsigned who)
{
	model_attach(who);
	if (who == 1)
		(void)join(&from);
}

static void wait_moved(void)
{
	uint64_t *in = &from;
	uint32_t got = wait_until(model_soon());

	if (got == MOVED) {
		model_saw(MOVED_FIRST);
		got = wait_until(PAWL_FOREVER);
	}
	if (got != 0)
		in = &to;
	model_saw(got != 0 ? ANSWERED : GAVE_UP);
	MODEL_CHECK(got == 0 || (got == GRANT && gift == 1));
	leave(in);
}

/* Return: whether somebody waited. */
static bool move_first(void)
{
	uint64_t ref;
	struct waiter *w;

	while ((ref = pawl_i_line_first(&from)) != 0)
		if ((w = pawl_i_waiter_move(ref)) != NULL) {
			pawl_i_line_leave(&from, w);
			MODEL_CHECK(pawl_i_line_join(&to, w, pawl_i_waiter_ref(w)) == 0);
			return true;
		}
	return false;
}

static void move_and_answer(unsigned who)
{
	if (who == 1) {
		wait_moved();
	} else if (move_first()) {
		gift = 1;
		MODEL_CHECK(answer_first(&to) != 0);
	}
}

static void all_left(void)
{
	MODEL_CHECK(from == 0);
	nothing_is_left(&to);
}

MODEL(line_move, .about = "one waits with a deadline, one moves it and answers it there",
      .threads = 2, .without = NO_MEMORY, .enter = enter_from, .setup = make,
      .thread = move_and_answer, .finish = all_left,
      .sights = { "it was moved before it gave up", "it was given up", "it was answered" });

/* Two signal: only one takes it over; the other finds nobody. */
static void two_move(unsigned who)
{
	static unsigned moves;

	if (who == 1) {
		wait_moved();
	} else if (move_first()) {
		MODEL_CHECK(__atomic_fetch_add(&moves, 1, __ATOMIC_RELAXED) == 0);
		gift = 1;
		MODEL_CHECK(answer_first(&to) != 0);
	}
}

MODEL(line_move_twice, .about = "one waits with a deadline, two would move it", .threads = 3,
      .without = NO_MEMORY | SPURIOUS_WAKES, .preemptions = 2, .enter = enter_from, .setup = make,
      .thread = two_move, .finish = all_left,
      .sights = { "it was moved before it gave up", "it was given up", "it was answered" });
