/* SPDX-License-Identifier: BSD-2-Clause */
/* test_permits.c - lib/sync/permits.h: how many there are, who gets them, and the ends of what the
 * words can count. */
#include "config.h"

#include <errno.h>
#include <sched.h>

#include <pawl/atomic.h>

#include "sync/permits.h"
#include "wait/limit.h"

#include "support.h"

/* Given's announces, next to where they begin anew. */
#define LAST_ANNOUNCE UINT64_C(0xfffffffc)
#define ANNOUNCES(count) ((uint32_t)(count) << 2)

struct counted {
	struct permits permits;
	struct permits_given given;
	struct permits_taken taken;
};

/* Where the counts begin. */
struct beginning {
	uint64_t count;		/* of both, so that there are none */
	uint64_t announces;	/* as in the word */
};

/* Next to where the counts wrap, or could be taken for negative ones, too. */
static const struct beginning beginnings[] = {
	{ 0, 0 },
	{ 0, LAST_ANNOUNCE },
	{ 1, LAST_ANNOUNCE - ANNOUNCES(2) },
	{ ((uint64_t)1 << 31) - 2, 0 },
	{ ((uint64_t)1 << 31) - PERMITS_MAX, 0 },
	{ ((uint64_t)1 << 32) - 1, LAST_ANNOUNCE },
	{ ((uint64_t)1 << 32) - 3, LAST_ANNOUNCE - ANNOUNCES(1) },
	{ ((uint64_t)5 << 32) - PERMITS_MAX + 1, ANNOUNCES(1 << 29) },
	{ ((uint64_t)1 << 62) - 2, LAST_ANNOUNCE },
	/* Taken's own count never wraps. */
	{ ((uint64_t)1 << 63) - 24 * (uint64_t)PERMITS_MAX, 0 },
};

#define FOR_EACH_BEGINNING(b) \
	for (const struct beginning *b = beginnings; b < beginnings + COUNT_OF(beginnings); b++)

static struct permits *begin(struct counted *c, const struct beginning *b)
{
	*c = (struct counted){
		.permits = { &c->given, &c->taken },
		.given = { .word = b->count << PERMITS_SHIFT | b->announces },
		.taken = { .word = b->count << PERMITS_TAKEN_SHIFT, .limit = b->count },
	};
	return &c->permits;
}

/* Return: how many there are, shut or not. */
static int32_t count(const struct permits *p)
{
	return permits_between(p->given->word, p->taken->word);
}

static int32_t left_in(const struct permits *p)
{
	bool shut;
	int32_t n = permits_left(p, &shut);

	assert_false(shut);
	return n;
}

static bool is_shut(const struct permits *p)
{
	bool shut;

	(void)permits_left(p, &shut);
	return shut;
}

static void assert_permits(struct permits *p, uint32_t n)
{
	uint32_t took = 0;
	int err = 0;

	assert_int_equal(p->given->line, 0);
	assert_int_equal(left_in(p), n);
	assert_int_equal(p->given->word & PERMITS_SOME_WAIT, 0);
	/* Each take has those of which takers know; there may be more. */
	while (took < n && permits_take(p, 1, &err) == 1)
		took += 1 + permits_take(p, UINT32_MAX, &err);
	assert_int_equal(took, n);
	assert_int_equal(permits_take(p, 1, &err), 0);
	assert_int_equal(err, EAGAIN);
	assert_int_equal(left_in(p), 0);
	if (n > 0)
		permits_give(p, n);
}

static void as_many_are_taken_as_there_are_and_not_more_than_asked_for(void **state)
{
	(void)state;
	FOR_EACH_BEGINNING(b) {
		struct counted c;
		struct permits *p = begin(&c, b);
		int err = 0;

		assert_permits(p, 0);
		permits_give(p, 5);
		assert_permits(p, 5);
		assert_int_equal(permits_take(p, 2, &err), 2);
		assert_int_equal(permits_take(p, 2, &err), 2);
		assert_int_equal(permits_take(p, 2, &err), 1);
		assert_permits(p, 0);
	}
}

static void the_most_of_them_touch_nothing_else_in_the_words(void **state)
{
	(void)state;
	FOR_EACH_BEGINNING(b) {
		struct counted c;
		struct permits *p = begin(&c, b);
		int err;

		for (int round = 0; round < 9; round++) {
			permits_give(p, PERMITS_MAX - 1);
			permits_give(p, 1);
			assert_permits(p, PERMITS_MAX);
			assert_int_equal(permits_take(p, PERMITS_MAX, &err), PERMITS_MAX);
			assert_permits(p, 0);
			assert_int_equal((uint32_t)c.given.word, b->announces);
			assert_int_equal(c.taken.word & PERMITS_TAKEN_SHUT, 0);
		}
	}
}

/* Takers may know of fewer than there are, and of none: then they look. */
static void those_that_were_given_later_are_found(void **state)
{
	(void)state;
	FOR_EACH_BEGINNING(b) {
		struct counted c;
		struct permits *p = begin(&c, b);
		int err;

		for (uint32_t known = 0; known < 4; known++)
			for (uint32_t later = 1; later < 4; later++) {
				uint32_t left = known + later;

				permits_give(p, 1);
				for (uint32_t i = 0; i < known; i++)
					permits_give(p, 1);
				assert_int_equal(permits_take(p, 1, &err), 1);
				permits_give(p, later);
				assert_int_equal(left_in(p), left);
				for (; left > 0; left--)
					assert_int_equal(permits_take(p, 1, &err), 1);
				assert_permits(p, 0);
			}
	}
}

/* What takers know is never more than was given, wherever the counts are. */
static void what_takers_know_may_be_as_old_as_it_will(void **state)
{
	(void)state;
	FOR_EACH_BEGINNING(b)
		for (uint64_t age = 0; age < 4; age++) {
			struct counted c;
			struct permits *p = begin(&c, b);

			c.taken.limit = age * (b->count / 3);
			assert_permits(p, 0);
			permits_give(p, 2);
			assert_permits(p, 2);
		}
}

/* The count of announces begins anew, and nothing else changes. */
static void announces_may_wrap(void **state)
{
	(void)state;
	FOR_EACH_BEGINNING(b) {
		struct counted c;
		struct permits *p = begin(&c, b);
		uint64_t given = b->count << PERMITS_SHIFT;

		c.given.word = given | LAST_ANNOUNCE;
		assert_int_equal(pawl_i_permits_announce(p), EAGAIN);
		assert_true(c.given.word == (given | PERMITS_SOME_WAIT));
		assert_int_equal(pawl_i_permits_announce(p), EAGAIN);
		assert_true(c.given.word == (given | PERMITS_SOME_WAIT | ANNOUNCES(1)));
		permits_give(p, 3);	/* and nobody is in line */
		assert_permits(p, 3);
		c.given.word |= LAST_ANNOUNCE;
		assert_int_equal(pawl_i_permits_announce(p), 0);
		assert_permits(p, 3);
	}
}

static void shut_there_are_none_whatever_is_given(void **state)
{
	(void)state;
	FOR_EACH_BEGINNING(b)
		for (uint32_t n = 0; n < 3; n++) {
			struct counted c;
			struct permits *p = begin(&c, b);
			struct wait_for what = { "permits", p, NULL };
			struct limit l = pawl_i_limit(PAWL_FOREVER);
			int err = 0;

			permits_give(p, n + 1);
			for (int i = 0; i < 3; i++) {
				pawl_i_permits_shut(p);
				assert_int_equal(permits_take(p, 1, &err), 0);
				assert_int_equal(err, EPIPE);
				assert_int_equal(pawl_i_permits_announce(p), EPIPE);
				assert_int_equal(pawl_i_permits_wait(p, &what, &l), EPIPE);
				permits_give(p, 1);
				assert_true(is_shut(p));
			}
			assert_int_equal(count(p), n + 4);
			assert_int_equal(c.given.line, 0);
		}
}

/*** Those who wait ****************************************************************************/

struct taker {
	struct worker worker;
	struct permits *permits;
	pawl_time deadline;
	int result;
};

static void take(void *arg)
{
	struct taker *t = arg;
	struct wait_for what = { "permits", t->permits, NULL };
	struct limit l = pawl_i_limit(t->deadline);

	t->result = pawl_i_permits_wait(t->permits, &what, &l);
}

static void taker_await(struct taker *t)
{
	worker_await_wait(&t->worker, "permits", t->permits);
}

static void taker_start(struct taker *t, struct permits *p)
{
	*t = (struct taker){ .permits = p, .deadline = PAWL_FOREVER };
	worker_start(&t->worker, take, t);
	taker_await(t);
}

static void taker_join(struct taker *t, int result)
{
	worker_join(&t->worker);
	assert_int_equal(t->result, result);
}

static void they_are_handed_to_who_waited_longest_and_the_rest_laid_down(void **state)
{
	(void)state;
	FOR_EACH_BEGINNING(b) {
		struct counted c;
		struct permits *p = begin(&c, b);
		struct taker t[6];

		for (size_t i = 0; i < COUNT_OF(t); i++)
			taker_start(&t[i], p);
		assert_true(pawl_i_permits_have_line(p));
		permits_give(p, 1);
		taker_join(&t[0], 0);
		assert_int_equal(count(p), 0);
		taker_await(&t[1]);
		permits_give(p, 2);
		taker_join(&t[1], 0);
		taker_join(&t[2], 0);
		taker_await(&t[3]);
		permits_give(p, 5);
		for (size_t i = 3; i < COUNT_OF(t); i++)
			taker_join(&t[i], 0);
		assert_permits(p, 2);
		assert_false(pawl_i_permits_have_line(p));
	}
}

static void what_was_handed_to_one_that_sleeps_is_not_in_the_word(void **state)
{
	struct counted c;
	struct permits *p = begin(&c, beginnings);
	struct taker t;
	int err = 0;

	(void)state;
	taker_start(&t, p);
	worker_freeze(&t.worker);
	permits_give(p, 1);
	assert_int_equal(permits_take(p, 1, &err), 0);
	assert_int_equal(err, EAGAIN);
	permits_give(p, 1);
	assert_int_equal(permits_take(p, 1, &err), 1);
	assert_true(pawl_i_permits_have_line(p));	/* it has not left yet */
	worker_thaw(&t.worker);
	taker_join(&t, 0);
	assert_permits(p, 0);
}

static void shutting_ends_all_waits(void **state)
{
	(void)state;
	FOR_EACH_BEGINNING(b) {
		struct counted c;
		struct permits *p = begin(&c, b);
		struct taker t[4];

		for (size_t i = 0; i < COUNT_OF(t); i++)
			taker_start(&t[i], p);
		pawl_i_permits_shut(p);
		for (size_t i = 0; i < COUNT_OF(t); i++)
			taker_join(&t[i], EPIPE);
		assert_int_equal(c.given.line, 0);
	}
}

static void a_wait_ends_at_its_deadline_and_takes_what_is_there_after_it(void **state)
{
	const pawl_time deadlines[] = { INT64_MIN, 0, pawl_after(PAWL_MS(2)) };
	struct counted c;
	struct permits *p = begin(&c, beginnings);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
		struct taker t = { .permits = p, .deadline = deadlines[i] };

		take(&t);
		assert_int_equal(t.result, ETIMEDOUT);
		assert_true(pawl_now() >= deadlines[i]);
		permits_give(p, 1);
		take(&t);
		assert_int_equal(t.result, 0);
	}
	assert_permits(p, 0);
}

enum { THREADS = 4, TURNS = 1500 };

struct crowd {
	struct counted counted;
	int64_t taken;		/* atomic; not more than there are */
};

static void take_and_give(void *arg)
{
	struct crowd *c = arg;
	struct permits *p = &c->counted.permits;
	struct wait_for what = { "permits", p, NULL };
	unsigned seed = (unsigned)(uintptr_t)&what;

	for (int i = 0; i < ROUNDS(TURNS);) {
		struct limit l = pawl_i_limit(i == 0 || (seed + (unsigned)i) % 3 ? PAWL_FOREVER :
					      pawl_after(PAWL_US(i % 20)));
		int rc = pawl_i_permits_wait(p, &what, &l);

		must(rc == 0 || rc == ETIMEDOUT);
		if (rc != 0)
			continue;
		must(pawl_fetch_add_(&c->taken, 1, relaxed) < 2);
		sched_yield();
		must(pawl_fetch_sub_(&c->taken, 1, relaxed) > 0);
		permits_give(p, 1);
		i++;
	}
}

/* The counts wrap on the way, too. */
static void in_a_crowd_they_stay_as_many_while_announces_wrap(void **state)
{
	const struct beginning near = { ((uint64_t)1 << 32) - 20, LAST_ANNOUNCE - ANNOUNCES(2) };
	struct crowd c = { .taken = 0 };
	struct permits *p = begin(&c.counted, &near);
	struct worker w[THREADS];
	uint32_t announces;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_start(&w[i], take_and_give, &c);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_await_wait(&w[i], "permits", p);
	permits_give(p, 2);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_join(&w[i]);
	announces = (uint32_t)c.counted.given.word >> 2;
	note("%u announces after the wrap", (unsigned)announces);
	assert_true(announces < ((uint32_t)1 << 29));
	assert_int_equal(c.taken, 0);
	assert_permits(p, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(as_many_are_taken_as_there_are_and_not_more_than_asked_for),
		TEST(the_most_of_them_touch_nothing_else_in_the_words),
		TEST(those_that_were_given_later_are_found),
		TEST(what_takers_know_may_be_as_old_as_it_will),
		TEST(announces_may_wrap),
		TEST(shut_there_are_none_whatever_is_given),
		TEST(they_are_handed_to_who_waited_longest_and_the_rest_laid_down),
		TEST(what_was_handed_to_one_that_sleeps_is_not_in_the_word),
		TEST(shutting_ends_all_waits),
		TEST(a_wait_ends_at_its_deadline_and_takes_what_is_there_after_it),
		TEST(in_a_crowd_they_stay_as_many_while_announces_wrap),
	};

	return test_main(tests);
}
