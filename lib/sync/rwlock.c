/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rwlock.c - pawl/rwlock.h: the word, and reading.  Uses: atomic, platform, wait.
 *
 * Writing is in rwlock_write.c, letting go in rwlock_leave.c.
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
 * I5  BIAS: more readers may be in slots (slots.h).  Nobody sets WRITER while it is set.  WAITERS
 *     is beside it only while one with a share looks for writers, and takes BIAS away then (RW11).
 * I6  the last touch of the object: RW10, or the answer of a hand-over.
 */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>

#include "platform/cpu.h"
#include "platform/hb.h"
#include "reclaim/sizes.h"
#include "sync/rwlock_op.h"
#include "sync/rwlock_word.h"
#include "wait/park.h"

_Static_assert(sizeof(pawl_rwlock) == 24, "pawl_rwlock has 24 bytes");

/* Whether one who expected a share in @phase has it, by @word.  Who expects one is counted. */
static bool is_let_in(uint64_t word, uint64_t phase)
{
	return phase_of(word) != phase || !(word & EXPECTING);
}

static void check_room(const pawl_rwlock *l, uint64_t word)
{
	if ((word & SHARES) / SHARE + (word & EXPECTING) / EXPECTED >= MOST_READERS)
		refuse("pawl_rwlock_rdlock", l, "has too many readers");
}

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
bool pawl_i_rwlock_try_for_a_while(pawl_rwlock *l, struct limit *limit,
	bool (*now)(pawl_rwlock *l))
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
	int rc = pawl_i_rwlock_try_for_a_while(l, &limit, read_now) ? 0 : read_waiting(l, &limit);

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
