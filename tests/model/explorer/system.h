/* SPDX-License-Identifier: BSD-2-Clause */
/* system.h - the kernel that models see: a futex and a clock, whose freedoms are choices. */
#ifndef EXPLORER_SYSTEM_H
#define EXPLORER_SYSTEM_H

#include <stdint.h>

struct thread;

enum { CLOCK_START = 1000000000, CLOCK_JUMP = 5000000 };	/* ns */

void system_reset(void);
void system_futex_wait(uint32_t *word, uint32_t expected, uint32_t bits, int64_t deadline,
	uintptr_t pc);
void system_futex_wake(uint32_t *word, uintptr_t pc);		/* one */
void system_futex_wake_bits(uint32_t *word, uint32_t bits, uintptr_t pc);	/* all */

/* The clock, which may jump before it is read. */
int64_t system_now(void);

/* Sleep until something that a loop looked at has changed, or for @ns. */
void system_sleep(int64_t ns);

/* Nobody can go on: let pauses end, or time pass until the next deadline.  Return: who can
 * go on then; NULL: nobody ever. */
struct thread *system_next(void);

#endif
