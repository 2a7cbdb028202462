/* SPDX-License-Identifier: BSD-2-Clause */
/* test_counter.c - pawl/counter.h.  Deadlines against zeros in order: test_deadlines.c. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/counter.h>

#include "support.h"

/*** Values ************************************************************************************/

static void all_zero_memory_is_a_counter_at_0(void **state)
{
	pawl_counter *c = calloc(1, sizeof *c);

	(void)state;
	assert_non_null(c);
	assert_int_equal(pawl_counter_get(c), 0);
	assert_int_equal(pawl_counter_add(c, 1), 1);
	free(c);
}

static void the_initialiser_takes_any_value(void **state)
{
	const int64_t values[] = { 0, 1, -1, 12345, INT64_MAX, INT64_MIN };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		pawl_counter c = PAWL_COUNTER_INIT(values[i]);

		assert_true(pawl_counter_get(&c) == values[i]);
	}
}

static void add_returns_the_new_value(void **state)
{
	pawl_counter c = PAWL_COUNTER_INIT(0);

	(void)state;
	assert_int_equal(pawl_counter_add(&c, 5), 5);
	assert_int_equal(pawl_counter_add(&c, 0), 5);
	assert_int_equal(pawl_counter_add(&c, -8), -3);
	assert_int_equal(pawl_counter_get(&c), -3);
	assert_int_equal(pawl_counter_add(&c, 3), 0);
	assert_int_equal(pawl_counter_add(&c, 0), 0);
	assert_true(pawl_counter_add(&c, INT64_MAX) == INT64_MAX);
}

static void it_wraps_at_both_ends(void **state)
{
	pawl_counter c = PAWL_COUNTER_INIT(INT64_MAX);

	(void)state;
	assert_true(pawl_counter_add(&c, 1) == INT64_MIN);
	assert_true(pawl_counter_add(&c, -1) == INT64_MAX);
	assert_true(pawl_counter_add(&c, INT64_MIN) == -1);
	assert_true(pawl_counter_add(&c, INT64_MIN) == INT64_MAX);
}

enum { ADDERS = 6 };

struct adder {
	struct worker worker;
	pawl_counter *counter;
	int rounds;
};

static void add_many(void *arg)
{
	struct adder *a = arg;

	for (int i = 0; i < a->rounds; i++) {
		(void)pawl_counter_add(a->counter, 3);
		(void)pawl_counter_add(a->counter, -2);
	}
}

static void adds_of_several_threads_are_exact(void **state)
{
	pawl_counter c = PAWL_COUNTER_INIT(0);
	struct adder a[ADDERS];

	(void)state;
	for (int i = 0; i < ADDERS; i++) {
		a[i].counter = &c;
		a[i].rounds = ROUNDS(100000);
		worker_start(&a[i].worker, add_many, &a[i]);
	}
	for (int i = 0; i < ADDERS; i++)
		worker_join(&a[i].worker);
	assert_int_equal(pawl_counter_get(&c), ADDERS * ROUNDS(100000));
}

/*** Waiting for zero **************************************************************************/

struct waiter {
	struct worker worker;
	pawl_counter *counter;
	int result;
	int64_t seen;	/* what was written before the zero */
};

static int64_t written_before_zero;

static void wait_zero(void *arg)
{
	struct waiter *w = arg;

	w->result = pawl_counter_wait_zero(w->counter, PAWL_FOREVER);
	w->seen = written_before_zero;
}

static void waiter_start(struct waiter *w, pawl_counter *c)
{
	w->counter = c;
	worker_start(&w->worker, wait_zero, w);
	worker_await_wait(&w->worker, "counter", c);
}

static void waiter_join(struct waiter *w)
{
	worker_join(&w->worker);
	assert_int_equal(w->result, 0);
}

static void at_zero_a_wait_returns_at_once_whatever_its_deadline(void **state)
{
	const pawl_time deadlines[] = { INT64_MIN, -1, 0, pawl_now(), PAWL_FOREVER };
	pawl_counter c = PAWL_COUNTER_INIT(0);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(deadlines); i++)
		assert_int_equal(pawl_counter_wait_zero(&c, deadlines[i]), 0);
}

static void at_another_value_a_wait_times_out(void **state)
{
	const pawl_time deadlines[] = { INT64_MIN, -1, 0, pawl_now(), pawl_after(PAWL_MS(3)) };
	const int64_t values[] = { 1, -1, INT64_MIN, INT64_MAX };

	(void)state;
	for (size_t v = 0; v < COUNT_OF(values); v++) {
		pawl_counter c = PAWL_COUNTER_INIT(values[v]);

		for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
			assert_int_equal(pawl_counter_wait_zero(&c, deadlines[i]), ETIMEDOUT);
			assert_true(pawl_now() >= deadlines[i]);
			assert_true(pawl_counter_get(&c) == values[v]);
		}
	}
}

static void the_add_that_makes_it_zero_wakes_all(void **state)
{
	pawl_counter c = PAWL_COUNTER_INIT(0);
	struct waiter w[5];

	(void)state;
	for (int turn = 0; turn < 4; turn++) {
		static const int64_t first[] = { 2, -2, INT64_MIN, INT64_MAX };
		static const int64_t last[] = { -2, 2, INT64_MIN, -INT64_MAX };

		(void)pawl_counter_add(&c, first[turn]);
		for (size_t i = 0; i < COUNT_OF(w); i++)
			waiter_start(&w[i], &c);
		written_before_zero = turn + 100;
		assert_int_equal(pawl_counter_add(&c, last[turn]), 0);
		for (size_t i = 0; i < COUNT_OF(w); i++) {
			waiter_join(&w[i]);
			assert_int_equal(w[i].seen, turn + 100);
		}
	}
}

static void an_add_that_goes_past_zero_wakes_nobody(void **state)
{
	pawl_counter c = PAWL_COUNTER_INIT(1);
	struct waiter w;

	(void)state;
	waiter_start(&w, &c);
	assert_int_equal(pawl_counter_add(&c, -2), -1);
	assert_int_equal(pawl_counter_add(&c, 0), -1);
	assert_int_equal(pawl_counter_add(&c, 2), 1);
	nap(PAWL_MS(2));
	worker_await_wait(&w.worker, "counter", &c);
	assert_int_equal(pawl_counter_add(&c, -1), 0);
	waiter_join(&w);
}

/* More counters than there are lists of waiters in the library. */
static void waiters_of_many_counters_do_not_mix_up(void **state)
{
	enum { COUNTERS = 100 };
	static pawl_counter c[COUNTERS];
	static struct waiter w[COUNTERS];

	(void)state;
	for (int i = 0; i < COUNTERS; i++) {
		assert_int_equal(pawl_counter_add(&c[i], 1), 1);
		waiter_start(&w[i], &c[i]);
	}
	for (int i = 0; i < COUNTERS; i++) {
		int which = i * 37 % COUNTERS;

		assert_int_equal(pawl_counter_add(&c[which], -1), 0);
		waiter_join(&w[which]);
	}
}

/*** Races *************************************************************************************/

enum { PARTIES = 3 };

/* Each round: one waits for zero and frees the counter, while the last of those who
 * count down may still be inside its add. */
struct latch {
	pthread_barrier_t round;
	int rounds;
	pawl_counter *counter;
	int data[PARTIES];
};

static pawl_counter *new_counter(void)
{
	pawl_counter *c = calloc(1, sizeof *c);

	must(c != NULL);
	(void)pawl_counter_add(c, PARTIES);
	return c;
}

static void arrive(void *arg)
{
	struct latch *l = arg;
	static pawl_counter next_id;
	int64_t id = pawl_counter_add(&next_id, 1) % PARTIES;

	for (int i = 0; i < l->rounds; i++) {
		pthread_barrier_wait(&l->round);
		l->data[id] = i;
		if (i % 3 == 0)
			sched_yield();	/* so that the waiter comes to sleep */
		(void)pawl_counter_add(l->counter, -1);
		pthread_barrier_wait(&l->round);
	}
}

static int wait_in_some_way(pawl_counter *c, int turn)
{
	int err = ETIMEDOUT;

	if (turn % 2)
		return pawl_counter_wait_zero(c, PAWL_FOREVER);
	while (err == ETIMEDOUT)
		err = pawl_counter_wait_zero(c, pawl_after(PAWL_US(turn % 40)));
	return err;
}

static void it_may_be_freed_as_soon_as_the_wait_has_returned(void **state)
{
	struct latch l = { .rounds = ROUNDS(10000) };
	struct worker w[PARTIES];

	(void)state;
	pthread_barrier_init(&l.round, NULL, PARTIES + 1);
	for (int i = 0; i < PARTIES; i++)
		worker_start(&w[i], arrive, &l);
	for (int i = 0; i < l.rounds; i++) {
		l.counter = new_counter();
		pthread_barrier_wait(&l.round);
		assert_int_equal(wait_in_some_way(l.counter, i), 0);
		free(l.counter);
		for (int p = 0; p < PARTIES; p++)
			assert_int_equal(l.data[p], i);
		pthread_barrier_wait(&l.round);
	}
	for (int i = 0; i < PARTIES; i++)
		worker_join(&w[i]);
	pthread_barrier_destroy(&l.round);
}

/* Zero again and again, under waits of all kinds: nobody oversleeps the last one. */
struct flicker {
	pawl_counter counter;
	pawl_counter left;	/* waiters that have not returned for good */
	int timeouts;
};

static void wait_until_all_is_over(void *arg)
{
	struct flicker *f = arg;
	int timeouts = 0;

	for (int i = 0; i < ROUNDS(2000); i++)
		if (pawl_counter_wait_zero(&f->counter, pawl_after(PAWL_US(i % 50))) != 0)
			timeouts++;
	must(pawl_counter_wait_zero(&f->counter, PAWL_FOREVER) == 0);
	if (pawl_counter_add(&f->left, -1) == 0)
		f->timeouts = timeouts;
}

static void zeros_and_timeouts_do_not_tread_on_each_other(void **state)
{
	struct flicker f = { PAWL_COUNTER_INIT(1), PAWL_COUNTER_INIT(8), 0 };
	struct worker w[8];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_start(&w[i], wait_until_all_is_over, &f);
	for (int i = 0; i < ROUNDS(5000); i++) {
		(void)pawl_counter_add(&f.counter, -1);
		(void)pawl_counter_add(&f.counter, 1);
		nap(PAWL_US(i % 20));
	}
	(void)pawl_counter_add(&f.counter, -1);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_join(&w[i]);
	assert_int_equal(pawl_counter_wait_zero(&f.left, 0), 0);
	note("%d timeouts in the last thread", f.timeouts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_zero_memory_is_a_counter_at_0),
		TEST(the_initialiser_takes_any_value),
		TEST(add_returns_the_new_value),
		TEST(it_wraps_at_both_ends),
		TEST(adds_of_several_threads_are_exact),
		TEST(at_zero_a_wait_returns_at_once_whatever_its_deadline),
		TEST(at_another_value_a_wait_times_out),
		TEST(the_add_that_makes_it_zero_wakes_all),
		TEST(an_add_that_goes_past_zero_wakes_nobody),
		TEST(waiters_of_many_counters_do_not_mix_up),
		TEST(it_may_be_freed_as_soon_as_the_wait_has_returned),
		TEST(zeros_and_timeouts_do_not_tread_on_each_other),
	};

	return test_main(tests);
}
