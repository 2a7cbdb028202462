/* SPDX-License-Identifier: BSD-2-Clause */
/* failing_memory.c - see failing_memory.h. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <pawl/atomic.h>

#include "platform/memory.h"
#include "failing_memory.h"
#include "support.h"

/* All atomic, as threads may be running. */
static int calls, fail_from = NEVER, fail_to;

void *pawl_i_memory_get(size_t size, size_t align)
{
	int call = pawl_fetch_add_(&calls, 1, relaxed);
	int from = pawl_load_(&fail_from, relaxed);
	void *p;

	if (from != NEVER && call >= from && call < pawl_load_(&fail_to, relaxed))
		return NULL;
	must(posix_memalign(&p, align, size) == 0);
	return memset(p, 0, size);
}

void pawl_i_memory_put(void *p)
{
	free(p);
}

void fail_calls(int from, int to)
{
	pawl_store_(&calls, 0, relaxed);
	pawl_store_(&fail_from, from, relaxed);
	pawl_store_(&fail_to, to, relaxed);
}

int memory_calls(void)
{
	return pawl_load_(&calls, relaxed);
}
