/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guard_memory.c - in place of lib/platform/memory.c: memory that was put back cannot be
 * read any more (SIGSEGV), whoever does it, and is never given out again.
 */
#include "config.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "platform/memory.h"

enum { PAGE = 4096 };

/* The size stands in a page before the memory. */
void *pawl_i_memory_get(size_t size, size_t align)
{
	size_t bytes = (size + 2 * PAGE - 1) / PAGE * PAGE;
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || align > PAGE)
		return NULL;
	*(size_t *)(void *)p = bytes;
	return p + PAGE;
}

void pawl_i_memory_put(void *memory)
{
	char *p = memory;

	if (!p)
		return;
	p -= PAGE;
	/* Mapped anew: its content goes, its address stays taken. */
	if (mmap(p, *(size_t *)(void *)p, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
		abort();
}
