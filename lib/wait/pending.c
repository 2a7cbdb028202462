/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pending.c - see pending.h.
 *
 * A pairing heap: each op's children have deadlines that are not earlier.
 *
 *	links_[CHILD]	its first child
 *	links_[NEXT]	its next sibling
 *	links_[PREV]	its sibling before; of a first child, the parent; of the root, NULL
 */
#include "config.h"

#include <stddef.h>

#include "wait/pending.h"

enum { CHILD = PENDING_CHILD, NEXT = PENDING_NEXT, PREV = PENDING_PREV };

/* Of two roots without siblings, the earlier, with the other below it. */
static pawl_op *merge(pawl_op *a, pawl_op *b)
{
	pawl_op *top = b->deadline_ < a->deadline_ ? b : a, *below = top == a ? b : a;

	below->links_[NEXT] = top->links_[CHILD];
	if (below->links_[NEXT])
		below->links_[NEXT]->links_[PREV] = below;
	below->links_[PREV] = top;
	top->links_[CHILD] = below;
	return top;
}

/* Take the first two of *@ret_rest off, merged; or the first, if there is one only. */
static pawl_op *take_pair(pawl_op **ret_rest)
{
	pawl_op *a = *ret_rest, *b = a->links_[NEXT];

	*ret_rest = b ? b->links_[NEXT] : NULL;
	a->links_[NEXT] = a->links_[PREV] = NULL;
	if (!b)
		return a;
	b->links_[NEXT] = b->links_[PREV] = NULL;
	return merge(a, b);
}

/* Make one of the siblings from @list on: pairs of them from left to right, then those
 * from right to left. */
static pawl_op *merge_all(pawl_op *list)
{
	pawl_op *pairs = NULL, *root, *next;

	while (list) {
		pawl_op *pair = take_pair(&list);

		pair->links_[NEXT] = pairs;
		pairs = pair;
	}
	if (!pairs)
		return NULL;
	root = pairs;
	pairs = root->links_[NEXT];
	root->links_[NEXT] = NULL;
	for (; pairs; pairs = next) {
		next = pairs->links_[NEXT];
		pairs->links_[NEXT] = NULL;
		root = merge(root, pairs);
	}
	return root;
}

static void unlink_op(pawl_op *op)
{
	pawl_op *prev = op->links_[PREV], *next = op->links_[NEXT];

	if (prev)
		prev->links_[prev->links_[CHILD] == op ? CHILD : NEXT] = next;
	if (next)
		next->links_[PREV] = prev;
	op->links_[PREV] = op->links_[NEXT] = NULL;
}

void pawl_i_pending_add(struct pending *p, pawl_op *op)
{
	if (op->deadline_ == PAWL_FOREVER) {
		pawl_i_pending_keep(p, op);
		return;
	}
	op->links_[CHILD] = op->links_[PREV] = op->links_[NEXT] = NULL;
	p->first = p->first ? merge(p->first, op) : op;
}

void pawl_i_pending_keep(struct pending *p, pawl_op *op)
{
	op->links_[CHILD] = op->links_[PREV] = NULL;
	op->links_[NEXT] = p->rest;
	if (p->rest)
		p->rest->links_[PREV] = op;
	p->rest = op;
}

void pawl_i_pending_remove(struct pending *p, pawl_op *op)
{
	pawl_op *below;

	if (p->rest == op)
		p->rest = op->links_[NEXT];
	unlink_op(op);
	below = merge_all(op->links_[CHILD]);
	op->links_[CHILD] = NULL;
	if (p->first == op)
		p->first = below;
	else if (below)
		p->first = merge(p->first, below);
}
