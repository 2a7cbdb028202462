/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rwlock.c - pawl/rwlock.h.  Uses: atomic, platform, wait.
 *
 * word = phase << 43 | readers that wait << 23 | shares << 3 | BIAS | WAITERS | WRITER
 *
 * A share is a reader's; or of one who needs that nobody gets the whole meanwhile.
 *
 *	0          --RW1 rdlock--> share --RW10 rdunlock--> 0
 *	0          --RW7 wrlock--> WRITER --RW10 wrunlock--> 0
 *
 *	WRITER     --RW3 rdlock--> WRITER, one expects a share
 *	WRITER, n expect --RW8 wrunlock, downgrade--> n + 1 shares, next phase
 *				the unlocker keeps one until it has told them
 *	shares     --RW5 wrlock--> shares|WAITERS		who comes to read expects a share now
 *	1 share|WAITERS --RW9 rdunlock--> WRITER|WAITERS	the last one gets the whole for a moment,
 *				and hands it over, by an answer to the writer who waited longest
 *	WRITER|WAITERS --wrunlock--> the same, handed over
 *	shares|WAITERS --W5 nobody stands in line any more--> shares
 *	shares|WAITERS --W5 last writer gave up--> shares, n expect --RW8--> shares + n
 *
 * I1  WRITER and shares are never together.  Who waits to read has no share, but counts: one step
 *     lets in all who wait, before they run, and so before the next writer.
 * I2  somebody expects a share  =>  WRITER or WAITERS; or one with a share is about to let it in
 *     (RW8).
 * I3  a writer waits in the queue, announced, and nobody looked for it in vain  =>  WAITERS, and
 *     WRITER or shares: so somebody will let go, and look at the queue (owner.h).
 * I4  phase changes when readers are let in; those who wait note the phase in which they were
 *     counted, and have their share when it is not that one any more, or nobody expects one.
 *     They must not miss 2^21 of them and come back while others expect one: between a first and
 *     a second, but for writers that give up, is a writer's time, for which theirs must be over.
 * I5  BIAS: more readers may be in slots (slots.h).  Nobody sets WRITER while it is set.
 * I6  the last touch of the object: RW10, or the answer of a hand-over.
 */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>

#include "platform/cpu.h"
#include "platform/fatal.h"
#include "platform/hb.h"
#include "reclaim/sizes.h"
#include "sync/rwlock_op.h"
#include "wait/op.h"
#include "wait/owner.h"
#include "wait/park.h"
#include "wait/slots.h"

enum { WRITER = 1, BIAS = 4, COUNT_BITS = 20, MOST_READERS = 1000000 };
#define COUNT_MASK (((uint64_t)1 << COUNT_BITS) - 1)
#define SHARE SLOTS_SHARE
#define SHARES (COUNT_MASK * SHARE)
#define EXPECTED (SHARE << COUNT_BITS)
#define EXPECTING (COUNT_MASK * EXPECTED)
#define PHASE (EXPECTED << COUNT_BITS)

_Static_assert(sizeof(pawl_rwlock) == 24, "pawl_rwlock has 24 bytes");

static uint64_t phase_of(uint64_t word)
{
	return word & ~(PHASE - 1);
}

/* Whether one who expected a share in @phase has it, by @word.  Who expects one is counted. */
static bool is_let_in(uint64_t word, uint64_t phase)
{
	return phase_of(word) != phase || !(word & EXPECTING);
}

static _Noreturn void refuse(const char *verb, const pawl_rwlock *l, const char *problem)
{
	pawl_i_misuse(verb, "rwlock", l, problem, 0);
}

static void check_room(const pawl_rwlock *l, uint64_t word)
{
	if ((word & SHARES) / SHARE + (word & EXPECTING) / EXPECTED >= MOST_READERS)
		refuse("pawl_rwlock_rdlock", l, "has too many readers");
}

/* The writer, and readers who were let in by him, are told apart from readers who left, so that
 * a reader is not taken for having seen what another one did. */
static const void *left_readers(const pawl_rwlock *l)
{
	return &l->readers_;
}

void pawl_i_rwlock_acquired_whole(const pawl_rwlock *l)
{
	hb_acquire(l);
	hb_acquire(left_readers(l));
}

/*** Letting go *******************************************************************************/

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

/* With a share, take WAITERS away if no writer waits.  One that gives up while WAITERS is off leaves
 * it to the caller, who found it in the queue, to see that. */
static void look_for_writers(pawl_rwlock *l)
{
	do
		pawl_i_owner_look_again(&l->word_, &l->writers_);
		/* RW27 acquire: pairs with RW25.  If WAITERS is back, whose waits were over before. */
	while ((pawl_load_(&l->word_, acquire) & WAITERS) &&
	       pawl_i_line_first(&l->writers_) == 0);
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

	if ((word & WAITERS) && (word & BIAS)) {
		/* RW11 seq_cst: pairs with SL2.  Opponent of SL1, see slots.h. */
		(void)pawl_fetch_and_(&l->word_, ~(uint64_t)BIAS, seq_cst);
		pawl_i_slots_transfer(&l->word_);
		return A_SHARE;
	}
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

/*** Reading **********************************************************************************/

/* Get a counted share, if @word says that one may. */
static inline bool take_share(pawl_rwlock *l, uint64_t word)
{
	uint64_t bias = !(word & (WRITER | WAITERS | BIAS)) && pawl_i_slots_wanted() ? BIAS : 0;

	while (!(word & (WRITER | WAITERS))) {
		check_room(l, word);
		/* RW1 acquire: pairs with RW8, RW10.  What the last writer did. */
		if (pawl_cas_weak_(&l->word_, &word, (word + SHARE) | bias, acquire, relaxed))
			return true;
	}
	return false;
}

static inline bool read_now(pawl_rwlock *l)
{
	/* RW18 relaxed: RW1 and SL2 look again. */
	uint64_t word = pawl_load_(&l->word_, relaxed);

	if ((word & BIAS) && slots_take(&l->word_, BIAS))
		return true;
	return take_share(l, word);
}

bool pawl_i_rwlock_expect(pawl_rwlock *l, uint64_t *ret_phase)
{
	uint64_t word;

	do {
		/* RW19 relaxed: RW1 and RW3 look again. */
		word = pawl_load_(&l->word_, relaxed);
		if (take_share(l, word))
			return true;
		check_room(l, word);
		/* RW3 relaxed: what the writer did comes with the share. */
	} while (!(word & (WRITER | WAITERS)) ||
		 !pawl_cas_weak_(&l->word_, &word, word + EXPECTED, relaxed, relaxed));
	*ret_phase = phase_of(word);
	return false;
}

bool pawl_i_rwlock_is_admitted(pawl_rwlock *l, uint64_t phase)
{
	/* RW4 seq_cst: pairs with RW8.  What the writer did; see RW8. */
	return is_let_in(pawl_load_(&l->word_, seq_cst), phase);
}

bool pawl_i_rwlock_withdraw(pawl_rwlock *l, uint64_t phase)
{
	/* RW20 acquire: pairs with RW8.  If it was let in: as RW4. */
	uint64_t word = pawl_load_(&l->word_, acquire);

	while (!is_let_in(word, phase))
		/* RW6 acquire: pairs with RW8.  For the failure: as RW20. */
		if (pawl_cas_weak_(&l->word_, &word, word - EXPECTED, acquire, acquire))
			return true;
	return false;
}

uint32_t pawl_i_rwlock_note(uint64_t phase)
{
	return (uint32_t)(phase >> 32);
}

/* Sleep until the caller, who expects a share in @phase, has it, or the limit is reached; or wake
 * up sooner. */
static void wait_for_share(pawl_rwlock *l, struct limit *limit, uint64_t phase, unsigned round)
{
	struct wait_for what = { "rwlock", l, NULL };
	struct waiter *w = pawl_i_park_waiter(&what);

	if (w)
		pawl_i_waiter_make_note(w, pawl_i_rwlock_note(phase));
	if (!w || pawl_i_line_join(&l->readers_, w, pawl_i_waiter_arm(w)) != 0) {
		pawl_i_park_poll(round, limit);
		return;
	}
	if (pawl_i_rwlock_is_admitted(l, phase))
		(void)pawl_i_waiter_give_up(w);
	else
		(void)pawl_i_park_or_give_up(w, &what, limit);
	pawl_i_line_leave(&l->readers_, w);
}

/* Return: 0; ETIMEDOUT or ECANCELED. */
static int read_waiting(pawl_rwlock *l, struct limit *limit)
{
	uint64_t phase;

	if (pawl_i_limit_reached(limit))
		return pawl_i_limit_error(limit);
	if (pawl_i_rwlock_expect(l, &phase))
		return 0;
	for (unsigned round = 0; !pawl_i_rwlock_is_admitted(l, phase); round++) {
		if (pawl_i_limit_reached(limit))
			return pawl_i_rwlock_withdraw(l, phase) ? pawl_i_limit_error(limit) : 0;
		wait_for_share(l, limit, phase, round);
	}
	return 0;
}

/*
 * Try for a while, before standing in line: by a bounded spin, then by letting others run, for
 * with more threads than CPUs who has the lock may wait for ours.  A line is dear: whoever is
 * served from it has the lock before it runs, and each that comes meanwhile must stand in it too.
 */
static bool try_for_a_while(pawl_rwlock *l, struct limit *limit, bool (*now)(pawl_rwlock *l))
{
	for (uint32_t spins = pawl_i_park_spins(limit); spins > 0; spins--) {
		pawl_i_cpu_pause();
		if (now(l))
			return true;
		/* RW21 relaxed: a hint that there is a line. */
		if (pawl_load_(&l->word_, relaxed) & WAITERS)
			break;
	}
	/* In a task the others that run here need a wait of ours, not of the thread's. */
	for (int yields = pawl_i_park_is_thread() ? 0 : YIELDS;
	     yields < YIELDS && !pawl_i_limit_reached(limit); yields++) {
		pawl_i_cpu_yield();
		if (now(l))
			return true;
	}
	return false;
}

/* Out of line, with the limit, so that who does not wait has no frame for it. */
static __attribute__((__noinline__)) int read_slow(pawl_rwlock *l, struct limit limit)
{
	int rc = try_for_a_while(l, &limit, read_now) ? 0 : read_waiting(l, &limit);

	if (rc == 0)
		hb_acquire(l);
	return rc;
}

void pawl_rwlock_rdlock(pawl_rwlock *l)
{
	if (read_now(l))
		hb_acquire(l);
	else
		(void)read_slow(l, limit_none());
}

int pawl_rwlock_tryrdlock(pawl_rwlock *l)
{
	if (!read_now(l))
		return EBUSY;
	hb_acquire(l);
	return 0;
}

int pawl_rwlock_rdlock_until(pawl_rwlock *l, pawl_time deadline)
{
	return pawl_rwlock_tryrdlock(l) == 0 ? 0 : read_slow(l, pawl_i_limit(deadline));
}

/*** Writing **********************************************************************************/

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
		let_go(l, A_SHARE);
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
				let_go(l, A_SHARE);
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
	bool got = try_for_a_while(l, &limit, write_now);

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
