/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_latch.c - pawl/latch.h: arrivals.  What it has in common with event, notify and future:
 * test_gate_*.c.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate_kinds.h"

static const struct gate_kind *const kind = &gate_kinds[GATE_LATCH];

static void all_zero_memory_is_an_open_latch(void **state)
{
	pawl_latch *l = calloc(1, sizeof *l), made = PAWL_LATCH_INIT(0), initialised;

	(void)state;
	assert_non_null(l);
	assert_int_equal(pawl_latch_wait_until(l, PAWL_FOREVER), 0);
	assert_memory_equal(l, &made, sizeof *l);
	memset(&initialised, 0xff, sizeof initialised);
	assert_int_equal(pawl_latch_init(&initialised, 0), 0);
	assert_memory_equal(l, &initialised, sizeof *l);
	free(l);
}

static void it_opens_with_the_last_arrival_and_stays_open(void **state)
{
	(void)state;
	for (uint32_t count = 1; count <= 70; count++) {
		pawl_latch l = PAWL_LATCH_INIT(count), initialised;

		assert_int_equal(pawl_latch_init(&initialised, count), 0);
		assert_memory_equal(&l, &initialised, sizeof l);
		for (uint32_t i = 0; i < count; i++) {
			assert_int_equal(pawl_latch_wait_until(&l, 0), ETIMEDOUT);
			pawl_latch_arrive(&l);
		}
		for (int i = 0; i < 3; i++)
			assert_int_equal(pawl_latch_wait_until(&l, INT64_MIN), 0);
		assert_true(gate_is_idle(kind, &l));
	}
}

static void it_counts_up_to_the_largest_number(void **state)
{
	pawl_latch l = PAWL_LATCH_INIT(UINT32_MAX);

	(void)state;
	for (int i = 0; i < 1000; i++)
		pawl_latch_arrive(&l);
	assert_int_equal(pawl_latch_wait_until(&l, 0), ETIMEDOUT);
	assert_int_equal(pawl_latch_init(&l, UINT32_MAX), 0);
	pawl_latch_arrive(&l);
	assert_int_equal(pawl_latch_wait_until(&l, 0), ETIMEDOUT);
}

/* A latch can be made anew when nobody is inside. */
static void it_may_be_made_anew(void **state)
{
	pawl_latch l = PAWL_LATCH_INIT(1);

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct gate_waiter w = GATE_WAITER(kind, &l);

		assert_int_equal(pawl_latch_init(&l, 2), 0);
		gate_waiter_park(&w);
		pawl_latch_arrive(&l);
		worker_await_wait(&w.worker, "latch", &l);
		gate_written++;
		pawl_latch_arrive(&l);
		gate_waiter_assert_passes(&w, gate_written);
	}
}

/*** Arrivals of several threads ***************************************************************/

enum { ARRIVERS = 4, WAITERS = 3, EACH = 5 };

struct meeting {
	pthread_barrier_t begun, over;
	int rounds;
	pawl_latch latch;
	int data[ARRIVERS];	/* written before each one's arrivals, read by all who pass */
};

struct member {
	struct worker worker;
	struct meeting *meeting;
	int id;
	int timeouts;
};

static void arrive_each_round(void *arg)
{
	struct member *me = arg;
	struct meeting *m = me->meeting;

	for (int round = 0; round < m->rounds; round++) {
		pthread_barrier_wait(&m->begun);
		for (int i = 0; i < EACH; i++) {
			m->data[me->id] += round;
			pawl_latch_arrive(&m->latch);
			if (i == EACH - 2 && round % 4 == me->id)
				nap(PAWL_US(20));
		}
		pthread_barrier_wait(&m->over);
	}
}

static void wait_each_round(void *arg)
{
	struct member *me = arg;
	struct meeting *m = me->meeting;

	for (int round = 0; round < m->rounds; round++) {
		int rc;

		pthread_barrier_wait(&m->begun);
		do {
			rc = pawl_latch_wait_until(&m->latch, (round + me->id) % 2 ? PAWL_FOREVER :
						   pawl_after(PAWL_US(round % 50)));
			must(rc == 0 || rc == ETIMEDOUT);
			me->timeouts += rc == ETIMEDOUT;
		} while (rc != 0);
		for (int i = 0; i < ARRIVERS; i++)
			must(m->data[i] == EACH * round);
		pthread_barrier_wait(&m->over);
	}
}

static void it_opens_when_all_have_arrived_and_shows_what_they_did(void **state)
{
	struct meeting m = { .rounds = ROUNDS(5000) };
	struct member member[ARRIVERS + WAITERS];
	int timeouts = 0;

	(void)state;
	pthread_barrier_init(&m.begun, NULL, COUNT_OF(member) + 1);
	pthread_barrier_init(&m.over, NULL, COUNT_OF(member) + 1);
	for (int i = 0; i < (int)COUNT_OF(member); i++) {
		member[i] = (struct member){ .meeting = &m, .id = i };
		worker_start(&member[i].worker, i < ARRIVERS ? arrive_each_round : wait_each_round,
			&member[i]);
	}
	for (int round = 0; round < m.rounds; round++) {
		assert_int_equal(pawl_latch_init(&m.latch, ARRIVERS * EACH), 0);
		memset(m.data, 0, sizeof m.data);
		pthread_barrier_wait(&m.begun);
		pthread_barrier_wait(&m.over);
		assert_true(gate_is_idle(kind, &m.latch));
	}
	for (size_t i = 0; i < COUNT_OF(member); i++) {
		worker_join(&member[i].worker);
		timeouts += member[i].timeouts;
	}
	note("%d waits timed out", timeouts);
	pthread_barrier_destroy(&m.begun);
	pthread_barrier_destroy(&m.over);
}

/*** Too many **********************************************************************************/

/* Static, so that its address is the same in the child. */
static pawl_latch misused;

static void arrive_at_it(void *arg)
{
	(void)arg;
	pawl_latch_arrive(&misused);
}

static void arrive_once_more(void *arg)
{
	struct worker w;

	(void)arg;
	pawl_latch_arrive(&misused);
	pawl_latch_arrive(&misused);
	must(pawl_latch_wait_until(&misused, 0) == 0);
	worker_start(&w, arrive_at_it, NULL);
	worker_join(&w);
}

static void expect_too_many(void (*fn)(void *arg))
{
	struct child c;
	char line[256];

	child_run(&c, fn, NULL);
	child_assert_misuse(&c, "pawl_latch_arrive");
	snprintf(line, sizeof line, "pawl: pawl_latch_arrive: latch %p is open: all have arrived\n",
		(void *)&misused);
	assert_string_equal(c.text, line);
}

static void too_many_arrivals_end_the_process_with_one_sentence(void **state)
{
	(void)state;
	assert_int_equal(pawl_latch_init(&misused, 2), 0);
	expect_too_many(arrive_once_more);
}

static void an_arrival_at_a_latch_for_none_does_too(void **state)
{
	(void)state;
	assert_int_equal(pawl_latch_init(&misused, 0), 0);
	expect_too_many(arrive_at_it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_zero_memory_is_an_open_latch),
		TEST(it_opens_with_the_last_arrival_and_stays_open),
		TEST(it_counts_up_to_the_largest_number),
		TEST(it_may_be_made_anew),
		TEST(it_opens_when_all_have_arrived_and_shows_what_they_did),
		TEST(too_many_arrivals_end_the_process_with_one_sentence),
		TEST(an_arrival_at_a_latch_for_none_does_too),
	};

	return test_main(tests);
}
