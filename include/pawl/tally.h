/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/tally.h - statistics counter with a cell per CPU.
 *
 * Adding touches only the cell of the CPU it runs on (found through the kernel's
 * restartable-sequences area, or by the thread's id where there is none), so that
 * threads on different CPUs do not share a cache line.  No snapshot: sum() adds up
 * cells while others change them.  What must be exact at an instant is a
 * pawl_counter.
 *
 * Threads:   add and sum may run at any time.
 * Memory:    orders nothing.
 * Progress:  add: wait-free.  sum: wait-free, time grows with the CPUs.
 * Signals:   add and sum are async-signal-safe.
 * Lifetime:  destroy when no call is inside.  64-bit, wraps.
 */
#ifndef PAWL_TALLY_H
#define PAWL_TALLY_H

#include <pawl/base.h>

PAWL_BEGIN_DECLS

typedef struct pawl_tally {
	void *cells_;		/* private; see lib/sync/tally.c */
	uint32_t mask_;
} pawl_tally;

/* Set to 0.  Return: 0; ENOMEM. */
PAWL_API int pawl_tally_init(pawl_tally *t) PAWL_MUST_CHECK_ PAWL_NONNULL_;
PAWL_API void pawl_tally_destroy(pawl_tally *t) PAWL_NONNULL_;
PAWL_API void pawl_tally_add(pawl_tally *t, int64_t n) PAWL_NONNULL_;

/* Return: the sum; exact if no add() runs meanwhile. */
PAWL_API int64_t pawl_tally_sum(const pawl_tally *t) PAWL_NONNULL_;

PAWL_END_DECLS
#endif
