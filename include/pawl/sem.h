/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/sem.h - counting semaphore: a number of permits, which calls take or wait for.
 *
 *	pawl_sem limit = PAWL_SEM_INIT(100);
 *
 *	rc = pawl_sem_acquire_until(&limit, deadline);
 *	if (rc == 0) {
 *		...
 *		pawl_sem_release(&limit, 1);
 *	}
 *
 * Two policies.  The default lets a running thread take a free permit before those who wait
 * (barging), wakes one waiter at a time, and hands a permit over to a waiter whose turn comes
 * again after it lost a race, and had waited for 1 ms.  PAWL_FAIR gives permits out in the order in
 * which calls began to wait.
 *
 * The number may be negative: pawl_sem_adjust() can take away permits that are out, and releases
 * pay that debt before anybody gets one.
 *
 * Threads:   every function but init and destroy may run at any time; any thread may release.
 * Memory:    a release happens before each acquire that takes one of its permits.
 * Progress:  tryacquire, release, adjust, close: lock-free: they wait for nobody.  value:
 *            wait-free.
 *            acquire: blocks until there is a permit, and until a release, or a waiter that was
 *            woken before, which is under way, has passed it on; giving up at a deadline waits
 *            for nobody.
 * Signals:   value is async-signal-safe; the others are not.
 * Misuse:    releasing a negative number, or so many that there are more than
 *            PAWL_SEM_MAX, taking the number below -PAWL_SEM_MAX, destroying a semaphore that is
 *            waited for: one sentence on standard error, then abort(); in every build.
 * Lifetime:  all-zero memory is a valid semaphore of the default policy without permits.  It may
 *            be destroyed and freed by whoever took the last permit that others will ever
 *            release, while their release is still returning.  It must outlive the calls
 *            of close and adjust.
 *
 * Source: one waiter on its way at a time after nsync's designated waker (Burrows 2016); a queue of
 * waiters after CQS (Koval, Khalanskiy, Alistarh, PLDI 2023); large requests behind a turnstile
 * after Downey's little book of semaphores; see lib/sync/sem.c.
 */
#ifndef PAWL_SEM_H
#define PAWL_SEM_H

#include <pawl/atomic.h>
#include <pawl/base.h>
#include <pawl/mutex.h>
#include <pawl/op.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_sem {
	uint64_t word_;		/* private; states are drawn in lib/sync/sem.c */
	uint64_t queue_;
} pawl_sem;

#define PAWL_SEM_MAX (INT64_MAX >> 8)

/* @n:		permits, 0 to PAWL_SEM_MAX */
#define PAWL_SEM_INIT(n) { (uint64_t)(n) << 8, 0 }

/*
 * @permits:	0 to PAWL_SEM_MAX
 * @flags:	0 or PAWL_FAIR (pawl/mutex.h)
 *
 * Return: 0; EINVAL for anything else.
 */
PAWL_API int pawl_sem_init(pawl_sem *s, int64_t permits, unsigned flags) PAWL_NONNULL_;

/* Nobody may wait for @s; else abort with one sentence. */
PAWL_API void pawl_sem_destroy(pawl_sem *s) PAWL_NONNULL_;

/*
 * Take a permit, or wait for one.
 *
 * Return: 0; EPIPE if @s is or gets closed; ECANCELED if it would have to wait in a canceled scope
 * (pawl/scope.h).
 */
PAWL_API int pawl_sem_acquire(pawl_sem *s) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Take a permit if there is one.
 *
 * Return: 0; EAGAIN if there is none, or, with PAWL_FAIR, others wait for it, or a release under
 * way is looking whether they do; EPIPE if @s is closed.
 */
PAWL_API int pawl_sem_tryacquire(pawl_sem *s) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Take a permit, but wait not longer than until @deadline.
 *
 * @deadline:	instant; PAWL_FOREVER waits for ever, a past one polls once
 *
 * Return: 0, also if the deadline passed, or a cancel came, meanwhile; EPIPE; ETIMEDOUT; ECANCELED.
 */
PAWL_API int pawl_sem_acquire_until(pawl_sem *s, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Take a permit for @op, which waits in the same queue as threads do.  Both policies give it its
 * permit when its turn has come, instead of waking it to try again.
 *
 * Return: 0, and @op has it; EINPROGRESS, and done() will be called, with 0 if @op has it then, or
 * with EPIPE, ETIMEDOUT or ECANCELED; EPIPE; ENOMEM.
 */
PAWL_API int pawl_sem_acquire_op(pawl_sem *s, pawl_op *op) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Take @n permits, all or none.
 *
 * Who has to wait does so in a line of its own, one at a time and in order, where it collects
 * what it can get: so several large requests cannot hold each a part of what the other needs.
 * Acquires of one permit do not stand in that line: they take turns with the one that collects,
 * and overtake those behind it.
 *
 * @n:		0 to PAWL_SEM_MAX; more than there will ever be waits until @deadline
 * @deadline:	instant; PAWL_FOREVER waits for ever, a past one polls once
 *
 * Return: 0, and the caller has @n; EINVAL; EPIPE, ETIMEDOUT or ECANCELED, and it has none.
 */
PAWL_API int pawl_sem_acquire_n(pawl_sem *s, int64_t n, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* Give @n permits, 0 or more, whether or not the caller took any. */
PAWL_API void pawl_sem_release(pawl_sem *s, int64_t n) PAWL_NONNULL_;

/*
 * Change the number of permits that there are in all: give @delta, or if it is negative take as
 * many away, without waiting for those that are out.
 *
 * Return: the number of free permits after that; negative: the debt.
 */
PAWL_API int64_t pawl_sem_adjust(pawl_sem *s, int64_t delta) PAWL_NONNULL_;

/*
 * From now on, and for ever, acquires return EPIPE, those that wait and those that would find a
 * permit.  A second close does nothing.
 */
PAWL_API void pawl_sem_close(pawl_sem *s) PAWL_NONNULL_;

/* Return: the number of free permits; negative: the debt.  It may be another by now. */
PAWL_API int64_t pawl_sem_value(const pawl_sem *s) PAWL_NONNULL_;

/* Private: what the inline parts are made of, and fall back to. */
PAWL_API bool pawl_sem_take_(pawl_sem *s) PAWL_NONNULL_;
PAWL_API int pawl_sem_acquire_slow_(pawl_sem *s, pawl_time deadline) PAWL_MUST_CHECK_;
PAWL_API int pawl_sem_tryacquire_slow_(pawl_sem *s) PAWL_MUST_CHECK_;
PAWL_API void pawl_sem_release_slow_(pawl_sem *s, int64_t n);

#ifdef PAWL_INLINES_
PAWL_INLINE_ bool pawl_sem_take_(pawl_sem *s)
{
	/* V1 relaxed: V2 looks again. */
	uint64_t word = pawl_load_(&s->word_, relaxed);

	/* No flag: the default policy, open, and nobody waits. */
	if (!pawl_likely_((int64_t)word > 0 && (word & 0xff) == 0) ||
	    /* V2 acquire: pairs with V3, V9.  What was done before the release. */
	    !pawl_likely_(pawl_cas_(&s->word_, &word, word - 0x100, acquire, relaxed)))
		return false;
	PAWL_HB_ACQUIRE_(s);
	return true;
}

PAWL_INLINE_ int pawl_sem_tryacquire(pawl_sem *s)
{
	return pawl_sem_take_(s) ? 0 : pawl_sem_tryacquire_slow_(s);
}

PAWL_INLINE_ int pawl_sem_acquire_until(pawl_sem *s, pawl_time deadline)
{
	return pawl_sem_take_(s) ? 0 : pawl_sem_acquire_slow_(s, deadline);
}

PAWL_INLINE_ int pawl_sem_acquire(pawl_sem *s)
{
	return pawl_sem_acquire_until(s, PAWL_FOREVER);
}

PAWL_INLINE_ void pawl_sem_release(pawl_sem *s, int64_t n)
{
	/* V4 relaxed: V3 looks again. */
	uint64_t word = pawl_load_(&s->word_, relaxed);

	PAWL_HB_RELEASE_(s);
	/* No flag; and neither is so large that the sum could be too large. */
	if (!pawl_likely_((word & 0xc0000000000000ff) == 0 && (uint64_t)n <= PAWL_SEM_MAX / 2) ||
	    /* V3 release: pairs with V2, V8, V13, V16.  Last touch of *s if it succeeds. */
	    !pawl_likely_(pawl_cas_(&s->word_, &word, word + ((uint64_t)n << 8), release, relaxed)))
		pawl_sem_release_slow_(s, n);
}

PAWL_INLINE_ int64_t pawl_sem_value(const pawl_sem *s)
{
	/* V5 relaxed: advisory. */
	return (int64_t)pawl_load_(&s->word_, relaxed) >> 8;
}
#endif

PAWL_END_DECLS
#endif
