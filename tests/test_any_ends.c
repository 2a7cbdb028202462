/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_any_ends.c - pawl_wait_any(): deadlines, scopes, cancels of the list, close, fork.  The
 * rest: test_any.c.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "any_kinds.h"

/* Nothing stands in a queue any more, and what is granted now is had by who comes now. */
static void assert_nothing_left(struct things *t, const pawl_any list[KINDS])
{
	for (size_t k = 0; k < KINDS; k++) {
		size_t which = UNTOUCHED;

		any_kinds[k].grant(t);
		assert_int_equal(any_poll(&list[k], 1, &which), 0);
		assert_int_equal(which, 0);
	}
	things_close(t);
}

static void open_all(struct things *t, pawl_any list[KINDS])
{
	things_open(t);
	things_list(t, 0, list);
}

/*** Deadlines *********************************************************************************/

static void it_times_out_at_its_deadline_and_not_before(void **state)
{
	static const pawl_ns durations[] = { 0, PAWL_US(1), PAWL_US(300), PAWL_MS(5) };
	struct things t;
	pawl_any list[KINDS];

	(void)state;
	open_all(&t, list);
	for (size_t i = 0; i < COUNT_OF(durations); i++)
		for (size_t n = 1; n <= KINDS; n++) {
			pawl_time deadline = pawl_after(durations[i]);
			size_t which = UNTOUCHED;

			assert_int_equal(pawl_wait_any(list, n, deadline, &which), ETIMEDOUT);
			assert_true(pawl_now() >= deadline);
			assert_int_equal(which, UNTOUCHED);
		}
	assert_nothing_left(&t, list);
}

static void a_past_deadline_polls_once(void **state)
{
	static const pawl_time past[] = { INT64_MIN, -1, 0, 1 };
	struct things t;
	pawl_any list[KINDS];
	size_t which = UNTOUCHED;

	(void)state;
	open_all(&t, list);
	for (size_t i = 0; i < COUNT_OF(past); i++)
		assert_int_equal(pawl_wait_any(list, KINDS, past[i], &which), ETIMEDOUT);
	assert_int_equal(which, UNTOUCHED);
	assert_nothing_left(&t, list);
}

static void what_came_before_it_could_run_is_taken_after_the_deadline(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct things t;
		pawl_any list[KINDS];
		struct any_waiter w = ANY_WAITER(list, KINDS);

		open_all(&t, list);
		w.deadline = pawl_after(PAWL_MS(300));
		any_waiter_park(&w);
		worker_freeze(&w.worker);
		any_kinds[k].grant(&t);
		while (pawl_now() < w.deadline)
			nap(PAWL_MS(10));
		worker_thaw(&w.worker);
		any_waiter_assert_takes(&w, k);
		things_close(&t);
	}
}

static void wait_in_virtual_time(void *arg)
{
	struct things t;
	pawl_any list[KINDS];
	struct any_waiter w = ANY_WAITER(list, KINDS);

	(void)arg;
	must(pawl_clock_set_virtual(PAWL_S(1)) == 0);
	things_open(&t);
	things_list(&t, 0, list);
	w.deadline = PAWL_S(5);
	any_waiter_park(&w);
	must(pawl_clock_advance(PAWL_S(4) - 1) == 0);
	worker_await_wait(&w.worker, "any", list);
	must(pawl_clock_advance(1) == 0);
	any_waiter_assert_fails(&w, ETIMEDOUT);
	things_close(&t);
}

static void the_virtual_clock_ends_it(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, wait_in_virtual_time, NULL);
	child_assert_silent(&c);
}

/*** Scopes ************************************************************************************/

static void in_a_canceled_scope_it_takes_what_is_there_and_does_not_wait(void **state)
{
	struct things t;
	pawl_any list[KINDS];
	size_t which = UNTOUCHED;
	pawl_scope s;

	(void)state;
	open_all(&t, list);
	for (int by_deadline = 0; by_deadline < 2; by_deadline++) {
		pawl_cancel *source;

		assert_int_equal(pawl_cancel_open(NULL, &source), 0);
		pawl_cancel_fire(source, 1);
		pawl_scope_enter(&s, by_deadline ? 0 : PAWL_FOREVER,
			by_deadline ? NULL : source, 0);
		assert_int_equal(pawl_wait_any(list, KINDS, PAWL_FOREVER, &which), ECANCELED);
		assert_int_equal(which, UNTOUCHED);
		pawl_sem_release(&t.sem, 1);
		assert_int_equal(pawl_wait_any(list, KINDS, PAWL_FOREVER, &which), 0);
		assert_int_equal(which, SEM);
		which = UNTOUCHED;
		assert_int_equal(pawl_scope_leave(&s, ECANCELED),
				 by_deadline ? ETIMEDOUT : ECANCELED);
		pawl_cancel_close(source);
	}
	assert_nothing_left(&t, list);
}

static void a_scope_ends_it_while_it_waits(void **state)
{
	(void)state;
	for (int by_deadline = 0; by_deadline < 2; by_deadline++) {
		struct things t;
		pawl_any list[KINDS];
		struct any_waiter w = ANY_WAITER(list, KINDS);

		open_all(&t, list);
		w.scoped = true;
		assert_int_equal(pawl_cancel_open(NULL, &w.source), 0);
		if (by_deadline)
			w.scope_deadline = pawl_after(PAWL_MS(20));
		if (by_deadline) {
			any_waiter_start(&w);
		} else {
			any_waiter_park(&w);
			pawl_cancel_fire(w.source, 1);
		}
		any_waiter_assert_fails(&w, ECANCELED);
		assert_int_equal(w.left, by_deadline ? ETIMEDOUT : ECANCELED);
		assert_true(!by_deadline || pawl_now() >= w.scope_deadline);
		pawl_cancel_close(w.source);
		assert_nothing_left(&t, list);
	}
}

static void what_was_granted_wins_over_a_cancel_of_the_scope(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct things t;
		pawl_any list[KINDS];
		struct any_waiter w = ANY_WAITER(list, KINDS);

		open_all(&t, list);
		w.scoped = true;
		assert_int_equal(pawl_cancel_open(NULL, &w.source), 0);
		any_waiter_park(&w);
		worker_freeze(&w.worker);
		pawl_cancel_fire(w.source, 1);
		any_kinds[k].grant(&t);
		worker_thaw(&w.worker);
		any_waiter_assert_takes(&w, k);
		pawl_cancel_close(w.source);
		things_close(&t);
	}
}

/*** Cancels of the list ***********************************************************************/

/* A source, its parent and theirs; one of them is fired, before or while it waits. */
static void a_cancel_of_the_list_is_there_when_it_or_an_ancestor_was_fired(void **state)
{
	enum { GENERATIONS = 3 };

	(void)state;
	for (size_t i = 0; i < 2 * GENERATIONS; i++) {
		bool before = i % 2 == 0;
		pawl_cancel *c[GENERATIONS], *fired;
		pawl_sem none = PAWL_SEM_INIT(0);
		pawl_any list[2] = { { PAWL_ANY_SEM, &none } };
		struct any_waiter w = ANY_WAITER(list, 2);

		for (size_t g = 0; g < GENERATIONS; g++)
			assert_int_equal(pawl_cancel_open(g > 0 ? c[g - 1] : NULL, &c[g]), 0);
		fired = c[i / 2];
		list[1] = (pawl_any){ PAWL_ANY_CANCEL, c[GENERATIONS - 1] };
		if (!before)
			any_waiter_park(&w);
		pawl_cancel_fire(fired, 7);
		if (before)
			any_waiter_start(&w);
		any_waiter_assert_takes(&w, 1);
		assert_int_equal(pawl_cancel_reason(c[GENERATIONS - 1]), 7);
		assert_true(none.queue_ == 0);
		for (size_t g = 0; g < GENERATIONS; g++)
			pawl_cancel_close(c[g]);
	}
}

static void a_cancel_of_the_list_is_not_there_when_a_child_was_fired(void **state)
{
	struct things t;
	pawl_any list[2];
	struct any_waiter w = ANY_WAITER(list, 2);

	(void)state;
	things_open(&t);
	list[0] = things_one(&t, SEM);
	list[1] = (pawl_any){ PAWL_ANY_CANCEL, t.parent };
	any_waiter_park(&w);
	pawl_cancel_fire(t.cancel, 1);
	worker_await_wait(&w.worker, "any", list);
	pawl_sem_release(&t.sem, 1);
	any_waiter_assert_takes(&w, 0);
	things_close(&t);
}

/* More than there are bits to tell them apart by. */
static void each_of_many_cancels_can_end_it(void **state)
{
	enum { MANY = 100 };
	pawl_cancel *c[MANY];
	pawl_any list[MANY];

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(pawl_cancel_open(NULL, &c[i]), 0);
		list[i] = (pawl_any){ PAWL_ANY_CANCEL, c[i] };
	}
	for (size_t i = MANY; i-- > 0;) {
		struct any_waiter w = ANY_WAITER(list, i + 1);

		any_waiter_park(&w);
		pawl_cancel_fire(c[i], 1);
		any_waiter_assert_takes(&w, i);
	}
	for (size_t i = 0; i < MANY; i++)
		pawl_cancel_close(c[i]);
}

/*** Close *************************************************************************************/

static void of_a_closed_semaphore_and_what_is_there_the_first_counts(void **state)
{
	struct things t;
	pawl_any list[2], turned[2];
	size_t which = UNTOUCHED;

	(void)state;
	things_open(&t);
	pawl_sem_close(&t.sem);
	list[0] = turned[1] = things_one(&t, SEM);
	list[1] = turned[0] = things_one(&t, EVENT);
	assert_int_equal(pawl_wait_any(list, 2, PAWL_FOREVER, &which), EPIPE);
	assert_int_equal(pawl_wait_any(turned, 2, PAWL_FOREVER, &which), EPIPE);
	assert_int_equal(any_poll(turned, 2, &which), EPIPE);
	assert_int_equal(which, UNTOUCHED);
	pawl_event_set(&t.event);
	assert_int_equal(pawl_wait_any(list, 2, PAWL_FOREVER, &which), EPIPE);
	assert_int_equal(which, UNTOUCHED);
	assert_int_equal(pawl_wait_any(turned, 2, PAWL_FOREVER, &which), 0);
	assert_int_equal(which, 0);
	things_close(&t);
}

static void close_ends_it_while_it_waits(void **state)
{
	(void)state;
	for (size_t first = 0; first < KINDS; first++) {
		struct things t;
		pawl_any list[KINDS];
		struct any_waiter w = ANY_WAITER(list, KINDS);

		things_open(&t);
		things_list(&t, first, list);
		any_waiter_park(&w);
		pawl_sem_close(&t.sem);
		any_waiter_assert_fails(&w, EPIPE);
		things_close(&t);
	}
}

static void what_was_granted_wins_over_close(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * KINDS; i++) {
		struct things t;
		pawl_any list[KINDS];
		struct any_waiter w = ANY_WAITER(list, KINDS);
		bool close_first = i % 2 == 0;
		size_t k = i / 2;

		if (k == SEM && close_first)
			continue;
		open_all(&t, list);
		any_waiter_park(&w);
		worker_freeze(&w.worker);
		if (close_first)
			pawl_sem_close(&t.sem);
		any_kinds[k].grant(&t);
		if (!close_first)
			pawl_sem_close(&t.sem);
		worker_thaw(&w.worker);
		if (k == CANCEL) {	/* is no grant, but a state */
			any_waiter_assert_fails(&w, EPIPE);
		} else {
			any_waiter_assert_takes(&w, k);
		}
		things_close(&t);
	}
}

/* What is left of it is to be popped, so that is no failure. */
static void a_queue_that_is_closed_is_there(void **state)
{
	(void)state;
	for (int waits = 0; waits < 2; waits++) {
		struct things t;
		pawl_any list[KINDS];
		struct any_waiter w = ANY_WAITER(list, KINDS);
		int item;

		open_all(&t, list);
		if (waits)
			any_waiter_park(&w);
		pawl_queue_close(t.queue);
		if (!waits)
			any_waiter_start(&w);
		any_waiter_assert_takes(&w, QUEUE);
		assert_int_equal(pawl_queue_trypop(t.queue, &item), EPIPE);
		things_close(&t);
	}
}

/*** Fork **************************************************************************************/

/* In the child: what others waited for is made anew, and can be waited for. */
static void use_in_child(struct things *t)
{
	pawl_any list[KINDS];
	size_t which = UNTOUCHED;

	things_open(t);
	things_list(t, 0, list);
	must(pawl_wait_any(list, KINDS, pawl_after(PAWL_MS(2)), &which) == ETIMEDOUT);
	for (size_t k = KINDS; k-- > 0;) {
		any_kinds[k].grant(t);
		must(pawl_wait_any(list, KINDS, PAWL_FOREVER, &which) == 0);
		must(which == k);
	}
	things_close(t);
}

/* ThreadSanitizer refuses new threads in a child of a process with several threads. */
static void wait_with_a_thread(struct things *t)
{
	pawl_any list[KINDS];
	struct any_waiter w = ANY_WAITER(list, KINDS);

	if (UNDER_TSAN)
		return;
	things_open(t);
	things_list(t, 0, list);
	any_waiter_park(&w);
	pawl_notify_one(&t->notify);
	any_waiter_assert_takes(&w, NOTIFY);
	things_close(t);
}

static void the_child_of_a_fork_can_wait_and_the_parent_s_waits_go_on(void **state)
{
	struct things t;
	pawl_any list[KINDS];
	struct any_waiter w = ANY_WAITER(list, KINDS);
	int status;
	pid_t pid;

	(void)state;
	open_all(&t, list);
	any_waiter_park(&w);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(WATCH_SECONDS / 2);
		use_in_child(&t);
		wait_with_a_thread(&t);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	worker_await_wait(&w.worker, "any", list);
	pawl_latch_arrive(&t.latch);
	any_waiter_assert_takes(&w, LATCH);
	things_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_virtual_clock_ends_it),	/* with one thread */
		TEST(it_times_out_at_its_deadline_and_not_before),
		TEST(a_past_deadline_polls_once),
		TEST(what_came_before_it_could_run_is_taken_after_the_deadline),
		TEST(in_a_canceled_scope_it_takes_what_is_there_and_does_not_wait),
		TEST(a_scope_ends_it_while_it_waits),
		TEST(what_was_granted_wins_over_a_cancel_of_the_scope),
		TEST(a_cancel_of_the_list_is_there_when_it_or_an_ancestor_was_fired),
		TEST(a_cancel_of_the_list_is_not_there_when_a_child_was_fired),
		TEST(each_of_many_cancels_can_end_it),
		TEST(of_a_closed_semaphore_and_what_is_there_the_first_counts),
		TEST(close_ends_it_while_it_waits),
		TEST(what_was_granted_wins_over_close),
		TEST(a_queue_that_is_closed_is_there),
		TEST(the_child_of_a_fork_can_wait_and_the_parent_s_waits_go_on),
	};

	return test_main(tests);
}
