/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * barrier.c - pawl/barrier.h.  Uses: platform, wait.
 *
 * word = epoch << 32 | arrived << 1 | BROKEN
 *
 *	n --J3 arrive--> n + 1 ... parties - 1 --H3 the last--> epoch + 1, none arrived
 *	n --H3 who gives up--> n|BROKEN						for ever
 *
 * It is a gate (gate.h) at which to arrive is to announce oneself.  Threads then sleep in its lobby
 * until the word is another.  A task joins the queue before, to be woken by itself: it arrives with
 * the epoch that it noted, or comes again, so the last, who begins the next epoch, answers all
 * tasks that arrived in this one, and nobody else who counts on it.
 */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>
#include <pawl/barrier.h>

#include "platform/fatal.h"
#include "platform/hb.h"
#include "wait/gate.h"

enum { BROKEN = 1 };
#define ARRIVED ((uint64_t)2)

struct arrival {
	pawl_barrier *barrier;
	struct limit limit;
	uint64_t word;		/* as it was last seen; its epoch is that of the arrival */
	struct waiter *waiter;	/* a task's, in the queue; NULL: none, or there was no memory */
};

static uint32_t arrived(uint64_t word)
{
	return (uint32_t)word >> 1;
}

int pawl_barrier_init(pawl_barrier *b, uint32_t parties)
{
	if (parties == 0 || parties > INT32_MAX)
		return EINVAL;
	*b = (pawl_barrier)PAWL_BARRIER_INIT(parties);
	return 0;
}

/* Return: the answer, which may be another's who was in the queue before; 0: none. */
static uint32_t leave(struct arrival *a)
{
	uint32_t answer = 0;

	if (a->waiter) {
		answer = pawl_i_waiter_give_up(a->waiter);
		pawl_i_line_leave(&a->barrier->queue_, a->waiter);
	}
	a->waiter = NULL;
	return answer;
}

static void join(struct arrival *a)
{
	struct wait_for what = { "barrier", a->barrier, NULL };
	struct waiter *w = pawl_i_park_is_thread() ? NULL : pawl_i_park_waiter(&what);

	if (w)
		pawl_i_waiter_make_note(w, gate_epoch(a->word));
	if (w && pawl_i_line_join(&a->barrier->queue_, w, pawl_i_waiter_arm(w)) == 0)
		a->waiter = w;
}

/* Change the word from *@old, which ends its phase, and wake all who wait for that.  False:
 * it was not *@old. */
static bool end_phase(pawl_barrier *b, uint64_t *old, uint64_t next, uint32_t answer)
{
	if (!pawl_i_gate_open(&b->word_, &b->queue_, old, next, answer, gate_epoch(*old) + 1))
		return false;
	if (arrived(*old) > 0)
		pawl_i_gate_call(&b->word_);
	return true;
}

/* Return: PAWL_BARRIER_SERIAL; 0: arrived; EPIPE; EAGAIN: another epoch has begun. */
static int arrive(struct arrival *a)
{
	pawl_barrier *b = a->barrier;
	uint32_t epoch = gate_epoch(a->word);

	while (gate_epoch(a->word) == epoch) {
		if (a->word & BROKEN)
			return EPIPE;
		if (arrived(a->word) + 1 < b->parties_) {
			/* J3 acq_rel: pairs with H3, J4, J5.  What was done before the arrival; and
			 * that we stand in the queue.  The failure as J4. */
			if (pawl_cas_weak_(&b->word_, &a->word, a->word + ARRIVED, acq_rel, acquire))
				return 0;
		} else if (end_phase(b, &a->word, (uint64_t)(epoch + 1) << 32, GRANT)) {
			return PAWL_BARRIER_SERIAL;
		}
	}
	return EAGAIN;
}

/* The limit was reached by who arrived in @epoch: break it, unless the others are all there. */
static int give_up(struct arrival *a, uint32_t epoch)
{
	pawl_barrier *b = a->barrier;
	/* J5 acquire: pairs with J3, H3.  Those who arrived, or what they did. */
	uint64_t word = pawl_load_(&b->word_, acquire);

	while (gate_epoch(word) == epoch) {
		if (word & BROKEN)
			return EPIPE;
		if (end_phase(b, &word, word | BROKEN, CLOSED))
			return pawl_i_limit_error(&a->limit);
	}
	return 0;
}

/* Return: how an arrival in @epoch ended, also if a later phase was broken; EAGAIN: it has not. */
static int outcome(const pawl_barrier *b, uint32_t epoch)
{
	/* J6 acquire: pairs with H3.  As J5. */
	uint64_t word = pawl_load_(&b->word_, acquire);

	if (gate_epoch(word) != epoch)
		return 0;
	return word & BROKEN ? EPIPE : EAGAIN;
}

static bool has_ended(void *arg)
{
	const struct arrival *a = arg;

	return outcome(a->barrier, gate_epoch(a->word)) != EAGAIN;
}

static int wait_asleep(struct arrival *a, uint32_t epoch)
{
	struct wait_for what = { "barrier", a->barrier, NULL };
	struct waiter *w = pawl_i_park_is_thread() ? pawl_i_park_waiter(&what) : NULL;
	int rc = EAGAIN;

	for (unsigned round = 0; rc == EAGAIN && !pawl_i_limit_reached(&a->limit); round++) {
		if (w)
			pawl_i_park_in_lobby(w->context, &what, &a->limit, &a->barrier->word_,
					     has_ended, a);
		else
			pawl_i_park_poll(round, &a->limit);
		rc = outcome(a->barrier, epoch);
	}
	return rc == EAGAIN ? give_up(a, epoch) : rc;
}

static int wait_for_others(struct arrival *a)
{
	struct wait_for what = { "barrier", a->barrier, NULL };
	uint32_t epoch = gate_epoch(a->word);

	if (!a->waiter)
		return wait_asleep(a, epoch);
	if (pawl_i_park(a->waiter, &what, &a->limit) == 0 && leave(a) == 0)
		return give_up(a, epoch);
	return outcome(a->barrier, epoch);
}

int pawl_barrier_wait_until(pawl_barrier *b, pawl_time deadline)
{
	struct arrival a = { .barrier = b, .limit = pawl_i_limit(deadline) };
	int rc;

	if (b->parties_ == 0)
		pawl_i_misuse("pawl_barrier_wait_until", "barrier", b, "is for nobody", 0);
	hb_release(b);
	do {
		/* J4 acquire: pairs with H3, J3.  Those who arrived before. */
		a.word = pawl_load_(&b->word_, acquire);
		if (arrived(a.word) + 1 < b->parties_)
			join(&a);
		rc = arrive(&a);
		if (rc == 0)
			rc = wait_for_others(&a);
		(void)leave(&a);
	} while (rc == EAGAIN);
	if (rc <= 0)
		hb_acquire(b);
	return rc;
}
