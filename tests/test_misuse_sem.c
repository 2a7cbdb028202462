/* SPDX-License-Identifier: BSD-2-Clause */
/* test_misuse_sem.c - each misuse of a semaphore, or of a reader-writer lock, ends the process with
 * one sentence. */
#include "config.h"

#include <errno.h>

#include <pawl/rwlock.h>
#include <pawl/sem.h>

#include "misuse.h"

/* Static, so that its address is the same in the child. */
static pawl_sem sem;
static pawl_rwlock rwlock;

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
		TEST(giving_less_than_nothing_or_too_many_permits),
		TEST(destroying_a_semaphore_that_is_waited_for),
		TEST(using_a_semaphore_that_was_destroyed),
		TEST(unlocking_a_reader_writer_lock_that_is_not_held_so),
		TEST(having_more_readers_than_a_million),
	};

	return test_main(tests);
}
