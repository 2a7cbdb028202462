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
#include "wait/park.h"

enum sight { ADOPTED, NO_CONTEXT, TIMED_OUT = 0, ENDED };
#define NOTHING UINT64_MAX

static pawl_counter counter;
static uint64_t armed[MODEL_THREADS + 1];	/* what to answer, or NOTHING; 0: not yet */
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
	counter = (pawl_counter)PAWL_COUNTER_INIT(1);
	model_name(&counter, sizeof counter, "counter");
}

/* The caller has a context, or there was no memory. */
static void use(void)
{
	struct context *c = pawl_i_tls.context;

	if (c && uses[count(c)]++ > 0)
		model_saw(ADOPTED);
}

/* Until it is answered, unless there is no memory for a context. */
static void wait_in(unsigned who)
{
	struct wait_for what = { "test", &armed[who], NULL };
	struct limit l = limit_none();
	struct context *c = pawl_i_context();

	if (!c)
		model_saw(NO_CONTEXT);
	__atomic_store_n(&armed[who], c ? pawl_i_waiter_arm(c->waiter) : NOTHING, __ATOMIC_RELEASE);
	if (!c)
		return;
	MODEL_CHECK(pawl_i_park(c->waiter, &what, &l) == GRANT && gift == 1);
	use();
}

static void answer_in(unsigned who)
{
	struct waiter *wake = NULL;
	uint64_t ref;

	while ((ref = __atomic_load_n(&armed[who], __ATOMIC_ACQUIRE)) == 0)
		model_pause();
	if (ref != NOTHING && pawl_i_waiter_tell(ref, GRANT, &wake) && wake)
		pawl_i_waiter_wake(wake);
}

/* A wake for the first may come when its context has its next owner. */
static void wait_and_end(unsigned who)
{
	if (who != 2) {
		wait_in(who);
		return;
	}
	gift = 1;
	answer_in(1);
	answer_in(3);
}

MODEL(context_adopted, .about = "one waits and ends, one waits later, one answers both",
      .threads = 3, .without = SPURIOUS_WAKES, .preemptions = 2, .thread = wait_and_end,
      .sights = { "a thread adopted a context", "there was no memory for a context" });

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

/* A wait without a context looks at what it waits for now and then. */
static void poll_or_park(unsigned who)
{
	int err;

	if (who == 2) {
		gift = 1;
		(void)pawl_counter_add(&counter, -1);
		return;
	}
	err = pawl_counter_wait_zero(&counter, model_soon());
	MODEL_CHECK(err == ETIMEDOUT || (err == 0 && gift == 1));
	if (!pawl_i_tls.context)
		model_saw(err == ETIMEDOUT ? TIMED_OUT : ENDED);
}

MODEL(context_none, .about = "one has a deadline, perhaps without a context, one makes it zero",
      .threads = 2, .setup = setup, .thread = poll_or_park,
      .sights = { "a wait without a context timed out", "one ended, or was not needed" });
