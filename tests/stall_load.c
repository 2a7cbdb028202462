/* SPDX-License-Identifier: BSD-2-Clause */
/* stall_load.c - see stall_load.h. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "oracle_list.h"
#include "stall_load.h"
#include "stalled_line.h"
#include "stalls.h"

enum { THREADS_MAX = 64, STEPS = 16 };

struct runner {
	_Alignas(128) uint64_t told, answered;
	struct stall_load *load;
	void *shared;
	pthread_barrier_t *start;
	pthread_t thread;
	uint64_t random;
};

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* xorshift64 */
static unsigned random_below(struct runner *r, unsigned n)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 7;
	r->random ^= r->random << 17;
	return (unsigned)(r->random >> 32) % n;
}

/* Call @op for each operation, told whether it answers. */
static void each_op(struct runner *r, void *own,
	void (*op)(struct runner *r, void *own, bool answers))
{
	const struct stall_load *l = r->load;

	pthread_barrier_wait(r->start);
	for (uint64_t i = 0; i < (uint64_t)l->stalls * l->every; i++) {
		if (i % l->every == l->every / 2)
			stall_left = 1 + random_below(r, STEPS);
		op(r, own, random_below(r, 2) == 0);
	}
}

static void queue_op(struct runner *r, void *own, bool answers)
{
	struct waiter *w = own, *wake;
	uint64_t *queue = r->shared, ref = pawl_i_waiter_arm(w);

	if (stalled_line_join(queue, w, ref) != 0)
		abort();
	while (answers && (ref = stalled_line_first(queue)) != 0)
		if (pawl_i_waiter_tell(ref, GRANT, &wake)) {
			r->told++;
			break;
		}
	r->answered += pawl_i_waiter_give_up(w) != 0;
	stalled_line_leave(queue, w);
}

static void *queue_run(void *arg)
{
	uint32_t spare = 0;
	struct waiter *w = stalled_line_waiter_get(&spare);

	if (!w)
		abort();
	each_op(arg, w, queue_op);
	stalled_line_waiter_put(w, spare);
	return NULL;
}

static void list_op(struct runner *r, void *own, bool answers)
{
	struct oracle_waiter *w = own;

	oracle_join(r->shared, w);
	if (answers)
		r->told += oracle_answer_first(r->shared, GRANT) != NULL;
	r->answered += oracle_give_up(r->shared, w) != 0;
}

static void *list_run(void *arg)
{
	struct oracle_waiter w = { .next = NULL };

	each_op(arg, &w, list_op);
	return NULL;
}

static void run(struct stall_load *l, void *shared, void *(*fn)(void *arg))
{
	static struct runner runners[THREADS_MAX];
	pthread_barrier_t start;
	int64_t begin;

	if (l->threads > THREADS_MAX)
		abort();
	pthread_barrier_init(&start, NULL, l->threads + 1);
	for (unsigned i = 0; i < l->threads; i++) {
		runners[i] = (struct runner){ .load = l, .shared = shared, .start = &start,
			.random = i + 1 };
		if (pthread_create(&runners[i].thread, NULL, fn, &runners[i]) != 0)
			abort();
	}
	begin = now();
	pthread_barrier_wait(&start);
	l->told = l->answered = 0;
	for (unsigned i = 0; i < l->threads; i++) {
		pthread_join(runners[i].thread, NULL);
		l->told += runners[i].told;
		l->answered += runners[i].answered;
	}
	l->ns = now() - begin;
	l->ops = (uint64_t)l->threads * l->stalls * l->every;
	pthread_barrier_destroy(&start);
}

void stall_load_queue(struct stall_load *l)
{
	_Alignas(128) uint64_t queue = 0;

	run(l, &queue, queue_run);
	if (queue != 0)
		abort();
}

void stall_load_list(struct stall_load *l)
{
	_Alignas(128) struct oracle list = { .first = NULL };

	run(l, &list, list_run);
	if (list.word != 0 || list.first)
		abort();
}
