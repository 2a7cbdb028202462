/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/once.h - run an initialiser until it has succeeded once.
 *
 * Threads:   every function may run at the same time as any other.
 * Memory:    what the successful initialiser wrote is visible after any call
 *            that returned 0, or is_done() that returned true.
 * Progress:  is_done: wait-free.  do: wait-free once done; before that it blocks
 *            while another thread's initialiser runs, one after the other in the
 *            order of arrival as long as they fail; to end one, and to give up,
 *            waits for nobody.
 * Signals:   is_done is async-signal-safe; do is not.
 * Lifetime:  all-zero memory is a valid object; nothing to destroy.  Once it is done
 *            (a call returned 0, or is_done() true) it may be freed, even while the
 *            call that ran the initialiser is still returning, if no other call is
 *            inside.
 *
 * Source: the take-over is a mutex hand-off of the initialiser's role; tokio's
 * OnceCell has the same rule for failures.
 */
#ifndef PAWL_ONCE_H
#define PAWL_ONCE_H

#include <pawl/atomic.h>
#include <pawl/base.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_once {
	uint64_t word_;		/* private; states are drawn in lib/sync/once.c */
	uint64_t queue_;
} pawl_once;

#define PAWL_ONCE_INIT { 0, 0 }
enum { PAWL_ONCE_DONE_ = 16 };	/* private: the final word */

/*
 * If it is not done: run @fn(@arg), or wait for who runs its own; if that one
 * fails, the next in line runs its own @fn.
 *
 * Callbacks: @fn runs on the calling thread, with nothing of pawl held; it may
 * wait, and use other objects of pawl.  If it leaves by pthread_exit(), by
 * cancellation or by a C++ exception, that counts as a failure: the next in line
 * runs its own (pthread_exit and cancellation: where the C library unwinds, as glibc).
 *
 * Return: 0 if it is done, by whomever; what @fn returned if that is not 0 (it is
 * then not done); ECANCELED if it would have to wait in a canceled scope (pawl/scope.h);
 * EDEADLK if called by its own initialiser.
 */
PAWL_API int pawl_once_do(pawl_once *o, int (*fn)(void *arg), void *arg)
	__attribute__((__nonnull__(1, 2)));

/*
 * The same, but do not wait for others after @deadline: ETIMEDOUT.  A past one
 * polls once: @fn still runs if nobody else runs one.  @fn itself is not timed, but it runs
 * inside the caller's scopes.
 */
PAWL_API int pawl_once_do_until(pawl_once *o, int (*fn)(void *arg), void *arg,
	pawl_time deadline) __attribute__((__nonnull__(1, 2)));

/* Return: whether an initialiser has succeeded; true for ever after. */
PAWL_API bool pawl_once_is_done(const pawl_once *o) PAWL_NONNULL_;

#ifdef PAWL_INLINES_
PAWL_INLINE_ bool pawl_once_is_done(const pawl_once *o)
{
	/* O1 acquire: pairs with O3.  What the initialiser wrote. */
	bool done = pawl_load_(&o->word_, acquire) == PAWL_ONCE_DONE_;

	if (done)
		PAWL_HB_ACQUIRE_((void *)(uintptr_t)o);
	return done;
}
#endif

PAWL_END_DECLS
#endif
