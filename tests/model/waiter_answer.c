/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waiter_answer.c - one word says whether a wait is over: it is answered once, or given up, or
 * taken over and then answered; and a ref of a wait that is over does nothing to the next one.
 */
#include "explorer/model.h"
#include "wait/context.h"
#include "wait/park.h"
#include "wait/waiter.h"

enum { ROUNDS = 3 };
enum sight { GAVE_UP, ANSWERED, TAKEN_OVER };

static uint64_t refs[ROUNDS];	/* what to answer; 0: not yet */
static struct waiter *waiter;
static unsigned told;
static int gift;

static void attach(unsigned who)
{
	MODEL_CHECK(pawl_thread_attach() == 0);
	if (who == 1) {
		waiter = pawl_i_context()->waiter;
		refs[0] = pawl_i_waiter_arm(waiter);
	}
}

static bool tell(uint64_t ref, uint32_t answer)
{
	struct waiter *wake = NULL;
	bool was_open = pawl_i_waiter_tell(ref, answer, &wake);

	MODEL_CHECK(was_open || !wake);
	if (was_open)
		(void)__atomic_fetch_add(&told, 1, __ATOMIC_RELAXED);
	if (wake)
		pawl_i_waiter_wake(wake);
	return was_open;
}

static uint32_t wait_until(pawl_time deadline)
{
	struct wait_for what = { "test", &told, NULL };
	struct limit l = { .deadline = deadline };

	return pawl_i_park_or_give_up(waiter, &what, &l);
}

/* Two answer a wait that may give up: one of the three ends it. */
static void three_end_it(unsigned who)
{
	uint32_t answer;

	if (who != 1) {
		(void)tell(refs[0], who == 2 ? GRANT : RETRY);
		return;
	}
	answer = wait_until(model_soon());
	MODEL_CHECK(answer == 0 || answer == GRANT || answer == RETRY);
	model_saw(answer == 0 ? GAVE_UP : ANSWERED);
	MODEL_CHECK(pawl_i_waiter_answer(waiter) == answer);
}

static void once_at_most(void)
{
	MODEL_CHECK(told == (pawl_i_waiter_answer(waiter) != 0));
	MODEL_CHECK(!waiter_waits(refs[0]));
}

MODEL(waiter_once, .about = "one waits with a deadline, two answer", .threads = 3,
      .without = NO_MEMORY, .enter = attach, .thread = three_end_it, .finish = once_at_most,
      .sights = { "it was given up", "it was answered" });

/* An answer that comes too late meets the next wait of the same waiter. */
static void late_answer(unsigned who)
{
	if (who == 2) {
		(void)tell(refs[0], GRANT);
		return;
	}
	model_saw(pawl_i_waiter_give_up(waiter) == 0 ? GAVE_UP : ANSWERED);
	refs[1] = pawl_i_waiter_arm(waiter);
	MODEL_CHECK(pawl_i_waiter_park(waiter) == 0);
	MODEL_CHECK(waiter_waits(refs[1]));
	MODEL_CHECK(pawl_i_waiter_give_up(waiter) == 0);
}

MODEL(waiter_late, .about = "one gives up and waits again, one answers the first wait",
      .threads = 2, .without = NO_MEMORY, .enter = attach, .thread = late_answer,
      .sights = { "it was given up", "it was answered" });

/* Taken over while it parks or gives up: then it waits for the answer to its new ref. */
static void take_over(void)
{
	struct waiter *w = pawl_i_waiter_move(refs[0]);

	if (!w)
		return;
	model_saw(TAKEN_OVER);
	gift = 1;
	MODEL_CHECK(w == waiter && !tell(refs[0], RETRY));
	MODEL_CHECK(tell(pawl_i_waiter_ref(w), GRANT));
}

static void moved(unsigned who)
{
	uint32_t answer;

	if (who == 2) {
		take_over();
		return;
	}
	answer = wait_until(model_soon());
	if (answer == MOVED)
		answer = wait_until(PAWL_FOREVER);
	model_saw(answer == 0 ? GAVE_UP : ANSWERED);
	MODEL_CHECK(answer == 0 || answer == RETRY || (answer == GRANT && gift == 1));
}

MODEL(waiter_moved, .about = "one waits with a deadline, one takes it over and answers",
      .threads = 2, .without = NO_MEMORY, .enter = attach, .thread = moved,
      .sights = { "it was given up", "it was answered", "it was taken over" });

/* The same, and somebody answers what was taken over. */
static void move_or_tell(unsigned who)
{
	if (who == 3)
		(void)tell(refs[0], RETRY);
	else
		moved(who);
}

static void only_once(void)
{
	MODEL_CHECK(told <= 1);
}

MODEL(waiter_moved_or_told, .threads = 3, .without = NO_MEMORY,
      .about = "one waits with a deadline, one takes it over, one answers",
      .enter = attach, .thread = move_or_tell, .finish = only_once,
      .sights = { "it was given up", "it was answered", "it was taken over" });
