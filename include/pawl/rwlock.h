/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/rwlock.h - phase-fair reader-writer lock: many readers, or one writer.
 *
 *	pawl_rwlock table_lock = PAWL_RWLOCK_INIT;
 *
 *	pawl_rwlock_rdlock(&table_lock);
 *	value = table[i];
 *	pawl_rwlock_rdunlock(&table_lock);
 *
 *	pawl_rwlock_wrlock(&table_lock);
 *	table[i]++;
 *	pawl_rwlock_wrunlock(&table_lock);
 *
 * Who finds a writer there, or waiting, tries again for some microseconds and a few yields of the
 * CPU, and then stands in line.  A reader in line waits for one writer at most: when that leaves, all
 * readers in line are let in together, before the next writer; and who comes after them waits for
 * that writer.  Writers in line are served in its order.
 *
 * Readers that overlap do not slow each other down: where many come, each notes its lock in a
 * cache line of its own thread, where the next writer finds it.
 *
 * Threads:   every function may run at the same time as any other.  What a thread locked, that
 *            thread has to unlock; what an op locked, any one may.
 * Limits:    one million readers at a time.  A thread that has it may not ask for it again, neither
 *            to read nor to write: it may wait for itself for ever.  There is no upgrade.
 * Memory:    what a writer did before it unlocks, or becomes a reader, happens before the return of
 *            each later rdlock and wrlock; what a reader did before it unlocks, before the return
 *            of each later wrlock.
 * Progress:  lock-free, and not slowed by any stopped thread that has not got the lock: the
 *            try functions, the unlock functions, downgrade, and giving up at a deadline; the time
 *            of an unlock grows with the number of readers that it lets in, and that of a
 *            writer's coming with the number of threads that ever waited, if readers came in
 *            numbers since the last one.  A thread that is stopped while it lets readers in,
 *            or looks for them on its way to write, is itself a reader until it goes on.
 *            rdlock and wrlock block until their turn comes.
 * Signals:   nothing here is async-signal-safe.
 * Misuse:    unlocking what is not locked, or so many readers: one sentence on standard error,
 *            then abort().
 * Lifetime:  all-zero memory is a valid unlocked lock; there is nothing to destroy.  Who gets it
 *            for writing, and knows that nobody else will come, may free it, even while the
 *            unlock that let it have it is still returning.
 * No memory: calls that have to wait without any look again at growing intervals of up to 1.3 ms;
 *            readers do not lose their turn by that, writers may.
 *
 * Sources: Brandenburg and Anderson, "Spin-based reader-writer synchronization" (2010), for phases;
 * Dice and Kogan, "BRAVO" (2019), for readers noted elsewhere; folly's SharedMutex (2015), for a
 * writer that counts them in instead of waiting for each.
 */
#ifndef PAWL_RWLOCK_H
#define PAWL_RWLOCK_H

#include <pawl/base.h>
#include <pawl/op.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_rwlock {
	uint64_t word_;		/* private; states are drawn in lib/sync/rwlock.c */
	uint64_t readers_;
	uint64_t writers_;
} pawl_rwlock;

#define PAWL_RWLOCK_INIT { 0, 0, 0 }

/* Lock for reading.  Waits; no scope and no deadline ends that. */
PAWL_API void pawl_rwlock_rdlock(pawl_rwlock *l) PAWL_NONNULL_;

/* Return: 0; EBUSY: a writer is there, or waits. */
PAWL_API int pawl_rwlock_tryrdlock(pawl_rwlock *l) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Lock for reading, but do not wait longer than until @deadline.
 *
 * @deadline:	instant; PAWL_FOREVER waits for ever, a past one tries once
 *
 * Return: 0, also if the deadline passed, or a cancel came, when it was let in; ETIMEDOUT;
 * ECANCELED if it would have to wait in a canceled scope (pawl/scope.h).
 */
PAWL_API int pawl_rwlock_rdlock_until(pawl_rwlock *l, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Lock for reading, as @op; any thread may unlock it then.  A canceled op that was let in since
 * keeps writers out until it is dispatched.
 *
 * Return: 0: it has it; EINPROGRESS, and done() will be called, with 0, ETIMEDOUT or ECANCELED;
 * ENOMEM.
 */
PAWL_API int pawl_rwlock_rdlock_op(pawl_rwlock *l, pawl_op *op) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* Unlock, as a reader. */
PAWL_API void pawl_rwlock_rdunlock(pawl_rwlock *l) PAWL_NONNULL_;

/* Lock for writing.  Waits; no scope and no deadline ends that. */
PAWL_API void pawl_rwlock_wrlock(pawl_rwlock *l) PAWL_NONNULL_;

/* Return: 0; EBUSY: somebody has it, or waits for writing, or tries that at this moment. */
PAWL_API int pawl_rwlock_trywrlock(pawl_rwlock *l) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Lock for writing, but do not wait longer than until @deadline.  Who gives up lets in at once
 * those readers who waited because of it only.
 *
 * @deadline:	instant; PAWL_FOREVER waits for ever, a past one tries once
 *
 * Return: 0, also if the deadline passed, or a cancel came, when it was handed over; ETIMEDOUT;
 * ECANCELED if it would have to wait in a canceled scope (pawl/scope.h).
 */
PAWL_API int pawl_rwlock_wrlock_until(pawl_rwlock *l, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Lock for writing, as @op; any thread may unlock it then.  A canceled op keeps readers out until
 * it is dispatched, or those inside have left.
 *
 * Return: 0: it has it; EINPROGRESS, and done() will be called, with 0, ETIMEDOUT or ECANCELED;
 * ENOMEM.
 */
PAWL_API int pawl_rwlock_wrlock_op(pawl_rwlock *l, pawl_op *op) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* Unlock, as the writer. */
PAWL_API void pawl_rwlock_wrunlock(pawl_rwlock *l) PAWL_NONNULL_;

/* As the writer, become a reader, and let in those who wait for reading.  No writer comes
 * between. */
PAWL_API void pawl_rwlock_downgrade(pawl_rwlock *l) PAWL_NONNULL_;

PAWL_END_DECLS
#endif
