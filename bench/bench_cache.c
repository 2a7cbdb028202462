/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_cache.c - pawl/cache.h beside a hash table of chains under one lock.
 *
 * 10,000 keys of 16 bytes, all present; they are asked for in an order made before,
 * key i with a probability of 1 / (i + 1)^0.99 (Zipf), each thread beginning elsewhere.
 */
#include "config.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/cache.h>

#include "bench.h"

enum { KEYS = 10000, KEY_SIZE = 16, ORDER = 1 << 16, BUCKETS = 1 << 14 };

static char keys[KEYS][KEY_SIZE];
static uint64_t values[KEYS];
static uint16_t order[ORDER];
static uint32_t threads_so_far;
static __thread uint32_t position;

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* The first key at or above @mark in the sums of probabilities. */
static uint16_t find_mark(const double *sums, double mark)
{
	size_t low = 0, high = KEYS - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (sums[middle] < mark)
			low = middle + 1;
		else
			high = middle;
	}
	return (uint16_t)low;
}

static void make_order(void)
{
	static double sums[KEYS];
	uint64_t seed = 88172645463325252u;
	double sum = 0;

	if (values[KEYS - 1] != 0)
		return;
	for (size_t i = 0; i < KEYS; i++) {
		uint64_t name[2] = { next_random(&seed), i };

		memcpy(keys[i], name, KEY_SIZE);
		values[i] = i + 1;
		sums[i] = sum += pow((double)(i + 1), -0.99);
	}
	for (size_t i = 0; i < ORDER; i++)
		order[i] = find_mark(sums, sum * (double)(next_random(&seed) >> 11) / 0x1p53);
}

static uint16_t next_key(void)
{
	if (position == 0)
		position = __atomic_add_fetch(&threads_so_far, 7919, __ATOMIC_RELAXED);
	return order[position++ % ORDER];
}

static void expect(const void *value, uint16_t key)
{
	if (value != &values[key])
		fatal("a cache gave the value of another key");
}

/* pawl */
struct cached {
	pawl_cache *cache;
};

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	uint64_t name[2];

	(void)user;
	memcpy(name, key, len);
	ret->value = &values[name[1]];
	return 0;
}

static int cache_open(void *state)
{
	pawl_cache_config config = { .size = sizeof config, .fetch = fetch };
	struct cached *s = state;
	int err;

	make_order();
	err = pawl_cache_open(&config, &s->cache);
	for (size_t i = 0; i < KEYS && err == 0; i++) {
		pawl_cache_ref *ref;

		err = pawl_cache_get_or_fetch(s->cache, keys[i], KEY_SIZE, PAWL_FOREVER, &ref);
		if (err == 0)
			pawl_cache_release(s->cache, ref);
	}
	return err;
}

static void cache_close(void *state)
{
	pawl_cache_close(((struct cached *)state)->cache);
}

static void seen(void *value, void *arg)
{
	*(void **)arg = value;
}

static void cache_with(void *state, uint64_t n, unsigned steps)
{
	pawl_cache *cache = ((struct cached *)state)->cache;

	(void)steps;
	for (uint64_t i = 0; i < n; i++) {
		uint16_t key = next_key();
		void *value = NULL;

		if (pawl_cache_with(cache, keys[key], KEY_SIZE, PAWL_FOREVER, seen, &value) != 0)
			fatal("a hit failed");
		expect(value, key);
	}
}

static void cache_ref(void *state, uint64_t n, unsigned steps)
{
	pawl_cache *cache = ((struct cached *)state)->cache;

	(void)steps;
	for (uint64_t i = 0; i < n; i++) {
		uint16_t key = next_key();
		pawl_cache_ref *ref;

		if (pawl_cache_get_or_fetch(cache, keys[key], KEY_SIZE, PAWL_FOREVER, &ref) != 0)
			fatal("a hit failed");
		expect(pawl_cache_ref_value(ref), key);
		pawl_cache_release(cache, ref);
	}
}

/* A table under one lock. */
struct entry {
	struct entry *next;
	const void *value;
	char key[KEY_SIZE];
};

struct table {
	pthread_mutex_t mutex OWN_LINES;
	pthread_rwlock_t rwlock OWN_LINES;
	struct entry **buckets OWN_LINES;
	struct entry *entries;
};

static size_t bucket_of(const void *key)
{
	uint64_t words[2];

	memcpy(words, key, KEY_SIZE);
	words[0] ^= words[1] * 0x9e3779b97f4a7c15u;
	words[0] *= 0xd6e8feb86659fd93u;
	return (words[0] ^ words[0] >> 32) % BUCKETS;
}

static int table_open(void *state)
{
	struct table *t = state;

	make_order();
	pthread_mutex_init(&t->mutex, NULL);
	pthread_rwlock_init(&t->rwlock, NULL);
	t->buckets = calloc(BUCKETS, sizeof(struct entry *));
	t->entries = calloc(KEYS, sizeof *t->entries);
	if (!t->buckets || !t->entries)
		fatal("out of memory");
	for (size_t i = 0; i < KEYS; i++) {
		struct entry *e = &t->entries[i], **bucket = &t->buckets[bucket_of(keys[i])];

		memcpy(e->key, keys[i], KEY_SIZE);
		e->value = &values[i];
		e->next = *bucket;
		*bucket = e;
	}
	return 0;
}

static void table_close(void *state)
{
	struct table *t = state;

	free(t->buckets);
	free(t->entries);
	pthread_mutex_destroy(&t->mutex);
	pthread_rwlock_destroy(&t->rwlock);
}

static const void *table_find(const struct table *t, const void *key)
{
	for (const struct entry *e = t->buckets[bucket_of(key)]; e; e = e->next)
		if (memcmp(e->key, key, KEY_SIZE) == 0)
			return e->value;
	return NULL;
}

static void table_mutex(void *state, uint64_t n, unsigned steps)
{
	struct table *t = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++) {
		uint16_t key = next_key();
		const void *value;

		pthread_mutex_lock(&t->mutex);
		value = table_find(t, keys[key]);
		pthread_mutex_unlock(&t->mutex);
		expect(value, key);
	}
}

static void table_rwlock(void *state, uint64_t n, unsigned steps)
{
	struct table *t = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++) {
		uint16_t key = next_key();
		const void *value;

		pthread_rwlock_rdlock(&t->rwlock);
		value = table_find(t, keys[key]);
		pthread_rwlock_unlock(&t->rwlock);
		expect(value, key);
	}
}

static const struct subject
	withs = { .name = "with", .open = cache_open, .close = cache_close, .batch = cache_with },
	refs = { .name = "get", .open = cache_open, .close = cache_close, .batch = cache_ref },
	mutexes = { .name = "mutex", .open = table_open, .close = table_close, .batch = table_mutex },
	rwlocks = { .name = "rwlock", .open = table_open, .close = table_close,
		    .batch = table_rwlock };

static const struct subject *const hits[] = { &rwlocks, &withs, &refs, &mutexes, NULL };

const struct bench_case bench_cache[] = {
	{ .name = "cache/hit", .what = "hit of 10,000 keys, one thread", .mode = SOLO, .threads = 1,
	  .cpus = 1, .subjects = hits },
	{ .name = "cache/2thr-hit", .what = "hit of 10,000 keys, two threads overlapping",
	  .mode = OVERLAP, .threads = 2, .cpus = 2, .batch = 64, .subjects = hits },
	{ .name = "cache/8thr-hit", .what = "hit of 10,000 keys, 8 threads on 2 CPUs",
	  .mode = CROWD, .threads = 8, .cpus = 2, .batch = 64, .subjects = hits },
	{ .name = NULL }
};
