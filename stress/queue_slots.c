/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_slots.c - queue.slots: who has reserved a slot stalls, and the others go on.
 * queue.drop: pushes do not wait, but for what is in the hands of others.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <time.h>

#include "queue_cases.h"

static pawl_queue *queue;

/*** queue.slots *******************************************************************************/

enum { SLOTS = 4, OTHERS = 100, STALL_EVERY = 64, STALL_US = 100 };

static _Atomic uint64_t passed;		/* parcels that were taken */
static _Atomic uint64_t abandoned;
static uint64_t stalls;			/* of worker 0, while others took OTHERS */

static void write_slowly(struct stress_worker *w, struct parcel *slot)
{
	struct timespec pause = { 0, (long)PAWL_US(STALL_US) };
	struct parcel p;

	parcels_make(&p, w->index, 0, w->random);
	slot->source = p.source;
	slot->number = p.number;
	if (stress_random(w, STALL_EVERY) == 0)
		nanosleep(&pause, NULL);
	else
		stress_await(w);
	slot->load = p.load;
	slot->check = p.check;
}

/* Return: whether it is in, and not abandoned. */
static bool commit_or_abandon(struct stress_worker *w, struct parcel *slot)
{
	struct parcel p = *slot;
	int rc;

	if (stress_random(w, 4) == 0) {
		pawl_queue_abandon(queue, slot);
		atomic_fetch_add_explicit(&abandoned, 1, memory_order_relaxed);
		return false;
	}
	rc = pawl_queue_commit(queue, slot);
	if (rc != 0)
		stress_fail("pawl_queue_commit returned %d", rc);
	parcels_sent(&p);
	return true;
}

static struct parcel *reserve(void)
{
	void *slot = NULL;
	int rc = pawl_queue_reserve(queue, PAWL_FOREVER, &slot);

	if (rc != 0)
		stress_fail("pawl_queue_reserve returned %d", rc);
	return slot;
}

/* As many as were sent: so all who wait for one get it. */
static void pop_one(struct stress_worker *w)
{
	struct parcel p;
	int rc = pawl_queue_pop(queue, &p);

	if (rc != 0)
		stress_fail("pawl_queue_pop returned %d", rc);
	parcels_taken(&p, w->index);
	atomic_fetch_add_explicit(&passed, 1, memory_order_relaxed);
}

static bool is_stopped(const struct stress_worker *w)
{
	return atomic_load_explicit(&w->team->stop, memory_order_relaxed);
}

/* One slot is in its hand, and the others go on in those that are left; if they do not, this does
 * not end. */
static void stall(struct stress_worker *w)
{
	uint64_t before = atomic_load(&passed);

	atomic_store(&w->phase, "stalls until others have gone on");
	while (atomic_load(&passed) - before < OTHERS && !is_stopped(w))
		sched_yield();
	stalls += atomic_load(&passed) - before >= OTHERS;
	atomic_store(&w->phase, NULL);
}

static void stalling_round(struct stress_worker *w)
{
	struct parcel *slot = reserve();

	write_slowly(w, slot);
	stall(w);
	if (commit_or_abandon(w, slot))
		pop_one(w);
}

static void gripping_round(struct stress_worker *w)
{
	struct grip g;

	grip_take(&g, queue);
	stress_hold_until(w, queue, 1);
	grip_commit(&g, w->index);
	for (size_t i = 0; i < g.size; i++)
		pop_one(w);
}

static void slots_body(struct stress_worker *w)
{
	while (stress_again(w) || (w->index == 0 && stalls == 0 && !is_stopped(w))) {
		if (w->index == 0 && stress_wants_waits(w->team))
			gripping_round(w);
		else if (w->index == 0)
			stalling_round(w);
		else {
			struct parcel *slot = reserve();

			write_slowly(w, slot);
			if (commit_or_abandon(w, slot))
				pop_one(w);
		}
		stress_done(w);
	}
}

void queue_slots_right(struct stress_team *t)
{
	pawl_queue_config cfg = { .capacity = SLOTS };

	queue = queue_of_parcels(&cfg);
	stress_name(queue, "the queue");
	parcels_open(t->size, t->size);
	stress_run(t, slots_body);
	stress_note("items", parcels_close());
	stress_note("abandoned", atomic_load(&abandoned));
	stress_note("stalls while 100 others were taken", stalls);
	if (atomic_load(&abandoned) == 0)
		stress_fail("no slot was abandoned");
	if (pawl_queue_len(queue) != 0)
		stress_fail("%zu items are left", pawl_queue_len(queue));
	for (int i = 0; i < SLOTS; i++)
		if (pawl_queue_trypush(queue, &(struct parcel){ 0 }) != 0)
			stress_fail("only %d slots are free in the end", i);
	pawl_queue_free(queue);
}

/*** queue.drop ********************************************************************************/

enum { SHORT = 8 };

static __thread struct stress_worker *self;
static _Atomic unsigned producers;
static _Atomic uint64_t dropped;
static unsigned others;		/* the taker that is no worker */

static void take_dropped(void *item, void *user)
{
	(void)user;
	parcels_taken(item, self ? self->index : others);
	atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
}

static void push_one(unsigned source, bool may_wait)
{
	struct parcel p;
	int rc;

	parcels_make(&p, source, 0, 0);
	rc = may_wait ? pawl_queue_push(queue, &p) : pawl_queue_trypush(queue, &p);
	if (rc == 0)
		parcels_sent(&p);
	else if (rc != EAGAIN || may_wait)
		stress_fail("a push returned %d", rc);
}

static void drop_producer(struct stress_worker *w)
{
	struct grip g;

	while (stress_again(w)) {
		if (w->index == 0 && stress_wants_waits(w->team)) {
			grip_take(&g, queue);
			stress_hold_until(w, queue, 1);
			grip_commit(&g, 0);
		}
		push_one(w->index, stress_random(w, 2) == 0);
		stress_await(w);
		stress_done(w);
	}
	if (atomic_fetch_sub(&producers, 1) == 1)
		pawl_queue_close(queue);
}

static void drop_body(struct stress_worker *w)
{
	struct parcel p;
	int rc;

	self = w;
	if (w->index % 2 == 0) {
		drop_producer(w);
		return;
	}
	while ((rc = pawl_queue_pop(queue, &p)) == 0) {
		parcels_taken(&p, w->index);
		stress_await(w);
		stress_done(w);
	}
	if (rc != EPIPE)
		stress_fail("pawl_queue_pop returned %d", rc);
}

void queue_drop_right(struct stress_team *t)
{
	pawl_queue_config cfg = {
		.capacity = SHORT, .flags = PAWL_QUEUE_DROP_OLDEST, .evicted = take_dropped,
	};

	others = t->size;
	queue = queue_of_parcels(&cfg);
	stress_name(queue, "the queue");
	parcels_open(t->size, t->size + 1);
	atomic_store(&producers, (t->size + 1) / 2);
	for (int i = 0; i <= SHORT; i++)
		push_one(0, true);
	if (atomic_load(&dropped) != 1)
		stress_fail("%" PRIu64 " were dropped for one too many", atomic_load(&dropped));
	stress_run(t, drop_body);
	pawl_queue_free(queue);
	stress_note("items", parcels_close());
	stress_note("dropped", atomic_load(&dropped));
}
