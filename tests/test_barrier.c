/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_barrier.c - pawl/barrier.h: phases, and barriers that are broken.  Waits that nothing breaks
 * are in test_gate_waits.c too.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <pawl/atomic.h>

#include "gate_kinds.h"

static const struct gate_kind *const kind = &gate_kinds[GATE_BARRIER];

/*** Made **************************************************************************************/

static void it_is_made_for_one_to_int32_max(void **state)
{
	pawl_barrier b, before;

	(void)state;
	memset(&b, 0x5a, sizeof b);
	before = b;
	assert_int_equal(pawl_barrier_init(&b, 0), EINVAL);
	assert_int_equal(pawl_barrier_init(&b, (uint32_t)INT32_MAX + 1), EINVAL);
	assert_int_equal(pawl_barrier_init(&b, UINT32_MAX), EINVAL);
	assert_memory_equal(&b, &before, sizeof b);
	assert_int_equal(pawl_barrier_init(&b, INT32_MAX), 0);
	assert_int_equal(pawl_barrier_wait_until(&b, pawl_after(PAWL_MS(1))), ETIMEDOUT);
}

static void the_initialiser_and_init_make_the_same(void **state)
{
	pawl_barrier made = PAWL_BARRIER_INIT(3), initialised;

	(void)state;
	assert_int_equal(pawl_barrier_init(&initialised, 3), 0);
	assert_int_equal(made.word_, initialised.word_);
	assert_int_equal(made.queue_, initialised.queue_);
	assert_int_equal(made.parties_, initialised.parties_);
}

static void one_party_waits_for_nobody(void **state)
{
	pawl_barrier b = PAWL_BARRIER_INIT(1);
	pawl_cancel *source = gate_source();
	pawl_scope s;

	(void)state;
	pawl_cancel_fire(source, 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(pawl_barrier_wait_until(&b, i % 2 ? PAWL_FOREVER : INT64_MIN),
			PAWL_BARRIER_SERIAL);
	pawl_scope_enter(&s, 0, source, 0);
	assert_int_equal(pawl_barrier_wait_until(&b, 0), PAWL_BARRIER_SERIAL);
	assert_int_equal(pawl_scope_leave(&s, 0), 0);
	pawl_cancel_close(source);
	assert_true(gate_is_idle(kind, &b));
}

/*** Phases ************************************************************************************/

enum { PARTIES = 8 };

struct phases {
	pawl_barrier barrier;
	uint32_t parties;
	int rounds;
	int data[PARTIES];	/* each writes its own, and reads all in the next phase */
	uint32_t serial;	/* atomic: how many got it */
};

struct party {
	struct worker worker;
	struct phases *phases;
	uint32_t id;
};

static void meet(struct phases *p, int round)
{
	int rc = pawl_barrier_wait_until(&p->barrier, round % 3 ? PAWL_FOREVER :
					 pawl_after(PAWL_S(1000)));

	must(rc == 0 || rc == PAWL_BARRIER_SERIAL);
	if (rc == PAWL_BARRIER_SERIAL)
		must(pawl_fetch_add_(&p->serial, 1, relaxed) == (uint32_t)round);
}

static void write_and_read(void *arg)
{
	struct party *me = arg;
	struct phases *p = me->phases;

	for (int round = 0; round < p->rounds; round += 2) {
		p->data[me->id] = round;
		if ((uint32_t)round / 2 % (2 * p->parties) == me->id)
			nap(PAWL_US(50));
		meet(p, round);
		for (uint32_t i = 0; i < p->parties; i++)
			must(p->data[i] == round);
		meet(p, round + 1);
	}
}

static void run_phases(uint32_t parties, int rounds)
{
	static struct phases p;
	struct party party[PARTIES];

	p = (struct phases){ .parties = parties, .rounds = rounds };
	assert_int_equal(pawl_barrier_init(&p.barrier, parties), 0);
	for (uint32_t i = 0; i < parties; i++) {
		party[i].phases = &p;
		party[i].id = i;
		worker_start(&party[i].worker, write_and_read, &party[i]);
	}
	for (uint32_t i = 0; i < parties; i++)
		worker_join(&party[i].worker);
	assert_int_equal(p.serial, rounds);
	assert_true(gate_is_idle(kind, &p.barrier));
}

static void in_each_phase_one_is_serial_and_all_see_what_all_did(void **state)
{
	(void)state;
	for (uint32_t parties = 1; parties <= PARTIES; parties++)
		run_phases(parties, 2 * ROUNDS(2000));
}

/* Whoever the last is: it passes without a wait, and gets the special result. */
static void the_last_who_arrives_is_serial(void **state)
{
	pawl_barrier b = PAWL_BARRIER_INIT(3);

	(void)state;
	for (int phase = 0; phase < 20; phase++) {
		struct gate_waiter w[] = { GATE_WAITER(kind, &b), GATE_WAITER(kind, &b) };

		gate_waiter_park(&w[0]);
		gate_waiter_park(&w[1]);
		gate_written++;
		assert_int_equal(pawl_barrier_wait_until(&b, 0), PAWL_BARRIER_SERIAL);
		gate_waiter_assert_passes(&w[0], gate_written);
		gate_waiter_assert_passes(&w[1], gate_written);
	}
	assert_true(gate_is_idle(kind, &b));
}

/* One of a phase has not run since it ended, when the next ones begin. */
static void who_is_slow_to_leave_a_phase_does_not_hold_up_the_next(void **state)
{
	pawl_barrier b = PAWL_BARRIER_INIT(2);
	struct gate_waiter slow = GATE_WAITER(kind, &b);

	(void)state;
	gate_waiter_park(&slow);
	worker_freeze(&slow.worker);
	assert_int_equal(pawl_barrier_wait_until(&b, 0), PAWL_BARRIER_SERIAL);
	for (int phase = 0; phase < 10; phase++) {
		struct gate_waiter w = GATE_WAITER(kind, &b);

		gate_waiter_park(&w);
		assert_int_equal(pawl_barrier_wait_until(&b, 0), PAWL_BARRIER_SERIAL);
		gate_waiter_assert_passes(&w, gate_written);
	}
	worker_thaw(&slow.worker);
	gate_waiter_assert_passes(&slow, gate_written);
	assert_true(gate_is_idle(kind, &b));
}

/*** More threads than parties *****************************************************************/

enum { CROWD = 6, SEATS = 3 };

struct crowd {
	pawl_barrier barrier;
	uint32_t arrivals, serial, passed;	/* atomic */
	uint32_t most;				/* arrivals, of all */
};

/* Return: whether it was one of those who may. */
static bool arrive(struct crowd *c)
{
	int rc;

	if (pawl_fetch_add_(&c->arrivals, 1, relaxed) >= c->most)
		return false;
	rc = pawl_barrier_wait_until(&c->barrier, PAWL_FOREVER);
	must(rc == 0 || rc == PAWL_BARRIER_SERIAL);
	pawl_fetch_add_(&c->serial, rc == PAWL_BARRIER_SERIAL, relaxed);
	pawl_fetch_add_(&c->passed, 1, relaxed);
	return true;
}

static void arrive_often(void *arg)
{
	while (arrive(arg))
		;
}

static void more_threads_than_parties_take_turns(void **state)
{
	struct crowd c = { .barrier = PAWL_BARRIER_INIT(SEATS), .most = SEATS * ROUNDS(20000) };
	struct worker w[CROWD];

	(void)state;
	for (int i = 0; i < CROWD; i++)
		worker_start(&w[i], arrive_often, &c);
	for (int i = 0; i < CROWD; i++)
		worker_join(&w[i]);
	assert_int_equal(c.passed, c.most);
	assert_int_equal(c.serial, c.most / SEATS);
	assert_true(gate_is_idle(kind, &c.barrier));
}

/*** Broken ************************************************************************************/

static void assert_stays_broken(pawl_barrier *b)
{
	for (int i = 0; i < 5; i++)
		assert_int_equal(pawl_barrier_wait_until(b, i % 2 ? PAWL_FOREVER : 0), EPIPE);
	assert_true(gate_is_idle(kind, b));
}

static void a_past_deadline_breaks_it_at_once(void **state)
{
	const pawl_time deadlines[] = { INT64_MIN, -1, 0, pawl_now(), pawl_after(PAWL_MS(3)) };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
		pawl_barrier b = PAWL_BARRIER_INIT(2);

		assert_int_equal(pawl_barrier_wait_until(&b, deadlines[i]), ETIMEDOUT);
		assert_true(pawl_now() >= deadlines[i]);
		assert_stays_broken(&b);
	}
}

enum { OTHERS = 3 };

/* Others wait, and @w gives up, for which @why. */
static void break_by(struct gate_waiter *w, pawl_cancel *fire, int why)
{
	pawl_barrier *b = w->object;
	struct gate_waiter other[OTHERS];

	for (int i = 0; i < OTHERS; i++) {
		other[i] = (struct gate_waiter)GATE_WAITER(kind, b);
		other[i].deadline = i == 1 ? pawl_after(PAWL_S(1000)) : PAWL_FOREVER;
		gate_waiter_park(&other[i]);
	}
	gate_waiter_start(w);
	if (fire) {
		worker_await_wait(&w->worker, "barrier", b);
		pawl_cancel_fire(fire, 1);
	}
	assert_int_equal(gate_waiter_join(w), why);
	for (int i = 0; i < OTHERS; i++)
		assert_int_equal(gate_waiter_join(&other[i]), EPIPE);
	assert_stays_broken(b);
}

static void a_deadline_breaks_it_for_all(void **state)
{
	pawl_barrier b = PAWL_BARRIER_INIT(OTHERS + 2);
	struct gate_waiter w = GATE_WAITER(kind, &b);

	(void)state;
	w.deadline = pawl_after(PAWL_MS(5));
	break_by(&w, NULL, ETIMEDOUT);
	assert_true(pawl_now() >= w.deadline);
}

static void a_cancel_breaks_it_for_all(void **state)
{
	pawl_barrier b = PAWL_BARRIER_INIT(OTHERS + 2);
	struct gate_waiter w = GATE_WAITER(kind, &b);

	(void)state;
	w.scoped = true;
	w.source = gate_source();
	break_by(&w, w.source, ECANCELED);
	assert_int_equal(w.left, ECANCELED);
	pawl_cancel_close(w.source);
}

static void the_deadline_of_a_scope_breaks_it_for_all(void **state)
{
	pawl_barrier b = PAWL_BARRIER_INIT(OTHERS + 2);
	struct gate_waiter w = GATE_WAITER(kind, &b);

	(void)state;
	w.scoped = true;
	w.scope_deadline = pawl_after(PAWL_MS(5));
	break_by(&w, NULL, ECANCELED);
	assert_int_equal(w.left, ETIMEDOUT);
}

static void after_a_phase_it_breaks_as_well_and_init_mends_it(void **state)
{
	pawl_barrier b = PAWL_BARRIER_INIT(2);

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct gate_waiter w = GATE_WAITER(kind, &b);

		gate_waiter_park(&w);
		assert_int_equal(pawl_barrier_wait_until(&b, 0), PAWL_BARRIER_SERIAL);
		gate_waiter_assert_passes(&w, gate_written);
		assert_int_equal(pawl_barrier_wait_until(&b, 0), ETIMEDOUT);
		assert_stays_broken(&b);
		assert_int_equal(pawl_barrier_init(&b, 2), 0);
	}
}

/* Who is broken out of it and who gives up can be several: EPIPE to all but the first. */
static void of_several_who_give_up_one_breaks_it(void **state)
{
	enum { ALL = 4 };
	pawl_barrier b = PAWL_BARRIER_INIT(ALL + 1);
	struct gate_waiter w[ALL];
	pawl_cancel *source = gate_source();
	int breakers = 0;

	(void)state;
	for (int i = 0; i < ALL; i++) {
		w[i] = (struct gate_waiter)GATE_WAITER(kind, &b);
		w[i].scoped = true;
		w[i].source = source;
		gate_waiter_park(&w[i]);
	}
	pawl_cancel_fire(source, 1);
	for (int i = 0; i < ALL; i++) {
		int rc = gate_waiter_join(&w[i]);

		assert_true(rc == ECANCELED || rc == EPIPE);
		breakers += rc == ECANCELED;
	}
	assert_int_equal(breakers, 1);
	assert_stays_broken(&b);
	pawl_cancel_close(source);
}

/*** The last arrival against a deadline *******************************************************/

static int mine[GATE_DUELS];
static uint32_t passed, broken;

static void arrive_about_when_it_is_late(struct gate_duel *d, uint32_t i)
{
	gate_duel_spin(d, i);
	mine[i] = pawl_barrier_wait_until(d->object[i], PAWL_FOREVER);
}

static void both_or_none(struct gate_duel *d, uint32_t i)
{
	if (d->rc[i] == ETIMEDOUT)
		must(mine[i] == EPIPE);
	else
		must(d->rc[i] <= 0 && d->rc[i] + mine[i] == PAWL_BARRIER_SERIAL);
	passed += d->rc[i] <= 0;
	broken += d->rc[i] == ETIMEDOUT;
}

static void both_pass_or_it_is_broken_for_both(void **state)
{
	struct gate_duel d = { .kind = kind, .rounds = ROUNDS(1000) };

	(void)state;
	gate_duel_run(&d, arrive_about_when_it_is_late, both_or_none);
	note("%u passed, %u broken", passed, broken);
	assert_true(passed > 0 && broken > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_made_for_one_to_int32_max),
		TEST(the_initialiser_and_init_make_the_same),
		TEST(one_party_waits_for_nobody),
		TEST(in_each_phase_one_is_serial_and_all_see_what_all_did),
		TEST(the_last_who_arrives_is_serial),
		TEST(who_is_slow_to_leave_a_phase_does_not_hold_up_the_next),
		TEST(more_threads_than_parties_take_turns),
		TEST(a_past_deadline_breaks_it_at_once),
		TEST(a_deadline_breaks_it_for_all),
		TEST(a_cancel_breaks_it_for_all),
		TEST(the_deadline_of_a_scope_breaks_it_for_all),
		TEST(after_a_phase_it_breaks_as_well_and_init_mends_it),
		TEST(of_several_who_give_up_one_breaks_it),
		TEST(both_pass_or_it_is_broken_for_both),
	};

	return test_main(tests);
}
