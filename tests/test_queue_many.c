/* SPDX-License-Identifier: BSD-2-Clause */
/* test_queue_many.c - pawl/queue.h: push_n and pop_n. */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>

#include "queue_user.h"

enum { CAPACITY = 5, MOST = 16 };

static void number(uint64_t *items, uint64_t from)
{
	for (size_t i = 0; i < MOST; i++)
		items[i] = from + i;
}

/* Those that were popped are @from and so on, @n of them; the rest was left alone. */
static void assert_popped(const uint64_t *items, size_t n, uint64_t from)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(items[i], from + i);
	for (size_t i = n; i < MOST; i++)
		assert_true(items[i] == NOTHING);
}

static size_t pop_all(pawl_queue *q, uint64_t *items)
{
	size_t n = 99;

	for (size_t i = 0; i < MOST; i++)
		items[i] = NOTHING;
	assert_int_equal(pawl_queue_pop_n(q, items, MOST, 0, &n), 0);
	return n;
}

static void check_as_many_as_fit(pawl_queue *q)
{
	uint64_t in[MOST], out[MOST];
	size_t n = 99;

	for (uint64_t round = 0; round < 20; round++) {
		number(in, round * 100);
		assert_int_equal(pawl_queue_push_n(q, in, 3, PAWL_FOREVER, &n), 0);
		assert_int_equal(n, 3);
		assert_int_equal(pawl_queue_push_n(q, in + 3, MOST - 3, 0, &n), 0);
		assert_int_equal(n, CAPACITY - 3);
		assert_int_equal(pawl_queue_len(q), CAPACITY);
		assert_int_equal(pop_all(q, out), CAPACITY);
		assert_popped(out, CAPACITY, round * 100);
	}
}

static void as_many_are_pushed_as_find_a_slot_and_popped_as_are_there(void **state)
{
	(void)state;
	with_each_queue(CAPACITY, check_as_many_as_fit);
}

static void check_fewer(pawl_queue *q)
{
	uint64_t in[MOST], out[MOST];
	size_t n = 99;

	number(in, 0);
	for (size_t i = 0; i < MOST; i++)
		out[i] = NOTHING;
	assert_int_equal(pawl_queue_push_n(q, in, CAPACITY, 0, &n), 0);
	assert_int_equal(pawl_queue_pop_n(q, out, 2, 0, &n), 0);
	assert_int_equal(n, 2);
	assert_popped(out, 2, 0);
	assert_int_equal(pawl_queue_len(q), 3);
	pop_range(q, 2, 5);
}

static void not_more_are_popped_than_were_asked_for(void **state)
{
	(void)state;
	with_each_queue(CAPACITY, check_fewer);
}

static void check_none(pawl_queue *q)
{
	uint64_t items[MOST] = { 0 };
	size_t n;

	for (int full = 0; full < 2; full++) {
		n = 99;
		assert_int_equal(pawl_queue_push_n(q, items, 0, PAWL_FOREVER, &n), 0);
		assert_int_equal(n, 0);
		n = 99;
		assert_int_equal(pawl_queue_pop_n(q, items, 0, PAWL_FOREVER, &n), 0);
		assert_int_equal(n, 0);
		assert_int_equal(pawl_queue_len(q), full ? CAPACITY : 0);
		push_range(q, 0, full ? 0 : CAPACITY);
	}
	pop_range(q, 0, CAPACITY);
}

static void none_of_them_need_not_wait(void **state)
{
	(void)state;
	with_each_queue(CAPACITY, check_none);
}

static void check_failures(pawl_queue *q)
{
	const pawl_time past[] = { INT64_MIN, -1, 0, pawl_now() };
	pawl_time soon = pawl_after(PAWL_MS(3));
	uint64_t items[MOST] = { 0 };
	pawl_scope scope;
	size_t n = 99;

	for (size_t i = 0; i < COUNT_OF(past); i++, n = 99) {
		assert_int_equal(pawl_queue_pop_n(q, items, 2, past[i], &n), ETIMEDOUT);
		assert_int_equal(n, 0);
	}
	assert_int_equal(pawl_queue_pop_n(q, items, 2, soon, &n), ETIMEDOUT);
	assert_true(pawl_now() >= soon);
	push_range(q, 0, CAPACITY);
	assert_int_equal(pawl_queue_push_n(q, items, 2, 0, &n), ETIMEDOUT);
	assert_int_equal(n, 0);
	pawl_scope_enter(&scope, 0, NULL, 0);
	n = 99;
	assert_int_equal(pawl_queue_push_n(q, items, 2, PAWL_FOREVER, &n), ECANCELED);
	assert_int_equal(n, 0);
	n = 99;
	assert_int_equal(pawl_queue_pop_n(q, items, 2, PAWL_FOREVER, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(pawl_scope_leave(&scope, ECANCELED), ETIMEDOUT);
	pop_range(q, 2, CAPACITY);
}

static void none_pushed_or_popped_is_a_failure_that_is_told(void **state)
{
	(void)state;
	with_each_queue(CAPACITY, check_failures);
}

/*** Those who wait ****************************************************************************/

struct many {
	struct worker worker;
	pawl_queue *queue;
	uint64_t items[MOST];
	size_t n;
	int result;
	uint32_t ended;		/* atomic */
};

static void push_many(void *arg)
{
	struct many *m = arg;

	m->result = pawl_queue_push_n(m->queue, m->items, MOST, PAWL_FOREVER, &m->n);
	pawl_store_(&m->ended, 1, release);
}

static void pop_many(void *arg)
{
	struct many *m = arg;

	m->result = pawl_queue_pop_n(m->queue, m->items, MOST, PAWL_FOREVER, &m->n);
	pawl_store_(&m->ended, 1, release);
}

static void many_start(struct many *m, pawl_queue *q, void (*fn)(void *arg), uint64_t from)
{
	*m = (struct many){ .queue = q, .n = 99 };
	number(m->items, from);
	worker_start(&m->worker, fn, m);
	worker_await_wait(&m->worker, "queue", q);
}

static void check_waits_for_the_first(pawl_queue *q)
{
	struct many m;

	many_start(&m, q, pop_many, 0);
	assert_int_equal(try_push(q, 1000), 0);
	worker_join(&m.worker);
	assert_int_equal(m.result, 0);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.items[0], 1000);
	assert_int_equal(m.items[1], 1);
	push_range(q, 0, CAPACITY);
	many_start(&m, q, push_many, 500);
	pop_range(q, 0, 1);
	worker_join(&m.worker);
	assert_int_equal(m.result, 0);
	assert_int_equal(m.n, 1);
	pop_range(q, 1, CAPACITY);
	pop_range(q, 500, 501);
}

static void the_first_is_waited_for_and_no_other(void **state)
{
	(void)state;
	with_each_queue(CAPACITY, check_waits_for_the_first);
}

/* One that sleeps, and more that come before it is up. */
static void what_came_while_it_slept_is_taken_too(void **state)
{
	pawl_queue *q = queue_of(CAPACITY, 0);
	struct many m;

	(void)state;
	many_start(&m, q, pop_many, 0);
	worker_freeze(&m.worker);
	push_range(q, 100, 103);
	worker_thaw(&m.worker);
	worker_join(&m.worker);
	assert_int_equal(m.result, 0);
	assert_int_equal(m.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(m.items[i], 100 + i);
	push_range(q, 0, CAPACITY);
	many_start(&m, q, push_many, 200);
	worker_freeze(&m.worker);
	pop_range(q, 0, 3);
	worker_thaw(&m.worker);
	worker_join(&m.worker);
	assert_int_equal(m.n, 3);
	pop_range(q, 3, CAPACITY);
	pop_range(q, 200, 203);
	assert_whole(q);
	pawl_queue_free(q);
}

static void several_who_wait_for_several_get_one_each(void **state)
{
	pawl_queue *q = queue_of(CAPACITY, 0);
	struct many m[3];
	size_t pushed;
	uint64_t in[MOST];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(m); i++)
		many_start(&m[i], q, pop_many, 0);
	number(in, 300);
	assert_int_equal(pawl_queue_push_n(q, in, 3, 0, &pushed), 0);
	assert_int_equal(pushed, 3);
	for (size_t i = 0; i < COUNT_OF(m); i++) {
		worker_join(&m[i].worker);
		assert_int_equal(m[i].result, 0);
		assert_int_equal(m[i].n, 1);
		in[m[i].items[0] - 300] = 0;
	}
	assert_true(in[0] == 0 && in[1] == 0 && in[2] == 0);
	assert_whole(q);
	pawl_queue_free(q);
}

static void push_until_ended(struct many *m, uint64_t *item)
{
	while (!pawl_load_(&m->ended, acquire))
		if (try_push(m->queue, *item) == 0)
			++*item;
		else
			nap(PAWL_US(50));
}

/* Who comes first may take all that is there; the others wait for more. */
static void in_a_fast_queue_all_of_them_get_some_if_more_come(void **state)
{
	pawl_queue *q = queue_of(CAPACITY, PAWL_QUEUE_FAST);
	struct many m[3];
	uint64_t pushed = 0, popped = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(m); i++)
		many_start(&m[i], q, pop_many, 0);
	for (size_t i = 0; i < COUNT_OF(m); i++) {
		push_until_ended(&m[i], &pushed);
		worker_join(&m[i].worker);
		assert_int_equal(m[i].result, 0);
		assert_true(m[i].n > 0);
		for (size_t k = 1; k < m[i].n; k++)
			assert_true(m[i].items[k - 1] < m[i].items[k]);
		popped += m[i].n;
	}
	while (try_pop(q) != NOTHING)
		popped++;
	assert_int_equal(pushed, popped);
	assert_whole(q);
	pawl_queue_free(q);
}

/*** Close *************************************************************************************/

static void check_close(pawl_queue *q)
{
	uint64_t items[MOST];
	struct many m;
	size_t n;

	push_range(q, 0, CAPACITY);
	many_start(&m, q, push_many, 0);
	pawl_queue_close(q);
	worker_join(&m.worker);
	assert_int_equal(m.result, EPIPE);
	assert_int_equal(m.n, 0);
	assert_int_equal(pop_all(q, items), CAPACITY);
	assert_popped(items, CAPACITY, 0);
	n = 99;
	assert_int_equal(pawl_queue_pop_n(q, items, 1, PAWL_FOREVER, &n), EPIPE);
	assert_int_equal(n, 0);
	assert_int_equal(pawl_queue_push_n(q, items, 0, PAWL_FOREVER, &n), 0);
}

static void check_close_with_poppers(pawl_queue *q)
{
	struct many m;

	many_start(&m, q, pop_many, 0);
	pawl_queue_close(q);
	worker_join(&m.worker);
	assert_int_equal(m.result, EPIPE);
	assert_int_equal(m.n, 0);
	assert_int_equal(m.items[0], 0);
}

static void close_ends_their_waits_and_what_is_left_is_popped_together(void **state)
{
	(void)state;
	with_each_queue(CAPACITY, check_close);
	with_each_queue(CAPACITY, check_close_with_poppers);
}

struct flow {
	pawl_queue *queue;
	uint64_t pushed, popped;
	pthread_barrier_t begin;
};

/* One after the other, so that it shows which were taken. */
static void push_until_closed(void *arg)
{
	struct flow *f = arg;
	uint64_t items[MOST];
	size_t n;
	int rc;

	pthread_barrier_wait(&f->begin);
	do {
		number(items, f->pushed);
		rc = pawl_queue_push_n(f->queue, items, MOST, PAWL_FOREVER, &n);
		must(rc == 0 ? n > 0 && n <= MOST : rc == EPIPE && n == 0);
		f->pushed += n;
	} while (rc == 0);
}

static void pop_until_closed(void *arg)
{
	struct flow *f = arg;
	uint64_t items[MOST];
	size_t n;
	int rc;

	pthread_barrier_wait(&f->begin);
	do {
		rc = pawl_queue_pop_n(f->queue, items, MOST, PAWL_FOREVER, &n);
		must(rc == 0 ? n > 0 && n <= MOST : rc == EPIPE && n == 0);
		for (size_t i = 0; i < n; i++)
			must(items[i] == f->popped++);
	} while (rc == 0);
}

static void a_close_in_the_middle_tells_exactly_how_many_were_pushed(void **state)
{
	uint64_t all = 0;

	(void)state;
	for (int round = 0; round < ROUNDS(200); round++) {
		struct flow f = { .queue = queue_of(CAPACITY, round % 2 ? PAWL_QUEUE_FAST : 0) };
		struct worker w[2];

		pthread_barrier_init(&f.begin, NULL, 3);
		worker_start(&w[0], push_until_closed, &f);
		worker_start(&w[1], pop_until_closed, &f);
		pthread_barrier_wait(&f.begin);
		nap(PAWL_US(round % 64 * 4));
		pawl_queue_close(f.queue);
		worker_join(&w[0]);
		worker_join(&w[1]);
		assert_int_equal(f.pushed, f.popped);
		all += f.pushed;
		pawl_queue_free(f.queue);
		pthread_barrier_destroy(&f.begin);
	}
	note("%llu items", (unsigned long long)all);
	assert_true(all > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(as_many_are_pushed_as_find_a_slot_and_popped_as_are_there),
		TEST(not_more_are_popped_than_were_asked_for),
		TEST(none_of_them_need_not_wait),
		TEST(none_pushed_or_popped_is_a_failure_that_is_told),
		TEST(the_first_is_waited_for_and_no_other),
		TEST(what_came_while_it_slept_is_taken_too),
		TEST(several_who_wait_for_several_get_one_each),
		TEST(in_a_fast_queue_all_of_them_get_some_if_more_come),
		TEST(close_ends_their_waits_and_what_is_left_is_popped_together),
		TEST(a_close_in_the_middle_tells_exactly_how_many_were_pushed),
	};

	return test_main(tests);
}
