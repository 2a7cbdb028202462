/* SPDX-License-Identifier: BSD-2-Clause */
/* flood_flow.c - rounds of producers and consumers; see flood.h. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "flood.h"

enum { EARLY_EVERY = 2, ITEMS_PER_SLOT = 256 };

static const size_t capacities[] = { 64, 4, 1, 1024 };

uint64_t flood_random(struct flood_worker *w, uint64_t n)
{
	w->random = w->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (w->random >> 33) % n;
}

uint64_t flood_moved(const struct flood *f)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < f->shape->consumers; i++)
		sum += atomic_load_explicit(&f->consumers[i].moved, memory_order_relaxed);
	return sum;
}

/*** Producers and consumers *******************************************************************/

/* Return: that of the call. */
static int push_some(struct flood_worker *w, uint64_t end)
{
	struct flood_item items[FLOOD_AT_ONCE];
	size_t n = 1 + flood_random(w, FLOOD_AT_ONCE), sent;
	int rc;

	if (n > end - w->next)
		n = (size_t)(end - w->next);
	for (size_t i = 0; i < n; i++)
		flood_make(&items[i], w, w->next + i);
	rc = flood_call(w, &flood_push, items, n, &sent);
	w->next += sent;
	return rc;
}

static void produce(struct flood_worker *w)
{
	struct flood *f = w->flood;
	bool closes = w == f->closer && w->first + f->closes_after < w->end;
	uint64_t end = closes ? w->first + f->closes_after : w->end;

	while (w->next < end)
		if (push_some(w, end) == EPIPE)
			break;
	if (atomic_fetch_sub(&f->busy, 1) == 1 || closes)
		pawl_queue_close(f->queue);
}

static void consume(struct flood_worker *w)
{
	struct flood *f = w->flood;
	struct flood_item items[FLOOD_AT_ONCE];
	uint64_t all = 0;
	size_t got;
	int rc;

	do {
		size_t n = 1 + flood_random(w, FLOOD_AT_ONCE);

		rc = flood_call(w, &flood_pop, items, n, &got);
		if (got > 0)
			flood_got(w, items, got);
		all += got;
		if (w == f->closer && all >= f->closes_after)
			pawl_queue_close(f->queue);
	} while (rc != EPIPE);
	w->ends.refused--;	/* is for pushes */
}

/*** Rounds of one queue each ******************************************************************/

/* Fill the queue; then there is no room. */
static void fill(struct flood_worker *w)
{
	struct flood_item item;

	for (;; w->next++) {
		flood_make(&item, w, w->next);
		if (pawl_queue_trypush(w->flood->queue, &item) != 0)
			break;
	}
	flood_wait_in_vain(w, &flood_push, &item);
}

/* In the first round each end of a wait is seen, whatever becomes of the others. */
static void begin(struct flood_worker *w, bool produces)
{
	struct flood_item item;

	if (w->flood->rounds > 0 || w->flood->wanted < FLOOD_IN_VAIN)
		return;
	if (!produces)
		flood_wait_in_vain(w, &flood_pop, &item);
	pthread_barrier_wait(&w->flood->meeting);
	if (produces && w->index == 0)
		fill(w);
	pthread_barrier_wait(&w->flood->meeting);
}

static void open_queue(struct flood *f)
{
	pawl_queue_config cfg = {
		.size = sizeof cfg, .item_size = sizeof(struct flood_item),
		.flags = f->shape->flags,
	};
	int rc;

	cfg.capacity = capacities[f->rounds % (sizeof capacities / sizeof capacities[0])];
	rc = pawl_queue_open(&cfg, &f->queue);
	if (rc != 0)
		abort();
}

/* Of a round of @items. */
static void pick_closer(struct flood_worker *w, uint64_t items)
{
	struct flood *f = w->flood;
	unsigned producers = f->shape->producers, consumers = f->shape->consumers;
	unsigned i = (unsigned)flood_random(w, producers + consumers);

	f->closer = NULL;
	if (f->rounds % EARLY_EVERY == 0)
		return;
	f->closer = i < producers ? &f->producers[i] : &f->consumers[i - producers];
	f->closes_after = flood_random(w, items / (i < producers ? producers : consumers) + 1);
}

/* By the first producer, while the others wait. */
static void plan_round(struct flood_worker *w)
{
	struct flood *f = w->flood;
	unsigned producers = f->shape->producers;
	uint64_t items = f->wanted - f->done;

	f->over = items == 0 || atomic_load(&f->failed);
	if (f->over)
		return;
	open_queue(f);
	if (items > pawl_queue_capacity(f->queue) * ITEMS_PER_SLOT)
		items = pawl_queue_capacity(f->queue) * ITEMS_PER_SLOT;
	for (unsigned i = 0; i < producers; i++) {
		struct flood_worker *p = &f->producers[i];

		p->first = p->next;
		p->end = p->first + items / producers + (i < items % producers);
	}
	pick_closer(w, items);
	atomic_store(&f->busy, producers);
}

static void end_round(struct flood *f)
{
	f->done += flood_judge(f);
	f->rounds++;
	pawl_queue_free(f->queue);
}

static uint64_t voluntary_switches(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nvcsw : 0;
}

static void rounds(struct flood_worker *w, bool produces)
{
	struct flood *f = w->flood;
	bool chief = produces && w->index == 0;

	for (;;) {
		if (chief)
			plan_round(w);
		pthread_barrier_wait(&f->meeting);
		if (f->over)
			break;
		begin(w, produces);
		if (produces)
			produce(w);
		else
			consume(w);
		pthread_barrier_wait(&f->meeting);
		if (chief)
			end_round(f);
	}
	w->ends.sleeps = voluntary_switches();
}

static void *producer_main(void *arg)
{
	rounds(arg, true);
	return NULL;
}

static void *consumer_main(void *arg)
{
	rounds(arg, false);
	return NULL;
}

void flood_run(struct flood *f)
{
	unsigned producers = f->shape->producers, consumers = f->shape->consumers;

	flood_judge_open(f);
	pthread_barrier_init(&f->meeting, NULL, producers + consumers);
	for (unsigned i = 0; i < producers; i++)
		if (pthread_create(&f->producers[i].thread, NULL, producer_main, &f->producers[i]))
			abort();
	for (unsigned i = 0; i < consumers; i++)
		if (pthread_create(&f->consumers[i].thread, NULL, consumer_main, &f->consumers[i]))
			abort();
	for (unsigned i = 0; i < producers; i++)
		pthread_join(f->producers[i].thread, NULL);
	for (unsigned i = 0; i < consumers; i++)
		pthread_join(f->consumers[i].thread, NULL);
	pthread_barrier_destroy(&f->meeting);
	flood_judge_close(f);
}
