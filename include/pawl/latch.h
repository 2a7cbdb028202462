/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/latch.h - a gate that opens, for ever, when so many have arrived.
 *
 *	pawl_latch_init(&started, workers);
 *
 *	pawl_latch_arrive(&started);				each worker
 *	rc = pawl_latch_wait_until(&started, deadline);		who wants to know that all did
 *
 * Threads:   every function but init may run at the same time as any other.
 * Memory:    each arrival happens before the return of each wait that sees the latch open.
 * Progress:  arrive: lock-free; the time of the last one grows with the number of waiters.  wait:
 *            blocks until it is open; giving up at a deadline waits for nobody.
 * Signals:   nothing here is async-signal-safe.
 * Misuse:    more arrivals than it was made for: one sentence on standard error, then abort().
 * Lifetime:  all-zero memory is an open latch; there is nothing to destroy.  It may be freed
 *            as soon as every wait has returned, even while the last arrive is still returning.
 */
#ifndef PAWL_LATCH_H
#define PAWL_LATCH_H

#include <pawl/base.h>
#include <pawl/op.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_latch {
	uint64_t word_;		/* private; states are drawn in lib/sync/latch.c */
	uint64_t queue_;
} pawl_latch;

/* @count:	arrivals, 0 to UINT32_MAX */
#define PAWL_LATCH_INIT(count) { (uint64_t)(uint32_t)(count) << 32, 0 }

/*
 * @count:	how many have to arrive; 0: it is open
 *
 * Return: 0.
 */
PAWL_API int pawl_latch_init(pawl_latch *l, uint32_t count) PAWL_NONNULL_;

/* Arrive, once more. */
PAWL_API void pawl_latch_arrive(pawl_latch *l) PAWL_NONNULL_;

/*
 * Wait until all have arrived.
 *
 * @deadline:	instant; PAWL_FOREVER waits for ever, a past one polls once
 *
 * Return: 0, also if the deadline passed, or a cancel came, when it opened; ETIMEDOUT; ECANCELED.
 */
PAWL_API int pawl_latch_wait_until(pawl_latch *l, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Wait as @op.
 *
 * Return: 0: it is open; EINPROGRESS, and done() will be called, with 0, ETIMEDOUT or ECANCELED;
 * ENOMEM.
 */
PAWL_API int pawl_latch_wait_op(pawl_latch *l, pawl_op *op) PAWL_MUST_CHECK_ PAWL_NONNULL_;

PAWL_END_DECLS
#endif
