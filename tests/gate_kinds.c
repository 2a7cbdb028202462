/* SPDX-License-Identifier: BSD-2-Clause */
/* gate_kinds.c - see gate_kinds.h. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/atomic.h>

#include "gate_kinds.h"

/* Of a word, see lib/wait/gate.h; of a barrier's. */
#define SLEEPS UINT64_C(2)
#define ARRIVED UINT64_C(0xfffffffe)

int gate_written;

/*** The kinds *********************************************************************************/

static void shut_nothing(void *object, unsigned waiters)
{
	(void)object;
	(void)waiters;
}

static int event_wait(void *e, pawl_time deadline)
{
	return deadline == PAWL_FOREVER ? pawl_event_wait(e) : pawl_event_wait_until(e, deadline);
}

static int event_wait_op(void *e, pawl_op *op)
{
	return pawl_event_wait_op(e, op);
}

static void event_let_pass(void *e)
{
	pawl_event_set(e);
}

static int notify_wait(void *n, pawl_time deadline)
{
	return pawl_notify_wait_until(n, deadline);
}

static int notify_wait_op(void *n, pawl_op *op)
{
	return pawl_notify_wait_op(n, op);
}

static void notify_let_pass(void *n)
{
	pawl_notify_all(n);
}

static void latch_shut(void *l, unsigned waiters)
{
	(void)waiters;
	must(pawl_latch_init(l, 1) == 0);
}

static int latch_wait(void *l, pawl_time deadline)
{
	return pawl_latch_wait_until(l, deadline);
}

static int latch_wait_op(void *l, pawl_op *op)
{
	return pawl_latch_wait_op(l, op);
}

static void latch_let_pass(void *l)
{
	pawl_latch_arrive(l);
}

/* The future's value is its address. */
static int future_wait(void *f, pawl_time deadline)
{
	void *value = &gate_written;
	int rc = pawl_future_wait_until(f, deadline, &value);

	must(value == (rc == 0 ? f : (void *)&gate_written));
	return rc;
}

static int future_wait_op(void *f, pawl_op *op)
{
	return pawl_future_wait_op(f, NULL, op);
}

static void future_let_pass(void *f)
{
	must(pawl_future_set(f, 0, f) == 0);
}

static void barrier_shut(void *b, unsigned waiters)
{
	must(pawl_barrier_init(b, waiters + 1) == 0);
}

static int barrier_wait(void *b, pawl_time deadline)
{
	return pawl_barrier_wait_until(b, deadline);
}

static void barrier_let_pass(void *b)
{
	must(pawl_barrier_wait_until(b, 0) == PAWL_BARRIER_SERIAL);
}

#define SIZES(type) sizeof(type), offsetof(type, queue_)

const struct gate_kind gate_kinds[GATE_KINDS] = {
	{ "event", SIZES(pawl_event), shut_nothing, event_wait, event_wait_op, event_let_pass,
	  true, SLEEPS },
	{ "notify", SIZES(pawl_notify), shut_nothing, notify_wait, notify_wait_op, notify_let_pass,
	  false, 0 },
	{ "latch", SIZES(pawl_latch), latch_shut, latch_wait, latch_wait_op, latch_let_pass,
	  true, SLEEPS },
	{ "future", SIZES(pawl_future), shut_nothing, future_wait, future_wait_op, future_let_pass,
	  true, SLEEPS },
	{ "barrier", SIZES(pawl_barrier), barrier_shut, barrier_wait, NULL, barrier_let_pass,
	  false, ARRIVED },
};

void *gate_new(const struct gate_kind *k, unsigned waiters)
{
	void *object = calloc(1, k->size);

	must(object != NULL);
	k->shut(object, waiters);
	return object;
}

bool gate_is_idle(const struct gate_kind *k, const void *object)
{
	return pawl_load_((const uint64_t *)(const void *)((const char *)object + k->queue_at),
			  relaxed) == 0;
}

bool gate_is_waited_for(const struct gate_kind *k, const void *object)
{
	/* The word is the first member of each of them. */
	return !gate_is_idle(k, object) ||
		(pawl_load_((const uint64_t *)object, relaxed) & k->waits);
}

void gate_await(uint32_t *word, uint32_t value)
{
	while (pawl_load_(word, acquire) < value)
		sched_yield();
}

void gate_end(const struct gate_kind *k, void *object)
{
	must(gate_is_idle(k, object));
	free(object);
}

/*** A thread **********************************************************************************/

static void wait_once(void *arg)
{
	struct gate_waiter *w = arg;
	pawl_scope s;

	if (w->scoped)
		pawl_scope_enter(&s, w->scope_deadline, w->source, 0);
	w->rc = w->left = w->kind->wait(w->object, w->deadline);
	if (w->rc == 0)
		w->seen = gate_written;
	w->check = pawl_scope_check();
	if (w->scoped)
		w->left = pawl_scope_leave(&s, w->rc);
}

void gate_waiter_start(struct gate_waiter *w)
{
	worker_start(&w->worker, wait_once, w);
}

void gate_waiter_park(struct gate_waiter *w)
{
	gate_waiter_start(w);
	worker_await_wait(&w->worker, w->kind->name, w->object);
}

int gate_waiter_join(struct gate_waiter *w)
{
	worker_join(&w->worker);
	return w->rc;
}

void gate_waiter_assert_passes(struct gate_waiter *w, int written)
{
	assert_int_equal(gate_waiter_join(w), 0);
	assert_int_equal(w->left, 0);
	assert_int_equal(w->seen, written);
}

pawl_cancel *gate_source(void)
{
	pawl_cancel *source;

	must(pawl_cancel_open(NULL, &source) == 0);
	return source;
}

/*** Duels *************************************************************************************/

static void duel_wait(struct gate_duel *d, uint32_t i)
{
	pawl_time when = pawl_after(PAWL_US(5 + i % 20));
	pawl_scope s;

	pawl_store_(&d->when, when, relaxed);
	pawl_store_(&d->at, i + 1, release);
	pawl_scope_enter(&s, PAWL_FOREVER, d->source[i], 0);
	d->rc[i] = d->kind->wait(d->object[i], d->cancels ? PAWL_FOREVER : when);
	(void)pawl_scope_leave(&s, 0);
}

static void duel_thread(void *arg)
{
	struct gate_duel *d = arg;

	for (uint32_t round = 1; round <= d->rounds; round++) {
		gate_await(&d->turn, round);
		for (uint32_t i = 0; i < GATE_DUELS; i++)
			duel_wait(d, i);
		pawl_store_(&d->answered, round, release);
	}
}

/* Wait until wait @i has begun, and a moment for it to be announced. */
static void duel_await_wait(struct gate_duel *d, uint32_t i)
{
	for (int spins = 0; pawl_load_(&d->at, acquire) <= i; spins++)
		if (spins > 1000)
			nap(PAWL_US(20));
	for (int spins = 0; spins < 1000 && pawl_load_(&d->at, relaxed) == i + 1; spins++)
		if (gate_is_waited_for(d->kind, d->object[i])) {
			d->announced++;
			return;
		}
}

static void duel_round(struct gate_duel *d, uint32_t round,
	void (*act)(struct gate_duel *d, uint32_t i),
	void (*judge)(struct gate_duel *d, uint32_t i))
{
	for (uint32_t i = 0; i < GATE_DUELS; i++) {
		d->kind->shut(d->object[i], 1);
		d->source[i] = d->cancels ? gate_source() : NULL;
	}
	pawl_store_(&d->at, 0, relaxed);
	pawl_store_(&d->turn, round, release);
	for (uint32_t i = 0; i < GATE_DUELS; i++) {
		duel_await_wait(d, i);
		act(d, i);
	}
	gate_await(&d->answered, round);
	for (uint32_t i = 0; i < GATE_DUELS; i++) {
		judge(d, i);
		must(gate_is_idle(d->kind, d->object[i]));
		if (d->source[i])
			pawl_cancel_close(d->source[i]);
	}
}

void gate_duel_run(struct gate_duel *d, void (*act)(struct gate_duel *d, uint32_t i),
	void (*judge)(struct gate_duel *d, uint32_t i))
{
	for (uint32_t i = 0; i < GATE_DUELS; i++)
		d->object[i] = gate_new(d->kind, 1);
	worker_start(&d->worker, duel_thread, d);
	for (uint32_t round = 1; round <= d->rounds; round++)
		duel_round(d, round, act, judge);
	worker_join(&d->worker);
	for (uint32_t i = 0; i < GATE_DUELS; i++)
		gate_end(d->kind, d->object[i]);
	note("%u of %u waits had to sleep", d->announced, d->rounds * GATE_DUELS);
	assert_true(d->announced > 0);
}

void gate_duel_spin(const struct gate_duel *d, uint32_t i)
{
	pawl_time until = pawl_load_(&d->when, relaxed) + (int)(i % 32) * 500 - PAWL_US(5);

	while (pawl_now() < until)
		;
}

/*** An op *************************************************************************************/

static void note_done(pawl_op *op, int rc)
{
	struct gate_op *o = pawl_op_user(op);

	o->rc = rc;
	o->calls++;
	o->where = pthread_self();
	if (rc == 0)
		o->seen = gate_written;
}

void gate_op_init(struct gate_op *o, pawl_cq *cq)
{
	*o = (struct gate_op){ .rc = GATE_NONE };
	if (cq)
		pawl_op_init(&o->op, cq, note_done, o);
	else
		pawl_op_init_inline(&o->op, note_done, o);
}

void gate_op_park(struct gate_op *o, const struct gate_kind *k, void *object)
{
	must(k->wait_op(object, &o->op) == EINPROGRESS);
}

void gate_dispatch(pawl_cq *cq, int count)
{
	while (count > 0) {
		int n = pawl_cq_dispatch(cq, 0);

		must(n <= count);
		count -= n;
		if (n == 0)
			sched_yield();
	}
}
