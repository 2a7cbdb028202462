/* SPDX-License-Identifier: BSD-2-Clause */
/* test_cache_op.c - pawl/cache.h: get_or_fetch for ops. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include <pawl/cache.h>
#include <pawl/op.h>

#include "support.h"

enum { NONE = -1 };

/* A fetch on another thread, which the test lets go on. */
struct world {
	pawl_cache *cache;
	pawl_cq *cq;
	struct gate begun, go;
	struct worker fetcher;
	int result;		/* the fetcher's */
	int errors[4];		/* what each fetch returns, in turn */
	int fetches;		/* so far; one at a time */
	pthread_t where;	/* the last one ran */
};

struct request {
	pawl_op op;
	pawl_cache_ref *ref;
	int rc;			/* NONE: done() was not called */
};

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	struct world *w = user;
	int nth = w->fetches++;

	must(len == 3 && memcmp(key, "key", 3) == 0);
	w->where = pthread_self();
	if (nth == 0) {
		gate_open(&w->begun);
		gate_pass(&w->go);
	}
	ret->value = w;
	return w->errors[nth];
}

static void done(pawl_op *op, int rc)
{
	struct request *r = pawl_op_user(op);

	must(r->rc == NONE);
	r->rc = rc;
}

static void open_world(struct world *w)
{
	const struct gate closed = GATE_INIT;
	pawl_cache_config cfg = { .size = sizeof cfg, .fetch = fetch, .user = w };

	memset(w, 0, sizeof *w);
	w->begun = w->go = closed;
	must(pawl_cache_open(&cfg, &w->cache) == 0);
	must(pawl_cq_open(&w->cq) == 0);
}

static void close_world(struct world *w)
{
	pawl_cq_close(w->cq);
	pawl_cache_close(w->cache);
}

static int ask(struct world *w, struct request *r, bool with_queue)
{
	*r = (struct request){ .rc = NONE };
	if (with_queue)
		pawl_op_init(&r->op, w->cq, done, r);
	else
		pawl_op_init_inline(&r->op, done, r);
	return pawl_cache_get_or_fetch_op(w->cache, "key", 3, &r->ref, &r->op);
}

static void take(struct world *w, struct request *r)
{
	assert_ptr_equal(pawl_cache_ref_value(r->ref), w);
	pawl_cache_release(w->cache, r->ref);
}

static void fetch_elsewhere(void *arg)
{
	struct world *w = arg;
	pawl_cache_ref *ref;

	w->result = pawl_cache_get_or_fetch(w->cache, "key", 3, PAWL_FOREVER, &ref);
	if (w->result == 0)
		pawl_cache_release(w->cache, ref);
}

static void begin_elsewhere(struct world *w)
{
	worker_start(&w->fetcher, fetch_elsewhere, w);
	gate_pass(&w->begun);
}

static void end_elsewhere(struct world *w)
{
	gate_open(&w->go);
	worker_join(&w->fetcher);
	assert_int_equal(w->result, w->errors[0]);
}

/*** At once ***********************************************************************************/

static void what_nobody_fetches_is_fetched_at_once(void **state)
{
	struct world w;
	struct request r;

	(void)state;
	open_world(&w);
	gate_open(&w.go);
	w.errors[0] = EIO + 1;
	w.errors[1] = EINPROGRESS;
	assert_int_equal(ask(&w, &r, true), EIO + 1);
	assert_int_equal(ask(&w, &r, true), EIO);
	assert_int_equal(ask(&w, &r, true), 0);
	take(&w, &r);
	assert_int_equal(ask(&w, &r, true), 0);
	take(&w, &r);
	assert_int_equal(w.fetches, 3);
	assert_true(pthread_equal(w.where, pthread_self()));
	assert_int_equal(pawl_cq_dispatch(w.cq, 0), 0);
	close_world(&w);
}

static struct world *asking;

static int ask_for_itself(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	struct request r;

	(void)key;
	(void)len;
	(void)user;
	must(ask(asking, &r, true) == EDEADLK);
	ret->value = asking;
	return 0;
}

static void a_fetch_may_not_ask_for_its_own_key(void **state)
{
	pawl_cache_config cfg = { .size = sizeof cfg, .fetch = ask_for_itself };
	struct world w = { 0 };
	struct request r;

	(void)state;
	asking = &w;
	assert_int_equal(pawl_cache_open(&cfg, &w.cache), 0);
	assert_int_equal(pawl_cq_open(&w.cq), 0);
	assert_int_equal(ask(&w, &r, true), 0);
	take(&w, &r);
	close_world(&w);
}

/*** While another fetches *********************************************************************/

static void an_op_gets_what_another_fetches(void **state)
{
	enum { MANY = 20 };
	struct world w;
	struct request r[MANY];
	pawl_cache_stats_t stats;

	(void)state;
	open_world(&w);
	begin_elsewhere(&w);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(ask(&w, &r[i], i % 2), EINPROGRESS);
	end_elsewhere(&w);
	assert_int_equal(pawl_cq_dispatch(w.cq, 0), MANY / 2);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(r[i].rc, 0);
		take(&w, &r[i]);
	}
	pawl_cache_stats(w.cache, &stats);
	assert_int_equal(stats.fetches, 1);
	assert_int_equal(stats.joins, MANY);
	assert_int_equal(stats.misses, MANY + 1);
	close_world(&w);
}

static void check_failure(bool with_queue)
{
	struct world w;
	struct request r[3];
	pawl_cache_stats_t stats;

	open_world(&w);
	w.errors[0] = EIO;
	w.errors[1] = ENOENT;
	begin_elsewhere(&w);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(&w, &r[i], with_queue), EINPROGRESS);
	end_elsewhere(&w);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pawl_cq_dispatch(w.cq, 1), with_queue);
	assert_int_equal(r[0].rc, ENOENT);
	assert_null(r[0].ref);
	assert_int_equal(r[1].rc, 0);
	assert_int_equal(r[2].rc, 0);
	take(&w, &r[1]);
	take(&w, &r[2]);
	assert_int_equal(w.fetches, 3);
	assert_int_equal(pthread_equal(w.where, pthread_self()) != 0, with_queue);
	pawl_cache_stats(w.cache, &stats);
	assert_int_equal(stats.takeovers, 2);
	assert_int_equal(stats.joins, 1);
	close_world(&w);
}

static void the_next_op_in_line_fetches_after_a_failure(void **state)
{
	(void)state;
	check_failure(true);
	check_failure(false);
}

static void an_op_that_gives_up_leaves_the_flight_to_others(void **state)
{
	struct world w;
	struct request late, canceled, patient;

	(void)state;
	open_world(&w);
	w.errors[0] = EIO;
	begin_elsewhere(&w);
	late = (struct request){ .rc = NONE };
	pawl_op_init(&late.op, w.cq, done, &late);
	pawl_op_deadline(&late.op, pawl_after(-1));
	assert_int_equal(pawl_cache_get_or_fetch_op(w.cache, "key", 3, &late.ref, &late.op),
			 EINPROGRESS);
	assert_int_equal(ask(&w, &canceled, true), EINPROGRESS);
	assert_int_equal(ask(&w, &patient, true), EINPROGRESS);
	assert_int_equal(pawl_op_cancel(&canceled.op), 0);
	assert_int_equal(pawl_cq_dispatch(w.cq, 0), 2);
	assert_int_equal(late.rc, ETIMEDOUT);
	assert_int_equal(canceled.rc, ECANCELED);
	end_elsewhere(&w);
	assert_int_equal(pawl_cq_dispatch(w.cq, 0), 1);
	assert_int_equal(patient.rc, 0);
	take(&w, &patient);
	close_world(&w);
}

static void all_that_wanted_a_key_may_give_up(void **state)
{
	struct world w;
	struct request r;

	(void)state;
	open_world(&w);
	w.errors[0] = EIO;
	begin_elsewhere(&w);
	assert_int_equal(ask(&w, &r, true), EINPROGRESS);
	end_elsewhere(&w);
	/* It has the role now, so that it cannot be canceled. */
	assert_int_equal(pawl_op_cancel(&r.op), EALREADY);
	pawl_cq_close(w.cq);
	assert_int_equal(r.rc, ECANCELED);
	assert_int_equal(w.fetches, 1);
	assert_int_equal(pawl_cq_open(&w.cq), 0);
	assert_int_equal(ask(&w, &r, true), 0);
	take(&w, &r);
	assert_int_equal(w.fetches, 2);
	close_world(&w);
}

/*** Close *************************************************************************************/

static void close_releases_what_was_not_dispatched(void **state)
{
	struct world w;
	struct request r;

	(void)state;
	open_world(&w);
	begin_elsewhere(&w);
	assert_int_equal(ask(&w, &r, true), EINPROGRESS);
	end_elsewhere(&w);
	close_world(&w);
	assert_int_equal(r.rc, ECANCELED);
	assert_null(r.ref);
}

static void ask_by_thread(void *arg)
{
	fetch_elsewhere(arg);
}

static void close_hands_the_role_to_the_next_in_line(void **state)
{
	struct world w;
	struct request r;
	struct worker next;

	(void)state;
	open_world(&w);
	w.errors[0] = EIO;
	begin_elsewhere(&w);
	assert_int_equal(ask(&w, &r, true), EINPROGRESS);
	end_elsewhere(&w);
	worker_start(&next, ask_by_thread, &w);
	worker_await_sleep(&next);
	pawl_cq_close(w.cq);
	worker_join(&next);
	assert_int_equal(r.rc, ECANCELED);
	assert_int_equal(w.result, 0);
	assert_int_equal(w.fetches, 2);
	pawl_cache_close(w.cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_nobody_fetches_is_fetched_at_once),
		TEST(a_fetch_may_not_ask_for_its_own_key),
		TEST(an_op_gets_what_another_fetches),
		TEST(the_next_op_in_line_fetches_after_a_failure),
		TEST(an_op_that_gives_up_leaves_the_flight_to_others),
		TEST(all_that_wanted_a_key_may_give_up),
		TEST(close_releases_what_was_not_dispatched),
		TEST(close_hands_the_role_to_the_next_in_line),
	};

	return test_main(tests);
}
