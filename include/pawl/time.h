/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/time.h - instants, durations, and a clock that tests can drive.
 *
 * An instant (pawl_time) and a duration (pawl_ns) are different things: every
 * deadline in pawl is an instant, and pawl_after() makes one from a duration:
 *
 *	pawl_mutex_lock_until(&m, pawl_after(PAWL_MS(5)));
 *
 * A duration given where an instant is due would be an instant before the
 * process began; the first call that is about to time out because of that says
 * so once, on standard error.
 *
 * Threads:   all functions may run at any time, from any thread.
 * Progress:  pawl_now, pawl_after: wait-free.  The two that drive the virtual
 *            clock wake those whose deadlines passed: lock-free.
 * Signals:   pawl_now and pawl_after are async-signal-safe; the others are not.
 */
#ifndef PAWL_TIME_H
#define PAWL_TIME_H

#include <pawl/base.h>

PAWL_BEGIN_DECLS

typedef int64_t pawl_time;	/* instant: ns of CLOCK_MONOTONIC, or of the virtual clock */
typedef int64_t pawl_ns;	/* duration in ns */

#define PAWL_FOREVER INT64_MAX	/* the instant that never comes */

#define PAWL_NS(n) ((pawl_ns)(n))
#define PAWL_US(n) ((pawl_ns)(n) * 1000)
#define PAWL_MS(n) ((pawl_ns)(n) * 1000000)
#define PAWL_S(n) ((pawl_ns)(n) * 1000000000)

/* Return: the present instant, >= 0. */
PAWL_API pawl_time pawl_now(void);

/*
 * Return: the instant @d ns from now.  Saturates at both ends: at PAWL_FOREVER,
 * and at the first instant of this process (the load of the library, or the
 * virtual clock's start); so a negative @d gives an instant that has passed.
 */
PAWL_API pawl_time pawl_after(pawl_ns d);

/*
 * Stop using the system's clock: from now on time stands at @start and moves
 * only by pawl_clock_advance().  For tests of programs: deadlines, time-to-live
 * and sleeps obey it.  Waits under way look at their deadline again.  There is no
 * way back, since instants of two clocks cannot be compared.
 *
 * @start:	>= 0, < PAWL_FOREVER
 *
 * Return: 0; EINVAL if @start is out of range; EALREADY if the clock is virtual.
 */
PAWL_API int pawl_clock_set_virtual(pawl_time start) PAWL_MUST_CHECK_;

/*
 * Move the virtual clock on by @d ns (saturating just below PAWL_FOREVER), and
 * wake every wait whose deadline has passed.  It does not wait for them to run.
 *
 * Return: 0; EINVAL if @d is negative; EPERM if the clock is not virtual.
 */
PAWL_API int pawl_clock_advance(pawl_ns d) PAWL_MUST_CHECK_;

PAWL_END_DECLS
#endif
