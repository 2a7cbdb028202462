/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_event.c - pawl/event.h: set, clear, and who passes.  What it has in common with notify,
 * latch and future: test_gate_*.c.
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/atomic.h>

#include "gate_kinds.h"

static const struct gate_kind *const kind = &gate_kinds[GATE_EVENT];

/*** The flag **********************************************************************************/

static void all_zero_memory_is_an_event_that_is_not_set(void **state)
{
	pawl_event *e = calloc(1, sizeof *e), initialised = PAWL_EVENT_INIT;

	(void)state;
	assert_non_null(e);
	assert_memory_equal(e, &initialised, sizeof *e);
	assert_false(pawl_event_is_set(e));
	assert_int_equal(pawl_event_wait_until(e, 0), ETIMEDOUT);
	free(e);
}

static void it_stays_set_until_it_is_cleared(void **state)
{
	pawl_event e = PAWL_EVENT_INIT;

	(void)state;
	for (int round = 0; round < 3; round++) {
		pawl_event_clear(&e);		/* also if it is clear */
		pawl_event_clear(&e);
		assert_false(pawl_event_is_set(&e));
		assert_int_equal(pawl_event_wait_until(&e, 0), ETIMEDOUT);
		for (int i = 0; i < 3; i++) {
			pawl_event_set(&e);
			assert_true(pawl_event_is_set(&e));
			assert_int_equal(pawl_event_wait(&e), 0);
			assert_int_equal(pawl_event_wait_until(&e, INT64_MIN), 0);
		}
	}
	assert_true(gate_is_idle(kind, &e));
}

/*** Set, and cleared at once ******************************************************************/

enum { MANY = 100 };

static void a_set_that_is_cleared_at_once_lets_pass_all_who_waited(void **state)
{
	static struct gate_waiter w[MANY];
	pawl_event e = PAWL_EVENT_INIT;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		w[i] = (struct gate_waiter)GATE_WAITER(kind, &e);
		gate_waiter_park(&w[i]);
	}
	gate_written++;
	pawl_event_set(&e);
	pawl_event_clear(&e);
	assert_false(pawl_event_is_set(&e));
	for (int i = 0; i < MANY; i++)
		gate_waiter_assert_passes(&w[i], gate_written);
	assert_true(gate_is_idle(kind, &e));
}

static void who_comes_after_the_clear_waits(void **state)
{
	pawl_event e = PAWL_EVENT_INIT;
	struct gate_waiter before = GATE_WAITER(kind, &e), after = before;

	(void)state;
	gate_waiter_park(&before);
	worker_freeze(&before.worker);		/* in the queue still, when the next one comes */
	pawl_event_set(&e);
	pawl_event_clear(&e);
	gate_waiter_park(&after);
	worker_thaw(&before.worker);
	gate_waiter_assert_passes(&before, gate_written);
	worker_await_wait(&after.worker, "event", &e);
	assert_int_equal(pawl_event_wait_until(&e, pawl_after(PAWL_MS(1))), ETIMEDOUT);
	pawl_event_set(&e);
	gate_waiter_assert_passes(&after, gate_written);
	assert_true(gate_is_idle(kind, &e));
}

/* Several pulses while it sleeps, or cannot run, are as one. */
static void pulses_are_not_counted(void **state)
{
	pawl_event e = PAWL_EVENT_INIT;
	struct gate_waiter w = GATE_WAITER(kind, &e);

	(void)state;
	gate_waiter_park(&w);
	worker_freeze(&w.worker);
	for (int i = 0; i < 5; i++) {
		pawl_event_set(&e);
		pawl_event_set(&e);
		pawl_event_clear(&e);
	}
	worker_thaw(&w.worker);
	gate_waiter_assert_passes(&w, gate_written);
	assert_int_equal(pawl_event_wait_until(&e, 0), ETIMEDOUT);
}

static void an_op_that_passed_and_starts_again_waits_for_the_next_set(void **state)
{
	pawl_event e = PAWL_EVENT_INIT;
	struct gate_op o;
	pawl_cq *cq;

	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	gate_op_init(&o, cq);
	for (int i = 1; i <= 100; i++) {
		gate_op_park(&o, kind, &e);
		pawl_event_set(&e);
		pawl_event_clear(&e);
		assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
		assert_int_equal(o.rc, 0);
		assert_int_equal(o.calls, i);
	}
	pawl_cq_close(cq);
	assert_true(gate_is_idle(kind, &e));
}

/*** Who passed comes again ********************************************************************/

enum { COMERS = 8 };

struct comer {
	struct worker worker;
	struct crowd *crowd;
	uint32_t passed;		/* atomic */
	uint32_t wrong;			/* passes without a set since the wait began */
};

struct crowd {
	pawl_event event;
	uint32_t begun, cleared;	/* atomic: sets, and clears that took them back */
	uint32_t over;			/* atomic */
	bool once;			/* come again after the clear only: pass once a set */
	struct comer comer[COMERS];
};

static void come_again(void *arg)
{
	struct comer *c = arg;
	struct crowd *crowd = c->crowd;

	while (!pawl_load_(&crowd->over, acquire)) {
		uint32_t cleared = pawl_load_(&crowd->cleared, acquire), begun;

		must(pawl_event_wait(&crowd->event) == 0);
		begun = pawl_load_(&crowd->begun, acquire);
		c->wrong += begun <= cleared;
		pawl_fetch_add_(&c->passed, 1, release);
		sched_yield();
		while (crowd->once && pawl_load_(&crowd->cleared, acquire) < begun &&
		       !pawl_load_(&crowd->over, acquire))
			sched_yield();
	}
}

static void crowd_start(struct crowd *c, bool once)
{
	memset(c, 0, sizeof *c);
	c->once = once;
	for (int i = 0; i < COMERS; i++) {
		c->comer[i].crowd = c;
		worker_start(&c->comer[i].worker, come_again, &c->comer[i]);
	}
}

/* Return: all passes. */
static uint64_t crowd_end(struct crowd *c)
{
	uint64_t passes = 0;

	pawl_store_(&c->over, 1, release);
	pawl_fetch_add_(&c->begun, 1, release);
	pawl_event_set(&c->event);
	for (int i = 0; i < COMERS; i++) {
		worker_join(&c->comer[i].worker);
		assert_int_equal(c->comer[i].wrong, 0);
		passes += c->comer[i].passed;
	}
	assert_true(gate_is_idle(kind, &c->event));
	return passes;
}

static void clear_it(struct crowd *c)
{
	pawl_event_clear(&c->event);
	pawl_fetch_add_(&c->cleared, 1, release);
}

/* All sleep before each set. */
static void one_set_lets_pass_each_sleeper_once(void **state)
{
	static struct crowd c;
	uint32_t rounds = 300;

	(void)state;
	crowd_start(&c, true);
	for (uint32_t round = 0; round <= rounds; round++) {
		for (int i = 0; i < COMERS; i++) {
			gate_await(&c.comer[i].passed, round);
			worker_await_wait(&c.comer[i].worker, "event", &c.event);
		}
		for (int i = 0; i < COMERS; i++)
			assert_int_equal(pawl_load_(&c.comer[i].passed, acquire), round);
		if (round == rounds)
			break;
		pawl_fetch_add_(&c.begun, 1, release);
		pawl_event_set(&c.event);
		clear_it(&c);
	}
	assert_int_equal(crowd_end(&c), (rounds + 1) * COMERS);
}

static void clear_each_round(void *arg)
{
	struct crowd *c = arg;

	for (int round = 0; round < ROUNDS(10000); round++) {
		while (!pawl_event_is_set(&c->event))
			sched_yield();
		clear_it(c);
	}
}

/* It is cleared by another, while who set it is still letting pass those who waited. */
static void nobody_passes_by_a_set_that_was_cleared_before_its_wait(void **state)
{
	static struct crowd c;
	struct worker clearer;
	uint64_t passes;

	(void)state;
	crowd_start(&c, false);
	worker_start(&clearer, clear_each_round, &c);
	for (uint32_t round = 0; round < (uint32_t)ROUNDS(10000); round++) {
		gate_await(&c.cleared, round);
		if (round % 16 == 0)
			nap(PAWL_US(round % 50));
		pawl_fetch_add_(&c.begun, 1, release);
		pawl_event_set(&c.event);
	}
	worker_join(&clearer);
	passes = crowd_end(&c);
	note("%llu passes by %u sets", (unsigned long long)passes, c.begun);
	assert_true(passes > COMERS);
}

/*** Two who set it ****************************************************************************/

static void set_and_clear(void *arg)
{
	pawl_event *e = arg;

	for (int i = 0; i < ROUNDS(10000); i++) {
		pawl_event_set(e);
		pawl_event_clear(e);
	}
}

/* Whoever sets it, a set that finds it set, or not, leaves nobody behind. */
static void with_several_who_set_it_nobody_is_left_behind(void **state)
{
	static struct crowd c;
	struct worker setter[3];
	uint64_t passes;

	(void)state;
	crowd_start(&c, false);
	pawl_fetch_add_(&c.begun, UINT32_MAX / 2, release);	/* not counted here */
	for (size_t i = 0; i < COUNT_OF(setter); i++)
		worker_start(&setter[i], set_and_clear, &c.event);
	for (size_t i = 0; i < COUNT_OF(setter); i++)
		worker_join(&setter[i]);
	for (int i = 0; i < COMERS; i++)
		worker_await_wait(&c.comer[i].worker, "event", &c.event);
	passes = crowd_end(&c);
	note("%llu passes", (unsigned long long)passes);
	assert_true(passes > COMERS);
}

/*** The exported functions ********************************************************************/

/* Through pointers, which the compiler may not look through. */
static struct twins {
	bool (*is_set)(const pawl_event *e);
	int (*wait)(pawl_event *e);
	int (*wait_until)(pawl_event *e, pawl_time deadline);
} volatile twins = { pawl_event_is_set, pawl_event_wait, pawl_event_wait_until };

static void inline_functions_can_be_called_through_pointers(void **state)
{
	pawl_event e = PAWL_EVENT_INIT;

	(void)state;
	assert_false(twins.is_set(&e));
	assert_int_equal(twins.wait_until(&e, 0), ETIMEDOUT);
	pawl_event_set(&e);
	assert_true(twins.is_set(&e));
	assert_int_equal(twins.wait(&e), 0);
	assert_int_equal(twins.wait_until(&e, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_zero_memory_is_an_event_that_is_not_set),
		TEST(it_stays_set_until_it_is_cleared),
		TEST(a_set_that_is_cleared_at_once_lets_pass_all_who_waited),
		TEST(who_comes_after_the_clear_waits),
		TEST(pulses_are_not_counted),
		TEST(an_op_that_passed_and_starts_again_waits_for_the_next_set),
		TEST(one_set_lets_pass_each_sleeper_once),
		TEST(nobody_passes_by_a_set_that_was_cleared_before_its_wait),
		TEST(with_several_who_set_it_nobody_is_left_behind),
		TEST(inline_functions_can_be_called_through_pointers),
	};

	return test_main(tests);
}
