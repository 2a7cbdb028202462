/* SPDX-License-Identifier: BSD-2-Clause */
/* test_misuse.c - each misuse of a mutex or a condition ends the process with one sentence.
 * Deadlines that are durations: test_time.c. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <pawl/mutex.h>
#include <pawl/thread.h>

#include "misuse.h"

/* Static, so that its address is the same in the child. */
static pawl_mutex m, others[3];
static pawl_cond cond;

static void set_up(unsigned flags)
{
	assert_int_equal(pawl_mutex_init(&m, flags), 0);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_int_equal(pawl_mutex_init(&others[i], flags), 0);
}

/* Of the mutex, with both policies. */
static void expect(void (*fn)(void *arg), const char *call, const char *problem)
{
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		set_up(flags);
		expect_line(fn, call, "mutex", &m, problem);
	}
}

static void run_in_thread(void (*fn)(void *arg))
{
	struct worker w;

	worker_start(&w, fn, NULL);
	worker_join(&w);
}

static void lock_it(void *arg)
{
	(void)arg;
	pawl_mutex_lock(&m);
}

static void unlock_it(void *arg)
{
	(void)arg;
	pawl_mutex_unlock(&m);
}

/*** Lock **************************************************************************************/

static void relock(void *arg)
{
	(void)arg;
	pawl_mutex_lock(&m);
	pawl_mutex_lock(&m);
}

static void locking_again_what_one_holds(void **state)
{
	(void)state;
	expect(relock, "pawl_mutex_lock", "is already held by the caller, thread #");
}

static void relock_while_waited_for(void *arg)
{
	struct worker w;

	(void)arg;
	pawl_mutex_lock(&m);
	worker_start(&w, lock_it, NULL);
	worker_await_wait(&w, "mutex", &m);
	pawl_mutex_lock(&m);
}

static void locking_again_what_one_holds_while_others_wait(void **state)
{
	(void)state;
	expect(relock_while_waited_for, "pawl_mutex_lock",
	       "is already held by the caller, thread #");
}

static void lock_destroyed(void *arg)
{
	(void)arg;
	pawl_mutex_destroy(&m);
	pawl_mutex_lock(&m);
}

static void locking_what_was_destroyed(void **state)
{
	(void)state;
	expect(lock_destroyed, "pawl_mutex_lock", "was destroyed before");
}

static void lock_destroyed_with_deadline(void *arg)
{
	(void)arg;
	pawl_mutex_destroy(&m);
	(void)!pawl_mutex_lock_until(&m, pawl_after(PAWL_S(50)));
}

static void locking_what_was_destroyed_with_a_deadline(void **state)
{
	(void)state;
	expect(lock_destroyed_with_deadline, "pawl_mutex_lock_until", "was destroyed before");
}

static void lock_all_with_one_held(void *arg)
{
	pawl_mutex *const list[] = { &others[0], &m, &others[1] };

	(void)arg;
	pawl_mutex_lock(&m);
	pawl_mutex_lock_all(list, COUNT_OF(list));
}

static void locking_all_while_holding_one(void **state)
{
	struct child c;

	(void)state;
	set_up(0);
	child_run(&c, lock_all_with_one_held, NULL);
	child_assert_misuse(&c, "pawl_mutex_lock_all: ");
	assert_non_null(strstr(c.text, "is already held by the caller, thread "));
}

/*** Unlock ************************************************************************************/

static void unlock_free(void *arg)
{
	(void)arg;
	pawl_mutex_lock(&others[0]);	/* the thread has an id */
	pawl_mutex_unlock(&m);
}

static void unlocking_what_nobody_holds(void **state)
{
	(void)state;
	expect(unlock_free, "pawl_mutex_unlock", "is not held");
}

static void unlock_twice(void *arg)
{
	(void)arg;
	pawl_mutex_lock(&m);
	pawl_mutex_unlock(&m);
	pawl_mutex_unlock(&m);
}

static void unlocking_twice(void **state)
{
	(void)state;
	expect(unlock_twice, "pawl_mutex_unlock", "is not held");
}

static void attach_and_unlock(void *arg)
{
	must(pawl_thread_attach() == 0);
	unlock_it(arg);
}

static void unlock_foreign(void *arg)
{
	(void)arg;
	pawl_mutex_lock(&m);
	run_in_thread(attach_and_unlock);
}

static void unlocking_what_another_thread_holds(void **state)
{
	(void)state;
	expect(unlock_foreign, "pawl_mutex_unlock", "is held by thread #");
}

static void unlock_foreign_as_new_thread(void *arg)
{
	(void)arg;
	pawl_mutex_lock(&m);
	run_in_thread(unlock_it);
}

static void unlock_free_as_new_thread(void *arg)
{
	(void)arg;
	run_in_thread(unlock_it);
}

static void unlocking_by_a_thread_that_never_called_pawl_before(void **state)
{
	(void)state;
	expect(unlock_foreign_as_new_thread, "pawl_mutex_unlock", "is held by thread #");
	expect(unlock_free_as_new_thread, "pawl_mutex_unlock", "is not held");
}

static void unlock_after_exit_of_holder(void *arg)
{
	(void)arg;
	run_in_thread(lock_it);
	pawl_mutex_unlock(&m);
}

static void unlocking_what_an_exited_thread_held(void **state)
{
	(void)state;
	expect(unlock_after_exit_of_holder, "pawl_mutex_unlock", "is held by thread #");
}

static void unlock_destroyed(void *arg)
{
	(void)arg;
	pawl_mutex_lock(&m);
	pawl_mutex_unlock(&m);
	pawl_mutex_destroy(&m);
	pawl_mutex_unlock(&m);
}

static void unlocking_what_was_destroyed(void **state)
{
	(void)state;
	expect(unlock_destroyed, "pawl_mutex_unlock", "was destroyed before");
}

static void unlock_all_with_one_free(void *arg)
{
	pawl_mutex *const list[] = { &others[0], &m, &others[1] };

	(void)arg;
	pawl_mutex_lock(&others[0]);
	pawl_mutex_lock(&others[1]);
	pawl_mutex_unlock_all(list, COUNT_OF(list));
}

static void unlocking_all_without_holding_one(void **state)
{
	(void)state;
	expect(unlock_all_with_one_free, "pawl_mutex_unlock_all", "is not held by the caller");
}

/*** Destroy ***********************************************************************************/

static void destroy_held(void *arg)
{
	(void)arg;
	pawl_mutex_lock(&m);
	pawl_mutex_destroy(&m);
}

static void destroying_what_the_caller_holds(void **state)
{
	(void)state;
	expect(destroy_held, "pawl_mutex_destroy", "is held by thread #");
}

static void destroy_held_by_another(void *arg)
{
	(void)arg;
	run_in_thread(lock_it);
	pawl_mutex_destroy(&m);
}

static void destroying_what_another_holds(void **state)
{
	(void)state;
	expect(destroy_held_by_another, "pawl_mutex_destroy", "is held by thread #");
}

static void destroy_waited_for(void *arg)
{
	struct worker w;

	(void)arg;
	pawl_mutex_lock(&m);
	worker_start(&w, lock_it, NULL);
	worker_await_wait(&w, "mutex", &m);
	pawl_mutex_destroy(&m);
}

static void destroying_what_is_held_and_waited_for(void **state)
{
	(void)state;
	expect(destroy_waited_for, "pawl_mutex_destroy", "is held by thread #");
}

/* The default mutex is free while the one that was woken has not come yet. */
static void destroy_under_heir(void *arg)
{
	struct worker w;

	(void)arg;
	pawl_mutex_lock(&m);
	worker_start(&w, lock_it, NULL);
	worker_await_wait(&w, "mutex", &m);
	worker_freeze(&w);
	pawl_mutex_unlock(&m);
	pawl_mutex_destroy(&m);
}

static void destroying_what_is_free_but_waited_for(void **state)
{
	struct child c;

	(void)state;
	set_up(0);
	child_run(&c, destroy_under_heir, NULL);
	child_assert_misuse(&c, "pawl_mutex_destroy: ");
	assert_non_null(strstr(c.text, "is being waited for"));
	set_up(PAWL_FAIR);	/* it was handed over */
	child_run(&c, destroy_under_heir, NULL);
	child_assert_misuse(&c, "pawl_mutex_destroy: ");
	assert_non_null(strstr(c.text, "is being handed over"));
}

static void destroy_twice(void *arg)
{
	(void)arg;
	pawl_mutex_destroy(&m);
	pawl_mutex_destroy(&m);
}

static void destroying_twice(void **state)
{
	(void)state;
	expect(destroy_twice, "pawl_mutex_destroy", "was destroyed before");
}

/*** Condition *********************************************************************************/

static void wait_without_mutex(void *arg)
{
	(void)arg;
	(void)!pawl_cond_wait_until(&cond, &m, PAWL_FOREVER);
}

static void wait_with_mutex_of_another(void *arg)
{
	(void)arg;
	run_in_thread(lock_it);
	(void)!pawl_cond_wait_until(&cond, &m, 0);
}

static void waiting_on_a_condition_without_holding_the_mutex(void **state)
{
	(void)state;
	expect(wait_without_mutex, "pawl_cond_wait_until", "is not held by the caller");
	expect(wait_with_mutex_of_another, "pawl_cond_wait_until", "is not held by the caller");
}

static void wait_for_signal(void *arg)
{
	(void)arg;
	pawl_mutex_lock(&m);
	(void)!pawl_cond_wait_until(&cond, &m, PAWL_FOREVER);
}

static void wake_with_destroyed_mutex(void *arg)
{
	struct worker w;

	(void)arg;
	worker_start(&w, wait_for_signal, NULL);
	worker_await_wait(&w, "cond", &cond);
	pawl_mutex_destroy(&m);
	pawl_cond_signal(&cond);
	worker_join(&w);
}

static void waking_who_waits_with_a_mutex_that_was_destroyed(void **state)
{
	(void)state;
	expect(wake_with_destroyed_mutex, "pawl_cond_wait_until", "was destroyed before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(locking_again_what_one_holds),
		TEST(locking_again_what_one_holds_while_others_wait),
		TEST(locking_what_was_destroyed),
		TEST(locking_what_was_destroyed_with_a_deadline),
		TEST(locking_all_while_holding_one),
		TEST(unlocking_what_nobody_holds),
		TEST(unlocking_twice),
		TEST(unlocking_what_another_thread_holds),
		TEST(unlocking_by_a_thread_that_never_called_pawl_before),
		TEST(unlocking_what_an_exited_thread_held),
		TEST(unlocking_what_was_destroyed),
		TEST(unlocking_all_without_holding_one),
		TEST(destroying_what_the_caller_holds),
		TEST(destroying_what_another_holds),
		TEST(destroying_what_is_held_and_waited_for),
		TEST(destroying_what_is_free_but_waited_for),
		TEST(destroying_twice),
		TEST(waiting_on_a_condition_without_holding_the_mutex),
		TEST(waking_who_waits_with_a_mutex_that_was_destroyed),
	};

	return test_main(tests);
}
