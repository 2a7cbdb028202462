/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PAWL_FAIR is FIFO, and hands over to ops as to threads.  Thread 1 holds the mutex from the
 * beginning, and looks at who waits.
 */
#include <errno.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"
#include "wait/context.h"
#include "wait/line.h"
#include "wait/owner.h"

static pawl_mutex m;
static struct waiter *waiter_of[4];
static uint32_t due;		/* handle of who must have it next; 0: anybody */
static bool both;
static int visits;

static void make(void)
{
	model_name(&m, sizeof m, "m");
}

static void make_fair(void)
{
	make();
	model_cells = 1;
	(void)pawl_mutex_init(&m, PAWL_FAIR);
}

static void enter(unsigned who)
{
	model_attach(who);
	waiter_of[who] = pawl_i_context()->waiter;
	if (who == 1)
		pawl_mutex_lock(&m);
}

static bool is_parked(const struct waiter *w)
{
	return (pawl_load_(&w->word, relaxed) & (REF_MARK - 1)) == PARKED;
}

/* Thread 1 comes again, behind them. */
static void in_order(unsigned who)
{
	if (who == 1) {
		both = is_parked(waiter_of[2]) && is_parked(waiter_of[3]);
		due = both ? ref_handle(pawl_i_line_first(&m.queue_)) : 0;
		pawl_mutex_unlock(&m);
		pawl_mutex_lock(&m);
		MODEL_CHECK(!both || visits == 2);
	} else {
		pawl_mutex_lock(&m);
		MODEL_CHECK(due == 0 || due == waiter_of[who]->handle);
		due = 0;
		visits++;
	}
	pawl_mutex_unlock(&m);
}

static void judge(void)
{
	if (both)
		model_saw(0);
	pawl_mutex_destroy(&m);
}

MODEL(mutex_order, .about = "two wait for a fair mutex, and get it in their order", .threads = 3,
      .enter = enter, .setup = make_fair, .thread = in_order, .finish = judge,
      .sights = { "both waited" }, .without = ~0u, .preemptions = 1);

/* As an op does: nobody sleeps, so who is told need not wake. */
static void start_op(void)
{
	static char op;
	struct waiter *w = pawl_i_waiter_get((struct pawl_op *)&op);

	MODEL_CHECK(w && pawl_i_line_join(&m.queue_, w, pawl_i_waiter_arm(w)) == 0);
	if (!(pawl_i_owner_announce(&m.word_) & OWNER) && pawl_i_waiter_give_up(w) == 0) {
		pawl_i_line_leave(&m.queue_, w);
		return;
	}
	while (pawl_i_waiter_answer(w) == 0)
		model_pause();
	model_saw(0);
	pawl_i_line_leave(&m.queue_, w);
	MODEL_CHECK(!pawl_mutex_is_mine(&m));
	MODEL_CHECK(pawl_mutex_trylock(&m) == EBUSY);
	MODEL_CHECK(pawl_mutex_lock_until(&m, model_past()) == ETIMEDOUT);
	pawl_mutex_unlock(&m);
}

static void with_op(unsigned who)
{
	if (who == 2) {
		start_op();
		return;
	}
	pawl_mutex_unlock(&m);
	pawl_mutex_lock(&m);
	MODEL_CHECK(pawl_mutex_is_mine(&m));
	pawl_mutex_unlock(&m);
}

static void destroy(void)
{
	pawl_mutex_destroy(&m);
}

#define OP_SIGHTS { "it was handed over to an op" }

MODEL(mutex_op, .about = "an op waits for the mutex, beside a thread", .threads = 2,
      .enter = enter, .setup = make, .thread = with_op, .finish = destroy,
      .sights = OP_SIGHTS, .without = CLOCK_JUMPS);

MODEL(mutex_op_fair, .about = "the same, with PAWL_FAIR", .threads = 2,
      .enter = enter, .setup = make_fair, .thread = with_op, .finish = destroy,
      .sights = OP_SIGHTS, .without = CLOCK_JUMPS);
