/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fastpaths.c - one fast path again and again, for bench/callgrind, which counts how
 * many instructions a repetition takes.
 *
 * usage: fastpaths --list | --compiler | --flags | PATH N
 *
 * The count is that of the path and of this loop around it: compare it with "loop".
 * Exit status 77: another CPU, not optimized, instrumented, or made for shadow stacks:
 * counts would not be those that were recorded.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/pawl.h>

#if !defined __x86_64__ || !defined __OPTIMIZE__ || defined __CET__ || \
	defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
# define NO_COUNTS 1
#elif defined __has_feature
# if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#  define NO_COUNTS 1
# endif
#endif

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#ifdef __clang__
# define COMPILER "clang-" TEXT(__clang_major__)
#else
# define COMPILER "gcc-" TEXT(__GNUC__)
#endif

static volatile long sink;
static pawl_mutex mutex = PAWL_MUTEX_INIT;
static pawl_counter counter = PAWL_COUNTER_INIT(1);
static pawl_event event = PAWL_EVENT_INIT;
static pawl_once once = PAWL_ONCE_INIT;
static pawl_sem sem = PAWL_SEM_INIT(1);
static pawl_tally tally;

/* The compiler may not see what is the same each time. */
static inline long one_less(long n)
{
	__asm__ volatile("" : "+r"(n) : : "memory");
	return n - 1;
}
#define AGAIN(n) for (long left_ = (n); left_ > 0; left_ = one_less(left_))

static void loop(long n)
{
	AGAIN(n)
		continue;
}

static void mutex_pair(long n)
{
	AGAIN(n) {
		pawl_mutex_lock(&mutex);
		pawl_mutex_unlock(&mutex);
	}
}

static void mutex_trylock_pair(long n)
{
	AGAIN(n)
		if (pawl_mutex_trylock(&mutex) == 0)
			pawl_mutex_unlock(&mutex);
}

static void mutex_trylock_busy(long n)
{
	pawl_mutex_lock(&mutex);
	AGAIN(n)
		sink = pawl_mutex_trylock(&mutex);
	pawl_mutex_unlock(&mutex);
}

static void sem_pair(long n)
{
	AGAIN(n) {
		sink = pawl_sem_acquire(&sem);
		pawl_sem_release(&sem, 1);
	}
}

static void sem_try_pair(long n)
{
	AGAIN(n)
		if (pawl_sem_tryacquire(&sem) == 0)
			pawl_sem_release(&sem, 1);
}

static void sem_try_none(long n)
{
	sink = pawl_sem_acquire(&sem);
	AGAIN(n)
		sink = pawl_sem_tryacquire(&sem);
	pawl_sem_release(&sem, 1);
}

static void sem_value(long n)
{
	AGAIN(n)
		sink = pawl_sem_value(&sem);
}

static void event_is_set(long n)
{
	AGAIN(n)
		sink = pawl_event_is_set(&event);
}

static void once_is_done(long n)
{
	AGAIN(n)
		sink = pawl_once_is_done(&once);
}

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static void once_do(long n)
{
	AGAIN(n)
		sink = pawl_once_do(&once, nothing, NULL);
}

static void counter_add(long n)
{
	AGAIN(n)
		sink = pawl_counter_add(&counter, 1);
}

static void counter_get(long n)
{
	AGAIN(n)
		sink = pawl_counter_get(&counter);
}

static void tally_add(long n)
{
	AGAIN(n)
		pawl_tally_add(&tally, 1);
}

static pawl_cache *cache;
static const char key[16] = "sixteen bytes...";

static int fetch(const void *name, size_t len, pawl_cache_value *ret, void *user)
{
	(void)name;
	(void)len;
	ret->value = user;
	return 0;
}

static void seen(void *value, void *arg)
{
	*(void **)arg = value;
}

static int cache_with_once(void)
{
	void *value;

	return pawl_cache_with(cache, key, sizeof key, PAWL_FOREVER, seen, &value);
}

static void cache_with(long n)
{
	AGAIN(n)
		sink = cache_with_once();
}

static void cache_get(long n)
{
	pawl_cache_ref *ref;

	AGAIN(n)
		if (pawl_cache_get_or_fetch(cache, key, sizeof key, PAWL_FOREVER, &ref) == 0)
			pawl_cache_release(cache, ref);
}

static int cache_prepare(void)
{
	pawl_cache_config config = { .size = sizeof config, .fetch = fetch, .user = &counter };

	return pawl_cache_open(&config, &cache) != 0 || cache_with_once() != 0;
}

static const struct {
	const char *name;
	void (*run)(long n);
} paths[] = {
	{ "loop", loop },
	{ "mutex-lock-unlock", mutex_pair },
	{ "mutex-trylock-unlock", mutex_trylock_pair },
	{ "mutex-trylock-busy", mutex_trylock_busy },
	{ "sem-acquire-release", sem_pair },
	{ "sem-tryacquire-release", sem_try_pair },
	{ "sem-tryacquire-none", sem_try_none },
	{ "sem-value", sem_value },
	{ "event-is-set", event_is_set },
	{ "once-is-done", once_is_done },
	{ "once-do-done", once_do },
	{ "counter-add", counter_add },
	{ "counter-get", counter_get },
	{ "tally-add", tally_add },
	{ "cache-with-hit", cache_with },
	{ "cache-get-release-hit", cache_get },
};
enum { PATHS = sizeof paths / sizeof *paths };

/* Have the thread attached, and everything linked and in place. */
static void prepare(void)
{
	if (pawl_thread_attach() != 0 || pawl_tally_init(&tally) != 0 ||
	    pawl_once_do(&once, nothing, NULL) != 0)
		exit(1);
	if (cache_prepare() != 0)
		exit(1);
	pawl_mutex_lock(&mutex);
	sink = pawl_mutex_trylock(&mutex);
	pawl_mutex_unlock(&mutex);
	for (size_t i = 0; i < PATHS; i++)
		paths[i].run(1);
}

static void list(void)
{
	for (size_t i = 0; i < PATHS; i++)
		puts(paths[i].name);
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

#ifdef NO_COUNTS
	fputs("fastpaths: counts of this build would not be those that were recorded\n", stderr);
	return 77;
#endif
	if (argc == 2 && strcmp(command, "--compiler") == 0) {
		puts(COMPILER);
		return 0;
	}
	if (argc == 2 && strcmp(command, "--flags") == 0) {
		puts(BENCH_FLAGS);
		return 0;
	}
	if (argc == 2 && strcmp(command, "--list") == 0) {
		list();
		return 0;
	}
	prepare();
	for (size_t i = 0; argc == 3 && i < PATHS; i++)
		if (strcmp(command, paths[i].name) == 0) {
			paths[i].run(atol(argv[2]));
			return 0;
		}
	fputs("usage: fastpaths --list | --compiler | --flags | PATH N\n", stderr);
	return 2;
}
