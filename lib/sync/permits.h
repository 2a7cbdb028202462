/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * permits.h - a number of permits, each of which is handed to who waited longest.
 * Uses: atomic, wait.
 *
 * What a pawl_queue counts its slots and its items with.  A pawl_sem has room for debt and large
 * numbers, and pays with a token: one thread that has the duty to wake others, and who is stopped
 * with it holds them up.  Here nobody ever has such a duty: who is stopped costs the permits
 * that it has in its hand.
 *
 * There are two words, in lines of those who give and of those who take, so that while there are
 * permits the two sides do not meet.
 *
 * given = how many << 32 | announces << 2 | SHUT | SOME_WAIT
 * taken = how many << 1 | SHUT
 * limit: how many were given, as takers know: not more than that.  They look at given when they
 * reach it.
 *
 *	taken --PM2 take--> taken + n, not beyond what is given
 *	given --PM3 give--> given + n
 *	given --PM6 announce--> SOME_WAIT, announces + 1	who waits joined the line before
 *	SOME_WAIT --tell--> the same				the permit never was in a word
 *	SOME_WAIT --PM4 nobody is in line--> given + n
 *
 * I1  given > taken  =>  no SOME_WAIT.  Who announces itself read taken before, and saw what given
 *     is in that step; as taken only grows, and not beyond given, they are the same then.  Permits
 *     are laid down where some wait in one step with taking SOME_WAIT away.
 * I2  that step begins with a read of given, then looks at the line: nobody there.  If anybody
 *     announced itself since, announces is another, and the step fails.  (A stopped give would have
 *     to miss 2^30 announces, and no permit that was laid down; a stopped announce 2^32 permits.)
 * I3  no SOME_WAIT, nor SHUT  =>  nobody who announced itself waits.
 */
#ifndef PAWL_SYNC_PERMITS_H
#define PAWL_SYNC_PERMITS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include <pawl/atomic.h>
#include <pawl/base.h>

#include "wait/op.h"
#include "wait/park.h"

/* Not more than so many at a time. */
#define PERMITS_MAX ((uint32_t)1 << 30)

enum { PERMITS_SOME_WAIT = 1, PERMITS_SHUT = 2, PERMITS_SHIFT = 32 };
enum { PERMITS_TAKEN_SHUT = 1, PERMITS_TAKEN_SHIFT = 1 };

/* The compiler would make functions of these, which cost a try of a queue a fourth. */
#define PERMITS_INLINE static inline __attribute__((__always_inline__))

struct permits_given {
	uint64_t word;
	uint64_t line;		/* of those who wait */
};

struct permits_taken {
	uint64_t word;
	uint64_t limit;
};

struct permits {
	struct permits_given *given;
	struct permits_taken *taken;
};

/* Return: how many there are beyond @taken, by the word of given; <= 0: none, or it is older. */
static inline int32_t permits_between(uint64_t given, uint64_t taken)
{
	return (int32_t)((uint32_t)(given >> PERMITS_SHIFT) -
			 (uint32_t)(taken >> PERMITS_TAKEN_SHIFT));
}

/* Return: how many there are, about, or were when they were shut; and *ret_shut. */
static inline int32_t permits_left(const struct permits *p, bool *ret_shut)
{
	/* PM13 relaxed: advisory. */
	uint64_t taken = pawl_load_(&p->taken->word, relaxed);
	/* PM14 relaxed: the same. */
	uint64_t given = pawl_load_(&p->given->word, relaxed);
	int32_t n = permits_between(given, taken);

	*ret_shut = given & PERMITS_SHUT;
	return n > 0 ? n : 0;
}

/* Return: how many there are beyond @taken, as many as takers know of, or else as there are. */
PERMITS_INLINE int32_t permits_seen(const struct permits *p, uint64_t taken)
{
	uint64_t first = taken >> PERMITS_TAKEN_SHIFT;
	/* PM15 acquire: pairs with PM16.  As PM17. */
	int64_t n = (int64_t)(pawl_load_(&p->taken->limit, acquire) - first);

	if (pawl_likely_(n > 0))
		return (int32_t)n;
	/* PM17 acquire: pairs with PM3, PM4.  What was done before they were given. */
	n = permits_between(pawl_load_(&p->given->word, acquire), taken);
	if (n > 1)
		/* PM16 release: pairs with PM15.  What this takes over from PM17. */
		pawl_store_(&p->taken->limit, first + (uint64_t)n, release);
	return (int32_t)n;
}

/* As permits_take(); *ret_first: the number of the first one, modulo 2^32. */
PERMITS_INLINE uint32_t permits_take_first(struct permits *p, uint32_t most, int *ret_err,
	uint32_t *ret_first)
{
	/* PM1 relaxed: PM2 looks again. */
	uint64_t taken = pawl_load_(&p->taken->word, relaxed);
	uint32_t n;

	*ret_err = 0;
	do {
		int32_t there;

		while (!pawl_likely_(!(taken & PERMITS_TAKEN_SHUT) &&
				     (there = permits_seen(p, taken)) > 0)) {
			uint64_t seen = taken;

			/* PM11 acquire: pairs with PM18.  What was done before they were shut. */
			taken = pawl_load_(&p->taken->word, acquire);
			if (taken == seen) {
				*ret_err = taken & PERMITS_TAKEN_SHUT ? EPIPE : EAGAIN;
				return 0;
			}
		}
		n = (uint32_t)there < most ? (uint32_t)there : most;
		/* PM2 relaxed: what was done before comes with PM15 or PM17. */
	} while (!pawl_likely_(pawl_cas_weak_(&p->taken->word, &taken,
					      taken + ((uint64_t)n << PERMITS_TAKEN_SHIFT),
					      relaxed, relaxed)));
	*ret_first = (uint32_t)(taken >> PERMITS_TAKEN_SHIFT);
	return n;
}

/* Take as many as takers know of, up to @most.  Return: how many, or 0; then *ret_err is EAGAIN or
 * EPIPE. */
PERMITS_INLINE uint32_t permits_take(struct permits *p, uint32_t most, int *ret_err)
{
	uint32_t first;

	return permits_take_first(p, most, ret_err, &first);
}

/* Return: the number, about, of the permit that is given next. */
static inline uint32_t permits_next(const struct permits *p)
{
	/* PM21 relaxed: a hint. */
	return (uint32_t)(pawl_load_(&p->given->word, relaxed) >> PERMITS_SHIFT);
}

/* Give @n, more than 0; where some wait. */
void pawl_i_permits_hand_out(struct permits *p, uint32_t n);

/* Give @n. */
PERMITS_INLINE void permits_give(struct permits *p, uint32_t n)
{
	/* PM5 relaxed: PM3 looks again. */
	uint64_t word = pawl_load_(&p->given->word, relaxed);

	while (pawl_likely_(!(word & PERMITS_SOME_WAIT)))
		/* PM3 release: pairs with PM17.  What was done with them, for who takes them. */
		if (pawl_likely_(pawl_cas_weak_(&p->given->word, &word,
						word + ((uint64_t)n << PERMITS_SHIFT),
						release, relaxed)))
			return;
	pawl_i_permits_hand_out(p, n);
}

/*
 * Take one, or wait until @l for it; @what is waited for.
 *
 * Return: 0; EPIPE; ETIMEDOUT; ECANCELED.
 */
int pawl_i_permits_wait(struct permits *p, const struct wait_for *what, struct limit *l);

/*
 * Have @op wait for one, of @object.
 *
 * Return: EAGAIN: there may be one, or they are shut, and it does not wait; EINPROGRESS; what it
 * was answered meanwhile, as @verb makes it; ENOMEM.
 */
int pawl_i_permits_wait_op(struct permits *p, pawl_op *op, const struct op_verb *verb,
	void *object);

/* For what joined the line: see that it will be told.  Return: EAGAIN: it has to wait; 0: there may
 * be a permit; EPIPE. */
int pawl_i_permits_announce(struct permits *p);

/* Whether any call is in line, or about to leave it. */
bool pawl_i_permits_have_line(const struct permits *p);

/* From now on there are none: EPIPE. */
void pawl_i_permits_shut(struct permits *p);

#endif
