/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends of waits for a mutex, of either policy, that an op holds (ends_model.h). */
#include <pawl/mutex.h>

#include "ends_model.h"

static pawl_op holder;

static void nothing(pawl_op *op, int rc)
{
	(void)op, (void)rc;
}

static void make_held(unsigned flags)
{
	MODEL_CHECK(pawl_mutex_init(object, flags) == 0);
	pawl_op_init_inline(&holder, nothing, NULL);
	MODEL_CHECK(pawl_mutex_lock_op(object, &holder) == 0);
}

static void make_barging(void)
{
	make_held(0);
}

static void make_fair(void)
{
	make_held(PAWL_FAIR);
}

static int lock(pawl_time deadline)
{
	return pawl_mutex_lock_until(object, deadline);
}

static int start_lock(pawl_op *op)
{
	return pawl_mutex_lock_op(object, op);
}

static void unlock(void)
{
	pawl_mutex_unlock(object);
}

static void lock_again(void)
{
	MODEL_CHECK(pawl_mutex_trylock(object) == 0);
	pawl_mutex_unlock(object);
	pawl_mutex_destroy(object);
}

static void judge(int taken_by)
{
	(void)taken_by;
	MODEL_CHECK((((pawl_mutex *)object)->queue_ & ~(uint64_t)PAWL_FAIR) == 0);
}

#define MUTEX .size = sizeof(pawl_mutex), .wait = lock, .start = start_lock, .grant = unlock, \
	.put = unlock, .judge = judge, .destroy = lock_again

/* Two, of which one is free: whoever gives up leaves it so. */
static void hold_second(void)
{
	pawl_op_init_inline(&holder, nothing, NULL);
	MODEL_CHECK(pawl_mutex_lock_op((pawl_mutex *)object + 1, &holder) == 0);
}

static int lock_both(pawl_time deadline)
{
	pawl_mutex *m = object, *const both[] = { m, m + 1 };

	return pawl_mutex_lock_all_until(both, 2, deadline);
}

static void unlock_second(void)
{
	pawl_mutex_unlock((pawl_mutex *)object + 1);
}

static void unlock_both(void)
{
	pawl_mutex *m = object, *const both[] = { m, m + 1 };

	pawl_mutex_unlock_all(both, 2);
}

static void judge_both(int taken_by)
{
	judge(taken_by);
	MODEL_CHECK(lock_both(model_past()) == 0);
	unlock_both();
}

static const struct subject all = {
	.size = 2 * sizeof(pawl_mutex), .make = hold_second, .wait = lock_both,
	.grant = unlock_second, .put = unlock_both, .judge = judge_both
};
static const struct subject barging = { .make = make_barging, MUTEX };
static const struct subject fair = { .make = make_fair, MUTEX };

ENDS_THREAD(ends_mutex, barging);
ENDS_THREAD(ends_mutex_fair, fair);
ENDS_LATE(ends_mutex_late, barging);
ENDS_LATE(ends_mutex_late_fair, fair);
ENDS_THREAD(ends_mutex_all, all);
ENDS_LATE(ends_mutex_late_all, all);
ENDS_BOTH(ends_mutex_both, barging, .without = LESS, .preemptions = 1);
ENDS_BOTH(ends_mutex_both_fair, fair, .without = LESS, .preemptions = 1);
ENDS_LAST(ends_mutex_last, barging, .without = LEAST, .preemptions = 2);
ENDS_LAST(ends_mutex_last_fair, fair, .without = LESS, .preemptions = 1);
ENDS_INLINE(ends_mutex_inline, barging);
ENDS_INLINE(ends_mutex_inline_fair, fair);
ENDS_INLINE_FREED(ends_mutex_freed, barging);
ENDS_TWO(ends_mutex_two, barging);
ENDS_TWO(ends_mutex_two_fair, fair);
ENDS_OP(ends_mutex_op, barging);
ENDS_OP(ends_mutex_op_fair, fair);
ENDS_OP_FREED(ends_mutex_op_freed, barging);
ENDS_OP_FREED(ends_mutex_op_freed_fair, fair);
ENDS_OP_LATE(ends_mutex_op_late, barging);
ENDS_CLOSED(ends_mutex_closed, barging);
ENDS_CLOSED(ends_mutex_closed_fair, fair);
