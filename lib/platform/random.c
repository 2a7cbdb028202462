/* SPDX-License-Identifier: BSD-2-Clause */
/* random.c - see random.h. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

#include "platform/clock.h"
#include "platform/random.h"

/* One step of splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void make_do(unsigned char *p, size_t size)
{
	/* 16 random bytes of the kernel, the same ones for the life of the process. */
	const void *start = (const void *)(uintptr_t)getauxval(AT_RANDOM);
	uint64_t given[2] = { 0, 0 }, state;

	if (start)
		memcpy(given, start, sizeof given);
	state = mix(&given[0]) ^ mix(&given[1]) ^ (uint64_t)pawl_i_clock_real() ^ (uintptr_t)p;
	while (size-- > 0)
		*p++ = (unsigned char)(mix(&state) >> 56);
}

void pawl_i_random(void *p, size_t size)
{
	int saved = errno;
	ssize_t got = getrandom(p, size, GRND_NONBLOCK);

	if (got < 0 || (size_t)got != size)
		make_do(p, size);
	errno = saved;
}
