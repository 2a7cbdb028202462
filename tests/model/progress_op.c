/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress_op.c - progress of pawl/op.h: the subject starts, cancels or dispatches an op among
 * peers that lock, unlock, start and cancel.
 */
#include <errno.h>

#include <pawl/op.h>

#include "explorer/progress.h"
#include "platform/poll.h"

static pawl_mutex m;
static pawl_cq *cq;
static pawl_op mine, theirs;
static bool over;

static void done(pawl_op *op, int rc)
{
	if (rc == 0)
		pawl_mutex_unlock(&m);
	if (op == &mine)
		over = true;
}

static void open_queue(void)
{
	model_name(&m, sizeof m, "m");
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	pawl_op_init(&mine, cq, done, NULL);
	pawl_op_init_inline(&theirs, done, NULL);
}

static void unlock(void)
{
	pawl_mutex_unlock(&m);
}

static void start(pawl_op *op)
{
	if (pawl_mutex_lock_op(&m, op) == 0)
		done(op, 0);
}

/* One locks and unlocks, one starts an op and cancels it. */
static void use(unsigned who)
{
	if (who == 2) {
		pawl_mutex_lock(&m);
		unlock();
		return;
	}
	if (progress_rounds() > 1)	/* an op is started again only when it is over */
		return;
	start(&theirs);
	(void)pawl_op_cancel(&theirs);
}

static void lock(void)
{
	pawl_mutex_lock(&m);
}

static void start_mine(void)
{
	start(&mine);
}

static void lock_and_start(void)
{
	lock();
	start(&mine);
}

static void cancel_mine(void)
{
	(void)pawl_op_cancel(&mine);
}

static void dispatch(void)
{
	(void)pawl_cq_dispatch(cq, 0);
}

static void finish(void)
{
	while (!over) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
}

static void unlock_and_finish(void)
{
	unlock();
	finish();
}

static void close_queue(void)
{
	pawl_cq_close(cq);
}

#define CAS_LOOPS "who joins, looks or pushes begins again when it changed"

PROGRESS(op_start, 3, open_queue, "pawl_mutex_lock_op", "", .call = start_mine, .after = finish,
	 .peer = use,
	 .lock_free = CAS_LOOPS);
PROGRESS(op_cancel, 3, open_queue, "pawl_op_cancel", "", .before = lock_and_start,
	 .call = cancel_mine, .after = unlock_and_finish, .peer = use, .lock_free = CAS_LOOPS);
PROGRESS(op_dispatch, 3, open_queue, "pawl_cq_dispatch", "", .before = lock_and_start,
	 .call = dispatch, .after = unlock_and_finish, .peer = use, .lock_free = CAS_LOOPS);
PROGRESS(op_close, 3, open_queue, "pawl_cq_close", "", .before = start_mine,
	 .call = close_queue, .peer = use);
