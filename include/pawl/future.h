/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/future.h - a result that is set once, and that many can wait for.
 *
 *	pawl_future f = PAWL_FUTURE_INIT;
 *
 *	pawl_future_set(&f, 0, value);				one side
 *	rc = pawl_future_wait_until(&f, deadline, &value);	the others
 *
 * Threads:   every function may run at the same time as any other.
 * Memory:    the set that succeeds happens before the return of each wait that gets its result.
 * Progress:  set: lock-free; its time grows with the number of waiters.  wait: blocks until it is
 *            set; giving up at a deadline waits for nobody.
 * Signals:   nothing here is async-signal-safe.
 * Lifetime:  all-zero memory is a valid future without a result; there is nothing to destroy.  It
 *            may be freed as soon as every wait has returned, even while the set that
 *            succeeded is still returning.
 */
#ifndef PAWL_FUTURE_H
#define PAWL_FUTURE_H

#include <pawl/base.h>
#include <pawl/op.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_future {
	uint64_t word_;		/* private; states are drawn in lib/sync/future.c */
	uint64_t queue_;
	void *value_;
	int rc_;
} pawl_future;

#define PAWL_FUTURE_INIT { 0, 0, NULL, 0 }

/*
 * Set the result, unless it is.
 *
 * @rc:		what waits are to return: 0 or an error number of the caller's; those that a wait
 *		has of its own (ETIMEDOUT, ECANCELED, EINPROGRESS, ENOMEM) cannot be told from them
 * @value:	may be NULL
 *
 * Return: 0; EALREADY: it was set, or is being set, by another call.
 */
PAWL_API int pawl_future_set(pawl_future *f, int rc, void *value)
	__attribute__((__nonnull__(1)));

/*
 * Wait for the result.
 *
 * @deadline:	instant; PAWL_FOREVER waits for ever, a past one polls once
 * @ret_value:	may be NULL; written if there is a result
 *
 * Return: the result's rc, also if the deadline passed, or a cancel came, when it was set;
 * ETIMEDOUT; ECANCELED.
 */
PAWL_API int pawl_future_wait_until(pawl_future *f, pawl_time deadline, void **ret_value)
	PAWL_MUST_CHECK_ __attribute__((__nonnull__(1)));

/*
 * Wait as @op.
 *
 * @ret_value:	may be NULL; written before this returns the result's rc, or before done() gets it
 *
 * Return: the result's rc, which should not be one of the next two; EINPROGRESS, and done()
 * will be called, with the result's rc, ETIMEDOUT or ECANCELED; ENOMEM.
 */
PAWL_API int pawl_future_wait_op(pawl_future *f, void **ret_value, pawl_op *op)
	PAWL_MUST_CHECK_ __attribute__((__nonnull__(1, 3)));

PAWL_END_DECLS
#endif
