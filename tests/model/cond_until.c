/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A wait with a deadline against a signal: the signal is taken by a wait that returns 0.  So
 * thread 1 passes it on if it got it, and not if it did not; thread 2 waits for ever, and would
 * do so if thread 1 had kept a signal for itself.
 */
#include <errno.h>

#include "explorer/model.h"

static pawl_mutex m;
static pawl_cond c;
static bool ready;
static int result;

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

static void wait_once(pawl_time deadline)
{
	pawl_mutex_lock(&m);
	result = pawl_cond_wait_until(&c, &m, deadline);
	MODEL_CHECK(pawl_mutex_is_mine(&m));
	MODEL_CHECK(result == 0 || result == ETIMEDOUT);
	if (result == 0) {
		pawl_cond_signal(&c);
		model_saw(pawl_now() >= model_soon() ? 1 : 0);
	} else {
		model_saw(2);
	}
	pawl_mutex_unlock(&m);
}

static void wait_until_ready(void)
{
	pawl_mutex_lock(&m);
	while (!ready)
		MODEL_CHECK(pawl_cond_wait_until(&c, &m, PAWL_FOREVER) == 0);
	pawl_mutex_unlock(&m);
}

static void signal_once(void)
{
	pawl_mutex_lock(&m);
	ready = true;
	pawl_mutex_unlock(&m);
	pawl_cond_signal(&c);
}

static void deadline_and_signal(unsigned who)
{
	if (who == 1)
		wait_once(model_soon());
	else if (who == 2)
		wait_until_ready();
	else
		signal_once();
}

/* What only makes more schedules of three, and is in the models of two. */
enum {
	NOISE = STALE_LOADS | WEAK_FAILURES | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES | NO_MEMORY
};

#define SIGHTS \
	{ "a signal came before the deadline", "a signal was taken though the deadline was past", \
	  "the deadline passed" }

/* Without CLOCK_JUMPS: then a deadline passes only for who sleeps, as the second sight needs. */
MODEL(cond_until, .about = "a deadline against a signal that another waits for", .threads = 3,
      .enter = model_attach, .setup = make, .thread = deadline_and_signal, .finish = destroy,
      .sights = SIGHTS, .without = NOISE, .preemptions = 2);

MODEL(cond_until_fair, .about = "the same, with a fair mutex", .threads = 3,
      .enter = model_attach, .setup = make_fair, .thread = deadline_and_signal,
      .finish = destroy, .sights = SIGHTS, .without = NOISE, .preemptions = 2);

static void deadline_alone(unsigned who)
{
	if (who == 1)
		wait_once(model_soon());
	else
		signal_once();
}

MODEL(cond_late, .about = "a deadline against a signal", .threads = 2,
      .enter = model_attach, .setup = make, .thread = deadline_alone, .finish = destroy,
      .sights = SIGHTS, .without = CLOCK_JUMPS);

MODEL(cond_late_fair, .about = "the same, with a fair mutex", .threads = 2,
      .enter = model_attach, .setup = make_fair, .thread = deadline_alone,
      .finish = destroy, .sights = SIGHTS, .without = CLOCK_JUMPS);

/* A deadline that has passed: the mutex is only given up and taken again. */
static void past(unsigned who)
{
	if (who == 2) {
		signal_once();
		return;
	}
	pawl_mutex_lock(&m);
	result = pawl_cond_wait_until(&c, &m, model_past());
	MODEL_CHECK(pawl_mutex_is_mine(&m));
	MODEL_CHECK(result == 0 || result == ETIMEDOUT);
	model_saw(result != 0);
	pawl_mutex_unlock(&m);
}

MODEL(cond_past, .about = "a wait with a deadline that has passed, and a signal", .threads = 2,
      .enter = model_attach, .setup = make, .thread = past, .finish = destroy,
      .sights = { "a signal came all the same", "none came" }, .without = CLOCK_JUMPS);
