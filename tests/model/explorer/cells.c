/* SPDX-License-Identifier: BSD-2-Clause */
/* cells.c - see cells.h. */
#include "config.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "explorer/cells.h"
#include "explorer/engine.h"

enum { POOL_SIZE = 1 << 24, TOUCHED_MAX = 1 << 17 };

struct touch {
	uint32_t cell;
	uint64_t before;
};

uintptr_t image_low;
size_t image_size;
static struct touch *touched;
static size_t touched_count;
static char *pool;
static size_t pool_used;

static void *map(uintptr_t where, size_t size)
{
	void *p = mmap((void *)where, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED || (where != 0 && (uintptr_t)p != where)) {
		fprintf(stderr, "explorer: cannot map %zu bytes\n", size);
		exit(99);
	}
	return p;
}

/* The program itself is the first; its writable segments hold the static data. */
static int find_image(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t low = UINTPTR_MAX, high = 0;

	(void)size, (void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + p->p_vaddr;

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_W))
			continue;
		if (start < low)
			low = start;
		if (start + p->p_memsz > high)
			high = start + p->p_memsz;
	}
	image_low = low & ~(uintptr_t)(GRAIN - 1);
	image_size = high - image_low;
	return 1;
}

void cells_init(void)
{
	dl_iterate_phdr(find_image, NULL);
	(void)map(AREA, AREA_SIZE);
	touched = map(0, TOUCHED_MAX * sizeof *touched);
	pool = map(0, POOL_SIZE);
	for (unsigned i = 0; i < THREADS; i++) {
		struct thread *t = &engine.thread[i];

		t->index = i;
		t->stack_low = AREA + i * STACK_SIZE;
		t->stack_high = t->stack_low + STACK_SIZE;
	}
}

size_t cells_count(void)
{
	return AREA_CELLS + image_size / GRAIN + 1;
}

void *cells_array(size_t size)
{
	return map(0, cells_count() * size);
}

void cells_touch(size_t cell)
{
	struct touch *t = &touched[touched_count];

	if (++touched_count == TOUCHED_MAX)
		fail(0, "the explorer is out of memory: too much memory accessed in one run");
	t->cell = (uint32_t)cell;
	if (cell >= AREA_CELLS)
		memcpy(&t->before, (const void *)address_of(cell), GRAIN);
}

void cells_each_static(void (*fn)(uintptr_t value))
{
	for (size_t i = 0; i < touched_count; i++)
		if (touched[i].cell >= AREA_CELLS)
			fn(*(const uintptr_t *)address_of(touched[i].cell));
}

void cells_reset(void (*forget)(size_t cell))
{
	for (size_t i = 0; i < touched_count; i++) {
		size_t cell = touched[i].cell;

		forget(cell);
		if (cell >= AREA_CELLS)
			memcpy((void *)address_of(cell), &touched[i].before, GRAIN);
	}
	touched_count = 0;
	pool_used = 0;
}

void *pool_get(size_t size)
{
	void *p = pool + pool_used;

	pool_used += (size + 15) & ~(size_t)15;
	if (pool_used > POOL_SIZE)
		fail(0, "the explorer is out of memory: too many different accesses in one run");
	return p;
}
