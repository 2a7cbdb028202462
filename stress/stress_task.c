/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_task.c - tasks, threads and ops at one mutex and one semaphore. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>

#include <pawl/mutex.h>
#include <pawl/op.h>
#include <pawl/sem.h>

#include "runtime/task.h"

#include "stress.h"

enum { TASKS = 6, OPS = 4, PERMITS = 2 };

static uint64_t plain;

static void spawn(void (*fn)(void *arg), void *arg)
{
	if (pawl_i_task_spawn(fn, arg) == 0)
		return;
	stress_fail("no memory for a task");
	exit(1);
}

static void run_tasks(void)
{
	if (pawl_i_tasks_run() != 0)
		stress_fail("somebody else runs the tasks");
}

/*** Broken: tasks of one thread need no lock, or do they ***************************************/

static void forgetful(void *arg)
{
	struct stress_worker *w = arg;

	for (unsigned i = 0; i < STRESS_ITERATIONS; i++) {
		uint64_t before = plain;

		pawl_i_task_yield();
		plain = before + 1;
		stress_done(w);
	}
}

static void forgetful_body(struct stress_worker *w)
{
	if (w->index != 0)
		return;
	for (unsigned i = 0; i < TASKS; i++)
		spawn(forgetful, w);
	run_tasks();
}

static void forgetful_broken(struct stress_team *t, struct stress_outcome *ret)
{
	plain = 0;
	stress_run(t, forgetful_body);
	ret->of = TASKS * STRESS_ITERATIONS;
	ret->bad = ret->of - plain;
	ret->least = (TASKS - 1) * STRESS_ITERATIONS;
}

/*** Right: each kind waits in the same queues *************************************************/

static pawl_mutex lock = PAWL_MUTEX_FAIR_INIT;
static pawl_sem sem;
static _Atomic int inside;
static _Atomic uint64_t sections, timeouts, op_waits;
static uint64_t task_waits;		/* during which another task ran, at least */
static const void *last_task;		/* that ran; of their thread */

static pawl_time some_deadline(struct stress_worker *w)
{
	return stress_random(w, 10) < 3 ? pawl_after(PAWL_US(stress_random(w, 300))) : PAWL_FOREVER;
}

static void count(_Atomic uint64_t *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

/* What each kind does while it has something: let others run, if it can. */
static void section(void (*pause)(struct stress_worker *w), struct stress_worker *w)
{
	uint64_t before = plain;

	if (pause)
		pause(w);
	plain = before + 1;
	count(&sections);
}

static void with_permit(void (*pause)(struct stress_worker *w), struct stress_worker *w)
{
	int n = atomic_fetch_add_explicit(&inside, 1, memory_order_relaxed) + 1;

	if (n > PERMITS)
		stress_fail("%d have a permit", n);
	if (pause)
		pause(w);
	atomic_fetch_sub_explicit(&inside, 1, memory_order_relaxed);
}

static bool has(int rc)
{
	if (rc != 0 && rc != ETIMEDOUT)
		stress_fail("a wait ended with %d", rc);
	if (rc == ETIMEDOUT)
		count(&timeouts);
	return rc == 0;
}

/* Of the mutex. */
static void hold(struct stress_worker *w)
{
	stress_hold(w, &lock);
	stress_await(w);
}

static void round_of(void (*pause)(struct stress_worker *w), struct stress_worker *w)
{
	if (stress_random(w, 2) == 0) {
		if (has(pawl_mutex_lock_until(&lock, some_deadline(w)))) {
			section(pause, w);
			pawl_mutex_unlock(&lock);
		}
	} else if (has(pawl_sem_acquire_until(&sem, some_deadline(w)))) {
		with_permit(pause == hold ? stress_await : pause, w);
		pawl_sem_release(&sem, 1);
	}
	stress_done(w);
}

static void yield(struct stress_worker *w)
{
	(void)w;
	pawl_i_task_yield();
}

static void task(void *arg)
{
	struct stress_worker *w = arg;

	while (stress_again(w)) {
		last_task = &w;
		round_of(stress_random(w, STRESS_EVERY) == 0 ? yield : NULL, w);
		task_waits += last_task != &w;
		if (stress_random(w, STRESS_EVERY) == 0)
			pawl_i_task_yield();
	}
}

struct loop {
	struct stress_worker *worker;
	pawl_op op[OPS];
	bool under_way[OPS];
};

static void loop_done(pawl_op *op, int rc)
{
	struct loop *l = pawl_op_user(op);
	size_t i = (size_t)(op - l->op);

	l->under_way[i] = false;
	if (rc == ECANCELED || !has(rc))	/* by close */
		return;
	if (i % 2 == 0) {
		section(NULL, l->worker);
		pawl_mutex_unlock(&lock);
	} else {
		with_permit(NULL, l->worker);
		pawl_sem_release(&sem, 1);
	}
	stress_done(l->worker);
}

static void loop_start(struct loop *l, unsigned i)
{
	int rc;

	pawl_op_deadline(&l->op[i], some_deadline(l->worker));
	l->under_way[i] = true;
	rc = i % 2 == 0 ? pawl_mutex_lock_op(&lock, &l->op[i]) :
		pawl_sem_acquire_op(&sem, &l->op[i]);
	if (rc == 0)
		loop_done(&l->op[i], 0);
	else if (rc == EINPROGRESS)
		count(&op_waits);
	else
		stress_fail("an op was refused with %d", rc);
}

static void loop_body(struct stress_worker *w)
{
	struct loop l = { .worker = w };
	struct pollfd p = { .events = POLLIN };
	pawl_cq *cq;

	if (pawl_cq_open(&cq) != 0) {
		stress_fail("pawl_cq_open failed");
		return;
	}
	p.fd = pawl_cq_fd(cq);
	for (unsigned i = 0; i < OPS; i++)
		pawl_op_init(&l.op[i], cq, loop_done, &l);
	while (stress_again(w)) {
		for (unsigned i = 0; i < OPS; i++)
			if (!l.under_way[i])
				loop_start(&l, i);
		if (poll(&p, 1, 1) == 1)
			(void)pawl_cq_dispatch(cq, 0);
	}
	pawl_cq_close(cq);
}

static void mixed_body(struct stress_worker *w)
{
	switch (w->index) {
	case 2:
		for (unsigned i = 0; i < TASKS; i++)
			spawn(task, w);
		run_tasks();
		break;
	case 3:
		loop_body(w);
		break;
	default:
		while (stress_again(w))
			round_of(w->index == 0 ? hold : stress_await, w);
		break;
	}
}

static void judge(const struct stress_team *t)
{
	if (plain != atomic_load(&sections))
		stress_fail("%" PRIu64 " sections changed the data, which says %" PRIu64,
			atomic_load(&sections), plain);
	if (pawl_mutex_trylock(&lock) != 0)
		stress_fail("the mutex is not free in the end");
	if (pawl_sem_value(&sem) != PERMITS)
		stress_fail("there are %" PRId64 " permits in the end", pawl_sem_value(&sem));
	if (t->size > 2 && task_waits == 0)
		stress_fail("no task waited");
	if (t->size > 3 && atomic_load(&op_waits) == 0)
		stress_fail("no op waited");
}

static void mixed_right(struct stress_team *t)
{
	plain = 0;
	if (pawl_sem_init(&sem, PERMITS, 0) != 0)
		stress_fail("pawl_sem_init failed");
	stress_name(&lock, "the mutex");
	stress_name(&sem, "the semaphore");
	stress_run(t, mixed_body);
	stress_note("task waits", task_waits);
	stress_note("op waits", atomic_load(&op_waits));
	stress_note("timed out", atomic_load(&timeouts));
	judge(t);
}

const struct stress_case stress_task_cases[] = {
	{
		.name = "task.mixed",
		.about = "tasks, threads and an event loop at a mutex and a semaphore",
		.bad = "updates lost",
		.right = "pawl_mutex_lock over the wait",
		.run_broken = forgetful_broken,
		.run_right = mixed_right,
	},
	{ .name = NULL },
};
