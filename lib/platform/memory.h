/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.h - the only door to the allocator; tests put one behind it that fails. */
#ifndef PAWL_PLATFORM_MEMORY_H
#define PAWL_PLATFORM_MEMORY_H

#include <stddef.h>

/* Zeroed, aligned to @align (a power of two, >= sizeof(void *)); NULL: no memory. */
void *pawl_i_memory_get(size_t size, size_t align);
void pawl_i_memory_put(void *p);

#endif
