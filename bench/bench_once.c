/* SPDX-License-Identifier: BSD-2-Clause */
/* bench_once.c - pawl/once.h, already done, beside a load and pthread_once. */
#include "config.h"

#include <pthread.h>

#include <pawl/once.h>

#include "bench.h"

static volatile bool sink;
static pthread_once_t posix_once;

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static void nothing_too(void)
{
}

static int once_open(void *state)
{
	return pawl_once_do(state, nothing, NULL);
}

static int word_open(void *state)
{
	*(uint64_t *)state = 1;
	return 0;
}

static int posix_open(void *state)
{
	static const pthread_once_t fresh = PTHREAD_ONCE_INIT;

	(void)state;
	posix_once = fresh;
	return pthread_once(&posix_once, nothing_too);
}

static void word_check(void *state, uint64_t n, unsigned steps)
{
	uint64_t *word = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++)
		sink = __atomic_load_n(word, __ATOMIC_ACQUIRE) == 1;
}

static void once_check(void *state, uint64_t n, unsigned steps)
{
	pawl_once *once = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++)
		sink = pawl_once_is_done(once);
}

static void once_do(void *state, uint64_t n, unsigned steps)
{
	pawl_once *once = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++)
		sink = pawl_once_do(once, nothing, NULL) == 0;
}

static void posix_do(void *state, uint64_t n, unsigned steps)
{
	(void)state;
	(void)steps;
	for (uint64_t i = 0; i < n; i++)
		sink = pthread_once(&posix_once, nothing_too) == 0;
}

static const struct subject
	words = { .name = "load", .open = word_open, .batch = word_check },
	checks = { .name = "is_done", .open = once_open, .batch = once_check },
	dos = { .name = "do", .open = once_open, .batch = once_do },
	posix_dos = { .name = "pthread", .open = posix_open, .batch = posix_do };

static const struct subject *const done[] = { &words, &checks, &dos, &posix_dos, NULL };

const struct bench_case bench_once[] = {
	{ .name = "once/done", .what = "is it done? it is", .mode = SOLO, .threads = 1, .cpus = 1,
	  .subjects = done },
	{ .name = NULL }
};
