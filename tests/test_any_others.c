/* SPDX-License-Identifier: BSD-2-Clause */
/* test_any_others.c - what pawl_wait_any() was granted besides the one that it takes. */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>
#include <pawl/op.h>

#include "any_kinds.h"

static void acquire(void *arg)
{
	must(pawl_sem_acquire(arg) == 0);
}

static void await_notification(void *arg)
{
	must(pawl_notify_wait_until(arg, PAWL_FOREVER) == 0);
}

/* Park @w; give it an event, and one of @kind, before it can run. */
static void give_it_two(struct any_waiter *w, struct things *t, size_t kind)
{
	worker_freeze(&w->worker);
	pawl_event_set(&t->event);
	any_kinds[kind].grant(t);
	worker_thaw(&w->worker);
}

static void what_it_was_granted_besides_goes_back(void **state)
{
	static const size_t kinds[] = { SEM, NOTIFY };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct things t;
		pawl_any list[2];
		struct any_waiter w = ANY_WAITER(list, 2);
		size_t which = UNTOUCHED;

		things_open(&t);
		list[0] = things_one(&t, EVENT);
		list[1] = things_one(&t, kinds[i]);
		any_waiter_park(&w);
		give_it_two(&w, &t, kinds[i]);
		any_waiter_assert_takes(&w, 0);
		assert_int_equal(any_poll(&list[1], 1, &which), 0);
		assert_int_equal(any_poll(&list[1], 1, &which), ETIMEDOUT);
		things_close(&t);
	}
}

static void a_notification_for_all_is_not_kept_by_who_took_another_one(void **state)
{
	struct things t;
	pawl_any list[2];
	struct any_waiter w = ANY_WAITER(list, 2);
	size_t which = UNTOUCHED;

	(void)state;
	things_open(&t);
	list[0] = things_one(&t, EVENT);
	list[1] = things_one(&t, NOTIFY);
	any_waiter_park(&w);
	worker_freeze(&w.worker);
	pawl_event_set(&t.event);
	pawl_notify_all(&t.notify);
	worker_thaw(&w.worker);
	any_waiter_assert_takes(&w, 0);
	assert_int_equal(any_poll(&list[1], 1, &which), ETIMEDOUT);
	things_close(&t);
}

static void what_it_was_granted_besides_goes_to_the_thread_behind_it(void **state)
{
	static const size_t kinds[] = { SEM, NOTIFY };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct things t;
		pawl_any list[2];
		struct any_waiter w = ANY_WAITER(list, 2);
		struct worker next;
		size_t which;

		things_open(&t);
		list[0] = things_one(&t, EVENT);
		list[1] = things_one(&t, kinds[i]);
		any_waiter_park(&w);
		worker_start(&next, kinds[i] == SEM ? acquire : await_notification, list[1].object);
		worker_await_wait(&next, any_kinds[kinds[i]].name, list[1].object);
		give_it_two(&w, &t, kinds[i]);
		any_waiter_assert_takes(&w, 0);
		worker_join(&next);
		assert_int_equal(any_poll(&list[1], 1, &which), ETIMEDOUT);
		things_close(&t);
	}
}

static void note_done(pawl_op *op, int rc)
{
	*(int *)pawl_op_user(op) = rc;
}

static int start_op(const pawl_any *one, pawl_op *op)
{
	return one->kind == PAWL_ANY_SEM ? pawl_sem_acquire_op(one->object, op) :
		pawl_notify_wait_op(one->object, op);
}

static void what_it_was_granted_besides_goes_to_the_op_behind_it(void **state)
{
	static const size_t kinds[] = { SEM, NOTIFY };
	enum { NOT_YET = -1 };

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(kinds); i++) {
		struct things t;
		pawl_any list[2];
		struct any_waiter w = ANY_WAITER(list, 2);
		int rc = NOT_YET;
		size_t which;
		pawl_cq *cq;
		pawl_op op;

		things_open(&t);
		assert_int_equal(pawl_cq_open(&cq), 0);
		list[0] = things_one(&t, EVENT);
		list[1] = things_one(&t, kinds[i / 2]);
		any_waiter_park(&w);
		if (i % 2 == 0)
			pawl_op_init(&op, cq, note_done, &rc);
		else
			pawl_op_init_inline(&op, note_done, &rc);
		assert_int_equal(start_op(&list[1], &op), EINPROGRESS);
		give_it_two(&w, &t, kinds[i / 2]);
		any_waiter_assert_takes(&w, 0);
		assert_int_equal(pawl_cq_dispatch(cq, 0), i % 2 == 0);
		assert_int_equal(rc, 0);
		assert_int_equal(any_poll(&list[1], 1, &which), ETIMEDOUT);
		pawl_cq_close(cq);
		things_close(&t);
	}
}

static void look_at_latch(pawl_op *op, int rc)
{
	struct things *t = pawl_op_user(op);

	must(rc == 0);
	must(pawl_load_(&t->latch.queue_, relaxed) == 0);
	pawl_latch_arrive(&t->latch);
}

static void an_inline_op_that_it_passes_a_grant_to_is_done_when_it_stands_nowhere(void **state)
{
	struct things t;
	pawl_any list[3];
	struct any_waiter w = ANY_WAITER(list, 3);
	size_t which = UNTOUCHED;
	pawl_op op;

	(void)state;
	things_open(&t);
	list[0] = things_one(&t, EVENT);
	list[1] = things_one(&t, SEM);
	list[2] = things_one(&t, LATCH);
	any_waiter_park(&w);
	pawl_op_init_inline(&op, look_at_latch, &t);
	assert_int_equal(pawl_sem_acquire_op(&t.sem, &op), EINPROGRESS);
	give_it_two(&w, &t, SEM);
	any_waiter_assert_takes(&w, 0);
	assert_int_equal(any_poll(&list[2], 1, &which), 0);
	things_close(&t);
}

/*** Queues: nothing is taken of them *********************************************************/

static void pop_one(void *arg)
{
	int item;

	must(pawl_queue_pop(arg, &item) == 0 && item == 7);
}

static void an_item_that_it_was_told_of_is_there_still(void **state)
{
	(void)state;
	for (int event_too = 0; event_too < 2; event_too++) {
		struct things t;
		pawl_any list[2];
		struct any_waiter w = ANY_WAITER(list, 2);
		int item;

		things_open(&t);
		list[0] = things_one(&t, EVENT);
		list[1] = things_one(&t, QUEUE);
		any_waiter_park(&w);
		if (event_too)
			give_it_two(&w, &t, QUEUE);
		else
			any_kinds[QUEUE].grant(&t);
		any_waiter_assert_takes(&w, event_too ? 0 : 1);
		assert_int_equal(pawl_queue_trypop(t.queue, &item), 0);
		assert_int_equal(item, 7);
		things_close(&t);
	}
}

static void an_item_that_it_was_told_of_goes_to_the_pop_behind_it(void **state)
{
	(void)state;
	for (int event_too = 0; event_too < 2; event_too++) {
		struct things t;
		pawl_any list[2];
		struct any_waiter w = ANY_WAITER(list, 2);
		struct worker next;
		int item;

		things_open(&t);
		list[0] = things_one(&t, EVENT);
		list[1] = things_one(&t, QUEUE);
		any_waiter_park(&w);
		worker_start(&next, pop_one, t.queue);
		worker_await_wait(&next, "queue", t.queue);
		if (event_too)
			give_it_two(&w, &t, QUEUE);
		else
			any_kinds[QUEUE].grant(&t);
		any_waiter_assert_takes(&w, event_too ? 0 : 1);
		worker_join(&next);
		assert_int_equal(pawl_queue_trypop(t.queue, &item), EAGAIN);
		things_close(&t);
	}
}

static void one_item_ends_the_waits_of_all(void **state)
{
	enum { WAITERS = 3 };
	struct things t;
	pawl_any list[2];
	struct any_waiter w[WAITERS];

	(void)state;
	things_open(&t);
	list[0] = things_one(&t, EVENT);
	list[1] = things_one(&t, QUEUE);
	for (size_t i = 0; i < WAITERS; i++) {
		w[i] = (struct any_waiter)ANY_WAITER(list, 2);
		any_waiter_park(&w[i]);
	}
	any_kinds[QUEUE].grant(&t);
	for (size_t i = 0; i < WAITERS; i++)
		any_waiter_assert_takes(&w[i], 1);
	assert_int_equal(pawl_queue_len(t.queue), 1);
	things_close(&t);
}

/* All of several semaphores, and all but one is for others. */
static void one_permit_is_taken_whatever_was_granted(void **state)
{
	enum { SEMS = 5 };
	pawl_sem sems[SEMS];
	pawl_any list[SEMS];
	struct any_waiter w = ANY_WAITER(list, SEMS);

	(void)state;
	for (size_t i = 0; i < SEMS; i++) {
		assert_int_equal(pawl_sem_init(&sems[i], 0, i % 2 ? PAWL_FAIR : 0), 0);
		list[i] = (pawl_any){ PAWL_ANY_SEM, &sems[i] };
	}
	any_waiter_park(&w);
	worker_freeze(&w.worker);
	for (size_t i = SEMS; i-- > 0;)
		pawl_sem_release(&sems[i], 3);
	worker_thaw(&w.worker);
	any_waiter_assert_takes(&w, 0);
	for (size_t i = 0; i < SEMS; i++) {
		assert_int_equal(pawl_sem_value(&sems[i]), i == 0 ? 2 : 3);
		pawl_sem_destroy(&sems[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_it_was_granted_besides_goes_back),
		TEST(a_notification_for_all_is_not_kept_by_who_took_another_one),
		TEST(what_it_was_granted_besides_goes_to_the_thread_behind_it),
		TEST(what_it_was_granted_besides_goes_to_the_op_behind_it),
		TEST(an_inline_op_that_it_passes_a_grant_to_is_done_when_it_stands_nowhere),
		TEST(an_item_that_it_was_told_of_is_there_still),
		TEST(an_item_that_it_was_told_of_goes_to_the_pop_behind_it),
		TEST(one_item_ends_the_waits_of_all),
		TEST(one_permit_is_taken_whatever_was_granted),
	};

	return test_main(tests);
}
