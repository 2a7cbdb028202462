/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress_cache.c - progress of pawl/cache.h, on stand-ins for Concurrency Kit's table and
 * epochs (reclaim/): what those cost is not seen here.
 *
 * Key "k" can be fetched, all others cannot.
 */
#include <errno.h>

#include "explorer/progress.h"

#define CK_LOOKUP "CK's lookup begins again when the table changes"

static pawl_cache *cache, *own;
static pawl_cache_ref *ref;
static pawl_cache_stats_t stats;
static uint32_t fetches;

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	(void)len;
	(void)user;
	pawl_fetch_add_(&fetches, 1, relaxed);	/* a step at which it can be stopped */
	ret->value = &fetches;
	return *(const char *)key == 'k' ? 0 : EIO;
}

static const pawl_cache_config config = { .size = sizeof config, .fetch = fetch };

static void open_cache(void)
{
	MODEL_CHECK(pawl_cache_open(&config, &cache) == 0);
}

/* Return: whether there was a value. */
static bool get_and_release(const char *key, pawl_time deadline)
{
	pawl_cache_ref *r;

	if (pawl_cache_get_or_fetch(cache, key, 1, deadline, &r) != 0)
		return false;
	pawl_cache_release(cache, r);
	return true;
}

static void fetch_it(void)
{
	MODEL_CHECK(get_and_release("k", PAWL_FOREVER));
}

static void open_and_fetch(void)
{
	open_cache();
	fetch_it();
}

/* One uses the value, or fetches it; one fails, and takes its entry out. */
static void use(unsigned who)
{
	if (who == 2)
		fetch_it();
	else
		MODEL_CHECK(!get_and_release("x", PAWL_FOREVER));
}

/* They give up when another fetches for too long. */
static void give_up(unsigned who)
{
	(void)who;
	(void)get_and_release("k", model_soon());
}

static void look(void *value, void *arg)
{
	(void)arg;
	MODEL_CHECK(value == &fetches);
}

static void call_with(void)
{
	int err = pawl_cache_with(cache, "k", 1, model_soon(), look, NULL);

	MODEL_CHECK(err == 0 || err == ETIMEDOUT);
}

static void call_get_or_fetch(void)
{
	int err = pawl_cache_get_or_fetch(cache, "k", 1, model_soon(), &ref);

	MODEL_CHECK(err == 0 || err == ETIMEDOUT);
}

static void get_reference(void)
{
	MODEL_CHECK(pawl_cache_get_or_fetch(cache, "k", 1, PAWL_FOREVER, &ref) == 0);
}

static void call_get(void)
{
	int err = pawl_cache_get(cache, "k", 1, &ref);

	MODEL_CHECK(err == 0 || err == ENOENT);
}

static void call_release(void)
{
	if (ref)
		pawl_cache_release(cache, ref);
}

static void call_value(void)
{
	MODEL_CHECK(pawl_cache_ref_value(ref) == &fetches);
}

static void call_stats(void)
{
	pawl_cache_stats(cache, &stats);
}

static void call_open(void)
{
	MODEL_CHECK(pawl_cache_open(&config, &own) == 0);
}

static void call_close(void)
{
	pawl_cache_close(own);
}

static void look_on(unsigned who)
{
	(void)who;
	call_with();
}

/* Hits: the value was there, or others still decide whether their flight was the last. */
PROGRESS(cache_with_hit, 3, open_and_fetch, "pawl_cache_with", "a hit", .timed = true,
	 .call = call_with, .peer = use, .lock_free = CK_LOOKUP);
PROGRESS(cache_with_hit_early, 3, open_cache, "pawl_cache_with", "a hit", .timed = true,
	 .before = fetch_it, .call = call_with, .peer = give_up, .lock_free = CK_LOOKUP);
PROGRESS(cache_get_or_fetch_hit, 3, open_and_fetch, "pawl_cache_get_or_fetch",
	 "a hit, if no call for the key gives up",
	 .timed = true, .call = call_get_or_fetch, .after = call_release, .peer = use,
	 .lock_free = CK_LOOKUP);
PROGRESS(cache_get_or_fetch_hit_early, 3, open_cache, "pawl_cache_get_or_fetch", "a hit, else",
	 .timed = true, .before = fetch_it, .call = call_get_or_fetch, .after = call_release,
	 .peer = give_up, .lock_free = CK_LOOKUP);
PROGRESS(cache_get, 3, open_cache, "pawl_cache_get", "if no call for the key gives up",
	 .call = call_get, .after = call_release, .peer = use, .lock_free = CK_LOOKUP);
PROGRESS(cache_get_early, 3, open_cache, "pawl_cache_get", "else", .before = fetch_it,
	 .call = call_get, .after = call_release, .peer = give_up);

PROGRESS(cache_with_miss, 3, open_cache, "pawl_cache_with", "a miss", .timed = true,
	 .call = call_with, .peer = use);
PROGRESS(cache_get_or_fetch_miss, 3, open_cache, "pawl_cache_get_or_fetch", "a miss",
	 .timed = true, .call = call_get_or_fetch, .after = call_release, .peer = use);

PROGRESS(cache_ref_value, 3, open_cache, "pawl_cache_ref_value", "", .before = get_reference,
	 .call = call_value, .after = call_release, .peer = look_on);
PROGRESS(cache_release, 3, open_cache, "pawl_cache_release", "", .before = get_reference,
	 .call = call_release, .peer = give_up);
PROGRESS(cache_stats, 3, open_cache, "pawl_cache_stats", "", .call = call_stats, .peer = give_up);
PROGRESS(cache_open, 3, open_and_fetch, "pawl_cache_open", "", .call = call_open, .peer = look_on);
PROGRESS(cache_close, 3, open_and_fetch, "pawl_cache_close", "", .before = call_open,
	 .call = call_close, .peer = look_on);
