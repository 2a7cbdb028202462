/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table_at_once.c - planted: a table that was outgrown is freed at once, not deferred.
 *
 * Only libck reads tables, which no sanitizer sees: to be run with guard_memory.c.  Some
 * readers sleep in the comparison of keys, which libck calls in the middle of a search.
 */
#include "config.h"
#include "platform/hb.h"

#include <string.h>
#include <time.h>

#include "reclaim/smr.h"

static int planted_memcmp(const void *a, const void *b, size_t length)
{
	static const struct timespec moment = { 0, 200000 };
	static __thread unsigned count;

	if (++count % 64 == 0)
		(void)nanosleep(&moment, NULL);
	return memcmp(a, b, length);
}

#define memcmp planted_memcmp
#define pawl_i_smr_retire(entry, fn, size) ((void)(size), (fn)(entry))
#include "reclaim/registry.c"
