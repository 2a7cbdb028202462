/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_gate_enomem.c - event, notify, latch, future and barrier without memory.  This program has
 * the library's allocator (platform/memory.h) and makes it fail: threads that find no place in the
 * queue poll, and ops are not started.
 *
 * Each case runs in a child, where no thread has a context yet.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/atomic.h>

#include "failing_memory.h"
#include "gate_kinds.h"

static void run_in_child(void (*fn)(void *arg))
{
	struct child c;

	child_run(&c, fn, NULL);
	child_assert_silent(&c);
}

static void start(struct gate_waiter *w, const struct gate_kind *k, void *object)
{
	*w = (struct gate_waiter)GATE_WAITER(k, object);
	gate_waiter_start(w);
}

/* When the one before was taken. */
static void notify_one_more(pawl_notify *n)
{
	while (pawl_load_(&n->word_, relaxed) & 1)
		nap(PAWL_US(100));
	pawl_notify_one(n);
}

/* Nobody can be seen asleep: so it may be before some of them have come. */
static void let_pass(const struct gate_kind *k, void *object, int waiters)
{
	if (k == &gate_kinds[GATE_BARRIER])
		must(pawl_barrier_wait_until(object, PAWL_FOREVER) <= 0);
	else if (k != &gate_kinds[GATE_NOTIFY])
		k->let_pass(object);
	for (int i = 0; k == &gate_kinds[GATE_NOTIFY] && i < waiters; i++)
		notify_one_more(object);
}

/* With @memory calls of the allocator for all of it. */
static void pass_all(const struct gate_kind *k, int memory)
{
	enum { WAITERS = 6 };
	void *object = gate_new(k, WAITERS);
	struct gate_waiter w[WAITERS];

	fail_calls_from(memory);
	for (int i = 0; i < WAITERS; i++)
		start(&w[i], k, object);
	nap(PAWL_MS(2));
	gate_written++;
	let_pass(k, object, WAITERS);
	for (int i = 0; i < WAITERS; i++) {
		int rc = gate_waiter_join(&w[i]);

		must(rc == 0 || (rc == PAWL_BARRIER_SERIAL && k == &gate_kinds[GATE_BARRIER]));
		must(rc != 0 || w[i].seen == gate_written);
	}
	gate_end(k, object);
}

static void pass_all_with_some_memory(void *arg)
{
	(void)arg;
	for (int memory = 0; memory < 10; memory++)
		FOR_EACH_GATE(k)
			pass_all(k, memory);
}

static void who_has_no_memory_passes_too(void **state)
{
	(void)state;
	run_in_child(pass_all_with_some_memory);
}

struct poller {
	const struct gate_kind *kind;
	void *object;
	uint32_t passed;	/* atomic */
};

/* Who polls may look only when it is over; as often as it takes till it has come at all. */
static void wait_polling(void *arg)
{
	struct poller *p = arg;

	must(p->kind->wait(p->object, PAWL_FOREVER) == 0);
	pawl_store_(&p->passed, 1, release);
}

static void pulse_until_it_passes(const struct gate_kind *k)
{
	struct poller p = { .kind = k, .object = gate_new(k, 1) };
	struct worker w;

	fail_calls_from(0);
	worker_start(&w, wait_polling, &p);
	while (!pawl_load_(&p.passed, acquire)) {
		nap(PAWL_MS(1));
		k->let_pass(p.object);
		if (k == &gate_kinds[GATE_EVENT])
			pawl_event_clear(p.object);
	}
	worker_join(&w);
	gate_end(k, p.object);
}

static void pulse_without_memory(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++) {
		pulse_until_it_passes(&gate_kinds[GATE_EVENT]);
		pulse_until_it_passes(&gate_kinds[GATE_NOTIFY]);
	}
}

static void who_has_no_memory_does_not_miss_a_pulse(void **state)
{
	(void)state;
	run_in_child(pulse_without_memory);
}

static void give_up_without_memory(void *arg)
{
	(void)arg;
	fail_calls_from(0);
	FOR_EACH_GATE(k) {
		void *object = gate_new(k, 1);
		pawl_time soon = pawl_after(PAWL_MS(3));
		pawl_scope s;

		must(k->wait(object, soon) == ETIMEDOUT);
		must(pawl_now() >= soon);
		k->shut(object, 1);		/* a barrier is broken */
		soon = pawl_after(PAWL_MS(3));
		pawl_scope_enter(&s, soon, NULL, 0);
		must(k->wait(object, PAWL_FOREVER) == ECANCELED);
		must(pawl_now() >= soon);
		must(pawl_scope_leave(&s, ECANCELED) == ETIMEDOUT);
		gate_end(k, object);
	}
}

static void deadlines_hold_for_who_has_no_memory(void **state)
{
	(void)state;
	run_in_child(give_up_without_memory);
}

static void cancel_without_memory(void *arg)
{
	(void)arg;
	FOR_EACH_GATE(k) {
		void *object = gate_new(k, 1);
		struct gate_waiter w = GATE_WAITER(k, object);

		fail_calls(NEVER, 0);
		w.source = gate_source();
		w.scoped = true;
		fail_calls_from(0);
		gate_waiter_start(&w);
		nap(PAWL_MS(2));
		pawl_cancel_fire(w.source, 1);
		must(gate_waiter_join(&w) == ECANCELED);
		pawl_cancel_close(w.source);
		gate_end(k, object);
	}
}

static void cancels_end_the_waits_of_who_has_no_memory(void **state)
{
	(void)state;
	run_in_child(cancel_without_memory);
}

/* What notify_one keeps is taken by who polls, and by one only. */
static void notify_without_memory(void *arg)
{
	pawl_notify *n = gate_new(&gate_kinds[GATE_NOTIFY], 0);
	struct gate_waiter w[2];

	(void)arg;
	fail_calls_from(0);
	for (int i = 0; i < 2; i++)
		start(&w[i], &gate_kinds[GATE_NOTIFY], n);
	for (int i = 0; i < 2; i++)
		notify_one_more(n);
	for (int i = 0; i < 2; i++)
		must(gate_waiter_join(&w[i]) == 0);
	must(pawl_notify_wait_until(n, 0) == ETIMEDOUT);
	gate_end(&gate_kinds[GATE_NOTIFY], n);
}

static void who_has_no_memory_takes_what_was_kept(void **state)
{
	(void)state;
	run_in_child(notify_without_memory);
}

/* With ever more memory, until it can be started; then there is none. */
static void start_op(const struct gate_kind *k, pawl_cq *cq)
{
	void *object = gate_new(k, 0);
	int calls, started;
	struct gate_op o;

	gate_op_init(&o, cq);
	for (calls = 0;; calls++) {
		fail_calls_from(calls);
		started = k->wait_op(object, &o.op);
		if (started != ENOMEM)
			break;
		must(calls < 10);
		must(pawl_op_cancel(&o.op) == EALREADY);
		must(pawl_cq_dispatch(cq, 0) == 0);
		must(gate_is_idle(k, object));
	}
	must(started == EINPROGRESS);
	fail_calls_from(0);
	k->let_pass(object);
	must(pawl_cq_dispatch(cq, 0) == 1);
	must(o.rc == 0 && o.calls == 1);
	gate_end(k, object);
}

static void start_ops(void *arg)
{
	const struct gate_kind *k = arg;
	pawl_cq *cq;

	must(pawl_cq_open(&cq) == 0);
	start_op(k, cq);
	pawl_cq_close(cq);
}

/* At first an op cannot be started; then an open object needs no memory. */
static void start_op_without_memory(void *arg)
{
	const struct gate_kind *k = arg;
	void *object = gate_new(k, 0);
	struct gate_op o;

	gate_op_init(&o, NULL);
	fail_calls_from(0);
	must(k->wait_op(object, &o.op) == ENOMEM);
	k->let_pass(object);
	if (k->stays)
		must(k->wait_op(object, &o.op) == 0);
	must(o.calls == 0);
	gate_end(k, object);
}

static void an_op_is_not_started_or_ends_without_more(void **state)
{
	(void)state;
	FOR_EACH_OP_GATE(k) {
		struct child c;

		child_run(&c, start_ops, (void *)(uintptr_t)k);
		child_assert_silent(&c);
		child_run(&c, start_op_without_memory, (void *)(uintptr_t)k);
		child_assert_silent(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_has_no_memory_passes_too),
		TEST(who_has_no_memory_does_not_miss_a_pulse),
		TEST(deadlines_hold_for_who_has_no_memory),
		TEST(cancels_end_the_waits_of_who_has_no_memory),
		TEST(who_has_no_memory_takes_what_was_kept),
		TEST(an_op_is_not_started_or_ends_without_more),
	};

	return test_main(tests);
}
