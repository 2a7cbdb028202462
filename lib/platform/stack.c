/* SPDX-License-Identifier: BSD-2-Clause */
/* stack.c - see stack.h. */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "platform/stack.h"

/* What a function may step over at once, where the compiler looks after that at all: gcc's probes
 * are so far apart on aarch64; and a page there may be as large. */
enum { GUARD = 1 << 16 };

/* Of Linux 6.13, and in no header of an older libc. */
#ifndef MADV_GUARD_INSTALL
# define MADV_GUARD_INSTALL 102
#endif

/* A mark costs no mapping of its own, of which a process has 65,530. */
static bool guard(void *p)
{
	return madvise(p, GUARD, MADV_GUARD_INSTALL) == 0 || mprotect(p, GUARD, PROT_NONE) == 0;
}

void *pawl_i_stack_get(size_t size)
{
	int saved = errno;
	char *p = mmap(NULL, GUARD + size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (p == MAP_FAILED) {
		p = NULL;
	} else if (!guard(p)) {
		(void)munmap(p, GUARD + size);
		p = NULL;
	}
	errno = saved;
	return p ? p + GUARD : NULL;
}

void pawl_i_stack_put(void *stack, size_t size)
{
	int saved = errno;

	(void)munmap((char *)stack - GUARD, GUARD + size);
	errno = saved;
}
