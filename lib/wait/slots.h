/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slots.h - readers of a lock, each noted in a cache line of its own thread.
 * Uses: atomic, platform, context.
 *
 * A lock has a word with a count of shares, and a bit BIAS in it.  While BIAS is set a reader may
 * note the word's address in a slot of its context instead of counting its share.  Who wants to
 * know the number takes BIAS away, having a share itself so that the count does not fall to
 * nothing, and then has all slots turned into counted shares.
 *
 *	slot:  0 --SL1 take--> word --SL4 drop--> 0		the reader's
 *			       word --SL6 transfer--> 0		its share is counted now
 *
 * I1  a reader has a share if its slot has the lock, and it saw BIAS after it had noted it (SL2);
 *     or if somebody transferred it.  Who transfers counts first, so that the reader finds a share
 *     to give back.
 * I2  w[slot] SL1, r[word] SL2 in the reader; w[word] BIAS away, r[slot] SL5 in who counts; all
 *     seq_cst.  So a reader who saw BIAS is seen, if it still reads.
 * I3  a slot is written from 0 by its owner only; from the word to 0 by whoever comes first.
 *
 * Source: Dice and Kogan, "BRAVO" (USENIX ATC 2019); transfer as in folly's SharedMutex.
 */
#ifndef PAWL_WAIT_SLOTS_H
#define PAWL_WAIT_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pawl/atomic.h>

#include "platform/tls.h"
#include "wait/context.h"

/* One, in the word of a lock. */
#define SLOTS_SHARE ((uint64_t)1 << 3)

static inline uint64_t *slots_of(struct context *c, const uint64_t *word)
{
	uintptr_t at = (uintptr_t)word;

	/* Neighbours in an array, and the same member of neighbours there, are in different ones. */
	return &c->slots[(at >> 4 ^ at >> 7 ^ at >> 10) % CONTEXT_SLOTS];
}

/*
 * Note @word, which has @bias, for the calling thread.
 *
 * Return: whether it has a share.
 */
static inline bool slots_take(const uint64_t *word, uint64_t bias)
{
	struct context *c = pawl_i_tls.context ? pawl_i_tls.context : pawl_i_context();
	uint64_t noted = (uintptr_t)word;
	uint64_t *slot;

	if (!c)
		return false;
	slot = slots_of(c, word);
	/* SL3 relaxed: only the caller makes it other than 0. */
	if (pawl_load_(slot, relaxed) != 0)
		return false;
	/* SL1 seq_cst: pairs with SL5, SL6.  The share (I2); and once more what SL4 released, as a
	 * reader of another lock. */
	pawl_store_(slot, noted, seq_cst);
	/* SL2 seq_cst: pairs with RW2, RW8, RW10, RW11.  That it counts (I2); and what the last
	 * writer did. */
	if (pawl_load_(word, seq_cst) & bias)
		return true;
	/* SL7 acquire: pairs with SL6.  If it was transferred, it is a share: as the one who did that
	 * knew the last writer. */
	return !pawl_cas_(slot, &noted, 0, acquire, acquire);
}

/* Return: whether the share was one in a slot, which is given back now. */
static inline bool slots_drop(const uint64_t *word)
{
	struct context *c = pawl_i_tls.context;
	uint64_t noted = (uintptr_t)word;
	uint64_t *slot;

	if (!c)
		return false;
	slot = slots_of(c, word);
	/* SL8 acquire: pairs with SL6.  Whose share is there no more sees it in the word. */
	if (pawl_load_(slot, acquire) != noted)
		return false;
	/* SL4 release: pairs with SL5, SL6.  What was done as a reader; the failure as SL8. */
	return pawl_cas_(slot, &noted, 0, release, acquire);
}

/* Count the shares of @word that are in slots.  The caller took BIAS away, with seq_cst, and has a
 * share. */
void pawl_i_slots_transfer(uint64_t *word);

/* Count those in the slots of @c, whose thread exits, and may unlock later in its exit. */
void pawl_i_slots_settle(struct context *c);

/* In the child of a fork: the thread of @c is gone.  What it locked is the program's to make anew,
 * and may be in memory that is not the child's. */
void pawl_i_slots_forget(struct context *c);

/* For a reader that is counted.  Return: whether it is time to set BIAS: now and then, as it costs
 * the next writer a look at every thread. */
bool pawl_i_slots_wanted(void);

#endif
