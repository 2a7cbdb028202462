/* SPDX-License-Identifier: BSD-2-Clause */
/* test_cleanup.c - pawl/cleanup.h: all ways out of a block.  C++: test_cleanup_exception.cc. */
#include "config.h"

#include <errno.h>
#include <pthread.h>

#include <pawl/cleanup.h>
#include <pawl/counter.h>

#include "support.h"

static pawl_mutex m = PAWL_MUTEX_INIT, other = PAWL_MUTEX_INIT;

static void assert_free(void)
{
	assert_int_equal(pawl_mutex_trylock(&m), 0);
	pawl_mutex_unlock(&m);
	assert_int_equal(pawl_mutex_trylock(&other), 0);
	pawl_mutex_unlock(&other);
}

static int log_of[8], logged;

static void log_it(const int *id)
{
	log_of[logged++] = *id;
}

/*** Cleanup ***********************************************************************************/

static int leave_by(int way)
{
	PAWL_CLEANUP(log_it) int outer = 1;

	for (int i = 0; i < 1; i++) {
		PAWL_CLEANUP(log_it) int inner = 2;
		PAWL_CLEANUP(log_it) int innermost = 3;

		if (way == 0)
			return outer + inner + innermost;
		if (way == 1)
			break;
		if (way == 2)
			continue;
		if (way == 3)
			goto out;
	}
out:
	return 0;
}

static void a_cleanup_runs_on_each_way_out_the_last_one_first(void **state)
{
	(void)state;
	for (int way = 0; way < 5; way++) {
		logged = 0;
		assert_int_equal(leave_by(way), way == 0 ? 6 : 0);
		assert_int_equal(logged, 3);
		for (int i = 0; i < 3; i++)
			assert_int_equal(log_of[i], 3 - i);
	}
}

/*** Guard *************************************************************************************/

static int guarded(int way)
{
	for (int i = 0; i < 2; i++) {
		PAWL_GUARD(&m); PAWL_GUARD(&other);

		assert_true(pawl_mutex_is_mine(&m) && pawl_mutex_is_mine(&other));
		if (way == 0)
			return 1;
		if (way == 1)
			break;
		if (way == 2)
			continue;
		if (way == 3)
			goto out;
	}
out:
	return 0;
}

static void a_guard_holds_the_mutex_until_the_end_of_its_block(void **state)
{
	(void)state;
	for (int way = 0; way < 5; way++) {
		assert_int_equal(guarded(way), way == 0);
		assert_free();
	}
}

static void a_guard_takes_over_what_the_caller_has(void **state)
{
	(void)state;
	assert_int_equal(pawl_mutex_lock_until(&m, pawl_after(PAWL_S(50))), 0);
	{
		PAWL_GUARD(&m);
		assert_true(pawl_mutex_is_mine(&m));
	}
	assert_free();
}

static int evaluated;

static pawl_mutex *pick(void)
{
	evaluated++;
	return &m;
}

static void a_guard_evaluates_its_argument_once(void **state)
{
	(void)state;
	{
		PAWL_GUARD(pick());
	}
	assert_int_equal(evaluated, 1);
	assert_free();
}

static void lock_guarded(void *arg)
{
	PAWL_GUARD(&m);
	++*(int *)arg;
}

static void a_guard_waits_as_a_lock_does(void **state)
{
	struct worker w;
	int count = 0;

	(void)state;
	pawl_mutex_lock(&m);
	worker_start(&w, lock_guarded, &count);
	worker_await_wait(&w, "mutex", &m);
	count = 5;
	pawl_mutex_unlock(&m);
	worker_join(&w);
	assert_int_equal(count, 6);
	assert_free();
}

/*** Shield ************************************************************************************/

static int wait_in_vain(void)
{
	pawl_counter c = PAWL_COUNTER_INIT(1);

	return pawl_counter_wait_zero(&c, PAWL_FOREVER);
}

static void a_shield_keeps_cancels_out_and_has_a_deadline(void **state)
{
	pawl_time start = pawl_now();
	pawl_scope s;
	int rc = -1;

	(void)state;
	pawl_scope_enter(&s, 0, NULL, 0);
	assert_int_equal(pawl_scope_check(), ECANCELED);
	PAWL_SHIELDED(PAWL_S(50), rc = pawl_scope_check());
	assert_int_equal(rc, 0);
	assert_int_equal(PAWL_SHIELDED(PAWL_FOREVER, pawl_scope_check()), 0);
	assert_int_equal(PAWL_SHIELDED(PAWL_MS(3), wait_in_vain()), ECANCELED);
	assert_true(pawl_now() >= start + PAWL_MS(3));
	PAWL_SHIELDED(PAWL_S(50), {
		int a = 1, b = 2;

		rc = PAWL_SHIELDED(-1, pawl_scope_check()) + a + b;
	});
	assert_int_equal(rc, ECANCELED + 3);
	assert_int_equal(pawl_scope_check(), ECANCELED);
	assert_int_equal(pawl_scope_leave(&s, 0), 0);
}

static int shielded(int way)
{
	for (int i = 0; i < 2; i++) {
		if (way == 0)
			PAWL_SHIELDED(PAWL_S(1), return 1);
		else if (way == 1)
			PAWL_SHIELDED(PAWL_S(1), break);
		else if (way == 2)
			PAWL_SHIELDED(PAWL_S(1), { if (i < 2) continue; });
		else
			PAWL_SHIELDED(PAWL_S(1), goto out);
		assert_true(false);
	}
out:
	return 0;
}

static void a_shield_is_left_on_each_way_out(void **state)
{
	pawl_scope s;

	(void)state;
	for (int way = 0; way < 4; way++) {
		pawl_scope_enter(&s, 0, NULL, 0);
		assert_int_equal(shielded(way), way == 0);
		assert_int_equal(pawl_scope_check(), ECANCELED);
		assert_int_equal(pawl_scope_leave(&s, 0), 0);	/* it is the innermost again */
	}
}

/*** The end of a thread ***********************************************************************/

static void leave_scope(pawl_scope *s)
{
	must(pawl_scope_leave(s, 0) == 0);
}

static pawl_counter cleaned = PAWL_COUNTER_INIT(2);

static void clean_up(void *arg)
{
	must(arg == NULL);
	must(pawl_scope_check() == ECANCELED);
	PAWL_SHIELDED(PAWL_S(50), {
		must(pawl_scope_check() == 0);
		(void)pawl_counter_add(&cleaned, -1);
	});
}

static void exit_inside(void *arg)
{
	PAWL_CLEANUP(leave_scope) pawl_scope s;

	pawl_scope_enter(&s, 0, arg, 0);
	pthread_cleanup_push(clean_up, NULL);
	{
		PAWL_GUARD(&m);
		PAWL_SHIELDED(PAWL_S(1), pthread_exit(NULL));
	}
	pthread_cleanup_pop(1);
}

/* A handler runs where it was pushed: below the shield, inside the scope. */
static void the_end_of_a_thread_cleans_up(void **state)
{
	pawl_cancel *source;
	struct worker w;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pawl_cancel_open(NULL, &source), 0);
		worker_start(&w, exit_inside, source);
		worker_join(&w);
		pawl_cancel_close(source);	/* a leak, if the scope was not left */
		assert_free();
	}
	assert_int_equal(pawl_counter_get(&cleaned), 0);
}

static pthread_key_t key;

static void wait_in_destructor(void *result)
{
	*(int *)result = PAWL_SHIELDED(PAWL_MS(2), wait_in_vain());
}

static void exit_without_leaving(void *arg)
{
	pawl_scope s;

	pawl_scope_enter(&s, 0, NULL, 0);
	must(pthread_setspecific(key, arg) == 0);
}

/* Its scope's memory is gone then. */
static void a_destructor_of_a_thread_that_left_no_scope_may_wait_under_a_shield(void **state)
{
	struct worker w;
	int result = -1;

	(void)state;
	assert_int_equal(pthread_key_create(&key, wait_in_destructor), 0);
	worker_start(&w, exit_without_leaving, &result);
	worker_join(&w);
	assert_int_equal(result, ECANCELED);
	assert_int_equal(pthread_key_delete(key), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cleanup_runs_on_each_way_out_the_last_one_first),
		TEST(a_guard_holds_the_mutex_until_the_end_of_its_block),
		TEST(a_guard_takes_over_what_the_caller_has),
		TEST(a_guard_evaluates_its_argument_once),
		TEST(a_guard_waits_as_a_lock_does),
		TEST(a_shield_keeps_cancels_out_and_has_a_deadline),
		TEST(a_shield_is_left_on_each_way_out),
		TEST(the_end_of_a_thread_cleans_up),
		TEST(a_destructor_of_a_thread_that_left_no_scope_may_wait_under_a_shield),
	};

	return test_main(tests);
}
