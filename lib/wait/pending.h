/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pending.h - the ops that a completion queue knows of: by deadline, and all.
 *
 * For one thread at a time.  Needs no memory: it uses op->links_.
 */
#ifndef PAWL_WAIT_PENDING_H
#define PAWL_WAIT_PENDING_H

#include <pawl/op.h>

enum { PENDING_CHILD, PENDING_NEXT, PENDING_PREV };

struct pending {
	pawl_op *first;		/* of those with a deadline: the root of a heap */
	pawl_op *rest;		/* of those without: a list by links_[PENDING_NEXT] */
};

/* By its deadline. */
void pawl_i_pending_add(struct pending *p, pawl_op *op);

/* As one whose deadline does not count any more. */
void pawl_i_pending_keep(struct pending *p, pawl_op *op);

void pawl_i_pending_remove(struct pending *p, pawl_op *op);

/* Return: the instant of the next deadline; or PAWL_FOREVER. */
static inline pawl_time pending_next(const struct pending *p)
{
	return p->first ? p->first->deadline_ : PAWL_FOREVER;
}

#endif
