/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A condition when memory is short.  Who has none to wait in its queue is woken for no reason,
 * after a while; who has none to stand in the mutex's, when a signal moves it there, is woken
 * and locks for itself.
 */
#include <errno.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"
#include "wait/context.h"
#include "wait/line.h"

enum { OTHERS = CHUNK_NODES - 3 };	/* handles: 0 is none, and two threads have one */

static pawl_mutex m;
static pawl_cond c;
static bool ready;
static uint64_t others[OTHERS];
static struct waiter *second;
static bool staying;

static void make(void)
{
	model_name(&m, sizeof m, "m");
	model_name(&c, sizeof c, "c");
}

static void make_fair(void)
{
	make();
	(void)pawl_mutex_init(&m, PAWL_FAIR);
}

static void destroy(void)
{
	MODEL_CHECK(c.word_ == 0 && c.queue_ == 0);
	pawl_mutex_destroy(&m);
}

static void get_ready(void)
{
	pawl_mutex_lock(&m);
	ready = true;
	pawl_mutex_unlock(&m);
	pawl_cond_signal(&c);
}

static void wait_polling(unsigned who)
{
	int err = 0;

	if (who == 2) {
		get_ready();
		return;
	}
	pawl_mutex_lock(&m);
	while (!ready && err == 0) {
		err = pawl_cond_wait_until(&c, &m, model_soon());
		MODEL_CHECK(pawl_mutex_is_mine(&m));
		if (err == 0 && !ready)
			model_saw(0);
	}
	MODEL_CHECK(err == 0 || (err == ETIMEDOUT && pawl_now() >= model_soon()));
	if (err != 0)
		model_saw(1);
	pawl_mutex_unlock(&m);
}

/* Nobody has a context yet, and there may be no memory for one. */
MODEL(cond_memory, .about = "a wait without memory", .threads = 2,
      .setup = make, .thread = wait_polling, .finish = destroy,
      .sights = { "it was woken for no reason", "the deadline passed" },
      .without = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES);

/* One that gave up and is about to leave: it stands in the queue, and keeps it. */
static bool stay_in(uint64_t *queue, struct waiter *w)
{
	bool in = pawl_i_line_join(queue, w, pawl_i_waiter_arm(w)) == 0;

	(void)pawl_i_waiter_give_up(w);
	return in;
}

/* Each thread has a root of its own for its next queue; use the rest of what there is. */
static void enter_full(unsigned who)
{
	static char op;

	model_attach(who);
	if (who == 1)
		return;
	for (int i = 0; i < OTHERS; i++)
		MODEL_CHECK(stay_in(&others[i], pawl_i_waiter_get((struct pawl_op *)&op)));
	second = pawl_i_waiter_get((struct pawl_op *)&op);
}

/* The queue that thread 1 hung there stays there, as another waits behind it. */
static void get_ready_for_two(void)
{
	pawl_mutex_lock(&m);
	ready = true;
	staying = line_users(pawl_load_(&c.queue_, relaxed)) == 1 && stay_in(&c.queue_, second);
	pawl_mutex_unlock(&m);
	pawl_cond_signal(&c);
}

static bool was_alone(void)
{
	uint64_t word = pawl_load_(&pawl_i_context()->waiter->word, relaxed);

	return (word & (REF_MARK - 1)) == ALONE;
}

static void wait_alone(unsigned who)
{
	int err = 0;

	if (who == 2) {
		get_ready_for_two();
		return;
	}
	pawl_mutex_lock(&m);
	if (!ready) {
		err = pawl_cond_wait_until(&c, &m, model_soon());
		MODEL_CHECK(err == ETIMEDOUT || ready);
	}
	MODEL_CHECK(pawl_mutex_is_mine(&m));
	if (was_alone())
		model_saw(pawl_now() >= model_soon() ? 1 : 0);
	if (err != 0)
		model_saw(2);
	pawl_mutex_unlock(&m);
}

#define ALONE_SIGHTS \
	{ "it was moved to no queue", "the same, though the deadline had passed", \
	  "the deadline passed" }

static void judge_alone(void)
{
	if (staying)
		pawl_i_line_leave(&c.queue_, second);
	destroy();
}

MODEL(cond_alone, .about = "a signal without memory for the queue of the mutex", .threads = 2,
      .enter = enter_full, .setup = make, .thread = wait_alone, .finish = judge_alone,
      .sights = ALONE_SIGHTS, .without = CLOCK_JUMPS | SPINS);

MODEL(cond_alone_fair, .about = "the same, with a fair mutex", .threads = 2,
      .enter = enter_full, .setup = make_fair, .thread = wait_alone, .finish = judge_alone,
      .sights = ALONE_SIGHTS, .without = CLOCK_JUMPS | SPINS);
