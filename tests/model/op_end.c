/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_end.c - what ends an op that waits, and what its done() may do then: free the op, unlock
 * the mutex, and free that.
 */
#include <errno.h>

#include <pawl/op.h>

#include "explorer/model.h"
#include "platform/poll.h"

enum sight { GRANTED, LATE };

static pawl_mutex *m;
static pawl_cq *cq;
static pawl_op before, *op;
static int calls, result, canceled;

static void count_done(pawl_op *which, int rc)
{
	MODEL_CHECK(which == op);
	result = rc;
	calls++;
}

static void setup(pawl_done_fn done)
{
	m = model_alloc(sizeof *m);
	model_name(m, sizeof *m, "m");
	op = model_alloc(sizeof *op);
	model_name(op, sizeof *op, "op");
	pawl_op_init_inline(&before, done, NULL);
	MODEL_CHECK(pawl_mutex_lock_op(m, &before) == 0);
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	model_name(cq, 256, "cq");
	pawl_op_init(op, cq, done, NULL);
}

static void dispatch(void)
{
	while (calls == 0) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
}

static void free_mutex(void)
{
	MODEL_CHECK(pawl_mutex_trylock(m) == 0);
	pawl_mutex_unlock(m);
	pawl_mutex_destroy(m);
	model_free(m);
}

static void setup_waiting(void)
{
	setup(count_done);
	MODEL_CHECK(pawl_mutex_lock_op(m, op) == EINPROGRESS);
}

static void dispatch_or_cancel(unsigned who)
{
	if (who == 1)
		dispatch();
	else if (pawl_op_cancel(op) == 0)
		__atomic_fetch_add(&canceled, 1, __ATOMIC_RELAXED);
}

static void canceled_once(void)
{
	MODEL_CHECK(calls == 1 && canceled == 1 && result == ECANCELED);
	model_free(op);
	pawl_mutex_unlock(m);
	free_mutex();
	pawl_cq_close(cq);
}

MODEL(op_two_cancels, .about = "T1 dispatches an op that T2 and T3 cancel",
      .threads = 3, .preemptions = 2, .setup = setup_waiting, .enter = model_attach,
      .thread = dispatch_or_cancel, .finish = canceled_once);

static void dispatch_or_grant(unsigned who)
{
	if (who == 1)
		dispatch();
	else
		pawl_mutex_unlock(m);
}

static void granted(void)
{
	MODEL_CHECK(calls == 1 && result == 0);
	model_free(op);
	pawl_mutex_unlock(m);
	free_mutex();
	pawl_cq_close(cq);
}

MODEL(op_grant, .about = "T1 dispatches an op that T2 grants",
      .threads = 2, .setup = setup_waiting, .enter = model_attach,
      .thread = dispatch_or_grant, .finish = granted);

/* Its deadline may pass just then; done() frees it, and the dispatcher comes once more. */
static void free_op(pawl_op *which, int rc)
{
	count_done(which, rc);
	model_saw(rc == 0 ? GRANTED : LATE);
	model_free(which);
	if (rc == 0)
		pawl_mutex_unlock(m);
}

static void setup_timed(void)
{
	setup(free_op);
	pawl_op_deadline(op, model_soon());
	MODEL_CHECK(pawl_mutex_lock_op(m, op) == EINPROGRESS);
}

static void dispatch_again(unsigned who)
{
	dispatch_or_grant(who);
	if (who == 1)
		(void)pawl_cq_dispatch(cq, 0);
}

static void granted_or_late(void)
{
	MODEL_CHECK(calls == 1 && (result == 0 || result == ETIMEDOUT));
	free_mutex();
	pawl_cq_close(cq);
}

MODEL(op_late, .about = "T1 dispatches an op that T2 grants, or its deadline ends",
      .threads = 2, .setup = setup_timed, .enter = model_attach,
      .thread = dispatch_again, .finish = granted_or_late,
      .sights = { "granted", "late" });

/* Who held the mutex last frees it. */
static void free_all(pawl_op *which, int rc)
{
	count_done(which, rc);
	MODEL_CHECK(rc == 0);
	pawl_mutex_unlock(m);
	free_mutex();
	model_free(which);
}

static void setup_last(void)
{
	setup(free_all);
	MODEL_CHECK(pawl_mutex_lock_op(m, op) == EINPROGRESS);
}

static void called_once(void)
{
	MODEL_CHECK(calls == 1);
	pawl_cq_close(cq);
}

MODEL(op_last, .about = "T1 dispatches an op that T2 grants, and frees it and its mutex",
      .threads = 2, .setup = setup_last, .enter = model_attach,
      .thread = dispatch_or_grant, .finish = called_once);

/* It is started again by its done(), once. */
static void start_again(pawl_op *which, int rc)
{
	count_done(which, rc);
	if (calls == 1)
		MODEL_CHECK(pawl_mutex_lock_op(m, which) == EINPROGRESS);
}

static void setup_again(void)
{
	setup(start_again);
	MODEL_CHECK(pawl_mutex_lock_op(m, op) == EINPROGRESS);
}

static void dispatch_or_cancel_twice(unsigned who)
{
	if (who == 2) {
		while (canceled < 2) {
			if (pawl_op_cancel(op) == 0)
				canceled++;
			else
				model_pause();
		}
		return;
	}
	while (calls < 2) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
}

static void canceled_twice(void)
{
	MODEL_CHECK(calls == 2 && canceled == 2 && result == ECANCELED);
	model_free(op);
	pawl_mutex_unlock(m);
	free_mutex();
	pawl_cq_close(cq);
}

MODEL(op_again, .about = "T1 dispatches an op, which starts again, and T2 cancels it each time",
      .threads = 2, .without = NO_MEMORY, .setup = setup_again, .enter = model_attach,
      .thread = dispatch_or_cancel_twice, .finish = canceled_twice);
