/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutex.c - pawl/mutex.h.  Uses: atomic, platform, wait.
 *
 * word = owner << 32 | STARVING | HEIR | WOKEN | WAITERS (owner.h); owner 0: free.
 *
 *	0 --M1,M3 lock--> owner --M2 unlock--> 0		nobody waits
 *
 *	owner          --W2 wait--> owner|WAITERS
 *	owner|WAITERS  --M8--> owner|WAITERS|WOKEN --M7--> WAITERS|WOKEN
 *				barging: the first in the queue was told RETRY, it is the heir
 *	owner|WAITERS  --W3--> TRANSIT|WAITERS --W6--> owner'|WAITERS
 *				fair, or an op's: the first in the queue was told GRANT
 *	owner|WOKEN    --M7--> WOKEN			an heir is on its way: wake no other
 *	WOKEN          --M5 heir, M6 any--> owner[|WOKEN]	whoever comes first
 *	owner|WOKEN    --M9 heir--> owner|HEIR		it lost, and parks again
 *	owner|HEIR     --M26--> WOKEN			it was told RETRY
 *	owner|HEIR|STARVING  --M26--> TRANSIT		it was told GRANT
 *	owner|HEIR     --M11 heir--> owner		it gave up
 *
 * I1  somebody waits in the queue, announced, and neither WOKEN nor HEIR => owned.  So
 *     somebody will let go, and look at the queue.
 * I2  WOKEN or HEIR: there is one heir.  WOKEN: it runs, or is about to; it clears WOKEN when
 *     it wins (M5), parks again (M9) or resigns (M12).  HEIR => owned: it is parked, and the
 *     owner turns HEIR into WOKEN, or hands over, as it lets go.
 * I3  STARVING: the heir lost races for STARVE_NS; it stands and falls with HEIR.
 * I4  the owner changes: from 0 by anybody; to 0 or TRANSIT by the owner only; from TRANSIT by
 *     who was told GRANT.
 * I5  the unlocker's last touch of the mutex is M2, M7, M26 or what comes before the answer in
 *     a hand-over, each of which makes it available: the next owner may free it.
 *
 * An heir that finds the mutex taken keeps its place: it is not in the queue any more, and the
 * next one is taken from there only when it has answered.  So waiting is FIFO but for
 * those who never waited.
 */
#include "config.h"

#include <errno.h>

#include <pawl/mutex.h>

#include "platform/clock.h"
#include "platform/cpu.h"
#include "platform/fatal.h"
#include "platform/hb.h"
#include "platform/tls.h"
#include "sync/mutex_move.h"
#include "sync/mutex_op.h"
#include "wait/owner.h"
#include "wait/park.h"

enum { WOKEN = 4, HEIR = 8, STARVING = 16 };

_Static_assert(sizeof(pawl_mutex) == 16, "pawl_mutex has 16 bytes");

/* One attempt to get the mutex, which may take several waits. */
struct attempt {
	pawl_mutex *mutex;
	const char *verb;	/* of the caller, for messages */
	uint64_t self;
	struct limit limit;
	int64_t since;		/* first wait, real time; 0: none yet */
	unsigned polls;		/* rounds without memory */
	bool heir;		/* WOKEN stands for us (I2) */
	struct waiter *waiter;	/* ours, if it joined the queue; else NULL */
};

static uint64_t thread_of(uint64_t word)
{
	return word >> 32;
}

/* @ownerless: what is wrong if it has no owner. */
static _Noreturn void refuse(const char *verb, const pawl_mutex *m, uint64_t word,
	const char *ownerless)
{
	if ((word & OWNER) == DESTROYED)
		pawl_i_misuse(verb, "mutex", m, "was destroyed before", 0);
	if ((word & OWNER) == TRANSIT)
		pawl_i_misuse(verb, "mutex", m, "is being handed over", 0);
	if ((word & OWNER) == OF_OP)
		pawl_i_misuse(verb, "mutex", m, "is held by an op", 0);
	if (word & OWNER)
		pawl_i_misuse(verb, "mutex", m, "is held by thread", thread_of(word));
	pawl_i_misuse(verb, "mutex", m, ownerless, 0);
}

int pawl_mutex_init(pawl_mutex *m, unsigned flags)
{
	if (flags & ~(unsigned)PAWL_FAIR)
		return EINVAL;
	m->word_ = 0;
	m->queue_ = flags & PAWL_FAIR;
	return 0;
}

void pawl_mutex_destroy(pawl_mutex *m)
{
	uint64_t word = 0;

	/* M10 relaxed: who waits is inside a call that the caller must not race with. */
	if (line_users(pawl_load_(&m->queue_, relaxed)) != 0) {
		/* M24 relaxed: for the message. */
		word = pawl_load_(&m->word_, relaxed);
		/* M13 acquire: pairs with M2, M7.  What holders wrote happens before the free. */
	} else if (pawl_cas_(&m->word_, &word, DESTROYED, acquire, relaxed)) {
		hb_acquire(m);
		return;
	}
	refuse("pawl_mutex_destroy", m, word, "is being waited for");
}

/* Take it if it is free; as the heir, answer (I2). */
static bool take(struct attempt *a, uint64_t word)
{
	uint64_t answer = a->heir ? WOKEN : 0;

	while (!(word & OWNER)) {
		/* M5 acquire: pairs with M2, M7, M26.  As M1. */
		if (pawl_cas_weak_(&a->mutex->word_, &word, (word & ~answer) | a->self,
				   acquire, relaxed))
			return true;
	}
	return false;
}

/* Take it now, or while a wait for that costs less than to park: by a bounded spin. */
static bool spin_and_take(struct attempt *a)
{
	uint32_t spins = pawl_i_park_spins(&a->limit);

	for (;; spins--) {
		/* M14 relaxed: M5 looks again. */
		uint64_t word = pawl_load_(&a->mutex->word_, relaxed);

		if (take(a, word))
			return true;
		if (spins == 0)
			return false;
		pawl_i_cpu_pause();
	}
}

/* The limit was reached by the heir: take it, or else let the owner wake the next. */
static bool take_or_resign(struct attempt *a)
{
	uint64_t word;

	do {
		/* M17 relaxed: M5 and M12 look again. */
		word = pawl_load_(&a->mutex->word_, relaxed);
		if (take(a, word))
			return true;
		/* M12 relaxed: it publishes nothing; and as the mutex is owned, I1 holds. */
	} while (!(word & OWNER) ||
		 !pawl_cas_weak_(&a->mutex->word_, &word, word & ~(uint64_t)WOKEN, relaxed, relaxed));
	return false;
}

static void leave(struct attempt *a)
{
	if (a->waiter)
		pawl_i_line_leave(&a->mutex->queue_, a->waiter);
	a->waiter = NULL;
}

static bool is_fair(pawl_mutex *m)
{
	/* M15 relaxed: the bit is constant. */
	return pawl_load_(&m->queue_, relaxed) & LINE_FLAG;
}

/* As the owner, turn HEIR into WOKEN, or into its ownership, and let go.  False: it
 * gave up. */
static bool call_heir(pawl_mutex *m, uint64_t word, struct waiter **ret_wake)
{
	bool starving = word & STARVING;
	uint64_t flags = word & ~(OWNER | HEIR | STARVING), ref;
	uint64_t *heir = pawl_i_line_words(&m->queue_);

	if (!heir)
		return false;
	/* M25 relaxed: published by M9, whose HEIR stands until M26 succeeds: then it is the
	 * heir's. */
	ref = pawl_load_(heir, relaxed);
	/* M26 release: pairs with M1, M3, M5, M11, M20, M21.  As M7; or nothing, for a hand-over. */
	if (!pawl_cas_(&m->word_, &word, starving ? TRANSIT | flags : WOKEN | flags, release, relaxed))
		return false;
	/* If it has an answer, or none because it gave up and saw M26, that is fine. */
	(void)pawl_i_waiter_tell(ref, starving ? GRANT : RETRY, ret_wake);
	return true;
}

/* As the owner, choose the wait @ref as the heir, unless it is over. */
static void make_heir(pawl_mutex *m, uint64_t ref, struct waiter **ret_wake)
{
	/* M8 relaxed: the heir learns it by the answer. */
	(void)pawl_fetch_add_(&m->word_, WOKEN, relaxed);
	if (!pawl_i_waiter_tell(ref, RETRY, ret_wake))
		/* M18 relaxed: there was no heir. */
		(void)pawl_fetch_sub_(&m->word_, WOKEN, relaxed);
}

/*
 * As the owner @self, serve who waited longest: hand over to it, or make it the heir.  Ops
 * are handed it over, as one that has to try again costs a turn of their loop.
 *
 * Return: whether it was handed over; if not, the caller looks at the word again.
 */
static bool serve_first(pawl_mutex *m, uint64_t self, struct waiter **ret_wake)
{
	uint64_t ref = pawl_i_line_first(&m->queue_);

	if (ref == 0)
		pawl_i_owner_look_again(&m->word_, &m->queue_);
	else if (is_fair(m) || pawl_i_waiter_is_op(ref))
		return pawl_i_owner_hand_to(&m->word_, ref, self, GRANT, ret_wake);
	else
		make_heir(m, ref, ret_wake);
	return false;
}

/* @self, the owner, lets go. */
static void let_go(pawl_mutex *m, uint64_t self)
{
	struct waiter *wake = NULL;

	for (;;) {
		/* M21 acquire: pairs with M9, and after M22 with M2, M7, M26.  Who is the heir. */
		uint64_t word = pawl_load_(&m->word_, acquire);

		if ((word & WOKEN) || !(word & (HEIR | WAITERS))) {
			/* M7 release: pairs with M1, M3, M5, M13, M21.  Last touch of *m (I5). */
			if (pawl_cas_weak_(&m->word_, &word, word & ~OWNER, release, relaxed))
				break;
		} else if (word & HEIR) {
			if (call_heir(m, word, &wake))
				break;
		} else if (serve_first(m, self, &wake)) {
			break;
		}
	}
	if (wake)
		pawl_i_waiter_wake(wake);
}

/*
 * See that somebody looks at the queue, which was joined (I1).
 *
 * @serve:	if the mutex is free, own it for a moment and serve the queue
 *
 * Return: whether somebody will; false: it is free.
 */
static bool announce(pawl_mutex *m, const char *verb, bool serve)
{
	uint64_t self = pawl_i_self(), word;

	while (!((word = pawl_i_owner_announce(&m->word_)) & OWNER)) {
		if (!serve)
			return false;
		/* M22 relaxed: M21 reads it next, as an acquire that sees what M2, M7 or M26
		 * released. */
		if (pawl_cas_weak_(&m->word_, &word, word | self | WAITERS, relaxed, relaxed)) {
			let_go(m, self);
			break;
		}
	}
	if ((word & OWNER) == DESTROYED)
		refuse(verb, m, word, "");
	return true;
}

enum outcome { OWNED, AGAIN, LATE };

static enum outcome answered(struct attempt *a, uint32_t answer)
{
	if (answer == GRANT) {
		pawl_i_owner_take(&a->mutex->word_, a->self);
		return OWNED;
	}
	a->heir = answer == RETRY;
	return a->heir ? AGAIN : LATE;
}

static enum outcome wait_in_queue(struct attempt *a)
{
	pawl_mutex *m = a->mutex;
	struct wait_for what = { "mutex", m, &m->word_ };
	struct waiter *w = pawl_i_park_waiter(&what);
	uint32_t answer;

	if (!w || pawl_i_line_join(&m->queue_, w, pawl_i_waiter_arm(w)) != 0) {
		pawl_i_park_poll(a->polls++, &a->limit);
		return AGAIN;
	}
	a->waiter = w;
	if (announce(m, a->verb, is_fair(m)))
		return answered(a, pawl_i_park_or_give_up(w, &what, &a->limit));
	answer = pawl_i_waiter_give_up(w);
	if (answer != 0)
		return answered(a, answer);
	leave(a);
	return AGAIN;
}

/* Become the parked heir, if the mutex is owned. */
static bool park_as_heir(struct attempt *a)
{
	pawl_mutex *m = a->mutex;
	uint64_t starving = pawl_i_clock_real() - a->since >= STARVE_NS ? STARVING : 0;
	/* M16 relaxed: M9 looks again. */
	uint64_t word = pawl_load_(&m->word_, relaxed);

	/* M23 relaxed: M9 publishes it. */
	pawl_store_(pawl_i_line_words(&m->queue_), pawl_i_waiter_arm(a->waiter), relaxed);
	while (word & OWNER)
		/* M9 release: pairs with M21.  Who the heir is. */
		if (pawl_cas_weak_(&m->word_, &word, (word & ~(uint64_t)WOKEN) | HEIR | starving,
				   release, relaxed))
			return true;
	return false;
}

/* The limit was reached by the parked heir. */
static enum outcome give_up_as_heir(struct attempt *a)
{
	pawl_mutex *m = a->mutex;
	/* M20 acquire: pairs with M26.  If it was called: as M5. */
	uint64_t word = pawl_load_(&m->word_, acquire);
	uint32_t answer;

	while (word & HEIR)
		/* M11 acquire: pairs with M26.  For the failure: the same. */
		if (pawl_cas_weak_(&m->word_, &word, word & ~(uint64_t)(HEIR | STARVING),
				   acquire, acquire)) {
			(void)pawl_i_waiter_give_up(a->waiter);
			return LATE;
		}
	/* We were called, and need not wait for who did it: the word has the answer. */
	answer = pawl_i_waiter_give_up(a->waiter);
	if (answer == 0)
		answer = word & WOKEN ? RETRY : GRANT;
	return answered(a, answer);
}

static enum outcome wait_as_heir(struct attempt *a)
{
	struct wait_for what = { "mutex", a->mutex, &a->mutex->word_ };
	uint32_t answer;

	if (!park_as_heir(a))
		return AGAIN;
	answer = pawl_i_park(a->waiter, &what, &a->limit);
	return answer != 0 ? answered(a, answer) : give_up_as_heir(a);
}

static int lock_waiting(struct attempt *a)
{
	enum outcome outcome = AGAIN;

	while (outcome == AGAIN && !spin_and_take(a)) {
		if (pawl_i_limit_reached(&a->limit)) {
			outcome = a->heir && take_or_resign(a) ? OWNED : LATE;
			break;
		}
		if (a->since == 0)
			a->since = pawl_i_clock_real();
		outcome = a->heir ? wait_as_heir(a) : wait_in_queue(a);
	}
	leave(a);
	return outcome == LATE ? pawl_i_limit_error(&a->limit) : 0;
}

static int lock_slow(pawl_mutex *m, const char *verb, struct limit limit)
{
	struct attempt a = {
		.mutex = m, .verb = verb, .self = pawl_i_self(), .limit = limit,
	};
	int err;

	/* M19 relaxed: only the caller writes its own id. */
	if ((pawl_load_(&m->word_, relaxed) & OWNER) == a.self)
		return EDEADLK;
	err = lock_waiting(&a);
	if (err == 0)
		hb_acquire(m);
	return err;
}

void pawl_mutex_lock_slow_(pawl_mutex *m)
{
	if (lock_slow(m, "pawl_mutex_lock", limit_none()) == EDEADLK)
		pawl_i_misuse("pawl_mutex_lock", "mutex", m, "is already held by the caller, thread",
			      thread_of(pawl_self_));
}

int pawl_mutex_lock_until(pawl_mutex *m, pawl_time deadline)
{
	return pawl_mutex_trylock(m) == 0 ? 0 :
		lock_slow(m, "pawl_mutex_lock_until", pawl_i_limit(deadline));
}

int pawl_mutex_trylock_slow_(pawl_mutex *m)
{
	struct attempt a = { .mutex = m, .self = pawl_i_self() };

	/* M6 relaxed: M5 in take() looks again. */
	if (!take(&a, pawl_load_(&m->word_, relaxed)))
		return EBUSY;
	hb_acquire(m);
	return 0;
}

void pawl_i_mutex_adopt(pawl_mutex *m, struct waiter *w)
{
	uint64_t ref = pawl_i_waiter_ref(w);
	struct waiter *wake;

	pawl_i_context_show(w->context, "mutex", m, &m->word_);
	if (pawl_mutex_is_mine(m) && pawl_i_line_join(&m->queue_, w, ref) == 0)
		(void)pawl_i_owner_announce(&m->word_);
	else if (pawl_i_waiter_tell(ref, ALONE, &wake))
		pawl_i_waiter_wake(wake);
}

void pawl_i_mutex_lock_adopted(pawl_mutex *m, struct waiter *w, uint32_t answer)
{
	struct attempt a = {
		.mutex = m, .verb = "pawl_cond_wait_until", .self = pawl_i_self(),
		.limit = limit_none(), .since = pawl_i_clock_real(),
		.waiter = answer == ALONE ? NULL : w,
	};

	if (answered(&a, answer) == OWNED)
		leave(&a);
	else
		(void)lock_waiting(&a);
	hb_acquire(m);
}

void pawl_mutex_unlock_slow_(pawl_mutex *m)
{
	/* M27 relaxed: only the caller writes its own id, or lets an op's lock go. */
	uint64_t word = pawl_load_(&m->word_, relaxed);

	if ((word & OWNER) != OF_OP && (pawl_self_ == 0 || (word & OWNER) != pawl_self_))
		refuse("pawl_mutex_unlock", m, word, "is not held");
	hb_release(m);
	let_go(m, word & OWNER);
}

void pawl_i_mutex_announce(pawl_mutex *m, const char *verb)
{
	(void)announce(m, verb, true);
}
