/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * future.c - pawl/future.h.  Uses: wait.
 *
 * word = TAKEN << 32 | announces and SLEEPS | SET (gate.h)
 *
 *	0 --A1 set, who writes the result--> TAKEN --H3--> TAKEN|SET
 */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>
#include <pawl/future.h>

#include "platform/hb.h"
#include "sync/gates.h"

#define TAKEN GATE_EPOCH

static enum gate_look look(uint64_t word, uint64_t seen)
{
	(void)seen;
	return word & GATE_OPEN ? GATE_PASS : GATE_WAIT;
}

struct gate pawl_i_future_gate(pawl_future *f)
{
	return (struct gate){
		.kind = "future", .object = f, .word = &f->word_, .queue = &f->queue_, .look = look,
	};
}

int pawl_future_set(pawl_future *f, int rc, void *value)
{
	/* A1 acquire: pairs with H2.  Those who announced themselves. */
	uint64_t word = pawl_fetch_or_(&f->word_, TAKEN, acquire);

	if (word & TAKEN)
		return EALREADY;
	word |= TAKEN;
	f->rc_ = rc;
	f->value_ = value;
	hb_release(f);
	while (!pawl_i_gate_open_wide(&f->word_, &f->queue_, &word, word | GATE_OPEN, GRANT, 1))
		;
	return 0;
}

/* Return: the result's rc. */
static int result(pawl_future *f, void **ret_value)
{
	if (ret_value)
		*ret_value = f->value_;
	return f->rc_;
}

int pawl_future_wait_until(pawl_future *f, pawl_time deadline, void **ret_value)
{
	struct gate g = pawl_i_future_gate(f);
	int rc = pawl_i_gate_wait(&g, deadline);

	return rc == 0 ? result(f, ret_value) : rc;
}

static int finish(pawl_op *op, uint32_t answer, bool closing)
{
	int rc = pawl_i_gate_finish(op, answer, closing);

	return rc == 0 ? result(op->object_, op->result_) : rc;
}

static const struct op_verb wait = { "pawl_future_wait_op", finish };

int pawl_future_wait_op(pawl_future *f, void **ret_value, pawl_op *op)
{
	struct gate g = pawl_i_future_gate(f);
	int rc;

	op->result_ = ret_value;
	rc = pawl_i_gate_wait_op(&g, op, &wait);
	return rc == 0 ? result(f, ret_value) : rc;
}
