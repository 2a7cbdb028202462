/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_cache_flight.c - pawl/cache.h with many threads: single flight, failures that are
 * taken over, deadlines, fetches that do not return.  Steps that must meet:
 * test_cache_resign.c.
 *
 * Built twice: in test_cache_flight_locked lookups take the shard's lock.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/cache.h>

#include "support.h"

enum { CALLERS = 12 };

/* A fetch that says when it has begun, and goes on when it is told to. */
struct world {
	pawl_cache *cache;
	struct gate begun, go;
	void (*leave)(void);	/* how the first fetch ends; NULL: it returns */
	int errors;		/* the first so many fetches fail, with 1, 2, ... */
	int fetches, inside, inside_max, drops;	/* by __atomic: fetches may overlap */
};

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	struct world *w = user;
	int nth = __atomic_add_fetch(&w->fetches, 1, __ATOMIC_RELAXED);

	must(len == 3 && memcmp(key, "key", 3) == 0);
	must(__atomic_add_fetch(&w->inside, 1, __ATOMIC_RELAXED) == 1);
	gate_open(&w->begun);
	gate_pass(&w->go);
	__atomic_sub_fetch(&w->inside, 1, __ATOMIC_RELAXED);
	if (nth == 1 && w->leave)
		w->leave();
	ret->value = w;
	return nth <= w->errors ? nth : 0;
}

static void drop(void *value, void *user)
{
	struct world *w = user;

	must(value == user);
	w->drops++;
}

static struct world *open_world(void)
{
	struct world *w = calloc(1, sizeof *w);
	const struct gate closed = GATE_INIT;
	pawl_cache_config cfg = { .size = sizeof cfg, .fetch = fetch, .drop = drop, .user = w };

	must(w != NULL);
	w->begun = w->go = closed;
	must(pawl_cache_open(&cfg, &w->cache) == 0);
	return w;
}

static pawl_cache_stats_t stats_of(struct world *w)
{
	pawl_cache_stats_t s;

	pawl_cache_stats(w->cache, &s);
	must(s.misses >= s.fetches + s.joins);	/* what get() misses, it does not fetch */
	return s;
}

static void close_world(struct world *w)
{
	int values = (int)stats_of(w).entries;

	pawl_cache_close(w->cache);
	assert_int_equal(w->drops, values);
	free(w);
}

/* A thread that asks for the key once. */
struct caller {
	struct worker worker;
	struct world *world;
	pawl_time deadline;
	bool lend;		/* by pawl_cache_with() */
	int result, lent;
};

static void look(void *value, void *arg)
{
	struct caller *c = arg;

	must(value == c->world);
	c->lent++;
}

static void call(void *arg)
{
	struct caller *c = arg;
	struct world *w = c->world;
	pawl_cache_ref *r = NULL;

	if (c->lend) {
		c->result = pawl_cache_with(w->cache, "key", 3, c->deadline, look, c);
		must(c->lent == (c->result == 0));
		return;
	}
	c->result = pawl_cache_get_or_fetch(w->cache, "key", 3, c->deadline, &r);
	must((r != NULL) == (c->result == 0));
	if (r) {
		must(pawl_cache_ref_value(r) == w);
		pawl_cache_release(w->cache, r);
	}
}

static void caller_start(struct caller *c, struct world *w, pawl_time deadline, bool lend)
{
	memset(c, 0, sizeof *c);
	c->world = w;
	c->deadline = deadline;
	c->lend = lend;
	c->result = -1;
	worker_start(&c->worker, call, c);
}

/* Return when it sleeps in the flight. */
static void caller_await_wait(const struct caller *c)
{
	char who[64];

	snprintf(who, sizeof who, "(tid %d) waits ", (int)c->worker.tid);
	while (!dump_shows(who, " s for once "))
		nap(PAWL_US(200));
}

static int caller_join(struct caller *c)
{
	worker_join(&c->worker);
	return c->result;
}

/* One that is in fetch, and @n who wait for it. */
static void start_flight(struct world *w, struct caller *first, struct caller *others, int n)
{
	caller_start(first, w, PAWL_FOREVER, false);
	gate_pass(&w->begun);
	for (int i = 0; i < n; i++) {
		caller_start(&others[i], w, PAWL_FOREVER, i % 2);
		caller_await_wait(&others[i]);
	}
}

/*** Single flight *****************************************************************************/

static void all_who_want_a_key_wait_for_one_fetch(void **state)
{
	struct world *w = open_world();
	struct caller first, others[CALLERS];
	pawl_cache_ref *r;
	pawl_cache_stats_t s;

	(void)state;
	start_flight(w, &first, others, CALLERS);
	assert_int_equal(pawl_cache_get(w->cache, "key", 3, &r), ENOENT);
	gate_open(&w->go);
	assert_int_equal(caller_join(&first), 0);
	for (int i = 0; i < CALLERS; i++)
		assert_int_equal(caller_join(&others[i]), 0);
	s = stats_of(w);
	assert_int_equal(w->fetches, 1);
	assert_int_equal(s.fetches, 1);
	assert_int_equal(s.joins, CALLERS);
	assert_int_equal(s.misses, CALLERS + 2);
	assert_int_equal(s.hits, 0);
	close_world(w);
}

static void each_error_is_one_callers_and_the_next_in_line_fetches(void **state)
{
	struct world *w = open_world();
	struct caller first, others[CALLERS];
	pawl_cache_stats_t s;

	(void)state;
	w->errors = CALLERS / 2;
	start_flight(w, &first, others, CALLERS);
	gate_open(&w->go);
	assert_int_equal(caller_join(&first), 1);
	/* In the order of arrival. */
	for (int i = 0; i < CALLERS; i++)
		assert_int_equal(caller_join(&others[i]), i + 2 <= w->errors ? i + 2 : 0);
	s = stats_of(w);
	assert_int_equal(s.fetches, w->errors + 1);
	assert_int_equal(s.failures, w->errors);
	assert_int_equal(s.takeovers, w->errors);
	assert_int_equal(s.joins, CALLERS - w->errors);
	assert_int_equal(s.entries, 1);
	close_world(w);
}

static void when_all_fetches_fail_nothing_is_kept(void **state)
{
	struct world *w = open_world();
	struct caller first, others[CALLERS];
	pawl_cache_ref *r;

	(void)state;
	w->errors = CALLERS + 1;
	start_flight(w, &first, others, CALLERS);
	gate_open(&w->go);
	assert_int_equal(caller_join(&first), 1);
	for (int i = 0; i < CALLERS; i++)
		assert_int_equal(caller_join(&others[i]), i + 2);
	assert_int_equal(stats_of(w).entries, 0);
	/* A new flight, no take-over. */
	assert_int_equal(pawl_cache_get_or_fetch(w->cache, "key", 3, PAWL_FOREVER, &r), 0);
	pawl_cache_release(w->cache, r);
	assert_int_equal(stats_of(w).takeovers, CALLERS);
	close_world(w);
}

/*** Deadlines *********************************************************************************/

static void who_waits_for_another_fetch_does_so_until_the_deadline(void **state)
{
	struct world *w = open_world();
	struct caller first, late, past;
	pawl_time deadline;

	(void)state;
	start_flight(w, &first, NULL, 0);
	caller_start(&past, w, pawl_now() - 1, true);
	assert_int_equal(caller_join(&past), ETIMEDOUT);
	deadline = pawl_after(PAWL_MS(20));
	caller_start(&late, w, deadline, false);
	assert_int_equal(caller_join(&late), ETIMEDOUT);
	assert_true(pawl_now() >= deadline);
	gate_open(&w->go);
	assert_int_equal(caller_join(&first), 0);
	assert_int_equal(stats_of(w).joins, 2);
	assert_int_equal(stats_of(w).fetches, 1);
	close_world(w);
}

static void who_gave_up_takes_nothing_over(void **state)
{
	struct world *w = open_world();
	struct caller first, late;

	(void)state;
	w->errors = 1;
	start_flight(w, &first, NULL, 0);
	caller_start(&late, w, pawl_after(PAWL_MS(1)), false);
	assert_int_equal(caller_join(&late), ETIMEDOUT);
	gate_open(&w->go);
	assert_int_equal(caller_join(&first), 1);
	assert_int_equal(w->fetches, 1);
	assert_int_equal(stats_of(w).entries, 0);
	close_world(w);
}

/*** Fetches that do not return ****************************************************************/

static void exit_thread(void)
{
	pthread_exit(NULL);
}

static void cancel_thread(void)
{
	pthread_cancel(pthread_self());
	pthread_testcancel();
}

static void leave_flight(void (*leave)(void), int waiters)
{
	struct world *w = open_world();
	struct caller first, others[CALLERS];
	pawl_cache_ref *r;
	pawl_cache_stats_t s;

	w->leave = leave;
	start_flight(w, &first, others, waiters);
	gate_open(&w->go);
	assert_int_equal(caller_join(&first), -1);	/* never came back */
	for (int i = 0; i < waiters; i++)
		assert_int_equal(caller_join(&others[i]), 0);
	s = stats_of(w);
	assert_int_equal(s.fetches, 1 + (waiters > 0));
	assert_int_equal(s.failures, 1);
	assert_int_equal(s.takeovers, waiters > 0);
	assert_int_equal(s.entries, waiters > 0);
	assert_int_equal(pawl_cache_get_or_fetch(w->cache, "key", 3, PAWL_FOREVER, &r), 0);
	pawl_cache_release(w->cache, r);
	assert_int_equal(w->fetches, 2);
	close_world(w);
}

static void a_fetch_that_leaves_by_pthread_exit_has_failed(void **state)
{
	(void)state;
	leave_flight(exit_thread, 0);
	leave_flight(exit_thread, 3);
}

static void a_fetch_that_is_cancelled_has_failed(void **state)
{
	(void)state;
	leave_flight(cancel_thread, 0);
	leave_flight(cancel_thread, 3);
}

static void exit_in_loan(void *value, void *arg)
{
	(void)value, (void)arg;
	pthread_exit(NULL);
}

static void call_exit_in_loan(void *world)
{
	struct world *w = world;

	must(pawl_cache_with(w->cache, "key", 3, PAWL_FOREVER, exit_in_loan, NULL) == -1);
}

static void a_loan_may_end_by_pthread_exit(void **state)
{
	struct world *w = open_world();
	struct worker worker;

	(void)state;
	gate_open(&w->go);
	for (int i = 0; i < 3; i++) {	/* a miss, two hits */
		worker_start(&worker, call_exit_in_loan, w);
		worker_join(&worker);
	}
	assert_int_equal(w->fetches, 1);
	close_world(w);		/* with no reference left */
}

/*** Different keys ****************************************************************************/

struct meeting {
	pthread_barrier_t barrier;
	pawl_cache *cache;
};

static int fetch_and_meet(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	struct meeting *m = user;

	(void)key, (void)len;
	ret->value = NULL;
	(void)pthread_barrier_wait(&m->barrier);	/* for ever, if fetches were in turn */
	return 0;
}

struct visitor {
	struct worker worker;
	struct meeting *meeting;
	int key;
};

static void visit(void *arg)
{
	struct visitor *v = arg;
	pawl_cache_ref *r;

	must(pawl_cache_get_or_fetch(v->meeting->cache, &v->key, sizeof v->key, PAWL_FOREVER,
				     &r) == 0);
	pawl_cache_release(v->meeting->cache, r);
}

static void fetches_of_different_keys_run_at_the_same_time(void **state)
{
	enum { KEYS = 40 };	/* more than shards on a small machine */
	struct meeting m;
	struct visitor v[KEYS];
	pawl_cache_config cfg = { .size = sizeof cfg, .fetch = fetch_and_meet, .user = &m };

	(void)state;
	pthread_barrier_init(&m.barrier, NULL, KEYS);
	assert_int_equal(pawl_cache_open(&cfg, &m.cache), 0);
	for (int i = 0; i < KEYS; i++) {
		v[i].meeting = &m;
		v[i].key = i;
		worker_start(&v[i].worker, visit, &v[i]);
	}
	for (int i = 0; i < KEYS; i++)
		worker_join(&v[i].worker);
	pawl_cache_close(m.cache);
	pthread_barrier_destroy(&m.barrier);
}

/*** Storm *************************************************************************************/

/*
 * Threads do everything at once on a few keys; most fetches fail, so that entries come
 * and go.  A value is an object that says its key; one read after its drop, or before it
 * was made, shows.
 */
enum { STORM_THREADS = 6, STORM_KEYS = 48, MAGIC = 0x7061776c };

struct storm {
	pawl_cache *cache;
	struct gate go;
	uint64_t made, dropped, failed, rounds;
};

struct object {
	uint32_t key, magic;
};

struct storm_worker {
	struct worker worker;
	struct storm *storm;
	uint64_t random, hits, seen;
};

static uint32_t random_of(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static int fetch_object(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	static __thread uint64_t random;
	struct storm *s = user;
	struct object *o;

	must(len == sizeof o->key);
	random += (uintptr_t)&random;
	if (random_of(&random) % 16 != 0) {
		__atomic_add_fetch(&s->failed, 1, __ATOMIC_RELAXED);
		if (random_of(&random) % 4 == 0)
			sched_yield();
		return EIO;
	}
	o = malloc(sizeof *o);
	must(o != NULL);
	memcpy(&o->key, key, sizeof o->key);
	o->magic = MAGIC;
	ret->value = o;
	__atomic_add_fetch(&s->made, 1, __ATOMIC_RELAXED);
	return 0;
}

static void drop_object(void *value, void *user)
{
	struct object *o = value;
	struct storm *s = user;

	must(o->magic == MAGIC);
	o->magic = 0;
	s->dropped++;
	free(o);
}

struct expected {
	uint32_t key;
	int calls;
};

static void look_at_object(void *value, void *arg)
{
	const struct object *o = value;
	struct expected *e = arg;

	must(o->magic == MAGIC && o->key == e->key);
	e->calls++;
}

static void storm_once(struct storm_worker *w)
{
	pawl_cache *c = w->storm->cache;
	uint32_t dice = random_of(&w->random), key = random_of(&w->random) % STORM_KEYS;
	struct expected e = { key, 0 };
	pawl_cache_ref *r = NULL;
	pawl_time deadline = dice % 3 == 0 ? PAWL_FOREVER : pawl_after((pawl_ns)(dice % 20000));
	int err;

	if (dice & 0x10000) {
		err = pawl_cache_with(c, &key, sizeof key, deadline, look_at_object, &e);
		must(e.calls == (err == 0));
	} else {
		err = dice & 0x20000 ? pawl_cache_get(c, &key, sizeof key, &r)
			: pawl_cache_get_or_fetch(c, &key, sizeof key, deadline, &r);
		must((r != NULL) == (err == 0));
		if (r) {
			look_at_object(pawl_cache_ref_value(r), &e);
			pawl_cache_release(c, r);
		}
	}
	must(err == 0 || err == EIO || err == ENOENT || err == ETIMEDOUT);
	must(err != ETIMEDOUT || deadline != PAWL_FOREVER);
	w->hits += err == 0;
	w->seen += err == EIO;
}

static void storm_main(void *arg)
{
	struct storm_worker *w = arg;

	gate_pass(&w->storm->go);
	for (uint64_t i = 0; i < w->storm->rounds; i++)
		storm_once(w);
}

/* One cache from empty to full. */
static void run_storm(struct storm *s, uint64_t seed)
{
	const struct gate closed = GATE_INIT;
	pawl_cache_config cfg = { .size = sizeof cfg, .fetch = fetch_object, .drop = drop_object,
				  .user = s };
	struct storm_worker w[STORM_THREADS];
	pawl_cache_stats_t stats;
	uint64_t seen = 0;

	s->go = closed;
	s->made = s->dropped = s->failed = 0;
	assert_int_equal(pawl_cache_open(&cfg, &s->cache), 0);
	for (uint64_t i = 0; i < STORM_THREADS; i++) {
		w[i] = (struct storm_worker){ .storm = s, .random = seed * 100 + i };
		worker_start(&w[i].worker, storm_main, &w[i]);
	}
	gate_open(&s->go);
	for (int i = 0; i < STORM_THREADS; i++) {
		worker_join(&w[i].worker);
		seen += w[i].seen;
	}
	pawl_cache_stats(s->cache, &stats);
	assert_int_equal(stats.entries, s->made);
	assert_true(s->made <= STORM_KEYS);
	assert_int_equal(stats.failures, s->failed);
	assert_int_equal(seen, s->failed);	/* each error reached its caller */
	assert_int_equal(stats.fetches, s->made + s->failed);
	pawl_cache_close(s->cache);
	assert_int_equal(s->dropped, s->made);
}

static void in_a_storm_no_value_and_no_error_is_lost(void **state)
{
	struct storm s = { .rounds = 600 };

	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS(150); seed++)
		run_storm(&s, seed);
}

static void in_a_storm_on_one_cpu_too(void **state)
{
	struct storm s = { .rounds = 600 };

	(void)state;
	pin_to_one_cpu();
	for (uint64_t seed = 1; seed <= ROUNDS(50); seed++)
		run_storm(&s, seed);
	unpin();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_who_want_a_key_wait_for_one_fetch),
		TEST(each_error_is_one_callers_and_the_next_in_line_fetches),
		TEST(when_all_fetches_fail_nothing_is_kept),
		TEST(who_waits_for_another_fetch_does_so_until_the_deadline),
		TEST(who_gave_up_takes_nothing_over),
		TEST(a_fetch_that_leaves_by_pthread_exit_has_failed),
		TEST(a_fetch_that_is_cancelled_has_failed),
		TEST(a_loan_may_end_by_pthread_exit),
		TEST(fetches_of_different_keys_run_at_the_same_time),
		TEST(in_a_storm_no_value_and_no_error_is_lost),
		TEST(in_a_storm_on_one_cpu_too),
	};

	return test_main(tests);
}
