/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_any_enomem.c - pawl_wait_any() without memory: it polls, and nothing is lost.  This program
 * has the library's allocator (platform/memory.h) and makes it fail.
 *
 * Each case runs in a child, where no thread has a context yet.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/atomic.h>

#include "any_kinds.h"
#include "failing_memory.h"

static void run_in_child(void (*fn)(void *arg), void *arg)
{
	struct child c;

	child_run(&c, fn, arg);
	child_assert_silent(&c);
}

/* No memory from here on. */
static void open_without_memory(struct things *t, pawl_any list[KINDS])
{
	things_open(t);
	things_list(t, 0, list);
	fail_calls_from(0);
}

/*** Polls *************************************************************************************/

static void grant_while_it_polls(void *arg)
{
	size_t kind = *(size_t *)arg;
	struct things t;
	pawl_any list[KINDS];
	struct any_waiter w = ANY_WAITER(list, KINDS);
	size_t which;

	open_without_memory(&t, list);
	any_waiter_start(&w);
	nap(PAWL_MS(3));
	any_kinds[kind].grant(&t);
	any_waiter_assert_takes(&w, kind);
	must(any_poll(&list[kind], 1, &which) == (any_kinds[kind].is_used_up ? ETIMEDOUT : 0));
	things_close(&t);
}

static void who_polls_takes_each_kind(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++)
		run_in_child(grant_while_it_polls, &k);
}

static void pulse_event(struct things *t)
{
	pawl_event_set(&t->event);
	pawl_event_clear(&t->event);
}

static void notify_all(struct things *t)
{
	pawl_notify_all(&t->notify);
}

static void pulse_while_it_polls(void *arg)
{
	bool event = *(bool *)arg;
	struct things t;
	pawl_any list[KINDS];
	struct any_waiter w = ANY_WAITER(list, KINDS);

	open_without_memory(&t, list);
	w.deadline = pawl_after(PAWL_S(5));
	any_waiter_start(&w);
	nap(PAWL_MS(5));	/* it is inside the call */
	(event ? pulse_event : notify_all)(&t);
	any_waiter_assert_takes(&w, event ? EVENT : NOTIFY);
	things_close(&t);
}

static void who_polls_passes_by_what_was_there_for_a_moment(void **state)
{
	(void)state;
	run_in_child(pulse_while_it_polls, &(bool){ true });
	run_in_child(pulse_while_it_polls, &(bool){ false });
}

static void end_polls(void *arg)
{
	struct things t;
	pawl_any list[KINDS];
	struct any_waiter w = ANY_WAITER(list, KINDS), late = w, closed = w;

	must(arg == NULL);
	must(pawl_cancel_open(NULL, &w.source) == 0);
	w.scoped = true;
	open_without_memory(&t, list);
	any_waiter_start(&w);
	nap(PAWL_MS(3));
	pawl_cancel_fire(w.source, 1);
	any_waiter_assert_fails(&w, ECANCELED);
	late.deadline = pawl_after(PAWL_MS(3));
	any_waiter_start(&late);
	any_waiter_assert_fails(&late, ETIMEDOUT);
	must(pawl_now() >= late.deadline);
	any_waiter_start(&closed);
	nap(PAWL_MS(3));
	pawl_sem_close(&t.sem);
	any_waiter_assert_fails(&closed, EPIPE);
	pawl_cancel_close(w.source);
	things_close(&t);
}

static void polls_end_by_deadline_cancel_and_close(void **state)
{
	(void)state;
	run_in_child(end_polls, NULL);
}

/*** Some memory *******************************************************************************/

enum { LONG = 300, SHORT = 8, ALLOCATIONS = 12 };

static void wait_for_a_long_list(void *arg)
{
	static pawl_sem sems[LONG];
	static pawl_any list[LONG];
	int from = *(int *)arg;
	struct any_waiter w = ANY_WAITER(list, LONG);
	size_t which;

	for (size_t i = 0; i < LONG; i++)
		list[i] = (pawl_any){ PAWL_ANY_SEM, &sems[i] };
	pawl_sem_release(&sems[0], 1);
	fail_calls_from(from);
	if (from == 0) {
		must(pawl_wait_any(list, SHORT + 1, PAWL_FOREVER, &which) == 0);
		must(which == 0 && pawl_sem_value(&sems[0]) == 0);
		must(pawl_wait_any(list, SHORT + 1, PAWL_FOREVER, &which) == ENOMEM);
		must(pawl_wait_any(list, LONG, 0, &which) == ENOMEM);
		pawl_sem_release(&sems[0], 1);
		must(pawl_wait_any(list, SHORT, PAWL_FOREVER, &which) == 0);
		return;
	}
	must(pawl_sem_tryacquire(&sems[0]) == 0);
	any_waiter_start(&w);
	nap(PAWL_MS(3));
	pawl_sem_release(&sems[LONG / 2], 1);
	any_waiter_assert_takes(&w, LONG / 2);
	for (size_t i = 0; i < LONG; i++)
		must(sems[i].queue_ == 0 && pawl_sem_value(&sems[i]) == 0);
}

static void a_long_list_needs_memory_for_itself_and_no_more(void **state)
{
	(void)state;
	for (int n = 0; n < ALLOCATIONS; n++)
		run_in_child(wait_for_a_long_list, &n);
}

enum { THREADS = 3, EACH = 100, SEMS = 3 };

static pawl_sem some[SEMS];

static void take_some(void *arg)
{
	pawl_any list[SEMS];
	size_t which;

	for (size_t i = 0; i < SEMS; i++)
		list[i] = (pawl_any){ PAWL_ANY_SEM, &some[i] };
	for (int i = 0; i < EACH;) {
		int rc = pawl_wait_any(list, SEMS, pawl_after(PAWL_US(200)), &which);

		must(rc == 0 || rc == ETIMEDOUT);
		i += rc == 0;
	}
	must(arg == NULL);
}

static void run_with_failing_calls(void *arg)
{
	const int *range = arg;
	struct worker w[THREADS];

	fail_calls(range[0], range[1]);
	for (size_t i = 0; i < THREADS; i++)
		worker_start(&w[i], take_some, NULL);
	for (int i = 0; i < THREADS * EACH; i++) {
		pawl_sem_release(&some[(unsigned)i % SEMS], 1);
		if (i % 8 == 0)
			nap(PAWL_US(50));
	}
	for (size_t i = 0; i < THREADS; i++)
		worker_join(&w[i]);
	for (size_t i = 0; i < SEMS; i++)
		must(pawl_sem_value(&some[i]) == 0 && some[i].queue_ == 0);
}

static void each_allocation_may_fail_or_all_from_one_on_and_nothing_is_lost(void **state)
{
	(void)state;
	for (int n = 0; n <= THREADS + 3; n++) {
		run_in_child(run_with_failing_calls, (int[]){ n, n + 1 });
		run_in_child(run_with_failing_calls, (int[]){ n, INT32_MAX });
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_polls_takes_each_kind),
		TEST(who_polls_passes_by_what_was_there_for_a_moment),
		TEST(polls_end_by_deadline_cancel_and_close),
		TEST(a_long_list_needs_memory_for_itself_and_no_more),
		TEST(each_allocation_may_fail_or_all_from_one_on_and_nothing_is_lost),
	};

	return test_main(tests);
}
