/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_barrier.c - phases that exchange data, and barriers that are broken. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/barrier.h>
#include <pawl/scope.h>

#include "stress.h"

/* External, or a compiler may drop it and the race with it. */
extern uint64_t stress_barrier_plain;
uint64_t stress_barrier_plain;

static pawl_barrier barrier;
static bool go_on;		/* worker 0 writes it before a phase, all read it after */

static void section(struct stress_worker *w)
{
	uint64_t before = stress_barrier_plain;

	stress_await(w);
	stress_barrier_plain = before + 1;
}

static int meet(void)
{
	int rc = pawl_barrier_wait_until(&barrier, PAWL_FOREVER);

	if (rc != 0 && rc != PAWL_BARRIER_SERIAL)
		stress_fail("pawl_barrier_wait_until returned %d", rc);
	return rc;
}

static void make(const struct stress_team *t)
{
	if (pawl_barrier_init(&barrier, t->size) != 0)
		stress_fail("pawl_barrier_init failed");
}

/*** Broken: all who return take themselves for the one that may go on alone *******************/

static void all_body(struct stress_worker *w)
{
	for (;;) {
		if (w->index == 0)
			go_on = stress_again(w);
		(void)meet();
		if (!go_on)
			break;
		section(w);
		stress_done(w);
		(void)meet();
	}
}

static void all_broken(struct stress_team *t, struct stress_outcome *ret)
{
	make(t);
	stress_name(&barrier, "the barrier");
	stress_run(t, all_body);
	ret->of = stress_ops(t);
	ret->bad = ret->of - stress_barrier_plain;
	ret->least = stress_least(t);
}

/*** Right: the one that got PAWL_BARRIER_SERIAL ***********************************************/

static uint64_t *slots;		/* of each worker; plain, as the phases keep them apart */

static void check_slots(const struct stress_worker *w, uint64_t round)
{
	for (unsigned i = 0; i < w->team->size; i++)
		if (slots[i] != round + i)
			stress_fail("worker %u has written %" PRIu64 ", not %" PRIu64, i, slots[i],
				round + i);
}

static void serial_body(struct stress_worker *w)
{
	for (uint64_t round = 0;; round++) {
		int rc;

		slots[w->index] = round + w->index;
		if (w->index == 0) {
			go_on = stress_again(w);
			if (stress_wants_waits(w->team))
				stress_hold_until(w, &barrier, w->team->size - 1);
		}
		rc = meet();
		check_slots(w, round);
		if (!go_on)
			break;
		if (rc == PAWL_BARRIER_SERIAL)
			section(w);
		stress_done(w);
		(void)meet();
	}
}

static void serial_right(struct stress_team *t)
{
	slots = calloc(t->size, sizeof *slots);
	if (!slots) {
		stress_fail("no memory");
		return;
	}
	make(t);
	stress_name(&barrier, "the barrier");
	stress_run(t, serial_body);
	if (stress_barrier_plain * t->size != stress_ops(t))
		stress_fail("%" PRIu64 " were alone, in %" PRIu64 " rounds of all",
			stress_barrier_plain, stress_ops(t) / t->size);
	free(slots);
}

/*** Some give up: then nobody passes, and one of them has broken it ****************************/

enum { LATE_US = 200, TIMED_EVERY = 12, FIRED_EVERY = 6 };

static _Atomic uint64_t current, finished;
static _Atomic unsigned passed, serial, late, canceled, heard;
static pawl_cancel *source;	/* of the round: all can be canceled by it */
static bool calm;		/* of the round: nobody gives up */
static uint64_t rounds_passed, rounds_late, rounds_canceled;

static pawl_time choose_deadline(struct stress_worker *w)
{
	if (calm || stress_random(w, TIMED_EVERY) != 0)
		return PAWL_FOREVER;
	return pawl_after(PAWL_US(stress_random(w, LATE_US)));
}

static void count(int rc)
{
	if (rc <= 0)
		atomic_fetch_add(&passed, 1);
	if (rc == PAWL_BARRIER_SERIAL)
		atomic_fetch_add(&serial, 1);
	else if (rc == ETIMEDOUT)
		atomic_fetch_add(&late, 1);
	else if (rc == ECANCELED)
		atomic_fetch_add(&canceled, 1);
	else if (rc == EPIPE)
		atomic_fetch_add(&heard, 1);
	else if (rc != 0)
		stress_fail("pawl_barrier_wait_until returned %d", rc);
}

static void arrive(struct stress_worker *w)
{
	pawl_time deadline = choose_deadline(w);
	pawl_scope s;
	int rc;

	pawl_scope_enter(&s, PAWL_FOREVER, source, 0);
	rc = pawl_barrier_wait_until(&barrier, deadline);
	if (rc == ETIMEDOUT && pawl_now() < deadline)
		stress_fail("ETIMEDOUT came before the deadline");
	count(pawl_scope_leave(&s, rc));
	stress_done(w);
	atomic_fetch_add(&finished, 1);
}

static void check_round(const struct stress_team *t)
{
	unsigned gave_up = late + canceled;
	bool all = passed == t->size && serial == 1 && gave_up == 0 && heard == 0;
	bool none = passed == 0 && serial == 0 && gave_up == 1 && heard == t->size - 1;

	if (!all && (!none || calm))
		stress_fail("%u passed, %u of them alone; %u gave up, %u heard of it", passed,
			serial, gave_up, heard);
	rounds_passed += all;
	rounds_late += late;
	rounds_canceled += canceled;
	atomic_store(&passed, 0);
	atomic_store(&serial, 0);
	atomic_store(&late, 0);
	atomic_store(&canceled, 0);
	atomic_store(&heard, 0);
}

static void begin_round(struct stress_worker *w, uint64_t round)
{
	make(w->team);
	calm = stress_wants_waits(w->team);
	if (pawl_cancel_open(NULL, &source) != 0)
		stress_fail("pawl_cancel_open failed");
	atomic_store(&current, round);
}

static bool saw_all_ends(void)
{
	return rounds_passed > 0 && rounds_late > 0 && rounds_canceled > 0;
}

static void give_up_leader(struct stress_worker *w)
{
	for (uint64_t round = 1; stress_again(w) || !saw_all_ends(); round++) {
		pawl_time until;

		begin_round(w, round);
		if (calm)
			stress_hold_until(w, &barrier, w->team->size - 1);
		until = pawl_after(PAWL_US(stress_random(w, LATE_US)));
		while (pawl_now() < until)
			sched_yield();
		if (!calm && stress_random(w, FIRED_EVERY) == 0)
			pawl_cancel_fire(source, 1);
		arrive(w);
		while (atomic_load(&finished) < round * w->team->size)
			sched_yield();
		check_round(w->team);
		pawl_cancel_close(source);
	}
	atomic_store(&current, UINT64_MAX);
}

static void give_up_body(struct stress_worker *w)
{
	uint64_t round, last = 0;

	if (w->index == 0) {
		give_up_leader(w);
		return;
	}
	for (;; last = round) {
		while ((round = atomic_load(&current)) == last)
			sched_yield();
		if (round == UINT64_MAX)
			break;
		arrive(w);
	}
}

static void give_up_right(struct stress_team *t)
{
	stress_name(&barrier, "the barrier");
	stress_run(t, give_up_body);
	stress_note("passed", rounds_passed);
	stress_note("late", rounds_late);
	stress_note("canceled", rounds_canceled);
}

const struct stress_case stress_barrier_cases[] = {
	{
		.name = "barrier.serial",
		.about = "phases that exchange data; one of each does what is done once",
		.bad = "updates lost",
		.right = "PAWL_BARRIER_SERIAL",
		.symbol = "stress_barrier_plain",
		.racy = &stress_barrier_plain,
		.racy_size = sizeof stress_barrier_plain,
		.run_broken = all_broken,
		.run_right = serial_right,
	},
	{
		.name = "barrier.giveup",
		.about = "one gives up: it is broken for all, or all pass",
		.right = "pawl_barrier_wait_until",
		.run_right = give_up_right,
	},
	{ .name = NULL },
};
