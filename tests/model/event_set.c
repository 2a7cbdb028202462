/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set lets pass all who wait at that moment, even if it is cleared at once, and nobody who comes
 * after that; it may be freed by who passed.
 */
#include <errno.h>

#include <pawl/event.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

/* What only makes more schedules of three, and is in the models of two. */
enum {
	NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES,
	MORE_NOISE = NOISE | STALE_LOADS | WEAK_FAILURES
};

static pawl_event e, answer_event;
static int data;

static void make(void)
{
	model_name(&e, sizeof e, "e");
	model_name(&answer_event, sizeof answer_event, "answer");
}

static void finish(void)
{
	MODEL_CHECK(e.queue_ == 0 && answer_event.queue_ == 0);
}

static void wait_or_set(unsigned who)
{
	if (who == 1) {
		MODEL_CHECK(pawl_event_wait(&e) == 0);
		MODEL_CHECK(data == 7);
		model_saw(0);
	} else {
		data = 7;
		pawl_event_set(&e);
	}
}

#define EVENT .setup = make, .finish = finish, .enter = model_attach

MODEL(event_set, .about = "one waits, one sets", .threads = 2, .thread = wait_or_set, EVENT,
      .sights = { "it passed" });

static void wait_or_pulse(unsigned who)
{
	if (who == 3) {
		data = 7;
		pawl_event_set(&e);
		pawl_event_clear(&e);
		return;
	}
	/* Who comes after the pulse waits until its deadline. */
	int rc = pawl_event_wait_until(&e, model_soon());

	MODEL_CHECK(rc == ETIMEDOUT || (rc == 0 && data == 7));
	model_saw(rc != 0);
}

MODEL(event_pulse, .about = "two wait until a deadline, one sets and clears", .threads = 3,
      .thread = wait_or_pulse, EVENT, .sights = { "it passed", "it did not" },
      .without = MORE_NOISE, .preemptions = 2);

/* The answer comes back only if the wait passed: so the pulse must not be lost. */
static void ping_or_pong(unsigned who)
{
	if (who == 1) {
		pawl_event_set(&answer_event);	/* ready */
		MODEL_CHECK(pawl_event_wait(&e) == 0);
		model_saw(0);
		return;
	}
	MODEL_CHECK(pawl_event_wait(&answer_event) == 0);
	pawl_event_set(&e);
	model_saw(1);
}

MODEL(event_turns, .about = "each waits for the other", .threads = 2, .thread = ping_or_pong, EVENT,
      .sights = { "one passed", "two passed" });

/* Passed once, one comes again after the clear: nothing is left that lets it pass. */
static void come_again(unsigned who)
{
	if (who == 2) {
		pawl_event_set(&e);
		return;
	}
	MODEL_CHECK(pawl_event_wait(&e) == 0);
	pawl_event_clear(&e);
	MODEL_CHECK(pawl_event_wait_until(&e, model_soon()) == ETIMEDOUT);
	model_saw(0);
}

MODEL(event_again, .about = "who passed clears it and waits again", .threads = 2,
      .thread = come_again, EVENT, .sights = { "the second wait timed out" });

static void set_both(unsigned who)
{
	if (who == 1) {
		MODEL_CHECK(pawl_event_wait(&e) == 0);
		model_saw(0);
	} else {
		pawl_event_set(&e);
	}
}

MODEL(event_both, .about = "two set, one waits", .threads = 3, .thread = set_both, EVENT,
      .sights = { "it passed" }, .without = NOISE, .preemptions = 2);

static pawl_event *heap;

static void make_heap(void)
{
	heap = model_alloc(sizeof *heap);
	*heap = (pawl_event)PAWL_EVENT_INIT;
}

static void wait_and_free(unsigned who)
{
	if (who == 2) {
		pawl_event_set(heap);
		return;
	}
	MODEL_CHECK(pawl_event_wait(heap) == 0);
	model_free(heap);
	model_saw(0);
}

MODEL(event_freed, .about = "who passes frees it", .threads = 2, .setup = make_heap,
      .thread = wait_and_free, .enter = model_attach, .sights = { "it was freed" });
