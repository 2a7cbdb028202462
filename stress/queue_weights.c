/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_weights.c - queue.weights: all that is inside never weighs more than the bound. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>

#include "queue_cases.h"

enum { CAPACITY = 16, BOUND = 1000, LIGHT = 10, TIMEOUT_US = 200 };

/* Weights that were added after a push, and taken off after a pop.  As there is one consumer, who
 * looks when it has taken off all that it popped, it sees no more than what is in the queue. */
static _Atomic int64_t inside;

/*** Broken: look whether there is room, then push *********************************************/

static _Atomic uint64_t excess;

/* In BROKEN all are here at once in the last of STRESS_EVERY rounds. */
static void meet(struct stress_worker *w, uint64_t round)
{
	if (round % STRESS_EVERY != STRESS_EVERY - 1)
		return;
	if (w->team->mode == STRESS_BROKEN)
		stress_meet(w);
	else
		sched_yield();
}

static void looking_body(struct stress_worker *w)
{
	for (uint64_t round = 0; stress_again(w); round++) {
		bool room;

		meet(w, round);
		room = atomic_load(&inside) == 0;
		meet(w, round);
		if (room && atomic_fetch_add(&inside, BOUND) + BOUND > BOUND)
			atomic_fetch_add(&excess, 1);
		meet(w, round);
		if (room)
			atomic_fetch_sub(&inside, BOUND);
		stress_done(w);
	}
}

void queue_weights_broken(struct stress_team *t, struct stress_outcome *ret)
{
	stress_run(t, looking_body);
	ret->of = stress_ops(t);
	ret->bad = atomic_load(&excess);
	ret->least = stress_least(t);
}

/*** Right: one consumer, the others produce ***************************************************/

static pawl_queue *queue;
static _Atomic unsigned producers;
static _Atomic uint64_t timeouts;
static int64_t most;

static int push_weight(unsigned source, size_t weight, pawl_time deadline)
{
	struct parcel p;
	int rc;

	parcels_make(&p, source, 0, weight);
	rc = pawl_queue_push_weighed(queue, &p, weight, deadline);
	if (rc == 0) {
		parcels_sent(&p);
		atomic_fetch_add(&inside, (int64_t)weight);
	}
	return rc;
}

static size_t pick_weight(struct stress_worker *w)
{
	switch (stress_random(w, 8)) {
	case 0:
		return 0;
	case 1:
		return BOUND;
	case 2:
	case 3:
		return 1 + stress_random(w, BOUND);
	default:
		return 1 + stress_random(w, LIGHT);
	}
}

static void producer(struct stress_worker *w)
{
	while (stress_again(w)) {
		bool timed = stress_random(w, 10) < 3;
		pawl_time deadline = timed ?
			pawl_after(PAWL_US(stress_random(w, TIMEOUT_US))) : PAWL_FOREVER;
		int rc = push_weight(w->index, pick_weight(w), deadline);

		if (rc == ETIMEDOUT && timed)
			atomic_fetch_add_explicit(&timeouts, 1, memory_order_relaxed);
		else if (rc != 0)
			stress_fail("pawl_queue_push_weighed returned %d", rc);
		stress_done(w);
	}
	if (atomic_fetch_sub(&producers, 1) != 1)
		return;
	/* Only if all weight that others had is back. */
	if (push_weight(w->index, BOUND, PAWL_FOREVER) != 0)
		stress_fail("all of the room could not be had");
	pawl_queue_close(queue);
}

static void consumer(struct stress_worker *w)
{
	struct parcel p;

	for (;;) {
		int64_t now;
		int rc;

		if (stress_wants_waits(w->team) && atomic_load(&producers) > 0)
			stress_hold_until(w, NULL, 1);
		rc = pawl_queue_pop(queue, &p);
		if (rc != 0) {
			if (rc != EPIPE)
				stress_fail("pawl_queue_pop returned %d", rc);
			break;
		}
		parcels_taken(&p, 0);
		now = atomic_fetch_sub(&inside, (int64_t)p.load) - (int64_t)p.load;
		if (now > BOUND)
			stress_fail("%" PRId64 " weigh what is inside, of at most %d", now, BOUND);
		most = now > most ? now : most;
		stress_done(w);
	}
}

static void body(struct stress_worker *w)
{
	if (w->index == 0)
		consumer(w);
	else
		producer(w);
}

/* What can be said of one thread. */
static void try_the_bound(void)
{
	struct parcel p;

	if (push_weight(0, BOUND + 1, PAWL_FOREVER) != EOVERFLOW)
		stress_fail("more than the bound did not overflow");
	if (push_weight(0, BOUND, PAWL_FOREVER) != 0 ||
	    push_weight(0, 1, pawl_now()) != ETIMEDOUT || push_weight(0, 0, pawl_now()) != 0)
		stress_fail("the bound is another one");
	for (int i = 0; i < 2; i++) {
		if (pawl_queue_trypop(queue, &p) != 0)
			stress_fail("an item is not there");
		parcels_taken(&p, 0);
	}
	atomic_fetch_sub(&inside, BOUND);
}

void queue_weights_right(struct stress_team *t)
{
	pawl_queue_config cfg = { .capacity = CAPACITY, .max_weight = BOUND };

	queue = queue_of_parcels(&cfg);
	stress_name(queue, "the queue");
	parcels_open(t->size, 1);
	try_the_bound();
	atomic_store(&producers, t->size - 1);
	stress_run(t, body);
	stress_note("items", parcels_close());
	stress_note("most weight seen", (uint64_t)most);
	stress_note("timeouts", atomic_load(&timeouts));
	if (atomic_load(&inside) != 0)
		stress_fail("%" PRId64 " is left inside", atomic_load(&inside));
	pawl_queue_free(queue);
}
