/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_headers.c - what the headers promise as such: sizes, initialisers, the exported
 * twins of inline functions.  Each header alone, in C and C++: make installcheck.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <pawl/pawl.h>

#include "support.h"

/* Initialisers are constant expressions, and mean what zeroed memory and init() mean. */
static pawl_mutex mutex = PAWL_MUTEX_INIT, fair = PAWL_MUTEX_FAIR_INIT;
static pawl_cond cond = PAWL_COND_INIT;
static pawl_once once = PAWL_ONCE_INIT;
static pawl_counter counter = PAWL_COUNTER_INIT(-3);
static const pawl_time never = PAWL_FOREVER;
static const pawl_ns durations[] = { PAWL_NS(1), PAWL_US(1), PAWL_MS(1), PAWL_S(1) };

static void static_objects_are_as_if_initialised(void **state)
{
	static const unsigned char zero[sizeof(pawl_mutex)];
	pawl_mutex m;

	(void)state;
	assert_memory_equal(&mutex, zero, sizeof mutex);
	assert_memory_equal(&cond, zero, sizeof cond);
	assert_memory_equal(&once, zero, sizeof once);
	assert_int_equal(pawl_mutex_init(&m, 0), 0);
	assert_memory_equal(&m, &mutex, sizeof m);
	assert_int_equal(pawl_mutex_init(&m, PAWL_FAIR), 0);
	assert_memory_equal(&m, &fair, sizeof m);
	assert_int_equal(pawl_counter_get(&counter), -3);
}

static void objects_are_as_small_as_promised(void **state)
{
	(void)state;
	assert_in_range(sizeof(pawl_mutex), 1, 16);
	assert_in_range(sizeof(pawl_cond), 1, 16);
	assert_in_range(sizeof(pawl_once), 1, 16);
	assert_int_equal(sizeof(pawl_counter), 8);
	assert_int_equal(sizeof(pawl_rwlock), 24);
}

static void instants_and_durations_have_64_bits(void **state)
{
	(void)state;
	assert_int_equal(sizeof(pawl_time), 8);
	assert_int_equal(sizeof(pawl_ns), 8);
	assert_true(never == INT64_MAX);
	assert_int_equal(durations[0], 1);
	assert_int_equal(durations[1], 1000);
	assert_int_equal(durations[2], 1000000);
	assert_int_equal(durations[3], 1000000000);
}

/* Through pointers, which the compiler may not look through: the twins. */
static struct twins {
	void (*lock)(pawl_mutex *m);
	void (*unlock)(pawl_mutex *m);
	int (*trylock)(pawl_mutex *m);
	bool (*is_mine)(const pawl_mutex *m);
	int64_t (*add)(pawl_counter *c, int64_t n);
	int64_t (*get)(const pawl_counter *c);
	bool (*is_done)(const pawl_once *o);
} volatile twins = { pawl_mutex_lock, pawl_mutex_unlock, pawl_mutex_trylock,
	pawl_mutex_is_mine, pawl_counter_add, pawl_counter_get, pawl_once_is_done };

static int succeed(void *arg)
{
	(void)arg;
	return 0;
}

static void inline_functions_can_be_called_through_pointers(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	pawl_counter c = PAWL_COUNTER_INIT(0);
	pawl_once o = PAWL_ONCE_INIT;

	(void)state;
	twins.lock(&m);
	assert_true(twins.is_mine(&m));
	assert_true(pawl_mutex_is_mine(&m));
	assert_int_equal(twins.trylock(&m), EBUSY);
	pawl_mutex_unlock(&m);
	pawl_mutex_lock(&m);
	twins.unlock(&m);
	assert_false(twins.is_mine(&m));
	assert_int_equal(twins.trylock(&m), 0);
	twins.unlock(&m);
	assert_int_equal(twins.add(&c, 5), 5);
	assert_int_equal(twins.get(&c), 5);
	assert_false(twins.is_done(&o));
	assert_int_equal(pawl_once_do(&o, succeed, NULL), 0);
	assert_true(twins.is_done(&o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(static_objects_are_as_if_initialised),
		TEST(objects_are_as_small_as_promised),
		TEST(instants_and_durations_have_64_bits),
		TEST(inline_functions_can_be_called_through_pointers),
	};

	return test_main(tests);
}
