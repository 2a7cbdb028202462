/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_lobby.c - threads that sleep at gates, from inside: one call wakes all who wait for an
 * object, and what is meant for others costs them a look and no more: wait/lobby.h.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include <pawl/event.h>
#include <pawl/scope.h>

#include "support.h"
#include "reclaim/sizes.h"
#include "wait/lobby.h"

struct sleeper {
	struct worker worker;
	pawl_event *event;
	pawl_time deadline;
	pawl_cancel *source;	/* NULL: none */
	int rc;
};

static void sleep_once(void *arg)
{
	struct sleeper *s = arg;
	pawl_scope scope;

	pawl_scope_enter(&scope, PAWL_FOREVER, s->source, 0);
	s->rc = pawl_scope_leave(&scope, pawl_event_wait_until(s->event, s->deadline));
}

static void sleeper_start(struct sleeper *s, pawl_event *e, pawl_time deadline,
	pawl_cancel *source)
{
	*s = (struct sleeper){ .event = e, .deadline = deadline, .source = source };
	worker_start(&s->worker, sleep_once, s);
	worker_await_wait(&s->worker, "event", e);
}

static int sleeper_join(struct sleeper *s)
{
	worker_join(&s->worker);
	return s->rc;
}

/* Others of the library sleep nowhere while a test runs. */
static uint32_t calls_of(const pawl_event *e)
{
	return lobby_calls(pawl_i_lobby(&e->word_));
}

static void one_call_wakes_100_threads(void **state)
{
	enum { MANY = 100 };
	static struct sleeper s[MANY];
	pawl_event e = PAWL_EVENT_INIT;
	uint32_t before = calls_of(&e);

	(void)state;
	for (int i = 0; i < MANY; i++)
		sleeper_start(&s[i], &e, PAWL_FOREVER, NULL);
	assert_int_equal(calls_of(&e), before);
	pawl_event_set(&e);
	assert_int_equal(calls_of(&e), before + 1);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(sleeper_join(&s[i]), 0);
	assert_int_equal(calls_of(&e), before + 1);
}

static void a_set_for_which_nobody_slept_makes_no_call(void **state)
{
	pawl_event e = PAWL_EVENT_INIT;
	uint32_t before = calls_of(&e);

	(void)state;
	for (int i = 0; i < 3; i++) {
		pawl_event_set(&e);
		assert_int_equal(pawl_event_wait(&e), 0);
		pawl_event_set(&e);
		pawl_event_clear(&e);
	}
	assert_int_equal(calls_of(&e), before);
}

/* It may be needed, if who set it was stopped; but not a second time. */
static void who_sets_it_when_it_is_set_calls_once(void **state)
{
	pawl_event e = PAWL_EVENT_INIT;
	uint32_t before = calls_of(&e);
	struct sleeper s;

	(void)state;
	sleeper_start(&s, &e, PAWL_FOREVER, NULL);
	pawl_event_set(&e);
	assert_int_equal(sleeper_join(&s), 0);
	for (int i = 0; i < 3; i++)
		pawl_event_set(&e);
	assert_int_equal(calls_of(&e), before + 2);
}

/* Two events whose threads the kernel cannot tell apart. */
static void find_two_alike(pawl_event *events, size_t count, pawl_event **ret_one,
	pawl_event **ret_other)
{
	const pawl_event *one = &events[0];

	for (size_t i = 1; i < count; i++)
		if (pawl_i_lobby(&events[i].word_) == pawl_i_lobby(&one->word_) &&
		    pawl_i_lobby_bit(&events[i].word_) == pawl_i_lobby_bit(&one->word_)) {
			*ret_one = &events[0];
			*ret_other = &events[i];
			return;
		}
	fail_msg("no two of %zu are alike", count);
}

static void who_is_woken_for_another_object_sleeps_again(void **state)
{
	enum { MANY = 16 * LOBBIES * LOBBY_BITS };
	pawl_event *events = calloc(MANY, sizeof *events), *one = NULL, *other = NULL;
	struct sleeper s, t;

	(void)state;
	assert_non_null(events);
	find_two_alike(events, MANY, &one, &other);
	sleeper_start(&s, one, PAWL_FOREVER, NULL);
	for (int i = 0; i < 100; i++) {
		sleeper_start(&t, other, PAWL_FOREVER, NULL);
		pawl_event_set(other);
		assert_int_equal(sleeper_join(&t), 0);
		pawl_event_clear(other);
		worker_await_wait(&s.worker, "event", one);
	}
	pawl_event_set(one);
	assert_int_equal(sleeper_join(&s), 0);
	free(events);
}

static void a_cancel_ends_the_waits_under_it_and_no_others(void **state)
{
	enum { MANY = 40 };	/* more than there are bits for single ones */
	static struct sleeper s[MANY];
	pawl_event e = PAWL_EVENT_INIT;
	pawl_cancel *source;

	(void)state;
	assert_int_equal(pawl_cancel_open(NULL, &source), 0);
	for (int i = 0; i < MANY; i++)
		sleeper_start(&s[i], &e, PAWL_FOREVER, i % 2 == 0 ? source : NULL);
	pawl_cancel_fire(source, 1);
	for (int i = 0; i < MANY; i += 2)
		assert_int_equal(sleeper_join(&s[i]), ECANCELED);
	for (int i = 1; i < MANY; i += 2)
		worker_await_wait(&s[i].worker, "event", &e);
	pawl_event_set(&e);
	for (int i = 1; i < MANY; i += 2)
		assert_int_equal(sleeper_join(&s[i]), 0);
	pawl_cancel_close(source);
}

static void deadlines_end_waits_one_by_one(void **state)
{
	enum { MANY = 20 };
	static struct sleeper s[MANY];
	pawl_event e = PAWL_EVENT_INIT;
	pawl_time begin = pawl_now();

	(void)state;
	for (int i = 0; i < MANY; i++)
		sleeper_start(&s[i], &e, i % 2 == 0 ? begin + PAWL_MS(500) + PAWL_MS(i) :
			      PAWL_FOREVER, NULL);
	for (int i = 0; i < MANY; i += 2)
		assert_int_equal(sleeper_join(&s[i]), ETIMEDOUT);
	for (int i = 1; i < MANY; i += 2)
		worker_await_wait(&s[i].worker, "event", &e);
	pawl_event_set(&e);
	for (int i = 1; i < MANY; i += 2)
		assert_int_equal(sleeper_join(&s[i]), 0);
}

/* Last: the clock stays virtual. */
static void the_virtual_clock_ends_waits_one_by_one(void **state)
{
	enum { MANY = 20 };
	static struct sleeper s[MANY];
	pawl_event e = PAWL_EVENT_INIT;

	(void)state;
	for (int i = 0; i < MANY; i++)
		sleeper_start(&s[i], &e, i % 2 == 0 ? PAWL_S(1000000) + i : PAWL_FOREVER, NULL);
	assert_int_equal(pawl_clock_set_virtual(PAWL_S(1000000) - 1), 0);
	for (int i = 0; i < MANY; i += 2) {
		worker_await_wait(&s[i].worker, "event", &e);
		assert_int_equal(pawl_clock_advance(i == 0 ? 1 : 2), 0);
		assert_int_equal(sleeper_join(&s[i]), ETIMEDOUT);
	}
	for (int i = 1; i < MANY; i += 2)
		worker_await_wait(&s[i].worker, "event", &e);
	pawl_event_set(&e);
	for (int i = 1; i < MANY; i += 2)
		assert_int_equal(sleeper_join(&s[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_call_wakes_100_threads),
		TEST(a_set_for_which_nobody_slept_makes_no_call),
		TEST(who_sets_it_when_it_is_set_calls_once),
		TEST(who_is_woken_for_another_object_sleeps_again),
		TEST(a_cancel_ends_the_waits_under_it_and_no_others),
		TEST(deadlines_end_waits_one_by_one),
		TEST(the_virtual_clock_ends_waits_one_by_one),
	};

	return test_main(tests);
}
