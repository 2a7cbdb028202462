/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limit.h - when a wait has to end without an answer.  Uses: platform, scope, cancel.
 *
 * One per call, made before its first wait; a call may wait several times under it.  Once it
 * is reached it stays so.  If the scopes and the call's own deadline end it both, it is
 * ECANCELED: so a loop that comes again after ETIMEDOUT ends, whatever its deadlines are.
 */
#ifndef PAWL_WAIT_LIMIT_H
#define PAWL_WAIT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include <pawl/scope.h>

struct limit {
	pawl_time deadline;	/* of the call */
	pawl_scope *scope;	/* innermost of the thread; NULL: none, or it does not count */
	int err;		/* once it is reached: ETIMEDOUT or ECANCELED */
	bool expired;		/* the latter, by the deadline of a scope */
};

/* For calls that no scope ends. */
static inline struct limit limit_none(void)
{
	return (struct limit){ .deadline = PAWL_FOREVER };
}

/* @deadline, and the scopes that the calling thread is in. */
struct limit pawl_i_limit(pawl_time deadline);

/* Return: whether it is reached; then ->err says how. */
bool pawl_i_limit_reached(struct limit *l);

/* Return: the instant at which it will be reached at the latest. */
pawl_time pawl_i_limit_instant(const struct limit *l);

/* Return: bits of what may cancel it, see cancel.h. */
uint64_t pawl_i_limit_cancels(const struct limit *l);

/* What to return when it was reached, noted in the scope whose deadline it was.  Says so, once
 * in the process's life, if the deadline must be a duration. */
int pawl_i_limit_error(const struct limit *l);

#endif
