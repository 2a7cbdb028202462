/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/event.h - a flag that one can wait for.
 *
 *	pawl_event ready = PAWL_EVENT_INIT;
 *
 *	rc = pawl_event_wait_until(&ready, deadline);		one side
 *	pawl_event_set(&ready);					the other
 *
 * It stays set until it is cleared.  A set lets pass all who wait at that moment, also if it is
 * cleared right after it.
 *
 * Threads:   every function may run at the same time as any other.
 * Memory:    a set happens before the return of each wait that it lets pass, before each is_set
 *            that sees it, and before a clear that takes it back.  So who clears it and then
 *            looks for work does not miss what was there before a set.
 * Progress:  is_set, clear: wait-free.  set: lock-free; its time grows with the number of
 *            waiters.  wait: blocks until it is set; giving up at a deadline waits for nobody.
 * Signals:   is_set and clear are async-signal-safe; the others are not.
 * Lifetime:  all-zero memory is a valid event that is not set; there is nothing to destroy.  It may
 *            be freed as soon as every wait has returned, even while the set that let them
 *            pass is still returning.
 *
 * Source: epochs after eventcounts (Reed and Kanodia 1979); see lib/wait/gate.h.
 */
#ifndef PAWL_EVENT_H
#define PAWL_EVENT_H

#include <pawl/atomic.h>
#include <pawl/barrier.h>
#include <pawl/base.h>
#include <pawl/future.h>
#include <pawl/latch.h>
#include <pawl/notify.h>
#include <pawl/op.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_event {
	uint64_t word_;		/* private; states are drawn in lib/sync/event.c */
	uint64_t queue_;
} pawl_event;

#define PAWL_EVENT_INIT { 0, 0 }

/* Set it.  If it is set, do nothing. */
PAWL_API void pawl_event_set(pawl_event *e) PAWL_NONNULL_;

/* Take it back. */
PAWL_API void pawl_event_clear(pawl_event *e) PAWL_NONNULL_;

/* Return: whether it is set. */
PAWL_API bool pawl_event_is_set(const pawl_event *e) PAWL_NONNULL_;

/*
 * Wait until it is set.
 *
 * Return: 0; ECANCELED if it would have to wait in a canceled scope (pawl/scope.h).
 */
PAWL_API int pawl_event_wait(pawl_event *e) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * The same, but not longer than until @deadline.
 *
 * @deadline:	instant; PAWL_FOREVER waits for ever, a past one polls once
 *
 * Return: 0, also if the deadline passed, or a cancel came, when it was set; ETIMEDOUT; ECANCELED.
 */
PAWL_API int pawl_event_wait_until(pawl_event *e, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Wait as @op.
 *
 * Return: 0: it is set; EINPROGRESS, and done() will be called, with 0, ETIMEDOUT or ECANCELED;
 * ENOMEM.
 */
PAWL_API int pawl_event_wait_op(pawl_event *e, pawl_op *op) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* Private: what the inline parts fall back to. */
PAWL_API int pawl_event_wait_slow_(pawl_event *e, pawl_time deadline) PAWL_MUST_CHECK_;

#ifdef PAWL_INLINES_
PAWL_INLINE_ bool pawl_event_is_set(const pawl_event *e)
{
	/* Y1 acquire: pairs with H3.  What was done before it was set. */
	bool set = pawl_load_(&e->word_, acquire) & 1;

	if (set)
		PAWL_HB_ACQUIRE_((void *)(uintptr_t)e);
	return set;
}

PAWL_INLINE_ int pawl_event_wait_until(pawl_event *e, pawl_time deadline)
{
	return pawl_event_is_set(e) ? 0 : pawl_event_wait_slow_(e, deadline);
}

PAWL_INLINE_ int pawl_event_wait(pawl_event *e)
{
	return pawl_event_wait_until(e, PAWL_FOREVER);
}
#endif

PAWL_END_DECLS
#endif
