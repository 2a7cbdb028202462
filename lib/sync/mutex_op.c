/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutex_op.c - pawl/mutex.h: the callback form of lock.  Uses: atomic, wait.
 *
 * What an op holds is OF_OP's (owner.h), so that any thread may unlock it.
 */
#include "config.h"

#include <errno.h>

#include "platform/hb.h"
#include "platform/tls.h"
#include "sync/mutex_op.h"
#include "wait/op.h"
#include "wait/owner.h"

static int finish(pawl_op *op, uint32_t answer, bool closing)
{
	if (answer != GRANT)
		return pawl_i_op_error(op, answer);
	hb_acquire(op->object_);
	if (!closing)
		return 0;
	pawl_mutex_unlock(op->object_);
	return ECANCELED;
}

static const struct op_verb lock = { "pawl_mutex_lock_op", finish };

static int wait_for(pawl_mutex *m, pawl_op *op)
{
	int err;

	pawl_i_op_hold();
	err = pawl_i_op_join(op, &lock, m, &m->queue_, 0);
	if (err == 0) {
		pawl_i_mutex_announce(m, lock.name);
		err = pawl_i_op_park(op);
	}
	pawl_i_op_let();
	return err;
}

int pawl_mutex_lock_op(pawl_mutex *m, pawl_op *op)
{
	if (pawl_mutex_trylock(m) != 0)
		return wait_for(m, op);
	/* M28 relaxed: the caller owns it, and gives it to the op: as W3. */
	(void)pawl_fetch_add_(&m->word_, OF_OP - pawl_i_self(), relaxed);
	return 0;
}
