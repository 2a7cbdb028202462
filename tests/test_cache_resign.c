/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_cache_resign.c - one who gives up a flight, at the moment when it succeeds.
 *
 * The program has a lib/compose/cache.c of its own, which calls back here before the
 * step in which the last user of a flight ends it, and after.
 */
#include "config.h"

#include "platform/hb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/atomic.h>
#include <pawl/mutex.h>
#include <pawl/once.h>

#include "support.h"

static void at_cas(void);
static bool at_is_done(const pawl_once *o);

/* cache.c has one CAS, which is the step. */
#undef pawl_cas_
#define pawl_cas_(p, expected, v, success, failure) \
	(at_cas(), __atomic_compare_exchange_n((p), (expected), (v), false, \
		PAWL_ORDER_##success##_, PAWL_ORDER_##failure##_))
#define pawl_once_is_done at_is_done
#include "compose/cache.c"
#undef pawl_once_is_done

static struct {
	pawl_cache *cache;
	struct gate begun, may_return, released, may_exit;
	struct worker fetcher, reader;
	int fetches, drops, results[3];
	bool reads;	/* somebody looks while the flight is being ended */
	bool succeeds;
} the;

static __thread bool resigning;

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	(void)key, (void)len, (void)user;
	the.fetches++;
	gate_open(&the.begun);
	gate_pass(&the.may_return);
	ret->value = &the;
	return the.succeeds ? 0 : EIO;
}

static void drop(void *value, void *user)
{
	(void)user;
	must(value == &the);
	the.drops++;
}

static void run_fetcher(void *arg)
{
	pawl_cache_ref *r;

	(void)arg;
	the.results[0] = pawl_cache_get_or_fetch(the.cache, "key", 3, PAWL_FOREVER, &r);
	if (the.results[0] == 0)
		pawl_cache_release(the.cache, r);
	gate_open(&the.released);
	gate_pass(&the.may_exit);
}

static void run_reader(void *arg)
{
	pawl_cache_ref *r;

	(void)arg;
	the.results[2] = pawl_cache_get(the.cache, "key", 3, &r);
	if (the.results[2] == 0)
		pawl_cache_release(the.cache, r);
}

/* The main thread has the shard's lock, and is about to end the flight. */
static void at_cas(void)
{
	if (!resigning)
		return;
	gate_open(&the.may_return);
	if (the.succeeds)	/* a fetcher that fails would wait for the lock */
		gate_pass(&the.released);
}

static bool at_is_done(const pawl_once *o)
{
	bool done = pawl_once_is_done(o);

	if (resigning && done && the.reads) {
		the.reads = false;
		worker_start(&the.reader, run_reader, NULL);
		worker_await_wait(&the.reader, "mutex", &the.cache->shard[
			pawl_i_hash("key", 3, the.cache->seed) >> the.cache->shift].lock);
	}
	return done;
}

static void start(bool succeeds)
{
	const struct gate closed = GATE_INIT;
	pawl_cache_config cfg = { .size = sizeof cfg, .fetch = fetch, .drop = drop };

	memset(&the, 0, sizeof the);
	the.begun = the.may_return = the.released = the.may_exit = closed;
	the.succeeds = succeeds;
	must(pawl_cache_open(&cfg, &the.cache) == 0);
	worker_start(&the.fetcher, run_fetcher, NULL);
	gate_pass(&the.begun);
}

static int give_up(void)
{
	pawl_cache_ref *r;
	int err;

	resigning = true;
	err = pawl_cache_get_or_fetch(the.cache, "key", 3, 0, &r);
	resigning = false;
	gate_open(&the.may_exit);
	worker_join(&the.fetcher);
	return err;
}

static void a_flight_that_succeeded_meanwhile_is_kept(void **state)
{
	pawl_cache_ref *r;

	(void)state;
	start(true);
	assert_int_equal(give_up(), ETIMEDOUT);
	assert_int_equal(the.results[0], 0);
	assert_int_equal(pawl_cache_get(the.cache, "key", 3, &r), 0);
	assert_ptr_equal(pawl_cache_ref_value(r), &the);
	pawl_cache_release(the.cache, r);
	pawl_cache_close(the.cache);
	assert_int_equal(the.fetches, 1);
	assert_int_equal(the.drops, 1);
}

static void and_nobody_misses_it_meanwhile(void **state)
{
	(void)state;
	start(true);
	the.reads = true;
	assert_int_equal(give_up(), ETIMEDOUT);
	assert_false(the.reads);
	worker_join(&the.reader);
	assert_int_equal(the.results[2], 0);
	pawl_cache_close(the.cache);
	assert_int_equal(the.drops, 1);
}

static void a_flight_that_failed_meanwhile_is_not_kept(void **state)
{
	pawl_cache_ref *r;

	(void)state;
	start(false);
	assert_int_equal(give_up(), ETIMEDOUT);
	assert_int_equal(the.results[0], EIO);
	assert_int_equal(pawl_cache_get(the.cache, "key", 3, &r), ENOENT);
	pawl_cache_close(the.cache);
	assert_int_equal(the.drops, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_flight_that_succeeded_meanwhile_is_kept),
		TEST(and_nobody_misses_it_meanwhile),
		TEST(a_flight_that_failed_meanwhile_is_not_kept),
	};

	return test_main(tests);
}
