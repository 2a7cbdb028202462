/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress_sem.c - progress of pawl/sem.h: the subject's call among peers that take permits, wait
 * for them, give up, and give them back.
 */
#include <errno.h>

#include "explorer/progress.h"

static pawl_sem s, own;
static pawl_op op;
static int64_t got;

static void done(pawl_op *which, int rc)
{
	(void)which;
	if (rc == 0)
		pawl_sem_release(&s, 1);
}

static void make(int64_t permits, unsigned flags)
{
	MODEL_CHECK(pawl_sem_init(&s, permits, flags) == 0);
	model_name(&s, sizeof s, "s");
	pawl_op_init_inline(&op, done, NULL);
}

static void make_one(void)
{
	make(1, 0);
}

static void make_one_fair(void)
{
	make(1, PAWL_FAIR);
}

static void make_two(void)
{
	make(2, 0);
}

/* One waits as long as it takes, one until a deadline. */
static void contend(unsigned who)
{
	int rc = pawl_sem_acquire_until(&s, who == 2 ? PAWL_FOREVER : model_soon());

	MODEL_CHECK(rc == 0 || rc == EPIPE || (rc == ETIMEDOUT && who == 3));
	if (rc == 0)
		pawl_sem_release(&s, 1);
}

static void call_init(void)
{
	MODEL_CHECK(pawl_sem_init(&own, 1, 0) == 0);
}

static void call_destroy(void)
{
	pawl_sem_destroy(&own);
}

static void call_value(void)
{
	(void)pawl_sem_value(&s);
}

static void call_tryacquire(void)
{
	got = pawl_sem_tryacquire(&s) == 0;
}

static void call_acquire(void)
{
	got = pawl_sem_acquire(&s) == 0;
}

static void call_acquire_until(void)
{
	got = pawl_sem_acquire_until(&s, model_soon()) == 0;
}

static void call_acquire_n(void)
{
	got = pawl_sem_acquire_n(&s, 2, model_soon()) == 0 ? 2 : 0;
}

static void give_back(void)
{
	pawl_sem_release(&s, got);
}

static void call_adjust(void)
{
	(void)pawl_sem_adjust(&s, 1);
}

static void call_close(void)
{
	pawl_sem_close(&s);
}

static void call_acquire_op(void)
{
	int rc = pawl_sem_acquire_op(&s, &op);

	if (rc != EINPROGRESS)
		done(&op, rc);
}

#define CAS_LOOPS "who joins, looks or pushes begins again when it changed"

PROGRESS(sem_init, 3, make_one, "pawl_sem_init", "", .call = call_init, .peer = contend);
PROGRESS(sem_destroy, 3, make_one, "pawl_sem_destroy", "", .before = call_init,
	 .call = call_destroy, .peer = contend);
PROGRESS(sem_value, 3, make_one, "pawl_sem_value", "", .call = call_value, .peer = contend);
PROGRESS(sem_tryacquire, 3, make_one, "pawl_sem_tryacquire", "", .call = call_tryacquire,
	 .after = give_back, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(sem_release, 3, make_one, "pawl_sem_release", "", .before = call_acquire,
	 .call = give_back, .peer = contend);
PROGRESS(sem_release_fair, 3, make_one_fair, "pawl_sem_release", "", .before = call_acquire,
	 .call = give_back, .peer = contend);
PROGRESS(sem_adjust, 3, make_one, "pawl_sem_adjust", "", .call = call_adjust, .peer = contend,
	 .lock_free = CAS_LOOPS);
PROGRESS(sem_close, 3, make_one, "pawl_sem_close", "", .before = call_acquire,
	 .call = call_close, .after = give_back, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(sem_acquire, 3, make_one, "pawl_sem_acquire", "", .call = call_acquire,
	 .after = give_back, .peer = contend);
PROGRESS(sem_acquire_until, 3, make_one, "pawl_sem_acquire_until", "", .timed = true,
	 .call = call_acquire_until, .after = give_back, .peer = contend);
PROGRESS(sem_acquire_until_fair, 3, make_one_fair, "pawl_sem_acquire_until", "",
	 .timed = true, .call = call_acquire_until, .after = give_back, .peer = contend);
PROGRESS(sem_acquire_n, 3, make_two, "pawl_sem_acquire_n", "", .timed = true,
	 .call = call_acquire_n, .after = give_back, .peer = contend);
PROGRESS(sem_acquire_op, 3, make_one, "pawl_sem_acquire_op", "", .call = call_acquire_op,
	 .peer = contend, .lock_free = CAS_LOOPS);
