/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * once.c - pawl/once.h.  Uses: atomic, wait.
 *
 * word = runner << 32 | WAITERS (owner.h), or PAWL_ONCE_DONE_, final.
 *
 *	0 --O2 do--> runner --O3 success--> DONE	all who wait are told GRANT
 *	             runner --O4 failure--> 0			nobody waits
 *	             runner --W3 failure--> TRANSIT --W6--> runner'	the first in the queue was
 *								told RETRY: it runs its own
 *	             runner --W2 wait--> runner|WAITERS
 *
 * I1  WAITERS => somebody runs, who will look at the queue.
 * I2  a DONE word never changes.  The runner's last touch of the object is O3: who sees DONE
 *     may free it.  Whom it tells after that it finds in the queue's root, which it looked
 *     up before.  Nobody joins that root unseen: it would announce itself, and O3 fail; or
 *     see DONE.
 */
#include "config.h"

#include <errno.h>

#include <pawl/once.h>

#include "platform/clock.h"
#include "platform/hb.h"
#include "platform/tls.h"
#include "sync/once_op.h"
#include "wait/owner.h"
#include "wait/park.h"

_Static_assert(sizeof(pawl_once) == 16, "pawl_once has 16 bytes");
_Static_assert((PAWL_ONCE_DONE_ & (OWNER | WAITERS)) == 0, "DONE is nothing else");

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

static void finish_done(pawl_once *o, uint64_t self)
{
	uint64_t root = 0, word = self;

	/* O3 release: pairs with O1, O2.  What the initialiser wrote; last touch (I2). */
	while (!pawl_cas_(&o->word_, &word, PAWL_ONCE_DONE_, release, relaxed)) {
		pawl_i_owner_clear(&o->word_);
		root = pawl_i_line_root(&o->queue_);
		word = self;
	}
	pawl_i_line_tell_all(root, GRANT, UINT64_MAX);
}

static void finish_failed(pawl_once *o, uint64_t self)
{
	struct waiter *wake = NULL;
	uint64_t word = self;

	/* O4 release: pairs with O2.  What the failed run left. */
	while (!pawl_cas_(&o->word_, &word, 0, release, relaxed)) {
		if (pawl_i_owner_hand_over(&o->word_, &o->queue_, self, RETRY, &wake))
			break;
		pawl_i_owner_look_again(&o->word_, &o->queue_);
		word = self;
	}
	if (wake)
		pawl_i_waiter_wake(wake);
}

static void finish(struct run *r)
{
	hb_release(r->once);
	pawl_i_op_hold();
	if (r->err == 0)
		finish_done(r->once, pawl_self_);
	else
		finish_failed(r->once, pawl_self_);
	pawl_i_op_let();
}

/* The caller is the runner. */
static int run(pawl_once *o, int (*fn)(void *arg), void *arg)
{
	/* Stays a failure if fn does not return: pthread_exit, cancel, C++ exception. */
	__attribute__((__cleanup__(finish))) struct run r = { o, ECANCELED };

	r.err = fn(arg);
	return r.err;
}

/* What the caller is to do next. */
enum role { ROLE_DONE, ROLE_RUNNER, ROLE_FAILED, ROLE_AGAIN };

static enum role answered(pawl_once *o, struct waiter *w, uint32_t answer)
{
	if (answer == RETRY)
		pawl_i_owner_take(&o->word_, pawl_i_self());
	pawl_i_line_leave(&o->queue_, w);
	return answer == GRANT ? ROLE_DONE : answer == RETRY ? ROLE_RUNNER : ROLE_FAILED;
}

/* Wait while somebody runs. */
static enum role wait_for_runner(pawl_once *o, struct limit *l, unsigned round)
{
	struct wait_for what = { "once", o, &o->word_ };
	struct waiter *w = pawl_i_park_waiter(&what);
	uint32_t answer;

	if (!w || pawl_i_line_join(&o->queue_, w, pawl_i_waiter_arm(w)) != 0) {
		pawl_i_park_poll(round, l);
		return ROLE_AGAIN;
	}
	if (pawl_i_owner_announce(&o->word_) & OWNER)
		return answered(o, w, pawl_i_park_or_give_up(w, &what, l));
	answer = pawl_i_waiter_give_up(w);
	if (answer != 0)
		return answered(o, w, answer);
	pawl_i_line_leave(&o->queue_, w);
	return ROLE_AGAIN;
}

/* Get the runner's role, or see that it is not needed any more. */
static enum role get_role(pawl_once *o, struct limit *l, int *ret_err)
{
	uint64_t self = pawl_i_self(), word;
	enum role role = ROLE_AGAIN;

	for (unsigned round = 0; role == ROLE_AGAIN; round++) {
		if (begin(o, self, &word))
			return ROLE_RUNNER;
		if (word == PAWL_ONCE_DONE_)
			return ROLE_DONE;
		if ((word & OWNER) == self) {
			*ret_err = EDEADLK;
			return ROLE_FAILED;
		}
		role = pawl_i_limit_reached(l) ? ROLE_FAILED : wait_for_runner(o, l, round);
	}
	if (role == ROLE_FAILED)
		*ret_err = pawl_i_limit_error(l);
	return role;
}

static int do_until(pawl_once *o, int (*fn)(void *arg), void *arg, pawl_time deadline)
{
	struct limit l = pawl_i_limit(deadline);
	int err = 0;
	enum role role = get_role(o, &l, &err);

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

/* Have @op, which joined, wait; false: nobody runs any more, and it was withdrawn. */
static bool wait_as_op(pawl_once *o, pawl_op *op, int *ret_rc)
{
	if (!(pawl_i_owner_announce(&o->word_) & OWNER) && pawl_i_op_withdraw(op))
		return false;
	*ret_rc = pawl_i_op_park(op);
	return true;
}

int pawl_i_once_do_op(pawl_once *o, int (*fn)(void *arg), void *arg, pawl_op *op,
	const struct op_verb *verb, void *object, bool *ret_waited)
{
	uint64_t self = pawl_i_self(), word;
	int rc;

	do {
		if (begin(o, self, &word)) {
			hb_acquire(o);
			return run(o, fn, arg);
		}
		if (word == PAWL_ONCE_DONE_) {
			hb_acquire(o);
			return 0;
		}
		if ((word & OWNER) == self)
			return EDEADLK;
		rc = pawl_i_op_join(op, verb, object, &o->queue_, 0);
		*ret_waited = rc == 0 && wait_as_op(o, op, &rc);
	} while (rc == 0 && !*ret_waited);
	return rc;
}

int pawl_i_once_run_for_op(pawl_once *o, int (*fn)(void *arg), void *arg)
{
	/* O5 relaxed: as W6. */
	(void)pawl_fetch_sub_(&o->word_, OF_OP - pawl_i_self(), relaxed);
	hb_acquire(o);
	return run(o, fn, arg);
}

void pawl_i_once_resign_for_op(pawl_once *o)
{
	finish_failed(o, OF_OP);
}
