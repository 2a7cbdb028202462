/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_loops.h - ops for cases of any kind.  One worker in four waits with ops of its queue only, of
 * which three in ten are timed and some canceled; each other one has an inline op, done by whoever
 * grants it.
 */
#ifndef STRESS_OP_LOOPS_H
#define STRESS_OP_LOOPS_H

#include <pawl/op.h>

#include "stress.h"

/* An op is started as one of @kinds, at random. */
struct op_loops_verbs {
	unsigned kinds;
	int (*start)(pawl_op *op, unsigned kind);
	/* Use what was granted, and let it go.  @w: NULL: on any thread, do nothing slow. */
	void (*use)(struct stress_worker *w, unsigned kind);
};

/* Around a case that uses the others.  close: all threads have ended, so that no op may still wait;
 * note the ends, each of which must have been seen. */
void op_loops_open(struct stress_team *t, const struct op_loops_verbs *verbs);
void op_loops_close(const struct stress_team *t);

/* Return: whether @w is one that waits with ops only. */
bool op_loops_is_one(const struct stress_worker *w);

/* All that it does. */
void op_loops_body(struct stress_worker *w);

/* For another one: start its op, or cancel it if it waits. */
void op_loops_turn(struct stress_worker *w);

/* Return: whether ops have timed out, and were canceled, so far. */
bool op_loops_saw_ends(void);

#endif
