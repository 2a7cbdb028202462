/* SPDX-License-Identifier: BSD-2-Clause */
/* test_context.c - contexts of threads, from inside: wait/context.h. */
#include "config.h"

#include <errno.h>

#include <pawl/counter.h>
#include <pawl/mutex.h>
#include <pawl/thread.h>

#include "support.h"
#include "wait/context.h"

static int contexts(void)
{
	int count = 0;

	for (struct context *c = pawl_i_context_newest(); c; c = c->older)
		count++;
	return count;
}

static void wait_once(void *arg)
{
	must(pawl_mutex_lock_until(arg, pawl_after(PAWL_US(200))) == ETIMEDOUT);
	must(pawl_thread_attach() == 0);	/* had it come too late to sleep */
}

static void a_context_is_adopted_by_the_next_thread(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct worker w;
	int before;

	(void)state;
	pawl_mutex_lock(&m);
	worker_start(&w, wait_once, &m);
	worker_join(&w);
	before = contexts();
	assert_true(before > 0);
	for (int i = 0; i < 1000; i++) {
		worker_start(&w, wait_once, &m);
		worker_join(&w);
	}
	assert_int_equal(contexts(), before);
	pawl_mutex_unlock(&m);
}

enum { CROWD = 32 };

static void run_crowd(void)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker l[CROWD];

	pawl_mutex_lock(&m);
	for (int i = 0; i < CROWD; i++)
		locker_start(&l[i], i, &m, PAWL_FOREVER, NULL);
	pawl_mutex_unlock(&m);
	for (int i = 0; i < CROWD; i++)
		assert_int_equal(locker_join(&l[i]), 0);
}

static void there_are_as_many_as_threads_waited_at_once(void **state)
{
	int after_first;

	(void)state;
	run_crowd();
	after_first = contexts();
	assert_in_range(after_first, CROWD, CROWD + 2);
	for (int i = 0; i < 5; i++)
		run_crowd();
	assert_int_equal(contexts(), after_first);
}

static void churn(void *arg)
{
	pawl_mutex *m = arg;

	for (int i = 0; i < 10; i++) {
		pawl_mutex_lock(m);
		nap(PAWL_US(20));
		pawl_mutex_unlock(m);
	}
}

/* Threads come and go while others wait: a context has one owner at a time. */
static void adoption_by_several_threads_at_once_is_safe(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct worker w[8];
	int before = contexts();

	(void)state;
	for (int turn = 0; turn < ROUNDS(100); turn++) {
		for (size_t i = 0; i < COUNT_OF(w); i++)
			worker_start(&w[i], churn, &m);
		for (size_t i = 0; i < COUNT_OF(w); i++)
			worker_join(&w[i]);
	}
	assert_true(contexts() <= before + (int)COUNT_OF(w));
	for (struct context *c = pawl_i_context_newest(); c; c = c->older) {
		assert_null(c->kind);	/* it does not wait any more */
		assert_true(c->deadline == PAWL_FOREVER);
	}
}

static void a_thread_that_never_waits_has_none(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	pawl_counter c = PAWL_COUNTER_INIT(0);
	int before = contexts();

	(void)state;
	pawl_mutex_lock(&m);
	pawl_mutex_unlock(&m);
	assert_int_equal(pawl_counter_wait_zero(&c, PAWL_FOREVER), 0);
	assert_int_equal(contexts(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_thread_that_never_waits_has_none),
		TEST(a_context_is_adopted_by_the_next_thread),
		TEST(there_are_as_many_as_threads_waited_at_once),
		TEST(adoption_by_several_threads_at_once_is_safe),
	};

	return test_main(tests);
}
