/* SPDX-License-Identifier: BSD-2-Clause */
/* child.h - the process of one variant. */
#ifndef STRESS_CHILD_H
#define STRESS_CHILD_H

#include "stress.h"

struct child_options {
	const struct stress_case *of;
	enum stress_mode mode;
	unsigned threads;
	double duration, watchdog;
	uint64_t seed;
};

/*
 * Run a variant and write what came of it to standard output, one "key value" a line,
 * as spawn.c reads it.
 *
 * Return: the exit status: 0, or 1 when an invariant of a right variant did not hold.
 * The watchdog ends the process with STRESS_EXIT_STUCK.
 */
int child_run(const struct child_options *o);

/* A thread that ends the process when none of the team makes progress. */
void watchdog_start(struct stress_team *t, const struct child_options *o);

/* Show what the objects are called, to standard error. */
void child_show_names(void);

/* The lines of pawl_dump(), to be freed; NULL if that is impossible. */
char *dump_text(int *fd);

/* Call @fn for each of the team that sleeps for @object; NULL: for anything. */
void for_each_sleeper(struct stress_team *t, int *dump_fd, const void *object,
	void (*fn)(struct stress_worker *sleeper, void *arg), void *arg);

#endif
