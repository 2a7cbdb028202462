/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache_failure.c - fetches that fail: each caller runs its own at most once, the next in line
 * takes over, and an entry whose users all failed goes, whoever looks at it just then.
 *
 * With three flights the searches are large: that model is for who goes on when, the others for
 * deviations too.
 */
#include "cache_model.h"

enum sight { TOOK_OVER, MADE_ANEW, FOUND };

static unsigned errors;

static void first_fails(void)
{
	open_cache(fetch_one);
	failing = 1;
}

static void all_fail(void)
{
	open_cache(fetch_one);
	failing = 2;
}

static void get_one(unsigned who)
{
	int got;

	if (who > 1)
		wait_for_flight();
	got = get_or_fetch("b", PAWL_FOREVER);
	MODEL_CHECK(got == 2 || got == -EIO);
	if (got == -EIO)
		__atomic_fetch_add(&errors, 1, __ATOMIC_RELAXED);
}

static void get_or_look(unsigned who)
{
	int got;

	if (who < 3) {
		get_one(who);
		return;
	}
	got = get("b");
	MODEL_CHECK(got == 2 || got == -ENOENT);
	if (got == 2)
		model_saw(FOUND);
}

static void see_how(void)
{
	pawl_cache_stats_t s;

	pawl_cache_stats(cache, &s);
	MODEL_CHECK(s.failures == errors && s.fetches == (size_t)fetches);
	if (s.takeovers > 0)
		model_saw(TOOK_OVER);
	if (s.takeovers + 1 < s.fetches)
		model_saw(MADE_ANEW);
}

static void one_failed(void)
{
	see_how();
	MODEL_CHECK(errors == 1 && fetches == 2);
	close_cache(1);
}

MODEL(cache_takeover, .about = "two get a key, and the first fetch fails; one looks",
      .threads = 3, .preemptions = 2, .enter = model_attach, .setup = first_fails,
      .thread = get_or_look,
      .finish = one_failed, .without = BELOW,
      .sights = { "the next in line took over", "the failed entry was gone for the next",
		  "the value was found" });

MODEL(cache_takeover_three, .about = "three get a key, and the first fetch fails",
      .threads = 3, .preemptions = 2, .enter = model_attach, .setup = first_fails,
      .thread = get_one,
      .finish = one_failed, .without = ~0u,
      .sights = { "the next in line took over", "the failed entry was gone for the next" });

static void two_failed(void)
{
	see_how();
	MODEL_CHECK(errors == 2 && fetches == 2);
	close_cache(0);
}

MODEL(cache_all_fail, .about = "two get a key, and both fetches fail; one looks",
      .threads = 3, .preemptions = 2, .enter = model_attach, .setup = all_fail,
      .thread = get_or_look,
      .finish = two_failed, .without = BELOW,
      .sights = { "the next in line took over", "the failed entry was gone for the next" });

enum dying_sight { SAW_NONE, BORROWED };

static void fail_borrow_or_look(unsigned who)
{
	int got = who == 1 ? get_or_fetch("b", PAWL_FOREVER) :
		who == 2 ? with("b", PAWL_FOREVER) : get("b");

	MODEL_CHECK(got == 2 || got == (who == 3 ? -ENOENT : -EIO));
	if (who == 3 && got != 2)
		model_saw(SAW_NONE);
	if (who == 2 && got == 2)
		model_saw(BORROWED);
}

static void close_what_is_left(void)
{
	MODEL_CHECK(fetches == 2);
	close_cache(1);
}

MODEL(cache_dying, .about = "the first fetch fails; one gets, one borrows, one looks",
      .threads = 3, .preemptions = 2, .enter = model_attach, .setup = first_fails,
      .thread = fail_borrow_or_look,
      .finish = close_what_is_left, .without = BELOW,
      .sights = { "no value was found", "the borrower was not the one that failed" });
