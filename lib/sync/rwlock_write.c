/* SPDX-License-Identifier: BSD-2-Clause */
/* rwlock_write.c - pawl/rwlock.h: writing.  See rwlock.c.  Uses: atomic, platform, wait. */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>

#include "platform/hb.h"
#include "sync/rwlock_op.h"
#include "sync/rwlock_word.h"
#include "wait/park.h"

void pawl_i_rwlock_acquired_whole(const pawl_rwlock *l)
{
	hb_acquire(l);
	hb_acquire(left_readers(l));
}

/* Take BIAS away, from *@word, and set @flags.  The caller has a share of it then.  False: the word
 * changed, to *@word. */
static bool revoke(pawl_rwlock *l, uint64_t *word, uint64_t flags)
{
	/* RW2 seq_cst: pairs with SL2.  Opponent of SL1, see slots.h. */
	if (!pawl_cas_(&l->word_, word, ((*word | flags) & ~(uint64_t)BIAS) + SHARE, seq_cst, relaxed))
		return false;
	pawl_i_slots_transfer(&l->word_);
	return true;
}

static bool write_now(pawl_rwlock *l)
{
	/* RW22 relaxed: RW2 and RW7 look again. */
	uint64_t word = pawl_load_(&l->word_, relaxed);

	if ((word & BIAS) && !(word & WAITERS) && revoke(l, &word, 0))
		pawl_i_rwlock_leave(l);
	/* RW23 relaxed: RW7 looks again. */
	word = pawl_load_(&l->word_, relaxed);
	while (!(word & (WRITER | WAITERS | BIAS | SHARES)))
		/* RW7 acquire: pairs with RW8, RW10.  What all before did. */
		if (pawl_cas_weak_(&l->word_, &word, word | WRITER, acquire, relaxed))
			return true;
	return false;
}

bool pawl_i_rwlock_announce(pawl_rwlock *l)
{
	/* RW24 seq_cst: pairs with W5.  See owner.h. */
	uint64_t word = pawl_load_(&l->word_, seq_cst);

	while (word & (WRITER | BIAS | SHARES)) {
		if (word & BIAS) {
			if (revoke(l, &word, WAITERS)) {
				pawl_i_rwlock_leave(l);
				return true;
			}
		/* RW5 acq_rel: pairs with W5.  Makes who lets go look; what a failure reads is not
		 * older than what RW24 read. */
		} else if ((word & WAITERS) ||
			   pawl_cas_weak_(&l->word_, &word, word | WAITERS, acq_rel, acquire)) {
			return true;
		}
	}
	return false;
}

/* Return: whether the caller was handed the lock; else the limit is reached, or it is to try
 * again. */
static bool wait_for_whole(pawl_rwlock *l, struct limit *limit, unsigned round)
{
	struct wait_for what = { "rwlock", l, NULL };
	struct waiter *w = pawl_i_park_waiter(&what);
	uint32_t answer;

	if (!w || pawl_i_line_join(&l->writers_, w, pawl_i_waiter_arm(w)) != 0) {
		pawl_i_park_poll(round, limit);
		return false;
	}
	if (pawl_i_rwlock_announce(l))
		answer = pawl_i_park_or_give_up(w, &what, limit);
	else
		answer = pawl_i_waiter_give_up(w);
	pawl_i_line_leave(&l->writers_, w);
	/* Also one that was not announced: others may have found it in the line. */
	if (answer == 0)
		pawl_i_rwlock_writer_left(l);
	return answer == GRANT;
}

static __attribute__((__noinline__)) int write_slow(pawl_rwlock *l, struct limit limit)
{
	bool got = pawl_i_rwlock_try_for_a_while(l, &limit, write_now);

	for (unsigned round = 0; !got; round++) {
		if (pawl_i_limit_reached(&limit))
			return pawl_i_limit_error(&limit);
		got = wait_for_whole(l, &limit, round) || write_now(l);
	}
	pawl_i_rwlock_acquired_whole(l);
	return 0;
}

void pawl_rwlock_wrlock(pawl_rwlock *l)
{
	if (write_now(l))
		pawl_i_rwlock_acquired_whole(l);
	else
		(void)write_slow(l, limit_none());
}

int pawl_rwlock_trywrlock(pawl_rwlock *l)
{
	if (!write_now(l))
		return EBUSY;
	pawl_i_rwlock_acquired_whole(l);
	return 0;
}

int pawl_rwlock_wrlock_until(pawl_rwlock *l, pawl_time deadline)
{
	return pawl_rwlock_trywrlock(l) == 0 ? 0 : write_slow(l, pawl_i_limit(deadline));
}
