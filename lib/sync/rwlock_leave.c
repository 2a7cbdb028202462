/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rwlock_leave.c - pawl/rwlock.h: letting go, and letting in who waits.  See rwlock.c.
 * Uses: atomic, platform, wait.
 */
#include "config.h"

#include <pawl/atomic.h>

#include "platform/hb.h"
#include "sync/rwlock_op.h"
#include "sync/rwlock_word.h"
#include "wait/op.h"

/* Somebody expects a share, and no writer is the reason: who has one lets it in (I2). */
static bool is_kept_out(uint64_t word)
{
	return (word & EXPECTING) && !(word & (WRITER | WAITERS));
}

/* What of a lock is to be let go. */
enum hold { NOTHING, A_SHARE, THE_WHOLE };

/* A share, or WRITER.  False: the word changed. */
static bool give_back(pawl_rwlock *l, uint64_t word, uint64_t part)
{
	/* RW10 release: pairs with RW1, RW7, RW9, SL2.  What was done as a reader, or writer.  Last
	 * touch (I6). */
	return pawl_cas_weak_(&l->word_, &word, word - part, release, relaxed);
}

/* The same if nobody is in line. */
static bool give_back_now(pawl_rwlock *l, uint64_t word, uint64_t part)
{
	return !(word & (WAITERS | EXPECTING)) && give_back(l, word, part);
}

/*
 * With a share, take WAITERS away if no writer waits.  While it is off, one that gives up leaves it
 * to the caller, who found it in the queue, to see that; and a reader may set BIAS, by which others
 * would pass the writer that waits.
 */
static void look_for_writers(pawl_rwlock *l)
{
	uint64_t word;

	do {
		pawl_i_owner_look_again(&l->word_, &l->writers_);
		/* RW27 acquire: pairs with RW25.  If WAITERS is back, whose waits were over before. */
		word = pawl_load_(&l->word_, acquire);
	} while ((word & WAITERS) && pawl_i_line_first(&l->writers_) == 0);
	if ((word & WAITERS) && (word & BIAS)) {
		/* RW11 seq_cst: pairs with SL2.  Opponent of SL1, see slots.h. */
		(void)pawl_fetch_and_(&l->word_, ~(uint64_t)BIAS, seq_cst);
		pawl_i_slots_transfer(&l->word_);
	}
}

/* Let in all who expect a share; the caller, who has one, or the whole, has one then.  False: the
 * word changed. */
static bool admit(pawl_rwlock *l, uint64_t word)
{
	uint64_t shares = (word & EXPECTING) >> COUNT_BITS;
	uint64_t next = (word & ~(EXPECTING | WRITER)) + shares + PHASE;

	if (word & WRITER)
		next += SHARE;
	/* RW8 seq_cst: pairs with RW1, RW4, RW6, RW7, RW9, RW20, SL2.  What the writer did.  Before the
	 * look at the queue, while who joins it looks at the word then:
	 * w[word] RW8, r[cell] Q27 against w[cell] Q3, r[word] RW4. */
	if (!pawl_cas_(&l->word_, &word, next, seq_cst, relaxed))
		return false;
	pawl_i_line_tell_before(pawl_i_line_root(&l->readers_), GRANT,
				 pawl_i_rwlock_note(phase_of(next)));
	/* What a writer found of the line, that one may have left as this writer, or given up. */
	if ((word & WRITER) && (word & WAITERS) && pawl_i_line_first(&l->writers_) == 0)
		look_for_writers(l);
	return true;
}

/* With a share that is kept. */
static void admit_if_alone(pawl_rwlock *l)
{
	uint64_t word;

	/* RW12 relaxed: RW8 looks again. */
	while (is_kept_out(word = pawl_load_(&l->word_, relaxed)))
		(void)admit(l, word);
}

/* Give a share back, or make one step to that.  Return: what is held now. */
static enum hold let_share_go(pawl_rwlock *l)
{
	/* RW13 relaxed: who changes the word looks again. */
	uint64_t word = pawl_load_(&l->word_, relaxed);

	if ((word & WAITERS) && (word & SHARES) == SHARE)
		/* RW9 acq_rel: pairs with RW8, RW10.  What all readers did, for the next writer. */
		return pawl_cas_(&l->word_, &word, word - SHARE + WRITER, acq_rel, relaxed) ?
			THE_WHOLE : A_SHARE;
	if (is_kept_out(word)) {
		(void)admit(l, word);
		return A_SHARE;
	}
	return give_back(l, word, SHARE) ? NOTHING : A_SHARE;
}

/* The same with the whole.  @readers_turn: those who expect a share go before writers */
static enum hold let_whole_go(pawl_rwlock *l, bool readers_turn, struct waiter **ret_wake)
{
	/* RW14 relaxed: who changes the word looks again; a hand-over changes nothing. */
	uint64_t word = pawl_load_(&l->word_, relaxed), ref;

	if ((word & EXPECTING) && (readers_turn || !(word & WAITERS)))
		return admit(l, word) ? A_SHARE : THE_WHOLE;
	if (word & WAITERS) {
		ref = pawl_i_line_first(&l->writers_);
		if (ref == 0)
			pawl_i_owner_look_again(&l->word_, &l->writers_);
		else if (pawl_i_waiter_tell(ref, GRANT, ret_wake))
			return NOTHING;
		return THE_WHOLE;
	}
	return give_back(l, word, WRITER) ? NOTHING : THE_WHOLE;
}

static void let_go(pawl_rwlock *l, enum hold hold)
{
	bool readers_turn = hold == THE_WHOLE;
	struct waiter *wake = NULL;

	pawl_i_op_hold();
	while (hold != NOTHING) {
		hold = hold == A_SHARE ? let_share_go(l) : let_whole_go(l, readers_turn, &wake);
		readers_turn = readers_turn && hold == THE_WHOLE;
	}
	if (wake)
		pawl_i_waiter_wake(wake);
	pawl_i_op_let();
}

void pawl_i_rwlock_leave(pawl_rwlock *l)
{
	let_go(l, A_SHARE);
}

void pawl_i_rwlock_drop(pawl_rwlock *l)
{
	hb_release(left_readers(l));
	let_go(l, A_SHARE);
}

void pawl_rwlock_rdunlock(pawl_rwlock *l)
{
	uint64_t word;

	hb_release(left_readers(l));
	if (slots_drop(&l->word_))
		return;
	/* RW15 relaxed: the caller's share is in it. */
	word = pawl_load_(&l->word_, relaxed);
	if (!(word & SHARES))
		refuse("pawl_rwlock_rdunlock", l, "is not held for reading");
	if (!give_back_now(l, word, SHARE))
		let_go(l, A_SHARE);
}

/* Return: the word, of what the caller of @verb has for writing. */
static uint64_t writers_word(const char *verb, const pawl_rwlock *l)
{
	/* RW16 relaxed: the caller's WRITER is in it. */
	uint64_t word = pawl_load_(&l->word_, relaxed);

	if (!(word & WRITER))
		refuse(verb, l, "is not held for writing");
	return word;
}

void pawl_rwlock_wrunlock(pawl_rwlock *l)
{
	uint64_t word = writers_word("pawl_rwlock_wrunlock", l);

	hb_release(l);
	if (!give_back_now(l, word, WRITER))
		let_go(l, THE_WHOLE);
}

void pawl_rwlock_downgrade(pawl_rwlock *l)
{
	(void)writers_word("pawl_rwlock_downgrade", l);
	hb_release(l);
	pawl_i_op_hold();
	/* RW17 relaxed: RW8 looks again. */
	while (!admit(l, pawl_load_(&l->word_, relaxed)))
		;
	admit_if_alone(l);
	pawl_i_op_let();
}

void pawl_i_rwlock_writer_left(pawl_rwlock *l)
{
	/* RW25 release: pairs with RW27.  That the wait is over; a read-modify-write, for the newest
	 * word: if a writer has it, that one will look. */
	uint64_t word = pawl_fetch_or_(&l->word_, 0, release);

	while ((word & WAITERS) && !(word & WRITER))
		/* RW26 relaxed: a share, so that nobody gets the whole meanwhile. */
		if (pawl_cas_weak_(&l->word_, &word, word + SHARE, relaxed, relaxed)) {
			look_for_writers(l);
			let_go(l, A_SHARE);
			break;
		}
}
