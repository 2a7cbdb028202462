/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * churn.c - the program in which planted bugs must show: readers without a lock look at
 * entries that come and go, and at new ones, while tables grow and are made anew.
 *
 *	churn [rounds]
 *
 * Exit status: 0; 1 if a value was wrong.  The loops are long, as ThreadSanitizer
 * remembers only the last few accesses of a word.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pawl/cache.h>

enum { CHURNERS = 2, READERS = 2, FAILING = 24, RECENT = 8, NEW_EVERY = 16, SLOW_EVERY = 16 };
enum { TURN = 64, PATIENCE = 50 };	/* rounds until others' turn; times the rounds at most */

struct thread {
	pthread_t pthread;
	uint64_t random;
	long found;
};

static pawl_cache *cache;
static uint32_t rounds = 10000;

/* Relaxed, as they must order nothing. */
static uint32_t newest = FAILING, unfinished = CHURNERS + READERS, wrong;

static uint32_t random_of(struct thread *t)
{
	t->random = t->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(t->random >> 33);
}

static void *value_of(uint32_t key)
{
	return (void *)(uintptr_t)(key * 2 + 1);
}

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	static const struct timespec moment = { 0, 100000 };
	static __thread uint32_t nth;
	uint32_t number;

	(void)len, (void)user;
	memcpy(&number, key, sizeof number);
	ret->value = value_of(number);
	if (number >= FAILING)
		return 0;
	/* Some take time, in which readers find the entry that will go. */
	if (++nth % SLOW_EVERY == 0)
		(void)nanosleep(&moment, NULL);
	return EIO;
}

static void check(void *value, void *key)
{
	if (value != value_of(*(uint32_t *)key))
		__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
}

static void get_or_fetch(uint32_t key)
{
	pawl_cache_ref *r;

	if (pawl_cache_get_or_fetch(cache, &key, sizeof key, PAWL_FOREVER, &r) != 0)
		return;
	check(pawl_cache_ref_value(r), &key);
	pawl_cache_release(cache, r);
}

/* A thread does its rounds, and more of them until all have: nobody runs alone, however
 * the machine is loaded. */
static bool go_on(uint32_t i)
{
	if (i == rounds)
		__atomic_sub_fetch(&unfinished, 1, __ATOMIC_RELAXED);
	if (i % TURN == 0)
		sched_yield();
	return i < rounds ||
		(i < rounds * PATIENCE && __atomic_load_n(&unfinished, __ATOMIC_RELAXED) > 0);
}

static void *churn(void *arg)
{
	struct thread *t = arg;

	for (uint32_t i = 0; go_on(i); i++)
		if (i % NEW_EVERY == 0)
			get_or_fetch(__atomic_add_fetch(&newest, 1, __ATOMIC_RELAXED));
		else
			get_or_fetch(random_of(t) % FAILING);
	return NULL;
}

/* Never fetches, so takes no lock. */
static void look(struct thread *t, uint32_t key)
{
	pawl_cache_ref *r;

	if (pawl_cache_get(cache, &key, sizeof key, &r) != 0)
		return;
	t->found++;
	check(pawl_cache_ref_value(r), &key);
	pawl_cache_release(cache, r);
	/* Found once is found for ever. */
	if (pawl_cache_with(cache, &key, sizeof key, 0, check, &key) != 0)
		__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
}

static void *read_on(void *arg)
{
	struct thread *t = arg;

	for (uint32_t i = 0; go_on(i); i++) {
		look(t, random_of(t) % FAILING);
		look(t, __atomic_load_n(&newest, __ATOMIC_RELAXED) - random_of(t) % RECENT);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pawl_cache_config cfg = { .size = sizeof cfg, .fetch = fetch };
	struct thread threads[CHURNERS + READERS];
	pawl_cache_stats_t stats;
	long found = 0;

	if (argc > 1)
		rounds = (uint32_t)strtoul(argv[1], NULL, 10);
	if (pawl_cache_open(&cfg, &cache) != 0)
		return 99;
	for (int i = 0; i < CHURNERS + READERS; i++) {
		threads[i] = (struct thread){ .random = (uint64_t)i };
		if (pthread_create(&threads[i].pthread, NULL, i < CHURNERS ? churn : read_on,
				   &threads[i]) != 0)
			return 99;
	}
	for (int i = 0; i < CHURNERS + READERS; i++) {
		pthread_join(threads[i].pthread, NULL);
		found += threads[i].found;
	}
	pawl_cache_stats(cache, &stats);
	pawl_cache_close(cache);
	printf("churn: %llu fetches failed, %zu entries, %ld found, %u wrong\n",
	       (unsigned long long)stats.failures, stats.entries, found, wrong);
	return wrong != 0;
}
