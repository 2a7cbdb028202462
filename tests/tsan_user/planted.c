/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * planted.c - one mistake each, by threads 0 and 1, with a race on user_planted.
 *
 * The two sides meet by relaxed atomics only, so that nothing orders them but what
 * libpawl promises, and that it does not promise.
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/pawl.h>

#include "user.h"

enum { ROUNDS = 400 };

extern long user_planted;
long user_planted;

static pawl_mutex lock, locks[3];
static pawl_cond cond;
static pawl_rwlock rwlock;
static pawl_once once;
static pawl_counter counter = PAWL_COUNTER_INIT(1);
static pawl_tally tally;
static pawl_cache *cache;
static long data;
static unsigned turn;

/* No order comes from these. */
static _Atomic unsigned steps;

static void step(void)
{
	atomic_fetch_add_explicit(&steps, 1, memory_order_relaxed);
}

static void await_step(unsigned n)
{
	while (atomic_load_explicit(&steps, memory_order_relaxed) < n)
		sched_yield();
}

/* The race.  Thread 1 comes after thread 0 in time, for of accesses at the very same time
 * TSan may miss one; but not in order. */
static void touch(unsigned me)
{
	static _Atomic bool touched;

	while (me == 1 && !atomic_load_explicit(&touched, memory_order_relaxed))
		sched_yield();
	user_planted++;
	if (me == 0)
		atomic_store_explicit(&touched, true, memory_order_relaxed);
}

/* Contention as it comes. */
static void use_lock(void)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		pawl_mutex_lock(&lock);
		data++;
		pawl_mutex_unlock(&lock);
	}
}

/* One side forgot the lock. */
static void plant_unlocked(unsigned me)
{
	use_lock();
	step();
	await_step(2);
	if (me == 0)
		pawl_mutex_lock(&lock);
	touch(me);
	if (me == 0)
		pawl_mutex_unlock(&lock);
}

/* Each has a lock, but not the same. */
static void plant_two_locks(unsigned me)
{
	use_lock();
	step();
	await_step(2);
	pawl_mutex_lock(&locks[me]);
	touch(me);
	pawl_mutex_unlock(&locks[me]);
}

static void plant_lock_all(unsigned me)
{
	pawl_mutex *const two[] = { &locks[2 * me], &locks[me] };

	pawl_mutex_lock_all(two, 2);
	touch(me);
	pawl_mutex_unlock_all(two, 2);
}

/* Thread 1 goes on though it did not get the lock. */
static void plant_no_lock(unsigned me, int (*try)(void))
{
	if (me == 0) {
		pawl_mutex_lock(&lock);
		touch(me);
		step();
		await_step(2);
		pawl_mutex_unlock(&lock);
	} else {
		await_step(1);
		CHECK(try() != 0);
		touch(me);
		step();
	}
}

static int try_busy(void)
{
	return pawl_mutex_trylock(&lock);
}

static void plant_busy(unsigned me)
{
	plant_no_lock(me, try_busy);
}

static int try_for_a_while(void)
{
	return pawl_mutex_lock_until(&lock, pawl_after(PAWL_MS(1)));
}

static void plant_timed_out(unsigned me)
{
	plant_no_lock(me, try_for_a_while);
}

static int try_all_for_a_while(void)
{
	pawl_mutex *const two[] = { &lock, &locks[1] };

	return pawl_mutex_lock_all_until(two, 2, pawl_after(PAWL_MS(1)));
}

static void plant_all_timed_out(unsigned me)
{
	plant_no_lock(me, try_all_for_a_while);
}

/* Written as a reader, and by another one after that has unlocked. */
static void plant_as_reader(unsigned me)
{
	if (me == 1)
		await_step(1);
	pawl_rwlock_rdlock(&rwlock);
	touch(me);
	pawl_rwlock_rdunlock(&rwlock);
	step();
}

/* Written after what was the writer has become a reader. */
static void plant_downgraded(unsigned me)
{
	if (me == 0) {
		pawl_rwlock_wrlock(&rwlock);
		pawl_rwlock_downgrade(&rwlock);
		touch(me);
		step();
		await_step(2);
	} else {
		await_step(1);
		pawl_rwlock_rdlock(&rwlock);
		touch(me);
		step();
	}
	pawl_rwlock_rdunlock(&rwlock);
}

/* Read though it was not let in. */
static void plant_not_let_in(unsigned me)
{
	if (me == 0) {
		pawl_rwlock_wrlock(&rwlock);
		touch(me);
		step();
		await_step(2);
		pawl_rwlock_wrunlock(&rwlock);
		return;
	}
	await_step(1);
	CHECK(pawl_rwlock_tryrdlock(&rwlock) == EBUSY);
	CHECK(pawl_rwlock_rdlock_until(&rwlock, pawl_after(PAWL_MS(1))) == ETIMEDOUT);
	CHECK(pawl_rwlock_wrlock_until(&rwlock, pawl_after(PAWL_MS(1))) == ETIMEDOUT);
	touch(me);
	step();
}

/* Written after the signal, and after the mutex. */
static void plant_cond(unsigned me)
{
	pawl_mutex_lock(&lock);
	if (me == 0) {
		turn = 1;
		pawl_cond_signal(&cond);
	} else {
		while (turn == 0)
			CHECK(pawl_cond_wait_until(&cond, &lock, PAWL_FOREVER) == 0);
	}
	pawl_mutex_unlock(&lock);
	touch(me);
}

/* A signal that nobody took orders nothing. */
static void plant_cond_timed_out(unsigned me)
{
	if (me == 0) {
		touch(me);
		pawl_cond_signal(&cond);
		step();
		return;
	}
	await_step(1);
	pawl_mutex_lock(&lock);
	CHECK(pawl_cond_wait_until(&cond, &lock, pawl_after(PAWL_MS(1))) == ETIMEDOUT);
	pawl_mutex_unlock(&lock);
	touch(me);
}

static int initialise(void *arg)
{
	(void)arg;
	data = 42;
	return 0;
}

/* Written after the initialiser. */
static void plant_once(unsigned me)
{
	if (me == 1)
		await_step(1);
	CHECK(pawl_once_do(&once, initialise, NULL) == 0);
	touch(me);
	if (me == 0)
		step();
}

static int initialise_slowly(void *arg)
{
	(void)arg;
	touch(0);
	step();
	await_step(2);
	return 0;
}

/* Read though the initialiser was not waited for to the end. */
static void plant_once_timed_out(unsigned me)
{
	if (me == 0) {
		CHECK(pawl_once_do(&once, initialise_slowly, NULL) == 0);
		return;
	}
	await_step(1);
	CHECK(pawl_once_do_until(&once, initialise_slowly, NULL,
		pawl_after(PAWL_MS(1))) == ETIMEDOUT);
	touch(me);
	step();
}

/* Read though it was not done. */
static void plant_not_done(unsigned me)
{
	if (me == 0) {
		CHECK(pawl_once_do(&once, initialise_slowly, NULL) == 0);
		return;
	}
	await_step(1);
	CHECK(!pawl_once_is_done(&once));
	touch(me);
	step();
}

/* Written after the counter was made zero. */
static void plant_counter(unsigned me)
{
	if (me == 0)
		(void)pawl_counter_add(&counter, -1);
	else
		CHECK(pawl_counter_wait_zero(&counter, PAWL_FOREVER) == 0);
	touch(me);
}

/* A tally orders nothing. */
static void plant_tally(unsigned me)
{
	if (me == 1)
		await_step(1);
	touch(me);
	pawl_tally_add(&tally, 1);
	(void)pawl_tally_sum(&tally);
	step();
}

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	(void)key;
	(void)len;
	(void)user;
	ret->value = &user_planted;
	return 0;
}

/* The value is complete, and then is written once more. */
static void plant_cache(unsigned me)
{
	pawl_cache_ref *ref;

	if (me == 1)
		await_step(1);
	CHECK(pawl_cache_get_or_fetch(cache, "key", 3, PAWL_FOREVER, &ref) == 0);
	++*(long *)pawl_cache_ref_value(ref);
	pawl_cache_release(cache, ref);
	if (me == 0)
		step();
}

static const struct {
	const char *name;
	void (*part)(unsigned me);
} plants[] = {
	{ "unlocked", plant_unlocked },
	{ "two_locks", plant_two_locks },
	{ "lock_all", plant_lock_all },
	{ "busy", plant_busy },
	{ "timed_out", plant_timed_out },
	{ "all_timed_out", plant_all_timed_out },
	{ "as_reader", plant_as_reader },
	{ "downgraded", plant_downgraded },
	{ "not_let_in", plant_not_let_in },
	{ "cond", plant_cond },
	{ "cond_timed_out", plant_cond_timed_out },
	{ "once", plant_once },
	{ "once_timed_out", plant_once_timed_out },
	{ "not_done", plant_not_done },
	{ "counter", plant_counter },
	{ "tally", plant_tally },
	{ "cache", plant_cache },
};

/* Neither thread ends before the other is through, for a thread that comes after another's end
 * is ordered after it where it takes over what that one left. */
static void (*plant)(unsigned me);
static _Atomic unsigned through;

static void plant_part(unsigned me)
{
	plant(me);
	atomic_fetch_add_explicit(&through, 1, memory_order_relaxed);
	while (atomic_load_explicit(&through, memory_order_relaxed) < 2)
		sched_yield();
}

int run_plant(const char *name)
{
	pawl_cache_config config = { .size = sizeof config, .fetch = fetch };

	CHECK(pawl_tally_init(&tally) == 0);
	CHECK(pawl_cache_open(&config, &cache) == 0);
	for (size_t i = 0; i < sizeof plants / sizeof plants[0]; i++)
		if (strcmp(plants[i].name, name) == 0) {
			printf("planted at %p\n", (void *)&user_planted);
			fflush(stdout);
			plant = plants[i].part;
			run(2, plant_part);
			CHECK(user_planted == 2);
			return 0;
		}
	fprintf(stderr, "user: there is no plant '%s'\n", name);
	return 2;
}

int list_plants(void)
{
	for (size_t i = 0; i < sizeof plants / sizeof plants[0]; i++)
		puts(plants[i].name);
	return 0;
}
