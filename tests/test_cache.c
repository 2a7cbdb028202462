/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_cache.c - pawl/cache.h with one thread: configuration, keys, values, misuse.
 *
 * Built twice: in test_cache_locked lookups take the shard's lock.  More threads:
 * test_cache_flight.c; no memory: test_cache_memory.c.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/cache.h>

#include "support.h"

enum { UNTOUCHED = 0x5a };

/* What the configured callbacks work on. */
struct world {
	pawl_cache *cache;
	int fetches, drops, error;	/* error: what fetch returns */
	size_t last_length;
	char values[64];	/* fetch gives the address of the next */
	void *dropped[64];
};

static int fetch_next(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	struct world *w = user;

	(void)key;
	w->last_length = len;
	ret->value = &w->values[w->fetches++ % 64];
	return w->error;
}

static void drop(void *value, void *user)
{
	struct world *w = user;

	w->dropped[w->drops++ % 64] = value;
}

static pawl_cache_config config_of(struct world *w)
{
	return (pawl_cache_config){ .size = sizeof(pawl_cache_config), .fetch = fetch_next,
				    .drop = drop, .user = w };
}

static void open_world(struct world *w)
{
	pawl_cache_config cfg = config_of(w);

	memset(w, 0, sizeof *w);
	must(pawl_cache_open(&cfg, &w->cache) == 0);
}

static pawl_cache_stats_t stats_of(pawl_cache *c)
{
	pawl_cache_stats_t s;

	memset(&s, UNTOUCHED, sizeof s);
	pawl_cache_stats(c, &s);
	return s;
}

/* Get, look, release. */
static void *value_of(pawl_cache *c, const void *key, size_t len)
{
	pawl_cache_ref *r;
	void *value;

	must(pawl_cache_get_or_fetch(c, key, len, PAWL_FOREVER, &r) == 0);
	value = pawl_cache_ref_value(r);
	pawl_cache_release(c, r);
	return value;
}

/*** Configuration *****************************************************************************/

static void expect_refused(pawl_cache_config cfg, int err)
{
	pawl_cache *const before = (pawl_cache *)(void *)&cfg;
	pawl_cache *c = before;

	assert_int_equal(pawl_cache_open(&cfg, &c), err);
	assert_ptr_equal(c, before);
}

static void open_refuses_what_is_not_valid(void **state)
{
	struct world w;
	pawl_cache_config cfg;

	(void)state;
	cfg = config_of(&w), cfg.fetch = NULL, expect_refused(cfg, EINVAL);
	cfg = config_of(&w), cfg.flags = 1, expect_refused(cfg, EINVAL);
	cfg = config_of(&w), cfg.ttl = -1, expect_refused(cfg, EINVAL);
	cfg = config_of(&w), cfg.negative_ttl = -1, expect_refused(cfg, EINVAL);
	cfg = config_of(&w), cfg.stale_ttl = -1, expect_refused(cfg, EINVAL);
	cfg = config_of(&w), cfg.size = 0, expect_refused(cfg, EINVAL);
	cfg = config_of(&w), cfg.size--, expect_refused(cfg, EINVAL);
	cfg = config_of(&w), cfg.size = SIZE_MAX, expect_refused(cfg, EINVAL);
}

static void open_refuses_limits_which_this_form_does_not_have(void **state)
{
	struct world w;
	pawl_cache_config cfg;

	(void)state;
	cfg = config_of(&w), cfg.max_entries = 1, expect_refused(cfg, ENOTSUP);
	cfg = config_of(&w), cfg.max_weight = 1, expect_refused(cfg, ENOTSUP);
	cfg = config_of(&w), cfg.ttl = 1, expect_refused(cfg, ENOTSUP);
	cfg = config_of(&w), cfg.negative_ttl = 1, expect_refused(cfg, ENOTSUP);
	cfg = config_of(&w), cfg.stale_ttl = 1, expect_refused(cfg, ENOTSUP);
	cfg = config_of(&w), cfg.max_entries = 1, cfg.flags = 1, expect_refused(cfg, EINVAL);
}

static void open_takes_a_later_configuration_if_what_it_does_not_know_is_zero(void **state)
{
	struct world w;
	struct { pawl_cache_config cfg; unsigned char more[40]; } later = { .more = { 0 } };
	pawl_cache *c;

	(void)state;
	later.cfg = config_of(&w);
	later.cfg.size = sizeof later;
	assert_int_equal(pawl_cache_open(&later.cfg, &c), 0);
	pawl_cache_close(c);
	later.more[39] = 1;
	assert_int_equal(pawl_cache_open(&later.cfg, &c), EINVAL);
}

static void close_takes_null(void **state)
{
	(void)state;
	pawl_cache_close(NULL);
}

static void close_of_an_empty_cache_drops_nothing(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	pawl_cache_close(w.cache);
	assert_int_equal(w.drops, 0);
}

/*** Values ************************************************************************************/

static void a_value_is_fetched_once_and_then_found(void **state)
{
	struct world w;
	pawl_cache_ref *first, *second;

	(void)state;
	open_world(&w);
	assert_int_equal(pawl_cache_get_or_fetch(w.cache, "key", 3, PAWL_FOREVER, &first), 0);
	assert_int_equal(pawl_cache_get_or_fetch(w.cache, "key", 3, 0, &second), 0);
	assert_int_equal(w.fetches, 1);
	assert_ptr_equal(pawl_cache_ref_value(first), &w.values[0]);
	assert_ptr_equal(pawl_cache_ref_value(second), &w.values[0]);
	pawl_cache_release(w.cache, first);
	assert_ptr_equal(pawl_cache_ref_value(second), &w.values[0]);
	pawl_cache_release(w.cache, second);
	pawl_cache_close(w.cache);
}

static void a_past_deadline_still_fetches_if_nobody_else_does(void **state)
{
	struct world w;
	pawl_cache_ref *r;

	(void)state;
	open_world(&w);
	assert_int_equal(pawl_cache_get_or_fetch(w.cache, "key", 3, pawl_now() - 1, &r), 0);
	pawl_cache_release(w.cache, r);
	assert_int_equal(w.fetches, 1);
	pawl_cache_close(w.cache);
}

static void get_never_fetches(void **state)
{
	struct world w;
	pawl_cache_ref *const before = (pawl_cache_ref *)(void *)&w;
	pawl_cache_ref *r = before;

	(void)state;
	open_world(&w);
	assert_int_equal(pawl_cache_get(w.cache, "key", 3, &r), ENOENT);
	assert_ptr_equal(r, before);
	assert_int_equal(w.fetches, 0);
	(void)value_of(w.cache, "key", 3);
	assert_int_equal(pawl_cache_get(w.cache, "key", 3, &r), 0);
	assert_ptr_equal(pawl_cache_ref_value(r), &w.values[0]);
	pawl_cache_release(w.cache, r);
	assert_int_equal(w.fetches, 1);
	pawl_cache_close(w.cache);
}

struct lent {
	int calls;
	void *value;
};

static void look(void *value, void *arg)
{
	struct lent *l = arg;

	l->calls++;
	l->value = value;
}

static void with_lends_the_value_fetched_or_found(void **state)
{
	struct world w;
	struct lent l = { 0, NULL };

	(void)state;
	open_world(&w);
	assert_int_equal(pawl_cache_with(w.cache, "key", 3, PAWL_FOREVER, look, &l), 0);
	assert_int_equal(l.calls, 1);
	assert_ptr_equal(l.value, &w.values[0]);
	l.value = NULL;
	assert_int_equal(pawl_cache_with(w.cache, "key", 3, 0, look, &l), 0);
	assert_int_equal(l.calls, 2);
	assert_ptr_equal(l.value, &w.values[0]);
	assert_int_equal(w.fetches, 1);
	pawl_cache_close(w.cache);
	assert_int_equal(w.drops, 1);
}

static void with_does_not_call_back_if_the_fetch_fails(void **state)
{
	struct world w;
	struct lent l = { 0, NULL };

	(void)state;
	open_world(&w);
	w.error = EIO;
	assert_int_equal(pawl_cache_with(w.cache, "key", 3, PAWL_FOREVER, look, &l), EIO);
	assert_int_equal(l.calls, 0);
	pawl_cache_close(w.cache);
}

static void an_error_is_the_callers_and_is_not_kept(void **state)
{
	struct world w;
	pawl_cache_ref *const before = (pawl_cache_ref *)(void *)&w;
	pawl_cache_ref *r = before;

	(void)state;
	open_world(&w);
	for (int err = 1; err <= 1000; err++) {
		w.error = err;
		assert_int_equal(pawl_cache_get_or_fetch(w.cache, "key", 3, PAWL_FOREVER, &r), err);
		assert_ptr_equal(r, before);
		assert_int_equal(w.fetches, err);
		assert_int_equal(pawl_cache_get(w.cache, "key", 3, &r), ENOENT);
	}
	assert_int_equal(stats_of(w.cache).entries, 0);
	w.error = 0;
	assert_int_equal(pawl_cache_get_or_fetch(w.cache, "key", 3, PAWL_FOREVER, &r), 0);
	pawl_cache_release(w.cache, r);
	pawl_cache_close(w.cache);
	assert_int_equal(w.drops, 1);
	assert_ptr_equal(w.dropped[0], &w.values[1000 % 64]);
}

static void close_drops_each_value_once(void **state)
{
	struct world w;
	char key = 0;

	(void)state;
	open_world(&w);
	for (key = 0; key < 64; key++)
		(void)value_of(w.cache, &key, 1);
	assert_int_equal(w.drops, 0);
	pawl_cache_close(w.cache);
	assert_int_equal(w.drops, 64);
	for (int value = 0; value < 64; value++) {
		int times = 0;

		for (int i = 0; i < 64; i++)
			times += w.dropped[i] == &w.values[value];
		assert_int_equal(times, 1);
	}
}

static void drop_may_be_null(void **state)
{
	struct world w;
	pawl_cache_config cfg = config_of(&w);

	(void)state;
	memset(&w, 0, sizeof w);
	cfg.drop = NULL;
	assert_int_equal(pawl_cache_open(&cfg, &w.cache), 0);
	(void)value_of(w.cache, "key", 3);
	pawl_cache_close(w.cache);
	assert_int_equal(w.drops, 0);
}

static int fetch_null(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	struct world *w = user;

	(void)key, (void)len;
	must(ret->value == NULL && ret->weight == 0 && ret->ttl == 0);
	w->fetches++;
	return 0;
}

static void null_is_a_value(void **state)
{
	struct world w = { .drops = 0 };
	pawl_cache_config cfg = config_of(&w);

	(void)state;
	cfg.fetch = fetch_null;
	assert_int_equal(pawl_cache_open(&cfg, &w.cache), 0);
	assert_null(value_of(w.cache, "key", 3));
	assert_null(value_of(w.cache, "key", 3));
	assert_int_equal(w.fetches, 1);
	pawl_cache_close(w.cache);
	assert_int_equal(w.drops, 1);
}

/*** Keys **************************************************************************************/

static void keys_differ_by_length_and_by_every_byte(void **state)
{
	static unsigned char key[300];
	struct world w;
	void *r;
	int distinct = 0;

	(void)state;
	open_world(&w);
	memset(key, 0, sizeof key);
	for (size_t len = 0; len < sizeof key; len++) {
		r = value_of(w.cache, len == 0 ? NULL : key, len);
		assert_ptr_equal(r, &w.values[distinct++ % 64]);
		assert_int_equal(w.fetches, distinct);
		assert_int_equal(w.last_length, len);
		for (size_t i = 0; i < len; i++) {
			key[i] = 1;
			r = value_of(w.cache, key, len);
			assert_ptr_equal(r, &w.values[distinct++ % 64]);
			key[i] = 0;
		}
		assert_int_equal(w.fetches, distinct);
	}
	assert_int_equal(stats_of(w.cache).entries, distinct);
	pawl_cache_close(w.cache);
	assert_int_equal(w.drops, distinct);
}

static void keys_are_copied(void **state)
{
	struct world w;
	char key[] = "first";

	(void)state;
	open_world(&w);
	(void)value_of(w.cache, key, 5);
	memcpy(key, "later", 5);
	assert_ptr_equal(value_of(w.cache, "first", 5), &w.values[0]);
	assert_ptr_equal(value_of(w.cache, key, 5), &w.values[1]);
	pawl_cache_close(w.cache);
}

static void keys_may_be_large(void **state)
{
	const size_t len = 3000001;
	unsigned char *key = calloc(1, len);
	struct world w;

	(void)state;
	assert_non_null(key);
	open_world(&w);
	assert_ptr_equal(value_of(w.cache, key, len), &w.values[0]);
	key[len - 1] = 1;
	assert_ptr_equal(value_of(w.cache, key, len), &w.values[1]);
	key[len - 1] = 0;
	assert_ptr_equal(value_of(w.cache, key, len), &w.values[0]);
	pawl_cache_close(w.cache);
	free(key);
}

static void the_table_grows_with_its_entries(void **state)
{
	enum { KEYS = 20000 };
	struct world w;

	(void)state;
	open_world(&w);
	for (int round = 0; round < 2; round++)
		for (uint32_t key = 0; key < KEYS; key++)
			assert_ptr_equal(value_of(w.cache, &key, sizeof key), &w.values[key % 64]);
	assert_int_equal(w.fetches, KEYS);
	pawl_cache_close(w.cache);
	assert_int_equal(w.drops, KEYS);
}

/*** A cache used by its own fetch *************************************************************/

static int fetch_recursive(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	struct world *w = user;
	pawl_cache_ref *r;

	(void)key;
	w->fetches++;
	must(pawl_cache_get(w->cache, key, len, &r) == ENOENT);
	must(pawl_cache_get_or_fetch(w->cache, key, len, PAWL_FOREVER, &r) == EDEADLK);
	must(pawl_cache_with(w->cache, key, len, PAWL_FOREVER, look, NULL) == EDEADLK);
	if (len > 1)
		ret->value = value_of(w->cache, key, len - 1);
	else
		ret->value = &w->values[7];
	return w->error;
}

static void fetch_may_use_other_keys_but_not_its_own(void **state)
{
	struct world w = { .drops = 0 };
	pawl_cache_config cfg = config_of(&w);
	pawl_cache_stats_t s;

	(void)state;
	cfg.fetch = fetch_recursive;
	assert_int_equal(pawl_cache_open(&cfg, &w.cache), 0);
	assert_ptr_equal(value_of(w.cache, "key", 3), &w.values[7]);
	assert_int_equal(w.fetches, 3);
	s = stats_of(w.cache);
	assert_int_equal(s.fetches, 3);
	assert_int_equal(s.joins, 6);
	assert_int_equal(s.misses, 12);
	assert_int_equal(s.hits, 0);
	assert_int_equal(s.entries, 3);
	w.error = EIO;	/* the flight that was joined by its own fetch is not kept either */
	assert_int_equal(pawl_cache_with(w.cache, "other", 1, PAWL_FOREVER, look, NULL), EIO);
	assert_int_equal(stats_of(w.cache).entries, 3);
	pawl_cache_close(w.cache);
	assert_int_equal(w.drops, 3);
}

/*** Statistics ********************************************************************************/

static int fetch_slow(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	struct world *w = user;

	(void)key;
	ret->value = NULL;
	must(pawl_clock_advance(PAWL_MS((pawl_ns)len)) == 0);
	return w->error;
}

/* In a child process, as the clock stays virtual. */
static void time_virtual_fetches(void *arg)
{
	struct world w = { .drops = 0 };
	pawl_cache_config cfg = config_of(&w);
	pawl_cache_ref *r;

	(void)arg;
	must(pawl_clock_set_virtual(pawl_now()) == 0);
	cfg.fetch = fetch_slow;
	must(pawl_cache_open(&cfg, &w.cache) == 0);
	(void)value_of(w.cache, "12345", 5);
	(void)value_of(w.cache, "12345", 5);
	w.error = EIO;
	must(pawl_cache_get_or_fetch(w.cache, "12", 2, PAWL_FOREVER, &r) == EIO);
	must(stats_of(w.cache).fetch_time == PAWL_MS(7));
	pawl_cache_close(w.cache);
}

static void stats_have_the_time_spent_in_fetch(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, time_virtual_fetches, NULL);
	child_assert_silent(&c);
}

static void stats_count_each_call(void **state)
{
	struct world w;
	struct lent l;
	pawl_cache_ref *r;
	pawl_cache_stats_t s;

	(void)state;
	open_world(&w);
	w.error = EIO;
	assert_int_equal(pawl_cache_get_or_fetch(w.cache, "b", 1, PAWL_FOREVER, &r), EIO);
	w.error = 0;
	(void)value_of(w.cache, "a", 1);
	(void)value_of(w.cache, "a", 1);
	assert_int_equal(pawl_cache_with(w.cache, "a", 1, PAWL_FOREVER, look, &l), 0);
	assert_int_equal(pawl_cache_get(w.cache, "b", 1, &r), ENOENT);
	s = stats_of(w.cache);
	assert_int_equal(s.hits, 2);
	assert_int_equal(s.misses, 3);
	assert_int_equal(s.fetches, 2);
	assert_int_equal(s.failures, 1);
	assert_int_equal(s.joins, 0);
	assert_int_equal(s.takeovers, 0);
	assert_int_equal(s.entries, 1);
	assert_int_equal(s.evictions, 0);
	assert_int_equal(s.stale, 0);
	assert_int_equal(s.weight, 0);
	pawl_cache_close(w.cache);
}

/*** Misuse ************************************************************************************/

static void release_twice(void *arg)
{
	struct world w;
	pawl_cache_ref *r;

	(void)arg;
	open_world(&w);
	must(pawl_cache_get_or_fetch(w.cache, "key", 3, PAWL_FOREVER, &r) == 0);
	pawl_cache_release(w.cache, r);
	pawl_cache_release(w.cache, r);
}

static void release_to_another(void *arg)
{
	struct world w, other;
	pawl_cache_ref *r;

	(void)arg;
	open_world(&w);
	open_world(&other);
	must(pawl_cache_get_or_fetch(w.cache, "key", 3, PAWL_FOREVER, &r) == 0);
	pawl_cache_release(other.cache, r);
}

static void close_early(void *arg)
{
	struct world w;
	pawl_cache_ref *r;

	(void)arg;
	open_world(&w);
	must(pawl_cache_get_or_fetch(w.cache, "key", 3, PAWL_FOREVER, &r) == 0);
	pawl_cache_close(w.cache);
}

static int fetch_and_close(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	struct world *w = user;

	(void)key, (void)len, (void)ret;
	pawl_cache_close(w->cache);
	return 0;
}

static void close_in_fetch(void *arg)
{
	struct world w = { .drops = 0 };
	pawl_cache_config cfg = config_of(&w);

	(void)arg;
	cfg.fetch = fetch_and_close;
	must(pawl_cache_open(&cfg, &w.cache) == 0);
	(void)value_of(w.cache, "key", 3);
}

static void ask_again(void *value, void *cache)
{
	(void)value;
	(void)value_of(cache, "missing", 7);
}

static void wait_in_with(void *arg)
{
	struct world w;

	open_world(&w);
	if (arg)
		(void)value_of(w.cache, "key", 3);	/* so that it is a hit */
	must(pawl_cache_with(w.cache, "key", 3, PAWL_FOREVER, ask_again, w.cache) == 0);
}

static void misuse_ends_with_one_sentence(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, release_twice, NULL);
	child_assert_misuse(&c, "was released before");
	child_run(&c, release_to_another, NULL);
	child_assert_misuse(&c, "is another cache's");
	child_run(&c, close_early, NULL);
	child_assert_misuse(&c, "has a reference that was not released");
	child_run(&c, close_in_fetch, NULL);
	child_assert_misuse(&c, "is still in use");
}

static void a_miss_inside_of_with_is_misuse(void **state)
{
#ifndef PAWL_CACHE_LOCKED_READS	/* there are no sections then, and it may */
	struct child c;

	child_run(&c, wait_in_with, NULL);
	child_assert_misuse(&c, "by a callback of pawl_cache_with()");
	child_run(&c, wait_in_with, &c);
	child_assert_misuse(&c, "by a callback of pawl_cache_with()");
#endif
	(void)state;
	(void)wait_in_with;
}

static void look_twice(void *value, void *cache)
{
	struct lent l = { 0, NULL };
	pawl_cache_ref *r;

	must(pawl_cache_with(cache, "key", 3, 0, look, &l) == 0);
	must(l.value == value);
	must(pawl_cache_get(cache, "key", 3, &r) == 0);
	pawl_cache_release(cache, r);
	must(pawl_cache_get(cache, "none", 4, &r) == ENOENT);
	must(value_of(cache, "key", 3) == value);
}

static void hits_inside_of_with_are_allowed(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pawl_cache_with(w.cache, "key", 3, PAWL_FOREVER, look_twice,
						 w.cache), 0);
	pawl_cache_close(w.cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_refuses_what_is_not_valid),
		TEST(open_refuses_limits_which_this_form_does_not_have),
		TEST(open_takes_a_later_configuration_if_what_it_does_not_know_is_zero),
		TEST(close_takes_null),
		TEST(close_of_an_empty_cache_drops_nothing),
		TEST(a_value_is_fetched_once_and_then_found),
		TEST(a_past_deadline_still_fetches_if_nobody_else_does),
		TEST(get_never_fetches),
		TEST(with_lends_the_value_fetched_or_found),
		TEST(with_does_not_call_back_if_the_fetch_fails),
		TEST(an_error_is_the_callers_and_is_not_kept),
		TEST(close_drops_each_value_once),
		TEST(drop_may_be_null),
		TEST(null_is_a_value),
		TEST(keys_differ_by_length_and_by_every_byte),
		TEST(keys_are_copied),
		TEST(keys_may_be_large),
		TEST(the_table_grows_with_its_entries),
		TEST(fetch_may_use_other_keys_but_not_its_own),
		TEST(stats_have_the_time_spent_in_fetch),
		TEST(stats_count_each_call),
		TEST(misuse_ends_with_one_sentence),
		TEST(a_miss_inside_of_with_is_misuse),
		TEST(hits_inside_of_with_are_allowed),
	};

	return test_main(tests);
}
