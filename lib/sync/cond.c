/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cond.c - pawl/cond.h.  Uses: wait, mutex.
 *
 * The queue and nothing else.
 *
 * No lost signal: a waiter is in the queue before it gives up the mutex, so whoever
 * changes the condition under the mutex after that finds it there; and a waiter that
 * was taken over by a signal returns 0, whatever its deadline says.
 *
 * A signal of who holds the mutex does not wake: it moves the waiter to the queue of the
 * mutex, so that it wakes when it can have it.  Without the mutex it only wakes.
 */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>
#include <pawl/cond.h>
#include <pawl/mutex.h>

#include "platform/fatal.h"
#include "platform/hb.h"
#include "sync/mutex_move.h"
#include "wait/line.h"
#include "wait/park.h"

_Static_assert(sizeof(pawl_cond) == 16, "pawl_cond has 16 bytes");

/* No memory to stand in a queue: a wake for no reason, after a while. */
static int wait_polling(pawl_mutex *m, struct limit *l)
{
	pawl_mutex_unlock(m);
	pawl_i_park_poll(0, l);
	pawl_mutex_lock(m);
	return pawl_i_limit_reached(l) ? pawl_i_limit_error(l) : 0;
}

/* @w is in the queue, and the caller has @m. */
static int wait_in_queue(pawl_cond *c, pawl_mutex *m, struct waiter *w,
	const struct wait_for *what, struct limit *l)
{
	struct limit none = limit_none();
	uint32_t answer;

	pawl_mutex_unlock(m);
	answer = pawl_i_park_or_give_up(w, what, l);
	if (answer == 0) {
		pawl_i_line_leave(&c->queue_, w);
		pawl_mutex_lock(m);
		return pawl_i_limit_error(l);
	}
	if (answer == MOVED)
		answer = pawl_i_park(w, what, &none);
	pawl_i_mutex_lock_adopted(m, w, answer);
	hb_acquire(c);
	return 0;
}

int pawl_cond_wait_until(pawl_cond *c, pawl_mutex *m, pawl_time deadline)
{
	struct wait_for what = { "cond", c, NULL };
	struct limit l = pawl_i_limit(deadline);
	struct waiter *w;

	if (!pawl_mutex_is_mine(m))
		pawl_i_misuse("pawl_cond_wait_until", "mutex", m, "is not held by the caller", 0);
	w = pawl_i_park_waiter(&what);
	if (w)
		w->mutex = m;
	if (w && pawl_i_line_join(&c->queue_, w, pawl_i_waiter_arm(w)) == 0)
		return wait_in_queue(c, m, w, &what, &l);
	return wait_polling(m, &l);
}

/* Move who waited longest to its mutex.  Return: whether anybody waited. */
static bool signal_first(pawl_cond *c)
{
	uint64_t ref;

	while ((ref = pawl_i_line_first(&c->queue_)) != 0) {
		struct waiter *w = pawl_i_waiter_move(ref);

		if (!w)
			continue;
		pawl_i_line_leave(&c->queue_, w);	/* last touch of *c */
		pawl_i_mutex_adopt(w->mutex, w);
		return true;
	}
	return false;
}

void pawl_cond_signal(pawl_cond *c)
{
	hb_release(c);
	(void)signal_first(c);
}

void pawl_cond_broadcast(pawl_cond *c)
{
	uint64_t most;

	hb_release(c);
	/* C1 relaxed: who was in the queue when the caller had the mutex is visible through
	 * the mutex; who came later has seen the new condition. */
	most = line_users(pawl_load_(&c->queue_, relaxed));
	while (most-- > 0 && signal_first(c))
		;
}
