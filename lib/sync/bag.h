/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bag.h - numbers in no order, for callers with permits: the free slots of a queue.  Uses: atomic.
 *
 * cell = number + 1; 0: empty.  There are at least as many cells as numbers.
 *
 * I1  Who takes holds a permit that was given after a put was done, and each of those once.  So
 *     there is a number for it in some cell, whoever is stopped where; others that take before it
 *     have a number of their own there.
 * I2  Who puts finds a cell: its number is in none.
 *
 * Both begin to look where the count of permits says, so that the first look finds it, but for
 * neighbours that are late; it would be found from anywhere.
 */
#ifndef PAWL_SYNC_BAG_H
#define PAWL_SYNC_BAG_H

#include <stdint.h>

#include <pawl/atomic.h>
#include <pawl/base.h>

struct bag {
	uint32_t *cells;	/* zero */
	uint32_t mask;		/* cells - 1, a power of two */
};

/* Put @number; look for a cell from @at on. */
static inline void bag_put(struct bag *b, uint32_t number, uint32_t at)
{
	for (;; at++) {
		uint32_t empty = 0;

		/* BG1 release: pairs with BG2.  What was done before the put. */
		if (pawl_likely_(pawl_cas_(&b->cells[at & b->mask], &empty, number + 1, release, relaxed)))
			return;
	}
}

/* Take a number; look for one from @at on. */
static inline uint32_t bag_take(struct bag *b, uint32_t at)
{
	for (;; at++) {
		/* BG2 acquire: pairs with BG1. */
		uint32_t cell = pawl_xchg_(&b->cells[at & b->mask], 0, acquire);

		if (pawl_likely_(cell != 0))
			return cell - 1;
	}
}

#endif
