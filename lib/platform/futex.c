/* SPDX-License-Identifier: BSD-2-Clause */
/* futex.c - see futex.h. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "platform/fatal.h"
#include "platform/futex.h"

/* The deadline's seconds must fit; a 32-bit time_t would end in 2038. */
_Static_assert(sizeof(time_t) == 8, "pawl needs a 64-bit time_t");

void pawl_i_futex_wait_bits(uint32_t *word, uint32_t expected, uint32_t bits, int64_t deadline)
{
	struct timespec until, *timeout = NULL;
	int saved = errno, err = 0;

	if (deadline != INT64_MAX) {
		if (deadline < 0)
			deadline = 0;
		until.tv_sec = deadline / 1000000000;
		until.tv_nsec = deadline % 1000000000;
		timeout = &until;
	}
	/* WAIT_BITSET takes an absolute instant of CLOCK_MONOTONIC; WAIT a duration. */
	if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, timeout,
		    NULL, bits) != 0)
		err = errno;
	errno = saved;
	/* EAGAIN: the word had changed. */
	if (err != 0 && err != ETIMEDOUT && err != EAGAIN && err != EINTR)
		pawl_i_fatal("futex wait failed", "errno", (uint64_t)err);
}

void pawl_i_futex_wait(uint32_t *word, uint32_t expected, int64_t deadline)
{
	pawl_i_futex_wait_bits(word, expected, FUTEX_BITSET_MATCH_ANY, deadline);
}

static void wake(uint32_t *word, int most, uint32_t bits)
{
	int saved = errno;

	/* EFAULT: the address is gone, and so is its sleeper. */
	(void)syscall(SYS_futex, word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, most, NULL, NULL,
		      bits);
	errno = saved;
}

void pawl_i_futex_wake(uint32_t *word)
{
	wake(word, 1, FUTEX_BITSET_MATCH_ANY);
}

void pawl_i_futex_wake_bits(uint32_t *word, uint32_t bits)
{
	wake(word, INT_MAX, bits);
}

void pawl_i_futex_wake_each(uint32_t *word, uint32_t bits)
{
	wake(word, __builtin_popcount(bits), bits);
}
