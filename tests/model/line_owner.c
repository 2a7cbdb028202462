/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line_owner.c - an object with an owner: who waits announces itself, who owns looks at the queue
 * before it lets go; nobody is overlooked, and one at a time is the owner.
 */
#include "line_model.h"
#include "wait/owner.h"

#define ID(who) ((uint64_t)(who) << 32)
enum sight { HANDED_OVER, LET_GO, TIMED_OUT };

static uint64_t word, queue;
static int owned;	/* plain: of the owner */

static void make(void)
{
	model_name(&word, sizeof word, "word");
	model_name(&queue, sizeof queue, "queue");
}

static void make_behind(void)
{
	make();
	model_cells = 1;
	line_make(1);
	line_join(0, &queue);
	MODEL_CHECK(pawl_i_waiter_give_up(line[0].waiter) == 0);
}

/* Thread 1 owns it from the beginning. */
static void enter(unsigned who)
{
	model_attach(who);
	word = ID(1);
}

/* And somebody announced itself who has gone since, so that others need not. */
static void enter_announced(unsigned who)
{
	enter(who);
	word |= WAITERS;
}

static void let_go(unsigned who)
{
	struct waiter *wake = NULL;
	uint64_t seen = ID(who);

	owned++;
	while (!__atomic_compare_exchange_n(&word, &seen, 0, false, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED)) {
		if (pawl_i_owner_hand_over(&word, &queue, ID(who), GRANT, &wake)) {
			model_saw(HANDED_OVER);
			break;
		}
		pawl_i_owner_look_again(&word, &queue);
		seen = ID(who);
	}
	if (wake)
		pawl_i_waiter_wake(wake);
}

/* Return: whether the caller owns it, by itself or as it was handed over. */
static bool get(unsigned who, pawl_time deadline)
{
	uint32_t got;

	for (;;) {
		uint64_t none = 0;

		if (__atomic_compare_exchange_n(&word, &none, ID(who), false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
		(void)join(&queue);
		got = pawl_i_owner_announce(&word) & OWNER ? wait_until(deadline) :
			pawl_i_waiter_give_up(own_waiter());
		if (got == GRANT)
			pawl_i_owner_take(&word, ID(who));
		leave(&queue);
		if (got == GRANT)
			return true;
		if (deadline != PAWL_FOREVER) {
			model_saw(TIMED_OUT);
			return false;
		}
		model_saw(LET_GO);
	}
}

static void in_turn(unsigned who)
{
	if (who == 1 || get(who, PAWL_FOREVER))
		let_go(who);
}

static void timed(unsigned who)
{
	if (who == 1 || get(who, who == 2 ? model_soon() : PAWL_FOREVER))
		let_go(who);
}

static void free_at_end(void)
{
	MODEL_CHECK(word == 0);
	nothing_is_left(&queue);
}

MODEL(line_owner, .about = "one owns, one waits until it is handed over or let go",
      .threads = 2, .without = NO_MEMORY, .enter = enter, .setup = make, .thread = in_turn,
      .finish = free_at_end, .sights = { "it was handed over", "it was let go" });

MODEL(line_owner_announced, .about = "the same when others were announced before",
      .threads = 2, .without = NO_MEMORY, .enter = enter_announced, .setup = make,
      .thread = in_turn, .finish = free_at_end,
      .sights = { "it was handed over", "it was let go" });

/* Behind one that gave up and did not leave yet, in the next segment. */
static void first_leaves(void)
{
	pawl_i_line_leave(&queue, line[0].waiter);
	free_at_end();
}

MODEL(line_owner_behind, .about = "the same in the second segment",
      .threads = 2, .without = NO_MEMORY, .enter = enter_announced, .setup = make_behind,
      .thread = in_turn, .finish = first_leaves,
      .sights = { "it was handed over", "it was let go" });

MODEL(line_owner_timed, .about = "one owns, one waits with a deadline, one for ever",
      .threads = 3, .without = NO_MEMORY | SPURIOUS_WAKES, .preemptions = 2, .enter = enter,
      .setup = make, .thread = timed, .finish = free_at_end,
      .sights = { "it was handed over", "it was let go", "a deadline passed" });
