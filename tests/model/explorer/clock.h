/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.h - vector clocks of 8 threads, 16 bits each: one machine register. */
#ifndef EXPLORER_CLOCK_H
#define EXPLORER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { THREADS = 8 };	/* 0 is who sets up and finishes */

typedef uint16_t vclock __attribute__((__vector_size__(16)));

#define NEVER ((vclock){ 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff })
#define ALWAYS ((vclock){ 0 })

static inline bool vclock_is_zero(vclock v)
{
	uint64_t half[2];

	memcpy(half, &v, sizeof v);
	return (half[0] | half[1]) == 0;
}

static inline vclock vclock_max(vclock a, vclock b)
{
	vclock greater = (vclock)(a > b);

	return (a & greater) | (b & ~greater);
}

/* Whether some component of @a is not above that of @b: of the events in @a, one at least
 * happened before the present of @b. */
static inline bool vclock_some_known(vclock a, vclock b)
{
	return !vclock_is_zero((vclock)(a <= b));
}

/* Whether each event in @a happened before the present of @b. */
static inline bool vclock_all_known(vclock a, vclock b)
{
	return vclock_is_zero((vclock)(a > b));
}

#endif
