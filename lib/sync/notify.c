/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify.c - pawl/notify.h.  Uses: wait.
 *
 * word = epoch << 32 | announces | KEPT (gate.h)
 *
 *	who waits     --P5 one--> GRANT				if there is one, else:
 *	epoch         --Z2 one--> epoch|KEPT --H2 wait--> epoch
 *	epoch         --H3 all--> epoch + 1			those before it are told RETRY
 *
 * A wait that takes KEPT, and was told GRANT meanwhile, has two, and gives one back.
 */
#include "config.h"

#include <pawl/atomic.h>
#include <pawl/notify.h>

#include "platform/hb.h"
#include "sync/gates.h"

static enum gate_look look(uint64_t word, uint64_t seen)
{
	if (word & GATE_OPEN)
		return GATE_TAKE;
	return gate_epoch(word) != gate_epoch(seen) ? GATE_PASS : GATE_WAIT;
}

static void give_back(void *object)
{
	pawl_notify_one(object);
}

struct gate pawl_i_notify_gate(pawl_notify *n)
{
	return (struct gate){
		.kind = "notify", .object = n, .word = &n->word_, .queue = &n->queue_,
		.look = look, .give_back = give_back, .note = gate_epoch,
	};
}

int pawl_notify_init(pawl_notify *n)
{
	*n = (pawl_notify)PAWL_NOTIFY_INIT;
	return 0;
}

/*
 * Tell who is the first of those that no all() has let pass already: who called that may be stopped
 * before it has told them.
 *
 * @word:	read before
 *
 * Return: whether somebody waited, and was told.
 */
static bool tell_first(pawl_notify *n, uint64_t word)
{
	struct waiter *wake;
	uint64_t ref;

	while ((ref = pawl_i_line_first(&n->queue_)) != 0) {
		bool passed = (int32_t)(pawl_i_waiter_note(ref) - gate_epoch(word)) < 0;

		if (!pawl_i_waiter_tell(ref, passed ? RETRY : GRANT, &wake))
			continue;
		if (wake)
			pawl_i_waiter_wake(wake);
		if (!passed)
			return true;
	}
	return false;
}

void pawl_notify_one(pawl_notify *n)
{
	uint64_t word;

	hb_release(n);
	pawl_i_op_hold();
	do {
		/* Z1 acquire: pairs with H2.  Those who announced themselves. */
		word = pawl_load_(&n->word_, acquire);
		if (tell_first(n, word))
			break;
		/* Z2 release: pairs with H1, H2.  What was done before it is kept; if one is kept
		 * already, that this was before it is taken. */
	} while (!pawl_cas_weak_(&n->word_, &word, word | GATE_OPEN, release, relaxed));
	pawl_i_op_let();
}

void pawl_notify_all(pawl_notify *n)
{
	/* Z3 acquire: pairs with H2.  As Z1. */
	uint64_t word = pawl_load_(&n->word_, acquire);

	hb_release(n);
	while (!pawl_i_gate_open(&n->word_, &n->queue_, &word, word + GATE_EPOCH, RETRY,
				 gate_epoch(word) + 1))
		;
}

int pawl_notify_wait_until(pawl_notify *n, pawl_time deadline)
{
	struct gate g = pawl_i_notify_gate(n);

	return pawl_i_gate_wait(&g, deadline);
}

static int finish(pawl_op *op, uint32_t answer, bool closing)
{
	if (answer == GRANT && closing)
		pawl_notify_one(op->object_);
	return pawl_i_gate_finish(op, answer, closing);
}

static const struct op_verb wait = { "pawl_notify_wait_op", finish };

int pawl_notify_wait_op(pawl_notify *n, pawl_op *op)
{
	struct gate g = pawl_i_notify_gate(n);

	return pawl_i_gate_wait_op(&g, op, &wait);
}
