/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiters for whom there is no memory poll, which changes nothing else.  Thread 1 holds the
 * mutex from the beginning, and looks at who waits.
 */
#include <errno.h>

#include "explorer/model.h"
#include "wait/list.h"

static pawl_mutex m;
static bool polled;
static int result;

static void make(void)
{
	model_name(&m, sizeof m, "m");
}

static void make_fair(void)
{
	make();
	(void)pawl_mutex_init(&m, PAWL_FAIR);
}

static void enter(unsigned who)
{
	if (who == 1)
		pawl_mutex_lock(&m);
}

static void look_and_unlock(void)
{
	const struct waiter *first;

	pawl_i_list_lock(&m.word_);
	first = list_first(m.queue_);
	polled = first && !first->context;
	pawl_i_list_unlock(&m.word_, 0);
	pawl_mutex_unlock(&m);
}

static void visit_until(unsigned who)
{
	if (who == 1) {
		look_and_unlock();
		return;
	}
	result = pawl_mutex_lock_until(&m, model_soon());
	if (result == 0)
		pawl_mutex_unlock(&m);
}

static void judge(void)
{
	if (polled && result == 0)
		model_saw(0);
	if (polled && result == ETIMEDOUT)
		model_saw(1);
	pawl_mutex_destroy(&m);
}

MODEL(mutex_memory, .about = "one with a deadline and no memory", .threads = 2,
      .setup = make, .enter = enter, .thread = visit_until, .finish = judge,
      .sights = { "one polled and got it", "one polled and gave up" });

MODEL(mutex_memory_fair, .about = "the same, with PAWL_FAIR", .threads = 2,
      .setup = make_fair, .enter = enter, .thread = visit_until, .finish = judge,
      .sights = { "one polled and got it", "one polled and gave up" });

static void visit(unsigned who)
{
	if (who == 1) {
		look_and_unlock();
		return;
	}
	pawl_mutex_lock(&m);
	pawl_mutex_unlock(&m);
}

static void judge_all(void)
{
	if (polled)
		model_saw(0);
	pawl_mutex_destroy(&m);
}

/* Where contexts come from is another model's subject: only their lack is left here. */
MODEL(mutex_memory_all, .about = "two that wait without a deadline", .threads = 3,
      .setup = make, .enter = enter, .thread = visit, .finish = judge_all,
      .sights = { "one polled" }, .without = ~(unsigned)NO_MEMORY);
