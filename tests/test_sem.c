/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_sem.c - pawl/sem.h: results, both policies, who is next, lifetime.  Debt, cancels, close:
 * test_sem_ends.c; several permits at once: test_sem_many.c; ops: test_sem_op.c.
 *
 * Built twice: test_sem_twins is the same with PAWL_NO_INLINE.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/mutex.h>

#include "sem_taker.h"

/*** Alone *************************************************************************************/

static void init_takes_permits_and_fair_and_refuses_the_rest(void **state)
{
	pawl_sem s, before;

	(void)state;
	memset(&s, 0x5a, sizeof s);
	before = s;
	assert_int_equal(pawl_sem_init(&s, 0, 2), EINVAL);
	assert_int_equal(pawl_sem_init(&s, 1, PAWL_FAIR | 0x80000000u), EINVAL);
	assert_int_equal(pawl_sem_init(&s, -1, 0), EINVAL);
	assert_int_equal(pawl_sem_init(&s, INT64_MIN, PAWL_FAIR), EINVAL);
	assert_int_equal(pawl_sem_init(&s, PAWL_SEM_MAX + 1, 0), EINVAL);
	assert_memory_equal(&s, &before, sizeof s);
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		assert_int_equal(pawl_sem_init(&s, 3, flags), 0);
		assert_permits(&s, 3);
		assert_int_equal(pawl_sem_init(&s, PAWL_SEM_MAX, flags), 0);
		assert_int_equal(pawl_sem_value(&s), PAWL_SEM_MAX);
		assert_int_equal(pawl_sem_tryacquire(&s), 0);
		pawl_sem_release(&s, 1);
		assert_int_equal(pawl_sem_value(&s), PAWL_SEM_MAX);
	}
}

static void all_zero_memory_is_a_semaphore_without_permits(void **state)
{
	pawl_sem *s = calloc(1, sizeof *s);

	(void)state;
	assert_non_null(s);
	assert_permits(s, 0);
	pawl_sem_release(s, 1);
	assert_permits(s, 1);
	pawl_sem_destroy(s);
	free(s);
}

static void the_initialiser_gives_permits(void **state)
{
	static pawl_sem none = PAWL_SEM_INIT(0), three = PAWL_SEM_INIT(3);
	static pawl_sem most = PAWL_SEM_INIT(PAWL_SEM_MAX);

	(void)state;
	assert_permits(&none, 0);
	assert_permits(&three, 3);
	assert_int_equal(pawl_sem_value(&most), PAWL_SEM_MAX);
}

static void a_semaphore_has_at_most_16_bytes(void **state)
{
	(void)state;
	assert_in_range(sizeof(pawl_sem), 1, 16);
}

static const pawl_time past[] = { INT64_MIN, -1, 0 };

static void check_each_form(pawl_sem *s)
{
	pawl_sem_release(s, 6);
	assert_int_equal(pawl_sem_value(s), 6);
	assert_int_equal(pawl_sem_acquire(s), 0);
	assert_int_equal(pawl_sem_tryacquire(s), 0);
	assert_int_equal(pawl_sem_acquire_until(s, PAWL_FOREVER), 0);
	for (size_t i = 0; i < COUNT_OF(past); i++)
		assert_int_equal(pawl_sem_acquire_until(s, past[i]), 0);
	assert_int_equal(pawl_sem_value(s), 0);
	pawl_sem_release(s, 0);
	assert_permits(s, 0);
}

static void a_permit_can_be_had_in_each_form_whatever_the_deadline(void **state)
{
	(void)state;
	with_each_sem(check_each_form);
}

static void check_without_permits(pawl_sem *s)
{
	pawl_time deadline = pawl_after(PAWL_MS(3));

	assert_int_equal(pawl_sem_tryacquire(s), EAGAIN);
	for (size_t i = 0; i < COUNT_OF(past); i++)
		assert_int_equal(pawl_sem_acquire_until(s, past[i]), ETIMEDOUT);
	assert_int_equal(pawl_sem_acquire_until(s, pawl_now()), ETIMEDOUT);
	assert_int_equal(pawl_sem_acquire_until(s, deadline), ETIMEDOUT);
	assert_true(pawl_now() >= deadline);
	assert_permits(s, 0);
	pawl_sem_release(s, 2);
	assert_permits(s, 2);
}

static void without_one_they_return_eagain_or_etimedout(void **state)
{
	(void)state;
	with_each_sem(check_without_permits);
}

static void a_semaphore_can_be_initialised_again_after_destroy(void **state)
{
	pawl_sem s = PAWL_SEM_INIT(1);

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pawl_sem_acquire(&s), 0);
		pawl_sem_close(&s);
		pawl_sem_destroy(&s);
		assert_int_equal(pawl_sem_init(&s, 1, i & PAWL_FAIR), 0);
	}
	assert_permits(&s, 1);
}

/*** Those who wait ****************************************************************************/

static void check_arrival_order(pawl_sem *s)
{
	struct sem_taker t[ORDER_MAX];
	struct order order = { 0 };

	for (int i = 0; i < ORDER_MAX; i++)
		taker_start_in(&order, &t[i], i, s, 1);
	for (int i = 0; i < ORDER_MAX; i++) {
		pawl_sem_release(s, 1);
		order_expect(&order, i + 1, i);
		assert_int_equal(taker_join(&t[i]), 0);
	}
	assert_permits(s, 0);
}

static void those_who_sleep_get_permits_in_the_order_of_arrival(void **state)
{
	(void)state;
	with_each_sem(check_arrival_order);
}

static void check_release_of_many(pawl_sem *s)
{
	struct sem_taker t[5];

	for (size_t i = 0; i < COUNT_OF(t); i++)
		taker_start(&t[i], s, 1, PAWL_FOREVER);
	pawl_sem_release(s, 0);
	taker_await(&t[0]);
	pawl_sem_release(s, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(taker_join(&t[i]), 0);
	taker_await(&t[3]);
	taker_await(&t[4]);
	assert_int_equal(pawl_sem_value(s), 0);
	pawl_sem_release(s, 4);
	assert_int_equal(taker_join(&t[3]), 0);
	assert_int_equal(taker_join(&t[4]), 0);
	assert_permits(s, 2);
}

static void a_release_of_n_serves_n_of_them_and_of_0_nobody(void **state)
{
	(void)state;
	with_each_sem(check_release_of_many);
}

/* In a child, as there is no way back from the virtual clock. */
static void time_out_in_queue(void *flags)
{
	struct sem_taker late, next;
	pawl_sem s;

	must(pawl_clock_set_virtual(PAWL_S(1)) == 0);
	must(pawl_sem_init(&s, 0, *(unsigned *)flags) == 0);
	taker_start(&late, &s, 1, PAWL_S(5));
	taker_start(&next, &s, 1, PAWL_FOREVER);
	must(pawl_clock_advance(PAWL_S(4) - 1) == 0);
	taker_await(&late);
	must(pawl_clock_advance(1) == 0);
	must(taker_join(&late) == ETIMEDOUT);
	taker_await(&next);
	pawl_sem_release(&s, 1);
	must(taker_join(&next) == 0);
	must(pawl_sem_value(&s) == 0);
	taker_start(&late, &s, 1, PAWL_S(6));
	must(pawl_clock_advance(PAWL_S(1)) == 0);
	must(taker_join(&late) == ETIMEDOUT);
	pawl_sem_release(&s, 1);
	must(pawl_sem_value(&s) == 1);
	must(s.queue_ == 0);
}

static void who_timed_out_is_passed_over(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		struct child c;

		child_run(&c, time_out_in_queue, &flags);
		child_assert_silent(&c);
	}
}

/*** The policies differ: windows held open by worker_freeze() *********************************/

static void by_default_a_newcomer_may_overtake_who_was_woken(void **state)
{
	pawl_sem s = PAWL_SEM_INIT(0);
	struct sem_taker t;

	(void)state;
	taker_start(&t, &s, 1, PAWL_FOREVER);
	worker_freeze(&t.worker);
	pawl_sem_release(&s, 1);
	assert_int_equal(pawl_sem_value(&s), 1);
	assert_int_equal(pawl_sem_tryacquire(&s), 0);
	worker_thaw(&t.worker);
	taker_await(&t);
	pawl_sem_release(&s, 1);
	assert_int_equal(taker_join(&t), 0);
	assert_permits(&s, 0);
}

static void one_is_woken_at_a_time_and_passes_it_on(void **state)
{
	pawl_sem s = PAWL_SEM_INIT(0);
	struct sem_taker t[3];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(t); i++)
		taker_start(&t[i], &s, 1, PAWL_FOREVER);
	worker_freeze(&t[0].worker);
	for (size_t i = 0; i < COUNT_OF(t); i++) {
		pawl_sem_release(&s, 1);
		taker_await(&t[1]);
		taker_await(&t[2]);
	}
	assert_int_equal(pawl_sem_value(&s), 3);
	worker_thaw(&t[0].worker);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		assert_int_equal(taker_join(&t[i]), 0);
	assert_permits(&s, 0);
}

static void who_lost_races_for_1_ms_is_handed_a_permit(void **state)
{
	pawl_sem s = PAWL_SEM_INIT(0);
	struct sem_taker t;

	(void)state;
	taker_start(&t, &s, 1, PAWL_FOREVER);
	taker_starve(&t);
	worker_freeze(&t.worker);
	pawl_sem_release(&s, 1);
	assert_int_equal(pawl_sem_tryacquire(&s), EAGAIN);
	pawl_sem_release(&s, 1);
	assert_int_equal(pawl_sem_tryacquire(&s), 0);	/* that one is nobody's */
	worker_thaw(&t.worker);
	assert_int_equal(taker_join(&t), 0);
	assert_permits(&s, 0);
}

/* The heir passes on what it leaves, to one who insists. */
static void an_heir_hands_over_to_who_lost_races_for_1_ms(void **state)
{
	pawl_sem s = PAWL_SEM_INIT(0);
	struct sem_taker heir, next;

	(void)state;
	taker_start(&next, &s, 1, PAWL_FOREVER);
	taker_start(&heir, &s, 1, PAWL_FOREVER);
	taker_starve(&next);	/* and stands behind the other */
	worker_freeze(&heir.worker);
	worker_freeze(&next.worker);
	pawl_sem_release(&s, 2);
	assert_int_equal(pawl_sem_value(&s), 2);
	worker_thaw(&heir.worker);
	assert_int_equal(taker_join(&heir), 0);
	assert_int_equal(pawl_sem_tryacquire(&s), EAGAIN);
	worker_thaw(&next.worker);
	assert_int_equal(taker_join(&next), 0);
	assert_permits(&s, 0);
}

static void time_out_as_heir(void *arg)
{
	pawl_sem s = PAWL_SEM_INIT(0);
	struct sem_taker heir, next;

	(void)arg;
	must(pawl_clock_set_virtual(PAWL_S(1)) == 0);
	taker_start(&heir, &s, 1, PAWL_S(5));
	taker_start(&next, &s, 1, PAWL_FOREVER);
	worker_freeze(&heir.worker);
	pawl_sem_release(&s, 1);
	must(pawl_sem_tryacquire(&s) == 0);
	must(pawl_clock_advance(PAWL_S(4)) == 0);
	worker_thaw(&heir.worker);
	must(taker_join(&heir) == ETIMEDOUT);
	taker_await(&next);
	pawl_sem_release(&s, 1);
	must(taker_join(&next) == 0);

	/* With a permit there, it is taken, late as it is. */
	taker_start(&heir, &s, 1, PAWL_S(9));
	worker_freeze(&heir.worker);
	pawl_sem_release(&s, 1);
	must(pawl_clock_advance(PAWL_S(4)) == 0);
	worker_thaw(&heir.worker);
	must(taker_join(&heir) == 0);
	must(pawl_sem_value(&s) == 0 && s.queue_ == 0);
}

static void an_heir_that_lost_its_race_and_its_time_leaves_the_next_to_others(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, time_out_as_heir, NULL);
	child_assert_silent(&c);
}

static void fair_permits_are_handed_over_and_nobody_overtakes(void **state)
{
	struct sem_taker t[2];
	pawl_sem s;

	(void)state;
	assert_int_equal(pawl_sem_init(&s, 0, PAWL_FAIR), 0);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		taker_start(&t[i], &s, 1, PAWL_FOREVER);
	worker_freeze(&t[0].worker);
	pawl_sem_release(&s, 1);
	assert_int_equal(pawl_sem_value(&s), 0);
	assert_int_equal(pawl_sem_tryacquire(&s), EAGAIN);
	assert_int_equal(pawl_sem_acquire_until(&s, pawl_after(PAWL_MS(2))), ETIMEDOUT);
	pawl_sem_release(&s, 1);	/* for the second, which need not wait for the first */
	assert_int_equal(taker_join(&t[1]), 0);
	worker_thaw(&t[0].worker);
	assert_int_equal(taker_join(&t[0]), 0);
	assert_permits(&s, 0);
}

struct hog {
	pawl_sem sem;
	bool stop;	/* guarded by it */
};

static void keep_it_and_take_it_again_at_once(void *arg)
{
	struct hog *h = arg;

	for (bool stop = false; !stop;) {
		must(pawl_sem_acquire(&h->sem) == 0);
		for (pawl_time end = pawl_after(PAWL_US(100)); pawl_now() < end;)
			;
		stop = h->stop;
		pawl_sem_release(&h->sem, 1);
	}
}

static void check_hog(pawl_sem *s)
{
	struct hog h = { .sem = *s };
	struct worker w;

	pawl_sem_release(&h.sem, 1);
	worker_start(&w, keep_it_and_take_it_again_at_once, &h);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(pawl_sem_acquire(&h.sem), 0);
		h.stop = i == 19;
		pawl_sem_release(&h.sem, 1);
	}
	worker_join(&w);
	assert_permits(&h.sem, 1);
}

static void a_thread_that_takes_it_again_at_once_cannot_keep_others_out(void **state)
{
	(void)state;
	with_each_sem(check_hog);
	pin_to_one_cpu();
	with_each_sem(check_hog);
	unpin();
}

/*** Lifetime **********************************************************************************/

enum { USERS = 3 };

/* A semaphore of one permit, whose last user destroys it. */
struct object {
	pawl_sem sem;
	int users;	/* guarded by it */
};

static void bury(struct object *o)
{
	pawl_sem_destroy(&o->sem);
	memset(o, 0xa5, sizeof *o);
	if (UNDER_ASAN)
		free(o);	/* it knows who comes later; elsewhere the bytes tell */
}

static void use_object(void *arg)
{
	struct object *o = arg;

	must(pawl_sem_acquire(&o->sem) == 0);
	if (--o->users == 0)
		bury(o);
	else
		pawl_sem_release(&o->sem, 1);
}

static void free_buried(struct object *o)
{
	unsigned char poison[sizeof *o];

	if (UNDER_ASAN)
		return;
	memset(poison, 0xa5, sizeof poison);
	assert_memory_equal(o, poison, sizeof poison);
	free(o);
}

static void live_and_die(unsigned flags, int round)
{
	struct object *o = malloc(sizeof *o);
	struct worker w[USERS];

	assert_non_null(o);
	assert_int_equal(pawl_sem_init(&o->sem, 0, flags), 0);
	o->users = USERS;
	for (int i = 0; i < USERS; i++)
		worker_start(&w[i], use_object, o);
	if (round % 16 == 0)
		for (int i = 0; i < USERS; i++)
			worker_await_wait(&w[i], "semaphore", &o->sem);
	pawl_sem_release(&o->sem, 1);
	for (int i = 0; i < USERS; i++)
		worker_join(&w[i]);
	free_buried(o);
}

static void who_takes_the_last_permit_may_destroy_and_free_it(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++)
		for (int round = 0; round < ROUNDS(1000); round++)
			live_and_die(flags, round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(init_takes_permits_and_fair_and_refuses_the_rest),
		TEST(all_zero_memory_is_a_semaphore_without_permits),
		TEST(the_initialiser_gives_permits),
		TEST(a_semaphore_has_at_most_16_bytes),
		TEST(a_permit_can_be_had_in_each_form_whatever_the_deadline),
		TEST(without_one_they_return_eagain_or_etimedout),
		TEST(a_semaphore_can_be_initialised_again_after_destroy),
		TEST(those_who_sleep_get_permits_in_the_order_of_arrival),
		TEST(a_release_of_n_serves_n_of_them_and_of_0_nobody),
		TEST(who_timed_out_is_passed_over),
		TEST(by_default_a_newcomer_may_overtake_who_was_woken),
		TEST(one_is_woken_at_a_time_and_passes_it_on),
		TEST(who_lost_races_for_1_ms_is_handed_a_permit),
		TEST(an_heir_hands_over_to_who_lost_races_for_1_ms),
		TEST(an_heir_that_lost_its_race_and_its_time_leaves_the_next_to_others),
		TEST(fair_permits_are_handed_over_and_nobody_overtakes),
		TEST(a_thread_that_takes_it_again_at_once_cannot_keep_others_out),
		TEST(who_takes_the_last_permit_may_destroy_and_free_it),
	};

	return test_main(tests);
}
