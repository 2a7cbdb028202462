/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache_close.c - a reference is released by another thread than got it, and the cache is
 * closed by a third, as soon as it was told of the last release: nothing of the cache is
 * touched after that.
 */
#include "cache_model.h"

enum sight { OF_ANOTHER };

static pawl_cache_ref *handed;
static unsigned released;

static void setup(void)
{
	open_cache(fetch_one);
}

static void look_and_release(pawl_cache_ref *r)
{
	MODEL_CHECK(*(int *)pawl_cache_ref_value(r) == 1);
	pawl_cache_release(cache, r);
	__atomic_fetch_add(&released, 1, __ATOMIC_RELEASE);
}

/* Two references: one is its own, one is for thread 2. */
static void get_and_hand_over(void)
{
	pawl_cache_ref *own, *other;

	MODEL_CHECK(pawl_cache_get_or_fetch(cache, "b", 1, PAWL_FOREVER, &own) == 0);
	MODEL_CHECK(pawl_cache_get(cache, "b", 1, &other) == 0 && other == own);
	__atomic_store_n(&handed, other, __ATOMIC_RELEASE);
	look_and_release(own);
}

static void release_of_another(void)
{
	pawl_cache_ref *r;

	while (!(r = __atomic_load_n(&handed, __ATOMIC_ACQUIRE)))
		model_pause();
	look_and_release(r);
	model_saw(OF_ANOTHER);
}

static void close_after_two(void)
{
	while (__atomic_load_n(&released, __ATOMIC_ACQUIRE) < 2)
		model_pause();
	pawl_cache_close(cache);
	MODEL_CHECK(drops == 1);
}

static void hand_release_close(unsigned who)
{
	switch (who) {
	case 1: get_and_hand_over(); break;
	case 2: release_of_another(); break;
	case 3: close_after_two(); break;
	}
}

MODEL(cache_close, .about = "one hands a reference over, one releases it, one closes",
      .threads = 3, .enter = model_attach, .setup = setup, .thread = hand_release_close,
      .without = NO_MEMORY, .sights = { "another thread released the reference" });
