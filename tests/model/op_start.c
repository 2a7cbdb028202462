/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_start.c - an op that is ended, or another's waiter that is given back, while its start is
 * still under way.
 */
#include <errno.h>

#include <pawl/op.h>

#include "explorer/model.h"
#include "platform/poll.h"

enum sight { EARLY };
enum { NONE = -1, AGAIN = 2 };

static pawl_mutex m;
static pawl_cq *cq;
static pawl_op before, op, other, again[AGAIN];
static int results[2], calls, started = NONE;

static void done(pawl_op *which, int rc)
{
	calls++;
	if (which == &op || which == &other)
		results[which == &other] = rc;
	if (__atomic_load_n(&started, __ATOMIC_RELAXED) == NONE)
		model_saw(EARLY);
}

static void setup(void)
{
	model_name(&m, sizeof m, "m");
	model_name(&op, sizeof op, "op");
	pawl_op_init_inline(&before, done, NULL);
	MODEL_CHECK(pawl_mutex_lock_op(&m, &before) == 0);
}

static void start(pawl_op *which)
{
	__atomic_store_n(&started, pawl_mutex_lock_op(&m, which), __ATOMIC_RELAXED);
	MODEL_CHECK(started == EINPROGRESS);
}

static void cancel_soon(void)
{
	while (pawl_op_cancel(&op) != 0)
		model_pause();
}

static void setup_queue(void)
{
	setup();
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	model_name(cq, 256, "cq");
	pawl_op_init(&op, cq, done, NULL);
}

static void start_or_cancel(unsigned who)
{
	if (who == 2) {
		cancel_soon();
		return;
	}
	start(&op);
	while (calls == 0) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
}

/* Its waiter is free, once, for another. */
static void was_canceled(void)
{
	MODEL_CHECK(calls == 1 && results[0] == ECANCELED);
	for (int i = 0; i < AGAIN; i++) {
		pawl_op_init_inline(&again[i], done, NULL);
		MODEL_CHECK(pawl_mutex_lock_op(&m, &again[i]) == EINPROGRESS);
	}
	for (int i = 0; i < AGAIN; i++)
		pawl_mutex_unlock(&m);
	MODEL_CHECK(calls == 1 + AGAIN);
	pawl_mutex_unlock(&m);
	pawl_mutex_destroy(&m);
	pawl_cq_close(cq);
}

MODEL(op_start, .about = "T1 starts and dispatches an op, T2 cancels it as soon as it can",
      .threads = 2, .without = NO_MEMORY, .setup = setup_queue, .enter = model_attach,
      .thread = start_or_cancel, .finish = was_canceled);

static void setup_inline(void)
{
	setup();
	pawl_op_init_inline(&op, done, NULL);
}

static void start_inline(unsigned who)
{
	if (who == 2)
		cancel_soon();
	else
		start(&op);
}

MODEL(op_start_inline, .about = "T1 starts an inline op, T2 cancels it as soon as it can",
      .threads = 2, .without = NO_MEMORY, .setup = setup_inline, .enter = model_attach,
      .thread = start_inline, .finish = was_canceled,
      .sights = { "its done() came before its start returned" });

/* The waiter of the one that is over is the next one's. */
static void setup_two(void)
{
	setup_inline();
	pawl_op_init_inline(&other, done, NULL);
	MODEL_CHECK(pawl_mutex_lock_op(&m, &op) == EINPROGRESS);
}

static void cancel_or_start(unsigned who)
{
	if (who == 1)
		MODEL_CHECK(pawl_op_cancel(&op) == 0);
	else
		start(&other);
}

static void other_is_granted(void)
{
	MODEL_CHECK(calls == 1 && results[0] == ECANCELED);
	pawl_mutex_unlock(&m);
	MODEL_CHECK(calls == 2 && results[1] == 0);
	pawl_mutex_unlock(&m);
	pawl_mutex_destroy(&m);
}

MODEL(op_reused, .about = "T1 cancels an inline op, while T2 starts another",
      .threads = 2, .without = NO_MEMORY, .setup = setup_two, .enter = model_attach,
      .thread = cancel_or_start, .finish = other_is_granted);

/* The dispatcher meets the op where it was told, or where it was listed, first. */
static pawl_op *freed;

static void free_op(pawl_op *which, int rc)
{
	MODEL_CHECK(which == freed && rc == ECANCELED);
	calls++;
	model_free(which);
}

static void setup_freed(void)
{
	setup();
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	model_name(cq, 256, "cq");
	freed = model_alloc(sizeof *freed);
	model_name(freed, sizeof *freed, "op");
	pawl_op_init(freed, cq, free_op, NULL);
}

static void start_and_cancel(unsigned who)
{
	pawl_op *mine = freed;

	if (who == 2) {
		start(mine);
		MODEL_CHECK(pawl_op_cancel(mine) == 0);
		return;
	}
	while (calls == 0) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
	(void)pawl_cq_dispatch(cq, 0);
}

static void was_freed(void)
{
	MODEL_CHECK(calls == 1);
	pawl_mutex_unlock(&m);
	pawl_cq_close(cq);
}

MODEL(op_elsewhere, .about = "T1 dispatches and frees an op that T2 starts and cancels",
      .threads = 2, .without = NO_MEMORY, .setup = setup_freed, .enter = model_attach,
      .thread = start_and_cancel, .finish = was_freed);
