/* SPDX-License-Identifier: BSD-2-Clause */
/* sem_op.c - pawl/sem.h: the callback form of acquire.  Uses: atomic, wait. */
#include "config.h"

#include <errno.h>

#include "platform/hb.h"
#include "sync/sem_op.h"
#include "wait/op.h"

static int finish(pawl_op *op, uint32_t answer, bool closing)
{
	if (answer == CLOSED)
		return EPIPE;
	if (answer != GRANT)
		return pawl_i_op_error(op, answer);
	hb_acquire(op->object_);
	if (!closing)
		return 0;
	pawl_sem_release(op->object_, 1);
	return ECANCELED;
}

static const struct op_verb acquire = { "pawl_sem_acquire_op", finish };

/* Have @op wait.  Return: EAGAIN: there is a permit, or it was closed, and it does not. */
static int wait_for(pawl_sem *s, pawl_op *op)
{
	int err;

	pawl_i_op_hold();
	err = pawl_i_op_join(op, &acquire, s, &s->queue_, 0);
	if (err == 0) {
		if (pawl_i_sem_announce(s) != EAGAIN && pawl_i_op_withdraw(op))
			err = EAGAIN;
		else
			err = pawl_i_op_park(op);
	}
	pawl_i_op_let();
	return err;
}

int pawl_sem_acquire_op(pawl_sem *s, pawl_op *op)
{
	int rc;

	do {
		rc = pawl_sem_tryacquire(s);
		if (rc == EAGAIN)
			rc = wait_for(s, op);
	} while (rc == EAGAIN);
	return rc;
}
