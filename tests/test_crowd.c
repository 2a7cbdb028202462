/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_crowd.c - far more threads than CPUs, free and pinned to one CPU, many of whose
 * waits time out: nothing is lost, nothing counted twice, everybody comes home.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <pawl/counter.h>
#include <pawl/mutex.h>
#include <pawl/once.h>

#include "support.h"

enum { CROWD = 64 };

struct crowd;

struct person {
	struct worker worker;
	struct crowd *crowd;
	unsigned seed;
	int done, timeouts;
};

struct crowd {
	pthread_barrier_t start;
	struct person people[CROWD];
	int rounds;
	void (*act)(struct person *p);

	pawl_mutex mutex;
	int64_t guarded;	/* by the mutex */
	bool inside;		/* the same */

	pawl_cond changed;	/* with the mutex: there are tokens, or it is over */
	int64_t made, taken;
	bool over;

	pawl_once once[32];
	int once_runs[32];	/* written by initialisers */

	pawl_counter arrived;	/* zero: all are there */
};

static unsigned pick(struct person *p, unsigned below)
{
	p->seed = p->seed * 1664525 + 1013904223;
	return (p->seed >> 8) % below;
}

/* Three of ten waits are given 0 to 50 us. */
static pawl_time some_deadline(struct person *p)
{
	return pick(p, 10) < 3 ? pawl_after(PAWL_US(pick(p, 51))) : PAWL_FOREVER;
}

static void live(void *arg)
{
	struct person *p = arg;

	pthread_barrier_wait(&p->crowd->start);
	for (int i = 0; i < p->crowd->rounds; i++)
		p->crowd->act(p);
}

static void crowd_start(struct crowd *c, void (*act)(struct person *p), int rounds)
{
	c->act = act;
	c->rounds = rounds;
	pthread_barrier_init(&c->start, NULL, CROWD);
	for (unsigned i = 0; i < CROWD; i++) {
		c->people[i].crowd = c;
		c->people[i].seed = i;
		worker_start(&c->people[i].worker, live, &c->people[i]);
	}
}

/* Return: how often they did what they wanted to do; *@ret_timeouts: how often not. */
static int64_t crowd_join(struct crowd *c, int64_t *ret_timeouts)
{
	int64_t done = 0;

	*ret_timeouts = 0;
	for (int i = 0; i < CROWD; i++) {
		worker_join(&c->people[i].worker);
		done += c->people[i].done;
		*ret_timeouts += c->people[i].timeouts;
	}
	pthread_barrier_destroy(&c->start);
	return done;
}

/* What a case does, free and pinned. */
static void free_and_pinned(void (*fn)(struct crowd *c))
{
	struct crowd *c;

	for (int pinned = 0; pinned < 2; pinned++) {
		c = calloc(1, sizeof *c);
		assert_non_null(c);
		if (pinned)
			pin_to_one_cpu();
		fn(c);
		if (pinned)
			unpin();
		free(c);
	}
}

/*** Mutex *************************************************************************************/

static void count_inside(struct person *p)
{
	struct crowd *c = p->crowd;

	must(!c->inside);
	c->inside = true;
	c->guarded++;
	if (pick(p, 50) == 0)
		nap(PAWL_US(1));	/* so that others must sleep */
	c->inside = false;
	p->done++;
}

static void lock_and_count(struct person *p)
{
	struct crowd *c = p->crowd;
	pawl_time deadline = some_deadline(p);
	int err = 0;

	if (deadline == PAWL_FOREVER)
		pawl_mutex_lock(&c->mutex);
	else
		err = pawl_mutex_lock_until(&c->mutex, deadline);
	if (err != 0) {
		must(err == ETIMEDOUT && pawl_now() >= deadline);
		p->timeouts++;
		return;
	}
	count_inside(p);
	pawl_mutex_unlock(&c->mutex);
}

static void run_mutex(struct crowd *c, unsigned flags, int rounds)
{
	int64_t done, timeouts;

	assert_int_equal(pawl_mutex_init(&c->mutex, flags), 0);
	crowd_start(c, lock_and_count, rounds);
	done = crowd_join(c, &timeouts);
	assert_int_equal(done, c->guarded);
	assert_int_equal(done + timeouts, (int64_t)CROWD * rounds);
	pawl_mutex_destroy(&c->mutex);
	note("%d locked, %d timed out", (int)done, (int)timeouts);
}

static void run_default_mutex(struct crowd *c)
{
	run_mutex(c, 0, ROUNDS(500));
}

static void run_fair_mutex(struct crowd *c)
{
	run_mutex(c, PAWL_FAIR, ROUNDS(100));
}

static void of_those_who_lock_none_is_lost(void **state)
{
	(void)state;
	free_and_pinned(run_default_mutex);
}

static void nor_with_a_fair_mutex(void **state)
{
	(void)state;
	free_and_pinned(run_fair_mutex);
}

/*** Condition *********************************************************************************/

static void take_token(struct person *p)
{
	struct crowd *c = p->crowd;
	pawl_time deadline = some_deadline(p);
	int err = 0;

	pawl_mutex_lock(&c->mutex);
	while (c->made == c->taken && !c->over && err == 0)
		err = pawl_cond_wait_until(&c->changed, &c->mutex, deadline);
	if (c->made > c->taken) {
		c->taken++;
		p->done++;
	} else {
		p->timeouts++;
	}
	pawl_mutex_unlock(&c->mutex);
}

static void make_tokens(struct crowd *c, int how_many)
{
	pawl_mutex_lock(&c->mutex);
	c->made += how_many;
	if (how_many > 1)
		pawl_cond_broadcast(&c->changed);
	else
		pawl_cond_signal(&c->changed);
	pawl_mutex_unlock(&c->mutex);
}

static void run_cond(struct crowd *c)
{
	const int rounds = ROUNDS(100);
	int64_t done, timeouts;

	crowd_start(c, take_token, rounds);
	for (int i = 0; i < rounds * CROWD / 8; i++)
		make_tokens(c, i % 8 == 0 ? 5 : 1);
	pawl_mutex_lock(&c->mutex);
	c->over = true;
	pawl_cond_broadcast(&c->changed);
	pawl_mutex_unlock(&c->mutex);
	done = crowd_join(c, &timeouts);
	assert_int_equal(done, c->taken);
	assert_true(c->taken <= c->made);
	assert_int_equal(done + timeouts, (int64_t)CROWD * rounds);
	note("%d of %d tokens taken", (int)done, (int)c->made);
}

static void of_those_who_wait_for_tokens_none_is_lost(void **state)
{
	(void)state;
	free_and_pinned(run_cond);
}

/*** Once **************************************************************************************/

struct attempt {
	struct person *person;
	int which;
};

/* Fails five times. */
static int initialise(void *arg)
{
	struct attempt *a = arg;
	struct crowd *c = a->person->crowd;

	nap(PAWL_US(pick(a->person, 30)));
	return ++c->once_runs[a->which] > 5 ? 0 : EIO;
}

static void do_each_once(struct person *p)
{
	struct crowd *c = p->crowd;

	for (int i = 0; i < (int)COUNT_OF(c->once); i++) {
		struct attempt a = { p, i };
		int err;

		while ((err = pawl_once_do_until(&c->once[i], initialise, &a,
						 some_deadline(p))) != 0) {
			must(err == ETIMEDOUT || err == EIO);
			*(err == EIO ? &p->done : &p->timeouts) += 1;
		}
		must(c->once_runs[i] == 6);
	}
}

static void run_once(struct crowd *c)
{
	int64_t failures, timeouts;

	crowd_start(c, do_each_once, 1);
	failures = crowd_join(c, &timeouts);
	assert_int_equal(failures, 5 * COUNT_OF(c->once));
	note("%d timed out", (int)timeouts);
}

static void of_those_who_initialise_each_is_needed_once(void **state)
{
	(void)state;
	free_and_pinned(run_once);
}

/*** Counter ***********************************************************************************/

static void arrive_and_wait(struct person *p)
{
	struct crowd *c = p->crowd;
	int err;

	(void)pawl_counter_add(&c->arrived, -1);
	while ((err = pawl_counter_wait_zero(&c->arrived, some_deadline(p))) != 0) {
		must(err == ETIMEDOUT);
		p->timeouts++;
	}
	p->done++;
}

static void run_counter(struct crowd *c)
{
	int64_t done, timeouts;

	(void)pawl_counter_add(&c->arrived, CROWD);
	crowd_start(c, arrive_and_wait, 1);
	done = crowd_join(c, &timeouts);
	assert_int_equal(done, CROWD);
	assert_int_equal(pawl_counter_get(&c->arrived), 0);
}

static void of_those_who_wait_for_zero_all_are_woken(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS(20); i++)
		free_and_pinned(run_counter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_those_who_lock_none_is_lost),
		TEST(nor_with_a_fair_mutex),
		TEST(of_those_who_wait_for_tokens_none_is_lost),
		TEST(of_those_who_initialise_each_is_needed_once),
		TEST(of_those_who_wait_for_zero_all_are_woken),
	};

	return test_main(tests);
}
