/* SPDX-License-Identifier: BSD-2-Clause */
/* owner.c - see owner.h. */
#include "config.h"

#include <pawl/atomic.h>

#include "wait/owner.h"

uint64_t pawl_i_owner_announce(uint64_t *word)
{
	/* W1 seq_cst: pairs with W5.  See owner.h. */
	uint64_t seen = pawl_load_(word, seq_cst);

	while ((seen & OWNER) && !(seen & WAITERS))
		/* W2 acq_rel: pairs with W5.  Makes the owner look; what a failure reads is
		 * not older than what W1 read. */
		if (pawl_cas_weak_(word, &seen, seen | WAITERS, acq_rel, acquire))
			break;
	return seen;
}

bool pawl_i_owner_hand_to(uint64_t *word, uint64_t ref, uint64_t self, uint32_t answer,
	struct waiter **ret_wake)
{
	uint64_t change = (pawl_i_waiter_is_op(ref) ? OF_OP : TRANSIT) - self;

	/* W3 relaxed: what the next owner must see comes with the answer. */
	(void)pawl_fetch_add_(word, change, relaxed);
	if (pawl_i_waiter_tell(ref, answer, ret_wake))
		return true;
	/* W4 relaxed: it was the caller's all the time. */
	(void)pawl_fetch_sub_(word, change, relaxed);
	return false;
}

bool pawl_i_owner_hand_over(uint64_t *word, uint64_t *queue, uint64_t self, uint32_t answer,
	struct waiter **ret_wake)
{
	uint64_t ref;

	while ((ref = pawl_i_line_first(queue)) != 0)
		if (pawl_i_owner_hand_to(word, ref, self, answer, ret_wake))
			return true;
	return false;
}

void pawl_i_owner_take(uint64_t *word, uint64_t self)
{
	/* W6 relaxed: as W3. */
	(void)pawl_fetch_sub_(word, TRANSIT - self, relaxed);
}

void pawl_i_owner_clear(uint64_t *word)
{
	/* W5 seq_cst: pairs with RW5, RW24, V7, V22, W1, W2.  See owner.h. */
	(void)pawl_fetch_and_(word, ~(uint64_t)WAITERS, seq_cst);
}

void pawl_i_owner_look_again(uint64_t *word, uint64_t *queue)
{
	pawl_i_owner_clear(word);
	if (pawl_i_line_first(queue) != 0)
		/* W7 relaxed: read by the caller. */
		(void)pawl_fetch_or_(word, WAITERS, relaxed);
}
