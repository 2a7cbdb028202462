/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks with a deadline among those without.  Thread 1 holds the mutex from the beginning.  A
 * hand-over and a deadline that meet must leave the mutex with exactly one, and nobody who
 * waits behind one that gives up may be forgotten.
 */
#include <errno.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

static pawl_mutex m;
static int count, result;

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
	if (who == 1)
		pawl_mutex_lock(&m);
}

static void leave(void)
{
	count++;
	pawl_mutex_unlock(&m);
}

/* Return: as pawl_mutex_lock_until(). */
static int visit(pawl_time deadline)
{
	int err = pawl_mutex_lock_until(&m, deadline);

	MODEL_CHECK(err == 0 || err == ETIMEDOUT);
	MODEL_CHECK(pawl_mutex_is_mine(&m) == (err == 0));
	if (err == 0)
		leave();
	return err;
}

/* What only makes more schedules of three, and is in mutex_grant. */
enum { NOISE = STALE_LOADS | WEAK_FAILURES | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static void mixed(unsigned who)
{
	if (who == 1)
		leave();
	else if (who == 2)
		result = visit(model_soon());
	else
		MODEL_CHECK(visit(PAWL_FOREVER) == 0);
}

static void destroy(void)
{
	model_saw(result == 0 ? 0 : 1);
	MODEL_CHECK(count == 2 + (result == 0));
	pawl_mutex_destroy(&m);
}

#define UNTIL_SIGHTS { "all got it", "a deadline passed" }

MODEL(mutex_until, .about = "one with a deadline, one that waits", .threads = 3,
      .setup = make, .enter = enter, .thread = mixed, .finish = destroy,
      .sights = UNTIL_SIGHTS, .without = NOISE, .preemptions = 2);

MODEL(mutex_until_fair, .about = "the same, with PAWL_FAIR", .threads = 3,
      .setup = make_fair, .enter = enter, .thread = mixed, .finish = destroy,
      .sights = UNTIL_SIGHTS, .without = NOISE, .preemptions = 2);

/* The only waiter gives up, and takes the queue off, while the unlock looks at it. */
static void race(unsigned who)
{
	if (who == 1) {
		leave();
		return;
	}
	result = visit(model_soon());
	if (result == 0 && pawl_now() >= model_soon())
		model_saw(0);
	if (result == ETIMEDOUT)
		model_saw(1);
}

static void judge_race(void)
{
	MODEL_CHECK(count == 1 + (result == 0));
	pawl_mutex_destroy(&m);
}

#define RACE_SIGHTS { "a grant came though the deadline had passed", "one gave up" }

/* Without CLOCK_JUMPS: then a deadline passes only for who sleeps, which the first sight needs. */
MODEL(mutex_grant, .about = "an unlock against a deadline", .threads = 2,
      .setup = make, .enter = enter, .thread = race, .finish = judge_race,
      .sights = RACE_SIGHTS, .without = CLOCK_JUMPS);

MODEL(mutex_grant_fair, .about = "the same, with PAWL_FAIR", .threads = 2,
      .setup = make_fair, .enter = enter, .thread = race, .finish = judge_race,
      .sights = RACE_SIGHTS, .without = CLOCK_JUMPS);

static void poll_and_lock(unsigned who)
{
	switch (who) {
	case 1:
		leave();
		break;
	case 2:
		result = visit(model_past());
		break;
	default:
		MODEL_CHECK(visit(PAWL_FOREVER) == 0);
	}
}

MODEL(mutex_past, .about = "a poll with a deadline that has passed, beside a lock", .threads = 3,
      .setup = make, .enter = enter, .thread = poll_and_lock, .finish = destroy,
      .sights = { "the poll got it", "the poll found it held" });
