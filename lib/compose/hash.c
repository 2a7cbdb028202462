/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash.c - see hash.h.
 *
 * Folded multiplication, the step that wyhash (Wang Yi) made known: both halves of the
 * 128-bit product of two words, each of which has a part of the key and a part that is
 * secret, are put together by exclusive or.  16 bytes of the key per step.
 */
#include "config.h"

#include <string.h>

#include "compose/hash.h"

static uint64_t fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
	uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX);
	uint64_t cross = (a >> 32) * (b & UINT32_MAX) + (low >> 32);
	uint64_t other = (a & UINT32_MAX) * (b >> 32) + (cross & UINT32_MAX);
	uint64_t high = (a >> 32) * (b >> 32) + (cross >> 32) + (other >> 32);

	return (other << 32 | (low & UINT32_MAX)) ^ high;
#endif
}

static uint64_t read64(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
	return word;
}

static uint64_t read32(const unsigned char *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof word);
	return word;
}

/* The last 0 to 16 bytes as two words, which overlap as needed; with the length, which
 * the caller adds, they tell all such tails apart. */
static void read_tail(const unsigned char *p, size_t n, uint64_t tail[2])
{
	if (n >= 8) {
		tail[0] = read64(p);
		tail[1] = read64(p + n - 8);
	} else if (n >= 4) {
		tail[0] = read32(p);
		tail[1] = read32(p + n - 4);
	} else if (n > 0) {
		tail[0] = (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 8 | p[n - 1];
		tail[1] = 0;
	} else {
		tail[0] = tail[1] = 0;
	}
}

uint64_t pawl_i_hash(const void *key, size_t length, const uint64_t seed[2])
{
	const unsigned char *p = key;
	uint64_t h = seed[0], tail[2];
	size_t left = length;

	for (; left > 16; left -= 16, p += 16)
		h = fold(read64(p) ^ seed[1], read64(p + 8) ^ h);
	read_tail(p, left, tail);
	h = fold(tail[0] ^ seed[1], tail[1] ^ h);
	/* An odd number, of bits without order: 2^64 divided by the golden ratio. */
	return fold(h ^ length, seed[1] ^ 0x9e3779b97f4a7c15u);
}
