/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.c - see memory.h. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platform/memory.h"

void *pawl_i_memory_get(size_t size, size_t align)
{
	size_t whole = (size + align - 1) & ~(align - 1);
	int saved = errno;
	void *p = whole < size ? NULL : aligned_alloc(align, whole);

	/* The compiler takes allocators for functions that leave errno alone, and the line
	 * below for dead, unless it must think that memory was changed here. */
	__asm__ volatile("" : : : "memory");
	errno = saved;
	return p ? memset(p, 0, size) : NULL;
}

void pawl_i_memory_put(void *p)
{
	free(p);
}
