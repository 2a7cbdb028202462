/* SPDX-License-Identifier: BSD-2-Clause */
/* heap.c - see heap.h. */
#include "config.h"

#include <string.h>

#include "explorer/cells.h"
#include "explorer/engine.h"
#include "explorer/heap.h"
#include "explorer/shadow.h"

enum { CHUNKS = 512, REDZONE = 16 };

static struct chunk {
	uintptr_t address;
	size_t size;
	bool live, reached;
} chunks[CHUNKS];
static unsigned chunk_count;
static uintptr_t top[THREADS];
static bool reached_more;

void heap_reset(void)
{
	chunk_count = 0;
	for (unsigned i = 0; i < THREADS; i++)
		top[i] = heap_of(i);
}

void *heap_get(size_t size, size_t align, bool may_fail)
{
	unsigned i = engine.current->index;
	uintptr_t p;

	if (may_fail && engine.running && choose(NO_MEMORY, 2) == 1) {
		observe(1);
		return NULL;
	}
	if (align < REDZONE)
		align = REDZONE;
	p = (top[i] + align - 1) & ~(uintptr_t)(align - 1);
	size = (size + REDZONE - 1) & ~(size_t)(REDZONE - 1);
	if (chunk_count == CHUNKS || p + size + REDZONE > heap_of(i) + HEAP_SIZE)
		fail(0, "the explorer is out of memory: too many allocations in one run");
	top[i] = p + size + REDZONE;
	chunks[chunk_count++] = (struct chunk){ p, size, true, false };
	memset((void *)p, 0, size);
	shadow_kill(p + size, REDZONE, 0);
	return (void *)p;
}

unsigned heap_find(uintptr_t address, size_t *ret_offset)
{
	for (unsigned i = 0; i < chunk_count; i++)
		if (address - chunks[i].address < chunks[i].size) {
			*ret_offset = address - chunks[i].address;
			return i + 1;
		}
	return 0;
}

void heap_put(void *p, uintptr_t pc)
{
	size_t offset;
	unsigned i;

	if (!p)
		return;
	i = heap_find((uintptr_t)p, &offset);
	if (i == 0 || offset != 0)
		fail(pc, "free of what was not allocated");
	if (!chunks[i - 1].live)
		fail(pc, "double free");
	shadow_kill((uintptr_t)p, chunks[i - 1].size, pc);
	chunks[i - 1].live = false;
}

static void reach(uintptr_t value)
{
	size_t offset;
	unsigned i;

	if (value - heap_of(0) >= (uintptr_t)THREADS * HEAP_SIZE)
		return;
	i = heap_find(value, &offset);
	if (i == 0 || !chunks[i - 1].live || chunks[i - 1].reached)
		return;
	chunks[i - 1].reached = true;
	reached_more = true;
}

static void reach_words(const void *p, size_t size)
{
	const uintptr_t *words = p;

	for (size_t i = 0; i < size / sizeof *words; i++)
		reach(words[i]);
}

static bool has_live(void)
{
	for (unsigned i = 0; i < chunk_count; i++)
		if (chunks[i].live)
			return true;
	return false;
}

void heap_check(void)
{
	if (!has_live())
		return;
	cells_each_static(reach);
	for (unsigned i = 0; i <= engine.threads; i++)
		reach_words(&engine.thread[i].local, sizeof engine.thread[i].local);
	do {
		reached_more = false;
		for (unsigned i = 0; i < chunk_count; i++)
			if (chunks[i].reached)
				reach_words((const void *)chunks[i].address, chunks[i].size);
	} while (reached_more);
	for (unsigned i = 0; i < chunk_count; i++)
		if (chunks[i].live && !chunks[i].reached)
			fail(0, "leak: nothing points to allocation %u of %zu bytes any more",
			     i + 1, chunks[i].size);
}
