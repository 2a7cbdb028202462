/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/cond.h - condition variable for a pawl_mutex.
 *
 *	pawl_mutex_lock(&m);
 *	while (!ready && rc == 0)
 *		rc = pawl_cond_wait_until(&c, &m, deadline);
 *	...
 *	pawl_mutex_unlock(&m);
 *
 * Threads:   every function may run at the same time as any other.
 * Order:     FIFO: a signal goes to who has waited longest.
 * Memory:    a signal happens before the return of the wait that took it.
 * Progress:  signal, broadcast: wait-free if nobody waits, else lock-free; the time
 *            of a broadcast grows with the number of waiters.  wait: blocks; one that
 *            was signalled waits for its signaller to wake it, or to put it into the
 *            mutex's queue, whatever its deadline.
 * Signals:   nothing here is async-signal-safe.
 * Lifetime:  all-zero memory is a valid object; there is nothing to destroy.  It may be
 *            freed when no call on it is inside.  The mutex may be freed by whoever holds
 *            it last: a signal touches it before its waiter can have it, not later.
 */
#ifndef PAWL_COND_H
#define PAWL_COND_H

#include <pawl/base.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

struct pawl_mutex;

typedef struct pawl_cond {
	uint64_t word_;		/* private; states in lib/sync/cond.c */
	uint64_t queue_;
} pawl_cond;

#define PAWL_COND_INIT { 0, 0 }

/*
 * Give up the mutex, wait for a signal, take the mutex again.
 *
 * @m:		held by the caller (else: abort with one sentence); all waiters
 *		of one condition use the same mutex
 * @deadline:	instant; PAWL_FOREVER waits for ever, a past one only gives up the
 *		mutex and takes it again
 *
 * Return: always with @m locked.  0 if a signal came, also if the deadline passed, or a
 * cancel came, then; ETIMEDOUT; ECANCELED in a canceled scope (pawl/scope.h), where it only
 * gives up the mutex and takes it again.  A signal is never lost: it is taken by a wait
 * that returns 0.
 * A wait may return 0 without a signal (as pthreads), so test the condition again.
 */
PAWL_API int pawl_cond_wait_until(pawl_cond *c, struct pawl_mutex *m, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Wake the longest waiter, if there is one.  With the mutex held it wakes when the mutex is its
 * own; without, at once, and then it waits for the mutex as any other who comes.
 */
PAWL_API void pawl_cond_signal(pawl_cond *c) PAWL_NONNULL_;

/* Wake all that wait now. */
PAWL_API void pawl_cond_broadcast(pawl_cond *c) PAWL_NONNULL_;

PAWL_END_DECLS
#endif
