/* SPDX-License-Identifier: BSD-2-Clause */
/* test_hash.c - lib/compose/hash.h: keys, lengths and seeds all count; bits are even. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "compose/hash.h"

#include "support.h"

static const uint64_t seed[2] = { 0x243f6a8885a308d3u, 0x13198a2e03707344u };

static int ones(uint64_t x)
{
	return __builtin_popcountll(x);
}

static void each_bit_of_a_key_changes_half_of_the_hash(void **state)
{
	unsigned char key[100] = { 0 };

	(void)state;
	for (size_t len = 1; len <= sizeof key; len++) {
		uint64_t before = pawl_i_hash(key, len, seed);
		double changed = 0;

		for (size_t bit = 0; bit < len * 8; bit++) {
			uint64_t after;

			key[bit / 8] ^= (unsigned char)(1u << bit % 8);
			after = pawl_i_hash(key, len, seed);
			key[bit / 8] ^= (unsigned char)(1u << bit % 8);
			assert_int_not_equal(after, before);
			assert_in_range(ones(after ^ before), 8, 56);
			changed += ones(after ^ before);
		}
		changed /= (double)len * 8;
		assert_true(changed > 28 && changed < 36);
	}
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

enum { MANY = 100000 };

static uint64_t hashes[MANY];

static void expect_all_different(size_t n)
{
	qsort(hashes, n, sizeof hashes[0], by_value);
	for (size_t i = 1; i < n; i++)
		assert_int_not_equal(hashes[i], hashes[i - 1]);
}

static void numbers_and_lengths_have_hashes_of_their_own(void **state)
{
	static const unsigned char zeros[4000];

	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		hashes[i] = pawl_i_hash(&i, sizeof i, seed);
	expect_all_different(MANY);
	for (size_t len = 0; len < sizeof zeros; len++)
		hashes[len] = pawl_i_hash(zeros, len, seed);
	expect_all_different(sizeof zeros);
	for (uint64_t i = 0; i < 4000; i++) {
		const uint64_t other[2] = { seed[0] + i / 2, seed[1] + (i + 1) / 2 };

		hashes[i] = pawl_i_hash("key", 3, other);
	}
	expect_all_different(4000);
}

/* Shards are chosen by the top bits, slots by the bottom bits. */
static void numbers_spread_over_shards_and_slots(void **state)
{
	enum { BINS = 256 };
	int top[BINS] = { 0 }, bottom[BINS] = { 0 };

	(void)state;
	for (uint64_t i = 0; i < MANY; i++) {
		uint64_t h = pawl_i_hash(&i, sizeof i, seed);

		top[h >> 56]++;
		bottom[h % BINS]++;
	}
	for (int i = 0; i < BINS; i++) {	/* 390 each; 20 is the standard deviation */
		assert_in_range(top[i], 270, 510);
		assert_in_range(bottom[i], 270, 510);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_bit_of_a_key_changes_half_of_the_hash),
		TEST(numbers_and_lengths_have_hashes_of_their_own),
		TEST(numbers_spread_over_shards_and_slots),
	};

	return test_main(tests);
}
