/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_queue.c - rings that lose and double items; pawl_queue, which does not. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/cond.h>
#include <pawl/mutex.h>

#include "queue_cases.h"

/*** For all cases *****************************************************************************/

pawl_queue *queue_of_parcels(const pawl_queue_config *cfg)
{
	pawl_queue_config config = *cfg;
	pawl_queue *q;
	int rc;

	config.size = sizeof config;
	config.item_size = sizeof(struct parcel);
	rc = pawl_queue_open(&config, &q);
	if (rc != 0) {
		stress_fail("pawl_queue_open returned %d", rc);
		exit(1);
	}
	return q;
}

void grip_take(struct grip *g, pawl_queue *q)
{
	g->queue = q;
	g->size = pawl_queue_capacity(q);
	for (size_t i = 0; i < g->size; i++) {
		int rc = pawl_queue_reserve(q, PAWL_FOREVER, &g->slots[i]);

		if (rc != 0)
			stress_fail("pawl_queue_reserve returned %d", rc);
	}
}

void grip_commit(struct grip *g, unsigned source)
{
	for (size_t i = 0; i < g->size; i++) {
		struct parcel p;
		int rc;

		parcels_make(&p, source, 0, i);
		*(struct parcel *)g->slots[i] = p;
		rc = pawl_queue_commit(g->queue, g->slots[i]);
		if (rc == 0)
			parcels_sent(&p);
		else
			stress_fail("pawl_queue_commit returned %d", rc);
	}
}

void grip_abandon(struct grip *g)
{
	for (size_t i = 0; i < g->size; i++)
		pawl_queue_abandon(g->queue, g->slots[i]);
}

/*** Broken: two find the same cell free *******************************************************/

enum { CELLS = 64 };

/* External, or a compiler may drop it and the race with it. */
extern struct stress_queue_ring {
	uint64_t head, tail;
	uint64_t cells[CELLS];
} stress_queue_ring;
struct stress_queue_ring stress_queue_ring;

/* It is not full: whoever finds it so takes the oldest out first. */
static void plain_push(struct stress_worker *w, uint64_t item)
{
	uint64_t tail = stress_queue_ring.tail;

	if (tail - stress_queue_ring.head >= CELLS)
		stress_queue_ring.head = tail - CELLS + 1;
	stress_await(w);
	stress_queue_ring.cells[tail % CELLS] = item;
	stress_queue_ring.tail = tail + 1;
}

static void plain_body(struct stress_worker *w)
{
	for (uint64_t item = 0; stress_again(w); item++) {
		plain_push(w, item);
		stress_done(w);
	}
}

static void plain_broken(struct stress_team *t, struct stress_outcome *ret)
{
	stress_run(t, plain_body);
	ret->of = stress_ops(t);
	ret->bad = ret->of - stress_queue_ring.tail;
	ret->least = stress_least(t);
}

/*** Broken: woken, it does not look again *****************************************************/

static pawl_mutex lock = PAWL_MUTEX_INIT;
static pawl_cond filled = PAWL_COND_INIT;
static int64_t count;			/* of items; guarded, as the others */
static uint64_t wakes, twice;		/* pops after a wait; of those that nobody pushed */
static unsigned waiting;		/* since the last push */
static bool closed;

static void pop_if(void)
{
	pawl_mutex_lock(&lock);
	if (count == 0 && !closed) {
		waiting++;
		if (pawl_cond_wait_until(&filled, &lock, PAWL_FOREVER) != 0)
			stress_fail("a wait did not end by a wake");
		wakes++;
		twice += count <= 0 && !closed;
	}
	count -= count > 0;
	pawl_mutex_unlock(&lock);
}

/* In BROKEN all others wait when it pushes, and it pops itself before any of them. */
static void push_for_all(struct stress_worker *w)
{
	unsigned wanted = w->team->mode == STRESS_BROKEN ? w->team->size - 1 : 0;

	pawl_mutex_lock(&lock);
	while (waiting < wanted) {
		pawl_mutex_unlock(&lock);
		sched_yield();
		pawl_mutex_lock(&lock);
	}
	count++;
	waiting = 0;
	pawl_cond_broadcast(&filled);
	if (wanted > 0) {
		count--;
		pawl_mutex_unlock(&lock);
		return;
	}
	pawl_mutex_unlock(&lock);
	sched_yield();
}

static void if_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		if (w->index == 0)
			push_for_all(w);
		else
			pop_if();
		stress_done(w);
	}
	if (w->index != 0 || w->team->mode == STRESS_BROKEN)
		return;
	pawl_mutex_lock(&lock);
	closed = true;
	pawl_cond_broadcast(&filled);
	pawl_mutex_unlock(&lock);
}

static void if_broken(struct stress_team *t, struct stress_outcome *ret)
{
	stress_run(t, if_body);
	ret->of = wakes;
	ret->bad = twice;
	ret->least = (uint64_t)STRESS_ITERATIONS * (t->size - 1);
}

/*** Right: some push, and some pop ************************************************************/

enum { AT_ONCE = 8 };

static pawl_queue *queue;
static _Atomic unsigned producers;

static bool is_producer(const struct stress_worker *w)
{
	return w->index % 2 == 0;
}

static void push_some(struct stress_worker *w)
{
	struct parcel p[AT_ONCE];
	size_t n = 1 + stress_random(w, AT_ONCE), sent = 1;
	int rc;

	for (size_t i = 0; i < n; i++)
		parcels_make(&p[i], w->index, i, w->random);
	if (n == 1)
		rc = pawl_queue_push(queue, p);
	else
		rc = pawl_queue_push_n(queue, p, n, PAWL_FOREVER, &sent);
	if (rc != 0 || sent == 0 || sent > n)
		stress_fail("a push of %zu returned %d, with %zu pushed", n, rc, sent);
	for (size_t i = 0; rc == 0 && i < sent; i++)
		parcels_sent(&p[i]);
}

static void producer(struct stress_worker *w)
{
	struct grip g;

	while (stress_again(w)) {
		if (w->index == 0 && stress_wants_waits(w->team)) {
			grip_take(&g, queue);
			stress_hold_until(w, queue, 1);
			grip_commit(&g, 0);
		}
		push_some(w);
		stress_await(w);
		stress_done(w);
	}
	if (atomic_fetch_sub(&producers, 1) == 1)
		pawl_queue_close(queue);
}

static void consumer(struct stress_worker *w)
{
	struct parcel p[AT_ONCE];

	for (;;) {
		size_t n = 1 + stress_random(w, AT_ONCE), got = 1;
		int rc;

		if (n == 1)
			rc = pawl_queue_pop(queue, p);
		else
			rc = pawl_queue_pop_n(queue, p, n, PAWL_FOREVER, &got);
		if (rc == EPIPE)
			break;
		if (rc != 0 || got == 0 || got > n)
			stress_fail("a pop of %zu returned %d, with %zu popped", n, rc, got);
		for (size_t i = 0; i < got; i++)
			parcels_taken(&p[i], w->index);
		stress_await(w);
		stress_done(w);
	}
}

static void fifo_body(struct stress_worker *w)
{
	if (is_producer(w))
		producer(w);
	else
		consumer(w);
}

static void fifo(struct stress_team *t, size_t capacity, unsigned flags)
{
	pawl_queue_config cfg = { .capacity = capacity, .flags = flags };

	queue = queue_of_parcels(&cfg);
	stress_name(queue, "the queue");
	parcels_open(t->size, t->size);
	atomic_store(&producers, (t->size + 1) / 2);
	stress_run(t, fifo_body);
	if (pawl_queue_len(queue) != 0)
		stress_fail("%zu items are left", pawl_queue_len(queue));
	stress_note("items", parcels_close());
	pawl_queue_free(queue);
}

static void fifo_right(struct stress_team *t)
{
	fifo(t, 4, 0);
}

static void fast_right(struct stress_team *t)
{
	fifo(t, 4, PAWL_QUEUE_FAST);
}

static void long_right(struct stress_team *t)
{
	fifo(t, GRIP_MAX, 0);
}

const struct stress_case stress_queue_cases[] = {
	{
		.name = "queue.fifo",
		.about = "push into a ring whose cell is free: it is for another as well",
		.bad = "items lost",
		.right = "pawl_queue",
		.symbol = "stress_queue_ring",
		.racy = &stress_queue_ring,
		.racy_size = sizeof stress_queue_ring,
		.run_broken = plain_broken,
		.run_right = fifo_right,
	},
	{
		.name = "queue.if",
		.about = "pop when woken: another has popped meanwhile",
		.bad = "pops of nothing",
		.right = "pawl_queue",
		.run_broken = if_broken,
		.run_right = long_right,
	},
	{
		.name = "queue.bound",
		.about = "push into a list at once: who pops is slower, and memory grows",
		.bad = "items too many",
		.right = "pawl_queue",
		.run_broken = queue_bound_broken,
		.run_right = queue_bound_right,
	},
	{
		.name = "queue.ends",
		.about = "queue after queue is closed; three in ten waits timed, one canceled",
		.right = "pawl_queue",
		.run_right = queue_ends_right,
	},
	{
		.name = "queue.fast",
		.about = "as queue.fifo, with fewer atomic steps",
		.right = "PAWL_QUEUE_FAST",
		.run_right = fast_right,
	},
	{
		.name = "queue.fast_ends",
		.about = "as queue.ends, with fewer atomic steps",
		.right = "PAWL_QUEUE_FAST",
		.run_right = queue_ends_fast,
	},
	{
		.name = "queue.slots",
		.about = "slots are reserved, and their owners stall; the others go on",
		.right = "pawl_queue_reserve",
		.run_right = queue_slots_right,
	},
	{
		.name = "queue.drop",
		.about = "what is pushed is popped, or dropped for what comes after it",
		.right = "PAWL_QUEUE_DROP_OLDEST",
		.run_right = queue_drop_right,
	},
	{
		.name = "queue.weights",
		.about = "push when there is room for it: others push into the same room",
		.bad = "items too many",
		.right = "pawl_queue_push_weighed",
		.run_broken = queue_weights_broken,
		.run_right = queue_weights_right,
	},
	{
		.name = "queue.ops",
		.about = "ops push and pop beside threads, timed and canceled",
		.right = "pawl_queue_push_op, _pop_op",
		.run_right = queue_ops_right,
	},
	{ .name = NULL },
};
