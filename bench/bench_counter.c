/* SPDX-License-Identifier: BSD-2-Clause */
/* bench_counter.c - pawl/counter.h and pawl/tally.h beside a bare fetch_add. */
#include "config.h"

#include <pthread.h>

#include <pawl/counter.h>
#include <pawl/tally.h>

#include "bench.h"

static volatile int64_t sink;

struct bare {
	uint64_t word OWN_LINES;
};

static void bare_add(void *state, uint64_t n, unsigned steps)
{
	struct bare *bare = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++)
		__atomic_fetch_add(&bare->word, 1, __ATOMIC_RELAXED);
}

static void bare_get(void *state, uint64_t n, unsigned steps)
{
	struct bare *bare = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++)
		sink = (int64_t)__atomic_load_n(&bare->word, __ATOMIC_RELAXED);
}

static uint64_t bare_done(const void *state)
{
	return ((const struct bare *)state)->word;
}

static void counter_add(void *state, uint64_t n, unsigned steps)
{
	pawl_counter *counter = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++)
		(void)pawl_counter_add(counter, 1);
}

static void counter_get(void *state, uint64_t n, unsigned steps)
{
	pawl_counter *counter = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++)
		sink = pawl_counter_get(counter);
}

static uint64_t counter_done(const void *state)
{
	return (uint64_t)pawl_counter_get(state);
}

static int tally_open(void *state)
{
	return pawl_tally_init(state);
}

static void tally_close(void *state)
{
	pawl_tally_destroy(state);
}

static void tally_add(void *state, uint64_t n, unsigned steps)
{
	pawl_tally *tally = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++)
		pawl_tally_add(tally, 1);
}

static void tally_get(void *state, uint64_t n, unsigned steps)
{
	pawl_tally *tally = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++)
		sink = pawl_tally_sum(tally);
}

static uint64_t tally_done(const void *state)
{
	return (uint64_t)pawl_tally_sum(state);
}

/* What a program does that knows nothing better. */
struct locked {
	pthread_mutex_t mutex OWN_LINES;
	uint64_t value;
};

static int locked_open(void *state)
{
	return pthread_mutex_init(&((struct locked *)state)->mutex, NULL);
}

static void locked_add(void *state, uint64_t n, unsigned steps)
{
	struct locked *locked = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++) {
		pthread_mutex_lock(&locked->mutex);
		locked->value++;
		pthread_mutex_unlock(&locked->mutex);
	}
}

static uint64_t locked_done(const void *state)
{
	return ((const struct locked *)state)->value;
}

static const struct subject
	bare_adds = { .name = "fetch_add", .batch = bare_add, .done = bare_done },
	bare_gets = { .name = "load", .batch = bare_get },
	counter_adds = { .name = "counter", .batch = counter_add, .done = counter_done },
	counter_gets = { .name = "counter", .batch = counter_get },
	tally_adds = { .name = "tally", .open = tally_open, .close = tally_close,
		       .batch = tally_add, .done = tally_done },
	tally_gets = { .name = "tally", .open = tally_open, .close = tally_close, .batch = tally_get },
	locked_adds = { .name = "pthread", .open = locked_open, .batch = locked_add,
			.done = locked_done };

static const struct subject *const adds[] = {
	&bare_adds, &tally_adds, &counter_adds, &locked_adds, NULL
};
static const struct subject *const gets[] = { &bare_gets, &counter_gets, &tally_gets, NULL };

const struct bench_case bench_counter[] = {
	{ .name = "counter/add", .what = "add 1, one thread", .mode = SOLO, .threads = 1, .cpus = 1,
	  .subjects = adds },
	{ .name = "counter/get", .what = "read, one thread", .mode = SOLO, .threads = 1, .cpus = 1,
	  .subjects = gets },
	{ .name = "counter/2thr-add", .what = "add 1, two threads overlapping", .mode = OVERLAP,
	  .threads = 2, .cpus = 2, .batch = 256, .max_ratio = 0.40, .subjects = adds },
	{ .name = "counter/8thr-add", .what = "add 1, 8 threads on 2 CPUs", .mode = CROWD,
	  .threads = 8, .cpus = 2, .batch = 256, .subjects = adds },
	{ .name = NULL }
};
