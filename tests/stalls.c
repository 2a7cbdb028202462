/* SPDX-License-Identifier: BSD-2-Clause */
/* stalls.c - see stalls.h. */
#include "config.h"

#include <time.h>

#include "stalls.h"

__thread unsigned stall_left;

void stall_here(void)
{
	struct timespec pause = { 0, STALL_MS * 1000000L };

	while (nanosleep(&pause, &pause) != 0)
		continue;
}
