/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_once.c - initialisers that fail, and are taken over by who waits. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>

#include <pawl/once.h>

#include "mixed.h"
#include "stress.h"

enum { CLOSED = -1 };

static pawl_once once;
static int64_t data;		/* what the initialiser makes */
static uint64_t failures_due;	/* of this round; set before it begins */
static _Atomic int64_t current;
static _Atomic uint64_t runs, failures, finished;

static int initialise(void *arg)
{
	struct stress_worker *w = arg;
	uint64_t before = atomic_fetch_add_explicit(&runs, 1, memory_order_relaxed);

	/* The first one of a round keeps the others waiting. */
	if (before == 0 && stress_wants_waits(w->team))
		stress_hold_until(w, &once, w->team->size - 1);
	if (before == 0) {
		mixed_fire(w, 0, w->index);
		mixed_fire(w, w->index + 1, w->team->size);
	}
	if (before < failures_due)
		return EIO;
	data = atomic_load_explicit(&current, memory_order_relaxed);
	return 0;
}

static int try(struct stress_worker *w)
{
	struct mixed x;
	pawl_time deadline = mixed_begin(&x, w);
	int err = deadline == PAWL_FOREVER ? pawl_once_do(&once, initialise, w) :
		pawl_once_do_until(&once, initialise, w, deadline);

	return mixed_end(&x, w, err);
}

static void use(struct stress_worker *w, int64_t round)
{
	int err;

	while ((err = try(w)) != 0) {
		if (err == EIO)
			atomic_fetch_add_explicit(&failures, 1, memory_order_relaxed);
		else if (err != ETIMEDOUT && err != ECANCELED)
			stress_fail("pawl_once_do returned %d", err);
	}
	if (!pawl_once_is_done(&once))
		stress_fail("it is not done");
	if (data != round)
		stress_fail("the data is of round %" PRId64 ", not %" PRId64, data, round);
	stress_done(w);
}

static void check_round(void)
{
	if (atomic_load(&runs) != failures_due + 1)
		stress_fail("%" PRIu64 " initialisers ran, of which %" PRIu64 " were to fail",
			atomic_load(&runs), failures_due);
	if (atomic_load(&failures) != failures_due)
		stress_fail("%" PRIu64 " initialisers failed, and %" PRIu64 " callers heard of it",
			failures_due, atomic_load(&failures));
}

static void leader(struct stress_worker *w)
{
	uint64_t others = w->team->size - 1;

	for (int64_t round = 1; stress_again(w); round++) {
		memset(&once, 0, sizeof once);
		failures_due = stress_random(w, w->team->size);
		atomic_store(&runs, 0);
		atomic_store(&failures, 0);
		atomic_store(&current, round);
		use(w, round);
		while (atomic_load(&finished) < (uint64_t)round * others)
			sched_yield();
		check_round();
	}
	atomic_store(&current, CLOSED);
}

static void body(struct stress_worker *w)
{
	int64_t round, last = 0;

	if (w->index == 0) {
		leader(w);
		return;
	}
	for (;; last = round) {
		while ((round = atomic_load(&current)) == last)
			sched_yield();
		if (round == CLOSED)
			break;
		use(w, round);
		atomic_fetch_add(&finished, 1);
	}
}

static void takeover_right(struct stress_team *t)
{
	stress_name(&once, "the once");
	mixed_open(t);
	stress_run(t, body);
	mixed_close();
}

const struct stress_case stress_once_cases[] = {
	{
		.name = "once.takeover",
		.about = "of initialisers that fail the next in line takes over; one succeeds",
		.right = "pawl_once",
		.run_right = takeover_right,
	},
	{ .name = NULL },
};
