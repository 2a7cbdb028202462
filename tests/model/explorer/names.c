/* SPDX-License-Identifier: BSD-2-Clause */
/* names.c - see names.h, and model.h for model_name(). */
#include "config.h"

#include <stdio.h>

#include "explorer/cells.h"
#include "explorer/engine.h"
#include "explorer/heap.h"
#include "explorer/names.h"

enum { NAMES = 32 };

static struct name {
	uintptr_t address;
	size_t size;
	const char *text;
} names[NAMES];
static unsigned name_count;

void names_reset(void)
{
	name_count = 0;
}

void model_name(const void *p, size_t size, const char *text)
{
	if (name_count < NAMES)
		names[name_count++] = (struct name){ (uintptr_t)p, size, text };
}

static void put(char *buffer, size_t size, const char *what, size_t offset)
{
	if (offset == 0)
		snprintf(buffer, size, "%s", what);
	else
		snprintf(buffer, size, "%s+%zu", what, offset);
}

void names_describe(uintptr_t address, char *buffer, size_t size)
{
	const struct thread *t = stack_of(address);
	char what[40];
	size_t offset;
	unsigned i;

	for (i = 0; i < name_count; i++)
		if (address - names[i].address < names[i].size) {
			put(buffer, size, names[i].text, address - names[i].address);
			return;
		}
	i = heap_find(address, &offset);
	if (i != 0) {
		snprintf(what, sizeof what, "allocation %u", i);
		put(buffer, size, what, offset);
	} else if (t) {
		/* From the top: the same in every run, wherever the frame is. */
		snprintf(buffer, size, "stack %u-%zu", t->index, (size_t)(t->stack_high - address));
	} else {
		snprintf(buffer, size, "%#llx", (unsigned long long)address);
	}
}
