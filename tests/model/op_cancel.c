/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_cancel.c - an op, of a queue or inline, waits for a mutex that one thread unlocks while
 * another cancels the op: one of them ends it, and the mutex is not lost.
 */
#include <errno.h>

#include <pawl/op.h>

#include "explorer/model.h"
#include "platform/poll.h"

enum sight { GRANTED, CANCELED, AT_ONCE, CLOSED = 0, EARLY = 0 };
enum { NONE = -1 };

static pawl_mutex *m;
static pawl_cq *cq;
static pawl_op before, op;
static int value, result, calls, started, cancel;

static void done(pawl_op *which, int rc)
{
	MODEL_CHECK(which == &op);
	result = rc;
	calls++;
	if (rc != 0)
		return;
	value++;
	pawl_mutex_unlock(m);
}

static void prepare(void)
{
	m = model_alloc(sizeof *m);
	model_name(m, sizeof *m, "m");
	model_name(&op, sizeof op, "op");
	pawl_op_init_inline(&before, done, NULL);
	MODEL_CHECK(pawl_mutex_lock_op(m, &before) == 0);
	result = NONE;
}

static void setup_queue(void)
{
	prepare();
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	model_name(cq, 256, "cq");
	pawl_op_init(&op, cq, done, NULL);
}

static void setup_inline(void)
{
	prepare();
	pawl_op_init_inline(&op, done, NULL);
}

/* Return: whether done() will be called. */
static bool start(void)
{
	do
		started = pawl_mutex_lock_op(m, &op);
	while (started == ENOMEM);
	MODEL_CHECK(started == 0 || started == EINPROGRESS);
	if (started == 0) {
		model_saw(AT_ONCE);
		done(&op, 0);
	}
	return started == EINPROGRESS;
}

static void unlock(void)
{
	value++;
	pawl_mutex_unlock(m);
}

static void end(unsigned who)
{
	if (who == 2)
		unlock();
	else
		cancel = pawl_op_cancel(&op);
}

static void dispatch(unsigned who)
{
	if (who != 1) {
		end(who);
		return;
	}
	if (!start())
		return;
	while (calls == 0) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
}

static void start_only(unsigned who)
{
	if (who == 1)
		(void)start();
	else
		end(who);
}

static void one_of_them(void)
{
	MODEL_CHECK(calls == 1);
	MODEL_CHECK(cancel == 0 || cancel == EALREADY);
	MODEL_CHECK(result == (cancel == 0 ? ECANCELED : 0));
	MODEL_CHECK(value == 1 + (result == 0));
	if (started == EINPROGRESS)
		model_saw(result == 0 ? GRANTED : CANCELED);
	MODEL_CHECK(pawl_mutex_trylock(m) == 0);
	pawl_mutex_unlock(m);
	pawl_mutex_destroy(m);
	model_free(m);
	pawl_cq_close(cq);
}

MODEL(op_cancel, .about = "T1 starts and dispatches an op, T2 grants it, T3 cancels it",
      .threads = 3, .preemptions = 2,	/* pairs of them: op_grant, op_start, op_two_cancels */
      .without = SPURIOUS_WAKES, .setup = setup_queue, .enter = model_attach,
      .thread = dispatch, .finish = one_of_them,
      .sights = { "granted", "canceled", "at once" });

MODEL(op_inline, .about = "the same without a queue",
      .threads = 3, .setup = setup_inline, .enter = model_attach, .thread = start_only,
      .finish = one_of_them,
      .sights = { "granted", "canceled", "at once" });

/* close() comes instead of the dispatch. */
static void close_at_once(unsigned who)
{
	if (who != 1) {
		unlock();
		return;
	}
	if (!start())
		return;
	pawl_cq_close(cq);
	cq = NULL;
	MODEL_CHECK(calls == 1 && result == ECANCELED);
}

static void given_back(void)
{
	MODEL_CHECK(calls == 1);
	if (started == EINPROGRESS)
		model_saw(CLOSED);
	MODEL_CHECK(pawl_mutex_trylock(m) == 0);
	pawl_mutex_unlock(m);
	model_free(m);
	pawl_cq_close(cq);
}

MODEL(op_close, .about = "T1 starts an op and closes its queue, while T2 grants it",
      .threads = 2, .setup = setup_queue, .enter = model_attach, .thread = close_at_once,
      .finish = given_back,
      .sights = { "closed" });

/* An op that is late as it is started, so that the dispatch may end it before its starter is out of
 * it; done() frees it. */
static pawl_op *freed;

static void done_and_free(pawl_op *which, int rc)
{
	result = rc;
	calls++;
	if (__atomic_load_n(&started, __ATOMIC_RELAXED) == NONE)
		model_saw(EARLY);
	model_free(which);
}

static void setup_freed(void)
{
	setup_queue();
	started = NONE;
	freed = model_alloc(sizeof *freed);
	model_name(freed, sizeof *freed, "op");
	pawl_op_init(freed, cq, done_and_free, NULL);
	pawl_op_deadline(freed, model_past());
}

static void start_or_dispatch(unsigned who)
{
	if (who == 1) {
		__atomic_store_n(&started, pawl_mutex_lock_op(m, freed), __ATOMIC_RELAXED);
		return;
	}
	while (calls == 0) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
}

static void was_late(void)
{
	MODEL_CHECK(started == EINPROGRESS && calls == 1 && result == ETIMEDOUT);
	pawl_mutex_unlock(m);
	model_free(m);
	pawl_cq_close(cq);
}

MODEL(op_freed, .about = "T1 starts an op that is late already, T2 dispatches and frees it",
      .threads = 2, .without = NO_MEMORY, .setup = setup_freed, .enter = model_attach,
      .thread = start_or_dispatch, .finish = was_late,
      .sights = { "freed before its start returned" });
