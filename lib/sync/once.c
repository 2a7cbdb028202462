/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * once.c - pawl/once.h.  Uses: atomic, wait.
 *
 * word = runner << 32 | WAITERS | LOCKED_LIST, or PAWL_ONCE_DONE_, final.
 *
 *	0 --O2 do--> runner --O3 success--> DONE	all who wait are signalled GRANT
 *	             runner --O4 failure--> 0			nobody waits
 *	             runner --O4 failure--> runner'		the first on the list was popped,
 *								signalled RETRY: it runs its own
 *	             runner --O5 enqueue--> runner|WAITERS
 *
 * I1  WAITERS => somebody runs, who will look at the list.
 * I2  a DONE word never changes; its waiters were taken off before it was written, so
 *     that the runner's last touch of the object is O3: who sees DONE may free it.
 */
#include "config.h"

#include <errno.h>

#include <pawl/once.h>

#include "platform/clock.h"
#include "platform/hb.h"
#include "platform/tls.h"
#include "wait/list.h"

#define RUNNER 0xffffffff00000000u

_Static_assert(sizeof(pawl_once) == 16, "pawl_once has 16 bytes");
_Static_assert((PAWL_ONCE_DONE_ & (WAITERS | LOCKED_LIST)) == 0, "DONE is no list bit");

/* The runner of the moment; on its stack, so that unwinding finds it. */
struct run {
	pawl_once *once;
	int err;
};

/* Become the runner: true.  Else the word, which has a runner or is DONE. */
static bool begin(pawl_once *o, uint64_t self, uint64_t *ret_word)
{
	*ret_word = 0;
	/* O2 acquire: pairs with O3, O4.  What failed runs left; or what DONE means. */
	return pawl_cas_(&o->word_, ret_word, self, acquire, acquire);
}

static void finish_done(pawl_once *o)
{
	struct waiter *all;

	pawl_i_list_lock(&o->word_);
	all = pawl_i_list_take(&o->queue_, NULL);
	/* O3 release: pairs with O1, O2.  A store: who runs and is inside the list is
	 * the only one to write the word.  What the initialiser wrote; last touch (I2). */
	pawl_store_(&o->word_, PAWL_ONCE_DONE_, release);
	pawl_i_list_signal_chain(all, GRANT);
}

static void finish_failed(pawl_once *o)
{
	struct waiter *w;
	uint64_t next;

	pawl_i_list_lock(&o->word_);
	w = pawl_i_list_pop(&o->queue_);
	next = w ? w->self | pawl_i_list_mark(o->queue_, false) : 0;
	/* O4 release: pairs with O2, O5.  As O3, but it is not final; the list too. */
	pawl_store_(&o->word_, next, release);
	if (w)
		pawl_i_signal(w, RETRY);
}

static void finish(struct run *r)
{
	hb_release(r->once);
	if (r->err == 0)
		finish_done(r->once);
	else
		finish_failed(r->once);
}

/* The caller is the runner. */
static int run(pawl_once *o, int (*fn)(void *arg), void *arg)
{
	/* Stays a failure if fn does not return: pthread_exit, cancel, C++ exception. */
	__attribute__((__cleanup__(finish))) struct run r = { o, ECANCELED };

	r.err = fn(arg);
	return r.err;
}

/* Enter the list while somebody runs.  False: nobody does; a DONE word stays as it is. */
static bool enter_list(pawl_once *o)
{
	for (unsigned round = 0;; round++) {
		/* O6 relaxed: O5 looks again. */
		uint64_t word = pawl_load_(&o->word_, relaxed);

		if (!(word & RUNNER))
			return false;
		/* O5 acquire: pairs with O4, Q3.  The list as the last one left it. */
		if (!(word & LOCKED_LIST) &&
		    pawl_cas_weak_(&o->word_, &word, word | LOCKED_LIST, acquire, relaxed))
			return true;
		pawl_i_list_back_off(round);
	}
}

/* Join the list while somebody runs.  False: nobody does. */
static bool enqueue(pawl_once *o, struct waiter *w)
{
	bool had;

	pawl_i_waiter_arm(w);
	if (!enter_list(o))
		return false;
	had = list_first(o->queue_) != NULL;
	pawl_i_list_push_back(&o->queue_, w);
	pawl_i_list_unlock(&o->word_, pawl_i_list_mark(o->queue_, had));
	return true;
}

/* The deadline passed.  False: it is not on the list, and its signal is under way. */
static bool leave_list(pawl_once *o, struct waiter *w)
{
	bool there;

	if (!enter_list(o))	/* by I1 it was taken off before nobody ran */
		return false;
	there = list_has(w);
	if (there)
		pawl_i_list_remove(&o->queue_, w);
	pawl_i_list_unlock(&o->word_, there ? pawl_i_list_mark(o->queue_, true) : 0);
	return there;
}

/* Return: GRANT it is done; RETRY the caller is the runner now; 0 the deadline passed. */
static uint32_t wait_for_runner(pawl_once *o, struct waiter *w, pawl_time deadline)
{
	struct wait_for what = { "once", o, &o->word_ };
	uint32_t answer = pawl_i_park(w, &what, deadline);

	if (answer != 0 || leave_list(o, w))
		return answer;
	return pawl_i_park_signal(w);
}

/* What the caller is to do next. */
enum role { ROLE_DONE, ROLE_RUNNER, ROLE_FAILED };

/* Get the runner's role, or see that it is not needed any more. */
static enum role get_role(pawl_once *o, pawl_time deadline, int *ret_err)
{
	uint64_t self = pawl_i_self(), word;
	struct waiter w;

	for (;;) {
		if (begin(o, self, &word))
			return ROLE_RUNNER;
		if (word == PAWL_ONCE_DONE_)
			return ROLE_DONE;
		if ((word & RUNNER) == self) {
			*ret_err = EDEADLK;
			return ROLE_FAILED;
		}
		if (deadline != PAWL_FOREVER && pawl_i_clock_now() >= deadline)
			break;
		if (!enqueue(o, &w))
			continue;
		switch (wait_for_runner(o, &w, deadline)) {
		case GRANT:
			return ROLE_DONE;
		case RETRY:
			return ROLE_RUNNER;
		}
		break;
	}
	pawl_i_deadline_suspect(deadline);
	*ret_err = ETIMEDOUT;
	return ROLE_FAILED;
}

static int do_until(pawl_once *o, int (*fn)(void *arg), void *arg, pawl_time deadline)
{
	int err = 0;
	enum role role = get_role(o, deadline, &err);

	if (role == ROLE_FAILED)
		return err;
	hb_acquire(o);
	return role == ROLE_RUNNER ? run(o, fn, arg) : 0;
}

int pawl_once_do_until(pawl_once *o, int (*fn)(void *arg), void *arg, pawl_time deadline)
{
	return pawl_once_is_done(o) ? 0 : do_until(o, fn, arg, deadline);
}

int pawl_once_do(pawl_once *o, int (*fn)(void *arg), void *arg)
{
	return pawl_once_do_until(o, fn, arg, PAWL_FOREVER);
}
