/* SPDX-License-Identifier: BSD-2-Clause */
/* random.h - the only door to the kernel's random numbers. */
#ifndef PAWL_PLATFORM_RANDOM_H
#define PAWL_PLATFORM_RANDOM_H

#include <stddef.h>

/*
 * Fill @p with bytes that other processes cannot guess.  Cannot fail: where the kernel
 * has none to give yet, they come from what it gave the process at its start, the clock
 * and addresses, of which some can be guessed.
 */
void pawl_i_random(void *p, size_t size);

#endif
