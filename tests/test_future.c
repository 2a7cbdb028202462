/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_future.c - pawl/future.h: results, and who may set them.  What it has in common with event,
 * notify and latch: test_gate_*.c.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include <pawl/atomic.h>

#include "gate_kinds.h"

static const struct gate_kind *const kind = &gate_kinds[GATE_FUTURE];

/* An rc that is no error of the library's. */
enum { OURS = 4711 };

static int one, other;

/*** The result ********************************************************************************/

static void all_zero_memory_is_a_future_without_a_result(void **state)
{
	pawl_future *f = calloc(1, sizeof *f), initialised = PAWL_FUTURE_INIT;
	void *value = &one;

	(void)state;
	assert_non_null(f);
	assert_int_equal(pawl_future_wait_until(f, 0, &value), ETIMEDOUT);
	assert_ptr_equal(value, &one);
	assert_int_equal(pawl_future_wait_until(&initialised, 0, &value), ETIMEDOUT);
	assert_int_equal(pawl_future_set(f, 0, NULL), 0);
	assert_int_equal(pawl_future_wait_until(f, 0, &value), 0);
	assert_null(value);
	free(f);
}

static void every_wait_gets_the_result(void **state)
{
	static const int results[] = { 0, EIO, ECANCELED, ETIMEDOUT, EALREADY, OURS, -1,
		INT32_MIN };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(results); i++) {
		pawl_future f = PAWL_FUTURE_INIT;

		assert_int_equal(pawl_future_set(&f, results[i], &one), 0);
		for (int wait = 0; wait < 3; wait++) {
			void *value = NULL;

			assert_int_equal(pawl_future_wait_until(&f, wait ? 0 : PAWL_FOREVER,
				&value), results[i]);
			assert_ptr_equal(value, &one);
		}
		assert_int_equal(pawl_future_wait_until(&f, PAWL_FOREVER, NULL), results[i]);
	}
}

static void it_is_set_once(void **state)
{
	pawl_future f = PAWL_FUTURE_INIT;
	void *value = NULL;

	(void)state;
	assert_int_equal(pawl_future_set(&f, OURS, &one), 0);
	assert_int_equal(pawl_future_set(&f, 0, &other), EALREADY);
	assert_int_equal(pawl_future_set(&f, OURS, &one), EALREADY);
	assert_int_equal(pawl_future_wait_until(&f, 0, &value), OURS);
	assert_ptr_equal(value, &one);
}

/*** Threads and ops that wait *****************************************************************/

struct getter {
	struct worker worker;
	pawl_future *future;
	bool wants_value;
	int rc;
	void *value;
};

static void get(void *arg)
{
	struct getter *g = arg;

	g->rc = pawl_future_wait_until(g->future, PAWL_FOREVER, g->wants_value ? &g->value : NULL);
}

static void who_waits_before_and_who_comes_after_get_the_same(void **state)
{
	enum { GETTERS = 6 };
	pawl_future f = PAWL_FUTURE_INIT;
	struct getter g[GETTERS];

	(void)state;
	for (int i = 0; i < GETTERS; i++) {
		g[i] = (struct getter){ .future = &f, .wants_value = i % 2 == 0, .value = &other };
		if (i == GETTERS / 2)
			assert_int_equal(pawl_future_set(&f, OURS, &one), 0);
		worker_start(&g[i].worker, get, &g[i]);
		if (i < GETTERS / 2)
			worker_await_wait(&g[i].worker, "future", &f);
	}
	for (int i = 0; i < GETTERS; i++) {
		worker_join(&g[i].worker);
		assert_int_equal(g[i].rc, OURS);
		assert_ptr_equal(g[i].value, i % 2 == 0 ? &one : &other);
	}
	assert_true(gate_is_idle(kind, &f));
}

static void done_gets_the_result_and_the_value_is_there(void **state)
{
	static void *values[4] = { &other, &other, &other, &other };
	pawl_future f = PAWL_FUTURE_INIT;
	struct gate_op o[COUNT_OF(values) + 2];
	pawl_cq *cq;

	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	for (size_t i = 0; i < COUNT_OF(o); i++) {
		gate_op_init(&o[i], i % 2 ? cq : NULL);
		assert_int_equal(pawl_future_wait_op(&f, i < COUNT_OF(values) ? &values[i] : NULL,
			&o[i].op), EINPROGRESS);
	}
	assert_int_equal(pawl_op_cancel(&o[0].op), 0);
	assert_int_equal(pawl_op_cancel(&o[1].op), 0);
	assert_int_equal(pawl_future_set(&f, OURS, &one), 0);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 3);
	for (size_t i = 0; i < COUNT_OF(o); i++) {
		assert_int_equal(o[i].rc, i < 2 ? ECANCELED : OURS);
		assert_int_equal(o[i].calls, 1);
	}
	for (size_t i = 0; i < COUNT_OF(values); i++)
		assert_ptr_equal(values[i], i < 2 ? &other : &one);
	assert_true(gate_is_idle(kind, &f));
	pawl_cq_close(cq);
}

static void an_op_that_comes_after_gets_it_at_once(void **state)
{
	pawl_future f = PAWL_FUTURE_INIT;
	void *value = &other;
	struct gate_op o;

	(void)state;
	assert_int_equal(pawl_future_set(&f, OURS, &one), 0);
	gate_op_init(&o, NULL);
	assert_int_equal(pawl_future_wait_op(&f, &value, &o.op), OURS);
	assert_ptr_equal(value, &one);
	assert_int_equal(pawl_future_wait_op(&f, NULL, &o.op), OURS);
	assert_int_equal(o.calls, 0);
}

/* A result that was not dispatched does not come: done() gets ECANCELED, and no value. */
static void a_closed_queue_gives_no_result(void **state)
{
	pawl_future f = PAWL_FUTURE_INIT;
	void *value = &other;
	struct gate_op o;
	pawl_cq *cq;

	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	gate_op_init(&o, cq);
	assert_int_equal(pawl_future_wait_op(&f, &value, &o.op), EINPROGRESS);
	assert_int_equal(pawl_future_set(&f, OURS, &one), 0);
	pawl_cq_close(cq);
	assert_int_equal(o.rc, ECANCELED);
	assert_int_equal(o.calls, 1);
	assert_ptr_equal(value, &other);
}

/*** Two who set it *************************************************************************/

enum { SETTERS = 2 };

struct contest {
	uint32_t begun, ready, over;	/* atomic: rounds; the setters that came so far, and went */
	uint32_t rounds;
	pawl_future future;
	uint32_t data[SETTERS];		/* written before each set: only the winner's may be read */
	int rc[SETTERS];
};

struct setter {
	struct worker worker;
	struct contest *contest;
	int id;
};

static void set_each_round(void *arg)
{
	struct setter *s = arg;
	struct contest *c = s->contest;

	for (uint32_t round = 1; round <= c->rounds; round++) {
		gate_await(&c->begun, round);
		c->data[s->id] = round;
		pawl_fetch_add_(&c->ready, 1, acq_rel);
		gate_await(&c->ready, round * SETTERS);
		c->rc[s->id] = pawl_future_set(&c->future, s->id + 1, &c->data[s->id]);
		pawl_fetch_add_(&c->over, 1, acq_rel);
	}
}

static int contest_round(struct contest *c, uint32_t round)
{
	void *value;
	int rc, winners = 0;

	c->future = (pawl_future)PAWL_FUTURE_INIT;
	pawl_store_(&c->begun, round, release);
	rc = pawl_future_wait_until(&c->future, PAWL_FOREVER, &value);
	assert_in_range(rc, 1, SETTERS);
	assert_ptr_equal(value, &c->data[rc - 1]);
	assert_int_equal(*(uint32_t *)value, round);
	gate_await(&c->over, round * SETTERS);
	for (int i = 0; i < SETTERS; i++) {
		assert_true(c->rc[i] == 0 || c->rc[i] == EALREADY);
		winners += c->rc[i] == 0;
	}
	assert_int_equal(winners, 1);
	assert_int_equal(c->rc[rc - 1], 0);
	return rc - 1;
}

static void of_two_who_set_it_one_wins(void **state)
{
	struct contest c = { .rounds = ROUNDS(10000) };
	struct setter s[SETTERS];
	int won[SETTERS] = { 0 };

	(void)state;
	for (int i = 0; i < SETTERS; i++) {
		s[i] = (struct setter){ .contest = &c, .id = i };
		worker_start(&s[i].worker, set_each_round, &s[i]);
	}
	for (uint32_t round = 1; round <= c.rounds; round++)
		won[contest_round(&c, round)]++;
	for (int i = 0; i < SETTERS; i++)
		worker_join(&s[i].worker);
	note("won: %d, %d", won[0], won[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_zero_memory_is_a_future_without_a_result),
		TEST(every_wait_gets_the_result),
		TEST(it_is_set_once),
		TEST(who_waits_before_and_who_comes_after_get_the_same),
		TEST(done_gets_the_result_and_the_value_is_there),
		TEST(an_op_that_comes_after_gets_it_at_once),
		TEST(a_closed_queue_gives_no_result),
		TEST(of_two_who_set_it_one_wins),
	};

	return test_main(tests);
}
