/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Of several things exactly one is taken, and what else was granted at that moment is not lost.
 */
#include <errno.h>

#include <pawl/any.h>
#include <pawl/event.h>
#include <pawl/scope.h>
#include <pawl/sem.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static pawl_sem s, t;
static pawl_notify n;
static pawl_event e;
static size_t which;
static int rc;

static void make(void)
{
	model_name(&s, sizeof s, "s");
	model_name(&t, sizeof t, "t");
	model_name(&n, sizeof n, "n");
	model_name(&e, sizeof e, "e");
	which = 9;
}

static void finish(void)
{
	MODEL_CHECK(s.queue_ == 0 && t.queue_ == 0 && n.queue_ == 0 && e.queue_ == 0);
}

static void wait_for(void *first, int first_kind, void *second, int second_kind, pawl_time deadline)
{
	const pawl_any list[] = { { first_kind, first }, { second_kind, second } };

	rc = pawl_wait_any(list, 2, deadline, &which);
	if (rc == 0)
		model_saw((unsigned)which);
}

static void both_sems(unsigned who)
{
	if (who == 1)
		wait_for(&s, PAWL_ANY_SEM, &t, PAWL_ANY_SEM, PAWL_FOREVER);
	else
		pawl_sem_release(who == 2 ? &s : &t, 1);
}

static void one_permit_taken(void)
{
	finish();
	MODEL_CHECK(rc == 0 && which < 2);
	MODEL_CHECK(pawl_sem_value(&s) == (which == 0 ? 0 : 1));
	MODEL_CHECK(pawl_sem_value(&t) == (which == 1 ? 0 : 1));
}

#define TWO .setup = make, .enter = model_attach, .sights = { "the first", "the second" }

MODEL(any_sems, .about = "one waits for two semaphores, each is released", .threads = 3,
      .thread = both_sems, .finish = one_permit_taken, TWO, .without = NOISE, .preemptions = 2);

static void sem_or_notify(unsigned who)
{
	if (who == 1)
		wait_for(&s, PAWL_ANY_SEM, &n, PAWL_ANY_NOTIFY, PAWL_FOREVER);
	else if (who == 2)
		pawl_sem_release(&s, 1);
	else
		pawl_notify_one(&n);
}

static void one_left(void)
{
	finish();
	MODEL_CHECK(rc == 0 && which < 2);
	MODEL_CHECK(pawl_sem_value(&s) == (which == 0 ? 0 : 1));
	MODEL_CHECK((n.word_ & 1) == (which == 1 ? 0 : 1));
}

MODEL(any_notify, .about = "one waits for a permit or a notification, both come", .threads = 3,
      .thread = sem_or_notify, .finish = one_left, TWO, .without = NOISE, .preemptions = 2);

static void sem_or_event(unsigned who)
{
	if (who == 2) {
		pawl_sem_release(&s, 1);
		return;
	}
	wait_for(&s, PAWL_ANY_SEM, &e, PAWL_ANY_EVENT, model_soon());
	if (rc != 0)
		model_saw(1);
}

static void taken_or_there(void)
{
	finish();
	MODEL_CHECK((rc == 0 && which == 0) || (rc == ETIMEDOUT && which == 9));
	MODEL_CHECK(pawl_sem_value(&s) == (rc == 0 ? 0 : 1));
}

MODEL(any_late, .about = "one waits for a permit or an event until a deadline", .threads = 2,
      .setup = make, .thread = sem_or_event, .finish = taken_or_there, .enter = model_attach,
      .sights = { "the permit", "the deadline passed" });

static pawl_cancel *source;

static void make_source(void)
{
	make();
	MODEL_CHECK(pawl_cancel_open(NULL, &source) == 0);
}

static void sem_or_cancel(unsigned who)
{
	if (who == 1)
		wait_for(source, PAWL_ANY_CANCEL, &s, PAWL_ANY_SEM, PAWL_FOREVER);
	else
		pawl_cancel_fire(source, 1);
}

static void was_fired(void)
{
	finish();
	MODEL_CHECK(rc == 0 && which == 0);
	pawl_cancel_close(source);
}

MODEL(any_cancel, .about = "one waits for a permit or a cancel, which is fired", .threads = 2,
      .setup = make_source, .thread = sem_or_cancel, .finish = was_fired, .enter = model_attach,
      .sights = { "it was fired" });

/* Another waits for what is passed on. */
static void pass_it_on(unsigned who)
{
	if (who == 1) {
		pawl_event_set(&e);
		wait_for(&s, PAWL_ANY_SEM, &e, PAWL_ANY_EVENT, PAWL_FOREVER);
		if (rc == 0 && which == 0)
			pawl_sem_release(&s, 1);
	} else if (who == 2) {
		MODEL_CHECK(pawl_sem_acquire(&s) == 0);
	} else {
		pawl_sem_release(&s, 1);
	}
}

MODEL(any_passed, .about = "another waits for the permit too", .threads = 3,
      .thread = pass_it_on, .finish = finish, TWO, .without = NOISE, .preemptions = 2);
