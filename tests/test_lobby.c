/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_lobby.c - threads that sleep at gates, from inside: one call wakes all who wait for an
 * object, and what is meant for others costs them a look and no more; and threads in rooms, of
 * which each is woken alone, or all by a call for each room: wait/lobby.h.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include <pawl/event.h>
#include <pawl/notify.h>
#include <pawl/op.h>
#include <pawl/scope.h>

#include "support.h"
#include "reclaim/sizes.h"
#include "wait/context.h"
#include "wait/lobby.h"
#include "wait/waiter.h"

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
	/* Addresses at the same distance are hashed to values at about the same distance: so the
	 * first one may have none that is like it, where the array happens to begin. */
	for (size_t k = 0; k < count / 2; k++)
		for (size_t i = k + 1; i < k + count / 2; i++)
			if (pawl_i_lobby(&events[i].word_) == pawl_i_lobby(&events[k].word_) &&
			    pawl_i_lobby_bit(&events[i].word_) ==
			    pawl_i_lobby_bit(&events[k].word_)) {
				*ret_one = &events[k];
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

/*** Rooms *************************************************************************************/

static void each_waiter_has_a_bit_of_its_own_in_its_room(void **state)
{
	uint32_t used[ROOMS] = { 0 };

	(void)state;
	for (uint32_t handle = 0; room_is_for(handle); handle++) {
		size_t room = handle / ROOM_BITS;
		struct rooms one = { .in = 0 };

		pawl_i_rooms_add(&one, handle);
		assert_true(one.in == (uint64_t)1 << room);
		assert_true(pawl_i_room(handle) == pawl_i_room((uint32_t)room * ROOM_BITS));
		assert_int_equal(one.bits[room], room_bit(handle));
		assert_int_equal(used[room] & room_bit(handle), 0);
		used[room] |= room_bit(handle);
	}
}

static void wait_for_notify(void *arg)
{
	must(pawl_notify_wait_until(arg, PAWL_FOREVER) == 0);
}

static void listener_start(struct worker *w, pawl_notify *n)
{
	worker_start(w, wait_for_notify, n);
	worker_await_wait(w, "notify", n);
}

/* Those of threads that wait in rooms. */
static unsigned who_waits(struct rooms *ret)
{
	unsigned count = 0;

	ret->in = 0;
	for (struct context *c = pawl_i_context_newest(); c; c = c->older)
		if (pawl_i_context_is_in_room(c)) {
			pawl_i_rooms_add(ret, c->waiter->handle);
			count++;
		}
	return count;
}

/* Return: the calls in all rooms until now; @ret_used: how many rooms those in @set are in. */
static uint32_t calls_in_rooms(const struct rooms *set, uint32_t *ret_used)
{
	uint32_t calls = 0;

	*ret_used = 0;
	for (uint32_t i = 0; i < ROOMS; i++) {
		calls += lobby_calls(pawl_i_room(i * ROOM_BITS));
		*ret_used += (uint32_t)(set->in >> i & 1);
	}
	return calls;
}

static void all_wakes_100_threads_by_a_call_for_each_room(void **state)
{
	enum { MANY = 100 };
	static struct worker w[MANY];
	pawl_notify n = PAWL_NOTIFY_INIT;
	uint32_t before, used;
	struct rooms set;

	(void)state;
	for (int i = 0; i < MANY; i++)
		listener_start(&w[i], &n);
	assert_int_equal(who_waits(&set), MANY);
	before = calls_in_rooms(&set, &used);
	assert_in_range(used, 4, 8);
	pawl_notify_all(&n);
	for (int i = 0; i < MANY; i++)
		worker_join(&w[i]);
	assert_int_equal(calls_in_rooms(&set, &used), before + used);
	assert_int_equal(who_waits(&set), 0);
}

static void one_calls_the_one_it_is_for(void **state)
{
	enum { MANY = 40 };
	static struct worker w[MANY];
	pawl_notify n = PAWL_NOTIFY_INIT;
	struct rooms before, after;
	uint32_t calls, unused;

	(void)state;
	for (int i = 0; i < MANY; i++)
		listener_start(&w[i], &n);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(who_waits(&before), MANY - i);
		calls = calls_in_rooms(&before, &unused);
		pawl_notify_one(&n);
		worker_join(&w[i]);
		assert_int_equal(calls_in_rooms(&before, &unused), calls + 1);
		assert_int_equal(who_waits(&after), MANY - i - 1);
	}
}

static void end_op(pawl_op *op, int rc)
{
	(void)op;
	must(rc == 0);
}

/* Ops use up what comes first. */
static void who_has_no_room_sleeps_on_its_own_word(void **state)
{
	enum { OPS = ROOMS * ROOM_BITS, MANY = 200 };
	pawl_op *ops = calloc(OPS, sizeof *ops);
	static struct worker w[MANY];
	pawl_event e = PAWL_EVENT_INIT;
	pawl_notify n = PAWL_NOTIFY_INIT;
	struct rooms set;

	(void)state;
	assert_non_null(ops);
	for (int i = 0; i < OPS; i++) {
		pawl_op_init_inline(&ops[i], end_op, NULL);
		assert_int_equal(pawl_event_wait_op(&e, &ops[i]), EINPROGRESS);
	}
	for (int i = 0; i < MANY; i++)
		listener_start(&w[i], &n);
	assert_in_range(who_waits(&set), 1, MANY - 1);
	for (int i = 0; i < MANY / 2; i++) {
		pawl_notify_one(&n);
		worker_join(&w[i]);
	}
	pawl_notify_all(&n);
	for (int i = MANY / 2; i < MANY; i++)
		worker_join(&w[i]);
	pawl_event_set(&e);
	free(ops);
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
		TEST(each_waiter_has_a_bit_of_its_own_in_its_room),
		TEST(all_wakes_100_threads_by_a_call_for_each_room),
		TEST(one_calls_the_one_it_is_for),
		TEST(who_has_no_room_sleeps_on_its_own_word),
		TEST(the_virtual_clock_ends_waits_one_by_one),
	};

	return test_main(tests);
}
