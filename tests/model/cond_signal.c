/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No signal is lost: whoever waits for what somebody brings under the mutex goes on, whether
 * that one signals with the mutex held or without, and by either policy of the mutex.
 */
#include "explorer/model.h"
#include "wait/list.h"

/* What makes more schedules of three, and is in cond_signal_twice. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static pawl_mutex m;
static pawl_cond c;
static int tokens, taken, waiting;
static bool ready, moved;
static unsigned longest;

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

static void take_token(void)
{
	pawl_mutex_lock(&m);
	while (tokens == 0) {
		MODEL_CHECK(pawl_cond_wait_until(&c, &m, PAWL_FOREVER) == 0);
		MODEL_CHECK(pawl_mutex_is_mine(&m));
		model_saw(0);
	}
	tokens--;
	taken++;
	pawl_mutex_unlock(&m);
}

static void two_tokens_held(unsigned who)
{
	if (who < 3) {
		take_token();
		return;
	}
	pawl_mutex_lock(&m);
	tokens = 2;
	pawl_cond_signal(&c);
	pawl_cond_signal(&c);
	pawl_mutex_unlock(&m);
}

static void two_tokens_free(unsigned who)
{
	if (who < 3) {
		take_token();
		return;
	}
	pawl_mutex_lock(&m);
	tokens = 2;
	pawl_mutex_unlock(&m);
	pawl_cond_signal(&c);
	pawl_cond_signal(&c);
}

static void token_by_token(unsigned who)
{
	for (int i = 0; i < 2; i++) {
		if (who == 1) {
			take_token();
			continue;
		}
		pawl_mutex_lock(&m);
		tokens++;
		pawl_mutex_unlock(&m);
		pawl_cond_signal(&c);
	}
}

static void judge_tokens(void)
{
	MODEL_CHECK(tokens == 0 && taken == 2);
	destroy();
}

MODEL(cond_signal, .about = "two signals to two, with the mutex held", .threads = 3,
      .enter = model_attach, .setup = make, .thread = two_tokens_held, .finish = judge_tokens,
      .sights = { "one waited" }, .without = NOISE);

MODEL(cond_signal_free, .about = "two signals to two, without the mutex", .threads = 3,
      .enter = model_attach, .setup = make, .thread = two_tokens_free, .finish = judge_tokens,
      .sights = { "one waited" }, .without = NOISE);

MODEL(cond_signal_fair, .about = "two signals to two, without the fair mutex", .threads = 3,
      .enter = model_attach, .setup = make_fair, .thread = two_tokens_free,
      .finish = judge_tokens, .sights = { "one waited" }, .without = NOISE);

MODEL(cond_signal_twice, .about = "one waits twice, one signals twice", .threads = 2,
      .enter = model_attach, .setup = make, .thread = token_by_token, .finish = judge_tokens,
      .sights = { "one waited" });

static void wait_until_ready(void)
{
	pawl_mutex_lock(&m);
	waiting++;
	while (!ready)
		MODEL_CHECK(pawl_cond_wait_until(&c, &m, PAWL_FOREVER) == 0);
	pawl_mutex_unlock(&m);
}

static void see_waiting(void)
{
	if (waiting == 2)
		model_saw(0);
}

static void broadcast_held(unsigned who)
{
	if (who < 3) {
		wait_until_ready();
		return;
	}
	pawl_mutex_lock(&m);
	see_waiting();
	ready = true;
	pawl_cond_broadcast(&c);
	pawl_mutex_unlock(&m);
}

static void broadcast_free(unsigned who)
{
	if (who < 3) {
		wait_until_ready();
		return;
	}
	pawl_mutex_lock(&m);
	see_waiting();
	ready = true;
	pawl_mutex_unlock(&m);
	pawl_cond_broadcast(&c);
}

MODEL(cond_broadcast, .about = "a broadcast to two, with the mutex held", .threads = 3,
      .enter = model_attach, .setup = make, .thread = broadcast_held, .finish = destroy,
      .sights = { "both waited" }, .without = NOISE);

MODEL(cond_broadcast_free, .about = "a broadcast to two, without the mutex", .threads = 3,
      .enter = model_attach, .setup = make, .thread = broadcast_free, .finish = destroy,
      .sights = { "both waited" }, .without = NOISE);

MODEL(cond_broadcast_fair, .about = "a broadcast to two, without the fair mutex", .threads = 3,
      .enter = model_attach, .setup = make_fair, .thread = broadcast_free, .finish = destroy,
      .sights = { "both waited" }, .without = NOISE);

/* Thread 3 comes by while the waiter is moved to the mutex: held or free, or about to be. */
static void move(unsigned who)
{
	const struct waiter *first;

	if (who == 1) {
		wait_until_ready();
	} else if (who == 2) {
		pawl_mutex_lock(&m);
		ready = true;
		pawl_mutex_unlock(&m);
		pawl_cond_signal(&c);
	} else {
		pawl_mutex_lock(&m);
		pawl_i_list_lock(&m.word_);
		first = list_first(m.queue_);
		moved = first && first->mutex;
		pawl_i_list_unlock(&m.word_, 0);
		pawl_mutex_unlock(&m);
	}
}

static void judge_move(void)
{
	model_saw(moved);
	destroy();
}

#define MOVE_SIGHTS { "it was not moved to a held mutex", "it was" }

MODEL(cond_moved, .about = "a waiter is moved while a third comes by", .threads = 3,
      .enter = model_attach, .setup = make, .thread = move, .finish = judge_move,
      .sights = MOVE_SIGHTS, .without = NOISE);

MODEL(cond_moved_fair, .about = "the same, with a fair mutex", .threads = 3,
      .enter = model_attach, .setup = make_fair, .thread = move, .finish = judge_move,
      .sights = MOVE_SIGHTS, .without = NOISE);

/* Two wait; one signal goes to who waited first, and that one's signal to the other. */
static void in_order(unsigned who)
{
	pawl_mutex_lock(&m);
	if (who < 3) {
		if (waiting++ == 0)
			longest = who;
		while (!ready)
			MODEL_CHECK(pawl_cond_wait_until(&c, &m, PAWL_FOREVER) == 0);
		MODEL_CHECK(longest == 0 || longest == who);
		longest = 0;
	} else {
		ready = true;
		if (waiting == 2)
			model_saw(0);
		else
			longest = 0;
	}
	pawl_cond_signal(&c);
	pawl_mutex_unlock(&m);
}

MODEL(cond_order, .about = "a signal goes to who has waited longest", .threads = 3,
      .enter = model_attach, .setup = make, .thread = in_order, .finish = destroy,
      .sights = { "both waited" }, .without = NOISE);
