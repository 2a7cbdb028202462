/* SPDX-License-Identifier: BSD-2-Clause */
/* No notification for one is lost, whatever gives up at that moment; one for all leaves nothing. */
#include <errno.h>

#include <pawl/notify.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

/* What only makes more schedules of three, and is in the models of two. */
enum {
	NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES,
	MORE_NOISE = NOISE | STALE_LOADS | WEAK_FAILURES
};

static pawl_notify n;
static int data, taken;

static void make(void)
{
	model_name(&n, sizeof n, "n");
}

static int kept(void)
{
	return n.word_ & 1;
}

static void wait_or_notify(unsigned who)
{
	if (who == 1) {
		MODEL_CHECK(pawl_notify_wait_until(&n, PAWL_FOREVER) == 0);
		MODEL_CHECK(data == 7);
		model_saw(0);
	} else {
		data = 7;
		pawl_notify_one(&n);
	}
}

static void none_left(void)
{
	MODEL_CHECK(n.queue_ == 0 && !kept());
}

MODEL(notify_one, .about = "one waits, one notifies", .threads = 2, .setup = make,
      .thread = wait_or_notify, .finish = none_left, .enter = model_attach,
      .sights = { "it passed" });

static void take(pawl_time deadline)
{
	int rc = pawl_notify_wait_until(&n, deadline);

	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT);
	model_saw(rc != 0);
	if (rc == 0)
		(void)__atomic_add_fetch(&taken, 1, __ATOMIC_RELAXED);
}

static void take_timed(unsigned who)
{
	if (who == 3)
		pawl_notify_one(&n);
	else
		take(model_soon());
}

static void one_in_all(void)
{
	MODEL_CHECK(n.queue_ == 0);
	MODEL_CHECK(taken + kept() == 1);
}

#define LATE .setup = make, .enter = model_attach, .sights = { "one passed", "a deadline passed" }

MODEL(notify_late, .about = "two with deadlines, one notification", .threads = 3,
      .thread = take_timed, .finish = one_in_all, LATE, .without = MORE_NOISE, .preemptions = 2);

static void take_late(unsigned who)
{
	if (who == 2)
		pawl_notify_one(&n);
	else
		take(model_soon());
}

MODEL(notify_late_two, .about = "one with a deadline, one notification", .threads = 2,
      .thread = take_late, .finish = one_in_all, LATE);

/* Two notifications, at least one of which is taken: the one that waits for ever passes. */
static void take_two(unsigned who)
{
	if (who == 1)
		take(PAWL_FOREVER);
	else
		pawl_notify_one(&n);
}

static void two_in_all(void)
{
	MODEL_CHECK(n.queue_ == 0 && taken == 1);
}

MODEL(notify_two, .about = "two notify, one waits", .threads = 3, .setup = make,
      .thread = take_two, .finish = two_in_all, .enter = model_attach,
      .sights = { "it passed" }, .without = NOISE, .preemptions = 2);

static void take_or_all(unsigned who)
{
	if (who == 3)
		pawl_notify_all(&n);
	else
		take(model_soon());
}

static void none_kept(void)
{
	none_left();
}

MODEL(notify_all, .about = "two with deadlines, one notifies all", .threads = 3,
      .thread = take_or_all, .finish = none_kept, LATE, .without = MORE_NOISE, .preemptions = 2);

/* The notification for one is not eaten by who passes with all. */
static void one_and_all(unsigned who)
{
	if (who == 3)
		pawl_notify_all(&n);
	else if (who == 2)
		pawl_notify_one(&n);
	else
		take(PAWL_FOREVER);
}

static void passed_once(void)
{
	MODEL_CHECK(n.queue_ == 0 && taken == 1);
}

MODEL(notify_mixed, .about = "one waits, one notifies one, one all", .threads = 3, .setup = make,
      .thread = one_and_all, .finish = passed_once, .enter = model_attach,
      .sights = { "it passed" }, .without = NOISE, .preemptions = 2);
