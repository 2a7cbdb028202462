/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/mutex.h - mutual exclusion that knows its owner.
 *
 * Two policies.  The default lets a running thread take a free mutex before
 * those who wait (barging), wakes one waiter at a time, and hands the mutex over
 * to a waiter that has lost races for 1 ms.  PAWL_FAIR always hands it over, in the
 * order in which they began to wait, and pays a switch of threads for each contended
 * unlock.
 *
 * Threads:   every function but init and destroy may run at any time.
 * Memory:    unlock releases; a lock that returns 0 acquires.
 * Progress:  trylock: lock-free.  unlock: wait-free if nobody waits, else lock-free:
 *            it waits for nobody.  lock: blocks while another holds it; giving up
 *            at a deadline waits for nobody.
 * Signals:   is_mine is async-signal-safe; the others are not.
 * Misuse:    locking again what the caller holds, unlocking what it does not
 *            hold, destroying a mutex that is held or waited for: one sentence
 *            on standard error, then abort(); in every build.
 * Lifetime:  all-zero memory is a valid, default mutex.  It may be destroyed and
 *            freed by whoever holds it last, right after its unlock, while the
 *            unlock of the holder before is still returning.
 *
 * Source: heir and starvation hand-off after Go's mutex and parking_lot, over a queue of
 * waiters after CQS (Koval, Khalanskiy, Alistarh, PLDI 2023); see lib/sync/mutex.c and
 * lib/wait/line.c.
 */
#ifndef PAWL_MUTEX_H
#define PAWL_MUTEX_H

#include <pawl/atomic.h>
#include <pawl/base.h>
#include <pawl/op.h>
#include <pawl/thread.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_mutex {
	uint64_t word_;		/* private; states are drawn in lib/sync/mutex.c */
	uint64_t queue_;
} pawl_mutex;

enum { PAWL_FAIR = 1 };

#define PAWL_MUTEX_INIT { 0, 0 }
#define PAWL_MUTEX_FAIR_INIT { 0, PAWL_FAIR }

/*
 * @flags:	0 or PAWL_FAIR
 *
 * Return: 0; EINVAL for any other flag.
 */
PAWL_API int pawl_mutex_init(pawl_mutex *m, unsigned flags) PAWL_NONNULL_;

/* @m must be free and nobody may wait for it; else abort with one sentence. */
PAWL_API void pawl_mutex_destroy(pawl_mutex *m) PAWL_NONNULL_;

/* Lock; waits as long as it takes, cannot fail, and never looks at scopes (pawl/scope.h). */
PAWL_API void pawl_mutex_lock(pawl_mutex *m) PAWL_NONNULL_;

/* Unlock; the caller holds @m. */
PAWL_API void pawl_mutex_unlock(pawl_mutex *m) PAWL_NONNULL_;

/* Return: 0, and the caller holds @m; EBUSY if somebody (the caller too) does. */
PAWL_API int pawl_mutex_trylock(pawl_mutex *m) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Lock, but not later than @deadline.
 *
 * @deadline:	instant; PAWL_FOREVER waits for ever, a past one polls once
 *
 * Return: 0, and the caller holds @m, also if the deadline passed, or a cancel came,
 * meanwhile; ETIMEDOUT; ECANCELED if it would have to wait in a canceled scope
 * (pawl/scope.h); EDEADLK if the caller holds it already.
 */
PAWL_API int pawl_mutex_lock_until(pawl_mutex *m, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Lock for @op, which waits in the same queue as threads do.
 *
 * What an op holds belongs to it and to no thread: any may unlock it, pawl_mutex_is_mine() is
 * false, and a thread that locks it waits, even if that is for itself.  The default policy
 * hands the mutex over to an op whose turn it is, instead of waking it to try again.
 *
 * Return: 0, and @op holds @m; EINPROGRESS, and done() will be called, with 0 if @op holds @m
 * then, or with ETIMEDOUT or ECANCELED; ENOMEM.
 */
PAWL_API int pawl_mutex_lock_op(pawl_mutex *m, pawl_op *op) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* Return: whether the calling thread holds @m. */
PAWL_API bool pawl_mutex_is_mine(const pawl_mutex *m) PAWL_NONNULL_;

/*
 * Lock all of @m[0..n), or wait: in the order of their addresses, so that threads
 * which lock all that they need by one such call cannot deadlock.  One that stands
 * there several times is locked once.  No allocation; time O(n * n / 32).  Never looks
 * at scopes.
 *
 * @m:		the array may change or go after the call; it is not written
 * @n:		may be 0
 */
PAWL_API void pawl_mutex_lock_all(pawl_mutex *const m[], size_t n);

/*
 * All or none, not later than @deadline.
 *
 * Return: 0; ETIMEDOUT, ECANCELED or EDEADLK (see pawl_mutex_lock_until), and none was
 * kept.
 */
PAWL_API int pawl_mutex_lock_all_until(pawl_mutex *const m[], size_t n, pawl_time deadline)
	PAWL_MUST_CHECK_;

/* Unlock all of @m[0..n), one that stands there several times once. */
PAWL_API void pawl_mutex_unlock_all(pawl_mutex *const m[], size_t n);

/* Private: what the inline parts fall back to. */
PAWL_API void pawl_mutex_lock_slow_(pawl_mutex *m);
PAWL_API void pawl_mutex_unlock_slow_(pawl_mutex *m);
PAWL_API int pawl_mutex_trylock_slow_(pawl_mutex *m);

#ifdef PAWL_INLINES_
PAWL_INLINE_ void pawl_mutex_lock(pawl_mutex *m)
{
	uint64_t self = pawl_self_, free_word = 0;

	/* M1 acquire: pairs with M2, M7, M26.  What the last holder wrote. */
	if (pawl_likely_(self != 0 && pawl_cas_(&m->word_, &free_word, self, acquire, relaxed)))
		PAWL_HB_ACQUIRE_(m);
	else
		pawl_mutex_lock_slow_(m);
}

PAWL_INLINE_ void pawl_mutex_unlock(pawl_mutex *m)
{
	uint64_t self = pawl_self_;

	PAWL_HB_RELEASE_(m);
	/* M2 release: pairs with M1, M3, M5, M13, M21.  Last touch of *m if it succeeds. */
	if (!pawl_likely_(self != 0 && pawl_cas_(&m->word_, &self, 0, release, relaxed)))
		pawl_mutex_unlock_slow_(m);
}

PAWL_INLINE_ int pawl_mutex_trylock(pawl_mutex *m)
{
	uint64_t self = pawl_self_, free_word = 0;

	/* M3 acquire: pairs with M2, M7, M26.  As M1. */
	if (pawl_likely_(self != 0 && pawl_cas_(&m->word_, &free_word, self, acquire, relaxed))) {
		PAWL_HB_ACQUIRE_(m);
		return 0;
	}
	return pawl_mutex_trylock_slow_(m);
}

PAWL_INLINE_ bool pawl_mutex_is_mine(const pawl_mutex *m)
{
	uint64_t self = pawl_self_;

	/* M4 relaxed: the caller's own id is there only if the caller wrote it. */
	return self != 0 && pawl_load_(&m->word_, relaxed) >> 32 == self >> 32;
}
#endif

PAWL_END_DECLS

#include <pawl/cond.h>
#endif
