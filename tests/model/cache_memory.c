/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache_memory.c - memory runs out anywhere: for the cache, for an entry, for the table, for a
 * section.  Then there is an error, or the lock is taken instead, and nothing is lost.
 */
#include "cache_model.h"

enum sight { NONE, SERVED };

static int got_of[4];

static void setup(void)
{
	open_cache(fetch_one);
}

static void first_fails(void)
{
	setup();
	failing = 1;
}

static int fetch_apart(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	unsigned which = *(const char *)key == 'b' ? 1 : 2;

	(void)user;
	MODEL_CHECK(len == 1);
	values[which] = (int)which;
	ret->value = &values[which];
	return 0;
}

static void setup_apart(void)
{
	open_cache(fetch_apart);
}

static void note(unsigned who, int got)
{
	got_of[who] = got;
	model_saw(got == -ENOMEM ? NONE : SERVED);
}

static void get_one(unsigned who)
{
	note(who, get_or_fetch("b", PAWL_FOREVER));
	MODEL_CHECK(got_of[who] == 1 || got_of[who] == -ENOMEM);
}

static void close_after_one(void)
{
	MODEL_CHECK(fetches == (got_of[1] == 1 || got_of[2] == 1));
	close_cache((unsigned)fetches);
}

MODEL(cache_memory, .about = "two get a key", .threads = 2, .enter = model_attach,
      .setup = setup, .thread = get_one, .finish = close_after_one,
      .without = CLOCK_JUMPS | SPINS,
      .sights = { "there was no memory", "there was enough" });

/* What is found with the lock needs none. */
static void fail_or_look(unsigned who)
{
	if (who == 3)
		note(3, get("b"));
	else
		note(who, get_or_fetch("b", PAWL_FOREVER));
}

static void close_after_failure(void)
{
	MODEL_CHECK(got_of[1] == 2 || got_of[1] == -EIO || got_of[1] == -ENOMEM);
	MODEL_CHECK(got_of[2] == 2 || got_of[2] == -EIO || got_of[2] == -ENOMEM);
	MODEL_CHECK(got_of[3] == 2 || got_of[3] == -ENOENT);
	close_cache(fetches == 2);
}

MODEL(cache_memory_failure, .about = "two get a key, and the first fetch fails; one looks",
      .threads = 3, .preemptions = 2, .enter = model_attach, .setup = first_fails,
      .thread = fail_or_look,
      .finish = close_after_failure, .without = (unsigned)~NO_MEMORY,
      .sights = { "there was no memory", "there was enough" });

/* Both are in one shard, whose table grows, or does not. */
static void get_another(unsigned who)
{
	char key[] = { who == 1 ? 'b' : 'e', '\0' };

	note(who, get_or_fetch(key, PAWL_FOREVER));
	MODEL_CHECK(got_of[who] > 0 || got_of[who] == -ENOMEM);
	MODEL_CHECK(got_of[who] == -ENOMEM || get(key) == got_of[who]);
}

static void close_after_two(void)
{
	close_cache((unsigned)((got_of[1] > 0) + (got_of[2] > 0)));
}

MODEL(cache_memory_grows, .about = "two get different keys of a shard", .threads = 2,
      .enter = model_attach, .setup = setup_apart, .thread = get_another,
      .finish = close_after_two, .without = CLOCK_JUMPS | SPINS,
      .sights = { "there was no memory", "there was enough" });

/* A cache opens completely or not at all. */
static void open_and_close(unsigned who)
{
	pawl_cache_config cfg = { .size = sizeof cfg, .fetch = fetch_one, .drop = drop_one };
	int err = pawl_cache_open(&cfg, &cache);

	(void)who;
	MODEL_CHECK(err == 0 || (err == ENOMEM && cache == NULL));
	model_saw(err == 0 ? SERVED : NONE);
	if (err == 0)
		close_cache(0);
}

MODEL(cache_memory_open, .about = "one opens and closes a cache", .threads = 1,
      .thread = open_and_close, .sights = { "there was no memory", "there was enough" });
