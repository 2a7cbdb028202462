/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_rwlock.c - pawl/rwlock.h: results, who is together and who alone, phases, downgrade.
 * Readers in slots, lifetime: test_rwlock_slots.c; deadlines, cancels: test_rwlock_ends.c; ops:
 * test_rwlock_op.c, test_rwlock_inline.c; no memory: test_rwlock_enomem.c; misuse: test_misuse.c.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include <pawl/atomic.h>

#include "rwlock_user.h"

/*** Alone *************************************************************************************/

static void all_zero_memory_is_an_unlocked_lock(void **state)
{
	static const pawl_rwlock initialised = PAWL_RWLOCK_INIT;
	pawl_rwlock *l = calloc(1, sizeof *l);

	(void)state;
	assert_non_null(l);
	assert_int_equal(sizeof *l, 24);
	assert_memory_equal(l, &initialised, sizeof *l);
	rw_assert_free(l);
	free(l);
}

/* Whether a call that does not wait gets a lock that is free, read or written by the caller. */
struct at_once {
	int (*try)(pawl_rwlock *l);
	void (*unlock)(pawl_rwlock *l);
	int free, read, written;	/* 0, or the error of the try */
};

static const pawl_time past[] = { INT64_MIN, -1, 0, 1 };
static const pawl_time *instant = past;

static int rdlock_past(pawl_rwlock *l)
{
	return pawl_rwlock_rdlock_until(l, *instant);
}

static int wrlock_past(pawl_rwlock *l)
{
	return pawl_rwlock_wrlock_until(l, *instant);
}

static const struct at_once at_once[] = {
	{ pawl_rwlock_tryrdlock, pawl_rwlock_rdunlock, 0, 0, EBUSY },
	{ pawl_rwlock_trywrlock, pawl_rwlock_wrunlock, 0, EBUSY, EBUSY },
	{ rdlock_past, pawl_rwlock_rdunlock, 0, 0, ETIMEDOUT },
	{ wrlock_past, pawl_rwlock_wrunlock, 0, ETIMEDOUT, ETIMEDOUT },
};

static void check_at_once(const struct at_once *a, pawl_rwlock *l, int expected)
{
	for (int i = 0; i < 3; i++) {
		assert_int_equal(a->try(l), expected);
		if (expected == 0)
			a->unlock(l);
	}
}

static void check_each_at_once(pawl_rwlock *l)
{
	for (size_t i = 0; i < COUNT_OF(at_once); i++) {
		check_at_once(&at_once[i], l, at_once[i].free);
		pawl_rwlock_rdlock(l);
		check_at_once(&at_once[i], l, at_once[i].read);
		pawl_rwlock_rdunlock(l);
		pawl_rwlock_wrlock(l);
		check_at_once(&at_once[i], l, at_once[i].written);
		pawl_rwlock_downgrade(l);
		check_at_once(&at_once[i], l, at_once[i].read);
		pawl_rwlock_rdunlock(l);
	}
}

static void a_try_or_a_past_deadline_gets_what_can_be_had_and_nothing_else(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(past); i++) {
		instant = &past[i];
		check_each_at_once(&l);
	}
	rw_assert_free(&l);
}

static void a_deadline_to_come_is_no_hindrance(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;
	const pawl_time to_come[] = { pawl_after(PAWL_S(50)), PAWL_FOREVER };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(to_come); i++) {
		assert_int_equal(pawl_rwlock_rdlock_until(&l, to_come[i]), 0);
		rw_assert_read(&l);
		pawl_rwlock_rdunlock(&l);
		assert_int_equal(pawl_rwlock_wrlock_until(&l, to_come[i]), 0);
		rw_assert_written(&l);
		pawl_rwlock_wrunlock(&l);
	}
	rw_assert_free(&l);
}

/*** Together, and alone ***********************************************************************/

enum { MANY = 12 };

static void readers_are_inside_together(void **state)
{
	static struct rw_user r[MANY];
	pawl_rwlock l = PAWL_RWLOCK_INIT;

	(void)state;
	for (int i = 0; i < MANY; i++)
		rw_enter(&r[i], &l, RW_READ);
	rw_assert_read(&l);
	for (int i = 0; i < MANY; i++) {
		rw_assert_read(&l);
		rw_leave(&r[(i + 5) % MANY]);
	}
	rw_assert_free(&l);
}

static void a_writer_waits_for_the_last_reader(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;
	struct rw_user r[3], w;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(r); i++)
		rw_enter(&r[i], &l, RW_READ);
	rw_park(&w, &l, RW_WRITE);
	rw_leave(&r[1]);
	rw_assert_waits(&w);
	rw_leave(&r[0]);
	rw_assert_waits(&w);
	rw_leave(&r[2]);
	rw_assert_gets(&w);
	rw_assert_written(&l);
	rw_leave(&w);
	rw_assert_free(&l);
}

static void all_who_wait_to_read_are_let_in_together(void **state)
{
	static struct rw_user r[MANY];
	pawl_rwlock l = PAWL_RWLOCK_INIT;

	(void)state;
	for (int round = 0; round < 5; round++) {
		pawl_rwlock_wrlock(&l);
		for (int i = 0; i < MANY; i++)
			rw_park(&r[i], &l, RW_READ);
		rw_written++;
		pawl_rwlock_wrunlock(&l);
		rw_assert_read(&l);
		for (int i = 0; i < MANY; i++) {	/* all, before one leaves */
			rw_assert_gets(&r[i]);
			assert_int_equal(r[i].seen, rw_written);
		}
		for (int i = 0; i < MANY; i++)
			rw_leave(&r[i]);
		rw_assert_free(&l);
	}
}

/* They are counted in before they run: one that cannot run is inside. */
static void who_was_let_in_and_does_not_run_yet_keeps_writers_out(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;
	struct rw_user r, w;

	(void)state;
	pawl_rwlock_wrlock(&l);
	rw_park(&r, &l, RW_READ);
	worker_freeze(&r.worker);
	pawl_rwlock_wrunlock(&l);
	rw_assert_read(&l);
	rw_park(&w, &l, RW_WRITE);
	worker_thaw(&r.worker);
	rw_assert_gets(&r);
	rw_assert_waits(&w);
	rw_leave(&r);
	rw_assert_gets(&w);
	rw_leave(&w);
	rw_assert_free(&l);
}

/*** Turns *************************************************************************************/

/* Readers who wait and come after the second writer are let in before it, who come in that phase
 * after it. */
static void a_phase_of_readers_comes_between_two_writers(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;
	struct rw_user first, second, before, after, late;

	(void)state;
	rw_enter(&first, &l, RW_WRITE);
	rw_park(&before, &l, RW_READ);
	rw_park(&second, &l, RW_WRITE);
	rw_park(&after, &l, RW_READ);
	rw_leave(&first);
	rw_assert_gets(&before);
	rw_assert_gets(&after);
	rw_park(&late, &l, RW_READ);
	assert_int_equal(pawl_rwlock_tryrdlock(&l), EBUSY);
	rw_assert_waits(&second);
	rw_leave(&before);
	rw_assert_waits(&second);
	rw_leave(&after);
	rw_assert_gets(&second);
	rw_assert_waits(&late);
	rw_leave(&second);
	rw_assert_gets(&late);
	assert_int_equal(late.seen, second.seen);
	assert_int_equal(after.seen, first.seen);
	rw_leave(&late);
	rw_assert_free(&l);
}

/* However many writers wait: one of them passes before each reader that waits. */
static void readers_wait_for_one_writer_at_most(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;
	struct rw_user w[4], r;

	(void)state;
	rw_enter(&w[0], &l, RW_WRITE);
	for (size_t i = 1; i < COUNT_OF(w); i++)
		rw_park(&w[i], &l, RW_WRITE);
	for (size_t i = 0; i < COUNT_OF(w); i++) {
		rw_park(&r, &l, RW_READ);
		rw_leave(&w[i]);
		rw_assert_gets(&r);
		assert_int_equal(r.seen, w[i].seen);
		if (i + 1 < COUNT_OF(w))
			rw_assert_waits(&w[i + 1]);
		rw_leave(&r);
		if (i + 1 < COUNT_OF(w))
			rw_assert_gets(&w[i + 1]);
	}
	rw_assert_free(&l);
}

static void check_order_of_writers(pawl_rwlock *l, void (*unlock)(pawl_rwlock *l))
{
	static struct rw_user w[MANY];

	for (int i = 0; i < MANY; i++)
		rw_park(&w[i], l, RW_WRITE);
	unlock(l);
	for (int i = 0; i < MANY; i++) {
		rw_assert_gets(&w[i]);
		if (i + 1 < MANY)
			rw_assert_waits(&w[i + 1]);
		rw_leave(&w[i]);
		assert_true(i == 0 || w[i].turn > w[i - 1].turn);
	}
	rw_assert_free(l);
}

static void writers_are_served_in_the_order_in_which_they_began_to_wait(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;

	(void)state;
	pawl_rwlock_wrlock(&l);
	check_order_of_writers(&l, pawl_rwlock_wrunlock);
	pawl_rwlock_rdlock(&l);
	check_order_of_writers(&l, pawl_rwlock_rdunlock);
	rw_read_in_slot(&l);
	check_order_of_writers(&l, pawl_rwlock_rdunlock);
}

/* Even if nobody of those who wait runs: it was handed over. */
static void nobody_overtakes_a_writer_that_waits(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;
	struct rw_user w;

	(void)state;
	pawl_rwlock_wrlock(&l);
	rw_park(&w, &l, RW_WRITE);
	worker_freeze(&w.worker);
	pawl_rwlock_wrunlock(&l);
	rw_assert_written(&l);
	assert_int_equal(pawl_rwlock_wrlock_until(&l, pawl_after(PAWL_MS(2))), ETIMEDOUT);
	assert_int_equal(pawl_rwlock_rdlock_until(&l, pawl_after(PAWL_MS(2))), ETIMEDOUT);
	worker_thaw(&w.worker);
	rw_assert_gets(&w);
	rw_leave(&w);
	rw_assert_free(&l);
}

/*** Downgrade *********************************************************************************/

static void downgrade_lets_those_in_who_wait_to_read_and_no_writer_between(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;
	struct rw_user r[3], w, late;
	uint32_t written;

	(void)state;
	pawl_rwlock_wrlock(&l);
	rw_park(&r[0], &l, RW_READ);
	rw_park(&w, &l, RW_WRITE);
	rw_park(&r[1], &l, RW_READ);
	rw_park(&r[2], &l, RW_READ);
	written = ++rw_written;
	pawl_rwlock_downgrade(&l);
	for (size_t i = 0; i < COUNT_OF(r); i++) {
		rw_assert_gets(&r[i]);
		assert_int_equal(r[i].seen, written);
	}
	rw_park(&late, &l, RW_READ);
	for (size_t i = 0; i < COUNT_OF(r); i++)
		rw_leave(&r[i]);
	rw_assert_waits(&w);		/* for the caller */
	assert_int_equal(rw_written, written);
	pawl_rwlock_rdunlock(&l);
	rw_assert_gets(&w);
	rw_assert_waits(&late);
	rw_leave(&w);
	rw_assert_gets(&late);
	rw_leave(&late);
	rw_assert_free(&l);
}

static void after_a_downgrade_that_nobody_waits_for_readers_come_in(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;
	struct rw_user r, w;

	(void)state;
	for (int round = 0; round < 3; round++) {
		pawl_rwlock_wrlock(&l);
		rw_written++;
		pawl_rwlock_downgrade(&l);
		rw_assert_read(&l);
		rw_enter(&r, &l, RW_READ);
		rw_park(&w, &l, RW_WRITE);
		pawl_rwlock_rdunlock(&l);
		rw_assert_waits(&w);
		rw_leave(&r);
		rw_assert_gets(&w);
		rw_leave(&w);
		rw_assert_free(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_zero_memory_is_an_unlocked_lock),
		TEST(a_try_or_a_past_deadline_gets_what_can_be_had_and_nothing_else),
		TEST(a_deadline_to_come_is_no_hindrance),
		TEST(readers_are_inside_together),
		TEST(a_writer_waits_for_the_last_reader),
		TEST(all_who_wait_to_read_are_let_in_together),
		TEST(who_was_let_in_and_does_not_run_yet_keeps_writers_out),
		TEST(a_phase_of_readers_comes_between_two_writers),
		TEST(readers_wait_for_one_writer_at_most),
		TEST(writers_are_served_in_the_order_in_which_they_began_to_wait),
		TEST(nobody_overtakes_a_writer_that_waits),
		TEST(downgrade_lets_those_in_who_wait_to_read_and_no_writer_between),
		TEST(after_a_downgrade_that_nobody_waits_for_readers_come_in),
	};

	return test_main(tests);
}
