/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_scope_waits.c - pawl/scope.h against each kind of wait: cancels and deadlines that meet
 * a parked thread, and grants that meet them.  The rest of the contract: test_scope.c.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <pawl/cache.h>
#include <pawl/cond.h>
#include <pawl/counter.h>
#include <pawl/mutex.h>
#include <pawl/once.h>
#include <pawl/scope.h>

#include "support.h"

/* What can be waited for; the test holds all of it back. */
struct things {
	pawl_mutex mutex, fair, lock;	/* lock: with cond, and free */
	pawl_cond cond;
	pawl_once once;
	pawl_counter counter;
	pawl_cache *cache;
	struct gate runs, may_end;	/* of the initialiser, or fetch, of another thread */
	struct worker runner;
	int runs_of_others;		/* initialisers and fetches of those who waited */
};

static int run_slowly(void *arg)
{
	struct things *t = arg;

	gate_open(&t->runs);
	gate_pass(&t->may_end);
	return 0;
}

static int run_at_once(void *arg)
{
	__atomic_add_fetch(&((struct things *)arg)->runs_of_others, 1, __ATOMIC_RELAXED);
	return 0;
}

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *arg)
{
	must(len == 3 && memcmp(key, "key", 3) == 0);
	ret->value = arg;
	return run_slowly(arg);
}

static void look(void *value, void *arg)
{
	must(value == arg);
}

/*** The kinds *********************************************************************************/

static int wait_mutex(struct things *t, pawl_time deadline)
{
	int err = pawl_mutex_lock_until(&t->mutex, deadline);

	if (err == 0)
		pawl_mutex_unlock(&t->mutex);
	return err;
}

static int wait_fair(struct things *t, pawl_time deadline)
{
	int err = pawl_mutex_lock_until(&t->fair, deadline);

	if (err == 0)
		pawl_mutex_unlock(&t->fair);
	return err;
}

static int wait_all(struct things *t, pawl_time deadline)
{
	pawl_mutex *const list[] = { &t->lock, &t->mutex };
	int err = pawl_mutex_lock_all_until(list, COUNT_OF(list), deadline);

	must(pawl_mutex_is_mine(&t->lock) == (err == 0));
	if (err == 0)
		pawl_mutex_unlock_all(list, COUNT_OF(list));
	return err;
}

static int wait_cond(struct things *t, pawl_time deadline)
{
	int err;

	pawl_mutex_lock(&t->lock);
	err = pawl_cond_wait_until(&t->cond, &t->lock, deadline);
	must(pawl_mutex_is_mine(&t->lock));
	pawl_mutex_unlock(&t->lock);
	return err;
}

static int wait_once(struct things *t, pawl_time deadline)
{
	return deadline == PAWL_FOREVER ? pawl_once_do(&t->once, run_at_once, t) :
		pawl_once_do_until(&t->once, run_at_once, t, deadline);
}

static int wait_counter(struct things *t, pawl_time deadline)
{
	return pawl_counter_wait_zero(&t->counter, deadline);
}

static int wait_cache(struct things *t, pawl_time deadline)
{
	pawl_cache_ref *r = NULL;
	int err = pawl_cache_get_or_fetch(t->cache, "key", 3, deadline, &r);

	must((r != NULL) == (err == 0));
	if (r)
		pawl_cache_release(t->cache, r);
	return err;
}

static int wait_cache_with(struct things *t, pawl_time deadline)
{
	return pawl_cache_with(t->cache, "key", 3, deadline, look, t);
}

static void run_once(void *arg)
{
	struct things *t = arg;

	must(pawl_once_do(&t->once, run_slowly, t) == 0);
}

static void run_fetch(void *arg)
{
	must(wait_cache(arg, PAWL_FOREVER) == 0);
}

static void hold_mutexes(struct things *t)
{
	pawl_mutex_lock(&t->mutex);
	pawl_mutex_lock(&t->fair);
}

static void hold_counter(struct things *t)
{
	(void)pawl_counter_add(&t->counter, 1);
}

static void hold_once(struct things *t)
{
	worker_start(&t->runner, run_once, t);
	gate_pass(&t->runs);
}

static void hold_cache(struct things *t)
{
	worker_start(&t->runner, run_fetch, t);
	gate_pass(&t->runs);
}

static void hold_nothing(struct things *t)
{
	(void)t;
}

static void grant_mutexes(struct things *t)
{
	pawl_mutex_unlock(&t->mutex);
	pawl_mutex_unlock(&t->fair);
}

static void grant_counter(struct things *t)
{
	(void)pawl_counter_add(&t->counter, -1);
}

static void grant_run(struct things *t)
{
	gate_open(&t->may_end);
	worker_join(&t->runner);
}

static void grant_cond(struct things *t)
{
	pawl_cond_signal(&t->cond);
}

static const struct kind {
	const char *name;
	int (*wait)(struct things *t, pawl_time deadline);
	void (*hold)(struct things *t);
	void (*grant)(struct things *t);
	bool stays;		/* once granted, it can be had at once */
} kinds[] = {
	{ "mutex", wait_mutex, hold_mutexes, grant_mutexes, true },
	{ "fair mutex", wait_fair, hold_mutexes, grant_mutexes, true },
	{ "several mutexes", wait_all, hold_mutexes, grant_mutexes, true },
	{ "cond", wait_cond, hold_nothing, grant_cond, false },
	{ "once", wait_once, hold_once, grant_run, true },
	{ "counter", wait_counter, hold_counter, grant_counter, true },
	{ "cache", wait_cache, hold_cache, grant_run, true },
	{ "cache, on loan", wait_cache_with, hold_cache, grant_run, true },
};

/*** A thread that waits in a scope ************************************************************/

struct caller {
	struct worker worker;
	const struct kind *kind;
	struct things *things;
	pawl_cancel *source;
	pawl_time scope_deadline, deadline;
	int rc, left;		/* of the wait, and of leave */
	int check, again;	/* after the wait: scope_check(), a second wait if it was canceled */
	int seen;		/* what was written before the cancel */
};

static int written;

static void wait_in_scope(void *arg)
{
	struct caller *c = arg;
	pawl_scope s;

	pawl_scope_enter(&s, c->scope_deadline, c->source, 0);
	c->rc = c->kind->wait(c->things, c->deadline);
	c->check = pawl_scope_check();
	if (c->rc == ECANCELED) {
		c->seen = written;
		c->again = c->kind->wait(c->things, PAWL_FOREVER);
	}
	c->left = pawl_scope_leave(&s, c->rc);
}

static void open_things(struct things *t, const struct kind *k)
{
	pawl_cache_config cfg = { .size = sizeof cfg, .fetch = fetch, .user = t };

	note("%s", k->name);
	*t = (struct things){ .fair = PAWL_MUTEX_FAIR_INIT, .runs = GATE_INIT, .may_end = GATE_INIT };
	assert_int_equal(pawl_cache_open(&cfg, &t->cache), 0);
	k->hold(t);
}

/* Nothing was lost: it can be had, and nobody is left behind. */
static void close_things(struct things *t, const struct kind *k, bool granted)
{
	if (!granted)
		k->grant(t);
	if (k->stays)
		assert_int_equal(k->wait(t, 0), 0);
	else
		assert_int_equal(k->wait(t, 0), ETIMEDOUT);
	assert_int_equal(t->runs_of_others, 0);
	pawl_mutex_destroy(&t->mutex);
	pawl_mutex_destroy(&t->fair);
	pawl_mutex_destroy(&t->lock);
	pawl_cache_close(t->cache);
}

/* Return when it sleeps. */
static void caller_start(struct caller *c, const struct kind *k, struct things *t,
	pawl_cancel *source)
{
	c->kind = k;
	c->things = t;
	c->source = source;
	c->rc = c->left = c->check = c->again = -1;
	worker_start(&c->worker, wait_in_scope, c);
	worker_await_sleep(&c->worker);
}

#define FOR_EACH_KIND(k) for (const struct kind *k = kinds; k < kinds + COUNT_OF(kinds); k++)

static pawl_cancel *open_source(pawl_cancel *parent)
{
	pawl_cancel *c;

	assert_int_equal(pawl_cancel_open(parent, &c), 0);
	return c;
}

/*** Cancels ***********************************************************************************/

static void assert_canceled(const struct caller *c)
{
	assert_int_equal(c->rc, ECANCELED);
	assert_int_equal(c->check, ECANCELED);
	assert_int_equal(c->again, ECANCELED);
	assert_int_equal(c->left, ECANCELED);
}

static void a_cancel_ends_a_wait_and_all_later_ones(void **state)
{
	(void)state;
	FOR_EACH_KIND(k) {
		struct things t;
		struct caller c = { .scope_deadline = PAWL_FOREVER, .deadline = PAWL_FOREVER };
		pawl_cancel *source = open_source(NULL);

		open_things(&t, k);
		caller_start(&c, k, &t, source);
		written = (int)(k - kinds) + 1;
		pawl_cancel_fire(source, 5);
		worker_join(&c.worker);
		assert_canceled(&c);
		assert_int_equal(c.seen, written);
		pawl_cancel_close(source);
		close_things(&t, k, false);
	}
}

static void fire(void *arg)
{
	pawl_cancel_fire(arg, 1);
}

static void any_thread_may_fire_an_ancestor(void **state)
{
	(void)state;
	FOR_EACH_KIND(k) {
		struct things t;
		struct caller c = { .scope_deadline = PAWL_FOREVER, .deadline = PAWL_FOREVER };
		pawl_cancel *old = open_source(NULL), *middle = open_source(old);
		pawl_cancel *young = open_source(middle);
		struct worker w;

		pawl_cancel_close(middle);
		open_things(&t, k);
		caller_start(&c, k, &t, young);
		pawl_cancel_close(young);	/* the scope has it */
		worker_start(&w, fire, old);
		worker_join(&w);
		worker_join(&c.worker);
		assert_canceled(&c);
		pawl_cancel_close(old);
		close_things(&t, k, false);
	}
}

static void a_cancel_before_the_wait_ends_it_at_once(void **state)
{
	(void)state;
	FOR_EACH_KIND(k) {
		struct things t;
		struct caller c = { .kind = k, .things = &t, .scope_deadline = PAWL_FOREVER };

		open_things(&t, k);
		c.source = open_source(NULL);
		pawl_cancel_fire(c.source, 1);
		/* With its deadline too: ECANCELED. */
		for (int i = 0; i < 2; i++) {
			c.deadline = i == 0 ? PAWL_FOREVER : 0;
			worker_start(&c.worker, wait_in_scope, &c);
			worker_join(&c.worker);
			assert_canceled(&c);
		}
		pawl_cancel_close(c.source);
		close_things(&t, k, false);
	}
}

static void what_can_be_had_at_once_is_had_in_a_canceled_scope(void **state)
{
	(void)state;
	FOR_EACH_KIND(k) {
		struct things t;
		pawl_cancel *source = open_source(NULL);
		pawl_scope s;

		open_things(&t, k);
		k->grant(&t);
		pawl_cancel_fire(source, 1);
		pawl_scope_enter(&s, 0, source, 0);
		assert_int_equal(k->wait(&t, PAWL_FOREVER), k->stays ? 0 : ECANCELED);
		assert_int_equal(pawl_scope_leave(&s, 0), 0);
		pawl_cancel_close(source);
		close_things(&t, k, true);
	}
}

static void a_cancel_of_others_is_not_noticed(void **state)
{
	enum { OTHERS = 200 };	/* more than there are bits that sources share */
	struct things t;
	struct caller c = { .scope_deadline = PAWL_FOREVER, .deadline = PAWL_FOREVER };
	pawl_cancel *source = open_source(NULL), *others[OTHERS];

	(void)state;
	open_things(&t, &kinds[0]);
	caller_start(&c, &kinds[0], &t, source);
	for (int i = 0; i < OTHERS; i++) {
		others[i] = open_source(i % 2 ? source : NULL);
		pawl_cancel_fire(others[i], 1);
	}
	worker_await_wait(&c.worker, "mutex", &t.mutex);
	pawl_cancel_fire(source, 1);
	worker_join(&c.worker);
	assert_canceled(&c);
	for (int i = 0; i < OTHERS; i++)
		pawl_cancel_close(others[i]);
	pawl_cancel_close(source);
	close_things(&t, &kinds[0], false);
}

static void signals_do_not_end_a_wait_and_cancels_do_after_them(void **state)
{
	(void)state;
	FOR_EACH_KIND(k) {
		struct things t;
		struct caller c = { .scope_deadline = PAWL_FOREVER, .deadline = PAWL_FOREVER };
		pawl_cancel *source = open_source(NULL);

		open_things(&t, k);
		caller_start(&c, k, &t, source);
		for (int i = 0; i < 3; i++) {
			worker_freeze(&c.worker);
			worker_thaw(&c.worker);
			worker_await_sleep(&c.worker);
		}
		worker_freeze(&c.worker);
		pawl_cancel_fire(source, 1);
		worker_thaw(&c.worker);
		worker_join(&c.worker);
		assert_canceled(&c);
		pawl_cancel_close(source);
		close_things(&t, k, false);
	}
}

/*** Grants ************************************************************************************/

static void a_grant_wins_over_a_cancel_that_comes_too(void **state)
{
	(void)state;
	for (int cancel_first = 0; cancel_first < 2; cancel_first++)
		FOR_EACH_KIND(k) {
			struct things t;
			struct caller c = { .scope_deadline = PAWL_FOREVER,
				.deadline = PAWL_FOREVER };
			pawl_cancel *source = open_source(NULL);

			open_things(&t, k);
			caller_start(&c, k, &t, source);
			worker_freeze(&c.worker);
			if (cancel_first)
				pawl_cancel_fire(source, 1);
			k->grant(&t);
			if (!cancel_first)
				pawl_cancel_fire(source, 1);
			worker_thaw(&c.worker);
			worker_join(&c.worker);
			assert_int_equal(c.rc, 0);
			assert_int_equal(c.check, ECANCELED);	/* it stays for the next one */
			assert_int_equal(c.left, 0);
			pawl_cancel_close(source);
			close_things(&t, k, true);
		}
}

static void who_waits_behind_a_canceled_one_gets_the_grant(void **state)
{
	(void)state;
	FOR_EACH_KIND(k) {
		struct things t;
		struct caller first = { .scope_deadline = PAWL_FOREVER, .deadline = PAWL_FOREVER };
		struct caller second = first;
		pawl_cancel *source = open_source(NULL);

		open_things(&t, k);
		caller_start(&first, k, &t, source);
		caller_start(&second, k, &t, NULL);
		pawl_cancel_fire(source, 1);
		worker_join(&first.worker);
		assert_canceled(&first);
		worker_await_sleep(&second.worker);
		k->grant(&t);
		worker_join(&second.worker);
		assert_int_equal(second.rc, 0);
		assert_int_equal(second.check, 0);
		pawl_cancel_close(source);
		close_things(&t, k, true);
	}
}

/*** Deadlines *********************************************************************************/

static void the_deadline_of_a_scope_ends_a_wait_and_leave_says_so(void **state)
{
	(void)state;
	FOR_EACH_KIND(k) {
		struct things t;
		struct caller c = { .deadline = PAWL_FOREVER };

		open_things(&t, k);
		c.scope_deadline = pawl_after(PAWL_MS(5));
		c.kind = k;
		c.things = &t;
		worker_start(&c.worker, wait_in_scope, &c);
		worker_join(&c.worker);
		assert_true(pawl_now() >= c.scope_deadline);
		assert_int_equal(c.rc, ECANCELED);
		assert_int_equal(c.check, ECANCELED);
		assert_int_equal(c.again, ECANCELED);
		assert_int_equal(c.left, ETIMEDOUT);
		close_things(&t, k, false);
	}
}

static void a_call_s_own_deadline_is_its_own_affair(void **state)
{
	(void)state;
	FOR_EACH_KIND(k) {
		struct things t;
		struct caller c = { .kind = k, .things = &t, .source = open_source(NULL) };

		open_things(&t, k);
		c.scope_deadline = pawl_after(PAWL_S(1000));
		c.deadline = pawl_after(PAWL_MS(2));
		worker_start(&c.worker, wait_in_scope, &c);
		worker_join(&c.worker);
		assert_true(pawl_now() >= c.deadline);
		assert_int_equal(c.rc, ETIMEDOUT);
		assert_int_equal(c.check, 0);
		assert_int_equal(c.left, ETIMEDOUT);
		pawl_cancel_close(c.source);
		close_things(&t, k, false);
	}
}

/* In a child, as there is no way back from the virtual clock. */
static void advance_past_scope(void *arg)
{
	const struct kind *k = arg;
	struct things t;
	struct caller c = { .scope_deadline = PAWL_S(5), .deadline = PAWL_S(9) };

	must(pawl_clock_set_virtual(PAWL_S(1)) == 0);
	open_things(&t, k);
	caller_start(&c, k, &t, NULL);
	must(pawl_clock_advance(PAWL_S(4) - 1) == 0);
	worker_await_sleep(&c.worker);
	must(pawl_clock_advance(1) == 0);
	worker_join(&c.worker);
	must(c.rc == ECANCELED && c.again == ECANCELED && c.left == ETIMEDOUT);

	/* Both in one go, the call's first: ECANCELED all the same. */
	c.scope_deadline = PAWL_S(9);
	c.deadline = PAWL_S(8);
	caller_start(&c, k, &t, NULL);
	must(pawl_clock_advance(PAWL_S(5)) == 0);
	worker_join(&c.worker);
	must(c.rc == ECANCELED && c.left == ETIMEDOUT);
	k->grant(&t);
}

static void scopes_obey_the_virtual_clock(void **state)
{
	(void)state;
	FOR_EACH_KIND(k) {
		struct child c;

		child_run(&c, advance_past_scope, (void *)(uintptr_t)k);
		child_assert_silent(&c);
	}
}

/*** What is not ended *************************************************************************/

static void lock_whatever(void *arg)
{
	struct caller *c = arg;
	struct things *t = c->things;
	pawl_mutex *const list[] = { &t->lock, &t->mutex };
	pawl_scope s;

	pawl_scope_enter(&s, 0, c->source, 0);
	pawl_mutex_lock(&t->fair);
	pawl_mutex_lock_all(list, COUNT_OF(list));
	c->check = pawl_scope_check();
	pawl_mutex_unlock_all(list, COUNT_OF(list));
	pawl_mutex_unlock(&t->fair);
	c->left = pawl_scope_leave(&s, 0);
}

static void a_lock_without_deadline_is_never_canceled(void **state)
{
	struct things t;
	struct caller c = { .things = &t, .source = open_source(NULL) };

	(void)state;
	open_things(&t, &kinds[0]);
	worker_start(&c.worker, lock_whatever, &c);
	worker_await_wait(&c.worker, "mutex", &t.fair);
	pawl_cancel_fire(c.source, 1);
	worker_await_wait(&c.worker, "mutex", &t.fair);
	pawl_mutex_unlock(&t.fair);
	worker_await_wait(&c.worker, "mutex", &t.mutex);
	pawl_mutex_unlock(&t.mutex);
	worker_join(&c.worker);
	assert_int_equal(c.check, ECANCELED);
	assert_int_equal(c.left, 0);
	pawl_cancel_close(c.source);
	close_things(&t, &kinds[0], true);
}

static void wait_under_shield(void *arg)
{
	struct caller *c = arg;
	pawl_scope s, shield;

	pawl_scope_enter(&s, 0, c->source, 0);
	pawl_scope_enter(&shield, c->scope_deadline, NULL, PAWL_SHIELD);
	c->rc = c->kind->wait(c->things, PAWL_FOREVER);
	c->left = pawl_scope_leave(&shield, c->rc);
	c->check = pawl_scope_check();
	must(pawl_scope_leave(&s, 0) == 0);
}

static void nothing_from_outside_ends_a_wait_under_a_shield(void **state)
{
	(void)state;
	FOR_EACH_KIND(k) {
		struct things t;
		struct caller c = { .kind = k, .things = &t, .source = open_source(NULL) };

		open_things(&t, k);
		pawl_cancel_fire(c.source, 1);
		c.scope_deadline = pawl_after(PAWL_MS(3));
		worker_start(&c.worker, wait_under_shield, &c);
		worker_join(&c.worker);
		assert_int_equal(c.rc, ECANCELED);
		assert_int_equal(c.left, ETIMEDOUT);	/* the shield's own */
		assert_true(pawl_now() >= c.scope_deadline);

		c.scope_deadline = PAWL_FOREVER;
		worker_start(&c.worker, wait_under_shield, &c);
		worker_await_sleep(&c.worker);
		k->grant(&t);
		worker_join(&c.worker);
		assert_int_equal(c.rc, 0);
		assert_int_equal(c.check, ECANCELED);
		pawl_cancel_close(c.source);
		close_things(&t, k, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cancel_ends_a_wait_and_all_later_ones),
		TEST(any_thread_may_fire_an_ancestor),
		TEST(a_cancel_before_the_wait_ends_it_at_once),
		TEST(what_can_be_had_at_once_is_had_in_a_canceled_scope),
		TEST(a_cancel_of_others_is_not_noticed),
		TEST(signals_do_not_end_a_wait_and_cancels_do_after_them),
		TEST(a_grant_wins_over_a_cancel_that_comes_too),
		TEST(who_waits_behind_a_canceled_one_gets_the_grant),
		TEST(the_deadline_of_a_scope_ends_a_wait_and_leave_says_so),
		TEST(a_call_s_own_deadline_is_its_own_affair),
		TEST(scopes_obey_the_virtual_clock),
		TEST(a_lock_without_deadline_is_never_canceled),
		TEST(nothing_from_outside_ends_a_wait_under_a_shield),
	};

	return test_main(tests);
}
