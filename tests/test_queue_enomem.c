/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_queue_enomem.c - pawl/queue.h without memory.  This program has the library's allocator
 * (platform/memory.h) and makes it fail: a queue is not opened, threads that find no place in the
 * line poll, and ops are not started.
 *
 * Each case runs in a child, where no thread has a context yet.
 */
#include "config.h"

#include <errno.h>

#include <pawl/op.h>

#include "failing_memory.h"
#include "queue_user.h"

static void run_in_child(void (*fn)(void *arg))
{
	for (unsigned flags = 0; flags <= PAWL_QUEUE_FAST; flags += PAWL_QUEUE_FAST) {
		struct child c;

		child_run(&c, fn, &flags);
		child_assert_silent(&c);
	}
}

static void open_without_memory(void *flags)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = 3, .item_size = 8, .max_weight = 5,
		.flags = *(unsigned *)flags,
	};
	pawl_queue *q = NULL;
	int calls;

	for (calls = 0; calls < 10; calls++) {
		int rc;

		fail_calls_from(calls);
		rc = pawl_queue_open(&cfg, &q);
		must(rc == 0 || (rc == ENOMEM && !q));
		if (rc == 0)
			break;
	}
	must(calls > 0 && calls < 10);
	/* What need not wait needs no memory any more. */
	fail_calls_from(0);
	push_range(q, 0, 3);
	must(try_push(q, 3) == EAGAIN);
	pop_range(q, 0, 3);
	must(pawl_queue_push_weighed(q, &(uint64_t){ 7 }, 5, 0) == 0);
	must(pawl_queue_push_weighed(q, &(uint64_t){ 7 }, 1, 0) == ETIMEDOUT);
	pop_range(q, 7, 8);
	pawl_queue_close(q);
	pawl_queue_free(q);
}

static void open_returns_enomem_and_the_rest_needs_none(void **state)
{
	(void)state;
	run_in_child(open_without_memory);
}

/*** Those who wait poll ***********************************************************************/

enum { USERS = 4, EACH = 200 };

struct crowd {
	pawl_queue *queue;
	uint64_t sum;		/* atomic: of what was popped */
};

static void push_each(void *arg)
{
	struct crowd *c = arg;

	for (uint64_t i = 1; i <= EACH; i++)
		must(pawl_queue_push(c->queue, &i) == 0);
}

static void pop_each(void *arg)
{
	struct crowd *c = arg;
	uint64_t item;

	for (int i = 0; i < EACH; i++) {
		must(pawl_queue_pop(c->queue, &item) == 0);
		__atomic_add_fetch(&c->sum, item, __ATOMIC_RELAXED);
	}
}

/* With @memory calls of the allocator for all of it: some have a place in the line, some not. */
static void work_with(unsigned flags, int memory)
{
	struct crowd c = { .queue = queue_of(2, flags) };
	struct worker w[2 * USERS];

	fail_calls_from(memory);
	for (int i = 0; i < USERS; i++) {
		worker_start(&w[2 * i], push_each, &c);
		worker_start(&w[2 * i + 1], pop_each, &c);
	}
	for (int i = 0; i < 2 * USERS; i++)
		worker_join(&w[i]);
	must(c.sum == (uint64_t)USERS * EACH * (EACH + 1) / 2);
	must(pawl_queue_len(c.queue) == 0);
	fail_calls(NEVER, 0);
	pawl_queue_free(c.queue);
}

static void work_with_some_memory(void *flags)
{
	for (int memory = 0; memory < 10; memory += 3)
		work_with(*(unsigned *)flags, memory);
}

static void who_has_no_memory_pushes_and_pops_too(void **state)
{
	(void)state;
	run_in_child(work_with_some_memory);
}

static void give_up_without_memory(void *flags)
{
	pawl_queue *q = queue_of(1, *(unsigned *)flags);
	uint64_t item = 1;
	pawl_scope s;

	fail_calls_from(0);
	for (int full = 0; full < 2; full++) {
		pawl_time soon = pawl_after(PAWL_MS(3));

		must((full ? pawl_queue_push_until(q, &item, soon) :
		      pawl_queue_pop_until(q, &item, soon)) == ETIMEDOUT);
		must(pawl_now() >= soon);
		soon = pawl_after(PAWL_MS(3));
		pawl_scope_enter(&s, soon, NULL, 0);
		must((full ? pawl_queue_push(q, &item) : pawl_queue_pop(q, &item)) == ECANCELED);
		must(pawl_now() >= soon);
		must(pawl_scope_leave(&s, ECANCELED) == ETIMEDOUT);
		must(full || try_push(q, 5) == 0);
	}
	pop_range(q, 5, 6);
	pawl_queue_free(q);
}

static void deadlines_hold_for_who_has_no_memory(void **state)
{
	(void)state;
	run_in_child(give_up_without_memory);
}

struct ended {
	pawl_queue *queue;
	pawl_cancel *source;
	int result;
	bool pushes;
};

static void wait_in_scope(void *arg)
{
	struct ended *e = arg;
	uint64_t item = 9;
	pawl_scope s;

	pawl_scope_enter(&s, PAWL_FOREVER, e->source, 0);
	e->result = e->pushes ? pawl_queue_push(e->queue, &item) :
		pawl_queue_pop(e->queue, &item);
	must(pawl_scope_leave(&s, e->result) == e->result);
}

static void end_without_memory(unsigned flags, bool pushes, bool closes)
{
	struct ended e = { .queue = queue_of(1, flags), .pushes = pushes };
	struct worker w;

	fail_calls(NEVER, 0);
	e.source = open_source();
	push_range(e.queue, 0, pushes);
	fail_calls_from(0);
	worker_start(&w, wait_in_scope, &e);
	nap(PAWL_MS(2));
	if (closes)
		pawl_queue_close(e.queue);
	else
		pawl_cancel_fire(e.source, 1);
	worker_join(&w);
	must(e.result == (closes ? EPIPE : ECANCELED));
	pop_range(e.queue, 0, pushes);
	pawl_queue_free(e.queue);
	pawl_cancel_close(e.source);
	fail_calls(NEVER, 0);
}

static void end_each_without_memory(void *flags)
{
	for (int i = 0; i < 4; i++)
		end_without_memory(*(unsigned *)flags, i % 2, i / 2);
}

static void cancel_and_close_end_the_waits_of_who_has_no_memory(void **state)
{
	(void)state;
	run_in_child(end_each_without_memory);
}

/*** Ops ***************************************************************************************/

struct noted {
	pawl_op op;
	int rc, calls;
};

static void note_done(pawl_op *op, int rc)
{
	struct noted *n = pawl_op_user(op);

	n->rc = rc;
	n->calls++;
}

/* With ever more memory, until it can be started; then there is none. */
static void start_op(pawl_queue *q, bool pushes)
{
	struct noted n = { .rc = -1 };
	uint64_t item = 4;
	int calls, started;
	pawl_cq *cq;

	fail_calls(NEVER, 0);
	must(pawl_cq_open(&cq) == 0);
	pawl_op_init(&n.op, cq, note_done, &n);
	for (calls = 0;; calls++) {
		fail_calls_from(calls);
		started = pushes ? pawl_queue_push_op(q, &item, &n.op) :
			pawl_queue_pop_op(q, &item, &n.op);
		if (started != ENOMEM)
			break;
		must(calls < 10);
		must(pawl_op_cancel(&n.op) == EALREADY);
		must(pawl_cq_dispatch(cq, 0) == 0);
	}
	must(started == EINPROGRESS);
	fail_calls_from(0);
	if (pushes)
		pop_range(q, 3, 4);
	else
		push_range(q, 3, 4);
	must(pawl_cq_dispatch(cq, 0) == 1);
	must(n.rc == 0 && n.calls == 1);
	if (pushes)
		pop_range(q, 4, 5);
	else
		must(item == 3);
	pawl_cq_close(cq);
}

static void start_ops(void *flags)
{
	pawl_queue *q = queue_of(1, *(unsigned *)flags);

	start_op(q, false);
	push_range(q, 3, 4);
	start_op(q, true);
	pawl_queue_free(q);
}

static void start_first_op_without_memory(void *flags)
{
	pawl_queue *q = queue_of(1, *(unsigned *)flags);
	struct noted n = { .rc = -1 };
	uint64_t item = 4;

	pawl_op_init_inline(&n.op, note_done, &n);
	fail_calls_from(0);
	must(pawl_queue_pop_op(q, &item, &n.op) == ENOMEM);
	must(pawl_queue_push_op(q, &item, &n.op) == 0);
	must(pawl_queue_push_op(q, &item, &n.op) == ENOMEM);
	item = 5;
	must(pawl_queue_pop_op(q, &item, &n.op) == 0);
	must(item == 4 && n.calls == 0);
	pawl_queue_free(q);
}

static void an_op_is_not_started_or_ends_without_more(void **state)
{
	(void)state;
	run_in_child(start_ops);
	run_in_child(start_first_op_without_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_returns_enomem_and_the_rest_needs_none),
		TEST(who_has_no_memory_pushes_and_pops_too),
		TEST(deadlines_hold_for_who_has_no_memory),
		TEST(cancel_and_close_end_the_waits_of_who_has_no_memory),
		TEST(an_op_is_not_started_or_ends_without_more),
	};

	return test_main(tests);
}
