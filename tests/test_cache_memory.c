/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_cache_memory.c - pawl/cache.h when memory is short: each allocation fails in turn,
 * nothing is leaked, and what needs none goes on working.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/cache.h>
#include <pawl/counter.h>

#include "platform/memory.h"
#include "reclaim/readers.h"
#include "reclaim/smr.h"

#include "support.h"

enum { UNLIMITED = 1 << 30 };

/* By __atomic, as threads share them. */
static int left = UNLIMITED;	/* allocations until they fail */
static int refused, live;

/* In place of lib/platform/memory.c. */
void *pawl_i_memory_get(size_t size, size_t align)
{
	void *p;

	if (__atomic_sub_fetch(&left, 1, __ATOMIC_RELAXED) < 0) {
		__atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	must(posix_memalign(&p, align, size) == 0);
	__atomic_add_fetch(&live, 1, __ATOMIC_RELAXED);
	return memset(p, 0, size);
}

void pawl_i_memory_put(void *p)
{
	if (p)
		__atomic_sub_fetch(&live, 1, __ATOMIC_RELAXED);
	free(p);
}

static void allow(int n)
{
	__atomic_store_n(&left, n, __ATOMIC_RELAXED);
	__atomic_store_n(&refused, 0, __ATOMIC_RELAXED);
}

static int setup(void **state)
{
	allow(UNLIMITED);
	return watch_setup(state);
}
#undef TEST
#define TEST(fn) { #fn, fn, setup, watch_teardown, (void *)(uintptr_t)#fn }

static int drops, fetches, error;

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	(void)key, (void)len;
	__atomic_add_fetch(&fetches, 1, __ATOMIC_RELAXED);
	ret->value = user;
	return error;
}

static void drop(void *value, void *user)
{
	must(value == user);
	drops++;
}

static pawl_cache_config config(void)
{
	drops = fetches = error = 0;
	return (pawl_cache_config){ .size = sizeof(pawl_cache_config), .fetch = fetch,
				    .drop = drop, .user = &drops };
}

static pawl_cache *open_cache(void)
{
	pawl_cache_config cfg = config();
	pawl_cache *c;

	must(pawl_cache_open(&cfg, &c) == 0);
	return c;
}

static int get_or_fetch(pawl_cache *c, uint32_t key)
{
	pawl_cache_ref *r = NULL;
	int err = pawl_cache_get_or_fetch(c, &key, sizeof key, PAWL_FOREVER, &r);

	must((err == 0) == (r != NULL));
	if (r) {
		must(pawl_cache_ref_value(r) == &drops);
		pawl_cache_release(c, r);
	}
	return err;
}

static int get(pawl_cache *c, uint32_t key)
{
	pawl_cache_ref *r = NULL;
	int err = pawl_cache_get(c, &key, sizeof key, &r);

	must((err == 0) == (r != NULL));
	if (r)
		pawl_cache_release(c, r);
	return err;
}

static void look(void *value, void *arg)
{
	must(value == &drops);
	++*(int *)arg;
}

/*** Each allocation in turn *******************************************************************/

static void open_that_lacks_memory_leaks_nothing(void **state)
{
	pawl_cache_config cfg = config();
	pawl_cache *c = NULL;
	int before = live, needed = 0;

	(void)state;
	for (;; needed++) {
		int err;

		allow(needed);
		err = pawl_cache_open(&cfg, &c);
		if (err == 0)
			break;
		assert_int_equal(err, ENOMEM);
		assert_null(c);
		assert_int_equal(refused, 1);	/* it stopped at the first */
		assert_int_equal(live, before);
	}
	assert_true(needed >= 2 + 16);	/* itself, its tally, a table per shard */
	allow(UNLIMITED);
	pawl_cache_close(c);
	assert_int_equal(live, before);
}

static void a_fetch_that_lacks_memory_is_not_begun(void **state)
{
	pawl_cache *c = open_cache();
	int needed = 0, calls = 0;
	uint32_t key = 7;

	(void)state;
	for (;; needed++) {
		int before = live, err;

		allow(needed);
		err = needed % 2 ? get_or_fetch(c, key)
			: pawl_cache_with(c, &key, sizeof key, PAWL_FOREVER, look, &calls);
		if (err == 0)
			break;
		assert_int_equal(err, ENOMEM);
		assert_true(refused > 0);
		assert_int_equal(fetches, 0);
		assert_int_equal(calls, 0);
		assert_true(live <= before + 1);	/* the thread's record stays */
		allow(0);
		assert_int_equal(get(c, key), ENOENT);
	}
	assert_true(needed >= 1);
	assert_int_equal(fetches, 1);
	allow(UNLIMITED);
	pawl_cache_close(c);
	assert_int_equal(drops, 1);
}

/* A table that cannot grow fills up, and then refuses; all that is in it stays there. */
static void a_table_that_cannot_grow_says_so(void **state)
{
	int before = live;
	pawl_cache *c = open_cache();
	uint32_t key = 0, kept;
	int err = 0;

	(void)state;
	assert_int_equal(get_or_fetch(c, key++), 0);
	while (err == 0 && key < 10000) {
		allow(1);	/* the entry */
		err = get_or_fetch(c, key);
		key += err == 0;
	}
	assert_int_equal(err, ENOMEM);
	assert_int_equal(fetches, key);
	kept = key;
	allow(0);
	for (key = 0; key < kept; key++)
		assert_int_equal(get_or_fetch(c, key), 0);
	assert_int_equal(fetches, kept);
	allow(UNLIMITED);
	assert_int_equal(get_or_fetch(c, kept), 0);
	pawl_cache_close(c);
	assert_int_equal(drops, kept + 1);
	assert_true(live <= before + 1);
}

/*** Threads that have no record ***************************************************************/

struct poor {
	struct worker worker;
	pawl_cache *cache;
	int calls;
};

static void hit_without_memory(void *arg)
{
	struct poor *p = arg;
	uint32_t key = 7;

	must(!pawl_i_smr_enter());
	for (int i = 0; i < 100; i++) {
		must(get_or_fetch(p->cache, key) == 0);
		must(get(p->cache, key) == 0);
		must(get(p->cache, 8) == ENOENT);
		must(pawl_cache_with(p->cache, &key, sizeof key, 0, look, &p->calls) == 0);
		must(get_or_fetch(p->cache, 8) == ENOMEM);
	}
	must(p->calls == 100);
}

/* Records that earlier threads gave back are taken; these threads have none to take. */
static void hits_need_no_memory(void **state)
{
	enum { THREADS = 6 };
	pawl_cache *c = open_cache();
	struct poor poor[THREADS];
	pawl_cache_stats_t s;

	(void)state;
	assert_int_equal(get_or_fetch(c, 7), 0);
	allow(0);
	for (int i = 0; i < THREADS; i++) {
		poor[i].cache = c;
		poor[i].calls = 0;
		worker_start(&poor[i].worker, hit_without_memory, &poor[i]);
	}
	for (int i = 0; i < THREADS; i++)
		worker_join(&poor[i].worker);
	allow(UNLIMITED);
	pawl_cache_stats(c, &s);
	assert_int_equal(s.hits, THREADS * 100 * 3);
	assert_int_equal(s.fetches, 1);
	pawl_cache_close(c);
}

static struct gate begun, go, attached, may_call, failed, may_exit;

static int fetch_at_gate(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	(void)key, (void)len, (void)user, (void)ret;
	gate_open(&begun);
	gate_pass(&go);
	if (__atomic_add_fetch(&fetches, 1, __ATOMIC_RELAXED) == 2)
		gate_pass(&failed);
	return EIO;
}

static void fail_first(void *arg)
{
	struct poor *p = arg;

	p->calls = get_or_fetch(p->cache, 7);
	gate_open(&failed);
	gate_pass(&may_exit);	/* or its record could be adopted */
}

static void fail_last(void *arg)
{
	pawl_counter one = PAWL_COUNTER_INIT(1);
	struct poor *p = arg;

	/* What it takes to wait: a context, and a place in a queue. */
	must(pawl_counter_wait_zero(&one, pawl_after(PAWL_MS(1))) == ETIMEDOUT);
	gate_open(&attached);
	gate_pass(&may_call);
	must(!pawl_i_smr_enter());
	p->calls = get_or_fetch(p->cache, 7);
}

/*
 * The last user of a failed flight takes it out of the table.  Here that is a thread
 * without a record: it leaves the entry to others.
 */
static void a_thread_without_record_leaves_no_garbage(void **state)
{
	const struct gate closed = GATE_INIT;
	pawl_cache_config cfg = config();
	struct poor first, last;
	char who[64];
	int before;

	(void)state;
	if (LOCKED_READS) {
		note("nobody has a record in this configuration");
		return;
	}
	cfg.fetch = fetch_at_gate;
	assert_int_equal(pawl_cache_open(&cfg, &first.cache), 0);
	last.cache = first.cache;
	begun = go = attached = may_call = failed = may_exit = closed;
	worker_start(&first.worker, fail_first, &first);
	gate_pass(&begun);
	worker_start(&last.worker, fail_last, &last);
	gate_pass(&attached);
	before = live;		/* with the entry, the record of first, what both wait with */
	allow(0);
	gate_open(&may_call);
	snprintf(who, sizeof who, "(tid %d) waits ", (int)last.worker.tid);
	while (!dump_shows(who, " s for once "))
		nap(PAWL_US(200));
	gate_open(&go);
	worker_join(&last.worker);
	gate_open(&may_exit);
	worker_join(&first.worker);
	assert_int_equal(first.calls, EIO);
	assert_int_equal(last.calls, EIO);
	assert_int_equal(live, before);	/* the entry waits for somebody with a record */
	assert_true(pawl_i_smr_enter());
	pawl_i_smr_leave();
	pawl_i_smr_drain();
	assert_int_equal(live, before - 1);
	allow(UNLIMITED);
	pawl_cache_close(first.cache);
}

/* Keys that fail for ever need no more memory than one. */
static void failed_flights_are_freed(void **state)
{
	pawl_cache *c = open_cache();
	int before, most = 0;

	(void)state;
	assert_int_equal(get_or_fetch(c, 0), 0);
	before = live;
	error = EIO;
	for (uint32_t key = 1; key < 20000; key++) {
		assert_int_equal(get_or_fetch(c, key), EIO);
		if (live - before > most)
			most = live - before;
	}
	note("at most %d objects more than before", most);
	assert_true(most < 200);
	pawl_cache_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_that_lacks_memory_leaks_nothing),
		TEST(a_fetch_that_lacks_memory_is_not_begun),
		TEST(a_table_that_cannot_grow_says_so),
		TEST(hits_need_no_memory),
		TEST(a_thread_without_record_leaves_no_garbage),
		TEST(failed_flights_are_freed),
	};

	return test_main(tests);
}
