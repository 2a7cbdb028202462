/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_ops.c - queue.ops: ops push and pop beside threads.  One worker in four does so with ops of
 * its queue only; each other one has an inline op, done by whoever makes room, or pushes.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include <pawl/op.h>

#include "queue_cases.h"

enum { CAPACITY = 8, OPS = 4, SHORT_US = 300, LONG_US = 5000, REST_US = 100,
	GRIP_EVERY = 16, REOPEN_EVERY = 16 };

struct parcel_op {
	pawl_op op;
	unsigned source, taker;
	bool pushes;
	_Atomic bool under_way;
	struct parcel parcel;	/* to push, or what was popped */
};

struct loop {
	pawl_cq *cq;
	struct parcel_op ops[OPS], alone;
};

static pawl_queue *queue;
static struct loop *loops;	/* by index of the worker */
static struct grip grip;
static _Atomic bool closed;
static _Atomic uint64_t pushes, pops, timeouts, cancels;

static void add(_Atomic uint64_t *number)
{
	atomic_fetch_add_explicit(number, 1, memory_order_relaxed);
}

static uint64_t get(_Atomic uint64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static bool is_loop(const struct stress_worker *w)
{
	return w->index % 4 == 2;
}

/* It is not the worker's thread that is here, if the op is an inline one. */
static void op_done(pawl_op *op, int rc)
{
	struct parcel_op *o = pawl_op_user(op);

	if (rc == 0 && o->pushes)
		parcels_sent(&o->parcel);
	else if (rc == 0)
		parcels_taken(&o->parcel, o->taker);
	else if (rc == ETIMEDOUT && pawl_now() < op->deadline_)
		stress_fail("an op ended before its deadline");
	else if (rc == EPIPE && !atomic_load(&closed))
		stress_fail("an op says that the queue is closed");
	else if (rc != ETIMEDOUT && rc != ECANCELED && rc != EPIPE)
		stress_fail("an op ended with %d", rc);
	if (rc != EPIPE)
		add(rc == ETIMEDOUT ? &timeouts : rc == ECANCELED ? &cancels :
		    o->pushes ? &pushes : &pops);
	atomic_store_explicit(&o->under_way, false, memory_order_release);
}

static bool is_under_way(struct parcel_op *o)
{
	return atomic_load_explicit(&o->under_way, memory_order_acquire);
}

static void start(struct stress_worker *w, struct parcel_op *o)
{
	int rc;

	o->pushes = stress_random(w, 2) == 0;
	atomic_store_explicit(&o->under_way, true, memory_order_relaxed);
	if (o != &loops[w->index].alone)
		pawl_op_deadline(&o->op, stress_random(w, 10) < 3 ?
			pawl_after(PAWL_US(stress_random(w, SHORT_US))) : PAWL_FOREVER);
	if (o->pushes) {
		parcels_make(&o->parcel, o->source, 0, 0);
		rc = pawl_queue_push_op(queue, &o->parcel, &o->op);
	} else {
		rc = pawl_queue_pop_op(queue, &o->parcel, &o->op);
	}
	if (rc == 0 || rc == EPIPE)
		op_done(&o->op, rc);
	else if (rc != EINPROGRESS)
		stress_fail("an op was not started, but %d", rc);
}

/* Sources: workers, inline ops, ops of loops.  Takers: workers, one that is a loop for all of its
 * ops, and inline ops. */
static void open_ops(struct loop *l, const struct stress_worker *w)
{
	if (pawl_cq_open(&l->cq) != 0) {
		stress_fail("pawl_cq_open failed");
		exit(1);
	}
	for (unsigned i = 0; i < OPS; i++) {
		struct parcel_op *o = &l->ops[i];

		o->source = 2 * w->team->size + w->index / 4 * OPS + i;
		o->taker = w->index;
		pawl_op_init(&o->op, l->cq, op_done, o);
	}
}

static void loop_body(struct stress_worker *w)
{
	struct loop *l = &loops[w->index];

	while (!atomic_load(&closed)) {
		struct pollfd p = { .fd = pawl_cq_fd(l->cq), .events = POLLIN };

		for (int i = 0; i < OPS; i++)
			if (!is_under_way(&l->ops[i]))
				start(w, &l->ops[i]);
		if (stress_random(w, 10) == 0)
			(void)pawl_op_cancel(&l->ops[stress_random(w, OPS)].op);
		if (poll(&p, 1, 1) == 1)
			(void)pawl_cq_dispatch(l->cq, 0);
		if (stress_random(w, REOPEN_EVERY) == 0) {
			/* What its ops were granted goes to others. */
			pawl_cq_close(l->cq);
			open_ops(l, w);
		}
		stress_done(w);
	}
	pawl_cq_close(l->cq);
}

static void turn_alone(struct stress_worker *w)
{
	struct parcel_op *o = &loops[w->index].alone;

	if (is_under_way(o))
		(void)pawl_op_cancel(&o->op);
	else
		start(w, o);
}

/* Return: EPIPE in the end. */
static int thread_round(struct stress_worker *w)
{
	/* Not for ever: all others may pop as well. */
	uint64_t us = stress_random(w, 10) < 3 ? stress_random(w, SHORT_US) : LONG_US;
	pawl_time deadline = pawl_after(PAWL_US(us));
	bool push = stress_random(w, 2) == 0;
	struct parcel p;
	int rc;

	if (push) {
		parcels_make(&p, w->index, 0, 0);
		rc = pawl_queue_push_until(queue, &p, deadline);
	} else {
		rc = pawl_queue_pop_until(queue, &p, deadline);
	}
	if (rc == 0 && push)
		parcels_sent(&p);
	else if (rc == 0)
		parcels_taken(&p, w->index);
	else if (rc != ETIMEDOUT && rc != EPIPE)
		stress_fail("a call returned %d", rc);
	return rc;
}

static void thread_body(struct stress_worker *w)
{
	while (thread_round(w) != EPIPE) {
		if (stress_random(w, 4) == 0)
			turn_alone(w);
		stress_done(w);
	}
}

/* Long enough for ops to end in these ways, however short the run is. */
static void hold_until_ops_ended(struct stress_worker *w)
{
	atomic_store(&w->phase, "waits until ops have timed out, and were canceled");
	while (w->team->size > 2 && (get(&timeouts) == 0 || get(&cancels) == 0))
		sched_yield();
	atomic_store(&w->phase, NULL);
}

static bool lacks_grants(struct stress_worker *w)
{
	return w->team->size > 2 && (get(&pushes) == 0 || get(&pops) == 0);
}

/* All slots are taken when it @begins. */
static void grip_and_let_go(struct stress_worker *w, bool begins)
{
	if (!begins)
		grip_take(&grip, queue);
	if (stress_wants_waits(w->team))
		stress_hold_until(w, queue, 1);
	if (begins)
		hold_until_ops_ended(w);
	if (stress_random(w, 2) == 0)
		grip_commit(&grip, 0);
	else
		grip_abandon(&grip);
	grip.size = 0;
}

static void leader(struct stress_worker *w)
{
	struct timespec rest = { 0, (long)PAWL_US(REST_US) };

	while (stress_again(w) || lacks_grants(w)) {
		bool begins = grip.size != 0;

		if (begins || stress_wants_waits(w->team) || stress_random(w, GRIP_EVERY) == 0)
			grip_and_let_go(w, begins);
		nanosleep(&rest, NULL);
		stress_done(w);
	}
	atomic_store(&closed, true);
	pawl_queue_close(queue);
}

static void body(struct stress_worker *w)
{
	if (w->index == 0)
		leader(w);
	else if (is_loop(w))
		loop_body(w);
	else
		thread_body(w);
}

static void open_loop(struct loop *l, struct stress_worker *w)
{
	l->alone.source = l->alone.taker = w->team->size + w->index;
	pawl_op_init_inline(&l->alone.op, op_done, &l->alone);
	if (is_loop(w))
		open_ops(l, w);
}

static void judge(const struct stress_team *t)
{
	struct parcel p;

	while (pawl_queue_pop(queue, &p) == 0)
		parcels_taken(&p, 0);
	for (unsigned i = 0; i < t->size; i++)
		if (atomic_load(&loops[i].alone.under_way))
			stress_fail("an op of worker %u still waits", i);
	stress_note("items", parcels_close());
	stress_note("ops pushed", get(&pushes));
	stress_note("ops popped", get(&pops));
	stress_note("ops timed out", get(&timeouts));
	stress_note("ops canceled", get(&cancels));
}

void queue_ops_right(struct stress_team *t)
{
	pawl_queue_config cfg = { .capacity = CAPACITY };

	queue = queue_of_parcels(&cfg);
	stress_name(queue, "the queue");
	parcels_open(t->size * 3 + OPS, t->size * 2);
	loops = calloc(t->size, sizeof *loops);
	if (!loops) {
		stress_fail("no memory");
		exit(1);
	}
	for (unsigned i = 0; i < t->size; i++)
		open_loop(&loops[i], &t->workers[i]);
	grip_take(&grip, queue);
	stress_run(t, body);
	judge(t);
	pawl_queue_free(queue);
	free(loops);
}
