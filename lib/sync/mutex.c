/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutex.c - pawl/mutex.h.  Uses: atomic, platform, wait.
 *
 * word = owner << 32 | STARVING | WOKEN | WAITERS | LOCKED_LIST; owner 0: free.
 *
 *	0 --M1,M3 lock--> owner --M2 unlock--> 0		nobody waits
 *
 *	owner        --M9 enqueue-->  owner|WAITERS
 *	owner|WAITERS  --M8 unlock--> WOKEN|WAITERS?	barging: the first was popped, and
 *							is signalled RETRY: it is the heir
 *	owner|WAITERS  --M8 unlock--> owner'|WAITERS?	fair, or STARVING: the first was
 *							popped and owns it: GRANT
 *	owner|WOKEN  --M7 unlock-->   WOKEN		an heir is in flight: wake no other
 *	any          --M24 move-->    the same|WAITERS, or if it was free and without an heir:
 *							WOKEN or owner', as M8
 *	WOKEN        --M5 heir, M6 any--> owner[|WOKEN]	whoever comes first; the heir clears
 *							WOKEN when it wins, when it enqueues
 *							again (M11) and when it gives up (M12)
 *
 * I1  WAITERS and not WOKEN => owned.  So somebody will unlock, and look at the list.
 * I2  WOKEN: exactly one waiter was popped with RETRY and has not answered yet.
 * I3  STARVING: the first on the list lost races for STARVE_NS; the next unlock hands
 *     the mutex over.  It is set and cleared inside the list only, by its owner or
 *     by that hand-off, so it cannot outlive its waiter.
 * I4  the owner changes: from 0 by anybody; to 0 or to a waiter by the owner only.
 * I5  the unlocker's last touch of the mutex is M2, M7 or M8, each of which makes it
 *     available: the next owner may free it.  What is signalled after that is the
 *     waiter, which cannot leave before.
 *
 * An heir that finds the mutex taken goes back to the front of the list, so waiting
 * is FIFO but for those who never waited.
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
#include "wait/list.h"

enum { WOKEN = 4, STARVING = 8 };
#define OWNER 0xffffffff00000000u
#define DESTROYED OWNER
#define STARVE_NS PAWL_MS(1)

_Static_assert(sizeof(pawl_mutex) == 16, "pawl_mutex has 16 bytes");

/* One attempt to get the mutex, which may take several waits. */
struct attempt {
	pawl_mutex *mutex;
	const char *verb;	/* of the caller, for messages */
	uint64_t self;
	pawl_time deadline;
	int64_t since;		/* first wait, real time; 0: none yet */
	bool heir;		/* WOKEN stands for us (I2) */
	struct waiter waiter;
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

	/* M13 acquire: pairs with M2, M7, M8.  What holders wrote happens before the free. */
	if (pawl_cas_(&m->word_, &word, DESTROYED, acquire, relaxed)) {
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
		/* M5 acquire: pairs with M2, M7, M8.  As M1. */
		if (pawl_cas_weak_(&a->mutex->word_, &word, (word & ~answer) | a->self,
				   acquire, relaxed))
			return true;
	}
	return false;
}

static bool is_late(const struct attempt *a)
{
	return a->deadline != PAWL_FOREVER && pawl_i_clock_now() >= a->deadline;
}

/* Take it now, or while a wait for that costs less than to park: by a bounded spin. */
static bool spin_and_take(struct attempt *a)
{
	uint32_t spins = is_late(a) ? 0 : pawl_i_cpu_spins();

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

/* Join the list while somebody owns the mutex.  False: it is free. */
static bool enqueue(struct attempt *a)
{
	pawl_mutex *m = a->mutex;
	struct waiter *w = &a->waiter;
	uint64_t answer = a->heir ? WOKEN : 0, change;

	w->starving = w->front && pawl_i_clock_real() - a->since >= STARVE_NS;
	pawl_i_waiter_arm(w);
	for (unsigned round = 0;; round++) {
		/* M15 relaxed: M11 looks again. */
		uint64_t word = pawl_load_(&m->word_, relaxed);

		if (!(word & OWNER))
			return false;
		if ((word & OWNER) == DESTROYED)
			refuse(a->verb, m, word, "");
		/* M11 acquire: pairs with M8, M9, M24, Q3.  The list as the last one left it;
		 * as the heir it answers in the same step, which I1 allows as it is owned. */
		if (!(word & LOCKED_LIST) &&
		    pawl_cas_weak_(&m->word_, &word, (word & ~answer) | LOCKED_LIST, acquire, relaxed)) {
			change = word & WAITERS ? 0 : WAITERS;
			break;
		}
		pawl_i_list_back_off(round);
	}
	a->heir = false;
	if (w->front)
		pawl_i_list_push_front(&m->queue_, w);
	else
		pawl_i_list_push_back(&m->queue_, w);
	/* M9 release: pairs with M11, M22, Q2.  The list with us in it.  Those without
	 * the list's lock may change the owner meanwhile, so it adds (I3). */
	(void)pawl_fetch_add_(&m->word_, change + (w->starving ? STARVING : 0) - LOCKED_LIST,
			      release);
	return true;
}

/* The deadline passed for one on the list.  False: it was popped before. */
static bool leave_list(struct attempt *a)
{
	pawl_mutex *m = a->mutex;
	struct waiter *w = &a->waiter;
	uint64_t change = 0;
	bool there;

	pawl_i_list_lock(&m->word_);
	there = list_has(w);
	if (there) {
		pawl_i_list_remove(&m->queue_, w);
		change = pawl_i_list_mark(m->queue_, true) - (w->starving ? STARVING : 0);
	}
	pawl_i_list_unlock(&m->word_, change);
	return there;
}

/* The deadline passed for the heir: take it, or else let the owner wake the next. */
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

/* Wait on the list.  Return: GRANT, RETRY, or 0 when it gave up at the deadline. */
static uint32_t wait_in_list(struct attempt *a)
{
	struct wait_for what = { "mutex", a->mutex, &a->mutex->word_ };
	uint32_t answer = pawl_i_park(&a->waiter, &what, a->deadline);

	if (answer != 0 || leave_list(a))
		return answer;
	return pawl_i_park_signal(&a->waiter);
}

static int lock_waiting(struct attempt *a)
{
	while (!spin_and_take(a)) {
		if (is_late(a)) {
			if (a->heir && take_or_resign(a))
				return 0;
			pawl_i_deadline_suspect(a->deadline);
			return ETIMEDOUT;
		}
		if (a->since == 0)
			a->since = pawl_i_clock_real();
		if (!enqueue(a))
			continue;
		switch (wait_in_list(a)) {
		case GRANT:
			return 0;	/* the hand-off made us the owner; P5 to P3 orders it */
		case RETRY:
			a->heir = a->waiter.front = true;
			break;
		default:
			return ETIMEDOUT;
		}
	}
	return 0;
}

static int lock_slow(pawl_mutex *m, const char *verb, pawl_time deadline)
{
	struct attempt a = {
		.mutex = m, .verb = verb, .self = pawl_i_self(), .deadline = deadline,
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
	if (lock_slow(m, "pawl_mutex_lock", PAWL_FOREVER) == EDEADLK)
		pawl_i_misuse("pawl_mutex_lock", "mutex", m, "is already held by the caller, thread",
			      thread_of(pawl_self_));
}

int pawl_mutex_lock_until(pawl_mutex *m, pawl_time deadline)
{
	return pawl_mutex_trylock(m) == 0 ? 0 :
		lock_slow(m, "pawl_mutex_lock_until", deadline);
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

/* The word that makes @w, just popped, the owner or the heir. */
static uint64_t word_for(const pawl_mutex *m, const struct waiter *w, bool hand_over)
{
	return (hand_over ? w->self : WOKEN) | pawl_i_list_mark(m->queue_, false);
}

/* Inside the list, owned by the caller: hand over or free, leave the list, signal. */
static void pass_on(pawl_mutex *m, uint64_t word)
{
	bool hand_over = (word & STARVING) || (m->queue_ & PAWL_FAIR);
	struct waiter *w = pawl_i_list_pop(&m->queue_);

	/* M8 release: pairs with M1, M3, M5, M11, M13, M22, Q2.  A store, for while we own the
	 * mutex and its list and there is no heir, nobody else writes the word.  Last
	 * touch of *m (I5). */
	pawl_store_(&m->word_, word_for(m, w, hand_over), release);
	pawl_i_signal(w, hand_over ? GRANT : RETRY);
}

/* Inside the list, where waiters were added: see that somebody looks at them (I1). */
static void leave_with_moved(pawl_mutex *m)
{
	bool hand_over = m->queue_ & PAWL_FAIR;

	for (;;) {
		/* M23 relaxed: M24 looks again. */
		uint64_t word = pawl_load_(&m->word_, relaxed);
		uint64_t next = (word & ~(uint64_t)LOCKED_LIST) | WAITERS;
		struct waiter *w = NULL;

		if ((word & OWNER) == DESTROYED)
			refuse("pawl_cond_signal", m, word, "");
		if (!(word & (OWNER | WOKEN))) {
			w = pawl_i_list_pop(&m->queue_);
			next = word_for(m, w, hand_over);
		}
		/* M24 release: pairs with M11, M22, Q2.  The list with them in it. */
		if (pawl_cas_(&m->word_, &word, next, release, relaxed)) {
			if (w)
				pawl_i_signal(w, hand_over ? GRANT : RETRY);
			return;
		}
		if (w)
			pawl_i_list_push_front(&m->queue_, w);
	}
}

void pawl_i_mutex_move(struct waiter *chain)
{
	while (chain) {
		pawl_mutex *m = chain->mutex;

		pawl_i_list_lock(&m->word_);
		while (chain && chain->mutex == m) {
			struct waiter *next = chain->next;

			chain->front = chain->starving = false;
			if (chain->context)
				pawl_i_context_show(chain->context, "mutex", m, &m->word_);
			pawl_i_list_push_back(&m->queue_, chain);
			chain = next;
		}
		leave_with_moved(m);
	}
}

void pawl_i_mutex_lock_moved(pawl_mutex *m, uint32_t answer)
{
	struct attempt a = {
		.mutex = m, .verb = "pawl_cond_wait_until", .self = pawl_i_self(),
		.deadline = PAWL_FOREVER,
		.heir = true, .waiter.front = true,
	};

	if (answer == RETRY)
		(void)lock_waiting(&a);
	hb_acquire(m);
}

void pawl_mutex_unlock_slow_(pawl_mutex *m)
{
	/* M20 relaxed: only the caller writes its own id. */
	uint64_t word = pawl_load_(&m->word_, relaxed);

	if (pawl_self_ == 0 || (word & OWNER) != pawl_self_)
		refuse("pawl_mutex_unlock", m, word, "is not held");
	hb_release(m);
	for (unsigned round = 0;; round++) {
		if ((word & WOKEN) || !(word & (WAITERS | LOCKED_LIST))) {
			/* M7 release: pairs with M1, M3, M5, M13, Q2.  Last touch of *m (I5). */
			if (pawl_cas_weak_(&m->word_, &word, word & ~OWNER, release, relaxed))
				return;
		} else if (word & LOCKED_LIST) {
			pawl_i_list_back_off(round);
			/* M21 relaxed: M7 and M22 look again. */
			word = pawl_load_(&m->word_, relaxed);
			/* M22 acquire: pairs with M8, M9, M24, Q3.  The list as the last one left it. */
		} else if (pawl_cas_weak_(&m->word_, &word, word | LOCKED_LIST, acquire, relaxed)) {
			pass_on(m, word);
			return;
		}
	}
}
