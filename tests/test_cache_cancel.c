/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_cache_cancel.c - pawl/cache.h inside of canceled scopes: the flight is never lost to
 * those who were not canceled.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <pawl/cache.h>
#include <pawl/counter.h>
#include <pawl/scope.h>

#include "support.h"

/* The first fetch waits until `answer` is zero, or it is canceled; later ones do not wait. */
struct world {
	pawl_cache *cache;
	pawl_counter answer;
	int own_error;		/* what the first fetch returns instead, if not 0 */
	int fetches;		/* by __atomic */
};

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	struct world *w = user;
	int rc = 0;

	must(len == 3 && memcmp(key, "key", 3) == 0);
	if (__atomic_add_fetch(&w->fetches, 1, __ATOMIC_RELAXED) == 1) {
		rc = pawl_counter_wait_zero(&w->answer, PAWL_FOREVER);
		if (rc == 0)
			rc = w->own_error;
	}
	ret->value = w;
	return rc;
}

static void open_world(struct world *w)
{
	pawl_cache_config cfg = { .size = sizeof cfg, .fetch = fetch, .user = w };

	*w = (struct world){ .answer = PAWL_COUNTER_INIT(1) };
	assert_int_equal(pawl_cache_open(&cfg, &w->cache), 0);
}

static pawl_cache_stats_t close_world(struct world *w)
{
	pawl_cache_stats_t s;

	pawl_cache_stats(w->cache, &s);
	pawl_cache_close(w->cache);
	return s;
}

static int get(struct world *w)
{
	pawl_cache_ref *r = NULL;
	int rc = pawl_cache_get_or_fetch(w->cache, "key", 3, PAWL_FOREVER, &r);

	must((r != NULL) == (rc == 0));
	if (r) {
		must(pawl_cache_ref_value(r) == w);
		pawl_cache_release(w->cache, r);
	}
	return rc;
}

struct caller {
	struct worker worker;
	struct world *world;
	pawl_cancel *source;
	pawl_time deadline;	/* of the scope */
	int rc, left;
};

static void get_in_scope(void *arg)
{
	struct caller *c = arg;
	pawl_scope s;

	pawl_scope_enter(&s, c->deadline, c->source, 0);
	c->rc = get(c->world);
	c->left = pawl_scope_leave(&s, c->rc);
}

static void caller_start(struct caller *c, struct world *w, pawl_cancel *source, pawl_time deadline)
{
	*c = (struct caller){ .world = w, .source = source, .deadline = deadline, .rc = -1 };
	worker_start(&c->worker, get_in_scope, c);
}

static pawl_cancel *open_source(void)
{
	pawl_cancel *c;

	assert_int_equal(pawl_cancel_open(NULL, &c), 0);
	return c;
}

/* Start one that fetches, and two that wait for it. */
static void start_flight(struct world *w, struct caller callers[3], pawl_cancel *source,
	pawl_time deadline)
{
	open_world(w);
	caller_start(&callers[0], w, source, deadline);
	worker_await_wait(&callers[0].worker, "counter", &w->answer);
	for (int i = 1; i < 3; i++) {
		caller_start(&callers[i], w, NULL, PAWL_FOREVER);
		worker_await_sleep(&callers[i].worker);
	}
}

static void join_and_expect(struct caller callers[3], int first, int left)
{
	for (int i = 0; i < 3; i++) {
		worker_join(&callers[i].worker);
		assert_int_equal(callers[i].rc, i == 0 ? first : 0);
		assert_int_equal(callers[i].left, i == 0 ? left : 0);
	}
}

static void when_who_fetches_is_canceled_the_next_in_line_fetches(void **state)
{
	struct world w;
	struct caller callers[3];
	pawl_cancel *source = open_source();
	pawl_cache_stats_t s;

	(void)state;
	start_flight(&w, callers, source, PAWL_FOREVER);
	pawl_cancel_fire(source, 1);
	join_and_expect(callers, ECANCELED, ECANCELED);
	s = close_world(&w);
	assert_int_equal(s.fetches, 2);
	assert_int_equal(s.failures, 1);
	assert_int_equal(s.takeovers, 1);
	assert_int_equal(s.entries, 1);
	pawl_cancel_close(source);
}

static void when_the_time_of_who_fetches_is_over_the_next_in_line_fetches(void **state)
{
	struct world w;
	struct caller callers[3];

	(void)state;
	start_flight(&w, callers, NULL, pawl_after(PAWL_MS(50)));
	join_and_expect(callers, ECANCELED, ETIMEDOUT);
	assert_int_equal(close_world(&w).takeovers, 1);
}

static void a_fetch_that_returns_ecanceled_of_its_own_fails_as_any_other(void **state)
{
	struct world w;
	struct caller callers[3];

	(void)state;
	start_flight(&w, callers, NULL, PAWL_FOREVER);
	w.own_error = ECANCELED;
	(void)pawl_counter_add(&w.answer, -1);
	join_and_expect(callers, ECANCELED, ECANCELED);
	assert_int_equal(close_world(&w).takeovers, 1);
}

static void who_is_canceled_while_it_waits_does_not_disturb_the_fetch(void **state)
{
	struct world w;
	struct caller callers[3], canceled;
	pawl_cancel *source = open_source();
	pawl_cache_stats_t s;

	(void)state;
	start_flight(&w, callers, NULL, PAWL_FOREVER);
	caller_start(&canceled, &w, source, PAWL_FOREVER);
	worker_await_sleep(&canceled.worker);
	pawl_cancel_fire(source, 1);
	worker_join(&canceled.worker);
	assert_int_equal(canceled.rc, ECANCELED);
	(void)pawl_counter_add(&w.answer, -1);
	join_and_expect(callers, 0, 0);
	s = close_world(&w);
	assert_int_equal(s.fetches, 1);
	assert_int_equal(s.failures, 0);
	assert_int_equal(s.joins, 3);
	pawl_cancel_close(source);
}

static void when_all_are_canceled_the_key_is_unknown_again(void **state)
{
	struct world w;
	struct caller first, second;
	pawl_cancel *source = open_source();
	pawl_cache_ref *r;

	(void)state;
	open_world(&w);
	caller_start(&first, &w, source, PAWL_FOREVER);
	worker_await_wait(&first.worker, "counter", &w.answer);
	caller_start(&second, &w, source, PAWL_FOREVER);
	worker_await_sleep(&second.worker);
	worker_freeze(&second.worker);	/* the fetch ends after its wait has, or before */
	pawl_cancel_fire(source, 1);
	worker_thaw(&second.worker);
	worker_join(&first.worker);
	worker_join(&second.worker);
	assert_int_equal(first.rc, ECANCELED);
	if (second.rc == 0) {	/* it was told to take over before it gave up, and needs no wait */
		assert_int_equal(pawl_cache_get(w.cache, "key", 3, &r), 0);
		pawl_cache_release(w.cache, r);
	} else {
		assert_int_equal(second.rc, ECANCELED);
		assert_int_equal(pawl_cache_get(w.cache, "key", 3, &r), ENOENT);
	}
	assert_int_equal(get(&w), 0);
	assert_int_equal(close_world(&w).fetches, 2);
	pawl_cancel_close(source);
}

static void in_a_canceled_scope_what_needs_no_wait_is_had(void **state)
{
	struct world w;
	pawl_scope s;

	(void)state;
	open_world(&w);
	(void)pawl_counter_add(&w.answer, -1);
	pawl_scope_enter(&s, 0, NULL, 0);
	assert_int_equal(get(&w), 0);	/* a fetch that does not wait */
	assert_int_equal(get(&w), 0);	/* a hit */
	assert_int_equal(pawl_scope_leave(&s, 0), 0);
	assert_int_equal(close_world(&w).fetches, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(when_who_fetches_is_canceled_the_next_in_line_fetches),
		TEST(when_the_time_of_who_fetches_is_over_the_next_in_line_fetches),
		TEST(a_fetch_that_returns_ecanceled_of_its_own_fails_as_any_other),
		TEST(who_is_canceled_while_it_waits_does_not_disturb_the_fetch),
		TEST(when_all_are_canceled_the_key_is_unknown_again),
		TEST(in_a_canceled_scope_what_needs_no_wait_is_had),
	};

	return test_main(tests);
}
