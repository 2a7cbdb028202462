/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks with a deadline among those without.  Thread 1 holds the mutex from the beginning.  A
 * hand-over and a deadline that meet must leave the mutex with exactly one, and nobody who
 * waits behind one that gives up may be forgotten.
 */
#include <errno.h>

#include "explorer/model.h"

static pawl_mutex m;
static int count, late;
static int result[4];

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

static void mixed(unsigned who)
{
	if (who == 1) {
		leave();
		if (pawl_mutex_trylock(&m) == 0)
			leave();
		return;
	}
	if (who == 3) {
		MODEL_CHECK(visit(PAWL_FOREVER) == 0);
		return;
	}
	for (int i = 0; i < 2; i++)
		if (visit(model_soon()) == ETIMEDOUT)
			model_saw(0);
}

static void destroy(void)
{
	MODEL_CHECK(count >= 2);
	pawl_mutex_destroy(&m);
}

/* Spins and wakes for no reason make more schedules, and mutex_grant has them. */
MODEL(mutex_until, .about = "a holder that tries again, one with a deadline, one that waits",
      .threads = 3, .setup = make, .enter = enter, .thread = mixed, .finish = destroy,
      .sights = { "a deadline passed" }, .without = SPINS | SPURIOUS_WAKES);

MODEL(mutex_until_fair, .about = "the same, with PAWL_FAIR",
      .threads = 3, .setup = make_fair, .enter = enter, .thread = mixed, .finish = destroy,
      .sights = { "a deadline passed" }, .without = SPINS | SPURIOUS_WAKES);

static void race(unsigned who)
{
	if (who == 1) {
		leave();
		return;
	}
	result[who] = visit(model_soon());
	if (result[who] == 0 && pawl_now() >= model_soon())
		model_saw(0);
}

static void judge_race(void)
{
	if (result[2] == ETIMEDOUT && result[3] == 0)
		model_saw(1);
	if (result[2] == ETIMEDOUT && result[3] == ETIMEDOUT)
		model_saw(2);
	MODEL_CHECK(count == 1 + (result[2] == 0) + (result[3] == 0));
	pawl_mutex_destroy(&m);
}

#define RACE_SIGHTS \
	{ "a grant came though the deadline had passed", "one gave up, the other got it", \
	  "both gave up" }

/* Without CLOCK_JUMPS: then a deadline passes only for who sleeps, which the first sight needs. */
MODEL(mutex_grant, .about = "an unlock against two deadlines", .threads = 3,
      .setup = make, .enter = enter, .thread = race, .finish = judge_race,
      .sights = RACE_SIGHTS, .without = CLOCK_JUMPS);

MODEL(mutex_grant_fair, .about = "the same, with PAWL_FAIR", .threads = 3,
      .setup = make_fair, .enter = enter, .thread = race, .finish = judge_race,
      .sights = RACE_SIGHTS, .without = CLOCK_JUMPS);

static void poll_and_lock(unsigned who)
{
	switch (who) {
	case 1:
		leave();
		break;
	case 2:
		for (int i = 0; i < 2; i++)
			late += visit(model_past()) == ETIMEDOUT;
		break;
	default:
		MODEL_CHECK(visit(PAWL_FOREVER) == 0);
	}
}

static void judge_polls(void)
{
	model_saw(late > 0);
	MODEL_CHECK(count == 4 - late);
	pawl_mutex_destroy(&m);
}

MODEL(mutex_past, .about = "polls with a deadline that has passed, beside a lock", .threads = 3,
      .setup = make, .enter = enter, .thread = poll_and_lock, .finish = judge_polls,
      .sights = { "both polls got it", "a poll found it held" });
