/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/any.h - wait for the first of several things.
 *
 *	const pawl_any either[] = {
 *		{ PAWL_ANY_EVENT, &stop },
 *		{ PAWL_ANY_SEM, &work },
 *	};
 *	size_t which;
 *
 *	rc = pawl_wait_any(either, 2, deadline, &which);
 *
 * Exactly one is taken: a permit of the semaphore, a notification; of an event, a future, a latch
 * or a cancel it is that it has come.  What others were granted at the same moment is passed on,
 * to the next in their lines.  If several are there from the start, the first of the list is it.
 *
 * Of a queue it is that an item is there, or that it is closed, and nothing is taken: then
 * pawl_queue_trypop(), which says EAGAIN if another was quicker.
 *
 * Threads:   may run at the same time as any call on the objects.
 * Memory:    as the wait of the one that is taken; of a queue, as the pop.
 * Progress:  blocks until one can be had; giving up at a deadline waits for nobody.
 * Signals:   not async-signal-safe.
 * Lifetime:  the objects must outlive the call, also those that are not taken.
 */
#ifndef PAWL_ANY_H
#define PAWL_ANY_H

#include <pawl/base.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

enum {
	PAWL_ANY_SEM = 1,	/* pawl_sem: take a permit */
	PAWL_ANY_EVENT,		/* pawl_event: it is set */
	PAWL_ANY_NOTIFY,	/* pawl_notify: take a notification */
	PAWL_ANY_QUEUE,		/* pawl_queue: an item is there, or it is closed */
	PAWL_ANY_FUTURE,	/* pawl_future: it has its result */
	PAWL_ANY_CANCEL,	/* pawl_cancel: it was fired */
	PAWL_ANY_LATCH		/* pawl_latch: it is open */
};

typedef struct pawl_any {
	int kind;
	void *object;
} pawl_any;

/*
 * Wait for the first of @list[0..n).
 *
 * @list:	may name an object several times
 * @n:		1 or more
 * @deadline:	instant; PAWL_FOREVER waits for ever, a past one polls once
 *
 * Return: 0 and *@ret_index, also if the deadline passed, or a cancel came, meanwhile; EINVAL: no
 * list, an unknown kind, or a queue with PAWL_QUEUE_FAST; EPIPE: a semaphore of the list is closed;
 * ENOMEM, for a list of more than 8 of which none is there; ETIMEDOUT; ECANCELED if it would have
 * to wait in a canceled scope (pawl/scope.h).
 */
PAWL_API int pawl_wait_any(const pawl_any *list, size_t n, pawl_time deadline, size_t *ret_index)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

PAWL_END_DECLS
#endif
