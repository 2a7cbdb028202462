/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flood_judge.c - whether all that was pushed was popped once.
 *
 * Each consumer has a bit for each item of the round: it got it.  Those of one producer are whole
 * words, span bits in all, from its first item of the round on.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "flood.h"

enum { WORD = 64 };

static void *get_memory(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		abort();
	return p;
}

void flood_judge_open(struct flood *f)
{
	unsigned producers = f->shape->producers;

	f->span = (FLOOD_ROUND / producers + WORD - 1) / WORD * WORD + WORD;
	for (unsigned i = 0; i < f->shape->consumers; i++) {
		f->consumers[i].seen = get_memory(producers, f->span / 8);
		f->consumers[i].last = get_memory(producers, sizeof(uint64_t));
	}
}

void flood_judge_close(struct flood *f)
{
	for (unsigned i = 0; i < f->shape->consumers; i++) {
		free(f->consumers[i].seen);
		free(f->consumers[i].last);
	}
}

static uint32_t check_of(const struct flood_item *item)
{
	uint64_t x = (item->number + item->producer * UINT64_C(0xd1342543de82ef95)) *
		UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(x >> 32);
}

void flood_make(struct flood_item *ret, const struct flood_worker *producer, uint64_t number)
{
	ret->producer = producer->index;
	ret->number = number;
	ret->check = check_of(ret);
}

static void got_one(struct flood_worker *w, const struct flood_item *item)
{
	struct flood *f = w->flood;
	uint64_t place;

	if (item->producer >= f->shape->producers || item->check != check_of(item)) {
		flood_fail(f, "consumer %u got an item that nobody made", w->index);
		return;
	}
	if (item->number < w->last[item->producer])
		flood_fail(f, "consumer %u got item %" PRIu64 " of producer %u after %" PRIu64,
			w->index, item->number, item->producer, w->last[item->producer] - 1);
	w->last[item->producer] = item->number + 1;
	place = item->number - f->producers[item->producer].first;
	if (place >= f->span) {
		flood_fail(f, "consumer %u got item %" PRIu64 " of producer %u in another round",
			w->index, item->number, item->producer);
		return;
	}
	place += item->producer * f->span;
	w->seen[place / WORD] |= (uint64_t)1 << place % WORD;
}

/* What the first consumer got shows once what is not so.  Return: how many there are then. */
static size_t plant(struct flood_worker *w, struct flood_item *items, size_t n)
{
	struct flood *f = w->flood;
	struct flood_item first = items[0];

	if (w->index != 0 || n < 2 || f->planted || first.producer != items[n - 1].producer)
		return n;
	f->planted = true;
	switch (f->plant) {
	case PLANT_LOSE:
		return n - 1;
	case PLANT_DOUBLE:
		/* Where there are others, another has it, in the end. */
		if (f->shape->consumers == 1)
			got_one(w, &first);
		break;
	case PLANT_SWAP:
		items[0] = items[n - 1];
		items[n - 1] = first;
		break;
	case PLANT_ALTER:
		items[0].number ^= 1;
		break;
	case PLANT_NONE:
		break;
	}
	return n;
}

void flood_got(struct flood_worker *w, struct flood_item *items, size_t n)
{
	uint64_t moved = atomic_load_explicit(&w->moved, memory_order_relaxed);

	atomic_store_explicit(&w->moved, moved + n, memory_order_relaxed);
	if (w->flood->plant != PLANT_NONE)
		n = plant(w, items, n);
	for (size_t i = 0; i < n; i++)
		got_one(w, &items[i]);
}

/* The bits of the word at @from of those that are less than @n. */
static uint64_t mask(size_t from, uint64_t n)
{
	if (n <= from)
		return 0;
	return n - from >= WORD ? ~(uint64_t)0 : ((uint64_t)1 << (n - from)) - 1;
}

static void judge_producer(struct flood *f, unsigned index)
{
	const struct flood_worker *p = &f->producers[index];
	uint64_t pushed = p->next - p->first, lost = 0, twice = 0, others = 0;

	for (size_t bit = 0; bit < f->span; bit += WORD) {
		size_t at = (index * f->span + bit) / WORD;
		uint64_t all = 0, again = 0, wanted = mask(bit, pushed);

		for (unsigned i = 0; i < f->shape->consumers; i++) {
			uint64_t *seen = &f->consumers[i].seen[at];

			again |= all & *seen;
			all |= *seen;
			*seen = 0;
		}
		lost += (uint64_t)__builtin_popcountll(wanted & ~all);
		others += (uint64_t)__builtin_popcountll(all & ~wanted);
		twice += (uint64_t)__builtin_popcountll(again);
	}
	if (lost || twice || others)
		flood_fail(f, "producer %u pushed %" PRIu64 " items from %" PRIu64 " on: %" PRIu64
			" were lost, %" PRIu64 " popped twice, %" PRIu64 " not pushed but popped",
			index, pushed, p->first, lost, twice, others);
}

uint64_t flood_judge(struct flood *f)
{
	uint64_t pushed = 0;

	for (unsigned i = 0; f->plant == PLANT_DOUBLE && i < f->shape->consumers; i++)
		f->consumers[i].seen[0] |= 1;
	for (unsigned i = 0; i < f->shape->producers; i++) {
		judge_producer(f, i);
		pushed += f->producers[i].next - f->producers[i].first;
	}
	return pushed;
}
