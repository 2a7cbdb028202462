/* SPDX-License-Identifier: BSD-2-Clause */
/* test_task_ends.c - waits of tasks that end by deadlines, the virtual clock and cancels. */
#include "config.h"

#include <errno.h>

#include <pawl/pawl.h>

#include "tasks.h"

static void yields_some(void *arg)
{
	for (int i = 0; i < 5; i++)
		pawl_i_task_yield();
	++*(int *)arg;
}

/*** Ids ***************************************************************************************/

static void notes_its_id(void *arg)
{
	*(uint64_t *)arg = pawl_self_;
}

/* Else 2^32 tasks would use up the ids of threads. */
static void a_task_has_the_id_of_an_ended_one(void **state)
{
	uint64_t first = 0, id = 0;

	(void)state;
	spawn(notes_its_id, &first);
	run_all();
	assert_true(first != 0 && first != pawl_self_);
	for (int i = 0; i < 100; i++) {
		spawn(notes_its_id, &id);
		run_all();
		assert_true(id == first);
	}
}

/*** Deadlines *********************************************************************************/

enum { LATE = 100 };

static int ended_late[LATE], late_count;

static void waits_in_vain(void *arg)
{
	int i = (int)(uintptr_t)arg;
	/* Neither in the order of the tasks nor against it. */
	pawl_time deadline = pawl_after(PAWL_MS(20) + PAWL_US(100) * (i * 37 % LATE));
	pawl_sem sem = PAWL_SEM_INIT(0);

	must(pawl_sem_acquire_until(&sem, deadline) == ETIMEDOUT);
	must(pawl_now() >= deadline);
	must(sem.queue_ == 0);
	ended_late[late_count++] = i;
}

static void deadlines_end_waits_and_others_run_meanwhile(void **state)
{
	int ended = 0;

	(void)state;
	for (uintptr_t i = 0; i < LATE; i++)
		spawn(waits_in_vain, (void *)i);
	spawn(yields_some, &ended);
	run_all();
	assert_int_equal(late_count, LATE);
	assert_int_equal(ended, 1);
}

static void polls_once(void *arg)
{
	const pawl_time past[] = { INT64_MIN, -1, 0, pawl_now() };

	for (size_t i = 0; i < COUNT_OF(past); i++)
		must(pawl_event_wait_until(arg, past[i]) == ETIMEDOUT);
}

static void a_deadline_in_the_past_polls(void **state)
{
	pawl_event event = PAWL_EVENT_INIT;

	(void)state;
	spawn(polls_once, &event);
	run_all();
	assert_int_equal(event.queue_, 0);
}

/* Half of the answers come before the deadlines, half after: alarms are set and cleared. */
static uint64_t granted, too_late;
static uint32_t waiting;		/* tasks */

static void waits_shortly(void *arg)
{
	for (int i = 0; i < ROUNDS(2000); i++) {
		int rc = pawl_sem_acquire_until(arg, pawl_after(PAWL_US(i % 60)));

		must(rc == 0 || rc == ETIMEDOUT);
		granted += rc == 0;
		too_late += rc != 0;
	}
	__atomic_fetch_sub(&waiting, 1, __ATOMIC_RELEASE);
}

static uint64_t released;

static void releases_until_stopped(void *arg)
{
	while (__atomic_load_n(&waiting, __ATOMIC_ACQUIRE) != 0) {
		pawl_sem_release(arg, 1);
		released++;
		nap(PAWL_US(1));
	}
}

static void grants_and_deadlines_race(void **state)
{
	pawl_sem sem = PAWL_SEM_INIT(0);
	struct worker w;

	(void)state;
	waiting = 5;
	for (int i = 0; i < 5; i++)
		spawn(waits_shortly, &sem);
	worker_start(&w, releases_until_stopped, &sem);
	run_all();
	worker_join(&w);
	note("%llu granted, %llu too late", (unsigned long long)granted,
	     (unsigned long long)too_late);
	assert_int_equal(granted + (uint64_t)pawl_sem_value(&sem), released);
	assert_int_equal(granted + too_late, 5 * ROUNDS(2000));
	assert_int_equal(sem.queue_, 0);
}

/*** The virtual clock *************************************************************************/

static void waits_virtually(void *arg)
{
	pawl_event event = PAWL_EVENT_INIT;
	pawl_time deadline = PAWL_S(1) + PAWL_S(3600) * (pawl_time)(uintptr_t)arg;

	must(pawl_event_wait_until(&event, deadline) == ETIMEDOUT);
	must(pawl_now() >= deadline);
	__atomic_fetch_add(&late_count, 1, __ATOMIC_RELAXED);
}

static int late_so_far(void)
{
	return __atomic_load_n(&late_count, __ATOMIC_RELAXED);
}

enum { HOURS = 12 };

static void hours_pass(void *arg)
{
	struct worker w;

	(void)arg;
	must(pawl_clock_set_virtual(PAWL_S(1)) == 0);
	late_count = 0;
	for (uintptr_t i = 1; i <= HOURS; i++)
		spawn(waits_virtually, (void *)i);
	worker_start(&w, run_in_thread, NULL);
	for (int i = 1; i <= HOURS; i++) {
		worker_await_sleep(&w);
		must(pawl_clock_advance(PAWL_S(3600) - 1) == 0);
		nap(PAWL_MS(1));
		must(late_so_far() == i - 1);
		must(pawl_clock_advance(1) == 0);
		while (late_so_far() < i)
			nap(PAWL_US(100));
	}
	worker_join(&w);
}

static void the_virtual_clock_moves_deadlines_of_tasks(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, hours_pass, NULL);
	child_assert_silent(&c);
}

static void becomes_virtual(void *arg)
{
	struct worker w;

	(void)arg;
	late_count = 0;
	/* In an hour or so, which the first instant of virtual time is after. */
	spawn(waits_virtually,
	      (void *)(uintptr_t)((pawl_after(PAWL_S(5400)) - PAWL_S(1)) / PAWL_S(3600)));
	worker_start(&w, run_in_thread, NULL);
	worker_await_sleep(&w);
	must(pawl_clock_set_virtual(pawl_after(PAWL_S(7200))) == 0);
	worker_join(&w);
	must(late_count == 1);
}

static void a_wait_goes_on_in_virtual_time(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, becomes_virtual, NULL);
	child_assert_silent(&c);
}

/*** Cancels ***********************************************************************************/

struct scoped {
	pawl_cancel *source;
	pawl_time deadline;
	pawl_event *event;
	int rc, left;
	bool inside;
};

static void waits_in_a_scope(void *arg)
{
	struct scoped *s = arg;
	pawl_scope scope;

	pawl_scope_enter(&scope, s->deadline, s->source, 0);
	__atomic_store_n(&s->inside, true, __ATOMIC_RELEASE);
	s->rc = pawl_event_wait(s->event);
	must(pawl_scope_check() == s->rc);
	s->left = pawl_scope_leave(&scope, s->rc);
	must(pawl_scope_check() == 0);
}

static pawl_cancel *open_source(void)
{
	pawl_cancel *c;

	must(pawl_cancel_open(NULL, &c) == 0);
	return c;
}

static void fires_later(void *arg)
{
	struct scoped *s = arg;

	while (!__atomic_load_n(&s->inside, __ATOMIC_ACQUIRE))
		nap(PAWL_US(50));
	nap(PAWL_MS(2));
	pawl_cancel_fire(s->source, 1);
}

static void sets_later(void *arg)
{
	struct scoped *s = arg;

	while (s[0].rc < 0 || s[1].rc < 0)
		pawl_i_task_yield();
	pawl_event_set(s->event);
}

static void scopes_are_those_of_the_task(void **state)
{
	pawl_event event = PAWL_EVENT_INIT;
	struct scoped s[3];
	pawl_scope around;
	struct worker w;

	(void)state;
	for (int i = 0; i < 3; i++)
		s[i] = (struct scoped){ open_source(), PAWL_FOREVER, &event, -1, -1, false };
	s[1].deadline = pawl_after(PAWL_MS(5));
	for (int i = 0; i < 3; i++)
		spawn(waits_in_a_scope, &s[i]);
	spawn(sets_later, s);
	worker_start(&w, fires_later, &s[0]);
	/* The thread's does not reach into them. */
	pawl_scope_enter(&around, pawl_now(), NULL, 0);
	run_all();
	assert_int_equal(pawl_scope_leave(&around, 0), 0);
	worker_join(&w);
	assert_int_equal(s[0].rc, ECANCELED);
	assert_int_equal(s[0].left, ECANCELED);
	assert_int_equal(s[1].rc, ECANCELED);
	assert_int_equal(s[1].left, ETIMEDOUT);
	assert_int_equal(s[2].rc, 0);
	for (int i = 0; i < 3; i++)
		pawl_cancel_close(s[i].source);
}

static void fires(void *arg)
{
	struct scoped *s = arg;

	while (!s->inside)
		pawl_i_task_yield();
	pawl_cancel_fire(s->source, 1);
}

static void a_task_cancels_others(void **state)
{
	enum { ALL = 50 };
	pawl_event event = PAWL_EVENT_INIT;
	struct scoped s[ALL];
	pawl_cancel *source = open_source();

	(void)state;
	for (int i = 0; i < ALL; i++) {
		s[i] = (struct scoped){ source, PAWL_FOREVER, &event, -1, -1, false };
		spawn(waits_in_a_scope, &s[i]);
	}
	spawn(fires, &s[ALL - 1]);
	run_all();
	for (int i = 0; i < ALL; i++)
		assert_int_equal(s[i].rc, ECANCELED);
	pawl_cancel_close(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_task_has_the_id_of_an_ended_one),
		TEST(deadlines_end_waits_and_others_run_meanwhile),
		TEST(a_deadline_in_the_past_polls),
		TEST(grants_and_deadlines_race),
		TEST(the_virtual_clock_moves_deadlines_of_tasks),
		TEST(a_wait_goes_on_in_virtual_time),
		TEST(scopes_are_those_of_the_task),
		TEST(a_task_cancels_others),
	};

	return test_main(tests);
}
