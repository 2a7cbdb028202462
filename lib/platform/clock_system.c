/* SPDX-License-Identifier: BSD-2-Clause */
/* clock_system.c - the system's part of clock.h. */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "platform/clock.h"

int64_t pawl_i_clock_real(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void pawl_i_clock_sleep(int64_t ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };
	int saved = errno;

	/* The C library's nanosleep() is a cancellation point; this is none. */
	(void)syscall(SYS_nanosleep, &t, NULL);
	errno = saved;
}
