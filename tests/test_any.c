/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_any.c - pawl/any.h: what is taken.  What becomes of the others: test_any_others.c; how a
 * wait ends without anything, and fork: test_any_ends.c; without memory: test_any_enomem.c.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include <pawl/op.h>

#include "any_kinds.h"

/*** What is there at once *********************************************************************/

static void a_bad_list_is_refused_and_nothing_is_taken(void **state)
{
	static const int unknown[] = { INT32_MIN, -1, 0, PAWL_ANY_LATCH + 1 };
	struct things t;
	pawl_any list[2];
	pawl_queue *fast = things_queue(PAWL_QUEUE_FAST);
	size_t which = UNTOUCHED;

	(void)state;
	things_open(&t);
	pawl_sem_release(&t.sem, 1);
	list[0] = list[1] = things_one(&t, SEM);
	errno = 123;
	assert_int_equal(pawl_wait_any(list, 0, PAWL_FOREVER, &which), EINVAL);
	for (size_t i = 0; i < COUNT_OF(unknown); i++) {
		list[1].kind = unknown[i];
		assert_int_equal(pawl_wait_any(list, 2, PAWL_FOREVER, &which), EINVAL);
	}
	for (size_t k = 0; k < KINDS; k++) {
		list[1] = (pawl_any){ any_kinds[k].kind, NULL };
		assert_int_equal(pawl_wait_any(list, 2, PAWL_FOREVER, &which), EINVAL);
	}
	list[1] = (pawl_any){ PAWL_ANY_QUEUE, fast };
	assert_int_equal(pawl_wait_any(list, 2, PAWL_FOREVER, &which), EINVAL);
	assert_int_equal(which, UNTOUCHED);
	assert_int_equal(errno, 123);
	assert_int_equal(pawl_sem_value(&t.sem), 1);
	pawl_queue_free(fast);
	things_close(&t);
}

static void each_kind_is_had_at_once_if_it_is_there(void **state)
{
	static const pawl_time deadlines[] = { PAWL_FOREVER, 0, INT64_MIN };

	(void)state;
	for (size_t i = 0; i < KINDS * COUNT_OF(deadlines); i++) {
		const struct any_kind *k = &any_kinds[i % KINDS];
		size_t which = UNTOUCHED;
		struct things t;
		pawl_any one;

		things_open(&t);
		one = things_one(&t, i % KINDS);
		assert_int_equal(any_poll(&one, 1, &which), ETIMEDOUT);
		assert_int_equal(which, UNTOUCHED);
		k->grant(&t);
		assert_int_equal(pawl_wait_any(&one, 1, deadlines[i / KINDS], &which), 0);
		assert_int_equal(which, 0);
		assert_int_equal(any_poll(&one, 1, &which), k->is_used_up ? ETIMEDOUT : 0);
		things_close(&t);
	}
}

/* With all there, and each of them the first. */
static void of_several_that_are_there_the_first_is_taken(void **state)
{
	(void)state;
	for (size_t first = 0; first < KINDS; first++) {
		pawl_any list[KINDS];
		struct things t;
		size_t which = UNTOUCHED;

		things_open(&t);
		things_list(&t, first, list);
		for (size_t k = 0; k < KINDS; k++)
			any_kinds[k].grant(&t);
		assert_int_equal(pawl_wait_any(list, KINDS, PAWL_FOREVER, &which), 0);
		assert_int_equal(which, 0);
		for (size_t i = 0; i < KINDS; i++) {
			bool gone = i == 0 && any_kinds[first].is_used_up;

			which = UNTOUCHED;
			assert_int_equal(any_poll(&list[i], 1, &which), gone ? ETIMEDOUT : 0);
			assert_int_equal(which, gone ? UNTOUCHED : 0);
		}
		things_close(&t);
	}
}

static void the_first_that_is_there_is_taken_wherever_it_stands(void **state)
{
	(void)state;
	for (size_t granted = 0; granted < KINDS; granted++) {
		pawl_any list[KINDS];
		struct things t;
		size_t which = UNTOUCHED;

		things_open(&t);
		things_list(&t, 0, list);
		any_kinds[granted].grant(&t);
		assert_int_equal(any_poll(list, KINDS, &which), 0);
		assert_int_equal(which, granted);
		things_close(&t);
	}
}

/*** What comes later **************************************************************************/

static void each_kind_wakes_who_waits_for_it_alone(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct things t;
		pawl_any one;
		struct any_waiter w = ANY_WAITER(&one, 1);
		size_t which;

		things_open(&t);
		one = things_one(&t, k);
		any_waiter_park(&w);
		any_kinds[k].grant(&t);
		any_waiter_assert_takes(&w, 0);
		assert_int_equal(any_poll(&one, 1, &which),
				 any_kinds[k].is_used_up ? ETIMEDOUT : 0);
		things_close(&t);
	}
}

static void each_kind_wakes_who_waits_for_all(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct things t;
		pawl_any list[KINDS];
		struct any_waiter w = ANY_WAITER(list, KINDS);

		things_open(&t);
		things_list(&t, 0, list);
		any_waiter_park(&w);
		any_kinds[k].grant(&t);
		any_waiter_assert_takes(&w, k);
		things_close(&t);
	}
}

/* Even if that cannot run until it is clear again. */
static void an_event_that_is_set_and_cleared_at_once_lets_pass_who_waits(void **state)
{
	(void)state;
	for (int frozen = 0; frozen < 2; frozen++) {
		struct things t;
		pawl_any list[2];
		struct any_waiter w = ANY_WAITER(list, 2);

		things_open(&t);
		list[0] = things_one(&t, SEM);
		list[1] = things_one(&t, EVENT);
		any_waiter_park(&w);
		if (frozen)
			worker_freeze(&w.worker);
		pawl_event_set(&t.event);
		pawl_event_clear(&t.event);
		if (frozen)
			worker_thaw(&w.worker);
		any_waiter_assert_takes(&w, 1);
		things_close(&t);
	}
}

static void a_notification_for_all_lets_pass_who_waits_and_is_not_kept(void **state)
{
	struct things t;
	pawl_any list[2];
	struct any_waiter w[2] = { ANY_WAITER(list, 2), ANY_WAITER(list, 2) };
	size_t which;

	(void)state;
	things_open(&t);
	list[0] = things_one(&t, NOTIFY);
	list[1] = things_one(&t, EVENT);
	any_waiter_park(&w[0]);
	any_waiter_park(&w[1]);
	worker_freeze(&w[0].worker);
	pawl_notify_all(&t.notify);
	pawl_event_set(&t.event);
	worker_thaw(&w[0].worker);
	any_waiter_assert_takes(&w[0], 0);
	worker_join(&w[1].worker);
	assert_int_equal(w[1].rc, 0);
	assert_int_equal(any_poll(list, 1, &which), ETIMEDOUT);
	things_close(&t);
}

/*** Lists *************************************************************************************/

static void an_object_may_be_named_several_times(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct things t;
		pawl_any list[4];
		struct any_waiter w = ANY_WAITER(list, 4);
		size_t which = UNTOUCHED;

		things_open(&t);
		for (size_t i = 0; i < COUNT_OF(list); i++)
			list[i] = things_one(&t, k);
		any_waiter_park(&w);
		worker_freeze(&w.worker);
		any_kinds[k].grant(&t);
		if (any_kinds[k].is_used_up)	/* two of its places are granted one */
			any_kinds[k].grant(&t);
		worker_thaw(&w.worker);
		any_waiter_assert_takes(&w, 0);
		assert_int_equal(any_poll(list, 4, &which), 0);
		assert_int_equal(which, 0);
		assert_int_equal(any_poll(list, 4, &which),
				 any_kinds[k].is_used_up ? ETIMEDOUT : 0);
		things_close(&t);
	}
}

static void a_list_may_be_long(void **state)
{
	static const size_t sizes[] = { 8, 9, 300 };
	static pawl_sem sems[300];
	static pawl_any list[300];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sems); i++)
		list[i] = (pawl_any){ PAWL_ANY_SEM, &sems[i] };
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		size_t n = sizes[i], chosen[] = { 0, n / 2, n - 1 }, which = UNTOUCHED;

		for (size_t j = 0; j < COUNT_OF(chosen); j++) {
			struct any_waiter w = ANY_WAITER(list, n);

			assert_int_equal(any_poll(list, n, &which), ETIMEDOUT);
			any_waiter_park(&w);
			pawl_sem_release(&sems[chosen[j]], 2);
			any_waiter_assert_takes(&w, chosen[j]);
			assert_int_equal(any_poll(list, n, &which), 0);
			assert_int_equal(which, chosen[j]);
		}
		for (size_t j = 0; j < n; j++)
			assert_true(sems[j].queue_ == 0 && pawl_sem_value(&sems[j]) == 0);
	}
}

/*** Others ************************************************************************************/

static void pawl_dump_shows_it_and_its_list(void **state)
{
	struct things t;
	pawl_any list[KINDS];
	struct any_waiter w = ANY_WAITER(list, KINDS);
	char who[64], what[64];

	(void)state;
	things_open(&t);
	things_list(&t, 0, list);
	any_waiter_park(&w);
	snprintf(who, sizeof who, "(tid %d) waits ", (int)w.worker.tid);
	snprintf(what, sizeof what, " s for any %p", (void *)list);
	assert_true(dump_shows(who, what));
	pawl_cancel_fire(t.parent, 1);
	any_waiter_assert_takes(&w, CANCEL);
	assert_false(dump_shows(who, what));
	things_close(&t);
}

static void wait_in_done(pawl_op *op, int rc)
{
	size_t which;

	must(rc == 0);
	must(any_poll(pawl_op_user(op), 1, &which) == ETIMEDOUT);	/* that it may */
	rc = pawl_wait_any(pawl_op_user(op), 1, PAWL_FOREVER, &which);
	must_fail(__FILE__, __LINE__, rc == 0 ? "it was taken" : "it returned");
}

static void wait_in_a_callback(void *arg)
{
	pawl_sem none = PAWL_SEM_INIT(0), other = PAWL_SEM_INIT(0);
	pawl_any one = { PAWL_ANY_SEM, &none };
	pawl_op op;

	(void)arg;
	pawl_op_init_inline(&op, wait_in_done, &one);
	must(pawl_sem_acquire_op(&other, &op) == EINPROGRESS);
	pawl_sem_release(&other, 1);
}

static void a_wait_in_the_done_of_an_inline_op_is_refused(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, wait_in_a_callback, NULL);
	child_assert_misuse(&c, "any 0x");
	child_assert_misuse(&c, "is waited for by the done() of an inline op");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wait_in_the_done_of_an_inline_op_is_refused),	/* with one thread */
		TEST(a_bad_list_is_refused_and_nothing_is_taken),
		TEST(each_kind_is_had_at_once_if_it_is_there),
		TEST(of_several_that_are_there_the_first_is_taken),
		TEST(the_first_that_is_there_is_taken_wherever_it_stands),
		TEST(each_kind_wakes_who_waits_for_it_alone),
		TEST(each_kind_wakes_who_waits_for_all),
		TEST(an_event_that_is_set_and_cleared_at_once_lets_pass_who_waits),
		TEST(a_notification_for_all_lets_pass_who_waits_and_is_not_kept),
		TEST(an_object_may_be_named_several_times),
		TEST(a_list_may_be_long),
		TEST(pawl_dump_shows_it_and_its_list),
	};

	return test_main(tests);
}
