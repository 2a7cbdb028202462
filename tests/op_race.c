/* SPDX-License-Identifier: BSD-2-Clause */
/* op_race.c - see op_race.h. */
#include "config.h"

#include <sched.h>

#include <pawl/atomic.h>

#include "op_race.h"
#include "support.h"

struct canceler {
	pawl_op *op[RACE_OPS];
	int begun, ended;	/* atomic: rounds */
	int canceled;
};

void op_race_await(int *word, int round)
{
	while (pawl_load_(word, acquire) != round)
		sched_yield();
}

static void cancel_all(void *arg)
{
	struct canceler *c = arg;

	for (int round = 1; round <= ROUNDS(200); round++) {
		op_race_await(&c->begun, round);
		for (int i = RACE_OPS - 1; i >= 0; i--)
			c->canceled += pawl_op_cancel(c->op[i]) == 0;
		pawl_store_(&c->ended, round, release);
	}
}

/* Return: how many were granted. */
static int race_round(const struct op_race *race, struct canceler *c, int round)
{
	int granted = 0, done = 0;

	for (int i = 0; i < RACE_OPS; i++)
		c->op[i] = race->start(i, round);
	pawl_store_(&c->begun, round, release);
	if (round % 2 == 0)
		sched_yield();
	for (int i = 0; i < RACE_OPS; i++) {
		race->grant(i);
		if (i % 16 == 0)
			done += pawl_cq_dispatch(race->cq, 0);
		if (i % 64 == round % 64)
			sched_yield();
	}
	op_race_await(&c->ended, round);
	done += pawl_cq_dispatch(race->cq, 0);
	assert_int_equal(done, race->queued);
	for (int i = 0; i < RACE_OPS; i++)
		granted += race->judge(i);
	return granted;
}

void op_race(const struct op_race *race)
{
	struct canceler c = { .begun = 0 };
	struct worker w;
	int granted = 0;

	worker_start(&w, cancel_all, &c);
	for (int round = 1; round <= ROUNDS(200); round++)
		granted += race_round(race, &c, round);
	worker_join(&w);
	assert_int_equal(granted + c.canceled, ROUNDS(200) * RACE_OPS);
	note("%d granted, %d canceled", granted, c.canceled);
	assert_true(granted > 0 && c.canceled > 0);
}
