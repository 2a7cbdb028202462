/* SPDX-License-Identifier: BSD-2-Clause */
/* op_loops.c - see op_loops.h. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "op_loops.h"

enum { OPS = 4 };

struct loop {
	struct stress_worker *worker;
	pawl_cq *cq;
	pawl_op op[OPS], alone;
	unsigned kind[OPS], alone_kind;
	bool under_way[OPS], closing;
	_Atomic bool alone_under_way;
};

static struct loop *loops;	/* by index of the worker */
static struct op_loops_verbs verbs;
static _Atomic uint64_t grants, timeouts, cancels;

static uint64_t get(_Atomic uint64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

bool op_loops_is_one(const struct stress_worker *w)
{
	return w->index % 4 == 2;
}

bool op_loops_saw_ends(void)
{
	return get(&timeouts) != 0 && get(&cancels) != 0;
}

static void count_end(int rc)
{
	_Atomic uint64_t *end = rc == 0 ? &grants : rc == ETIMEDOUT ? &timeouts :
		rc == ECANCELED ? &cancels : NULL;

	if (end)
		atomic_fetch_add_explicit(end, 1, memory_order_relaxed);
	else
		stress_fail("an op ended with %d", rc);
}

static void loop_done(pawl_op *op, int rc)
{
	struct loop *l = pawl_op_user(op);
	size_t i = (size_t)(op - l->op);

	if (rc == ETIMEDOUT && pawl_now() < op->deadline_)
		stress_fail("an op ended before its deadline");
	if (rc == 0)
		verbs.use(l->worker, l->kind[i]);
	if (!l->closing)
		count_end(rc);
	l->under_way[i] = false;
	stress_done(l->worker);
}

/* On any thread. */
static void alone_done(pawl_op *op, int rc)
{
	struct loop *l = pawl_op_user(op);

	if (rc == 0)
		verbs.use(NULL, l->alone_kind);
	count_end(rc);
	atomic_store_explicit(&l->alone_under_way, false, memory_order_release);
}

static void start(pawl_op *op, unsigned kind, pawl_done_fn done)
{
	int rc = verbs.start(op, kind);

	if (rc == 0)
		done(op, 0);
	else if (rc != EINPROGRESS)
		stress_fail("an op was not started, but %d", rc);
}

static unsigned pick_kind(struct stress_worker *w)
{
	return (unsigned)stress_random(w, verbs.kinds);
}

void op_loops_turn(struct stress_worker *w)
{
	struct loop *l = &loops[w->index];

	if (atomic_load_explicit(&l->alone_under_way, memory_order_acquire)) {
		(void)pawl_op_cancel(&l->alone);
		return;
	}
	atomic_store_explicit(&l->alone_under_way, true, memory_order_relaxed);
	l->alone_kind = pick_kind(w);
	start(&l->alone, l->alone_kind, alone_done);
}

static void start_those_that_rest(struct stress_worker *w, struct loop *l)
{
	for (unsigned i = 0; i < OPS; i++) {
		if (l->under_way[i])
			continue;
		l->under_way[i] = true;
		l->kind[i] = pick_kind(w);
		pawl_op_deadline(&l->op[i], stress_random(w, 10) < 3 ?
				 pawl_after(PAWL_US(stress_random(w, 300))) : PAWL_FOREVER);
		start(&l->op[i], l->kind[i], loop_done);
	}
}

void op_loops_body(struct stress_worker *w)
{
	struct loop *l = &loops[w->index];
	struct pollfd p = { .fd = pawl_cq_fd(l->cq), .events = POLLIN };

	while (stress_again(w)) {
		start_those_that_rest(w, l);
		if (stress_random(w, 10) == 0)
			(void)pawl_op_cancel(&l->op[stress_random(w, OPS)]);
		if (poll(&p, 1, 1) == 1)
			(void)pawl_cq_dispatch(l->cq, 0);
	}
	l->closing = true;
	pawl_cq_close(l->cq);
}

static void open_loop(struct loop *l, struct stress_worker *w)
{
	l->worker = w;
	pawl_op_init_inline(&l->alone, alone_done, l);
	if (!op_loops_is_one(w))
		return;
	if (pawl_cq_open(&l->cq) != 0) {
		stress_fail("pawl_cq_open failed");
		exit(1);
	}
	for (unsigned i = 0; i < OPS; i++)
		pawl_op_init(&l->op[i], l->cq, loop_done, l);
}

static bool misses_an_end(void)
{
	return get(&grants) == 0 || !op_loops_saw_ends();
}

void op_loops_open(struct stress_team *t, const struct op_loops_verbs *v)
{
	if (t->size > 2)
		stress_go_on_while(t, misses_an_end);
	verbs = *v;
	loops = calloc(t->size, sizeof *loops);
	if (!loops) {
		stress_fail("no memory");
		exit(1);
	}
	for (unsigned i = 0; i < t->size; i++)
		open_loop(&loops[i], &t->workers[i]);
}

void op_loops_close(const struct stress_team *t)
{
	stress_note("ops granted", get(&grants));
	stress_note("ops timed out", get(&timeouts));
	stress_note("ops canceled", get(&cancels));
	for (unsigned i = 0; i < t->size; i++)
		if (atomic_load(&loops[i].alone_under_way))
			stress_fail("an op of worker %u still waits", i);
	if (t->size > 2 && misses_an_end())
		stress_fail("not all ends of ops were seen");
	free(loops);
}
