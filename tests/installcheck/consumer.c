/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * consumer.c - a program of somebody else: built by make installcheck as C11, C++11
 * and C++20 against what was installed.  It uses every header for real, with threads
 * that wait for each other.  Exit: 0, or 1 and the line that did not hold.
 */
#include <pawl/pawl.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 20000 };

#define CHECK(truth) check((truth), #truth, __LINE__)

static int failures;

static void check(bool truth, const char *what, int line)
{
	if (truth)
		return;
	printf("consumer.c:%d: not so: %s\n", line, what);
	failures = 1;
}

static pawl_mutex mutex = PAWL_MUTEX_INIT;
static pawl_mutex fair = PAWL_MUTEX_FAIR_INIT;
static pawl_cond cond = PAWL_COND_INIT;
static pawl_once once = PAWL_ONCE_INIT;
static pawl_counter running = PAWL_COUNTER_INIT(THREADS);
static pawl_counter added = PAWL_COUNTER_INIT(0);
static pawl_tally tally;
static pawl_cache *cache;
static long plain, arrived, initialised;

static int initialise(void *arg)
{
	(void)arg;
	initialised++;
	return 0;
}

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	(void)key;
	ret->value = user;
	ret->weight = len;
	ret->ttl = 0;
	return 0;
}

static void *work(void *arg)
{
	pawl_mutex *both[2];
	pawl_cache_ref *ref;
	int i;

	both[0] = &mutex;
	both[1] = &fair;
	CHECK(pawl_thread_attach() == 0);
	CHECK(pawl_once_do(&once, initialise, NULL) == 0);
	for (i = 0; i < ROUNDS; i++) {
		pawl_mutex_lock(&mutex);
		plain++;
		pawl_mutex_unlock(&mutex);
		(void)pawl_counter_add(&added, 1);
		pawl_tally_add(&tally, 1);
	}
	pawl_mutex_lock_all(both, 2);
	pawl_mutex_unlock_all(both, 2);
	CHECK(pawl_cache_get_or_fetch(cache, "key", 3, PAWL_FOREVER, &ref) == 0);
	CHECK(pawl_cache_ref_value(ref) == (void *)&plain);
	pawl_cache_release(cache, ref);

	/* All meet here. */
	pawl_mutex_lock(&mutex);
	if (++arrived == THREADS)
		pawl_cond_broadcast(&cond);
	while (arrived < THREADS)
		CHECK(pawl_cond_wait_until(&cond, &mutex, PAWL_FOREVER) == 0);
	pawl_mutex_unlock(&mutex);
	(void)pawl_counter_add(&running, -1);
	return arg;
}

static void with_threads(void)
{
	pthread_t thread[THREADS];
	pawl_cache_config config;
	int i;

	memset(&config, 0, sizeof config);
	config.size = sizeof config;
	config.fetch = fetch;
	config.user = (void *)&plain;
	CHECK(pawl_cache_open(&config, &cache) == 0);
	CHECK(pawl_tally_init(&tally) == 0);
	for (i = 0; i < THREADS; i++)
		CHECK(pthread_create(&thread[i], NULL, work, NULL) == 0);
	CHECK(pawl_counter_wait_zero(&running, pawl_after(PAWL_S(60))) == 0);
	for (i = 0; i < THREADS; i++)
		CHECK(pthread_join(thread[i], NULL) == 0);
	CHECK(plain == THREADS * ROUNDS);
	CHECK(pawl_counter_get(&added) == THREADS * ROUNDS);
	CHECK(pawl_tally_sum(&tally) == THREADS * ROUNDS);
	CHECK(initialised == 1 && pawl_once_is_done(&once));
	pawl_tally_destroy(&tally);
	pawl_cache_close(cache);
}

/* As other languages call them: by address, so the exported twins. */
static void by_address(void)
{
	void (*volatile lock)(pawl_mutex *) = pawl_mutex_lock;
	void (*volatile unlock)(pawl_mutex *) = pawl_mutex_unlock;
	int (*volatile trylock)(pawl_mutex *) = pawl_mutex_trylock;

	lock(&fair);
	CHECK(pawl_mutex_is_mine(&fair));
	CHECK(trylock(&fair) != 0);
	unlock(&fair);
	CHECK(trylock(&fair) == 0);
	pawl_mutex_unlock(&fair);
}

#ifdef __cplusplus
static int throws(void *arg)
{
	throw arg;
}

/* An initialiser may leave by an exception; the next one runs. */
static void with_exceptions(void)
{
	pawl_once failing = PAWL_ONCE_INIT;
	bool caught = false;

	try {
		(void)pawl_once_do(&failing, throws, &failing);
	} catch (void *) {
		caught = true;
	}
	CHECK(caught && !pawl_once_is_done(&failing));
	CHECK(pawl_once_do(&failing, initialise, NULL) == 0);
}
#endif

int consumer_second(pawl_mutex *m);

int main(void)
{
	pawl_time before = pawl_now();

	CHECK(pawl_after(PAWL_MS(1)) > before);
	with_threads();
	by_address();
	CHECK(consumer_second(&mutex) == 0);
#ifdef __cplusplus
	with_exceptions();
#endif
	return failures;
}
