/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_any.c - the first of several things, of which others want some too. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/any.h>
#include <pawl/event.h>
#include <pawl/op.h>
#include <pawl/scope.h>
#include <pawl/sem.h>

#include "stress.h"

/*** Home-made: look which one is there, then take it ******************************************/

enum { BOTH = 2 };

static _Atomic int64_t loose[BOTH] = { 1, 1 };
static _Atomic uint64_t twice;		/* taken though nothing was there any more */

/* In BROKEN all are here at once in the last of STRESS_EVERY rounds. */
static void meet(struct stress_worker *w, uint64_t round)
{
	if (round % STRESS_EVERY != STRESS_EVERY - 1)
		return;
	if (w->team->mode == STRESS_BROKEN)
		stress_meet(w);
	else
		sched_yield();
}

/* Return: which of them is there; BOTH: none. */
static unsigned find_one(void)
{
	unsigned which = 0;

	while (which < BOTH && atomic_load(&loose[which]) <= 0)
		which++;
	return which;
}

static void peek_body(struct stress_worker *w)
{
	for (uint64_t round = 0; stress_again(w); round++) {
		unsigned which;

		meet(w, round);
		which = find_one();
		meet(w, round);
		if (which < BOTH && atomic_fetch_sub(&loose[which], 1) <= 0)
			atomic_fetch_add(&twice, 1);
		meet(w, round);
		if (which < BOTH)
			atomic_fetch_add(&loose[which], 1);
		stress_done(w);
	}
}

static void peek_broken(struct stress_team *t, struct stress_outcome *ret)
{
	stress_run(t, peek_body);
	ret->of = stress_ops(t);
	ret->bad = atomic_load(&twice);
	ret->least = stress_least(t);
}

/*** Right: two semaphores, an event, and the end of it all ************************************/

/* STOP first: else who finds a permit each time would not stop. */
enum { STOP, ONE, SOME, PULSE, LIST };
enum { PERMITS = 2 };		/* of SOME */

static pawl_sem one = PAWL_SEM_INIT(1), some = PAWL_SEM_INIT(PERMITS), nowhere;
static pawl_event pulse;
static pawl_any list[LIST];
static _Atomic uint64_t taken[LIST], timeouts, op_ends;

/* Written by who has the permit of ONE, or all of SOME; read by who has one. */
static uint64_t plain[LIST];

static void section(struct stress_worker *w, size_t which)
{
	uint64_t before = plain[which];

	stress_await(w);
	if (plain[which] != before)
		stress_fail("somebody had all permits, and another had one");
	if (which == ONE)
		plain[ONE] = before + 1;
	pawl_sem_release(list[which].object, 1);
}

/* Three in ten waits are timed.  Return: whether it goes on. */
static bool wait_round(struct stress_worker *w)
{
	pawl_time deadline = stress_random(w, 10) >= 3 ? PAWL_FOREVER :
		pawl_after(PAWL_US(stress_random(w, 200)) - PAWL_US(20));
	size_t which = LIST;
	int rc = pawl_wait_any(list, LIST, deadline, &which);

	if (rc == ETIMEDOUT) {
		if (deadline == PAWL_FOREVER || pawl_now() < deadline)
			stress_fail("ETIMEDOUT came before the deadline");
		atomic_fetch_add_explicit(&timeouts, 1, memory_order_relaxed);
		return true;
	}
	if (rc != 0 || which >= LIST) {
		stress_fail("pawl_wait_any returned %d, %zu", rc, which);
		return false;
	}
	atomic_fetch_add_explicit(&taken[which], 1, memory_order_relaxed);
	if (which == ONE || which == SOME)
		section(w, which);
	else
		sched_yield();	/* whoever set the event is about to clear it */
	return which != STOP;
}

/* An op of each worker waits for nothing, and is canceled: what stands for a wait is used for ops
 * and threads in turn. */
struct idler {
	pawl_op op;
	bool under_way, canceled;
};

static void idler_done(pawl_op *op, int rc)
{
	struct idler *i = pawl_op_user(op);

	if (rc != ECANCELED || !i->canceled)
		stress_fail("an op that waits for nothing ended with %d", rc);
	i->under_way = false;
	atomic_fetch_add_explicit(&op_ends, 1, memory_order_relaxed);
}

static void turn_idler(struct idler *i)
{
	i->canceled = i->under_way;
	if (i->under_way) {
		if (pawl_op_cancel(&i->op) != 0 || i->under_way)
			stress_fail("an op could not be canceled");
		return;
	}
	i->under_way = true;
	if (pawl_sem_acquire_op(&nowhere, &i->op) != EINPROGRESS)
		stress_fail("an op does not wait");
}

static void waiter_body(struct stress_worker *w)
{
	struct idler idler = { .under_way = false };

	pawl_op_init_inline(&idler.op, idler_done, &idler);
	while (wait_round(w)) {
		if (stress_random(w, 4) == 0)
			turn_idler(&idler);
		stress_done(w);
	}
	if (idler.under_way)
		turn_idler(&idler);
}

static void pulse_once(void)
{
	pawl_event_set(&pulse);
	pawl_event_clear(&pulse);
}

/* With all permits taken: who sleeps takes the event, unless its time is over, or the permits are
 * given before it runs; so at first they are kept until one has. */
static void pulse_sleeper(struct stress_worker *w)
{
	do {
		stress_hold_until(w, list, 1);
		pulse_once();
		sched_yield();
	} while (atomic_load_explicit(&taken[PULSE], memory_order_relaxed) == 0);
}

/* Take all permits; wait until somebody sleeps; give all of them, and perhaps an event, at once. */
static void leader(struct stress_worker *w)
{
	while (stress_again(w)) {
		bool wanted = stress_wants_waits(w->team);

		if (pawl_sem_acquire(&one) != 0 ||
		    pawl_sem_acquire_n(&some, PERMITS, PAWL_FOREVER) != 0)
			stress_fail("all permits could not be had");
		plain[ONE]++;
		plain[SOME]++;
		if (wanted)
			pulse_sleeper(w);
		else
			sched_yield();	/* so that others come to wait */
		if (!wanted && stress_random(w, 4) == 0)
			pulse_once();
		pawl_sem_release(&some, PERMITS);
		pawl_sem_release(&one, 1);
		stress_done(w);
	}
	pawl_cancel_fire(list[STOP].object, 1);
}

static void any_body(struct stress_worker *w)
{
	if (w->index == 0)
		leader(w);
	else
		waiter_body(w);
}

/* All have ended. */
static void judge(const struct stress_team *t)
{
	stress_note("timeouts", atomic_load(&timeouts));
	stress_note("events", atomic_load(&taken[PULSE]));
	stress_note("ops", atomic_load(&op_ends));
	for (size_t i = 0; i < LIST; i++)
		if (atomic_load(&taken[i]) == 0)
			stress_fail("none of place %zu of the list was taken", i);
	if (atomic_load(&timeouts) == 0)
		stress_fail("no wait timed out");
	if (atomic_load(&taken[STOP]) != t->size - 1)
		stress_fail("the cancel was taken %" PRIu64 " times", atomic_load(&taken[STOP]));
	if (pawl_sem_value(&one) != 1 || pawl_sem_value(&some) != PERMITS)
		stress_fail("there are %" PRId64 " and %" PRId64 " permits in the end",
			pawl_sem_value(&one), pawl_sem_value(&some));
	if (one.queue_ != 0 || some.queue_ != 0 || nowhere.queue_ != 0 || pulse.queue_ != 0)
		stress_fail("somebody is left in a queue");
}

static void any_right(struct stress_team *t)
{
	pawl_cancel *stop;

	if (pawl_cancel_open(NULL, &stop) != 0) {
		stress_fail("no memory");
		exit(1);
	}
	list[ONE] = (pawl_any){ PAWL_ANY_SEM, &one };
	list[SOME] = (pawl_any){ PAWL_ANY_SEM, &some };
	list[PULSE] = (pawl_any){ PAWL_ANY_EVENT, &pulse };
	list[STOP] = (pawl_any){ PAWL_ANY_CANCEL, stop };
	stress_name(list, "the list");
	stress_run(t, any_body);
	judge(t);
	pawl_cancel_close(stop);
}

const struct stress_case stress_any_cases[] = {
	{
		.name = "any.peek",
		.about = "look which of two is there, then take it",
		.bad = "permits taken twice",
		.right = "pawl_wait_any",
		.run_broken = peek_broken,
		.run_right = any_right,
	},
	{ .name = NULL },
};
