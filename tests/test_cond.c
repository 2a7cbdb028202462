/* SPDX-License-Identifier: BSD-2-Clause */
/* test_cond.c - pawl/cond.h.  Timeouts against signals in order: test_deadlines.c. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/cond.h>
#include <pawl/mutex.h>

#include "support.h"

enum { SLEEPERS = 6 };

struct shared {
	pawl_mutex mutex;
	pawl_cond cond;
	struct order order;	/* of those who woke */
};

struct sleeper {
	struct worker worker;
	struct shared *shared;
	int id, result;
};

static void sleep_once(void *arg)
{
	struct sleeper *s = arg;
	struct order *order = &s->shared->order;

	pawl_mutex_lock(&s->shared->mutex);
	s->result = pawl_cond_wait_until(&s->shared->cond, &s->shared->mutex, PAWL_FOREVER);
	must(pawl_mutex_is_mine(&s->shared->mutex));
	order->who[order->count++] = s->id;
	pawl_mutex_unlock(&s->shared->mutex);
}

static void sleeper_start(struct sleeper *s, int id, struct shared *shared)
{
	s->shared = shared;
	s->id = id;
	worker_start(&s->worker, sleep_once, s);
	worker_await_wait(&s->worker, "cond", &shared->cond);
}

static void sleeper_join(struct sleeper *s)
{
	worker_join(&s->worker);
	assert_int_equal(s->result, 0);
}

static int awake(struct shared *shared)
{
	int count;

	pawl_mutex_lock(&shared->mutex);
	count = shared->order.count;
	pawl_mutex_unlock(&shared->mutex);
	return count;
}

static void with_both_policies(void (*fn)(struct shared *shared))
{
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		struct shared shared = { .cond = PAWL_COND_INIT };

		assert_int_equal(pawl_mutex_init(&shared.mutex, flags), 0);
		fn(&shared);
		pawl_mutex_destroy(&shared.mutex);
	}
}

/*** Alone *************************************************************************************/

static void signals_that_nobody_waits_for_leave_nothing_behind(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	pawl_cond *c = calloc(1, sizeof *c);	/* all-zero is valid */

	(void)state;
	assert_non_null(c);
	for (int i = 0; i < 3; i++) {
		pawl_cond_signal(c);
		pawl_cond_broadcast(c);
	}
	pawl_mutex_lock(&m);
	pawl_cond_signal(c);
	pawl_cond_broadcast(c);
	assert_int_equal(pawl_cond_wait_until(c, &m, pawl_after(PAWL_MS(2))), ETIMEDOUT);
	pawl_mutex_unlock(&m);
	free(c);
}

static void check_deadlines_alone(struct shared *shared)
{
	const pawl_time deadlines[] = { INT64_MIN, -1, 0, pawl_now(), pawl_after(PAWL_MS(3)) };

	pawl_mutex_lock(&shared->mutex);
	for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
		assert_int_equal(pawl_cond_wait_until(&shared->cond, &shared->mutex, deadlines[i]),
				 ETIMEDOUT);
		assert_true(pawl_mutex_is_mine(&shared->mutex));
		assert_true(pawl_now() >= deadlines[i]);
	}
	pawl_mutex_unlock(&shared->mutex);
}

static void without_a_signal_a_wait_times_out_with_the_mutex_held(void **state)
{
	(void)state;
	with_both_policies(check_deadlines_alone);
}

/*** Who is woken ******************************************************************************/

static void check_past_deadline_gives_up_the_mutex(struct shared *shared)
{
	struct locker l;

	pawl_mutex_lock(&shared->mutex);
	locker_start(&l, 7, &shared->mutex, PAWL_FOREVER, &shared->order);
	assert_int_equal(pawl_cond_wait_until(&shared->cond, &shared->mutex, 0), ETIMEDOUT);
	pawl_mutex_unlock(&shared->mutex);
	assert_int_equal(locker_join(&l), 0);
}

static void a_past_deadline_gives_up_the_mutex_and_takes_it_again(void **state)
{
	struct shared fair = { .mutex = PAWL_MUTEX_FAIR_INIT, .cond = PAWL_COND_INIT };
	struct locker l;

	(void)state;
	with_both_policies(check_past_deadline_gives_up_the_mutex);
	/* On a fair one it is certain who has it in between. */
	pawl_mutex_lock(&fair.mutex);
	locker_start(&l, 7, &fair.mutex, PAWL_FOREVER, &fair.order);
	assert_int_equal(pawl_cond_wait_until(&fair.cond, &fair.mutex, 0), ETIMEDOUT);
	assert_int_equal(fair.order.count, 1);
	pawl_mutex_unlock(&fair.mutex);
	assert_int_equal(locker_join(&l), 0);
}

static void check_signal_order(struct shared *shared)
{
	struct sleeper s[SLEEPERS];

	for (int i = 0; i < SLEEPERS; i++)
		sleeper_start(&s[i], i, shared);
	for (int i = 0; i < SLEEPERS; i++) {
		if (i % 2) {
			pawl_cond_signal(&shared->cond);
		} else {
			pawl_mutex_lock(&shared->mutex);
			pawl_cond_signal(&shared->cond);
			pawl_mutex_unlock(&shared->mutex);
		}
		sleeper_join(&s[i]);
		assert_int_equal(awake(shared), i + 1);
	}
}

static void a_signal_wakes_one_who_has_waited_longest(void **state)
{
	(void)state;
	with_both_policies(check_signal_order);
}

static void check_signals_under_the_mutex(struct shared *shared)
{
	struct sleeper s[SLEEPERS];

	for (int i = 0; i < SLEEPERS; i++)
		sleeper_start(&s[i], i, shared);
	pawl_mutex_lock(&shared->mutex);
	for (int i = 0; i < SLEEPERS - 1; i++)
		pawl_cond_signal(&shared->cond);
	pawl_mutex_unlock(&shared->mutex);
	for (int i = 0; i < SLEEPERS - 1; i++)
		sleeper_join(&s[i]);
	worker_await_wait(&s[SLEEPERS - 1].worker, "cond", &shared->cond);
	assert_int_equal(awake(shared), SLEEPERS - 1);
	pawl_cond_signal(&shared->cond);
	sleeper_join(&s[SLEEPERS - 1]);
}

static void n_signals_wake_n_of_them(void **state)
{
	(void)state;
	with_both_policies(check_signals_under_the_mutex);
}

static void check_broadcast(struct shared *shared)
{
	struct sleeper s[SLEEPERS], late;

	for (int held = 0; held < 2; held++) {
		shared->order.count = 0;
		for (int i = 0; i < SLEEPERS; i++)
			sleeper_start(&s[i], i, shared);
		if (held)
			pawl_mutex_lock(&shared->mutex);
		pawl_cond_broadcast(&shared->cond);
		if (held)
			pawl_mutex_unlock(&shared->mutex);
		sleeper_start(&late, SLEEPERS, shared);
		for (int i = 0; i < SLEEPERS; i++)
			sleeper_join(&s[i]);
		worker_await_wait(&late.worker, "cond", &shared->cond);
		assert_int_equal(awake(shared), SLEEPERS);
		pawl_cond_broadcast(&shared->cond);
		sleeper_join(&late);
	}
}

static void a_broadcast_wakes_all_who_wait_now_and_none_who_come_later(void **state)
{
	(void)state;
	with_both_policies(check_broadcast);
}

/*** Who is signalled meets others at the mutex *************************************************/

/* Signalled while the mutex is held: they come after those who wait for it already. */
static void check_queue_at_the_mutex(struct shared *shared)
{
	struct sleeper s[3];
	struct locker l;

	for (int i = 0; i < 3; i++)
		sleeper_start(&s[i], i + 1, shared);
	pawl_mutex_lock(&shared->mutex);
	locker_start(&l, 0, &shared->mutex, PAWL_FOREVER, &shared->order);
	pawl_cond_signal(&shared->cond);
	pawl_cond_broadcast(&shared->cond);
	pawl_mutex_unlock(&shared->mutex);
	assert_int_equal(locker_join(&l), 0);
	for (int i = 0; i < 3; i++)
		sleeper_join(&s[i]);
	for (int i = 0; i < 4; i++)
		assert_int_equal(shared->order.who[i], i);
}

static void those_who_are_signalled_get_the_mutex_in_their_order(void **state)
{
	(void)state;
	with_both_policies(check_queue_at_the_mutex);
}

/* The mutex is free, but a waiter was woken for it and has not come yet. */
static void a_signal_may_meet_a_mutex_whose_heir_is_on_its_way(void **state)
{
	struct shared shared = { .mutex = PAWL_MUTEX_INIT, .cond = PAWL_COND_INIT };
	struct sleeper s[2];
	struct locker l;

	(void)state;
	for (int i = 0; i < 2; i++)
		sleeper_start(&s[i], i + 1, &shared);
	pawl_mutex_lock(&shared.mutex);
	locker_start(&l, 0, &shared.mutex, PAWL_FOREVER, &shared.order);
	worker_freeze(&l.worker);
	pawl_mutex_unlock(&shared.mutex);
	pawl_mutex_lock(&shared.mutex);
	pawl_cond_broadcast(&shared.cond);
	pawl_mutex_unlock(&shared.mutex);
	assert_int_equal(awake(&shared), 0);
	worker_thaw(&l.worker);
	assert_int_equal(locker_join(&l), 0);
	for (int i = 0; i < 2; i++)
		sleeper_join(&s[i]);
	assert_int_equal(shared.order.count, 3);
	pawl_mutex_destroy(&shared.mutex);
}

static void a_signal_without_the_mutex_wakes_who_then_waits_for_it(void **state)
{
	struct shared shared = { .mutex = PAWL_MUTEX_FAIR_INIT, .cond = PAWL_COND_INIT };
	struct sleeper s;
	struct locker l;

	(void)state;
	sleeper_start(&s, 1, &shared);
	pawl_mutex_lock(&shared.mutex);
	locker_start(&l, 0, &shared.mutex, PAWL_FOREVER, &shared.order);
	worker_freeze(&l.worker);
	pawl_mutex_unlock(&shared.mutex);	/* it is the frozen one's now */
	pawl_cond_signal(&shared.cond);
	worker_await_wait(&s.worker, "mutex", &shared.mutex);
	worker_thaw(&l.worker);
	assert_int_equal(locker_join(&l), 0);
	sleeper_join(&s);
	assert_int_equal(shared.order.who[0], 0);
	assert_int_equal(shared.order.who[1], 1);
	pawl_mutex_destroy(&shared.mutex);
}

static void who_is_signalled_may_be_overtaken_on_the_default_mutex(void **state)
{
	struct shared shared = { .mutex = PAWL_MUTEX_INIT, .cond = PAWL_COND_INIT };
	struct sleeper s;

	(void)state;
	sleeper_start(&s, 0, &shared);
	worker_freeze(&s.worker);
	pawl_cond_signal(&shared.cond);
	assert_int_equal(pawl_mutex_trylock(&shared.mutex), 0);
	worker_thaw(&s.worker);
	worker_await_wait(&s.worker, "mutex", &shared.mutex);
	assert_int_equal(shared.order.count, 0);
	pawl_mutex_unlock(&shared.mutex);
	sleeper_join(&s);
	pawl_mutex_destroy(&shared.mutex);
}

/* A signal adds to a list whose first one is starving, and so is handed the mutex. */
static void a_signal_does_not_push_a_starving_waiter_aside(void **state)
{
	struct shared shared = { .mutex = PAWL_MUTEX_INIT, .cond = PAWL_COND_INIT };
	struct sleeper s;
	struct locker l;

	(void)state;
	sleeper_start(&s, 1, &shared);
	pawl_mutex_lock(&shared.mutex);
	locker_start(&l, 0, &shared.mutex, PAWL_FOREVER, &shared.order);
	locker_starve(&l);
	pawl_cond_signal(&shared.cond);
	worker_freeze(&l.worker);
	pawl_mutex_unlock(&shared.mutex);
	assert_int_equal(pawl_mutex_trylock(&shared.mutex), EBUSY);
	worker_thaw(&l.worker);
	assert_int_equal(locker_join(&l), 0);
	sleeper_join(&s);
	assert_int_equal(shared.order.who[0], 0);
	assert_int_equal(shared.order.who[1], 1);
	pawl_mutex_destroy(&shared.mutex);
}

/*** Races *************************************************************************************/

/* One token at a time.  The impatient one never looks at the token unless its wait returned
 * 0; so a signal that it swallowed while timing out would leave the token to nobody. */
struct tokens {
	pawl_mutex mutex;
	pawl_cond cond;
	int tokens, left;	/* guarded; left: still to be made */
	int patient_took, impatient_took, timeouts;
};

static void take_patiently(void *arg)
{
	struct tokens *t = arg;

	pawl_mutex_lock(&t->mutex);
	while (t->left > 0 || t->tokens > 0)
		if (t->tokens > 0) {
			t->tokens--;
			t->patient_took++;
		} else {
			must(pawl_cond_wait_until(&t->cond, &t->mutex, PAWL_FOREVER) == 0);
		}
	pawl_mutex_unlock(&t->mutex);
}

static void take_impatiently(void *arg)
{
	struct tokens *t = arg;
	unsigned turn = 0;

	pawl_mutex_lock(&t->mutex);
	while (t->left > 0 || t->tokens > 0) {
		pawl_time deadline = pawl_after(PAWL_US(turn++ % 64));
		int err = pawl_cond_wait_until(&t->cond, &t->mutex, deadline);

		if (err == ETIMEDOUT) {
			must(pawl_now() >= deadline);
			t->timeouts++;
		} else if (t->tokens > 0) {
			t->tokens--;
			t->impatient_took++;
		}
	}
	pawl_mutex_unlock(&t->mutex);
}

static void make_token(struct tokens *t, bool signal_inside)
{
	bool taken = false;

	pawl_mutex_lock(&t->mutex);
	t->tokens++;
	t->left--;
	if (signal_inside)
		pawl_cond_signal(&t->cond);
	pawl_mutex_unlock(&t->mutex);
	if (!signal_inside)
		pawl_cond_signal(&t->cond);
	while (!taken) {
		nap(PAWL_US(1));
		pawl_mutex_lock(&t->mutex);
		taken = t->tokens == 0;
		pawl_mutex_unlock(&t->mutex);
	}
}

static void a_signal_is_not_lost_in_a_wait_that_times_out(void **state)
{
	const int total = ROUNDS(5000);
	struct tokens t = { .left = total };
	struct worker patient, impatient;

	(void)state;
	worker_start(&patient, take_patiently, &t);
	worker_start(&impatient, take_impatiently, &t);
	for (int i = 0; i < total; i++)
		make_token(&t, i % 2);
	pawl_cond_broadcast(&t.cond);
	worker_join(&patient);
	worker_join(&impatient);
	assert_int_equal(t.patient_took + t.impatient_took, total);
	note("patient %d, impatient %d, timeouts %d", t.patient_took, t.impatient_took, t.timeouts);
}

/* Waiters come and time out while broadcasts take all of them at once. */
struct crowd {
	pawl_mutex mutex;
	pawl_cond cond;
	bool stop;	/* guarded */
	int woken, timeouts;	/* guarded */
};

static void wait_shortly_again_and_again(void *arg)
{
	struct crowd *c = arg;
	unsigned turn = 0;

	pawl_mutex_lock(&c->mutex);
	while (!c->stop) {
		int err = pawl_cond_wait_until(&c->cond, &c->mutex,
					       pawl_after(PAWL_US(turn++ % 100)));

		must(err == 0 || err == ETIMEDOUT);
		*(err == 0 ? &c->woken : &c->timeouts) += 1;
	}
	pawl_mutex_unlock(&c->mutex);
}

static void broadcasts_and_timeouts_do_not_tread_on_each_other(void **state)
{
	struct crowd c = { .stop = false };
	struct shared after = { .mutex = PAWL_MUTEX_INIT };
	struct worker w[12];
	struct sleeper s;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_start(&w[i], wait_shortly_again_and_again, &c);
	for (int i = 0; i < ROUNDS(5000); i++) {
		pawl_cond_broadcast(&c.cond);
		nap(PAWL_US(i % 50));
	}
	pawl_mutex_lock(&c.mutex);
	c.stop = true;
	pawl_mutex_unlock(&c.mutex);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_join(&w[i]);
	/* It still works. */
	after.cond = c.cond;
	sleeper_start(&s, 0, &after);
	pawl_cond_signal(&after.cond);
	sleeper_join(&s);
	assert_true(c.woken > 0 && c.timeouts > 0);
	note("woken %d, timeouts %d", c.woken, c.timeouts);
}

/* Signals find the mutex free one moment and taken the next. */
struct traffic {
	pawl_mutex mutex;
	pawl_cond cond;
	bool waits, stop;	/* guarded */
	int wakes;
};

static void wait_again_and_again(void *arg)
{
	struct traffic *t = arg;

	pawl_mutex_lock(&t->mutex);
	while (!t->stop) {
		t->waits = true;
		must(pawl_cond_wait_until(&t->cond, &t->mutex, PAWL_FOREVER) == 0);
		t->wakes++;
	}
	pawl_mutex_unlock(&t->mutex);
}

static void pass_by(void *arg)
{
	struct traffic *t = arg;

	for (bool stop = false; !stop;)
		if (pawl_mutex_trylock(&t->mutex) == 0) {
			stop = t->stop;
			pawl_mutex_unlock(&t->mutex);
		}
}

/* Return: whether the waiter waits; then it is for the caller to signal. */
static bool take_turn(struct traffic *t, bool stop)
{
	bool waits;

	pawl_mutex_lock(&t->mutex);
	waits = t->waits;
	if (waits) {
		t->waits = false;
		t->stop = stop;
	}
	pawl_mutex_unlock(&t->mutex);
	return waits;
}

static void check_traffic(unsigned flags)
{
	struct traffic t = { .stop = false };
	const int total = ROUNDS(10000);
	struct worker waiter, passer;

	assert_int_equal(pawl_mutex_init(&t.mutex, flags), 0);
	worker_start(&waiter, wait_again_and_again, &t);
	worker_start(&passer, pass_by, &t);
	for (int i = 1; i <= total; i++) {
		while (!take_turn(&t, i == total))
			sched_yield();
		pawl_cond_signal(&t.cond);
	}
	worker_join(&waiter);
	worker_join(&passer);
	assert_int_equal(t.wakes, total);
	pawl_mutex_destroy(&t.mutex);
}

static void signals_are_not_lost_when_others_take_the_mutex_at_that_moment(void **state)
{
	(void)state;
	check_traffic(0);
	check_traffic(PAWL_FAIR);
}

/* A bounded buffer with one slot, the textbook use. */
struct slot {
	pawl_mutex mutex;
	pawl_cond changed;
	bool full;
	int value;
	int64_t taken, sum;
	int left;
};

static void produce(void *arg)
{
	struct slot *s = arg;

	for (;;) {
		pawl_mutex_lock(&s->mutex);
		while (s->full && s->left > 0)
			must(pawl_cond_wait_until(&s->changed, &s->mutex, PAWL_FOREVER) == 0);
		if (s->left == 0)
			break;
		s->value = s->left--;
		s->full = true;
		pawl_cond_broadcast(&s->changed);
		pawl_mutex_unlock(&s->mutex);
	}
	pawl_cond_broadcast(&s->changed);
	pawl_mutex_unlock(&s->mutex);
}

static void consume(void *arg)
{
	struct slot *s = arg;

	for (;;) {
		pawl_mutex_lock(&s->mutex);
		while (!s->full && s->left > 0)
			must(pawl_cond_wait_until(&s->changed, &s->mutex, PAWL_FOREVER) == 0);
		if (!s->full)
			break;
		s->full = false;
		s->sum += s->value;
		s->taken++;
		pawl_cond_broadcast(&s->changed);
		pawl_mutex_unlock(&s->mutex);
	}
	pawl_mutex_unlock(&s->mutex);
}

static void check_slot(unsigned flags)
{
	const int total = ROUNDS(5000);
	struct slot s = { .left = total };
	struct worker w[4];

	assert_int_equal(pawl_mutex_init(&s.mutex, flags), 0);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_start(&w[i], i % 2 ? produce : consume, &s);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_join(&w[i]);
	assert_int_equal(s.taken, total);
	assert_int_equal(s.sum, (int64_t)total * (total + 1) / 2);
}

static void producers_and_consumers_of_one_slot_lose_nothing(void **state)
{
	(void)state;
	check_slot(0);
	check_slot(PAWL_FAIR);
	pin_to_one_cpu();
	check_slot(0);
	check_slot(PAWL_FAIR);
	unpin();
}

/*** Lifetime **********************************************************************************/

static pawl_cond outside = PAWL_COND_INIT;

struct guarded {
	pawl_mutex mutex;
	bool ready;
};

/* Whoever holds it last frees it. */
static void wait_and_free(void *arg)
{
	struct guarded *g = arg;

	pawl_mutex_lock(&g->mutex);
	while (!g->ready)
		must(pawl_cond_wait_until(&outside, &g->mutex, PAWL_FOREVER) == 0);
	pawl_mutex_unlock(&g->mutex);
	pawl_mutex_destroy(&g->mutex);
	free(g);
}

static void who_is_signalled_may_free_the_mutex_while_the_signal_returns(void **state)
{
	(void)state;
	for (int i = 0; i < 500; i++) {
		struct guarded *g = calloc(1, sizeof *g);
		struct worker w;

		assert_non_null(g);
		worker_start(&w, wait_and_free, g);
		if (i % 2)
			worker_await_wait(&w, "cond", &outside);
		pawl_mutex_lock(&g->mutex);
		g->ready = true;
		pawl_mutex_unlock(&g->mutex);
		pawl_cond_signal(&outside);
		worker_join(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(signals_that_nobody_waits_for_leave_nothing_behind),
		TEST(without_a_signal_a_wait_times_out_with_the_mutex_held),
		TEST(a_past_deadline_gives_up_the_mutex_and_takes_it_again),
		TEST(a_signal_wakes_one_who_has_waited_longest),
		TEST(n_signals_wake_n_of_them),
		TEST(a_broadcast_wakes_all_who_wait_now_and_none_who_come_later),
		TEST(those_who_are_signalled_get_the_mutex_in_their_order),
		TEST(a_signal_may_meet_a_mutex_whose_heir_is_on_its_way),
		TEST(a_signal_without_the_mutex_wakes_who_then_waits_for_it),
		TEST(who_is_signalled_may_be_overtaken_on_the_default_mutex),
		TEST(a_signal_does_not_push_a_starving_waiter_aside),
		TEST(a_signal_is_not_lost_in_a_wait_that_times_out),
		TEST(broadcasts_and_timeouts_do_not_tread_on_each_other),
		TEST(signals_are_not_lost_when_others_take_the_mutex_at_that_moment),
		TEST(producers_and_consumers_of_one_slot_lose_nothing),
		TEST(who_is_signalled_may_free_the_mutex_while_the_signal_returns),
	};

	return test_main(tests);
}
