/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cells.h - the memory that is looked at, in cells of 8 bytes: static data, stacks and heaps
 * of a model; other memory (thread-locals, the explorer's own) is not.
 *
 * Stacks and heaps lie in one area at a fixed address, so that a run is the same in another
 * process: pawl orders and hashes by address.
 */
#ifndef EXPLORER_CELLS_H
#define EXPLORER_CELLS_H

#include <stddef.h>
#include <stdint.h>

#include "explorer/engine.h"

enum {
	GRAIN = 8,
	AREA_SIZE = THREADS * (STACK_SIZE + HEAP_SIZE),
	AREA_CELLS = AREA_SIZE / GRAIN
};
#define AREA ((uintptr_t)0x7e0000000000)

/* Static data; set by cells_init(). */
extern uintptr_t image_low;
extern size_t image_size;

void cells_init(void);
size_t cells_count(void);

/* An array with @size bytes for each cell, all zero; for ever. */
void *cells_array(size_t size);

/* Return: its index; AREA_CELLS and above: static data; SIZE_MAX: not looked at. */
static inline size_t cell_of(uintptr_t address)
{
	if (address - AREA < AREA_SIZE)
		return (address - AREA) / GRAIN;
	if (address - image_low < image_size)
		return AREA_CELLS + (address - image_low) / GRAIN;
	return SIZE_MAX;
}

static inline uintptr_t address_of(size_t cell)
{
	return cell < AREA_CELLS ? AREA + cell * GRAIN : image_low + (cell - AREA_CELLS) * GRAIN;
}

/* Which stack it is in: the thread; NULL: none. */
static inline struct thread *stack_of(uintptr_t address)
{
	return address - AREA < (uintptr_t)THREADS * STACK_SIZE ?
		&engine.thread[(address - AREA) / STACK_SIZE] : NULL;
}

static inline uintptr_t heap_of(unsigned thread)
{
	return AREA + THREADS * STACK_SIZE + thread * HEAP_SIZE;
}

/* The cell is accessed for the first time in this run. */
void cells_touch(size_t cell);

/* Calls @fn for each word of static data that was accessed in this run. */
void cells_each_static(void (*fn)(uintptr_t value));

/* After a run: static data gets its values back.  Calls @forget for each cell that was
 * accessed, for some of a stack several times. */
void cells_reset(void (*forget)(size_t cell));

/* Memory of the explorer for the run, given back by its end. */
void *pool_get(size_t size);

#endif
