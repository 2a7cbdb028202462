/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * annotate.h - what ThreadSanitizer cannot see in Concurrency Kit, told to it.
 *
 * CK orders with inline assembly and in an uninstrumented library, so that without
 * this every correct use of it is called a race.  Unlike platform/hb.h these edges
 * also stand in a library built with TSan.  An edge too many hides races; therefore:
 *
 *	only smr.c and registry.c include this file;
 *	an edge is drawn for exactly what CK does there: an object's slot in the set
 *	(store to load), the end of a section (to the reclamation after it);
 *	make check-planted shows that planted bugs are still seen.
 */
#ifndef PAWL_RECLAIM_ANNOTATE_H
#define PAWL_RECLAIM_ANNOTATE_H

#include <stdint.h>

/* Weak: absent in programs without TSan. */
extern void __tsan_acquire(void *address) __attribute__((__weak__));
extern void __tsan_release(void *address) __attribute__((__weak__));

static inline void annotate_acquire(const void *address)
{
	if (__tsan_acquire)
		__tsan_acquire((void *)(uintptr_t)address);
}

static inline void annotate_release(const void *address)
{
	if (__tsan_release)
		__tsan_release((void *)(uintptr_t)address);
}

#endif
