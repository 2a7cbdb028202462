/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No signal is lost: whoever waits for what somebody brings under the mutex goes on, whether
 * that one signals with the mutex held or without, and by either policy of the mutex.
 */
#include "explorer/model.h"
#include "reclaim/sizes.h"
#include "wait/context.h"
#include "wait/line.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = STALE_LOADS | WEAK_FAILURES | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static pawl_mutex m;
static pawl_cond c;
static int tokens, waiting;
static bool ready, moved;
static unsigned longest;
static uint32_t handle_of[4];

static void make(void)
{
	model_name(&m, sizeof m, "m");
	model_name(&c, sizeof c, "c");
}

static void make_narrow(void)
{
	make();
	model_cells = 1;
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
	pawl_mutex_unlock(&m);
}

static void bring_token(bool held)
{
	pawl_mutex_lock(&m);
	tokens++;
	if (held)
		pawl_cond_signal(&c);
	pawl_mutex_unlock(&m);
	if (!held)
		pawl_cond_signal(&c);
}

static void token_held(unsigned who)
{
	if (who == 1)
		take_token();
	else
		bring_token(true);
}

static void token_free(unsigned who)
{
	if (who == 1)
		take_token();
	else
		bring_token(false);
}

static void token_by_token(unsigned who)
{
	token_free(who);
	token_free(who);
}

static void judge_tokens(void)
{
	MODEL_CHECK(tokens == 0);
	destroy();
}

#define TOKENS .finish = judge_tokens, .enter = model_attach, .sights = { "one waited" }

MODEL(cond_signal, .about = "a signal with the mutex held", .threads = 2,
      .setup = make, .thread = token_held, TOKENS);

MODEL(cond_signal_free, .about = "a signal without the mutex", .threads = 2,
      .setup = make, .thread = token_free, TOKENS);

MODEL(cond_signal_fair, .about = "a signal without the fair mutex", .threads = 2,
      .setup = make_fair, .thread = token_free, TOKENS);

MODEL(cond_signal_twice, .about = "one waits twice, one signals twice", .threads = 2,
      .setup = make_narrow, .thread = token_by_token, TOKENS,
      .without = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES);

static void two_tokens(unsigned who)
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

/* Of three, two preemptions: each waits for the mutex twice. */
MODEL(cond_signal_both, .about = "two signals to two", .threads = 3, .setup = make_narrow,
      .thread = two_tokens, TOKENS, .without = NOISE, .preemptions = 2);

static void wait_until_ready(void)
{
	pawl_mutex_lock(&m);
	waiting++;
	while (!ready)
		MODEL_CHECK(pawl_cond_wait_until(&c, &m, PAWL_FOREVER) == 0);
	pawl_mutex_unlock(&m);
}

static void get_ready(void (*tell)(pawl_cond *c), bool held)
{
	pawl_mutex_lock(&m);
	if (waiting == 2)
		model_saw(0);
	ready = true;
	if (held)
		tell(&c);
	pawl_mutex_unlock(&m);
	if (!held)
		tell(&c);
}

static void broadcast_held(unsigned who)
{
	if (who < 3)
		wait_until_ready();
	else
		get_ready(pawl_cond_broadcast, true);
}

static void broadcast_free(unsigned who)
{
	if (who < 3)
		wait_until_ready();
	else
		get_ready(pawl_cond_broadcast, false);
}

#define BROADCAST \
	.threads = 3, .enter = model_attach, .finish = destroy, .sights = { "both waited" }, \
	.without = NOISE, .preemptions = 2

MODEL(cond_broadcast, .about = "a broadcast to two, with the mutex held", .setup = make,
      .thread = broadcast_held, BROADCAST);

MODEL(cond_broadcast_free, .about = "a broadcast to two, without the mutex", .setup = make,
      .thread = broadcast_free, BROADCAST);

MODEL(cond_broadcast_fair, .about = "a broadcast to two, without the fair mutex",
      .setup = make_fair, .thread = broadcast_free, BROADCAST);

static void enter(unsigned who)
{
	model_attach(who);
	handle_of[who] = pawl_i_context()->waiter->handle;
}

/* Thread 3 comes by while the waiter is moved to the mutex, or stands there. */
static void move(unsigned who)
{
	if (who == 1) {
		wait_until_ready();
	} else if (who == 2) {
		get_ready(pawl_cond_signal, true);
	} else {
		pawl_mutex_lock(&m);
		moved = waiting == 1 &&
			ref_handle(pawl_i_line_first(&m.queue_)) == handle_of[1];
		pawl_mutex_unlock(&m);
	}
}

static void judge_move(void)
{
	model_saw(moved);
	destroy();
}

#define MOVE \
	.threads = 3, .enter = enter, .thread = move, .finish = judge_move, .without = NOISE, \
	.preemptions = 2, .sights = { "it was not moved to a held mutex", "it was" }

MODEL(cond_moved, .about = "a waiter is moved while a third comes by", .setup = make, MOVE);

MODEL(cond_moved_fair, .about = "the same, with a fair mutex", .setup = make_fair, MOVE);

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
      .enter = model_attach, .setup = make_narrow, .thread = in_order, .finish = destroy,
      .sights = { "both waited" }, .without = ~0u, .preemptions = 2);
