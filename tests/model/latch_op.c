/* SPDX-License-Identifier: BSD-2-Clause */
/* Ops that wait for a latch or a future, which opens while one starts, or is canceled. */
#include <errno.h>

#include <pawl/future.h>
#include <pawl/latch.h>
#include <pawl/op.h>

#include "explorer/model.h"
#include "platform/tls.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
enum { NONE = -1 };
enum sight { TOLD, ENDED, AT_ONCE };

static pawl_latch *latch;
static pawl_future *future;
static pawl_op op;
static void *value;
static int result, started, cancel, data;

static void done(pawl_op *which, int rc)
{
	(void)which;
	MODEL_CHECK(result == NONE);
	result = rc;
}

static void make(void)
{
	latch = model_alloc(sizeof *latch);
	future = model_alloc(sizeof *future);
	MODEL_CHECK(pawl_latch_init(latch, 1) == 0);
	*future = (pawl_future)PAWL_FUTURE_INIT;
	result = NONE;
	pawl_op_init_inline(&op, done, NULL);
}

static void judge(int told)
{
	MODEL_CHECK(result == (cancel == 0 ? ECANCELED : told));
	MODEL_CHECK(latch->queue_ == 0 && future->queue_ == 0);
	model_saw(started != EINPROGRESS ? AT_ONCE : result == told ? TOLD : ENDED);
	model_free(latch);
	model_free(future);
}

static void open_cancel(unsigned who)
{
	if (who == 1) {
		started = pawl_latch_wait_op(latch, &op);
		if (started == 0)
			done(&op, 0);
	} else if (who == 2) {
		pawl_latch_arrive(latch);
	} else {
		cancel = pawl_op_cancel(&op);
	}
}

static void judge_latch(void)
{
	judge(0);
}

#define CANCEL .threads = 3, .setup = make, .enter = model_attach, \
	.sights = { "told", "canceled", "at once" }, .without = NOISE | NO_MEMORY, .preemptions = 2

MODEL(latch_op, .about = "T1 starts an op, T2 opens the latch, T3 cancels it",
      .thread = open_cancel, .finish = judge_latch, CANCEL);

static void set_cancel(unsigned who)
{
	if (who == 1) {
		started = pawl_future_wait_op(future, &value, &op);
		if (started != EINPROGRESS)
			done(&op, started);
	} else if (who == 2) {
		data = 7;
		MODEL_CHECK(pawl_future_set(future, EIO, &data) == 0);
	} else {
		cancel = pawl_op_cancel(&op);
	}
}

static void judge_future(void)
{
	MODEL_CHECK(value == (result == EIO ? &data : NULL));
	judge(EIO);
}

MODEL(future_op, .about = "T1 starts an op, T2 sets the future, T3 cancels it",
      .thread = set_cancel, .finish = judge_future, CANCEL);

/* done() frees what it waited for, while the one that opened it is still returning. */
static void free_all(pawl_op *which, int rc)
{
	(void)which;
	MODEL_CHECK(rc == 0 && data == 7);
	result = rc;
	model_free(latch);
	model_free(future);
}

static void make_freed(void)
{
	make();
	pawl_op_init_inline(&op, free_all, NULL);
}

static void open_freed(unsigned who)
{
	if (who == 1) {
		started = pawl_latch_wait_op(latch, &op);
		if (started == 0)
			free_all(&op, 0);
	} else {
		data = 7;
		pawl_latch_arrive(latch);
	}
}

static void was_told(void)
{
	MODEL_CHECK(result == 0);
	model_saw(started == EINPROGRESS ? 0 : 1);
}

MODEL(latch_op_freed, .about = "T1 starts an op that frees the latch, T2 opens it", .threads = 2,
      .setup = make_freed, .thread = open_freed, .finish = was_told, .enter = model_attach,
      .sights = { "told", "at once" }, .without = NO_MEMORY);

/* There may be no memory to wait in a queue. */
static void arrive_or_wait(unsigned who)
{
	int rc;

	if (who == 2) {
		pawl_latch_arrive(latch);
		return;
	}
	rc = pawl_latch_wait_until(latch, model_soon());
	MODEL_CHECK(rc == 0 || (rc == ETIMEDOUT && pawl_now() >= model_soon()));
	if (!pawl_i_tls.context)
		model_saw(rc == 0 ? 0 : 1);
}

static void free_both(void)
{
	MODEL_CHECK(latch->queue_ == 0);
	model_free(latch);
	model_free(future);
}

MODEL(latch_memory, .about = "one without memory waits, one opens the latch", .threads = 2,
      .setup = make, .thread = arrive_or_wait, .finish = free_both,
      .sights = { "it passed", "it gave up" });

static void set_or_wait(unsigned who)
{
	void *ret = NULL;
	int rc;

	if (who == 2) {
		MODEL_CHECK(pawl_future_set(future, 0, &data) == 0);
		return;
	}
	rc = pawl_future_wait_until(future, model_soon(), &ret);
	MODEL_CHECK((rc == 0 && ret == &data) || rc == ETIMEDOUT);
	model_saw(rc == 0 ? 0 : 1);
}

MODEL(future_late, .about = "one sets the future, one waits until a deadline", .threads = 2,
      .setup = make, .thread = set_or_wait, .finish = free_both, .enter = model_attach,
      .sights = { "it passed", "its deadline passed" });
