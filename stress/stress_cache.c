/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_cache.c - get or fetch: "it is not there" was true when everybody looked. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <pawl/cache.h>

#include "stress.h"

enum {
	BROKEN_KEYS = STRESS_ITERATIONS / STRESS_EVERY,
	NATURAL_KEYS = 1 << 16,
	ROUND_KEYS = 128,	/* of one cache, right variant */
	HITS = 256,		/* looked up afterwards by each thread */
	FAIL_EVERY = 8,		/* the first fetch of every eighth key fails */
};

struct value {
	uint64_t key;
	uint64_t check;
};

static struct value values[NATURAL_KEYS];
static _Atomic uint64_t fetches, last_key;

static struct value *fetch(uint64_t key)
{
	atomic_fetch_add_explicit(&fetches, 1, memory_order_relaxed);
	return &values[key];
}

/* BROKEN: everybody has looked before anybody fetches. */
static void await_fetch(struct stress_worker *w)
{
	if (w->team->mode == STRESS_BROKEN)
		stress_meet(w);
	else
		stress_await(w);
}

static bool next_key(struct stress_worker *w, uint64_t *key)
{
	uint64_t end = w->team->mode == STRESS_BROKEN ? BROKEN_KEYS : NATURAL_KEYS;

	stress_done(w);
	return ++*key < end && !atomic_load_explicit(&w->team->stop, memory_order_relaxed);
}

static void note_last(uint64_t keys)
{
	uint64_t last = atomic_load(&last_key);

	while (last < keys && !atomic_compare_exchange_weak(&last_key, &last, keys))
		;
}

extern struct value *stress_cache_slots[NATURAL_KEYS];
struct value *stress_cache_slots[NATURAL_KEYS];

static void plain_body(struct stress_worker *w)
{
	uint64_t key = 0;

	do {
		if (!stress_cache_slots[key]) {
			await_fetch(w);
			stress_cache_slots[key] = fetch(key);
		}
	} while (next_key(w, &key));
	note_last(key);
}

static _Atomic(struct value *) atomic_slots[NATURAL_KEYS];

static void atomic_body(struct stress_worker *w)
{
	uint64_t key = 0;

	do {
		if (!atomic_load(&atomic_slots[key])) {
			await_fetch(w);
			atomic_store(&atomic_slots[key], fetch(key));
		}
	} while (next_key(w, &key));
	note_last(key);
}

static void duplicated(struct stress_team *t, void (*body)(struct stress_worker *),
	struct stress_outcome *ret)
{
	stress_run(t, body);
	ret->of = atomic_load(&fetches);
	ret->bad = ret->of - atomic_load(&last_key);
	ret->least = (uint64_t)BROKEN_KEYS * (t->size - 1);
}

static void plain_broken(struct stress_team *t, struct stress_outcome *ret)
{
	duplicated(t, plain_body, ret);
}

static void atomic_broken(struct stress_team *t, struct stress_outcome *ret)
{
	duplicated(t, atomic_body, ret);
}

/* Rounds of one cache each: all threads ask for all keys, the first of which they want at once. */
static pawl_cache *cache;
static pthread_barrier_t meeting;
static bool over;
static _Atomic uint64_t drops, caller_failures;
static struct {
	_Atomic unsigned calls, good;
} of_key[ROUND_KEYS];
static __thread struct stress_worker *self;

static uint64_t check_of(uint64_t key)
{
	return ~key * UINT64_C(0x9e3779b97f4a7c15);
}

static int fetch_value(const void *key_bytes, size_t len, pawl_cache_value *ret, void *user)
{
	uint64_t key = *(const uint64_t *)key_bytes;
	unsigned call = atomic_fetch_add_explicit(&of_key[key].calls, 1, memory_order_relaxed);
	struct value *v;

	if (len != sizeof key || user != &cache)
		stress_fail("fetch was called with a wrong key or user");
	if (key == 0 && call == 0 && stress_wants_waits(self->team))
		stress_hold_until(self, NULL, self->team->size - 1);
	if (key % FAIL_EVERY == 0 && call == 0)
		return EIO;
	v = malloc(sizeof *v);
	if (!v)
		return ENOMEM;
	*v = (struct value){ key, check_of(key) };
	atomic_fetch_add_explicit(&of_key[key].good, 1, memory_order_relaxed);
	ret->value = v;
	return 0;
}

static void drop_value(void *value, void *user)
{
	(void)user;
	free(value);
	atomic_fetch_add_explicit(&drops, 1, memory_order_relaxed);
}

static void check_value(void *value, void *arg)
{
	const struct value *v = value;
	uint64_t key = *(const uint64_t *)arg;

	if (v->key != key || v->check != check_of(key))
		stress_fail("key %" PRIu64 " has the value of key %" PRIu64, key, v->key);
}

static int get_or_fetch(uint64_t key)
{
	pawl_cache_ref *ref;
	int err = pawl_cache_get_or_fetch(cache, &key, sizeof key, PAWL_FOREVER, &ref);

	if (err == 0) {
		check_value(pawl_cache_ref_value(ref), &key);
		pawl_cache_release(cache, ref);
	}
	return err;
}

/* The error of a failed fetch goes to its caller, who asks again. */
static void ask(struct stress_worker *w, uint64_t key)
{
	int err;

	do {
		if (stress_random(w, 3) == 0)
			err = pawl_cache_with(cache, &key, sizeof key, PAWL_FOREVER, check_value,
				&key);
		else
			err = get_or_fetch(key);
		if (err == EIO)
			atomic_fetch_add_explicit(&caller_failures, 1, memory_order_relaxed);
		else if (err != 0)
			stress_fail("asking the cache for a key returned %d", err);
	} while (err == EIO);
	stress_done(w);
}

static void ask_for_all(struct stress_worker *w)
{
	/* Odd, so that it comes by every key. */
	uint64_t step = 2 * stress_random(w, ROUND_KEYS / 2) + 1;

	for (uint64_t i = 0; i < ROUND_KEYS; i++)
		ask(w, i * step % ROUND_KEYS);
	for (unsigned i = 0; i < HITS; i++)
		ask(w, stress_random(w, ROUND_KEYS));
}

static void open_cache(void)
{
	pawl_cache_config config = { .size = sizeof config, .fetch = fetch_value,
		.drop = drop_value, .user = &cache };
	int err = pawl_cache_open(&config, &cache);

	for (unsigned key = 0; key < ROUND_KEYS; key++) {
		atomic_store(&of_key[key].calls, 0);
		atomic_store(&of_key[key].good, 0);
	}
	atomic_store(&drops, 0);
	atomic_store(&caller_failures, 0);
	if (err != 0) {
		stress_fail("pawl_cache_open returned %d", err);
		exit(1);
	}
}

static void close_cache(void)
{
	enum { FAILURES = ROUND_KEYS / FAIL_EVERY };
	pawl_cache_stats_t stats;

	pawl_cache_stats(cache, &stats);
	for (unsigned key = 0; key < ROUND_KEYS; key++)
		if (atomic_load(&of_key[key].good) != 1)
			stress_fail("key %u was fetched %u times", key,
				atomic_load(&of_key[key].good));
	if (atomic_load(&caller_failures) != FAILURES)
		stress_fail("%d fetches failed, and %" PRIu64 " callers heard of it", FAILURES,
			atomic_load(&caller_failures));
	if (stats.fetches != ROUND_KEYS + FAILURES || stats.failures != FAILURES ||
	    stats.entries != ROUND_KEYS)
		stress_fail("it counts %" PRIu64 " fetches, %" PRIu64 " failures, %zu entries",
			stats.fetches, stats.failures, stats.entries);
	if (atomic_load(&drops) != 0)
		stress_fail("a value was dropped while the cache had it");
	pawl_cache_close(cache);
	if (atomic_load(&drops) != ROUND_KEYS)
		stress_fail("%" PRIu64 " of %d values were dropped", atomic_load(&drops),
			ROUND_KEYS);
}

static void right_body(struct stress_worker *w)
{
	self = w;
	for (;;) {
		if (w->index == 0) {
			over = !stress_again(w);
			if (!over)
				open_cache();
		}
		pthread_barrier_wait(&meeting);
		if (over)
			break;
		ask_for_all(w);
		pthread_barrier_wait(&meeting);
		if (w->index == 0)
			close_cache();
	}
}

static void single_right(struct stress_team *t)
{
	pthread_barrier_init(&meeting, NULL, t->size);
	stress_run(t, right_body);
	pthread_barrier_destroy(&meeting);
}

const struct stress_case stress_cache_cases[] = {
	{
		.name = "cache.plain",
		.about = "get or fetch: not there, await the fetch, store",
		.bad = "fetches duplicated",
		.right = "pawl_cache",
		.symbol = "stress_cache_slots",
		.racy = &stress_cache_slots,
		.racy_size = sizeof stress_cache_slots,
		.run_broken = plain_broken,
		.run_right = single_right,
	},
	{
		.name = "cache.atomic",
		.about = "the same with an atomic slot: no data race, still fetched by everybody",
		.bad = "fetches duplicated",
		.right = "pawl_cache",
		.run_broken = atomic_broken,
		.run_right = single_right,
	},
	{ .name = NULL },
};
