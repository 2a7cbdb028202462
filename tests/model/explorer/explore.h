/* SPDX-License-Identifier: BSD-2-Clause */
/* explore.h - many runs of a model, by one strategy. */
#ifndef EXPLORER_EXPLORE_H
#define EXPLORER_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

#include "explorer/choose.h"
#include "explorer/search.h"

struct plan {
	enum strategy strategy;
	unsigned depth;			/* PCT */
	struct bounds bounds;		/* SEARCH */
	uint64_t seed, runs;		/* RANDOM, PCT: seeds from ->seed on */
	double seconds;			/* at most */
};

struct result {
	struct plan plan;
	uint64_t runs, points, states, sleeps, stuck;
	double time;
	bool exhausted;			/* SEARCH: all was seen; else: all runs were made */
	bool failed;
	uint64_t seed;			/* of the failed run */
	const char *reason;		/* of the failure; valid until the next call */
	struct schedule *schedule;	/* the same */
};

/* Called after each run that did not fail; may be NULL. */
typedef void after_fn(const struct model *m, void *arg);

/* Explore @m until it fails. */
struct result explore(const struct model *m, const struct plan *plan, after_fn *after, void *arg);

/* Bounds of a search of @m: its own, where it has some. */
struct bounds explore_bounds(const struct model *m, struct bounds usual);

/* "search 3/1", "random", "pct 3". */
const char *explore_name(const struct plan *plan);

#endif
