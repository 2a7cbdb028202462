/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * posix_crc.h - the CRC of POSIX cksum, for treesum.c.
 *
 * zlib and others have a CRC-32 with the same polynomial, but with the bits the other
 * way round, which is of no use here.  Eight tables, so that eight bytes go in one step;
 * they are made by the first thread that needs them, and the others wait for that.
 */
#ifndef POSIX_CRC_H
#define POSIX_CRC_H

#include <stddef.h>
#include <stdint.h>

#include <pawl/once.h>

static uint32_t crc_table[8][256];

static int make_crc_table(void *unused)
{
	(void)unused;
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte << 24;

		for (int bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc >> 31 ? 0x04c11db7 : 0);
		crc_table[0][byte] = crc;
	}
	for (int k = 1; k < 8; k++) {
		for (int byte = 0; byte < 256; byte++) {
			uint32_t crc = crc_table[k - 1][byte];

			crc_table[k][byte] = crc << 8 ^ crc_table[0][crc >> 24];
		}
	}
	return 0;
}

/* Call it first: what the tables' maker wrote is then visible here. */
static inline void crc_begin(void)
{
	static pawl_once tables_made = PAWL_ONCE_INIT;

	pawl_once_do(&tables_made, make_crc_table, NULL); /* make_crc_table() cannot fail */
}

static inline uint32_t big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t crc_byte(uint32_t crc, unsigned byte)
{
	return crc << 8 ^ crc_table[0][crc >> 24 ^ byte];
}

static inline uint32_t crc_bytes(uint32_t crc, const unsigned char *p, size_t n)
{
	for (; n >= 8; p += 8, n -= 8) {
		uint32_t high = crc ^ big_endian(p), low = big_endian(p + 4);

		crc = crc_table[7][high >> 24] ^ crc_table[6][high >> 16 & 255] ^
		      crc_table[5][high >> 8 & 255] ^ crc_table[4][high & 255] ^
		      crc_table[3][low >> 24] ^ crc_table[2][low >> 16 & 255] ^
		      crc_table[1][low >> 8 & 255] ^ crc_table[0][low & 255];
	}
	for (; n > 0; p++, n--)
		crc = crc_byte(crc, *p);
	return crc;
}

/* POSIX has the length follow the data: its bytes, lowest first, without leading zeros. */
static inline uint32_t crc_end(uint32_t crc, uint64_t size)
{
	for (; size > 0; size >>= 8)
		crc = crc_byte(crc, size & 255);
	return ~crc;
}

#endif
