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
 * Both begin to look where the count of permits says, so that the first look finds it, and go on to
 * both sides: who is late between its permit and its cell leaves that as many cells away as others
 * passed it.  It would be found from anywhere.
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

/* Return: the cell for look @n, from 0: @at, and then those before and after it in turns. */
static inline uint32_t *bag_cell(const struct bag *b, uint32_t at, uint32_t n)
{
	uint32_t distance = (n + 1) / 2;

	return &b->cells[(n % 2 ? at - distance : at + distance) & b->mask];
}

/* Put @number into a cell near @at. */
static inline void bag_put(struct bag *b, uint32_t number, uint32_t at)
{
	for (uint32_t n = 0;; n++) {
		uint32_t *cell = bag_cell(b, at, n), empty = 0;

		/* BG3 relaxed: BG1 looks again. */
		if (n > 0 && pawl_load_(cell, relaxed) != 0)
			continue;
		/* BG1 release: pairs with BG2.  What was done before the put. */
		if (pawl_likely_(pawl_cas_(cell, &empty, number + 1, release, relaxed)))
			return;
	}
}

/* Take a number from a cell near @at. */
static inline uint32_t bag_take(struct bag *b, uint32_t at)
{
	for (uint32_t n = 0;; n++) {
		uint32_t *cell = bag_cell(b, at, n), number;

		/* BG4 relaxed: BG2 looks again. */
		if (n > 0 && pawl_load_(cell, relaxed) == 0)
			continue;
		/* BG2 acquire: pairs with BG1. */
		number = pawl_xchg_(cell, 0, acquire);
		if (pawl_likely_(number != 0))
			return number - 1;
	}
}

#endif
