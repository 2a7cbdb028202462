/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/barrier.h - a meeting point for so many threads, again and again.
 *
 *	pawl_barrier_init(&b, 4);
 *
 *	rc = pawl_barrier_wait_until(&b, deadline);	each of the 4, at the end of each phase
 *
 * If one of them gives up, at its deadline or by a cancel, the others could wait for ever: so
 * the barrier is broken then, for those who wait and for all who come.
 *
 * Threads:   wait may run at the same time as any other.
 * Memory:    what each did before it arrived happens before the return of all of that phase.
 * Progress:  blocks until all have arrived.
 * Signals:   nothing here is async-signal-safe.
 * Misuse:    waiting at a barrier that was not initialised, or for 0 parties: one sentence on
 *            standard error, then abort().
 * Lifetime:  nothing to destroy.  It may be freed when no call on it is inside.
 *
 * Source: the semantics of a broken barrier are those of Java's CyclicBarrier.
 */
#ifndef PAWL_BARRIER_H
#define PAWL_BARRIER_H

#include <pawl/base.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_barrier {
	uint64_t word_;		/* private; states are drawn in lib/sync/barrier.c */
	uint64_t queue_;
	uint32_t parties_;
} pawl_barrier;

/* One of each phase gets this, and not 0. */
#define PAWL_BARRIER_SERIAL (-1)

#define PAWL_BARRIER_INIT(parties) { 0, 0, (uint32_t)(parties) }

/*
 * @parties:	how many meet, 1 to INT32_MAX
 *
 * Return: 0; EINVAL.
 */
PAWL_API int pawl_barrier_init(pawl_barrier *b, uint32_t parties) PAWL_NONNULL_;

/*
 * Arrive, and wait for the others.
 *
 * @deadline:	instant; PAWL_FOREVER waits for ever, after a past one only the last can pass
 *
 * Return: PAWL_BARRIER_SERIAL to one of them and 0 to the others, also if the deadline passed, or a
 * cancel came, when all had arrived; EPIPE: the barrier is broken; ETIMEDOUT or ECANCELED, and it
 * is broken by this.
 */
PAWL_API int pawl_barrier_wait_until(pawl_barrier *b, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

PAWL_END_DECLS
#endif
