/* SPDX-License-Identifier: BSD-2-Clause */
/* slots.c - see slots.h. */
#include "config.h"

#include <stddef.h>

#include <pawl/atomic.h>

#include "platform/tls.h"
#include "reclaim/sizes.h"
#include "wait/context.h"
#include "wait/slots.h"

static void transfer(uint64_t *slot, uint64_t *word)
{
	uint64_t noted = (uintptr_t)word;

	/* SL9 relaxed: the caller has a share, and passes on what it knows with that. */
	(void)pawl_fetch_add_(word, SLOTS_SHARE, relaxed);
	/* SL6 acq_rel: pairs with SL1, SL4, SL7, SL8.  That the share is counted, and what the caller
	 * knows of the last writer, for the reader; if that was quicker, what it did. */
	if (!pawl_cas_(slot, &noted, 0, acq_rel, acquire))
		/* SL10 relaxed: as SL9. */
		(void)pawl_fetch_sub_(word, SLOTS_SHARE, relaxed);
}

void pawl_i_slots_transfer(uint64_t *word)
{
	struct context_walk w = context_walk();

	for (struct context *c; (c = context_next(&w)) != NULL;) {
		uint64_t *slot = slots_of(c, word);

		/* SL5 seq_cst: pairs with SL1, SL4.  A share (I2); or what one did who had it. */
		if (pawl_load_(slot, seq_cst) == (uintptr_t)word)
			transfer(slot, word);
	}
}

void pawl_i_slots_settle(struct context *c)
{
	for (unsigned i = 0; i < CONTEXT_SLOTS; i++) {
		/* SL11 relaxed: the caller's own.  Somebody else may empty it, but the caller has the
		 * share. */
		uint64_t noted = pawl_load_(&c->slots[i], relaxed);

		if (noted != 0)
			transfer(&c->slots[i], (uint64_t *)(uintptr_t)noted);
	}
}

void pawl_i_slots_forget(struct context *c)
{
	for (unsigned i = 0; i < CONTEXT_SLOTS; i++)
		/* SL12 relaxed: there is one thread. */
		pawl_store_(&c->slots[i], 0, relaxed);
}

bool pawl_i_slots_wanted(void)
{
	uint32_t contexts = pawl_i_context_count();

	if (++pawl_i_tls.shares < (contexts > SLOTS_AFTER ? contexts : SLOTS_AFTER))
		return false;
	pawl_i_tls.shares = 0;
	return pawl_i_context() != NULL;
}
