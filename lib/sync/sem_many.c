/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sem_many.c - pawl/sem.h: several permits at once.  Uses: wait, mutex, sem.
 *
 * A mutex is the turnstile: who has it collects permits, as many as it can get at a time.  There is
 * no room for it in the semaphore; it lives in the queue, of which all who want it are users, so
 * that it stays while they do.
 */
#include "config.h"

#include <errno.h>

#include <pawl/mutex.h>

#include "sync/sem_op.h"
#include "wait/line.h"
#include "wait/park.h"

/* Return: the turnstile, for a user of the queue. */
static pawl_mutex *turnstile(pawl_sem *s)
{
	pawl_mutex *m = (pawl_mutex *)(void *)(pawl_i_line_words(&s->queue_) + 1);

	/* V23 relaxed: the same for all who come, before each uses it, and left so: nobody else
	 * has a use for these words. */
	(void)pawl_fetch_or_(&m->queue_, PAWL_FAIR, relaxed);
	return m;
}

/* Take all @n, or none. */
static int take_all(pawl_sem *s, int64_t n)
{
	int64_t got;

	return pawl_i_sem_take(s, n, n, &got);
}

/* The same, if nobody is in line. */
static int take_at_once(pawl_sem *s, int64_t n)
{
	/* V24 relaxed: who comes at this moment is before us, or behind. */
	return line_users(pawl_load_(&s->queue_, relaxed)) == 0 ? take_all(s, n) : EAGAIN;
}

/* As who is at the turnstile: *@ret_have may be some of them if it fails. */
static int collect(pawl_sem *s, int64_t n, pawl_time deadline, int64_t *ret_have)
{
	int64_t got;
	int rc = 0;

	while (*ret_have < n && rc == 0) {
		rc = pawl_i_sem_take(s, 1, n - *ret_have, &got);
		if (rc == EAGAIN) {
			rc = pawl_sem_acquire_until(s, deadline);
			got = 1;
		}
		if (rc == 0)
			*ret_have += got;
	}
	return rc;
}

static int collect_in_turn(pawl_sem *s, int64_t n, pawl_time deadline)
{
	pawl_mutex *m = turnstile(s);
	int64_t have = 0;
	int rc = pawl_mutex_lock_until(m, deadline);

	if (rc != 0)
		return rc;
	rc = collect(s, n, deadline, &have);
	pawl_mutex_unlock(m);
	if (rc != 0)
		pawl_sem_release(s, have);
	return rc;
}

/* A poll: take all @n, if nobody is at the turnstile.  It does not become a user, for which it would
 * need the thread's waiter; the words stay words when the queue goes. */
static int take_if_first(pawl_sem *s, int64_t n)
{
	const uint64_t *words = pawl_i_line_words(&s->queue_);

	/* V27 relaxed: a mutex that is free is zero; who comes at this moment is before us, or
	 * behind. */
	return words && pawl_load_(words + 1, relaxed) != 0 ? EAGAIN : take_all(s, n);
}

/* Without memory for a turnstile. */
static int collect_polling(pawl_sem *s, int64_t n, struct limit *l)
{
	int rc;

	for (unsigned round = 0; (rc = take_all(s, n)) == EAGAIN; round++) {
		if (pawl_i_limit_reached(l))
			return pawl_i_limit_error(l);
		pawl_i_park_poll(round, l);
	}
	return rc;
}

static int wait_in_line(pawl_sem *s, int64_t n, struct limit *l)
{
	struct wait_for what = { "semaphore", s, NULL };
	struct waiter *w = pawl_i_park_waiter(&what);
	int rc;

	if (!w || pawl_i_line_enter(&s->queue_, w) != 0)
		return collect_polling(s, n, l);
	rc = collect_in_turn(s, n, l->deadline);
	pawl_i_line_exit(&s->queue_, w);
	return rc;
}

int pawl_sem_acquire_n(pawl_sem *s, int64_t n, pawl_time deadline)
{
	struct limit l = pawl_i_limit(deadline);
	int rc;

	if (n < 0 || n > PAWL_SEM_MAX)
		return EINVAL;
	if (n == 0)
		return take_all(s, 0) == EPIPE ? EPIPE : 0;
	if (n == 1)
		return pawl_sem_acquire_until(s, deadline);
	rc = take_at_once(s, n);
	if (rc != EAGAIN)
		return rc;
	if (!pawl_i_limit_reached(&l))
		return wait_in_line(s, n, &l);
	rc = take_if_first(s, n);
	return rc == EAGAIN ? pawl_i_limit_error(&l) : rc;
}
