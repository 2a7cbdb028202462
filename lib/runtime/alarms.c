/* SPDX-License-Identifier: BSD-2-Clause */
/* alarms.c - see alarms.h. */
#include "config.h"

#include "runtime/alarms.h"

static void put(struct alarms *all, struct alarm *a, uint32_t place)
{
	all->heap[place] = a;
	a->place = place;
}

/* Put @a where it belongs, at @place or above. */
static void rise(struct alarms *all, struct alarm *a, uint32_t place)
{
	for (; place > 1 && a->at < all->heap[place / 2]->at; place /= 2)
		put(all, all->heap[place / 2], place);
	put(all, a, place);
}

/* The same, at @place or below. */
static void sink(struct alarms *all, struct alarm *a, uint32_t place)
{
	for (uint32_t below; (below = place * 2) <= all->count; place = below) {
		if (below < all->count && all->heap[below + 1]->at < all->heap[below]->at)
			below++;
		if (a->at <= all->heap[below]->at)
			break;
		put(all, all->heap[below], place);
	}
	put(all, a, place);
}

void pawl_i_alarms_set(struct alarms *all, struct alarm *a, int64_t at)
{
	a->at = at;
	rise(all, a, ++all->count);
}

void pawl_i_alarms_clear(struct alarms *all, struct alarm *a)
{
	uint32_t place = a->place;
	struct alarm *last;

	if (place == 0)
		return;
	a->place = 0;
	last = all->heap[all->count--];
	if (last == a)
		return;
	sink(all, last, place);
	rise(all, last, last->place);
}
