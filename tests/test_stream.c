/* SPDX-License-Identifier: BSD-2-Clause */
/* test_stream.c - pawl/stream.h: items, the end, errors, readers that have enough, lifetime. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include <pawl/atomic.h>
#include <pawl/scope.h>
#include <pawl/stream.h>

#include "failing_memory.h"
#include "support.h"

enum { UNTOUCHED = -77 };

/* What evicted() got. */
struct lost {
	int count;		/* atomic */
	int64_t sum;		/* atomic */
};

static void lose(void *item, void *user)
{
	struct lost *l = user;

	(void)pawl_fetch_add_(&l->count, 1, relaxed);
	(void)pawl_fetch_add_(&l->sum, *(const int *)item, relaxed);
}

static pawl_stream *open_stream(size_t capacity, unsigned producers, unsigned flags, struct lost *l)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = capacity, .item_size = sizeof(int), .flags = flags,
		.evicted = l ? lose : NULL, .user = l,
	};
	pawl_stream *s;

	must(pawl_stream_open(&cfg, producers, &s) == 0);
	return s;
}

/* With a deadline that is past. */
static int emit_now(pawl_stream *s, int item)
{
	return pawl_stream_emit(s, &item, 0);
}

static void assert_next_is(pawl_stream *s, int item)
{
	int got = UNTOUCHED;

	assert_int_equal(pawl_stream_next(s, &got, PAWL_FOREVER), 0);
	assert_int_equal(got, item);
}

static void assert_next_fails(pawl_stream *s, pawl_time deadline, int rc)
{
	int got = UNTOUCHED;

	assert_int_equal(pawl_stream_next(s, &got, deadline), rc);
	assert_int_equal(got, UNTOUCHED);
}

/*** A thread that emits, or reads ***************************************************************/

struct user {
	struct worker worker;
	pawl_stream *stream;
	pawl_cancel *source;		/* of a scope around it; NULL: none */
	pawl_time deadline;
	int item, rc;
};

static void use(struct user *u, int (*verb)(struct user *u))
{
	pawl_scope scope;

	if (u->source)
		pawl_scope_enter(&scope, PAWL_FOREVER, u->source, 0);
	u->rc = verb(u);
	if (u->source)
		(void)pawl_scope_leave(&scope, 0);
}

static int emit_item(struct user *u)
{
	return pawl_stream_emit(u->stream, &u->item, u->deadline);
}

static int next_item(struct user *u)
{
	return pawl_stream_next(u->stream, &u->item, u->deadline);
}

static void emits(void *arg)
{
	use(arg, emit_item);
}

static void reads(void *arg)
{
	use(arg, next_item);
}

/* Return when it sleeps. */
static void start(struct user *u, void (*fn)(void *arg), pawl_stream *s)
{
	u->stream = s;
	u->deadline = PAWL_FOREVER;
	worker_start(&u->worker, fn, u);
	worker_await_sleep(&u->worker);
}

static int join(struct user *u)
{
	worker_join(&u->worker);
	return u->rc;
}

/*** Items and the end *************************************************************************/

static void a_bad_configuration_is_refused(void **state)
{
	pawl_queue_config cfg = { .size = sizeof cfg, .capacity = 1, .item_size = sizeof(int) };
	pawl_stream *s = (pawl_stream *)&cfg;

	(void)state;
	errno = 123;
	assert_int_equal(pawl_stream_open(&cfg, 0, &s), EINVAL);
	assert_int_equal(pawl_stream_open(&cfg, PAWL_STREAM_PRODUCERS_MAX + 1, &s), EINVAL);
	cfg.capacity = 0;
	assert_int_equal(pawl_stream_open(&cfg, 1, &s), EINVAL);
	assert_ptr_equal(s, &cfg);
	assert_int_equal(errno, 123);
	pawl_stream_close(NULL);
}

static void without_memory_none_is_made_and_nothing_leaks(void **state)
{
	const pawl_queue_config cfg = { .size = sizeof cfg, .capacity = 1, .item_size = 1 };
	pawl_stream *s = NULL;
	int calls;

	(void)state;
	fail_calls(NEVER, 0);
	must(pawl_stream_open(&cfg, 1, &s) == 0);
	calls = memory_calls();
	pawl_stream_end(s, 0);
	pawl_stream_close(s);
	assert_true(calls > 1);
	for (int i = 0; i < calls; i++) {
		s = NULL;
		fail_calls(i, i + 1);
		assert_int_equal(pawl_stream_open(&cfg, 1, &s), ENOMEM);
		assert_null(s);
	}
	fail_calls(NEVER, 0);
}

static void what_was_emitted_is_read_in_order_and_then_the_end(void **state)
{
	pawl_stream *s = open_stream(3, 1, 0, NULL);

	(void)state;
	assert_next_fails(s, 0, ETIMEDOUT);
	for (int i = 1; i <= 3; i++)
		assert_int_equal(emit_now(s, i), 0);
	assert_int_equal(emit_now(s, 4), ETIMEDOUT);
	assert_next_is(s, 1);
	assert_int_equal(emit_now(s, 5), 0);
	pawl_stream_end(s, 0);
	assert_next_is(s, 2);
	assert_next_is(s, 3);
	assert_next_is(s, 5);
	for (int i = 0; i < 3; i++)
		assert_next_fails(s, PAWL_FOREVER, EPIPE);
	pawl_stream_close(s);
}

static void it_ends_when_the_last_producer_has(void **state)
{
	pawl_stream *s = open_stream(3, 3, 0, NULL);

	(void)state;
	pawl_stream_end(s, 0);
	pawl_stream_end(s, 0);
	assert_next_fails(s, 0, ETIMEDOUT);
	assert_int_equal(emit_now(s, 1), 0);
	pawl_stream_end(s, 0);
	assert_next_is(s, 1);
	assert_next_fails(s, PAWL_FOREVER, EPIPE);
	pawl_stream_close(s);
}

static void the_first_that_fails_ends_it_for_all(void **state)
{
	pawl_stream *s = open_stream(3, 4, 0, NULL);

	(void)state;
	pawl_stream_end(s, 0);
	assert_int_equal(emit_now(s, 1), 0);
	pawl_stream_end(s, EIO);
	assert_int_equal(emit_now(s, 2), EPIPE);
	pawl_stream_end(s, ENOSPC);
	assert_next_is(s, 1);
	assert_next_fails(s, PAWL_FOREVER, EIO);
	pawl_stream_end(s, 0);
	assert_next_fails(s, PAWL_FOREVER, EIO);
	pawl_stream_close(s);
}

/*** Waits *************************************************************************************/

static void an_emit_waits_until_there_is_room(void **state)
{
	pawl_stream *s = open_stream(1, 1, 0, NULL);
	struct user u = { .item = 2 };

	(void)state;
	assert_int_equal(emit_now(s, 1), 0);
	start(&u, emits, s);
	assert_next_is(s, 1);
	assert_int_equal(join(&u), 0);
	assert_next_is(s, 2);
	pawl_stream_end(s, 0);
	pawl_stream_close(s);
}

/* One of the readers gets the item. */
static void an_end_or_an_error_wakes_all_readers(void **state)
{
	static const int errors[] = { 0, EIO };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		pawl_stream *s = open_stream(1, 1, 0, NULL);
		struct user u[3] = { { .item = 0 }, { .item = 0 }, { .item = 0 } };
		int got = 0;

		for (size_t j = 0; j < COUNT_OF(u); j++)
			start(&u[j], reads, s);
		assert_int_equal(emit_now(s, 5), 0);
		pawl_stream_end(s, errors[i]);
		for (size_t j = 0; j < COUNT_OF(u); j++) {
			if (join(&u[j]) != 0)
				assert_int_equal(u[j].rc, errors[i] != 0 ? errors[i] : EPIPE);
			assert_int_equal(u[j].item, u[j].rc == 0 ? 5 : 0);
			got += u[j].rc == 0;
		}
		assert_int_equal(got, 1);
		pawl_stream_close(s);
	}
}

static void a_close_or_an_error_of_another_wakes_all_producers(void **state)
{
	(void)state;
	for (int close = 0; close < 2; close++) {
		struct lost lost = { 0, 0 };
		pawl_stream *s = open_stream(1, 3, 0, &lost);
		struct user u[2] = { { .item = 2 }, { .item = 3 } };

		assert_int_equal(emit_now(s, 1), 0);
		start(&u[0], emits, s);
		start(&u[1], emits, s);
		if (close)
			pawl_stream_close(s);
		pawl_stream_end(s, EIO);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(join(&u[i]), EPIPE);
			pawl_stream_end(s, EPIPE);
		}
		if (!close) {
			assert_next_is(s, 1);
			assert_next_fails(s, PAWL_FOREVER, EIO);
			pawl_stream_close(s);
		}
		assert_int_equal(lost.count, close);
	}
}

static void both_end_at_their_deadlines(void **state)
{
	pawl_stream *s = open_stream(1, 1, 0, NULL);
	pawl_time deadline = pawl_after(PAWL_MS(2));

	(void)state;
	assert_next_fails(s, deadline, ETIMEDOUT);
	assert_true(pawl_now() >= deadline);
	assert_int_equal(emit_now(s, 1), 0);
	deadline = pawl_after(PAWL_MS(2));
	assert_int_equal(pawl_stream_emit(s, &(int){ 2 }, deadline), ETIMEDOUT);
	assert_true(pawl_now() >= deadline);
	pawl_stream_end(s, 0);
	assert_next_is(s, 1);
	assert_next_fails(s, PAWL_FOREVER, EPIPE);
	pawl_stream_close(s);
}

static void a_cancel_ends_both_and_takes_nothing(void **state)
{
	pawl_stream *s = open_stream(1, 1, 0, NULL);
	struct user reader = { .item = UNTOUCHED }, producer = { .item = 2 };

	(void)state;
	must(pawl_cancel_open(NULL, &reader.source) == 0);
	producer.source = reader.source;
	start(&reader, reads, s);
	pawl_cancel_fire(reader.source, 1);
	assert_int_equal(join(&reader), ECANCELED);
	assert_int_equal(reader.item, UNTOUCHED);
	assert_int_equal(emit_now(s, 1), 0);
	producer.stream = s;
	producer.deadline = PAWL_FOREVER;
	worker_start(&producer.worker, emits, &producer);
	assert_int_equal(join(&producer), ECANCELED);
	assert_next_is(s, 1);
	assert_next_fails(s, 0, ETIMEDOUT);
	pawl_cancel_close(reader.source);
	pawl_stream_end(s, 0);
	pawl_stream_close(s);
}

/*** Readers that have enough, and lifetime ******************************************************/

static void what_nobody_read_goes_to_evicted_once(void **state)
{
	(void)state;
	for (int end_first = 0; end_first < 2; end_first++) {
		struct lost lost = { 0, 0 };
		pawl_stream *s = open_stream(4, 1, 0, &lost);

		for (int i = 1; i <= 4; i++)
			assert_int_equal(emit_now(s, i), 0);
		assert_next_is(s, 1);
		if (end_first)
			pawl_stream_end(s, 0);
		assert_int_equal(lost.count, 0);
		pawl_stream_close(s);
		assert_int_equal(lost.count, 3);	/* not only when the last producer ends */
		assert_int_equal(lost.sum, 2 + 3 + 4);
		if (!end_first) {
			assert_int_equal(emit_now(s, 5), EPIPE);
			pawl_stream_end(s, EPIPE);
		}
		assert_int_equal(lost.count, 3);
	}
}

static void a_stream_of_the_newest_drops_the_oldest(void **state)
{
	struct lost lost = { 0, 0 };
	pawl_stream *s = open_stream(2, 1, PAWL_QUEUE_DROP_OLDEST, &lost);

	(void)state;
	for (int i = 1; i <= 5; i++)
		assert_int_equal(emit_now(s, i), 0);
	pawl_stream_end(s, 0);
	assert_int_equal(lost.count, 3);
	assert_next_is(s, 4);
	assert_next_is(s, 5);
	assert_next_fails(s, PAWL_FOREVER, EPIPE);
	pawl_stream_close(s);
}

/* Producers of numbers, readers, and one of these who closes after so many. */
enum { PRODUCERS = 3, READERS = 3, EACH = 400, CLOSE_ROUNDS = 200 };

struct race {
	pawl_stream *stream;
	int emitted, refused;			/* atomic */
	int64_t sum, read_sum;			/* atomic */
	int read;				/* atomic */
	int fails_at;				/* a producer, then; 0: never */
	int closes_at;				/* the only reader, then; 0: at the end */
};

static void produce(void *arg)
{
	struct race *r = arg;
	int rc = 0;

	for (int i = 1; i <= EACH && rc == 0; i++) {
		rc = i == r->fails_at ? EIO : pawl_stream_emit(r->stream, &i, PAWL_FOREVER);
		if (rc == 0) {
			(void)pawl_fetch_add_(&r->emitted, 1, relaxed);
			(void)pawl_fetch_add_(&r->sum, i, relaxed);
		}
	}
	if (rc == EPIPE)
		(void)pawl_fetch_add_(&r->refused, 1, relaxed);
	pawl_stream_end(r->stream, rc == EPIPE ? 0 : rc);
}

static void read_some(void *arg)
{
	struct race *r = arg;
	int item, rc, n = 0;

	while ((rc = pawl_stream_next(r->stream, &item, PAWL_FOREVER)) == 0) {
		(void)pawl_fetch_add_(&r->read, 1, relaxed);
		(void)pawl_fetch_add_(&r->read_sum, item, relaxed);
		if (++n == r->closes_at)
			break;
	}
	must(rc == 0 ? r->closes_at != 0 : rc == (r->fails_at != 0 ? EIO : EPIPE));
	if (r->closes_at != 0)
		pawl_stream_close(r->stream);
}

/* Return: what the readers have not got. */
static struct lost run_race(struct race *r, int readers)
{
	struct lost lost = { 0, 0 };
	struct worker w[PRODUCERS + READERS];

	r->stream = open_stream(5, PRODUCERS, 0, &lost);
	for (int i = 0; i < PRODUCERS + readers; i++)
		worker_start(&w[i], i < PRODUCERS ? produce : read_some, r);
	for (int i = 0; i < PRODUCERS + readers; i++)
		worker_join(&w[i]);
	if (r->closes_at == 0)
		pawl_stream_close(r->stream);
	assert_int_equal(r->emitted, r->read + lost.count);
	assert_int_equal(r->sum, r->read_sum + lost.sum);
	return lost;
}

static void each_item_is_read_once_by_one_of_several(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS(20); i++) {
		struct race r = { .closes_at = 0 };

		assert_int_equal(run_race(&r, READERS).count, 0);
		assert_int_equal(r.read, PRODUCERS * EACH);
	}
}

static void whenever_one_fails_what_came_before_is_read(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS(40); i++) {
		struct race r = { .fails_at = 1 + i * 9 };

		assert_int_equal(run_race(&r, READERS).count, 0);
	}
}

static void whenever_the_reader_closes_each_item_is_read_or_evicted(void **state)
{
	int lost = 0, refused = 0;

	(void)state;
	for (int i = 0; i < ROUNDS(CLOSE_ROUNDS); i++) {
		struct race r = { .closes_at = 1 + i % EACH };

		lost += run_race(&r, 1).count;
		refused += r.refused;
	}
	note("%d items evicted, %d producers refused", lost, refused);
	assert_true(lost > 0 && refused > 0);
}

/*** Misuse ************************************************************************************/

static void end_too_often(void *arg)
{
	pawl_stream *s = open_stream(1, 2, 0, arg);

	for (int i = 0; i < 3; i++)
		pawl_stream_end(s, 0);
}

static void close_twice(void *arg)
{
	pawl_stream *s = open_stream(1, 1, 0, arg);

	pawl_stream_close(s);
	pawl_stream_close(s);
}

static void misuse_is_one_sentence(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, end_too_often, NULL);
	child_assert_misuse(&c, "pawl_stream_end: stream 0x");
	child_assert_misuse(&c, " has no producer that has not ended");
	child_run(&c, close_twice, NULL);
	child_assert_misuse(&c, "pawl_stream_close: stream 0x");
	child_assert_misuse(&c, " was closed before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(misuse_is_one_sentence),	/* with one thread */
		TEST(a_bad_configuration_is_refused),
		TEST(without_memory_none_is_made_and_nothing_leaks),
		TEST(what_was_emitted_is_read_in_order_and_then_the_end),
		TEST(it_ends_when_the_last_producer_has),
		TEST(the_first_that_fails_ends_it_for_all),
		TEST(an_emit_waits_until_there_is_room),
		TEST(an_end_or_an_error_wakes_all_readers),
		TEST(a_close_or_an_error_of_another_wakes_all_producers),
		TEST(both_end_at_their_deadlines),
		TEST(a_cancel_ends_both_and_takes_nothing),
		TEST(what_nobody_read_goes_to_evicted_once),
		TEST(a_stream_of_the_newest_drops_the_oldest),
		TEST(each_item_is_read_once_by_one_of_several),
		TEST(whenever_one_fails_what_came_before_is_read),
		TEST(whenever_the_reader_closes_each_item_is_read_or_evicted),
	};

	return test_main(tests);
}
