/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/notify.h - wake-ups that are not lost: for one, or for all.
 *
 *	consumer	while (!(item = take(list)))
 *				rc = pawl_notify_wait_until(&work, deadline);
 *	producer	put(list, item);
 *			pawl_notify_one(&work);
 *
 * A notification for one goes to who has waited longest; if nobody waits it is kept, one at
 * most, for the next one who comes.  A notification for all lets pass those who wait, and is not
 * kept.
 *
 * Threads:   every function but init may run at the same time as any other.
 * Order:     FIFO.
 * Memory:    a notification happens before the return of each wait that takes it.
 * Progress:  one, all: lock-free; the time of all grows with the number of waiters.  wait: blocks
 *            until a notification; giving up at a deadline waits for nobody.
 * Signals:   nothing here is async-signal-safe.
 * Lifetime:  all-zero memory is a valid object; there is nothing to destroy.  It may be freed
 *            when no call on it is inside.
 *
 * Source: the semantics are those of tokio's Notify.
 */
#ifndef PAWL_NOTIFY_H
#define PAWL_NOTIFY_H

#include <pawl/base.h>
#include <pawl/op.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_notify {
	uint64_t word_;		/* private; states are drawn in lib/sync/notify.c */
	uint64_t queue_;
} pawl_notify;

#define PAWL_NOTIFY_INIT { 0, 0 }

/* Return: 0. */
PAWL_API int pawl_notify_init(pawl_notify *n) PAWL_NONNULL_;

/* Let pass who has waited longest, or else the next one who comes. */
PAWL_API void pawl_notify_one(pawl_notify *n) PAWL_NONNULL_;

/* Let pass all who wait. */
PAWL_API void pawl_notify_all(pawl_notify *n) PAWL_NONNULL_;

/*
 * Take the notification that was kept, or wait for one.
 *
 * @deadline:	instant; PAWL_FOREVER waits for ever, a past one polls once
 *
 * Return: 0, also if the deadline passed, or a cancel came, meanwhile; ETIMEDOUT; ECANCELED.  A
 * notification for one is never lost: it is taken by a wait that returns 0.
 */
PAWL_API int pawl_notify_wait_until(pawl_notify *n, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Wait as @op.
 *
 * Return: 0: it took the one that was kept; EINPROGRESS, and done() will be called, with 0,
 * ETIMEDOUT or ECANCELED; ENOMEM.
 */
PAWL_API int pawl_notify_wait_op(pawl_notify *n, pawl_op *op) PAWL_MUST_CHECK_ PAWL_NONNULL_;

PAWL_END_DECLS
#endif
