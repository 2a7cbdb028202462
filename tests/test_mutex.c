/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_mutex.c - pawl/mutex.h: results, both policies, who is next, lifetime.
 *
 * Built twice: test_mutex_twins is the same with PAWL_NO_INLINE.
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/mutex.h>

#include "support.h"

/* The default, fair, and fair by initialiser. */
static void with_each_policy(void (*fn)(pawl_mutex *m))
{
	static const pawl_mutex initial[] = { PAWL_MUTEX_INIT, PAWL_MUTEX_FAIR_INIT };
	pawl_mutex m;

	for (size_t i = 0; i < COUNT_OF(initial); i++) {
		m = initial[i];
		fn(&m);
		pawl_mutex_destroy(&m);
		assert_int_equal(pawl_mutex_init(&m, i == 0 ? 0 : PAWL_FAIR), 0);
		fn(&m);
		pawl_mutex_destroy(&m);
	}
}

/*** Alone *************************************************************************************/

static void init_takes_0_and_fair_and_refuses_other_flags(void **state)
{
	pawl_mutex m, before;

	(void)state;
	memset(&m, 0x5a, sizeof m);
	before = m;
	assert_int_equal(pawl_mutex_init(&m, 2), EINVAL);
	assert_int_equal(pawl_mutex_init(&m, PAWL_FAIR | 0x80000000u), EINVAL);
	assert_memory_equal(&m, &before, sizeof m);
	assert_int_equal(pawl_mutex_init(&m, 0), 0);
	assert_int_equal(pawl_mutex_trylock(&m), 0);
	pawl_mutex_unlock(&m);
	assert_int_equal(pawl_mutex_init(&m, PAWL_FAIR), 0);
	assert_int_equal(pawl_mutex_trylock(&m), 0);
	pawl_mutex_unlock(&m);
}

static void all_zero_memory_is_a_free_mutex(void **state)
{
	pawl_mutex *m = calloc(1, sizeof *m);

	(void)state;
	assert_non_null(m);
	pawl_mutex_lock(m);
	assert_true(pawl_mutex_is_mine(m));
	pawl_mutex_unlock(m);
	pawl_mutex_destroy(m);
	free(m);
}

static void a_mutex_has_at_most_16_bytes(void **state)
{
	(void)state;
	assert_in_range(sizeof(pawl_mutex), 1, 16);
}

static void check_lock_and_unlock(pawl_mutex *m)
{
	assert_false(pawl_mutex_is_mine(m));
	for (int i = 0; i < 3; i++) {
		pawl_mutex_lock(m);
		assert_true(pawl_mutex_is_mine(m));
		pawl_mutex_unlock(m);
		assert_false(pawl_mutex_is_mine(m));
		assert_int_equal(pawl_mutex_trylock(m), 0);
		assert_true(pawl_mutex_is_mine(m));
		pawl_mutex_unlock(m);
	}
}

static void it_is_mine_between_lock_and_unlock(void **state)
{
	(void)state;
	with_each_policy(check_lock_and_unlock);
}

static void check_owner_gets_ebusy(pawl_mutex *m)
{
	pawl_mutex_lock(m);
	assert_int_equal(pawl_mutex_trylock(m), EBUSY);
	assert_true(pawl_mutex_is_mine(m));
	pawl_mutex_unlock(m);
	assert_int_equal(pawl_mutex_trylock(m), 0);
	pawl_mutex_unlock(m);
}

static void trylock_by_the_owner_returns_ebusy(void **state)
{
	(void)state;
	with_each_policy(check_owner_gets_ebusy);
}

static void check_owner_gets_edeadlk(pawl_mutex *m)
{
	const pawl_time deadlines[] = { INT64_MIN, -1, 0, pawl_now(), pawl_after(PAWL_S(50)),
		PAWL_FOREVER };

	pawl_mutex_lock(m);
	for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
		assert_int_equal(pawl_mutex_lock_until(m, deadlines[i]), EDEADLK);
		assert_true(pawl_mutex_is_mine(m));
	}
	pawl_mutex_unlock(m);
	assert_int_equal(pawl_mutex_trylock(m), 0);	/* once was enough */
	pawl_mutex_unlock(m);
}

static void lock_until_by_the_owner_returns_edeadlk(void **state)
{
	(void)state;
	with_each_policy(check_owner_gets_edeadlk);
}

static void check_free_at_any_deadline(pawl_mutex *m)
{
	const pawl_time deadlines[] = { INT64_MIN, -1, 0, pawl_now(), pawl_after(0),
		pawl_after(PAWL_S(50)), PAWL_FOREVER };

	for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
		assert_int_equal(pawl_mutex_lock_until(m, deadlines[i]), 0);
		assert_true(pawl_mutex_is_mine(m));
		pawl_mutex_unlock(m);
	}
}

static void lock_until_gets_a_free_mutex_even_when_the_deadline_has_passed(void **state)
{
	(void)state;
	with_each_policy(check_free_at_any_deadline);
}

static void a_mutex_can_be_initialised_again_after_destroy(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;

	(void)state;
	for (int i = 0; i < 4; i++) {
		pawl_mutex_lock(&m);
		pawl_mutex_unlock(&m);
		pawl_mutex_destroy(&m);
		assert_int_equal(pawl_mutex_init(&m, i & PAWL_FAIR), 0);
	}
	pawl_mutex_destroy(&m);
}

/*** Somebody else holds it ********************************************************************/

static void try_all_forms(void *arg)
{
	pawl_mutex *m = arg;
	pawl_time deadline = pawl_after(PAWL_MS(3));

	must(!pawl_mutex_is_mine(m));
	must(pawl_mutex_trylock(m) == EBUSY);
	must(pawl_mutex_lock_until(m, INT64_MIN) == ETIMEDOUT);
	must(pawl_mutex_lock_until(m, -1) == ETIMEDOUT);
	must(pawl_mutex_lock_until(m, 0) == ETIMEDOUT);
	must(pawl_mutex_lock_until(m, pawl_now()) == ETIMEDOUT);
	must(pawl_mutex_lock_until(m, deadline) == ETIMEDOUT);
	must(pawl_now() >= deadline);
	must(!pawl_mutex_is_mine(m));
}

static void check_results_while_held(pawl_mutex *m)
{
	struct worker w;

	pawl_mutex_lock(m);
	worker_start(&w, try_all_forms, m);
	worker_join(&w);
	assert_true(pawl_mutex_is_mine(m));
	pawl_mutex_unlock(m);
}

static void others_get_ebusy_and_etimedout_while_it_is_held(void **state)
{
	(void)state;
	with_each_policy(check_results_while_held);
}

static void check_waiter_gets_it(pawl_mutex *m)
{
	struct locker forever, timed;

	pawl_mutex_lock(m);
	locker_start(&forever, 0, m, PAWL_FOREVER, NULL);
	locker_start(&timed, 0, m, pawl_after(PAWL_S(80)), NULL);
	pawl_mutex_unlock(m);
	assert_int_equal(locker_join(&forever), 0);
	assert_int_equal(locker_join(&timed), 0);
}

static void those_who_sleep_get_it_after_unlock(void **state)
{
	(void)state;
	with_each_policy(check_waiter_gets_it);
}

static void check_arrival_order(pawl_mutex *m)
{
	struct locker l[ORDER_MAX];
	struct order order = { 0 };

	pawl_mutex_lock(m);
	for (int i = 0; i < ORDER_MAX; i++)
		locker_start(&l[i], i, m, i % 2 ? PAWL_FOREVER : pawl_after(PAWL_S(80)), &order);
	pawl_mutex_unlock(m);
	for (int i = 0; i < ORDER_MAX; i++)
		assert_int_equal(locker_join(&l[i]), 0);
	assert_int_equal(order.count, ORDER_MAX);
	for (int i = 0; i < ORDER_MAX; i++)
		assert_int_equal(order.who[i], i);
}

static void those_who_sleep_get_it_in_the_order_of_arrival(void **state)
{
	(void)state;
	with_each_policy(check_arrival_order);
}

/*** The policies differ: windows held open by worker_freeze() *********************************/

static void by_default_a_newcomer_may_overtake_who_was_woken(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker l;

	(void)state;
	pawl_mutex_lock(&m);
	locker_start(&l, 0, &m, PAWL_FOREVER, NULL);
	worker_freeze(&l.worker);
	pawl_mutex_unlock(&m);
	assert_int_equal(pawl_mutex_trylock(&m), 0);
	worker_thaw(&l.worker);
	worker_await_wait(&l.worker, "mutex", &m);
	pawl_mutex_unlock(&m);
	assert_int_equal(locker_join(&l), 0);
	pawl_mutex_destroy(&m);
}

/* The first was woken, and a newcomer overtook it: its unlock wakes nobody else. */
static void one_is_woken_at_a_time(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct order order = { 0 };
	struct locker l[2];

	(void)state;
	pawl_mutex_lock(&m);
	for (int i = 0; i < 2; i++)
		locker_start(&l[i], i, &m, PAWL_FOREVER, &order);
	worker_freeze(&l[0].worker);
	pawl_mutex_unlock(&m);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pawl_mutex_trylock(&m), 0);
		pawl_mutex_unlock(&m);
		worker_await_wait(&l[1].worker, "mutex", &m);
	}
	worker_thaw(&l[0].worker);
	for (int i = 0; i < 2; i++)
		assert_int_equal(locker_join(&l[i]), 0);
	assert_int_equal(order.who[0], 0);
	assert_int_equal(order.who[1], 1);
	pawl_mutex_destroy(&m);
}

static void a_fair_mutex_is_handed_over_and_nobody_overtakes(void **state)
{
	pawl_mutex m = PAWL_MUTEX_FAIR_INIT;
	struct locker l;

	(void)state;
	pawl_mutex_lock(&m);
	locker_start(&l, 0, &m, PAWL_FOREVER, NULL);
	worker_freeze(&l.worker);
	pawl_mutex_unlock(&m);
	assert_int_equal(pawl_mutex_trylock(&m), EBUSY);
	assert_int_equal(pawl_mutex_lock_until(&m, pawl_after(PAWL_MS(2))), ETIMEDOUT);
	worker_thaw(&l.worker);
	assert_int_equal(locker_join(&l), 0);
	pawl_mutex_destroy(&m);
}

static void who_was_overtaken_keeps_its_place_in_front(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct order order = { 0 };
	struct locker l[3];

	(void)state;
	pawl_mutex_lock(&m);
	for (int i = 0; i < 3; i++)
		locker_start(&l[i], i, &m, PAWL_FOREVER, &order);
	worker_freeze(&l[0].worker);
	pawl_mutex_unlock(&m);
	assert_int_equal(pawl_mutex_trylock(&m), 0);
	worker_thaw(&l[0].worker);
	worker_await_wait(&l[0].worker, "mutex", &m);
	pawl_mutex_unlock(&m);
	for (int i = 0; i < 3; i++)
		assert_int_equal(locker_join(&l[i]), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(order.who[i], i);
}

static void who_lost_races_for_1_ms_is_handed_the_mutex(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker l;

	(void)state;
	pawl_mutex_lock(&m);
	locker_start(&l, 0, &m, PAWL_FOREVER, NULL);
	locker_starve(&l);
	worker_freeze(&l.worker);
	pawl_mutex_unlock(&m);
	assert_int_equal(pawl_mutex_trylock(&m), EBUSY);
	worker_thaw(&l.worker);
	assert_int_equal(locker_join(&l), 0);
	pawl_mutex_destroy(&m);
}

static void after_a_hand_over_newcomers_may_overtake_again(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker starving, next;

	(void)state;
	pawl_mutex_lock(&m);
	locker_start(&starving, 0, &m, PAWL_FOREVER, NULL);
	locker_starve(&starving);
	pawl_mutex_unlock(&m);
	assert_int_equal(locker_join(&starving), 0);
	pawl_mutex_lock(&m);
	locker_start(&next, 0, &m, PAWL_FOREVER, NULL);
	worker_freeze(&next.worker);
	pawl_mutex_unlock(&m);
	assert_int_equal(pawl_mutex_trylock(&m), 0);
	worker_thaw(&next.worker);
	pawl_mutex_unlock(&m);
	assert_int_equal(locker_join(&next), 0);
	pawl_mutex_destroy(&m);
}

struct hog {
	pawl_mutex mutex;
	bool stop;	/* guarded by it */
};

static void hold_and_lock_again_at_once(void *arg)
{
	struct hog *h = arg;

	for (bool stop = false; !stop;) {
		pawl_mutex_lock(&h->mutex);
		for (pawl_time end = pawl_after(PAWL_US(100)); pawl_now() < end;)
			;
		stop = h->stop;
		pawl_mutex_unlock(&h->mutex);
	}
}

static void check_hog(pawl_mutex *initial)
{
	struct hog h = { .mutex = *initial };
	struct worker w;

	worker_start(&w, hold_and_lock_again_at_once, &h);
	for (int i = 0; i < 20; i++) {
		pawl_mutex_lock(&h.mutex);
		h.stop = i == 19;
		pawl_mutex_unlock(&h.mutex);
	}
	worker_join(&w);
	pawl_mutex_destroy(&h.mutex);
}

static void a_thread_that_locks_again_at_once_cannot_keep_others_out(void **state)
{
	(void)state;
	with_each_policy(check_hog);
	pin_to_one_cpu();
	with_each_policy(check_hog);
	unpin();
}

/*** Lifetime **********************************************************************************/

enum { HOLDERS = 3 };

/* An object with a mutex in it, whose last user destroys it right after unlocking. */
struct object {
	pawl_mutex mutex;
	int users;	/* guarded by it */
};

struct lifetime {
	pthread_barrier_t round;
	unsigned flags;
	int rounds;
	struct object *object;
	size_t destroyed;	/* by the last user, between two rounds */
};

static void destroy_and_poison(struct lifetime *l, struct object *o)
{
	pawl_mutex_destroy(&o->mutex);
	memset(o, 0xa5, sizeof *o);
	l->destroyed++;
	if (UNDER_ASAN)
		free(o);	/* it knows who comes later; elsewhere the bytes tell */
}

static void use_object(struct lifetime *l, int turn)
{
	struct object *o = l->object;
	bool last;

	pawl_mutex_lock(&o->mutex);
	if (turn % 4 == 0)
		sched_yield();	/* so that others come to sleep */
	last = --o->users == 0;
	pawl_mutex_unlock(&o->mutex);
	if (last)
		destroy_and_poison(l, o);
}

static void make_object(struct lifetime *l)
{
	l->object = malloc(sizeof *l->object);
	must(l->object != NULL);
	must(pawl_mutex_init(&l->object->mutex, l->flags) == 0);
	l->object->users = HOLDERS;
}

static void bury_object(struct lifetime *l)
{
	unsigned char poison[sizeof *l->object];

	if (UNDER_ASAN)
		return;
	memset(poison, 0xa5, sizeof poison);
	must(memcmp(l->object, poison, sizeof poison) == 0);
	free(l->object);
}

static void live_and_die(void *arg)
{
	struct lifetime *l = arg;

	for (int i = 0; i < l->rounds; i++) {
		if (pthread_barrier_wait(&l->round) == PTHREAD_BARRIER_SERIAL_THREAD)
			make_object(l);
		pthread_barrier_wait(&l->round);
		use_object(l, i);
		if (pthread_barrier_wait(&l->round) == PTHREAD_BARRIER_SERIAL_THREAD)
			bury_object(l);
	}
}

static void the_last_holder_may_destroy_and_free_it_right_after_unlock(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		struct lifetime l = { .flags = flags, .rounds = ROUNDS(5000) };
		struct worker w[HOLDERS];

		pthread_barrier_init(&l.round, NULL, HOLDERS);
		for (int i = 0; i < HOLDERS; i++)
			worker_start(&w[i], live_and_die, &l);
		for (int i = 0; i < HOLDERS; i++)
			worker_join(&w[i]);
		assert_int_equal(l.destroyed, l.rounds);
		pthread_barrier_destroy(&l.round);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(init_takes_0_and_fair_and_refuses_other_flags),
		TEST(all_zero_memory_is_a_free_mutex),
		TEST(a_mutex_has_at_most_16_bytes),
		TEST(it_is_mine_between_lock_and_unlock),
		TEST(trylock_by_the_owner_returns_ebusy),
		TEST(lock_until_by_the_owner_returns_edeadlk),
		TEST(lock_until_gets_a_free_mutex_even_when_the_deadline_has_passed),
		TEST(a_mutex_can_be_initialised_again_after_destroy),
		TEST(others_get_ebusy_and_etimedout_while_it_is_held),
		TEST(those_who_sleep_get_it_after_unlock),
		TEST(those_who_sleep_get_it_in_the_order_of_arrival),
		TEST(by_default_a_newcomer_may_overtake_who_was_woken),
		TEST(one_is_woken_at_a_time),
		TEST(a_fair_mutex_is_handed_over_and_nobody_overtakes),
		TEST(who_was_overtaken_keeps_its_place_in_front),
		TEST(who_lost_races_for_1_ms_is_handed_the_mutex),
		TEST(after_a_hand_over_newcomers_may_overtake_again),
		TEST(a_thread_that_locks_again_at_once_cannot_keep_others_out),
		TEST(the_last_holder_may_destroy_and_free_it_right_after_unlock),
	};

	return test_main(tests);
}
