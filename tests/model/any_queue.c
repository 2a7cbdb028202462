/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Of a queue nothing is taken: what one was told of is for whoever pops, and for all who wait.
 */
#include <errno.h>

#include <pawl/any.h>
#include <pawl/event.h>
#include <pawl/queue.h>
#include <pawl/scope.h>
#include <pawl/sem.h>

#include "explorer/model.h"

/* What only makes more schedules of three, and is in the models of two. */
enum {
	NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES,
	MORE_NOISE = NOISE | STALE_LOADS | WEAK_FAILURES
};

static pawl_queue *q;
static pawl_event e;
static pawl_sem s;
static pawl_cancel *source;
static size_t which;
static int rc;

static void make(void)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = 1, .item_size = sizeof(int),
	};

	MODEL_CHECK(pawl_queue_open(&cfg, &q) == 0);
	model_name(&e, sizeof e, "e");
	model_name(&s, sizeof s, "s");
	which = 9;
	rc = -1;
}

static void wait_for(int other_kind, void *other, pawl_time deadline)
{
	const pawl_any list[] = { { PAWL_ANY_QUEUE, q }, { other_kind, other } };

	rc = pawl_wait_any(list, 2, deadline, &which);
	if (rc == 0)
		model_saw((unsigned)which);
}

static void push(void)
{
	MODEL_CHECK(pawl_queue_trypush(q, &(int){ 7 }) == 0);
}

/* An item is left, if @left, and nobody in line. */
static void finish(bool left)
{
	int item = 0;

	MODEL_CHECK(e.queue_ == 0 && s.queue_ == 0);
	MODEL_CHECK(pawl_queue_len(q) == left);
	MODEL_CHECK(pawl_queue_trypop(q, &item) == (left ? 0 : EAGAIN));
	MODEL_CHECK(!left || item == 7);
	pawl_queue_free(q);
}

static void wait_or_push(unsigned who)
{
	if (who == 2) {
		push();
		return;
	}
	wait_for(PAWL_ANY_EVENT, &e, model_soon());
	if (rc != 0)
		model_saw(1);
}

static void there_still(void)
{
	MODEL_CHECK((rc == 0 && which == 0) || rc == ETIMEDOUT);
	finish(true);
}

MODEL(any_queue, .about = "one waits for an item or an event until a deadline, one pushes",
      .threads = 2, .setup = make, .thread = wait_or_push, .finish = there_still,
      .enter = model_attach, .sights = { "the item", "the deadline passed" });

/* T2 stands behind T1, or before it. */
static void wait_pop_push(unsigned who)
{
	int item;

	if (who == 1)
		wait_for(PAWL_ANY_EVENT, &e, model_soon());
	else if (who == 2)
		MODEL_CHECK(pawl_queue_pop(q, &item) == 0 && item == 7);
	else
		push();
}

static void popped(void)
{
	MODEL_CHECK((rc == 0 && which == 0) || rc == ETIMEDOUT);
	finish(false);
}

#define THREE .threads = 3, .setup = make, .enter = model_attach, .preemptions = 2

MODEL(any_queue_passed, .about = "one waits for an item, one pops, one pushes",
      .thread = wait_pop_push, .finish = popped, .sights = { "the item" }, .without = MORE_NOISE,
      THREE);

static void two_wait(unsigned who)
{
	const pawl_any one = { PAWL_ANY_QUEUE, q };
	size_t i = 9;

	if (who == 3)
		push();
	else
		MODEL_CHECK(pawl_wait_any(&one, 1, PAWL_FOREVER, &i) == 0 && i == 0);
	model_saw(0);
}

static void left(void)
{
	finish(true);
}

MODEL(any_queue_two, .about = "two wait for an item, one pushes", .thread = two_wait,
      .finish = left, .sights = { "both returned" }, .without = MORE_NOISE, THREE);

/* The item comes and a permit of the semaphore: that is taken, or is left. */
static void item_or_permit(unsigned who)
{
	if (who == 1)
		wait_for(PAWL_ANY_SEM, &s, PAWL_FOREVER);
	else if (who == 2)
		push();
	else
		pawl_sem_release(&s, 1);
}

static void one_taken(void)
{
	MODEL_CHECK(rc == 0 && pawl_sem_value(&s) == (which == 0 ? 1 : 0));
	finish(true);
}

MODEL(any_queue_sem, .about = "one waits for an item or a permit, both come",
      .thread = item_or_permit, .finish = one_taken, .sights = { "the item", "the permit" },
      .without = NOISE, THREE);

/* The cancel comes while it is told of the item, for which T3 pops. */
static void make_source(void)
{
	make();
	MODEL_CHECK(pawl_cancel_open(NULL, &source) == 0);
}

static void cancel_push_pop(unsigned who)
{
	int item;

	if (who == 1)
		wait_for(PAWL_ANY_CANCEL, source, PAWL_FOREVER);
	else if (who == 2)
		MODEL_CHECK(pawl_queue_pop(q, &item) == 0 && item == 7);
	else {
		push();
		pawl_cancel_fire(source, 1);
	}
}

static void popped_anyway(void)
{
	MODEL_CHECK(rc == 0);
	pawl_cancel_close(source);
	finish(false);
}

MODEL(any_queue_cancel, .about = "one waits for an item or a cancel, one pops; one pushes, fires",
      .threads = 3, .setup = make_source, .thread = cancel_push_pop, .finish = popped_anyway,
      .enter = model_attach, .sights = { "the item", "the cancel" }, .without = MORE_NOISE,
      .preemptions = 2);

static void wait_or_close(unsigned who)
{
	int item;

	if (who == 2) {
		pawl_queue_close(q);
		return;
	}
	wait_for(PAWL_ANY_EVENT, &e, PAWL_FOREVER);
	MODEL_CHECK(rc == 0 && which == 0 && pawl_queue_trypop(q, &item) == EPIPE);
}

static void closed(void)
{
	MODEL_CHECK(e.queue_ == 0);
	pawl_queue_free(q);
}

MODEL(any_queue_closed, .about = "one waits for an item or an event, one closes the queue",
      .threads = 2, .setup = make, .thread = wait_or_close, .finish = closed,
      .enter = model_attach, .sights = { "it was told" });
