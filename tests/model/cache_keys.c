/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache_keys.c - several keys, in one shard or in two: tables that grow and are retired under
 * readers, and fetches that use the cache for other keys.
 */
#include "cache_model.h"

enum sight { JOINED };

static unsigned calls;	/* of fetch; by relaxed accesses, as fetches overlap */
static int letters[256];

static int fetch_letter(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	unsigned char letter = *(const unsigned char *)key;

	(void)user;
	MODEL_CHECK(len == 1);
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	if (letter == 'z')
		return EIO;
	letters[letter] = letter;
	ret->value = &letters[letter];
	return 0;
}

static void with_two_keys(void)
{
	open_cache(fetch_letter);
	MODEL_CHECK(get_or_fetch("s", PAWL_FOREVER) == 's');
	MODEL_CHECK(get_or_fetch("u", PAWL_FOREVER) == 'u');
}

static void add_or_read(unsigned who)
{
	switch (who) {
	case 1: MODEL_CHECK(get_or_fetch("b", PAWL_FOREVER) == 'b'); break;
	case 2: MODEL_CHECK(get_or_fetch("e", PAWL_FOREVER) == 'e'); break;
	case 3:
		MODEL_CHECK(with("u", PAWL_FOREVER) == 'u');
		MODEL_CHECK(get("s") == 's');
		break;
	}
}

static void four_keys(void)
{
	MODEL_CHECK(calls == 4);
	close_cache(4);
}

MODEL(cache_grows, .about = "two add keys to a shard, one finds older ones", .threads = 3,
      .preemptions = 2, .enter = model_attach, .setup = with_two_keys, .thread = add_or_read,
      .finish = four_keys, .without = NO_MEMORY | CLOCK_JUMPS);

/* Each failure takes "z" out of a table of several slots, which is made anew then. */
static void fail_or_read(unsigned who)
{
	if (who < 3) {
		MODEL_CHECK(get_or_fetch("z", PAWL_FOREVER) == -EIO);
		return;
	}
	MODEL_CHECK(with("u", PAWL_FOREVER) == 'u');
}

static void older_keys(void)
{
	MODEL_CHECK(calls == 4);
	close_cache(2);
}

MODEL(cache_removed, .about = "two fail to add a key to a shard, one finds an older one",
      .threads = 3, .preemptions = 2, .enter = model_attach, .setup = with_two_keys,
      .thread = fail_or_read,
      .finish = older_keys, .without = BELOW);

static int fetch_by_another(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	char letter = *(const char *)key;

	if (letter == 'b')
		MODEL_CHECK(get_or_fetch("e", PAWL_FOREVER) == 'e');
	return fetch_letter(key, len, ret, user);
}

static void setup_nested(void)
{
	open_cache(fetch_by_another);
}

static void get_nested(unsigned who)
{
	char key[] = { who == 1 ? 'b' : 'e', '\0' };

	MODEL_CHECK(get_or_fetch(key, PAWL_FOREVER) == key[0]);
}

static void two_keys(void)
{
	pawl_cache_stats_t s;

	pawl_cache_stats(cache, &s);
	if (s.joins > 0)
		model_saw(JOINED);
	MODEL_CHECK(calls == 2);
	close_cache(2);
}

MODEL(cache_nested, .about = "the fetch of one key gets another of the same shard", .threads = 2,
      .enter = model_attach, .setup = setup_nested, .thread = get_nested,
      .finish = two_keys, .without = NO_MEMORY | CLOCK_JUMPS,
      .sights = { "a caller joined another's fetch" });

static void setup_two(void)
{
	open_cache(fetch_letter);
}

static void get_apart(unsigned who)
{
	char key[] = { who == 2 ? 'a' : 'b', '\0' };

	MODEL_CHECK(get_or_fetch(key, PAWL_FOREVER) == key[0]);
}

MODEL(cache_shards, .about = "two get a key, one gets another in another shard", .threads = 3,
      .preemptions = 2, .enter = model_attach, .setup = setup_two, .thread = get_apart,
      .finish = two_keys, .without = NO_MEMORY | CLOCK_JUMPS,
      .sights = { "a caller joined another's fetch" });
