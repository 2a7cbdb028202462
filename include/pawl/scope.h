/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/scope.h - cancellation and deadlines for all that a thread does inside a block.
 *
 * A scope stands on the stack of its thread, from enter to leave.  While it does, every call
 * that would have to wait returns ECANCELED once the scope's deadline has passed, or its
 * source, or an ancestor of that, was fired; so does the next such call, and so on: the
 * cancel stays (level-triggered).  Scopes nest; an inner one can only be stricter, but for
 * PAWL_SHIELD, inside which neither cancels nor deadlines from outside reach, so that
 * clean-up can wait.
 *
 *	pawl_scope_enter(&s, pawl_after(PAWL_S(2)), NULL, 0);
 *	rc = fetch(...);			any number of calls that wait
 *	rc = pawl_scope_leave(&s, rc);		ETIMEDOUT if it took too long
 *
 * What can be had at once is had, canceled or not; and who was granted something gets 0 even
 * if the cancel came too.  If the deadline of a call has passed as well, it returns
 * ECANCELED, not ETIMEDOUT.  pawl_mutex_lock() and pawl_mutex_lock_all() never look at scopes, nor
 * do pawl_rwlock_rdlock() and pawl_rwlock_wrlock().
 *
 * Whoever leaves the block in another way (return, an exception, pthread_exit) has to leave
 * the scope on the way; PAWL_CLEANUP() of pawl/cleanup.h can see to that.
 *
 * Threads:   a scope belongs to the thread that entered it.  The functions on pawl_cancel may
 *            run at any time, from any thread, as long as the caller has a reference.
 * Memory:    pawl_cancel_fire() releases, what sees it (ECANCELED, or a reason) acquires.
 * Progress:  lock-free but for malloc.  fire takes time in proportion to the number of
 *            threads that ever waited at once; the others to that of the scopes around the
 *            caller, and of the ancestors of a source.
 * Signals:   pawl_cancel_reason is async-signal-safe; the others are not.
 * Misuse:    leaving a scope that is not the innermost of the calling thread, entering one
 *            that is, unknown flags, and firing without a reason: one sentence on standard
 *            error, then abort().
 * Lifetime:  a scope may go when it was left, a source when its last reference was closed; a
 *            scope has a reference of its own.  A thread that ends inside a scope keeps that
 *            reference for ever, and its thread-specific destructors may wait only under a
 *            shield.
 * Fork:      the child's thread is inside the same scopes; sources are copies.
 *
 * Source: scopes after trio's cancel scopes; handles after Go's context.
 */
#ifndef PAWL_SCOPE_H
#define PAWL_SCOPE_H

#include <pawl/base.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_cancel pawl_cancel;

typedef struct pawl_scope {
	struct pawl_scope *outer_;	/* private, all of it */
	pawl_cancel *source_;
	pawl_time deadline_;		/* its own */
	pawl_time limit_;		/* with those of outer ones that reach in */
	unsigned flags_;
	bool expired_;			/* a call inside ended because of deadline_ */
} pawl_scope;

enum { PAWL_SHIELD = 1 };

/*
 * Enter @s, which lies in the caller's memory and need not be initialised.
 *
 * @deadline:	instant; PAWL_FOREVER: none; one that has passed cancels at once
 * @source:	what may cancel it; NULL: nothing but deadlines and outer scopes
 * @flags:	0 or PAWL_SHIELD; anything else is misuse
 */
PAWL_API void pawl_scope_enter(pawl_scope *s, pawl_time deadline, pawl_cancel *source,
	unsigned flags) __attribute__((__nonnull__(1)));

/*
 * Leave @s, the innermost one.
 *
 * @rc:		the result of what was done inside
 *
 * Return: @rc; but ETIMEDOUT if @rc is ECANCELED, and a call inside @s has returned that
 * because the deadline of @s itself had passed.
 */
PAWL_API int pawl_scope_leave(pawl_scope *s, int rc) PAWL_NONNULL_;

/* For loops that never wait.  Return: 0; ECANCELED if a call that has to wait would. */
PAWL_API int pawl_scope_check(void) PAWL_MUST_CHECK_;

/*
 * Make a source with one reference.
 *
 * @parent:	what also fires this one; NULL: nothing.  Gets a reference.
 *
 * Return: 0; ENOMEM.
 */
PAWL_API int pawl_cancel_open(pawl_cancel *parent, pawl_cancel **ret_source)
	PAWL_MUST_CHECK_ __attribute__((__nonnull__(2)));

/* Cancel what depends on @c, for @reason (not 0).  Only the first reason counts. */
PAWL_API void pawl_cancel_fire(pawl_cancel *c, int reason) PAWL_NONNULL_;

/* Return: why @c was fired, or the nearest ancestor that was; 0: none was. */
PAWL_API int pawl_cancel_reason(const pawl_cancel *c) PAWL_NONNULL_;

/* Take one more reference, for another owner.  Return: @c. */
PAWL_API pawl_cancel *pawl_cancel_ref(pawl_cancel *c) PAWL_NONNULL_;

/* Give a reference back; with the last one @c is gone. */
PAWL_API void pawl_cancel_close(pawl_cancel *c) PAWL_NONNULL_;

PAWL_END_DECLS
#endif
