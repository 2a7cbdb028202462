/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cancel.c - the sources of pawl/scope.h.  Uses: atomic, platform, context.
 *
 * reason:  0 --L1 fire--> why, final
 *
 * A source does not know who waits under it: fire wakes all contexts that say, by a bit, that
 * they might.  So nothing has to be taken off a list when a wait ends, nothing allocated when
 * one begins, and only contexts, which are never unmapped, are touched across threads.
 *
 * w[reason] L1, r[cancels] X14 in fire; w[cancels] P22, r[reason] L2 in the waiter; all
 * seq_cst: either fire sees the waiter, or the waiter sees the reason.  The same with the
 * registry's X1 and X4 for a waiter whose context is made at that time.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include <pawl/atomic.h>
#include <pawl/scope.h>

#include "platform/fatal.h"
#include "platform/hb.h"
#include "platform/memory.h"
#include "wait/cancel.h"
#include "wait/context.h"

struct pawl_cancel {
	uint64_t reason;	/* int, not 0 once it was fired */
	uint64_t references;
	pawl_cancel *parent;	/* constant; has a reference of ours */
	uint64_t bit;		/* constant */
};

int pawl_cancel_open(pawl_cancel *parent, pawl_cancel **ret_source)
{
	pawl_cancel *c = pawl_i_memory_get(sizeof *c, sizeof(void *));

	if (!c)
		return ENOMEM;
	c->references = 1;
	c->parent = parent ? pawl_cancel_ref(parent) : NULL;
	/* Fibonacci hashing, to one of 64. */
	c->bit = (uint64_t)1 << ((uint64_t)(uintptr_t)c * UINT64_C(0x9e3779b97f4a7c15) >> 58);
	*ret_source = c;
	return 0;
}

void pawl_cancel_fire(pawl_cancel *c, int reason)
{
	uint64_t none = 0;

	if (reason == 0)
		pawl_i_misuse("pawl_cancel_fire", "cancel", c, "is fired without a reason", 0);
	hb_release(c);
	/* L1 seq_cst: pairs with L2.  What the caller did before; and see the head.  The failure
	 * too, as who was first may not have come to the wakes yet. */
	(void)pawl_cas_(&c->reason, &none, (uint32_t)reason, seq_cst, seq_cst);
	pawl_i_context_cancel(c->bit);
}

int pawl_cancel_reason(const pawl_cancel *c)
{
	uint64_t reason;

	do {
		/* L2 seq_cst: pairs with L1.  What was done before it was fired. */
		reason = pawl_load_(&c->reason, seq_cst);
		if (reason != 0)
			hb_acquire(c);
		c = c->parent;
	} while (reason == 0 && c);
	return (int)(uint32_t)reason;
}

uint64_t pawl_i_cancel_bits(const pawl_cancel *c)
{
	uint64_t bits = 0;

	for (; c; c = c->parent)
		bits |= c->bit;
	return bits;
}

pawl_cancel *pawl_cancel_ref(pawl_cancel *c)
{
	/* L3 relaxed: the caller has one, so it stays. */
	(void)pawl_fetch_add_(&c->references, 1, relaxed);
	return c;
}

/* Return: whether it was the last reference. */
static bool put(pawl_cancel *c)
{
	hb_release(c);
	/* L4 acq_rel: pairs with L4.  What others did with it, before it goes. */
	if (pawl_fetch_sub_(&c->references, 1, acq_rel) != 1)
		return false;
	hb_acquire(c);
	return true;
}

void pawl_cancel_close(pawl_cancel *c)
{
	pawl_cancel *parent = c->parent;

	while (put(c)) {
		pawl_i_memory_put(c);
		if (!parent)
			break;
		c = parent;
		parent = c->parent;
	}
}
