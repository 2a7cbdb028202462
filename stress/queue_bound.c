/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_bound.c - queue.bound: producers that are faster than their consumer.  Without a bound
 * memory grows for as long as they run; with one they wait.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include <pawl/mutex.h>

#include "queue_cases.h"

enum {
	BOUND = 16,
	MEMORY = 1 << 16,	/* as many items, and the program would be killed */
	WORK_US = 20,		/* the consumer's, for each item */
};

struct item {
	struct item *next;	/* in a list */
	uint64_t check;
};

static _Atomic int64_t alive;		/* items */
static _Atomic uint64_t excess;		/* items that were made as there were too many */

/* All that can be with a bound: each has one in its hands. */
static int64_t most_items(const struct stress_worker *w)
{
	return BOUND + w->team->size;
}

static struct item *make_item(struct stress_worker *w)
{
	struct item *i = malloc(sizeof *i);

	if (!i) {
		stress_fail("no memory");
		exit(1);
	}
	i->check = ~(uint64_t)(uintptr_t)i;
	if (atomic_fetch_add(&alive, 1) >= most_items(w))
		atomic_fetch_add_explicit(&excess, 1, memory_order_relaxed);
	return i;
}

static void free_item(struct item *i)
{
	if (i->check != ~(uint64_t)(uintptr_t)i)
		stress_fail("an item is not what it was");
	free(i);
	atomic_fetch_sub(&alive, 1);
}

static void work(void)
{
	nanosleep(&(struct timespec){ 0, (long)PAWL_US(WORK_US) }, NULL);
}

/*** Broken: a list takes them all *************************************************************/

static pawl_mutex lock = PAWL_MUTEX_INIT;
static struct item *first, **end = &first;	/* guarded by it */

static struct item *take_first(void)
{
	struct item *i;

	pawl_mutex_lock(&lock);
	i = first;
	if (i) {
		first = i->next;
		if (!first)
			end = &first;
	}
	pawl_mutex_unlock(&lock);
	return i;
}

static void append(struct item *i)
{
	i->next = NULL;
	pawl_mutex_lock(&lock);
	*end = i;
	end = &i->next;
	pawl_mutex_unlock(&lock);
}

static void take_all(void)
{
	struct item *i;

	while ((i = take_first()) != NULL)
		free_item(i);
}

/* In BROKEN, one for STRESS_EVERY of each producer. */
static void slow_body(struct stress_worker *w)
{
	for (uint64_t round = 0; stress_again(w); round++) {
		struct item *i = NULL;

		if (w->team->mode != STRESS_BROKEN || round % STRESS_EVERY == 0)
			i = take_first();
		if (i)
			free_item(i);
		work();
		stress_await(w);
		stress_done(w);
	}
}

static void fast_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		append(make_item(w));
		/* Here it is killed; another begins. */
		if (atomic_load(&alive) >= MEMORY)
			take_all();
		stress_await(w);
		stress_done(w);
	}
}

static void unbounded_body(struct stress_worker *w)
{
	if (w->index == 0)
		slow_body(w);
	else
		fast_body(w);
}

void queue_bound_broken(struct stress_team *t, struct stress_outcome *ret)
{
	uint64_t freed = STRESS_ITERATIONS / STRESS_EVERY;

	stress_run(t, unbounded_body);
	take_all();
	ret->bad = atomic_load(&excess);
	ret->of = stress_ops(t) - atomic_load(&t->workers[0].ops);
	ret->least = STRESS_ITERATIONS * (uint64_t)(t->size - 1) - freed - (BOUND + t->size);
}

/*** Right: a queue, whose producers wait for its consumer *************************************/

static pawl_queue *queue;
static _Atomic unsigned producers;

static void producer(struct stress_worker *w)
{
	while (stress_again(w)) {
		struct item *i = make_item(w);
		int rc = pawl_queue_push(queue, &i);

		if (rc != 0) {
			stress_fail("pawl_queue_push returned %d", rc);
			free_item(i);
		}
		stress_await(w);
		stress_done(w);
	}
	if (atomic_fetch_sub(&producers, 1) == 1)
		pawl_queue_close(queue);
}

static void consumer(struct stress_worker *w)
{
	for (;;) {
		struct item *i;
		int rc;

		if (stress_wants_waits(w->team))
			stress_hold_until(w, queue, 1);
		rc = pawl_queue_pop(queue, &i);
		if (rc != 0) {
			if (rc != EPIPE)
				stress_fail("pawl_queue_pop returned %d", rc);
			break;
		}
		free_item(i);
		work();
		stress_done(w);
	}
}

static void bounded_body(struct stress_worker *w)
{
	if (w->index == 0)
		consumer(w);
	else
		producer(w);
}

void queue_bound_right(struct stress_team *t)
{
	pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = BOUND, .item_size = sizeof(struct item *),
	};
	int rc = pawl_queue_open(&cfg, &queue);

	if (rc != 0) {
		stress_fail("pawl_queue_open returned %d", rc);
		return;
	}
	stress_name(queue, "the queue");
	atomic_store(&producers, t->size - 1);
	stress_run(t, bounded_body);
	pawl_queue_free(queue);
	if (atomic_load(&excess) != 0)
		stress_fail("%" PRIu64 " items were too many", atomic_load(&excess));
	if (atomic_load(&alive) != 0)
		stress_fail("%" PRId64 " items are left", atomic_load(&alive));
}
