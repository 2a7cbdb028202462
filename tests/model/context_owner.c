/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * context_owner.c - contexts go from threads that end to threads that begin to wait.
 *
 * A context has one owner at a time, and what an owner did happened before what the next one
 * does: each writes plain data that belongs to its context.  (The stores of both to the fields
 * of the context must be in that order too; the explorer has no other.)
 */
#include <errno.h>

#include "explorer/model.h"
#include "platform/tls.h"
#include "wait/context.h"

enum sight { ADOPTED, POLLED, TIMED_OUT = 0, ENDED };

static pawl_counter a, b;
static int gift;
static int uses[MODEL_THREADS + 1];	/* by place in the registry, the oldest first */

static unsigned count(const struct context *c)
{
	unsigned n = 0;

	for (; c; c = c->older)
		n++;
	return n;
}

static void setup(void)
{
	a = b = (pawl_counter)PAWL_COUNTER_INIT(1);
	model_name(&a, sizeof a, "a");
	model_name(&b, sizeof b, "b");
}

/* The caller has a context, or there was no memory. */
static void use(void)
{
	struct context *c = pawl_i_tls.context;

	if (c && uses[count(c)]++ > 0)
		model_saw(ADOPTED);
}

static void wait_for(pawl_counter *c)
{
	bool waited = pawl_counter_get(c) != 0;

	MODEL_CHECK(pawl_counter_wait_zero(c, PAWL_FOREVER) == 0);
	MODEL_CHECK(gift == 1);
	if (waited && !pawl_i_tls.context)
		model_saw(POLLED);
	use();
}

/* A wake from the first add may come when its context has its next owner. */
static void wait_and_end(unsigned who)
{
	if (who == 2) {
		gift = 1;
		(void)pawl_counter_add(&a, -1);
		(void)pawl_counter_add(&b, -1);
		return;
	}
	wait_for(who == 1 ? &a : &b);
}

MODEL(context_adopted, .about = "one waits and ends, one waits later, one wakes both",
      .threads = 3, .setup = setup, .thread = wait_and_end,
      .sights = { "a thread adopted a context", "a thread waited without a context" });

static void attach_and_end(unsigned who)
{
	(void)who;
	if (pawl_thread_attach() == 0)
		use();
}

/* None is lost, or made while there is one without an owner. */
static void all_are_there(void)
{
	int all = 0;
	unsigned n = count(pawl_i_context_newest());

	for (unsigned i = 1; i <= n; i++)
		all += uses[i] > 0;
	MODEL_CHECK(n <= 3 && all == (int)n);
	for (struct context *c = pawl_i_context_newest(); c; c = c->older)
		MODEL_CHECK(c->used == 0);
}

MODEL(context_registry, .about = "three threads attach and end", .threads = 3,
      .thread = attach_and_end, .finish = all_are_there,
      .sights = { "a thread adopted a context" });

/* A wait without a context looks at its waiter now and then. */
static void poll_or_park(unsigned who)
{
	int err;

	if (who == 3) {
		gift = 1;
		(void)pawl_counter_add(&a, -1);
		return;
	}
	err = pawl_counter_wait_zero(&a, model_soon());
	MODEL_CHECK(err == ETIMEDOUT || (err == 0 && gift == 1));
	if (pawl_i_tls.context)
		return;
	if (err == ETIMEDOUT)
		model_saw(TIMED_OUT);
	else
		model_saw(ENDED);
}

MODEL(context_none, .about = "two have deadlines, perhaps without contexts, one makes it zero",
      .threads = 3, .setup = setup, .thread = poll_or_park,
      .sights = { "a wait without a context timed out", "one ended, or was not needed" });
