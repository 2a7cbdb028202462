/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event.c - pawl/event.h.  Uses: wait.
 *
 * word = epoch << 32 | announces | CALLING | SLEEPS | SET (gate.h)
 *
 *	epoch        --H3 set--> epoch + 1 | SET          --Y2 clear--> epoch + 1
 *	epoch|SLEEPS --H3 set--> epoch + 1 | SET|CALLING  --Y2 clear--> epoch + 1 | CALLING
 *			         SET, perhaps CALLING     --Y4 set----> SET
 *
 * CALLING  who set it may be stopped before it has called those who slept.  So who sets it when it
 *          is set calls them, and then takes CALLING away.  It stays when it is cleared and set
 *          again, when a call is made only if somebody sleeps anew, for all: one each time would
 *          cost turns of two threads, of which one sleeps now and then, 3 %.
 */
#include "config.h"

#include <pawl/event.h>

#include "platform/hb.h"
#include "sync/gates.h"

#define CALLING GATE_OWN

_Static_assert(sizeof(pawl_event) == 16, "pawl_event has 16 bytes");

static enum gate_look look(uint64_t word, uint64_t seen)
{
	return (word & GATE_OPEN) || gate_epoch(word) != gate_epoch(seen) ? GATE_PASS : GATE_WAIT;
}

struct gate pawl_i_event_gate(pawl_event *e)
{
	return (struct gate){
		.kind = "event", .object = e, .word = &e->word_, .queue = &e->queue_,
		.look = look, .note = gate_epoch,
	};
}

static uint64_t when_set(uint64_t word)
{
	uint64_t next = (word | GATE_OPEN) + GATE_EPOCH;

	return word & GATE_SLEEPS ? (next & ~GATE_SLEEPS) | CALLING : next;
}

/* It is set, by @word; who did that may be stopped before it has answered all. */
static void help(pawl_event *e, uint64_t word)
{
	pawl_i_op_hold();
	pawl_i_line_tell_before(pawl_i_line_root(&e->queue_), GRANT, gate_epoch(word));
	pawl_i_op_let();
}

/* Set it when the word is *@word.  False: it was not, and *@word is what it was. */
static bool set(pawl_event *e, uint64_t *word)
{
	if (!(*word & GATE_OPEN))
		return pawl_i_gate_open_wide(&e->word_, &e->queue_, word, when_set(*word), GRANT,
					     gate_epoch(*word) + 1);
	if (*word & CALLING)
		pawl_i_gate_call(&e->word_);
	/* Y4 release: pairs with Y2.  What was done before it is set again, for who clears it after
	 * that; a read-modify-write, to notice one who has cleared it already. */
	if (!pawl_cas_(&e->word_, word, *word & ~CALLING, release, acquire))
		return false;
	help(e, *word);
	return true;
}

void pawl_event_set(pawl_event *e)
{
	/* Y3 acquire: pairs with H2, H3.  Those who announced themselves. */
	uint64_t word = pawl_load_(&e->word_, acquire);

	hb_release(e);
	while (!set(e, &word))
		;
}

void pawl_event_clear(pawl_event *e)
{
	/* Y2 acquire: pairs with H3, Y4.  What was done before the sets that it takes back. */
	(void)pawl_fetch_and_(&e->word_, ~GATE_OPEN, acquire);
}

int pawl_event_wait_slow_(pawl_event *e, pawl_time deadline)
{
	struct gate g = pawl_i_event_gate(e);

	return pawl_i_gate_wait(&g, deadline);
}

static const struct op_verb wait = { "pawl_event_wait_op", pawl_i_gate_finish };

int pawl_event_wait_op(pawl_event *e, pawl_op *op)
{
	struct gate g = pawl_i_event_gate(e);

	return pawl_i_gate_wait_op(&g, op, &wait);
}
