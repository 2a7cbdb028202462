/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends of waits for a notification, for one and for all (ends_model.h). */
#include <pawl/notify.h>

#include "ends_model.h"

static int wait_notify(pawl_time deadline)
{
	return pawl_notify_wait_until(object, deadline);
}

static int start_notify(pawl_op *op)
{
	return pawl_notify_wait_op(object, op);
}

static void notify_one(void)
{
	pawl_notify_one(object);
}

static void notify_all(void)
{
	pawl_notify_all(object);
}

static void judge(int kept)
{
	pawl_notify *n = object;

	MODEL_CHECK(n->queue_ == 0);
	MODEL_CHECK(pawl_notify_wait_until(n, model_past()) == (kept ? 0 : ETIMEDOUT));
	MODEL_CHECK(pawl_notify_wait_until(n, model_past()) == ETIMEDOUT);
}

static void judge_one(int taken_by)
{
	MODEL_CHECK(taken_by <= 1);
	judge(1 - taken_by);
}

static void judge_all(int taken_by)
{
	(void)taken_by;
	judge(0);
}

#define NOTIFY .size = sizeof(pawl_notify), .wait = wait_notify, .start = start_notify

static const struct subject one = { NOTIFY, .grant = notify_one, .judge = judge_one };
static const struct subject all = { NOTIFY, .grant = notify_all, .judge = judge_all };

ENDS_THREAD(ends_notify, one);
ENDS_THREAD(ends_notify_all, all);
ENDS_LATE(ends_notify_late, one);
ENDS_INLINE(ends_notify_inline, one);
ENDS_INLINE(ends_notify_inline_all, all);
ENDS_TWO(ends_notify_two, one);
ENDS_TWO(ends_notify_two_all, all);
ENDS_OP(ends_notify_op, one);
ENDS_OP(ends_notify_op_all, all);
ENDS_CLOSED(ends_notify_closed, one);
ENDS_CLOSED(ends_notify_closed_all, all);
