/* SPDX-License-Identifier: BSD-2-Clause */
/* test_misuse.c - each misuse ends the process with one sentence.  Deadlines that are
 * durations: test_time.c. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/mutex.h>
#include <pawl/rwlock.h>
#include <pawl/sem.h>
#include <pawl/thread.h>

#include "support.h"

/* Static, so that its address is the same in the child. */
static pawl_mutex m, others[3];
static pawl_cond cond;
static pawl_sem sem;
static pawl_rwlock rwlock;

static void set_up(unsigned flags)
{
	assert_int_equal(pawl_mutex_init(&m, flags), 0);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_int_equal(pawl_mutex_init(&others[i], flags), 0);
}

/* Put one # for the number behind each "thread ". */
static void hide_thread_numbers(char *text)
{
	char *from = text, *to = text;

	while (*from != '\0') {
		if (to - text >= 7 && strncmp(to - 7, "thread ", 7) == 0) {
			assert_true(strtoul(from, &from, 10) > 0);
			*to++ = '#';
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

/* The child ends with "pawl: <call>: <kind> <object> <problem>", where # stands for the number of a
 * thread. */
static void expect_line(void (*fn)(void *arg), const char *call, const char *kind,
	const void *object, const char *problem)
{
	struct child c;
	char line[256];

	child_run(&c, fn, NULL);
	child_assert_misuse(&c, call);
	hide_thread_numbers(c.text);
	snprintf(line, sizeof line, "pawl: %s: %s %p %s\n", call, kind, object, problem);
	assert_string_equal(c.text, line);
}

/* Of the mutex, with both policies. */
static void expect(void (*fn)(void *arg), const char *call, const char *problem)
{
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		set_up(flags);
		expect_line(fn, call, "mutex", &m, problem);
	}
}

/* Of the semaphore, which has one permit. */
static void expect_sem(void (*fn)(void *arg), const char *call, const char *problem)
{
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		assert_int_equal(pawl_sem_init(&sem, 1, flags), 0);
		expect_line(fn, call, "semaphore", &sem, problem);
	}
}

static void expect_rwlock(void (*fn)(void *arg), const char *call, const char *problem)
{
	rwlock = (pawl_rwlock)PAWL_RWLOCK_INIT;
	expect_line(fn, call, "rwlock", &rwlock, problem);
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

/*** Semaphore *********************************************************************************/

static void release_less_than_nothing(void *arg)
{
	(void)arg;
	pawl_sem_release(&sem, -1);
}

static void release_too_many(void *arg)
{
	(void)arg;
	pawl_sem_release(&sem, PAWL_SEM_MAX - 1);
	pawl_sem_release(&sem, 1);
}

static void release_far_too_many(void *arg)
{
	(void)arg;
	pawl_sem_release(&sem, INT64_MAX);
}

static void wait_for_permit(void *arg)
{
	(void)arg;
	must(pawl_sem_acquire_n(&sem, 1, PAWL_FOREVER) == 0);
}

static void wait_for_permits(void *arg)
{
	(void)arg;
	(void)!pawl_sem_acquire_n(&sem, 3, PAWL_FOREVER);
}

static void await_wait_for(struct worker *w, void (*fn)(void *arg))
{
	worker_start(w, fn, NULL);
	worker_await_wait(w, "semaphore", &sem);
}

static void release_too_many_to_a_waiter(void *arg)
{
	struct worker w;

	wait_for_permit(arg);
	await_wait_for(&w, wait_for_permit);
	pawl_sem_release(&sem, PAWL_SEM_MAX + 1);
}

static void adjust_to_too_many(void *arg)
{
	(void)arg;
	(void)pawl_sem_adjust(&sem, PAWL_SEM_MAX);
}

static void adjust_to_too_large_a_debt(void *arg)
{
	(void)arg;
	must(pawl_sem_adjust(&sem, -PAWL_SEM_MAX - 1) == -PAWL_SEM_MAX);
	(void)pawl_sem_adjust(&sem, -1);
}

static void adjust_by_far_too_much(void *arg)
{
	(void)arg;
	(void)pawl_sem_adjust(&sem, INT64_MIN);
}

static void giving_less_than_nothing_or_too_many_permits(void **state)
{
	const char *too_many = "has too many permits, or too large a debt";

	(void)state;
	expect_sem(release_less_than_nothing, "pawl_sem_release",
		   "cannot be given less than nothing");
	expect_sem(release_too_many, "pawl_sem_release", too_many);
	expect_sem(release_far_too_many, "pawl_sem_release", too_many);
	expect_sem(release_too_many_to_a_waiter, "pawl_sem_release", too_many);
	expect_sem(adjust_to_too_many, "pawl_sem_adjust", too_many);
	expect_sem(adjust_to_too_large_a_debt, "pawl_sem_adjust", too_many);
	expect_sem(adjust_by_far_too_much, "pawl_sem_adjust", too_many);
}

static void destroy_sem(void *arg)
{
	(void)arg;
	pawl_sem_destroy(&sem);
}

static void destroy_sem_waited_for(void *arg)
{
	struct worker w;

	wait_for_permit(arg);
	await_wait_for(&w, wait_for_permit);
	destroy_sem(arg);
}

static void destroy_sem_under_heir(void *arg)
{
	struct worker w;

	wait_for_permit(arg);
	await_wait_for(&w, wait_for_permit);
	worker_freeze(&w);
	pawl_sem_release(&sem, 1);
	destroy_sem(arg);
}

static void destroy_sem_that_is_collected(void *arg)
{
	struct worker w;

	await_wait_for(&w, wait_for_permits);
	destroy_sem(arg);
}

static void destroying_a_semaphore_that_is_waited_for(void **state)
{
	(void)state;
	expect_sem(destroy_sem_waited_for, "pawl_sem_destroy", "is being waited for");
	expect_sem(destroy_sem_under_heir, "pawl_sem_destroy", "is being waited for");
	expect_sem(destroy_sem_that_is_collected, "pawl_sem_destroy", "is being waited for");
}

static void acquire_destroyed(void *arg)
{
	destroy_sem(arg);
	wait_for_permit(arg);
}

static void tryacquire_destroyed(void *arg)
{
	destroy_sem(arg);
	(void)!pawl_sem_tryacquire(&sem);
}

static void acquire_many_of_destroyed(void *arg)
{
	destroy_sem(arg);
	wait_for_permits(arg);
}

static void release_destroyed(void *arg)
{
	destroy_sem(arg);
	pawl_sem_release(&sem, 1);
}

static void adjust_destroyed(void *arg)
{
	destroy_sem(arg);
	(void)pawl_sem_adjust(&sem, -1);
}

static void close_destroyed(void *arg)
{
	destroy_sem(arg);
	pawl_sem_close(&sem);
}

static void destroy_sem_twice(void *arg)
{
	destroy_sem(arg);
	destroy_sem(arg);
}

static void using_a_semaphore_that_was_destroyed(void **state)
{
	const char *destroyed = "was destroyed before";

	(void)state;
	expect_sem(acquire_destroyed, "pawl_sem_acquire", destroyed);
	expect_sem(tryacquire_destroyed, "pawl_sem_acquire", destroyed);
	expect_sem(acquire_many_of_destroyed, "pawl_sem_acquire", destroyed);
	expect_sem(release_destroyed, "pawl_sem_release", destroyed);
	expect_sem(adjust_destroyed, "pawl_sem_adjust", destroyed);
	expect_sem(close_destroyed, "pawl_sem_close", destroyed);
	expect_sem(destroy_sem_twice, "pawl_sem_destroy", destroyed);
}

/*** Reader-writer lock ************************************************************************/

static void rdunlock_it(void *arg)
{
	(void)arg;
	pawl_rwlock_rdunlock(&rwlock);
}

static void wrunlock_it(void *arg)
{
	(void)arg;
	pawl_rwlock_wrunlock(&rwlock);
}

static void downgrade_it(void *arg)
{
	(void)arg;
	pawl_rwlock_downgrade(&rwlock);
}

static void rdunlock_twice(void *arg)
{
	pawl_rwlock_rdlock(&rwlock);
	rdunlock_it(arg);
	rdunlock_it(arg);
}

/* Many times before, so that readers are in slots. */
static void rdunlock_once_too_often(void *arg)
{
	for (int i = 0; i < 1000; i++) {
		pawl_rwlock_rdlock(&rwlock);
		rdunlock_it(arg);
	}
	rdunlock_it(arg);
}

static void rdunlock_written(void *arg)
{
	pawl_rwlock_wrlock(&rwlock);
	rdunlock_it(arg);
}

static void wrunlock_read(void *arg)
{
	pawl_rwlock_rdlock(&rwlock);
	wrunlock_it(arg);
}

static void wrunlock_downgraded(void *arg)
{
	pawl_rwlock_wrlock(&rwlock);
	pawl_rwlock_downgrade(&rwlock);
	wrunlock_it(arg);
}

static void wrunlock_twice(void *arg)
{
	pawl_rwlock_wrlock(&rwlock);
	wrunlock_it(arg);
	wrunlock_it(arg);
}

static void downgrade_read(void *arg)
{
	pawl_rwlock_rdlock(&rwlock);
	downgrade_it(arg);
}

static void unlocking_a_reader_writer_lock_that_is_not_held_so(void **state)
{
	const char *not_read = "is not held for reading", *not_written = "is not held for writing";

	(void)state;
	expect_rwlock(rdunlock_it, "pawl_rwlock_rdunlock", not_read);
	expect_rwlock(rdunlock_twice, "pawl_rwlock_rdunlock", not_read);
	expect_rwlock(rdunlock_once_too_often, "pawl_rwlock_rdunlock", not_read);
	expect_rwlock(rdunlock_written, "pawl_rwlock_rdunlock", not_read);
	expect_rwlock(wrunlock_it, "pawl_rwlock_wrunlock", not_written);
	expect_rwlock(wrunlock_read, "pawl_rwlock_wrunlock", not_written);
	expect_rwlock(wrunlock_downgraded, "pawl_rwlock_wrunlock", not_written);
	expect_rwlock(wrunlock_twice, "pawl_rwlock_wrunlock", not_written);
	expect_rwlock(downgrade_it, "pawl_rwlock_downgrade", not_written);
	expect_rwlock(downgrade_read, "pawl_rwlock_downgrade", not_written);
}

static void not_called(pawl_op *op, int rc)
{
	(void)op;
	(void)rc;
	must_fail(__FILE__, __LINE__, "it is had at once");
}

/* Ops: what a thread locks itself may be noted elsewhere, and so is not counted. */
static void read_too_often(void *arg)
{
	pawl_op op;

	(void)arg;
	pawl_op_init_inline(&op, not_called, &op);
	for (int i = 0; i < 1000000; i++)
		must(pawl_rwlock_rdlock_op(&rwlock, &op) == 0);
	(void)!pawl_rwlock_rdlock_op(&rwlock, &op);
}

static void having_more_readers_than_a_million(void **state)
{
	(void)state;
	expect_rwlock(read_too_often, "pawl_rwlock_rdlock", "has too many readers");
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
		TEST(giving_less_than_nothing_or_too_many_permits),
		TEST(destroying_a_semaphore_that_is_waited_for),
		TEST(using_a_semaphore_that_was_destroyed),
		TEST(unlocking_a_reader_writer_lock_that_is_not_held_so),
		TEST(having_more_readers_than_a_million),
	};

	return test_main(tests);
}
