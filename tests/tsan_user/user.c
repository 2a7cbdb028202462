/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.c - a user's program, compiled with ThreadSanitizer against a libpawl that is not.
 *
 * usage: user		everything is right: no report (right.c)
 *	  user PLANT	one mistake, which must be reported, on user_planted (planted.c)
 *	  user --list	names of the plants
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user.h"

static _Atomic unsigned running;
static void (*part)(unsigned me);

void check(bool good, const char *condition, const char *file, int line)
{
	if (good)
		return;
	fprintf(stderr, "user: %s:%d: not so: %s\n", file, line, condition);
	_exit(2);
}

bool others_run(void)
{
	return atomic_load_explicit(&running, memory_order_relaxed) > 1;
}

static void *thread_main(void *arg)
{
	part((unsigned)(uintptr_t)arg);
	atomic_fetch_sub_explicit(&running, 1, memory_order_relaxed);
	return NULL;
}

void run(unsigned n, void (*fn)(unsigned me))
{
	pthread_t threads[THREADS];

	part = fn;
	atomic_store(&running, n);
	for (unsigned i = 0; i < n; i++)
		CHECK(pthread_create(&threads[i], NULL, thread_main, (void *)(uintptr_t)i) == 0);
	for (unsigned i = 0; i < n; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(int argc, char **argv)
{
	alarm(120);
	if (argc > 1)
		return strcmp(argv[1], "--list") == 0 ? list_plants() : run_plant(argv[1]);
	everything_right();
	return 0;
}
