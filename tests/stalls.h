/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stalls.h - threads that are stopped for 20 ms in the middle of an operation, as the
 * scheduler, a signal handler or a page fault may do it at any time.
 *
 * What is looked at calls stall_step() before each access to what threads share.
 */
#ifndef TESTS_STALLS_H
#define TESTS_STALLS_H

enum { STALL_MS = 20 };

extern __thread unsigned stall_left;	/* steps until the calling thread stalls; 0: it won't */

void stall_here(void);

static inline void stall_step(void)
{
	if (stall_left != 0 && --stall_left == 0)
		stall_here();
}

#endif
