/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_op.c - ops and threads in one queue, with deadlines and cancels. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/mutex.h>
#include <pawl/op.h>

#include "stress.h"

enum { OPS = 8 };	/* of each loop, at a time */

/* External, or a compiler may drop it and the race with it. */
extern uint64_t stress_op_plain;
uint64_t stress_op_plain;

static pawl_mutex lock = PAWL_MUTEX_FAIR_INIT;

static void section(struct stress_worker *w)
{
	uint64_t before = stress_op_plain;

	stress_await(w);
	stress_op_plain = before + 1;
}

static void *get_memory(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p) {
		stress_fail("no memory");
		exit(1);
	}
	return p;
}

/*** Broken: EINPROGRESS is taken for "it is locked" *******************************************/

struct eager {
	pawl_op op;
	_Atomic bool under_way;
};

static struct eager *eager;	/* many for each worker: no round waits for the one before */
static _Atomic uint64_t eager_done;

static void unlock_eager(pawl_op *op, int rc)
{
	struct eager *e = pawl_op_user(op);

	if (rc == 0)
		pawl_mutex_unlock(&lock);
	atomic_fetch_add_explicit(&eager_done, 1, memory_order_relaxed);
	atomic_store_explicit(&e->under_way, false, memory_order_release);
}

static void eager_round(struct stress_worker *w, struct eager *e)
{
	int rc;

	while (atomic_load_explicit(&e->under_way, memory_order_acquire))
		sched_yield();
	atomic_store_explicit(&e->under_way, true, memory_order_relaxed);
	pawl_op_init_inline(&e->op, unlock_eager, e);
	rc = pawl_mutex_lock_op(&lock, &e->op);
	section(w);
	if (rc == 0)
		unlock_eager(&e->op, 0);
}

static void eager_body(struct stress_worker *w)
{
	struct eager *mine = &eager[w->index * STRESS_ITERATIONS];

	for (unsigned i = 0; stress_again(w); i = (i + 1) % STRESS_ITERATIONS) {
		eager_round(w, &mine[i]);
		stress_done(w);
	}
}

static void eager_broken(struct stress_team *t, struct stress_outcome *ret)
{
	eager = get_memory(t->size, STRESS_ITERATIONS * sizeof *eager);
	stress_run(t, eager_body);
	ret->of = stress_ops(t);
	ret->bad = ret->of - stress_op_plain;
	ret->least = stress_least(t);
	if (atomic_load(&eager_done) != ret->of)
		stress_fail("%" PRIu64 " ops ended, of %" PRIu64, atomic_load(&eager_done),
			ret->of);
	free(eager);
}

/*** Right: half of the workers are event loops, the others threads ****************************/

struct loop {
	struct stress_worker *worker;
	pawl_cq *cq;
	pawl_op op[OPS];
	bool under_way[OPS];
	uint64_t started, at_once, granted, late, canceled;	/* ended so, before close */
	uint64_t closed;		/* ended by it */
	bool closing;
};

static struct loop *loops;	/* by index of the worker */
static _Atomic uint64_t cancels, thread_sections, timeouts;

static bool is_loop(const struct stress_worker *w)
{
	return w->index > 0 && w->index % 2 == 0;
}

/* Half of the ops that are canceled are so by another thread, whatever they are doing. */
static void cancel_some(struct stress_worker *w, struct loop *l)
{
	if (stress_random(w, 10) == 0 && pawl_op_cancel(&l->op[stress_random(w, OPS)]) == 0)
		atomic_fetch_add_explicit(&cancels, 1, memory_order_relaxed);
}

static void loop_done(pawl_op *op, int rc)
{
	struct loop *l = pawl_op_user(op);

	if (rc == 0) {
		section(l->worker);
		pawl_mutex_unlock(&lock);
	} else if (rc != ETIMEDOUT && rc != ECANCELED) {
		stress_fail("an op ended with %d", rc);
	}
	if (rc == ETIMEDOUT && pawl_now() < op->deadline_)
		stress_fail("an op ended before its deadline");
	l->granted += rc == 0 && !l->closing;
	l->late += rc == ETIMEDOUT && !l->closing;
	l->canceled += rc == ECANCELED && !l->closing;
	l->closed += l->closing;
	l->under_way[op - l->op] = false;
	stress_done(l->worker);
}

static void loop_start(struct stress_worker *w, struct loop *l, unsigned i)
{
	int rc;

	pawl_op_deadline(&l->op[i], stress_random(w, 10) < 3 ?
			 pawl_after(PAWL_US(stress_random(w, 300))) : PAWL_FOREVER);
	l->started++;
	l->under_way[i] = true;
	rc = pawl_mutex_lock_op(&lock, &l->op[i]);
	if (rc == 0) {
		l->at_once++;
		loop_done(&l->op[i], 0);
	} else if (rc != EINPROGRESS) {
		stress_fail("pawl_mutex_lock_op returned %d", rc);
	}
}

/* It never waits for the mutex, but with its ops. */
static void loop_body(struct stress_worker *w)
{
	struct loop *l = &loops[w->index];
	struct pollfd p = { .fd = pawl_cq_fd(l->cq), .events = POLLIN };

	while (stress_again(w)) {
		for (unsigned i = 0; i < OPS; i++)
			if (!l->under_way[i])
				loop_start(w, l, i);
		cancel_some(w, l);
		if (poll(&p, 1, 1) == 1)
			(void)pawl_cq_dispatch(l->cq, 0);
	}
	l->closing = true;
	pawl_cq_close(l->cq);
}

static void thread_round(struct stress_worker *w)
{
	bool timed = w->index != 0 && stress_random(w, 10) < 3;
	int err = pawl_mutex_lock_until(&lock, timed ?
		pawl_after(PAWL_US(stress_random(w, 300))) : PAWL_FOREVER);

	if (err == ETIMEDOUT && timed) {
		atomic_fetch_add_explicit(&timeouts, 1, memory_order_relaxed);
		return;
	}
	if (err != 0)
		stress_fail("pawl_mutex_lock_until returned %d", err);
	stress_hold(w, &lock);
	section(w);
	pawl_mutex_unlock(&lock);
	atomic_fetch_add_explicit(&thread_sections, 1, memory_order_relaxed);
}

static void mixed_body(struct stress_worker *w)
{
	unsigned size = w->team->size;

	if (is_loop(w)) {
		loop_body(w);
		return;
	}
	while (stress_again(w)) {
		thread_round(w);
		stress_done(w);
		if (size > 2)
			cancel_some(w, &loops[2 + stress_random(w, (size - 1) / 2) * 2]);
	}
}

static void open_loop(struct loop *l, struct stress_worker *w)
{
	l->worker = w;
	if (pawl_cq_open(&l->cq) != 0) {
		stress_fail("pawl_cq_open failed");
		exit(1);
	}
	for (unsigned i = 0; i < OPS; i++)
		pawl_op_init(&l->op[i], l->cq, loop_done, l);
}

static void judge(const struct loop *all)
{
	if (all->started != all->granted + all->late + all->canceled + all->closed)
		stress_fail("%" PRIu64 " ops were started, but %" PRIu64 " ended", all->started,
			all->granted + all->late + all->canceled + all->closed);
	if (all->granted == all->at_once || all->late == 0 || all->canceled == 0 ||
	    atomic_load(&timeouts) == 0)
		stress_fail("not all ends were seen");
	if (atomic_load(&cancels) < all->canceled ||
	    atomic_load(&cancels) > all->canceled + all->closed)
		stress_fail("%" PRIu64 " cancels, but %" PRIu64 " canceled ops",
			atomic_load(&cancels), all->canceled);
	if (stress_op_plain != all->granted + atomic_load(&thread_sections))
		stress_fail("%" PRIu64 " sections changed the data, which says %" PRIu64,
			all->granted + atomic_load(&thread_sections), stress_op_plain);
}

static void mixed_right(struct stress_team *t)
{
	struct loop all = { .worker = NULL };

	stress_name(&lock, "the mutex");
	loops = get_memory(t->size, sizeof *loops);
	for (unsigned i = 0; i < t->size; i++)
		if (is_loop(&t->workers[i]))
			open_loop(&loops[i], &t->workers[i]);
	stress_run(t, mixed_body);
	for (unsigned i = 0; i < t->size; i++) {
		all.started += loops[i].started;
		all.at_once += loops[i].at_once;
		all.granted += loops[i].granted;
		all.late += loops[i].late;
		all.canceled += loops[i].canceled;
		all.closed += loops[i].closed;
	}
	stress_note("ops", all.started);
	stress_note("granted later", all.granted - all.at_once);
	stress_note("timed out", all.late);
	stress_note("canceled", all.canceled);
	stress_note("closed", all.closed);
	if (t->size > 2)
		judge(&all);
	if (pawl_mutex_trylock(&lock) != 0)
		stress_fail("the mutex is not free in the end");
	free(loops);
}

const struct stress_case stress_op_cases[] = {
	{
		.name = "op.mutex",
		.about = "threads and event loops in one queue, with deadlines and cancels",
		.bad = "updates lost",
		.right = "pawl_mutex_lock_op",
		.symbol = "stress_op_plain",
		.racy = &stress_op_plain,
		.racy_size = sizeof stress_op_plain,
		.run_broken = eager_broken,
		.run_right = mixed_right,
	},
	{ .name = NULL },
};
