/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.h - allocations of a run.  A heap per thread, so that addresses do not depend on the
 * schedule; no address is used twice, so that every use after free is seen.
 */
#ifndef EXPLORER_HEAP_H
#define EXPLORER_HEAP_H

#include <stddef.h>
#include <stdint.h>

void heap_reset(void);

/* Zeroed; NULL: there is none, which is a choice if @may_fail. */
void *heap_get(size_t size, size_t align, bool may_fail);
void heap_put(void *p, uintptr_t pc);

/* At the end: what nothing points to, from static data on, is a leak. */
void heap_check(void);

/* Return: the number of the allocation that @address is in, from 1, and its offset; 0: none. */
unsigned heap_find(uintptr_t address, size_t *ret_offset);

#endif
