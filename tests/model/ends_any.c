/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends of a wait for one of two things (ends_model.h). */
#include <pawl/any.h>
#include <pawl/event.h>
#include <pawl/notify.h>
#include <pawl/sem.h>

#include "ends_model.h"

struct all {
	pawl_sem s;
	pawl_event e;
	pawl_notify n;
};

static pawl_cancel *other;

static struct all *all(void)
{
	return object;
}

static int wait_any(int kind, void *what, int second_kind, void *second, pawl_time deadline)
{
	const pawl_any list[] = { { kind, what }, { second_kind, second } };
	size_t which = 9;
	int rc = pawl_wait_any(list, 2, deadline, &which);

	MODEL_CHECK(which == (rc == 0 ? 0 : 9));
	return rc;
}

static int wait_sem(pawl_time deadline)
{
	return wait_any(PAWL_ANY_SEM, &all()->s, PAWL_ANY_EVENT, &all()->e, deadline);
}

static int wait_event(pawl_time deadline)
{
	return wait_any(PAWL_ANY_EVENT, &all()->e, PAWL_ANY_SEM, &all()->s, deadline);
}

static int wait_notify(pawl_time deadline)
{
	return wait_any(PAWL_ANY_NOTIFY, &all()->n, PAWL_ANY_EVENT, &all()->e, deadline);
}

/* One of two sources; the other is that of the scope. */
static void make_other(void)
{
	MODEL_CHECK(pawl_cancel_open(NULL, &other) == 0);
}

static int wait_other(pawl_time deadline)
{
	return wait_any(PAWL_ANY_CANCEL, other, PAWL_ANY_SEM, &all()->s, deadline);
}

static void fire_other(void)
{
	pawl_cancel_fire(other, 1);
}

static void release(void)
{
	pawl_sem_release(&all()->s, 1);
}

static void shut(void)
{
	pawl_sem_close(&all()->s);
}

static void set(void)
{
	pawl_event_set(&all()->e);
}

static void notify(void)
{
	pawl_notify_one(&all()->n);
}

static void nobody_waits(void)
{
	const struct all *a = all();

	MODEL_CHECK(a->s.queue_ == 0 && a->e.queue_ == 0 && a->n.queue_ == 0);
	MODEL_CHECK((a->s.word_ & 4) == 0);
}

static void judge_sem(int taken_by)
{
	(void)taken_by;
	nobody_waits();
	MODEL_CHECK(pawl_sem_value(&all()->s) == 1);
	MODEL_CHECK(pawl_sem_tryacquire(&all()->s) == 0);
}

static void judge_shut(int taken_by)
{
	MODEL_CHECK(taken_by == 0 && pawl_sem_value(&all()->s) == 0);
	nobody_waits();
}

static void judge_event(int taken_by)
{
	(void)taken_by;
	nobody_waits();
	MODEL_CHECK(wait_event(model_past()) == 0);
}

static void judge_notify(int taken_by)
{
	nobody_waits();
	MODEL_CHECK(wait_notify(model_past()) == (taken_by == 0 ? 0 : ETIMEDOUT));
}

static void judge_other(int taken_by)
{
	(void)taken_by;
	nobody_waits();
	MODEL_CHECK(wait_other(model_past()) == 0);
	pawl_cancel_close(other);
}

#define ANY .size = sizeof(struct all)

static const struct subject sem = {
	ANY, .wait = wait_sem, .grant = release, .put = release, .judge = judge_sem
};
static const struct subject closing = {
	ANY, .wait = wait_sem, .grant = shut, .judge = judge_shut
};
static const struct subject event = {
	ANY, .wait = wait_event, .grant = set, .judge = judge_event
};
static const struct subject one = {
	ANY, .wait = wait_notify, .grant = notify, .judge = judge_notify
};
static const struct subject fired = {
	ANY, .make = make_other, .wait = wait_other, .grant = fire_other, .judge = judge_other
};

ENDS_THREAD(ends_any_sem, sem);
ENDS_THREAD(ends_any_shut, closing);
ENDS_THREAD(ends_any_event, event);
ENDS_THREAD(ends_any_notify, one);
ENDS_THREAD(ends_any_cancel, fired);
ENDS_LATE(ends_any_late, sem);
ENDS_BOTH(ends_any_both, sem, .without = LEAST, .preemptions = 1);
ENDS_LAST(ends_any_last_sem, sem, .without = LEAST, .preemptions = 1);
ENDS_LAST(ends_any_last_event, event, .without = LEAST, .preemptions = 1);
