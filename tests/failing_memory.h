/* SPDX-License-Identifier: BSD-2-Clause */
/* failing_memory.h - the library's allocator (platform/memory.h), made to fail: for programs that
 * are linked with failing_memory.c, which takes its place. */
#ifndef PAWL_TESTS_FAILING_MEMORY_H
#define PAWL_TESTS_FAILING_MEMORY_H

#include <stdint.h>

enum { NEVER = -1 };

/* Let those calls fail, counted from now and from 0, that are in [from, to); @from NEVER: none. */
void fail_calls(int from, int to);

/* From the @n-th on, all. */
static inline void fail_calls_from(int n)
{
	fail_calls(n, INT32_MAX);
}

/* Return: how many there were since then, those that failed too. */
int memory_calls(void);

#endif
