/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rwlock_op.c - pawl/rwlock.h: the callback forms.  Uses: atomic, wait.
 *
 * An op that waits to read is counted in the lock's word, as a thread is; that it is let in is seen
 * there, in whatever way its wait ends.  Its share is a counted one, never in a slot, so that any
 * thread may give it back.
 */
#include "config.h"

#include <errno.h>

#include "platform/hb.h"
#include "sync/rwlock_op.h"
#include "wait/op.h"

/*** Reading **********************************************************************************/

static int finish_reading(pawl_op *op, uint32_t answer, bool closing)
{
	pawl_rwlock *l = op->object_;

	if (answer == GRANT && !closing) {
		hb_acquire(l);
		return 0;
	}
	if (answer == GRANT || !pawl_i_rwlock_withdraw(l, op->phase_))
		pawl_i_rwlock_drop(l);
	return answer == GRANT ? ECANCELED : pawl_i_op_error(op, answer);
}

static const struct op_verb rdlock = { "pawl_rwlock_rdlock_op", finish_reading };

/* @op expects a share.  Return: EAGAIN: it has it. */
static int wait_for_share(pawl_rwlock *l, pawl_op *op)
{
	uint64_t phase = op->phase_;
	int err = pawl_i_op_join(op, &rdlock, l, &l->readers_, pawl_i_rwlock_note(phase));

	if (err != 0)
		return pawl_i_rwlock_withdraw(l, phase) ? err : EAGAIN;
	if (pawl_i_rwlock_is_admitted(l, phase) && pawl_i_op_withdraw(op))
		return EAGAIN;
	return pawl_i_op_park(op);
}

int pawl_rwlock_rdlock_op(pawl_rwlock *l, pawl_op *op)
{
	int rc = EAGAIN;

	pawl_i_op_hold();
	if (!pawl_i_rwlock_expect(l, &op->phase_))
		rc = wait_for_share(l, op);
	pawl_i_op_let();
	if (rc != EAGAIN)
		return rc;
	hb_acquire(l);
	return 0;
}

/*** Writing **********************************************************************************/

static int finish_writing(pawl_op *op, uint32_t answer, bool closing)
{
	if (answer != GRANT) {
		pawl_i_rwlock_writer_left(op->object_);
		return pawl_i_op_error(op, answer);
	}
	pawl_i_rwlock_acquired_whole(op->object_);
	if (!closing)
		return 0;
	pawl_rwlock_wrunlock(op->object_);
	return ECANCELED;
}

static const struct op_verb wrlock = { "pawl_rwlock_wrlock_op", finish_writing };

/* Have @op wait.  Return: EAGAIN: the lock is free, and it does not. */
static int wait_for_whole(pawl_rwlock *l, pawl_op *op)
{
	int err;

	pawl_i_op_hold();
	err = pawl_i_op_join(op, &wrlock, l, &l->writers_, 0);
	if (err == 0) {
		if (!pawl_i_rwlock_announce(l) && pawl_i_op_withdraw(op)) {
			pawl_i_rwlock_writer_left(l);
			err = EAGAIN;
		} else {
			err = pawl_i_op_park(op);
		}
	}
	pawl_i_op_let();
	return err;
}

int pawl_rwlock_wrlock_op(pawl_rwlock *l, pawl_op *op)
{
	int rc;

	do {
		rc = pawl_rwlock_trywrlock(l) == 0 ? 0 : EAGAIN;
		if (rc == EAGAIN)
			rc = wait_for_whole(l, op);
	} while (rc == EAGAIN);
	return rc;
}
