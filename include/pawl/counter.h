/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/counter.h - exact counter of 64 bits that one can wait on for zero.
 *
 * Threads:   every function may run at the same time as any other.
 * Memory:    sequentially consistent; all adds before the zero that a wait saw
 *            happen before its return.
 * Progress:  get: wait-free.  add: wait-free; one that makes it zero also wakes
 *            all waiters, lock-free.  wait_zero: blocks.
 * Signals:   get is async-signal-safe; add and wait_zero are not.
 * Lifetime:  all-zero memory is a valid object with value 0; nothing to destroy.
 *            May be freed as soon as every wait has returned, even while the add
 *            that made it zero is still returning.
 */
#ifndef PAWL_COUNTER_H
#define PAWL_COUNTER_H

#include <pawl/atomic.h>
#include <pawl/base.h>
#include <pawl/tally.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_counter {
	uint64_t word_;		/* private: the value, modulo 2^64 */
} pawl_counter;

#define PAWL_COUNTER_INIT(n) { (uint64_t)(n) }

/* Add @n, which may be negative; wraps.  Return: the new value. */
PAWL_API int64_t pawl_counter_add(pawl_counter *c, int64_t n) PAWL_NONNULL_;

/* Return: the value. */
PAWL_API int64_t pawl_counter_get(const pawl_counter *c) PAWL_NONNULL_;

/*
 * Wait until the value is zero.  A zero that lasts only for a moment may be
 * missed by those who wait.
 *
 * @deadline:	instant; PAWL_FOREVER waits for ever, a past one polls once
 *
 * Return: 0; ETIMEDOUT; ECANCELED if it would have to wait in a canceled scope
 * (pawl/scope.h).
 */
PAWL_API int pawl_counter_wait_zero(pawl_counter *c, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* Private: wakes who waits for zero at this address. */
PAWL_API void pawl_counter_zero_(const void *address);

#ifdef PAWL_INLINES_
PAWL_INLINE_ int64_t pawl_counter_add(pawl_counter *c, int64_t n)
{
	uint64_t value;

	PAWL_HB_RELEASE_(c);
	/* N1 seq_cst: pairs with N2, N3.  w[value] r[bucket] (N4) here against
	 * w[bucket] r[value] in the waiter: not both see the old one.  Last touch
	 * of *c. */
	value = pawl_fetch_add_(&c->word_, (uint64_t)n, seq_cst) + (uint64_t)n;
	PAWL_HB_ACQUIRE_GONE_(c);
	if (value == 0 && n != 0)
		pawl_counter_zero_(c);
	return (int64_t)value;
}

PAWL_INLINE_ int64_t pawl_counter_get(const pawl_counter *c)
{
	/* N2 seq_cst: pairs with N1.  What was done before the adds. */
	int64_t value = (int64_t)pawl_load_(&c->word_, seq_cst);

	PAWL_HB_ACQUIRE_((void *)(uintptr_t)c);
	return value;
}
#endif

PAWL_END_DECLS
#endif
