/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * getorfetch.c - many threads want the same few users; each user is fetched once.
 *
 * What goes wrong without care is that everybody fetches:
 *
 *	if (!map_has(key))			// a hundred threads see "not there"
 *		map_put(key, fetch(key));	// a hundred fetches of the same thing
 *
 * A lock around the map does not help unless it is held during the fetch, and then
 * a fetch of one key holds up all others.  pawl_cache_get_or_fetch() lets the first
 * caller fetch, and those who want the same key meanwhile wait for its result
 * (single flight).  A fetch that fails is the matter of its caller; the next in line
 * tries again, so that one bad moment is not served to everybody.
 *
 * Build: cc getorfetch.c $(pkg-config --cflags --libs pawl)
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pawl/cache.h>
#include <pawl/counter.h>

enum { THREADS = 16, ROUNDS = 10, NAMES = 4 };

static const char *const names[NAMES] = { "ada", "brian", "dennis", "grace" };

static pawl_cache *users;

static pawl_counter answers, errors;
static pawl_counter tries_for_grace;

/* Ask the slow server about a user.  It fails when first asked about grace. */
static int fetch_user(const void *key, size_t len, pawl_cache_value *ret, void *unused)
{
	char *user;

	(void)unused;
	nanosleep(&(struct timespec){ .tv_nsec = 5 * 1000 * 1000 }, NULL);
	if (len == 5 && memcmp(key, "grace", 5) == 0 && pawl_counter_add(&tries_for_grace, 1) == 1)
		return EIO;

	user = malloc(len + sizeof "user ");
	if (!user)
		return ENOMEM;
	memcpy(user, "user ", 5);
	memcpy(user + 5, key, len);
	user[5 + len] = '\0';
	ret->value = user;
	return 0;
}

/* The cache calls this when nobody can reach the value any more. */
static void drop_user(void *value, void *unused)
{
	(void)unused;
	free(value);
}

static void look_up(const char *name)
{
	pawl_cache_ref *ref;
	int err = pawl_cache_get_or_fetch(users, name, strlen(name), PAWL_FOREVER, &ref);

	if (err != 0) {
		pawl_counter_add(&errors, 1);
		return;
	}
	/* The reference keeps the value alive until it is given back. */
	if (strcmp((const char *)pawl_cache_ref_value(ref) + 5, name) == 0)
		pawl_counter_add(&answers, 1);
	pawl_cache_release(users, ref);
}

static void *look_up_all(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		for (int n = 0; n < NAMES; n++)
			look_up(names[n]);
	}
	return NULL;
}

int main(void)
{
	pawl_cache_config config = {
		.size = sizeof config,
		.fetch = fetch_user,
		.drop = drop_user,
	};
	pawl_cache_stats_t stats;
	pthread_t threads[THREADS];
	int good;

	if (pawl_cache_open(&config, &users) != 0) {
		fputs("getorfetch: no memory\n", stderr);
		return EXIT_FAILURE;
	}
	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, look_up_all, NULL) != 0) {
			fputs("getorfetch: cannot start a thread\n", stderr);
			return EXIT_FAILURE;
		}
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);

	pawl_cache_stats(users, &stats);
	pawl_cache_close(users);
	printf("answers: %lld of %d\n", (long long)pawl_counter_get(&answers),
		THREADS * ROUNDS * NAMES);
	printf("errors:  %lld\n", (long long)pawl_counter_get(&errors));
	printf("fetches: %llu, of which failed: %llu\n", (unsigned long long)stats.fetches,
		(unsigned long long)stats.failures);

	/* Four users, once each, and the one fetch that failed: its caller got the error. */
	good = pawl_counter_get(&errors) == 1 && stats.failures == 1 &&
	       stats.fetches == NAMES + 1 &&
	       pawl_counter_get(&answers) == THREADS * ROUNDS * NAMES - 1;
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
