/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time_virtual.c - the clock that tests of programs drive: waits whose deadlines it passed end,
 * and others do not.
 *
 * Nothing but the virtual clock ends these waits, so one that it forgets sleeps for ever.
 */
#include <errno.h>

#include "explorer/model.h"
#include "platform/clock.h"
#include "wait/context.h"

enum { START = 1000, STEP = 500 };
enum sight { ADOPTED };

static pawl_counter c;
static uint32_t ended;		/* a wait has; a loop that sleeps has to look at something */

static void setup(void)
{
	c = (pawl_counter)PAWL_COUNTER_INIT(1);
	model_name(&c, sizeof c, "c");
}

static void setup_virtual(void)
{
	setup();
	MODEL_CHECK(pawl_clock_set_virtual(START) == 0);
}

static void time_out(pawl_time deadline)
{
	MODEL_CHECK(pawl_counter_wait_zero(&c, deadline) == ETIMEDOUT);
	MODEL_CHECK(pawl_now() >= deadline);
}

static void advance(pawl_ns d)
{
	MODEL_CHECK(pawl_clock_advance(d) == 0);
}

/* Contexts are there: the clock meets deadlines that are being published. */
static void advance_twice(unsigned who)
{
	if (who == 3) {
		advance(STEP - 1);
		advance(1);
		return;
	}
	time_out(START + STEP);
}

/* Three threads, two of which wait, are many schedules: two preemptions. */
MODEL(time_advance, .about = "two wait for an instant, one moves the clock there by two steps",
      .threads = 3, .preemptions = 2, .enter = model_attach, .setup = setup_virtual,
      .thread = advance_twice);

static void advance_each(unsigned who)
{
	if (who == 3)
		time_out(START + 2 * STEP);
	else
		advance(STEP);
}

static void stands_still(void)
{
	MODEL_CHECK(pawl_now() == START + 2 * STEP);
}

MODEL(time_advance_both, .about = "two move the clock at once, one waits", .threads = 3,
      .enter = model_attach, .setup = setup_virtual, .thread = advance_each,
      .finish = stands_still);

/* A context is made meanwhile: the clock meets a thread that enters the registry. */
static void attach_and_wait(unsigned who)
{
	if (who == 1)
		advance(STEP);
	else
		time_out(START + STEP);
}

MODEL(time_attach, .about = "one attaches and waits, one moves the clock", .threads = 2,
      .setup = setup_virtual, .thread = attach_and_wait);

/* A thread ends, and its context goes on with the deadline of another. */
static void attach_first(unsigned who)
{
	if (who == 1)
		model_attach(who);
}

static void adopt_and_wait(unsigned who)
{
	if (who == 3)
		advance(STEP);
	if (who != 2)
		return;
	time_out(START + STEP);
	if (!pawl_i_context_newest()->older)
		model_saw(ADOPTED);
}

MODEL(time_adopt, .about = "one ends, one adopts its context and waits, one moves the clock",
      .threads = 3, .enter = attach_first, .setup = setup_virtual, .thread = adopt_and_wait,
      .sights = { "a thread adopted the context" });

/* The system's clock does not move here by itself while somebody can run. */
static void set_later(unsigned who)
{
	if (who == 1)
		MODEL_CHECK(pawl_clock_set_virtual(model_soon()) == 0);
	else
		time_out(model_soon());
	MODEL_CHECK(pawl_i_clock_real() < model_soon());
}

MODEL(time_set_later, .about = "two wait, and the clock becomes virtual, past their deadline",
      .threads = 3, .preemptions = 2, .without = CLOCK_JUMPS | TIMEOUTS,
      .enter = model_attach, .setup = setup, .thread = set_later);

/* Time of the system passes here only when all others wait. */
static void let_time_pass(void)
{
	while (pawl_i_clock_real() <= model_soon() && !__atomic_load_n(&ended, __ATOMIC_RELAXED))
		pawl_i_clock_sleep(model_soon());
}

static void set_earlier(unsigned who)
{
	switch (who) {
	case 1:
		MODEL_CHECK(pawl_counter_wait_zero(&c, model_soon()) == 0);
		__atomic_store_n(&ended, 1, __ATOMIC_RELAXED);
		break;
	case 2:
		MODEL_CHECK(pawl_clock_set_virtual(0) == 0);
		break;
	case 3:
		let_time_pass();
		(void)pawl_counter_add(&c, -1);
		break;
	}
}

MODEL(time_set_earlier, .about = "one waits, the clock becomes virtual, and the system's moves on",
      .threads = 3, .without = CLOCK_JUMPS | TIMEOUTS | NO_MEMORY, .setup = setup,
      .thread = set_earlier);
