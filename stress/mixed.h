/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mixed.h - waits of which three in ten have a deadline, of the call or of a scope around it, and
 * one in ten can be canceled by another thread.
 *
 *	pawl_time deadline = mixed_begin(&x, w);
 *	err = mixed_end(&x, w, pawl_..._until(..., deadline));
 */
#ifndef STRESS_MIXED_H
#define STRESS_MIXED_H

#include <pawl/scope.h>
#include <pawl/time.h>

#include "stress.h"

enum mixed_kind { MIXED_PLAIN, MIXED_TIMED, MIXED_CANCELED };

struct mixed {
	enum mixed_kind kind;
	bool scoped;		/* inside a scope of ours */
	pawl_scope scope;
	pawl_cancel *source;	/* NULL: nothing cancels it */
	pawl_time deadline;
};

/* Around a case that uses the others.  close: none of them ended early is a failure. */
void mixed_open(struct stress_team *t);
void mixed_close(void);

/* Return: the deadline to wait with. */
pawl_time mixed_begin(struct mixed *x, struct stress_worker *w);

/* Return: @rc, but ETIMEDOUT if it was a scope's deadline; and fail if that can't be. */
int mixed_end(struct mixed *x, struct stress_worker *w, int rc);

/*
 * Cancel those waits of the workers from @begin to before @end that can be.  What they wait for
 * is not to be had meanwhile; so @w can wait, in the first of its rounds and once in a while, until
 * all of them have ended by that.  In other rounds the cancel may meet the grant.
 */
void mixed_fire(struct stress_worker *w, unsigned begin, unsigned end);

/* How many timed out, and were canceled, so far. */
uint64_t mixed_timeouts(void);
uint64_t mixed_cancels(void);

#endif
