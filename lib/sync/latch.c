/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * latch.c - pawl/latch.h.  Uses: platform, wait.
 *
 * word = arrivals that are missing << 32 | announces and SLEEPS (gate.h); open: none is.
 *
 *	n --J2 arrive--> n - 1 ... 1 --H3 the last--> 0
 */
#include "config.h"

#include <pawl/atomic.h>
#include <pawl/latch.h>

#include "platform/fatal.h"
#include "platform/hb.h"
#include "sync/gates.h"

static uint32_t missing(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

static enum gate_look look(uint64_t word, uint64_t seen)
{
	(void)seen;
	return missing(word) == 0 ? GATE_PASS : GATE_WAIT;
}

struct gate pawl_i_latch_gate(pawl_latch *l)
{
	return (struct gate){
		.kind = "latch", .object = l, .word = &l->word_, .queue = &l->queue_, .look = look,
	};
}

int pawl_latch_init(pawl_latch *l, uint32_t count)
{
	*l = (pawl_latch)PAWL_LATCH_INIT(count);
	return 0;
}

/* Arrive when the word is *@word.  False: it was not, and *@word is what it was. */
static bool arrive(pawl_latch *l, uint64_t *word)
{
	uint64_t next = *word - GATE_EPOCH;

	if (missing(*word) == 0)
		pawl_i_misuse("pawl_latch_arrive", "latch", l, "is open: all have arrived", 0);
	if (missing(next) == 0)
		return pawl_i_gate_open_wide(&l->word_, &l->queue_, word, next, GRANT, 1);
	/* J2 release: pairs with H1, H3.  What was done before the arrival; the failure as J1. */
	return pawl_cas_weak_(&l->word_, word, next, release, acquire);
}

void pawl_latch_arrive(pawl_latch *l)
{
	/* J1 acquire: pairs with H2.  Those who announced themselves. */
	uint64_t word = pawl_load_(&l->word_, acquire);

	hb_release(l);
	while (!arrive(l, &word))
		;
}

int pawl_latch_wait_until(pawl_latch *l, pawl_time deadline)
{
	struct gate g = pawl_i_latch_gate(l);

	return pawl_i_gate_wait(&g, deadline);
}

static const struct op_verb wait = { "pawl_latch_wait_op", pawl_i_gate_finish };

int pawl_latch_wait_op(pawl_latch *l, pawl_op *op)
{
	struct gate g = pawl_i_latch_gate(l);

	return pawl_i_gate_wait_op(&g, op, &wait);
}
