/* SPDX-License-Identifier: BSD-2-Clause */
/* explore.c - see explore.h. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "explorer/engine.h"
#include "explorer/explore.h"

enum {
	LOOK_AT_CLOCK = 256,	/* runs between two looks at the time */
	MEASURES = 64
};

static struct schedule failing;
static char failing_reason[REASON_MAX];

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct bounds explore_bounds(const struct model *m, struct bounds usual)
{
	if (m->preemptions != 0 && m->preemptions < usual.preemptions)
		usual.preemptions = m->preemptions;
	if (m->deviations != 0 && m->deviations < usual.deviations)
		usual.deviations = m->deviations;
	return usual;
}

const char *explore_name(const struct plan *plan)
{
	static char name[32];

	switch (plan->strategy) {
	case PCT:
		snprintf(name, sizeof name, "pct %u", plan->depth);
		break;
	case SEARCH:
		snprintf(name, sizeof name, "search %u/%u", plan->bounds.preemptions,
			 plan->bounds.deviations);
		break;
	case RANDOM:
		return "random";
	case REPLAY:
		return "replay";
	}
	return name;
}

static void note_failure(struct result *r)
{
	r->failed = true;
	r->seed = chooser.seed;
	failing = chooser.made;
	memcpy(failing_reason, engine.reason, sizeof failing_reason);
	r->reason = failing_reason;
	r->schedule = &failing;
}

/* By a few runs at random, always the same: so that a seed means the same run always. */
static unsigned measure_length(const struct model *m)
{
	unsigned sum = 0;

	chooser.strategy = RANDOM;
	for (chooser.seed = 1; chooser.seed <= MEASURES; chooser.seed++) {
		choose_begin();
		run(m);
		sum += choose_points();
	}
	return sum / MEASURES + 1;
}

static void begin(const struct model *m, const struct plan *plan)
{
	if (plan->strategy == PCT)
		chooser.length = measure_length(m);

	chooser.strategy = plan->strategy;
	chooser.depth = plan->depth;
	chooser.seed = plan->seed;
	engine.sharing_grew = false;
	if (plan->strategy == SEARCH)
		search_start(plan->bounds);
}

/* Go on to the next run.  Return: false: there is none. */
static bool next(struct result *r)
{
	if (r->plan.strategy != SEARCH) {
		chooser.seed++;
		return r->runs < r->plan.runs;
	}
	if (engine.sharing_grew) {
		/* There are points that were none before: from the beginning. */
		engine.sharing_grew = false;
		search_start(r->plan.bounds);
		return true;
	}
	return search_next();
}

struct result explore(const struct model *m, const struct plan *plan, after_fn *after, void *arg)
{
	struct result r = { .plan = *plan };
	uint64_t points_before = engine.points;
	double start = seconds_now();

	begin(m, plan);
	do {
		if (r.runs % LOOK_AT_CLOCK == 0 && seconds_now() - start > plan->seconds)
			break;
		choose_begin();
		run(m);
		r.runs++;
		r.sleeps += engine.sleeps;
		r.stuck += engine.outcome == STUCK;
		if (engine.outcome == FAILED)
			note_failure(&r);
		else if (after)
			after(m, arg);
	} while (!r.failed && (r.exhausted = !next(&r), !r.exhausted));
	r.points = engine.points - points_before;
	r.states = plan->strategy == SEARCH ? search_states() : 0;
	r.time = seconds_now() - start;
	return r;
}
