/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_event.c - events that are set for a moment; a latch to gather, and a future to answer. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/event.h>

#include "mixed.h"
#include "stress.h"

static void check_early_end(const char *call, int err)
{
	if (err != ETIMEDOUT && err != ECANCELED)
		stress_fail("%s returned %d", call, err);
}

/*** Worker 0 pulses, until all have seen its generation ***************************************/

static pawl_event pulsed;
static uint64_t generation;			/* ordered by the event, and by finished */
static bool over;
static _Atomic uint64_t seen, finished;

static void pass_pulse(struct stress_worker *w)
{
	struct mixed x;
	int err;

	do {
		pawl_time deadline = mixed_begin(&x, w);

		err = mixed_end(&x, w, deadline == PAWL_FOREVER ? pawl_event_wait(&pulsed) :
				pawl_event_wait_until(&pulsed, deadline));
		if (err != 0)
			check_early_end("pawl_event_wait_until", err);
	} while (err != 0);
}

/* Who gives up just then misses a pulse: so there are several, if need be. */
static void pulse_until_all_have_seen(uint64_t others)
{
	while (atomic_load(&seen) < others) {
		pawl_event_set(&pulsed);
		pawl_event_clear(&pulsed);
		sched_yield();
	}
}

static void pulse_leader(struct stress_worker *w)
{
	uint64_t others = w->team->size - 1;

	while (stress_again(w)) {
		if (stress_wants_waits(w->team))
			stress_hold_until(w, &pulsed, (unsigned)others);
		mixed_fire(w, 1, w->team->size);
		atomic_store(&seen, 0);
		generation++;
		pulse_until_all_have_seen(others);
		stress_done(w);
		atomic_store(&finished, generation);
	}
	over = true;
	pawl_event_set(&pulsed);
}

static void pulse_body(struct stress_worker *w)
{
	if (w->index == 0) {
		pulse_leader(w);
		return;
	}
	for (uint64_t last = 0;;) {
		pass_pulse(w);
		if (over)
			break;
		if (generation != ++last)
			stress_fail("passed in generation %" PRIu64 ", not %" PRIu64, generation,
				last);
		atomic_fetch_add(&seen, 1);
		stress_done(w);
		/* The pulses of this generation are over, and let pass nobody who comes now. */
		while (atomic_load(&finished) < last)
			sched_yield();
	}
}

static void pulse_right(struct stress_team *t)
{
	stress_name(&pulsed, "the event");
	mixed_open(t);
	stress_run(t, pulse_body);
	mixed_close();
	if (generation * t->size != stress_ops(t))
		stress_fail("%" PRIu64 " generations, but %" PRIu64 " rounds", generation,
			stress_ops(t));
	if (!pawl_event_is_set(&pulsed))
		stress_fail("the event is not set in the end");
}

/*** All arrive at a latch, worker 0 answers all by a future ***********************************/

enum { ANSWER = 1000 };		/* rc of the futures: no error number of ours */

/* The value of its future is the next one, NULL: none. */
struct fan {
	pawl_latch arrived;
	pawl_future answer;
	uint64_t number;
	_Atomic unsigned left;		/* who have not let go of it; the last one frees it */
	uint64_t parts[];		/* of each worker, ordered by the latch */
};

static struct fan *first;

static struct fan *fan_new(const struct stress_team *t, uint64_t number)
{
	struct fan *f = calloc(1, sizeof *f + t->size * sizeof f->parts[0]);

	if (!f) {
		stress_fail("no memory");
		exit(1);
	}
	f->number = number;
	atomic_init(&f->left, t->size);
	if (pawl_latch_init(&f->arrived, t->size - 1) != 0)
		stress_fail("pawl_latch_init failed");
	return f;
}

static void fan_let_go(struct fan *f)
{
	if (atomic_fetch_sub(&f->left, 1) == 1)
		free(f);
}

static void gather(struct stress_worker *w, struct fan *f)
{
	struct mixed x;
	int err;

	do {
		pawl_time deadline = mixed_begin(&x, w);

		err = mixed_end(&x, w, pawl_latch_wait_until(&f->arrived, deadline));
		if (err != 0)
			check_early_end("pawl_latch_wait_until", err);
	} while (err != 0);
	for (unsigned i = 1; i < w->team->size; i++)
		if (f->parts[i] != f->number + i)
			stress_fail("the part of worker %u is missing", i);
}

static void fan_leader(struct stress_worker *w, struct fan *f)
{
	for (struct fan *next = f; next; f = next) {
		gather(w, f);
		if (stress_wants_waits(w->team))
			stress_hold_until(w, &f->answer, w->team->size - 1);
		mixed_fire(w, 1, w->team->size);
		next = stress_again(w) ? fan_new(w->team, f->number + 1) : NULL;
		if (pawl_future_set(&f->answer, ANSWER, next) != 0)
			stress_fail("a future was set before");
		stress_done(w);
		fan_let_go(f);
	}
}

static struct fan *await_answer(struct stress_worker *w, struct fan *f)
{
	void *next = f;
	struct mixed x;
	int err;

	do {
		pawl_time deadline = mixed_begin(&x, w);

		err = mixed_end(&x, w, pawl_future_wait_until(&f->answer, deadline, &next));
		if (err != ANSWER)
			check_early_end("pawl_future_wait_until", err);
		if ((err == ANSWER) == (next == f))
			stress_fail("a value came without a result, or a result without");
	} while (err != ANSWER);
	return next;
}

static void fan_body(struct stress_worker *w)
{
	struct fan *f = first;

	if (w->index == 0) {
		fan_leader(w, f);
		return;
	}
	for (struct fan *next; f; f = next) {
		f->parts[w->index] = f->number + w->index;
		pawl_latch_arrive(&f->arrived);
		next = await_answer(w, f);
		stress_done(w);
		fan_let_go(f);
	}
}

static void fan_right(struct stress_team *t)
{
	first = fan_new(t, 0);
	mixed_open(t);
	stress_run(t, fan_body);
	mixed_close();
	if (stress_ops(t) % t->size != 0)
		stress_fail("not all went through all rounds");
}

const struct stress_case stress_event_cases[] = {
	{
		.name = "event.pulse",
		.about = "set and cleared at once; all who waited pass, and nobody twice",
		.right = "pawl_event",
		.run_right = pulse_right,
	},
	{
		.name = "event.fan",
		.about = "all arrive, one answers all; freed by the last",
		.right = "pawl_latch, pawl_future",
		.run_right = fan_right,
	},
	{ .name = NULL },
};
