/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cond.c - pawl/cond.h.  Uses: wait, mutex.
 *
 * word = WAITERS | LOCKED_LIST (list.h), nothing else.
 *
 * No lost signal: a waiter is on the list before it gives up the mutex, so whoever
 * changes the condition under the mutex after that finds it there; and a waiter that
 * was taken off by a signal returns 0, whatever its deadline says.
 *
 * A signal does not wake: it moves the waiter to the list of the mutex, which mostly is
 * held at that time, so that it wakes when it can have it.
 */
#include "config.h"

#include <errno.h>

#include <pawl/cond.h>
#include <pawl/mutex.h>

#include "platform/fatal.h"
#include "platform/hb.h"
#include "sync/mutex_move.h"
#include "wait/list.h"

_Static_assert(sizeof(pawl_cond) == 16, "pawl_cond has 16 bytes");

static void enqueue(pawl_cond *c, pawl_mutex *m, struct waiter *w)
{
	bool had;

	pawl_i_waiter_arm(w);
	w->mutex = m;
	pawl_i_list_lock(&c->word_);
	had = list_first(c->queue_) != NULL;
	pawl_i_list_push_back(&c->queue_, w);
	pawl_i_list_unlock(&c->word_, pawl_i_list_mark(c->queue_, had));
}

/* The deadline passed.  False: a signal came before; @w is the mutex's now. */
static bool leave_list(pawl_cond *c, struct waiter *w)
{
	bool there;

	pawl_i_list_lock(&c->word_);
	there = !w->moved;
	if (there)
		pawl_i_list_remove(&c->queue_, w);
	pawl_i_list_unlock(&c->word_, there ? pawl_i_list_mark(c->queue_, true) : 0);
	return there;
}

int pawl_cond_wait_until(pawl_cond *c, pawl_mutex *m, pawl_time deadline)
{
	struct wait_for what = { "cond", c, NULL };
	struct waiter w;
	uint32_t answer;

	if (!pawl_mutex_is_mine(m))
		pawl_i_misuse("pawl_cond_wait_until", "mutex", m, "is not held by the caller", 0);
	enqueue(c, m, &w);
	pawl_mutex_unlock(m);
	answer = pawl_i_park(&w, &what, deadline);
	if (answer == 0 && leave_list(c, &w)) {
		pawl_mutex_lock(m);
		pawl_i_deadline_suspect(deadline);
		return ETIMEDOUT;
	}
	if (answer == 0)
		answer = pawl_i_park_signal(&w);
	pawl_i_mutex_lock_moved(m, answer);
	hb_acquire(c);
	return 0;
}

static void signal_some(pawl_cond *c, bool all)
{
	struct waiter *chain;

	hb_release(c);
	/* C1 relaxed: who was on the list when the caller had the mutex is visible
	 * through the mutex; who came later has seen the new condition. */
	if (!(pawl_load_(&c->word_, relaxed) & (WAITERS | LOCKED_LIST)))
		return;
	pawl_i_list_lock(&c->word_);
	chain = all ? pawl_i_list_take(&c->queue_, NULL) : pawl_i_list_pop(&c->queue_);
	for (struct waiter *w = chain; w; w = w->next)
		w->moved = true;
	pawl_i_list_unlock(&c->word_, pawl_i_list_mark(c->queue_, chain != NULL));
	pawl_i_mutex_move(chain);
}

void pawl_cond_signal(pawl_cond *c)
{
	signal_some(c, false);
}

void pawl_cond_broadcast(pawl_cond *c)
{
	signal_some(c, true);
}
