/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends of waits for permits of a semaphore: one, of either policy, and several; and ends by its
 * close (ends_model.h).
 */
#include <pawl/sem.h>

#include "ends_model.h"

static void make_fair(void)
{
	MODEL_CHECK(pawl_sem_init(object, 0, PAWL_FAIR) == 0);
}

static int acquire(pawl_time deadline)
{
	return pawl_sem_acquire_until(object, deadline);
}

static int acquire_two(pawl_time deadline)
{
	return pawl_sem_acquire_n(object, 2, deadline);
}

static int start_acquire(pawl_op *op)
{
	return pawl_sem_acquire_op(object, op);
}

static void release(void)
{
	pawl_sem_release(object, 1);
}

static void adjust(void)
{
	(void)pawl_sem_adjust(object, 1);
}

static void release_one_by_one(void)
{
	release();
	release();
}

static void release_two(void)
{
	pawl_sem_release(object, 2);
}

static void close_it(void)
{
	pawl_sem_close(object);
}

static void destroy(void)
{
	pawl_sem_destroy(object);
}

/* All was given back. */
static void judge(int64_t permits)
{
	const pawl_sem *s = object;

	MODEL_CHECK(s->queue_ == 0 && (s->word_ & 4) == 0);
	MODEL_CHECK(pawl_sem_value(s) == permits);
	for (; permits > 0; permits--)
		MODEL_CHECK(pawl_sem_tryacquire(object) == 0);
}

static void judge_one(int taken_by)
{
	(void)taken_by;
	judge(1);
}

static void judge_two(int taken_by)
{
	(void)taken_by;
	judge(2);
}

static void judge_closed(int taken_by)
{
	MODEL_CHECK(taken_by == 0);
	judge(0);
	MODEL_CHECK(pawl_sem_tryacquire(object) == EPIPE);
}

#define SEM .size = sizeof(pawl_sem), .destroy = destroy
#define ONE SEM, .wait = acquire, .start = start_acquire
#define PERMIT .grant = release, .put = release, .judge = judge_one

static const struct subject barging = { ONE, PERMIT };
static const struct subject fair = { .make = make_fair, ONE, PERMIT };
static const struct subject adjusted = {
	ONE, .grant = adjust, .put = release, .judge = judge_one
};
static const struct subject closing = { ONE, .grant = close_it, .judge = judge_closed };
static const struct subject closing_fair = {
	.make = make_fair, ONE, .grant = close_it, .judge = judge_closed
};
static const struct subject two = {
	SEM, .wait = acquire_two, .grant = release_one_by_one, .put = release_two,
	.judge = judge_two
};
static const struct subject two_closing = {
	SEM, .wait = acquire_two, .grant = close_it, .judge = judge_closed
};

ENDS_THREAD(ends_sem, barging);
ENDS_THREAD(ends_sem_fair, fair);
ENDS_THREAD(ends_sem_many, two);
ENDS_THREAD(ends_sem_shut, closing);
ENDS_THREAD(ends_sem_shut_fair, closing_fair);
ENDS_THREAD(ends_sem_shut_many, two_closing);
ENDS_LATE(ends_sem_late, barging);
ENDS_LATE(ends_sem_late_fair, fair);
ENDS_LATE(ends_sem_late_many, two);
ENDS_BOTH(ends_sem_both, barging, .without = LESS, .preemptions = 1);
ENDS_LAST(ends_sem_last, barging, .without = LEAST, .preemptions = 2);
ENDS_LAST(ends_sem_last_fair, fair, .without = LESS, .preemptions = 1);
ENDS_INLINE(ends_sem_inline, barging);
ENDS_INLINE(ends_sem_inline_fair, fair);
ENDS_INLINE(ends_sem_adjusted, adjusted);
ENDS_INLINE(ends_sem_shut_inline, closing);
ENDS_INLINE_FREED(ends_sem_freed, barging);
ENDS_TWO(ends_sem_two, barging);
ENDS_TWO(ends_sem_two_fair, fair);
ENDS_OP(ends_sem_op, barging);
ENDS_OP(ends_sem_op_fair, fair);
ENDS_OP(ends_sem_shut_op, closing);
ENDS_OP_FREED(ends_sem_op_freed, barging);
ENDS_OP_FREED(ends_sem_op_freed_fair, fair);
ENDS_OP_LATE(ends_sem_op_late, barging);
ENDS_CLOSED(ends_sem_closed, barging);
ENDS_CLOSED(ends_sem_closed_fair, fair);
ENDS_CLOSED(ends_sem_shut_closed, closing);
