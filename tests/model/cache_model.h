/* SPDX-License-Identifier: BSD-2-Clause */
/* cache_model.h - what models of the cache share: the cache, a fetch, and counts of both. */
#ifndef TESTS_MODEL_CACHE_MODEL_H
#define TESTS_MODEL_CACHE_MODEL_H

#include <errno.h>

#include "explorer/model.h"

/* Three threads that look, add, fetch and wait take many steps: two preemptions, and in the
 * largest of these models no deviations that only mutexes and waits below the cache would notice,
 * which have models of their own. */
enum { BELOW = NO_MEMORY | CLOCK_JUMPS | WEAK_FAILURES | SPURIOUS_WAKES | SPINS };

/* Keys: "b", "e", "s", "u" and "z" are in one shard, "a" is in another. */

static pawl_cache *cache;
static int fetches, drops;
static int in_flight;		/* a fetch has begun */
static int failing;		/* so many fetches fail, the first ones */
static int values[4];		/* of the successful ones, in their order */

/* Fetches of one key exclude each other, and so are plain accesses; else they race. */
__attribute__((__unused__))
static int fetch_one(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	(void)key, (void)len, (void)user;
	fetches++;
	__atomic_store_n(&in_flight, 1, __ATOMIC_RELAXED);
	if (fetches <= failing)
		return EIO;
	values[fetches - 1] = fetches;
	ret->value = &values[fetches - 1];
	return 0;
}

/* For models of what comes after: relaxed, as it is to order nothing. */
__attribute__((__unused__))
static void wait_for_flight(void)
{
	while (!__atomic_load_n(&in_flight, __ATOMIC_RELAXED))
		model_pause();
}

/* The cache was the last to use it: what users did with it is over. */
__attribute__((__unused__))
static void drop_one(void *value, void *user)
{
	(void)user;
	MODEL_CHECK(value != NULL);
	*(int *)value = -1;
	drops++;
}

__attribute__((__unused__))
static void open_cache(pawl_fetch_fn fetch)
{
	pawl_cache_config cfg = { .size = sizeof cfg, .fetch = fetch, .drop = drop_one };

	MODEL_CHECK(pawl_cache_open(&cfg, &cache) == 0);
	model_name(cache, 128, "cache");
}

/* Return: the value, if 0, and give the reference back; else the error, negative. */
__attribute__((__unused__))
static int use(int err, pawl_cache_ref *r)
{
	int value;

	if (err != 0)
		return -err;
	MODEL_CHECK(pawl_cache_ref_value(r) != NULL);
	value = *(const int *)pawl_cache_ref_value(r);
	MODEL_CHECK(value > 0);
	pawl_cache_release(cache, r);
	return value;
}

__attribute__((__unused__))
static int get_or_fetch(const char *key, pawl_time deadline)
{
	pawl_cache_ref *r = NULL;
	int err = pawl_cache_get_or_fetch(cache, key, 1, deadline, &r);

	return use(err, r);
}

__attribute__((__unused__))
static int get(const char *key)
{
	pawl_cache_ref *r = NULL;
	int err = pawl_cache_get(cache, key, 1, &r);

	return use(err, r);
}

static inline void take(void *value, void *arg)
{
	*(int *)arg = *(const int *)value;
}

__attribute__((__unused__))
static int with(const char *key, pawl_time deadline)
{
	int value = 0, err = pawl_cache_with(cache, key, 1, deadline, take, &value);

	MODEL_CHECK((err == 0) == (value > 0));
	return err != 0 ? -err : value;
}

/* @values_left: so many are in it. */
__attribute__((__unused__))
static void close_cache(unsigned values_left)
{
	pawl_cache_stats_t s;

	pawl_cache_stats(cache, &s);
	MODEL_CHECK(s.entries == values_left && s.fetches == s.entries + s.failures);
	pawl_cache_close(cache);
	MODEL_CHECK(drops == (int)values_left);
}

#endif
