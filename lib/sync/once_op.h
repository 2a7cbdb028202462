/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * once_op.h - a pawl_once for ops: in parts, for who runs what where is up to the caller.
 *
 * An op that is told GRANT sees it done.  One that is told RETRY has the role of the runner,
 * and has to run or resign.
 */
#ifndef PAWL_SYNC_ONCE_OP_H
#define PAWL_SYNC_ONCE_OP_H

#include <pawl/once.h>

#include "wait/op.h"

/*
 * Run @fn if nobody does; else have @op wait, for @object.
 *
 * Return: 0: it is done; what @fn returned; ENOMEM; EDEADLK: the caller runs it.  Or with
 * *@ret_waited, which was false, EINPROGRESS, or what @verb made of an answer that came at once.
 */
int pawl_i_once_do_op(pawl_once *o, int (*fn)(void *arg), void *arg, pawl_op *op,
	const struct op_verb *verb, void *object, bool *ret_waited);

/* For who has an op's role: run @fn.  Return: what it returned. */
int pawl_i_once_run_for_op(pawl_once *o, int (*fn)(void *arg), void *arg);

/* For the same: leave that to the next in line. */
void pawl_i_once_resign_for_op(pawl_once *o);

#endif
