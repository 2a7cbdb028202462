/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_gate_free.c - an event, a latch or a future is freed by the last who passed, while the step
 * that let them pass may still be returning.  AddressSanitizer and ThreadSanitizer watch.
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/atomic.h>

#include "gate_kinds.h"

enum { PASSERS = 3 };

/* An object a round. */
struct rounds {
	const struct gate_kind *kind;
	pthread_barrier_t begun, over;
	int count;
	void *object;
	int round;
	uint32_t left;		/* atomic: who have not passed yet */
};

struct passer {
	struct worker worker;
	struct rounds *rounds;
	int id;
};

static int pass_in_some_way(const struct gate_kind *k, void *object, int turn)
{
	int rc;

	if (turn % 2)
		return k->wait(object, PAWL_FOREVER);
	do {
		rc = k->wait(object, pawl_after(PAWL_US(turn % 40)));
	} while (rc == ETIMEDOUT);
	return rc;
}

static void pass_and_free(struct rounds *r, int turn)
{
	void *object = r->object;

	must(pass_in_some_way(r->kind, object, turn) == 0);
	must(gate_written == r->round);
	if (pawl_fetch_sub_(&r->left, 1, acq_rel) == 1)
		free(object);
}

static void pass_each(void *arg)
{
	struct passer *p = arg;
	struct rounds *r = p->rounds;

	for (int i = 0; i < r->count; i++) {
		pthread_barrier_wait(&r->begun);
		pass_and_free(r, i + p->id);
		pthread_barrier_wait(&r->over);
	}
}

static void begin(struct rounds *r, int round)
{
	r->object = gate_new(r->kind, PASSERS);
	r->round = gate_written + 1;
	pawl_store_(&r->left, PASSERS, relaxed);
	pthread_barrier_wait(&r->begun);
	if (round % 3 == 0)
		sched_yield();
}

static void run(struct rounds *r, bool parked)
{
	struct passer p[PASSERS];

	pthread_barrier_init(&r->begun, NULL, PASSERS + 1);
	pthread_barrier_init(&r->over, NULL, PASSERS + 1);
	for (int i = 0; i < PASSERS; i++) {
		p[i].rounds = r;
		p[i].id = parked ? 2 * i + 1 : i;
		worker_start(&p[i].worker, pass_each, &p[i]);
	}
	for (int round = 0; round < r->count; round++) {
		void *object;

		begin(r, round);
		object = r->object;
		for (int i = 0; parked && round % 2 == 0 && i < PASSERS; i++)
			worker_await_wait(&p[i].worker, r->kind->name, object);
		gate_written++;
		r->kind->let_pass(object);
		pthread_barrier_wait(&r->over);
	}
	for (int i = 0; i < PASSERS; i++)
		worker_join(&p[i].worker);
	pthread_barrier_destroy(&r->begun);
	pthread_barrier_destroy(&r->over);
}

static void who_passed_frees_it_while_who_opened_it_returns(void **state)
{
	(void)state;
	FOR_EACH_OP_GATE(k) {
		struct rounds r = { .kind = k, .count = 1000 };

		if (k->stays)
			run(&r, false);
	}
}

/* In every other round all of them sleep. */
static void who_slept_and_passed_frees_it_while_who_opened_it_returns(void **state)
{
	(void)state;
	FOR_EACH_OP_GATE(k) {
		struct rounds r = { .kind = k, .count = 1200 };

		if (k->stays)
			run(&r, true);
	}
}

/*** Ops ***************************************************************************************/

struct free_op {
	pawl_op op;
	void *object;
	int round;
};

static uint32_t freed;	/* atomic */

static void free_all(pawl_op *op, int rc)
{
	struct free_op *f = pawl_op_user(op);

	must(rc == 0);
	must(gate_written == f->round);
	free(f->object);
	free(f);
	pawl_fetch_add_(&freed, 1, release);
}

static void dispatch_until_all_are_freed(void *arg)
{
	pawl_cq *cq = arg;

	while (pawl_load_(&freed, acquire) < 1000)
		if (pawl_cq_dispatch(cq, 0) == 0)
			sched_yield();
}

static void open_with_op(const struct gate_kind *k, pawl_cq *cq, uint32_t round)
{
	struct free_op *f = calloc(1, sizeof *f);
	void *object = gate_new(k, 1);

	must(f != NULL);
	if (cq)
		pawl_op_init(&f->op, cq, free_all, f);
	else
		pawl_op_init_inline(&f->op, free_all, f);
	f->object = object;
	f->round = gate_written + 1;
	must(k->wait_op(object, &f->op) == EINPROGRESS);
	gate_written++;
	k->let_pass(object);
	while (pawl_load_(&freed, acquire) < round)
		sched_yield();
}

static void done_frees_it_while_who_opened_it_returns(void **state)
{
	(void)state;
	FOR_EACH_OP_GATE(k) {
		struct worker w;
		pawl_cq *cq;

		if (!k->stays)
			continue;
		assert_int_equal(pawl_cq_open(&cq), 0);
		freed = 0;
		worker_start(&w, dispatch_until_all_are_freed, cq);
		for (uint32_t round = 1; round <= 1000; round++)
			open_with_op(k, round % 3 ? cq : NULL, round);
		worker_join(&w);
		pawl_cq_close(cq);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_passed_frees_it_while_who_opened_it_returns),
		TEST(who_slept_and_passed_frees_it_while_who_opened_it_returns),
		TEST(done_frees_it_while_who_opened_it_returns),
	};

	return test_main(tests);
}
