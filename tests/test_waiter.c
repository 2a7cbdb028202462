/* SPDX-License-Identifier: BSD-2-Clause */
/* test_waiter.c - one wait, and refs to it: wait/waiter.h. */
#include "config.h"

#include <sched.h>

#include <pawl/atomic.h>

#include "support.h"
#include "wait/waiter.h"

/* A waiter that belongs to nobody. */
static struct waiter *waiter(void)
{
	struct waiter *w = pawl_i_waiter_get(NULL);

	assert_non_null(w);
	return w;
}

static void an_answer_before_it_parks_needs_no_wake(void **state)
{
	struct waiter *w = waiter(), *wake = w;
	uint64_t ref = pawl_i_waiter_arm(w);

	(void)state;
	assert_true(waiter_waits(ref));
	assert_true(pawl_i_waiter_ref(w) == ref);
	assert_int_equal(pawl_i_waiter_answer(w), 0);
	assert_true(pawl_i_waiter_tell(ref, GRANT, &wake));
	assert_null(wake);
	assert_false(waiter_waits(ref));
	assert_int_equal(pawl_i_waiter_answer(w), GRANT);
	assert_int_equal(pawl_i_waiter_park(w), GRANT);
	assert_int_equal(pawl_i_waiter_give_up(w), GRANT);
	pawl_i_waiter_put(w);
}

static void an_answer_after_it_parked_does(void **state)
{
	struct waiter *w = waiter(), *wake = NULL;
	uint64_t ref = pawl_i_waiter_arm(w);

	(void)state;
	assert_int_equal(pawl_i_waiter_park(w), 0);
	assert_int_equal(pawl_i_waiter_park(w), 0);	/* it stays parked */
	assert_true(waiter_waits(ref));
	assert_true(pawl_i_waiter_tell(ref, RETRY, &wake));
	assert_ptr_equal(wake, w);
	assert_int_equal(pawl_i_waiter_answer(w), RETRY);
	pawl_i_waiter_put(w);
}

static void there_is_one_answer(void **state)
{
	struct waiter *w = waiter(), *wake = w;
	uint64_t ref = pawl_i_waiter_arm(w);

	(void)state;
	assert_true(pawl_i_waiter_tell(ref, RETRY, &wake));
	wake = w;
	assert_false(pawl_i_waiter_tell(ref, GRANT, &wake));
	assert_ptr_equal(wake, w);	/* not touched */
	assert_int_equal(pawl_i_waiter_answer(w), RETRY);
	assert_null(pawl_i_waiter_move(ref));
	pawl_i_waiter_put(w);
}

static void who_gave_up_gets_none(void **state)
{
	struct waiter *w = waiter(), *wake = w;
	uint64_t ref;

	(void)state;
	for (int parked = 0; parked < 2; parked++) {
		ref = pawl_i_waiter_arm(w);
		if (parked)
			assert_int_equal(pawl_i_waiter_park(w), 0);
		assert_int_equal(pawl_i_waiter_give_up(w), 0);
		assert_false(waiter_waits(ref));
		assert_false(pawl_i_waiter_tell(ref, GRANT, &wake));
		assert_null(pawl_i_waiter_move(ref));
		assert_int_equal(pawl_i_waiter_answer(w), 0);
	}
	pawl_i_waiter_put(w);
}

/* Each generation is another wait; the waiter may even have changed hands meanwhile. */
static void the_ref_of_a_wait_that_is_over_does_nothing_for_ever(void **state)
{
	struct waiter *w = waiter(), *wake;
	uint64_t old = pawl_i_waiter_arm(w), ref = old;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		if (i % 2)
			assert_true(pawl_i_waiter_tell(ref, GRANT, &wake));
		else
			assert_int_equal(pawl_i_waiter_give_up(w), 0);
		pawl_i_waiter_put(w);
		assert_ptr_equal(waiter(), w);
		ref = pawl_i_waiter_arm(w);
		assert_true(ref != old);
		assert_false(waiter_waits(old));
		assert_false(pawl_i_waiter_tell(old, GRANT, &wake));
		assert_null(pawl_i_waiter_move(old));
		assert_true(waiter_waits(ref));
	}
	assert_int_equal(pawl_i_waiter_give_up(w), 0);
	pawl_i_waiter_put(w);
}

static void who_is_moved_has_a_new_ref_and_cannot_give_up(void **state)
{
	struct waiter *w = waiter(), *wake = NULL;
	uint64_t old, ref;

	(void)state;
	for (int parked = 0; parked < 2; parked++) {
		old = pawl_i_waiter_arm(w);
		if (parked)
			assert_int_equal(pawl_i_waiter_park(w), 0);
		assert_ptr_equal(pawl_i_waiter_move(old), w);
		ref = pawl_i_waiter_ref(w);
		assert_true(ref != old);
		assert_null(pawl_i_waiter_move(old));
		assert_false(waiter_waits(old));
		assert_false(pawl_i_waiter_tell(old, GRANT, &wake));
		assert_true(waiter_waits(ref));
		assert_int_equal(pawl_i_waiter_give_up(w), MOVED);
		assert_int_equal(pawl_i_waiter_park(w), 0);
		assert_int_equal(pawl_i_waiter_answer(w), 0);
		wake = NULL;
		assert_true(pawl_i_waiter_tell(ref, ALONE, &wake));
		assert_ptr_equal(wake, w);	/* it may sleep */
		assert_int_equal(pawl_i_waiter_give_up(w), ALONE);
	}
	pawl_i_waiter_put(w);
}

static void a_wait_that_is_forgotten_is_over(void **state)
{
	struct waiter *w = waiter(), *wake;
	uint64_t ref = pawl_i_waiter_arm(w);

	(void)state;
	assert_int_equal(pawl_i_waiter_park(w), 0);
	pawl_i_waiter_forget(w);
	assert_false(waiter_waits(ref));
	assert_false(pawl_i_waiter_tell(ref, GRANT, &wake));
	ref = pawl_i_waiter_arm(w);
	assert_true(pawl_i_waiter_tell(ref, GRANT, &wake));
	pawl_i_waiter_put(w);
}

static void a_ref_tells_whether_an_op_waits(void **state)
{
	/* Any address does: only whether there is one is looked at. */
	struct pawl_op *op = (struct pawl_op *)(void *)state;
	struct waiter *thread = waiter(), *w = pawl_i_waiter_get(op);

	assert_non_null(w);
	assert_true(pawl_i_waiter_is_op(pawl_i_waiter_arm(w)));
	assert_ptr_equal(w->op, op);
	assert_false(pawl_i_waiter_is_op(pawl_i_waiter_arm(thread)));
	pawl_i_waiter_put(w);
	pawl_i_waiter_put(thread);
}

/*** Threads ***********************************************************************************/

/* One wait after the other: many want to end each, one does. */
struct contest {
	uint64_t ref;		/* atomic; of the wait under way; 0: the end */
	uint64_t told;		/* atomic */
	uint64_t behind;	/* of the refs that were used: how many were old; atomic */
};

static void tell_all_there_are(void *arg)
{
	struct contest *c = arg;
	uint64_t ref, old = 0, told = 0, vain = 0;
	struct waiter *wake;

	while ((ref = pawl_load_(&c->ref, acquire)) != 0) {
		if (old != 0 && old != ref)
			must(!pawl_i_waiter_tell(old, GRANT, &wake));
		if (pawl_i_waiter_tell(ref, GRANT, &wake))
			told++;
		else
			vain++;
		old = ref;
	}
	pawl_fetch_add_(&c->told, told, relaxed);
	pawl_fetch_add_(&c->behind, vain, relaxed);
}

static void a_wait_ends_once_whoever_ends_it(void **state)
{
	struct waiter *w = waiter();
	struct contest c = { .ref = pawl_i_waiter_arm(w) };
	uint64_t answered = 0, gave_up = 0;
	struct worker tellers[2];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(tellers); i++)
		worker_start(&tellers[i], tell_all_there_are, &c);
	for (int i = 0; i < ROUNDS(500000); i++) {
		if (i % 3 == 0)
			(void)pawl_i_waiter_park(w);
		for (int pause = 0; pause < i % 64 && pawl_i_waiter_answer(w) == 0; pause++)
			continue;
		if (i % 1024 == 0)
			sched_yield();	/* where there is one CPU only */
		if (pawl_i_waiter_give_up(w) != 0)
			answered++;
		else
			gave_up++;
		pawl_store_(&c.ref, pawl_i_waiter_arm(w), release);
	}
	answered += pawl_i_waiter_give_up(w) != 0;
	pawl_store_(&c.ref, 0, release);
	for (size_t i = 0; i < COUNT_OF(tellers); i++)
		worker_join(&tellers[i]);
	note("%llu answered, %llu gave up, %llu told in vain", (unsigned long long)answered,
	     (unsigned long long)gave_up, (unsigned long long)c.behind);
	assert_int_equal(c.told, answered);
	assert_true(answered > 0 && gave_up > 0);
	pawl_i_waiter_put(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_before_it_parks_needs_no_wake),
		TEST(an_answer_after_it_parked_does),
		TEST(there_is_one_answer),
		TEST(who_gave_up_gets_none),
		TEST(the_ref_of_a_wait_that_is_over_does_nothing_for_ever),
		TEST(who_is_moved_has_a_new_ref_and_cannot_give_up),
		TEST(a_wait_that_is_forgotten_is_over),
		TEST(a_ref_tells_whether_an_op_waits),
		TEST(a_wait_ends_once_whoever_ends_it),
	};

	return test_main(tests);
}
