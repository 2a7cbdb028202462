/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a wait for several things leaves behind: nothing that comes late for it goes to another; and
 * a close, a second notification, or a second place in the same queue is not lost.
 */
#include <errno.h>

#include <pawl/any.h>
#include <pawl/event.h>
#include <pawl/op.h>
#include <pawl/sem.h>

#include "explorer/model.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
enum { NONE = -1 };

static pawl_sem s;
static pawl_event e;
static pawl_notify n, m;
static pawl_op op;
static size_t which;
static int rc, result;

static void make(void)
{
	model_name(&s, sizeof s, "s");
	model_name(&e, sizeof e, "e");
	model_name(&n, sizeof n, "n");
	model_name(&m, sizeof m, "m");
	which = 9;
	rc = result = NONE;
}

static void wait_for(int first_kind, void *first, int second_kind, void *second, pawl_time deadline)
{
	const pawl_any list[] = { { first_kind, first }, { second_kind, second } };

	rc = pawl_wait_any(list, 2, deadline, &which);
	if (rc == 0)
		model_saw((unsigned)which);
}

static void queues_are_empty(void)
{
	MODEL_CHECK(s.queue_ == 0 && e.queue_ == 0 && n.queue_ == 0 && m.queue_ == 0);
}

/* Who sets the event wakes a waiter that may be an op's by then. */
static void done(pawl_op *o, int err)
{
	(void)o;
	result = err;
}

static void set_or_go_on(unsigned who)
{
	if (who == 2) {
		pawl_event_set(&e);
		return;
	}
	wait_for(PAWL_ANY_SEM, &s, PAWL_ANY_EVENT, &e, PAWL_FOREVER);
	MODEL_CHECK(rc == 0 && which == 1);
	model_saw(0);
	pawl_op_init_inline(&op, done, NULL);
	MODEL_CHECK(pawl_notify_wait_op(&n, &op) == EINPROGRESS);
}

static void waits_still(void)
{
	MODEL_CHECK(result == NONE);
	pawl_notify_one(&n);
	MODEL_CHECK(result == 0);
	queues_are_empty();
}

MODEL(any_reused, .about = "T1 waits for an event, then starts an op; T2 sets the event",
      .threads = 2, .setup = make, .thread = set_or_go_on, .finish = waits_still,
      .enter = model_attach, .sights = { "it passed" }, .without = NO_MEMORY);

static void sem_is_closed(unsigned who)
{
	if (who == 2) {
		pawl_sem_close(&s);
	} else {
		wait_for(PAWL_ANY_EVENT, &e, PAWL_ANY_SEM, &s, PAWL_FOREVER);
		model_saw(0);
	}
}

static void it_said_so(void)
{
	queues_are_empty();
	MODEL_CHECK(rc == EPIPE && which == 9);
}

MODEL(any_closed, .about = "one waits for an event or a permit, the semaphore is closed",
      .threads = 2, .setup = make, .thread = sem_is_closed, .finish = it_said_so,
      .enter = model_attach, .sights = { "it was closed" });

/* Closed and released at once: what is granted is not lost. */
static void close_release_wait(unsigned who)
{
	if (who == 1)
		wait_for(PAWL_ANY_SEM, &s, PAWL_ANY_EVENT, &e, PAWL_FOREVER);
	else if (who == 2)
		pawl_sem_release(&s, 1);
	else
		pawl_sem_close(&s);
}

static void one_permit(void)
{
	queues_are_empty();
	MODEL_CHECK(rc == 0 || rc == EPIPE);
	if (rc != 0)
		model_saw(1);
	MODEL_CHECK(pawl_sem_value(&s) == (rc == 0 ? 0 : 1));
}

MODEL(any_closed_three, .about = "the same, and a permit comes", .threads = 3, .setup = make,
      .thread = close_release_wait, .finish = one_permit, .enter = model_attach,
      .sights = { "it has the permit", "it was closed" }, .without = NOISE, .preemptions = 2);

/* One of two notifications is taken, the other is kept. */
static void two_notifications(unsigned who)
{
	if (who == 1)
		wait_for(PAWL_ANY_NOTIFY, &n, PAWL_ANY_NOTIFY, &m, PAWL_FOREVER);
	else
		pawl_notify_one(who == 2 ? &n : &m);
}

static void one_is_kept(void)
{
	queues_are_empty();
	MODEL_CHECK(rc == 0 && which < 2);
	MODEL_CHECK((n.word_ & 1) == (which == 0 ? 0 : 1));
	MODEL_CHECK((m.word_ & 1) == (which == 1 ? 0 : 1));
}

MODEL(any_notifies, .about = "one waits for two notifications, both come", .threads = 3,
      .setup = make, .thread = two_notifications, .finish = one_is_kept, .enter = model_attach,
      .sights = { "the first", "the second" }, .without = NOISE, .preemptions = 2);

/* Two places in one queue: two permits come, and one is given back. */
static void same_twice(unsigned who)
{
	if (who == 2)
		pawl_sem_release(&s, 2);
	else
		wait_for(PAWL_ANY_SEM, &s, PAWL_ANY_SEM, &s, PAWL_FOREVER);
}

static void one_is_left(void)
{
	queues_are_empty();
	MODEL_CHECK(rc == 0 && pawl_sem_value(&s) == 1);
}

MODEL(any_same, .about = "one waits for a semaphore twice, two permits come", .threads = 2,
      .setup = make, .thread = same_twice, .finish = one_is_left, .enter = model_attach,
      .sights = { "the first" }, .without = SPINS | SPURIOUS_WAKES);

static void same_notify(unsigned who)
{
	if (who == 2) {
		pawl_notify_one(&n);
		pawl_notify_one(&n);
	} else {
		wait_for(PAWL_ANY_NOTIFY, &n, PAWL_ANY_NOTIFY, &n, PAWL_FOREVER);
	}
}

static void it_passed(void)
{
	queues_are_empty();
	MODEL_CHECK(rc == 0);
}

MODEL(any_same_notify, .about = "one waits for a notification twice, two come", .threads = 2,
      .setup = make, .thread = same_notify, .finish = it_passed, .enter = model_attach,
      .sights = { "the first" }, .without = SPINS | SPURIOUS_WAKES);

/* There may be no memory for a context, a waiter or a queue. */
static void without_memory(unsigned who)
{
	if (who == 2) {
		pawl_sem_release(&s, 1);
		return;
	}
	wait_for(PAWL_ANY_EVENT, &e, PAWL_ANY_SEM, &s, model_soon());
	if (rc != 0)
		model_saw(0);
	MODEL_CHECK(rc == 0 || (rc == ETIMEDOUT && pawl_now() >= model_soon()));
}

static void permit_is_somewhere(void)
{
	queues_are_empty();
	MODEL_CHECK(pawl_sem_value(&s) == (rc == 0 ? 0 : 1));
}

MODEL(any_memory, .about = "one waits for an event or a permit, perhaps without memory",
      .threads = 2, .setup = make, .thread = without_memory, .finish = permit_is_somewhere,
      .sights = { "it gave up", "the permit" }, .without = SPURIOUS_WAKES | STALE_LOADS);
