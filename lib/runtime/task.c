/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * task.c - see task.h.
 *
 *	free node --spawn, TK13--> alive: marked, running, or suspended --return, TK15--> free node
 *
 * A task that is alive and marked (marks.h) will be run; that is all the state there is.  It is
 * suspended when it is not marked, and has left its stack; nobody needs to know.
 *
 * I1  tasks run on the thread of pawl_i_tasks_run(), which takes marks between two of them only.
 *     So nobody runs a task that has not left its stack yet, however early it is woken.
 * I2  no lost wake: a mark is taken before the task runs, and it looks then whether it has to wait
 *     still.  What is marked after it was taken is run once more.
 * I3  whoever wakes touches what is never unmapped: the context, the node, the worker.  A mark that
 *     comes when the task has ended finds a node that is not alive, or another task, which looks
 *     once more.
 *
 * The worker sleeps when nothing is marked:  w[sleeping] TK9, r[top] TK7 here against w[top] TK3,
 * r[sleeping] TK8 in who wakes; all seq_cst: the worker sees the mark, or who wakes that it has to
 * ring.  And rung is to it what park is to a thread (wait/park.c): if TK10 comes after TK11 in its
 * order, TK7 sees the mark; if before, the futex does not sleep.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>

#include <pawl/atomic.h>

#include "platform/clock.h"
#include "platform/fatal.h"
#include "platform/fork.h"
#include "platform/futex.h"
#include "platform/hb.h"
#include "platform/tls.h"
#include "reclaim/nodes.h"
#include "reclaim/smr.h"
#include "runtime/alarms.h"
#include "runtime/flow.h"
#include "runtime/marks.h"
#include "runtime/task.h"
#include "wait/context.h"

struct task {
	_Alignas(CACHE_LINE) struct node node;
	uint32_t handle;	/* constant, as soon as there is a context */
	uint32_t alive;
	bool over;		/* it has returned */
	struct context *context;	/* constant; NULL at first */
	struct flow flow;
	struct alarm alarm;	/* while it is suspended */
	struct tls tls;		/* while it is left; while it runs, the worker's */
	uint64_t self;		/* the same: pawl_self_; the node's for ever */
	void (*fn)(void *arg);
	void *arg;
};

/* The end is here, as a handle that was got and is not wanted would come up again and again. */
static struct nodes tasks = { .size = sizeof(struct task), .end = MARKS_MAX };
_Static_assert((int)MARKS_MAX <= (int)PRESENT_MAX, "tasks at once");

static struct {
	struct marks marks;
	uint32_t sleeping;	/* it does, or is about to */
	uint32_t rung;		/* futex: 1 = look again */
	uint32_t running;
	uint32_t alive;		/* tasks */
	const void *home;	/* its thread, by the address of the thread-locals; NULL: none */
	struct flow flow;	/* of that thread */
	struct alarms alarms;
} worker;

static struct task *task_at(uint32_t handle)
{
	return nodes_at(&tasks, handle, sizeof(struct task));
}

/*** What a task's context can do (wait/context.h) **********************************************/

/* For the worker, too: then it does not sleep. */
static void mark(uint32_t handle)
{
	pawl_i_marks_add(&worker.marks, handle);
	/* TK8 seq_cst: pairs with TK9.  See the head. */
	if (!pawl_load_(&worker.sleeping, seq_cst))
		return;
	/* TK11 acq_rel: pairs with TK10.  The mark; a read-modify-write, as X8 is. */
	(void)pawl_xchg_(&worker.rung, 1, acq_rel);
	pawl_i_futex_wake(&worker.rung);
}

static void suspend(struct context *c, int64_t until)
{
	struct task *t = c->flow;
	int saved = errno;

	if (pawl_i_smr_is_inside())
		pawl_i_fatal("a task waits where it may not: inside a section of a cache, such as "
			     "the callback of pawl_cache_with()", "task", pawl_self_ >> 32);
	if (until != INT64_MAX)
		pawl_i_alarms_set(&worker.alarms, &t->alarm, until);
	pawl_i_flow_switch(&t->flow, &worker.flow);
	errno = saved;
}

static void resume(struct context *c)
{
	const struct task *t = c->flow;

	mark(t->handle);
}

static const struct flow_table flows = { suspend, resume };

bool pawl_i_task_is_one(void)
{
	return pawl_i_tls.context && pawl_i_tls.context->flows == &flows;
}

void pawl_i_task_yield(void)
{
	struct context *c = pawl_i_tls.context;

	if (!pawl_i_task_is_one())
		return;
	resume(c);
	suspend(c, INT64_MAX);
}

/*** From spawn to end *************************************************************************/

static struct flow *live(void *arg)
{
	struct task *t = arg;

	hb_acquire(t);
	pawl_i_context_begin(t->context);
	t->fn(t->arg);
	if (pawl_i_tls.scope)
		pawl_i_misuse("a task", "scope", pawl_i_tls.scope,
			      "was not left before it ended", 0);
	pawl_i_context_end(t->context);
	t->over = true;
	return &worker.flow;
}

/* Return: whether the task at @handle has a context; made if need be. */
static bool has_context(struct task *t, uint32_t handle)
{
	if (t->context)
		return true;
	t->handle = handle;
	t->context = pawl_i_context_make(&flows, t);
	return t->context != NULL;
}

int pawl_i_task_spawn(void (*fn)(void *arg), void *arg)
{
	uint32_t handle = pawl_i_nodes_get(&tasks);
	struct task *t;

	if (handle == 0)
		return ENOMEM;
	t = task_at(handle);
	if (!has_context(t, handle) || pawl_i_flow_make(&t->flow, live, t) != 0) {
		pawl_i_nodes_put(&tasks, handle);
		return ENOMEM;
	}
	t->over = false;
	t->tls = (struct tls){ 0 };
	t->fn = fn;
	t->arg = arg;
	hb_release(t);
	/* TK12 relaxed: counts only; before the task can end. */
	(void)pawl_fetch_add_(&worker.alive, 1, relaxed);
	/* TK13 release: pairs with TK14.  The task; a late mark may run it before ours. */
	pawl_store_(&t->alive, 1, release);
	mark(handle);
	return 0;
}

static void bury(struct task *t)
{
	/* TK15 relaxed: who gets the node next is ordered by that; late marks are the worker's. */
	pawl_store_(&t->alive, 0, relaxed);
	pawl_i_flow_free(&t->flow);
	pawl_i_nodes_put(&tasks, t->handle);
	/* TK16 relaxed: counts only. */
	(void)pawl_fetch_sub_(&worker.alive, 1, relaxed);
}

/*** The worker ********************************************************************************/

/* Go over from what the thread has of its own to what the task has, or back. */
static void swap_locals(struct task *t)
{
	struct tls tls = t->tls;
	uint64_t self = t->self;

	tls.smr = pawl_i_tls.smr;
	t->tls = pawl_i_tls;
	t->self = pawl_self_;
	pawl_i_tls = tls;
	pawl_self_ = self;
}

static void run_task(uint32_t handle)
{
	struct task *t = task_at(handle);

	/* TK14 acquire: pairs with TK13.  The task as it was spawned. */
	if (!pawl_load_(&t->alive, acquire))
		return;
	pawl_i_alarms_clear(&worker.alarms, &t->alarm);
	swap_locals(t);
	pawl_i_flow_switch(&worker.flow, &t->flow);
	swap_locals(t);
	if (t->over)
		bury(t);
}

static void wake_late(void)
{
	struct alarms *all = &worker.alarms;
	int64_t now = all->count > 0 ? pawl_i_clock_real() : 0;

	while (all->count > 0 && alarms_next(all) <= now) {
		struct alarm *a = all->heap[1];

		pawl_i_alarms_clear(all, a);
		mark(((struct task *)(void *)((char *)a - offsetof(struct task, alarm)))->handle);
	}
}

static void sleep_until_marked(void)
{
	/* TK9 seq_cst: pairs with TK8.  See the head. */
	pawl_store_(&worker.sleeping, 1, seq_cst);
	/* TK10 acquire: pairs with TK11.  The same. */
	(void)pawl_xchg_(&worker.rung, 0, acquire);
	if (!pawl_i_marks_any(&worker.marks))
		pawl_i_futex_wait(&worker.rung, 0, alarms_next(&worker.alarms));
	/* TK18 relaxed: who still reads 1 wakes nobody. */
	pawl_store_(&worker.sleeping, 0, relaxed);
}

static bool has_tasks(void)
{
	/* TK19 relaxed: only the worker makes it less. */
	return pawl_load_(&worker.alive, relaxed) != 0;
}

static void settle(const void *home)
{
	/* TK17 relaxed: for the child of a fork. */
	pawl_store_(&worker.home, home, relaxed);
	worker.alarms.count = 0;
}

int pawl_i_tasks_run(void)
{
	uint32_t no = 0;
	int saved = errno;

	/* TK20 acquire: pairs with TK21.  What belongs to the worker. */
	if (!pawl_cas_(&worker.running, &no, 1, acquire, relaxed))
		return EBUSY;
	settle(&pawl_i_tls);
	pawl_i_flow_here(&worker.flow);
	while (has_tasks()) {
		pawl_i_marks_take(&worker.marks, run_task);
		wake_late();
		if (has_tasks() && !pawl_i_marks_any(&worker.marks))
			sleep_until_marked();
	}
	settle(NULL);
	/* TK21 release: pairs with TK20. */
	pawl_store_(&worker.running, 0, release);
	errno = saved;
	return 0;
}

/* In the child of a fork that has the tasks: who was about to spawn one, or to mark it, is gone. */
static void keep_tasks(void)
{
	uint32_t alive = 0;

	for (uint32_t handle = 1; handle <= pawl_i_nodes_made(&tasks); handle++) {
		/* TK28 relaxed: there is one thread. */
		if (!pawl_load_(&task_at(handle)->alive, relaxed))
			continue;
		alive++;
		mark(handle);
	}
	/* TK29 relaxed: the same. */
	pawl_store_(&worker.alive, alive, relaxed);
}

/* In the child of a fork: if the worker's thread is not there, nor are the tasks. */
static void forget_tasks(void)
{
	/* TK22 relaxed: there is one thread. */
	const void *home = pawl_load_(&worker.home, relaxed);

	if (!home)
		/* TK30 relaxed: the same; somebody may have been about to run them. */
		pawl_store_(&worker.running, 0, relaxed);
	if (!home || home == &pawl_i_tls) {
		keep_tasks();
		return;
	}
	for (uint32_t handle = 1; handle <= pawl_i_nodes_made(&tasks); handle++)
		/* TK26 relaxed: the same. */
		pawl_store_(&task_at(handle)->alive, 0, relaxed);
	/* TK27 relaxed: the same. */
	pawl_store_(&worker.home, NULL, relaxed);
	/* TK23 relaxed: the same. */
	pawl_store_(&worker.alive, 0, relaxed);
	/* TK24 relaxed: the same. */
	pawl_store_(&worker.sleeping, 0, relaxed);
	/* TK25 relaxed: the same. */
	pawl_store_(&worker.running, 0, relaxed);
}

__attribute__((__constructor__)) static void watch_forks(void)
{
	pawl_i_fork_child(forget_tasks);
}
