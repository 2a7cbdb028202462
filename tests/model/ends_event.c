/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends of waits for gates that stay open: event, latch and future (ends_model.h). */
#include <pawl/event.h>
#include <pawl/future.h>
#include <pawl/latch.h>

#include "ends_model.h"

static int wait_event(pawl_time deadline)
{
	return pawl_event_wait_until(object, deadline);
}

static int start_event(pawl_op *op)
{
	return pawl_event_wait_op(object, op);
}

static void set_event(void)
{
	pawl_event_set(object);
}

static void judge_event(int passed)
{
	(void)passed;
	MODEL_CHECK(((pawl_event *)object)->queue_ == 0);
	MODEL_CHECK(pawl_event_wait_until(object, model_past()) == 0);
}

/* Whoever comes after that has to wait. */
static void pulse(void)
{
	pawl_event_set(object);
	pawl_event_clear(object);
}

static void judge_pulse(int passed)
{
	(void)passed;
	MODEL_CHECK(((pawl_event *)object)->queue_ == 0);
	MODEL_CHECK(pawl_event_wait_until(object, model_past()) == ETIMEDOUT);
}

static int wait_latch(pawl_time deadline)
{
	return pawl_latch_wait_until(object, deadline);
}

static int start_latch(pawl_op *op)
{
	return pawl_latch_wait_op(object, op);
}

static void make_latch(void)
{
	MODEL_CHECK(pawl_latch_init(object, 1) == 0);
}

static void arrive(void)
{
	pawl_latch_arrive(object);
}

static void judge_latch(int passed)
{
	(void)passed;
	MODEL_CHECK(((pawl_latch *)object)->queue_ == 0);
	MODEL_CHECK(pawl_latch_wait_until(object, model_past()) == 0);
}

static int wait_future(pawl_time deadline)
{
	void *value = NULL;
	int rc = pawl_future_wait_until(object, deadline, &value);

	MODEL_CHECK(value == (rc == 0 ? &until : NULL));
	return rc;
}

static int start_future(pawl_op *op)
{
	return pawl_future_wait_op(object, NULL, op);
}

static void set_future(void)
{
	MODEL_CHECK(pawl_future_set(object, 0, &until) == 0);
}

static void judge_future(int passed)
{
	(void)passed;
	MODEL_CHECK(((pawl_future *)object)->queue_ == 0);
	MODEL_CHECK(wait_future(model_past()) == 0);
}

static const struct subject event = {
	.size = sizeof(pawl_event), .wait = wait_event, .start = start_event, .grant = set_event,
	.judge = judge_event
};
static const struct subject pulsed = {
	.size = sizeof(pawl_event), .wait = wait_event, .start = start_event, .grant = pulse,
	.judge = judge_pulse
};
static const struct subject latch = {
	.size = sizeof(pawl_latch), .make = make_latch, .wait = wait_latch, .start = start_latch,
	.grant = arrive, .judge = judge_latch
};
static const struct subject future = {
	.size = sizeof(pawl_future), .wait = wait_future, .start = start_future,
	.grant = set_future, .judge = judge_future
};

ENDS_THREAD(ends_event, event);
ENDS_LATE(ends_event_late, event);
ENDS_BOTH(ends_event_both, event, .without = LESS, .preemptions = 2);
ENDS_LAST(ends_event_last, event, .without = LESS, .preemptions = 2);
ENDS_INLINE(ends_event_inline, event);
ENDS_INLINE_FREED(ends_event_freed, event);
ENDS_TWO(ends_event_two, event);
ENDS_OP(ends_event_op, event);
ENDS_OP_FREED(ends_event_op_freed, event);
ENDS_OP_LATE(ends_event_op_late, event);
ENDS_CLOSED(ends_event_closed, event);

ENDS_THREAD(ends_event_pulse, pulsed);
ENDS_TWO(ends_event_pulse_two, pulsed);
ENDS_OP(ends_event_pulse_op, pulsed);

ENDS_THREAD(ends_latch, latch);
ENDS_LATE(ends_latch_late, latch);
ENDS_LAST(ends_latch_last, latch, .without = LESS, .preemptions = 2);
ENDS_INLINE_FREED(ends_latch_freed, latch);
ENDS_TWO(ends_latch_two, latch);
ENDS_OP_FREED(ends_latch_op_freed, latch);
ENDS_OP_LATE(ends_latch_op_late, latch);
ENDS_CLOSED(ends_latch_closed, latch);

ENDS_THREAD(ends_future, future);
ENDS_LATE(ends_future_late, future);
ENDS_LAST(ends_future_last, future, .without = LESS, .preemptions = 2);
ENDS_INLINE_FREED(ends_future_freed, future);
ENDS_TWO(ends_future_two, future);
ENDS_OP_FREED(ends_future_op_freed, future);
ENDS_OP_LATE(ends_future_op_late, future);
ENDS_CLOSED(ends_future_closed, future);

/* A thread and an op: who is the last to go frees it, if it was set. */
static void leave(void)
{
	if (__atomic_sub_fetch(&users, 1, __ATOMIC_ACQ_REL) == 0 &&
	    __atomic_load_n(&taken, __ATOMIC_RELAXED) > 0)
		free_object();
}

static void done_and_leave(pawl_op *op, int rc)
{
	done(op, rc);
	leave();
}

static void make_mixed(void)
{
	begin_inline(&event, done_and_leave);
	until = model_soon();
}

static void wait_set_cancel(unsigned who)
{
	if (who == 1) {
		(void)wait_in_scope(until);
		leave();
	} else if (who == 2) {
		grant();
	} else {
		pawl_cancel_fire(source, 1);
		cancel(0);
	}
}

MODEL(ends_event_mixed, .about = "T1 and an op wait, T2 sets the event, T3 cancels; the last frees",
      .threads = 3, .setup = make_mixed, .enter = model_attach, .thread = wait_set_cancel,
      .finish = end_one, .sights = { SIGHTS, "granted, but canceled or late too" },
      ALL_BUT_MEMORY);
