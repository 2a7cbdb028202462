/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * choose.h - how the choices of a run are made.
 *
 * A choice among n is a number below n; 0 is the simplest: the thread goes on, the load sees
 * the newest store, the allocation succeeds.  The n-th choice of a thread has the same name in
 * similar runs: "2.14=1" is thread 2's 14th choice, and a schedule is a list of those that are
 * not 0.  So a schedule can be cut down: what is taken out becomes 0.
 */
#ifndef EXPLORER_CHOOSE_H
#define EXPLORER_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explorer/engine.h"

enum strategy { RANDOM, PCT, SEARCH, REPLAY };

struct pick {
	uint16_t thread, option;
	uint32_t number;	/* of the thread's choices, from 1 */
};

enum { PICKS_MAX = STEPS_MAX };

struct schedule {
	size_t count;
	struct pick picks[PICKS_MAX];
};

struct chooser {
	enum strategy strategy;
	uint64_t seed;		/* RANDOM, PCT: of this run */
	unsigned depth;		/* PCT: change points and one */
	unsigned length;	/* PCT: measured number of points of a run */
	bool recording;		/* keep what was chosen in ->made */
	struct schedule made;
	const struct schedule *replayed;
};

extern struct chooser chooser;

void choose_begin(void);	/* before each run */
unsigned choose_points(void);	/* after it: at how many points there was a choice */

/* "2.14=1 3.2=1"; "0.0=0", or none: all 0.  Return: false: it is no schedule. */
bool schedule_parse(const char *text, struct schedule *ret);
void schedule_print(const struct schedule *s, char *buffer, size_t size);

#endif
