/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_gate_waits.c - threads that wait at an event, a notify, a latch, a future or a barrier: one
 * step lets pass all, and deadlines and cancels end a wait before it.  Ops: test_gate_ops.c.
 */
#include "config.h"

#include <errno.h>

#include "gate_kinds.h"

/*** All pass **********************************************************************************/

static void one_step_lets_pass_all_who_wait(void **state)
{
	enum { MANY = 100 };
	static struct gate_waiter w[MANY];

	(void)state;
	FOR_EACH_GATE(k) {
		void *object = gate_new(k, MANY);

		note("%s", k->name);
		for (int i = 0; i < MANY; i++) {
			w[i] = (struct gate_waiter)GATE_WAITER(k, object);
			gate_waiter_park(&w[i]);
		}
		assert_true(gate_is_waited_for(k, object));
		assert_int_equal(gate_is_idle(k, object), k->waits != 0);
		gate_written++;
		k->let_pass(object);
		for (int i = 0; i < MANY; i++)
			gate_waiter_assert_passes(&w[i], gate_written);
		gate_end(k, object);
	}
}

static void who_comes_later_passes_if_it_stays_open(void **state)
{
	const pawl_time deadlines[] = { INT64_MIN, -1, 0, pawl_now(), pawl_after(PAWL_MS(2)) };

	(void)state;
	FOR_EACH_OP_GATE(k) {
		void *object = gate_new(k, 0);

		note("%s", k->name);
		k->let_pass(object);
		for (size_t i = 0; i < COUNT_OF(deadlines); i++)
			assert_int_equal(k->wait(object, deadlines[i]), k->stays ? 0 : ETIMEDOUT);
		if (k->stays)
			assert_int_equal(k->wait(object, PAWL_FOREVER), 0);
		gate_end(k, object);
	}
}

static void signals_do_not_end_a_wait(void **state)
{
	(void)state;
	FOR_EACH_GATE(k) {
		void *object = gate_new(k, 1);
		struct gate_waiter w = GATE_WAITER(k, object);

		gate_waiter_park(&w);
		for (int i = 0; i < 3; i++) {
			worker_freeze(&w.worker);
			worker_thaw(&w.worker);
			worker_await_wait(&w.worker, k->name, object);
		}
		k->let_pass(object);
		gate_waiter_assert_passes(&w, gate_written);
		gate_end(k, object);
	}
}

/* More objects than there are segments at first. */
static void waiters_of_many_objects_do_not_mix_up(void **state)
{
	enum { OBJECTS = 100 };
	static struct gate_waiter w[OBJECTS];

	(void)state;
	for (int i = 0; i < OBJECTS; i++) {
		const struct gate_kind *k = &gate_kinds[i % GATE_KINDS];

		w[i] = (struct gate_waiter)GATE_WAITER(k, gate_new(k, 1));
		gate_waiter_park(&w[i]);
	}
	for (int i = 0; i < OBJECTS; i++) {
		struct gate_waiter *which = &w[i * 37 % OBJECTS];

		which->kind->let_pass(which->object);
		gate_waiter_assert_passes(which, gate_written);
		gate_end(which->kind, which->object);
	}
}

/*** Deadlines *********************************************************************************/

static void at_a_shut_one_a_wait_times_out(void **state)
{
	(void)state;
	FOR_EACH_OP_GATE(k) {
		const pawl_time deadlines[] = { INT64_MIN, -1, 0, pawl_now(),
			pawl_after(PAWL_MS(3)) };
		void *object = gate_new(k, 0);

		note("%s", k->name);
		for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
			assert_int_equal(k->wait(object, deadlines[i]), ETIMEDOUT);
			assert_true(pawl_now() >= deadlines[i]);
			assert_true(gate_is_idle(k, object));
		}
		gate_end(k, object);
	}
}

static void a_deadline_that_passes_ends_one_wait_and_no_other(void **state)
{
	(void)state;
	FOR_EACH_OP_GATE(k) {
		void *object = gate_new(k, 0);
		struct gate_waiter w[] = { GATE_WAITER(k, object), GATE_WAITER(k, object),
			GATE_WAITER(k, object) };

		note("%s", k->name);
		w[1].deadline = pawl_after(PAWL_MS(30));
		gate_waiter_park(&w[0]);
		gate_waiter_start(&w[1]);
		gate_waiter_park(&w[2]);
		assert_int_equal(gate_waiter_join(&w[1]), ETIMEDOUT);
		assert_true(pawl_now() >= w[1].deadline);
		worker_await_wait(&w[0].worker, k->name, object);
		worker_await_wait(&w[2].worker, k->name, object);
		k->let_pass(object);
		gate_waiter_assert_passes(&w[0], gate_written);
		gate_waiter_assert_passes(&w[2], gate_written);
		gate_end(k, object);
	}
}

/* It is stopped in its sleep; both have come when it goes on. */
static void check_deadline_and_pass(const struct gate_kind *k)
{
	void *object = gate_new(k, 1);
	struct gate_waiter w = GATE_WAITER(k, object);

	must(pawl_clock_set_virtual(PAWL_S(1)) == 0);
	w.deadline = PAWL_S(5);
	gate_waiter_park(&w);
	must(pawl_clock_advance(PAWL_S(4) - 1) == 0);
	worker_await_wait(&w.worker, k->name, object);
	worker_freeze(&w.worker);
	k->let_pass(object);
	must(pawl_clock_advance(PAWL_S(1)) == 0);
	worker_thaw(&w.worker);
	must(gate_waiter_join(&w) == 0);
	gate_end(k, object);
}

static void pass_and_reach_deadline(void *arg)
{
	check_deadline_and_pass(arg);
}

/* In a child, as there is no way back from the virtual clock. */
static void who_was_let_pass_before_the_deadline_passes(void **state)
{
	(void)state;
	FOR_EACH_GATE(k) {
		struct child c;

		note("%s", k->name);
		child_run(&c, pass_and_reach_deadline, (void *)(uintptr_t)k);
		child_assert_silent(&c);
	}
}

/*** Scopes ************************************************************************************/

static void a_cancel_ends_one_wait_and_no_other(void **state)
{
	(void)state;
	FOR_EACH_OP_GATE(k) {
		pawl_cancel *source = gate_source();
		void *object = gate_new(k, 0);
		struct gate_waiter w[] = { GATE_WAITER(k, object), GATE_WAITER(k, object) };

		note("%s", k->name);
		w[0].scoped = true;
		w[0].source = source;
		gate_waiter_park(&w[0]);
		gate_waiter_park(&w[1]);
		pawl_cancel_fire(source, 1);
		assert_int_equal(gate_waiter_join(&w[0]), ECANCELED);
		assert_int_equal(w[0].left, ECANCELED);
		worker_await_wait(&w[1].worker, k->name, object);
		k->let_pass(object);
		gate_waiter_assert_passes(&w[1], gate_written);
		pawl_cancel_close(source);
		gate_end(k, object);
	}
}

static void the_deadline_of_a_scope_ends_a_wait_and_leave_says_so(void **state)
{
	(void)state;
	FOR_EACH_OP_GATE(k) {
		void *object = gate_new(k, 0);
		struct gate_waiter w = GATE_WAITER(k, object);

		w.scoped = true;
		w.scope_deadline = pawl_after(PAWL_MS(4));
		gate_waiter_start(&w);
		assert_int_equal(gate_waiter_join(&w), ECANCELED);
		assert_true(pawl_now() >= w.scope_deadline);
		assert_int_equal(w.check, ECANCELED);
		assert_int_equal(w.left, ETIMEDOUT);
		gate_end(k, object);
	}
}

static void a_call_s_own_deadline_is_its_own_affair(void **state)
{
	(void)state;
	FOR_EACH_OP_GATE(k) {
		void *object = gate_new(k, 0);
		struct gate_waiter w = GATE_WAITER(k, object);

		w.scoped = true;
		w.source = gate_source();
		w.deadline = pawl_after(PAWL_MS(2));
		gate_waiter_start(&w);
		assert_int_equal(gate_waiter_join(&w), ETIMEDOUT);
		assert_int_equal(w.check, 0);
		assert_int_equal(w.left, ETIMEDOUT);
		pawl_cancel_close(w.source);
		gate_end(k, object);
	}
}

static void in_a_canceled_scope_one_passes_what_is_open_and_waits_for_nothing(void **state)
{
	(void)state;
	FOR_EACH_OP_GATE(k) {
		pawl_cancel *source = gate_source();
		void *object = gate_new(k, 0);
		pawl_scope s;

		note("%s", k->name);
		pawl_cancel_fire(source, 1);
		pawl_scope_enter(&s, PAWL_FOREVER, source, 0);
		assert_int_equal(k->wait(object, PAWL_FOREVER), ECANCELED);
		assert_int_equal(k->wait(object, 0), ECANCELED);	/* both */
		assert_true(gate_is_idle(k, object));
		k->let_pass(object);
		assert_int_equal(k->wait(object, PAWL_FOREVER), k->stays ? 0 : ECANCELED);
		assert_int_equal(pawl_scope_leave(&s, 0), 0);
		pawl_cancel_close(source);
		gate_end(k, object);
	}
}

static void who_was_let_pass_passes_though_a_cancel_came_too(void **state)
{
	(void)state;
	for (int cancel_first = 0; cancel_first < 2; cancel_first++)
		FOR_EACH_GATE(k) {
			void *object = gate_new(k, 1);
			struct gate_waiter w = GATE_WAITER(k, object);

			w.scoped = true;
			w.source = gate_source();
			gate_waiter_park(&w);
			worker_freeze(&w.worker);
			if (cancel_first)
				pawl_cancel_fire(w.source, 1);
			k->let_pass(object);
			pawl_cancel_fire(w.source, 1);
			worker_thaw(&w.worker);
			gate_waiter_assert_passes(&w, gate_written);
			assert_int_equal(w.check, ECANCELED);	/* it stays for the next one */
			pawl_cancel_close(w.source);
			gate_end(k, object);
		}
}

/*** Both at once ******************************************************************************/

/* Rounds in which the deadlines of some pass about when the gate opens. */
static void whoever_is_late_all_of_them_return(void **state)
{
	enum { WAITERS = 4 };

	(void)state;
	FOR_EACH_OP_GATE(k) {
		int late = 0, passed = 0;

		for (int round = 0; round < ROUNDS(500); round++) {
			void *object = gate_new(k, 0);
			struct gate_waiter w[WAITERS];
			pawl_time when = pawl_after(PAWL_US(200));

			for (int i = 0; i < WAITERS; i++) {
				w[i] = (struct gate_waiter)GATE_WAITER(k, object);
				w[i].deadline = when + PAWL_US((round % 8 - 4) * 20 + i * 10);
				gate_waiter_start(&w[i]);
			}
			while (pawl_now() < when)
				;
			gate_written++;
			k->let_pass(object);
			for (int i = 0; i < WAITERS; i++) {
				int rc = gate_waiter_join(&w[i]);

				assert_true(rc == 0 || rc == ETIMEDOUT);
				late += rc == ETIMEDOUT;
				passed += rc == 0;
				if (rc == 0)
					assert_int_equal(w[i].seen, gate_written);
			}
			gate_end(k, object);
		}
		note("%s: %d passed, %d were late", k->name, passed, late);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_step_lets_pass_all_who_wait),
		TEST(who_comes_later_passes_if_it_stays_open),
		TEST(signals_do_not_end_a_wait),
		TEST(waiters_of_many_objects_do_not_mix_up),
		TEST(at_a_shut_one_a_wait_times_out),
		TEST(a_deadline_that_passes_ends_one_wait_and_no_other),
		TEST(who_was_let_pass_before_the_deadline_passes),
		TEST(a_cancel_ends_one_wait_and_no_other),
		TEST(the_deadline_of_a_scope_ends_a_wait_and_leave_says_so),
		TEST(a_call_s_own_deadline_is_its_own_affair),
		TEST(in_a_canceled_scope_one_passes_what_is_open_and_waits_for_nothing),
		TEST(who_was_let_pass_passes_though_a_cancel_came_too),
		TEST(whoever_is_late_all_of_them_return),
	};

	return test_main(tests);
}
