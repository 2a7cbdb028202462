/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_signals.c - waits that are interrupted for no reason: by signals, and by wakes that
 * were meant for somebody else (from inside: wait/context.h).
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include <pawl/atomic.h>
#include <pawl/counter.h>
#include <pawl/mutex.h>
#include <pawl/once.h>
#include <pawl/rwlock.h>
#include <pawl/sem.h>

#include "support.h"
#include "wait/context.h"

/*** What disturbs *****************************************************************************/

static void disturb_by_signal(struct worker *w)
{
	int err = pthread_kill(w->pthread, SIGUSR1);

	must(err == 0 || err == ESRCH);	/* it may have ended, unjoined */
}

static void disturb_by_wake(struct worker *w)
{
	(void)w;
	for (struct context *c = pawl_i_context_newest(); c; c = c->older)
		pawl_i_context_wake(c);
}

static int handled;	/* atomic */

static void handle(int signal_number)
{
	(void)signal_number;
	pawl_fetch_add_(&handled, 1, relaxed);
}

/*** What is disturbed *************************************************************************/

struct victim {
	struct worker worker;
	pawl_mutex mutex;
	pawl_cond cond;
	pawl_counter counter;
	pawl_once once;
	pawl_sem sem;
	pawl_rwlock rwlock;
	int64_t permits;		/* to wait for */
	pawl_time deadline;
	bool timed, signalled;	/* signalled: guarded by the mutex */
	int result;
};

static void wait_for_mutex(void *arg)
{
	struct victim *v = arg;

	v->result = pawl_mutex_lock_until(&v->mutex, v->deadline);
	if (v->result == 0)
		pawl_mutex_unlock(&v->mutex);
}

static void wait_for_cond(void *arg)
{
	struct victim *v = arg;

	v->result = 0;
	pawl_mutex_lock(&v->mutex);
	while (!v->signalled && v->result == 0)
		v->result = pawl_cond_wait_until(&v->cond, &v->mutex, v->deadline);
	pawl_mutex_unlock(&v->mutex);
}

static void wait_for_counter(void *arg)
{
	struct victim *v = arg;

	v->result = pawl_counter_wait_zero(&v->counter, v->deadline);
}

static int run_nothing(void *arg)
{
	(void)arg;
	must_fail(__FILE__, __LINE__, "one initialiser is enough");
}

static void wait_for_once(void *arg)
{
	struct victim *v = arg;

	v->result = pawl_once_do_until(&v->once, run_nothing, v, v->deadline);
}

static void wait_for_sem(void *arg)
{
	struct victim *v = arg;

	v->result = pawl_sem_acquire_n(&v->sem, v->permits, v->deadline);
}

static void wait_for_reading(void *arg)
{
	struct victim *v = arg;

	v->result = pawl_rwlock_rdlock_until(&v->rwlock, v->deadline);
	if (v->result == 0)
		pawl_rwlock_rdunlock(&v->rwlock);
}

static void wait_for_writing(void *arg)
{
	struct victim *v = arg;

	v->result = pawl_rwlock_wrlock_until(&v->rwlock, v->deadline);
	if (v->result == 0)
		pawl_rwlock_wrunlock(&v->rwlock);
}

/*** The waits, disturbed while they last ******************************************************/

enum { DISTURBANCES = 300 };

static void (*disturb)(struct worker *w);

static void victim_start(struct victim *v, void (*wait)(void *arg), bool timed)
{
	v->timed = timed;
	v->deadline = timed ? pawl_after(PAWL_MS(30)) : PAWL_FOREVER;
	worker_start(&v->worker, wait, v);
}

/* Disturb it while it sleeps: for its whole time, or a number of times. */
static void harass(struct victim *v)
{
	for (int i = 0; v->timed ? pawl_now() < v->deadline : i < DISTURBANCES; i++) {
		disturb(&v->worker);
		if (i % 8 == 0)
			nap(PAWL_US(50));
	}
}

static void victim_join(struct victim *v)
{
	worker_join(&v->worker);
	assert_int_equal(v->result, v->timed ? ETIMEDOUT : 0);
	assert_true(!v->timed || pawl_now() >= v->deadline);
}

static void check_mutex(bool timed)
{
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		struct victim v = { .result = -1 };

		assert_int_equal(pawl_mutex_init(&v.mutex, flags), 0);
		pawl_mutex_lock(&v.mutex);
		victim_start(&v, wait_for_mutex, timed);
		harass(&v);
		if (!timed)
			pawl_mutex_unlock(&v.mutex);
		victim_join(&v);
		if (timed)
			pawl_mutex_unlock(&v.mutex);
		pawl_mutex_destroy(&v.mutex);
	}
}

static void check_cond(bool timed)
{
	struct victim v = { .result = -1 };

	victim_start(&v, wait_for_cond, timed);
	harass(&v);
	if (!timed) {
		pawl_mutex_lock(&v.mutex);
		v.signalled = true;
		pawl_cond_signal(&v.cond);
		pawl_mutex_unlock(&v.mutex);
	}
	victim_join(&v);
}

static void check_counter(bool timed)
{
	struct victim v = { .counter = PAWL_COUNTER_INIT(1), .result = -1 };

	victim_start(&v, wait_for_counter, timed);
	harass(&v);
	if (!timed)
		(void)pawl_counter_add(&v.counter, -1);
	victim_join(&v);
}

static int initialise_under_disturbance(void *arg)
{
	struct victim *v = arg;

	victim_start(v, wait_for_once, v->timed);
	harass(v);
	if (v->timed)
		worker_join(&v->worker);
	return 0;
}

static void check_once(bool timed)
{
	struct victim v = { .timed = timed, .result = -1 };

	assert_int_equal(pawl_once_do(&v.once, initialise_under_disturbance, &v), 0);
	if (!timed)
		worker_join(&v.worker);
	assert_int_equal(v.result, timed ? ETIMEDOUT : 0);
}

static void check_sem(bool timed)
{
	for (int64_t permits = 1; permits <= 2; permits++) {
		struct victim v = { .permits = permits, .result = -1 };

		victim_start(&v, wait_for_sem, timed);
		harass(&v);
		pawl_sem_release(&v.sem, timed ? 0 : permits);
		victim_join(&v);
		assert_int_equal(pawl_sem_value(&v.sem), 0);
	}
}

static void check_rwlock(bool timed)
{
	void (*const waits[])(void *arg) = { wait_for_reading, wait_for_writing };

	for (size_t i = 0; i < COUNT_OF(waits); i++) {
		struct victim v = { .result = -1 };

		pawl_rwlock_wrlock(&v.rwlock);
		victim_start(&v, waits[i], timed);
		harass(&v);
		if (!timed)
			pawl_rwlock_wrunlock(&v.rwlock);
		victim_join(&v);
		if (timed)
			pawl_rwlock_wrunlock(&v.rwlock);
		assert_int_equal(pawl_rwlock_trywrlock(&v.rwlock), 0);
	}
}

static void check_each_wait(void (*way)(struct worker *w))
{
	disturb = way;
	for (int timed = 0; timed < 2; timed++) {
		check_mutex(timed);
		check_cond(timed);
		check_counter(timed);
		check_once(timed);
		check_sem(timed);
		check_rwlock(timed);
	}
}

static void a_storm_of_signals_neither_ends_a_wait_nor_keeps_it(void **state)
{
	struct sigaction action = { .sa_handler = handle };

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	check_each_wait(disturb_by_signal);
	action.sa_flags = SA_RESTART;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	check_each_wait(disturb_by_signal);
	assert_true(handled > 100);
}

static void nor_do_wakes_that_were_meant_for_others(void **state)
{
	(void)state;
	check_each_wait(disturb_by_wake);
}

/*** Under load ********************************************************************************/

struct load {
	pawl_mutex mutex;
	pawl_cond changed;
	int tokens;		/* guarded */
	pawl_counter taken, working;
	int rounds;
};

/* Take a token, or give one back, with waits of both kinds. */
static void take_and_give(void *arg)
{
	struct load *l = arg;

	for (int i = 0; i < l->rounds; i++) {
		pawl_mutex_lock(&l->mutex);
		while (l->tokens == 0)
			(void)!pawl_cond_wait_until(&l->changed, &l->mutex,
						    i % 3 ? PAWL_FOREVER : pawl_after(PAWL_US(20)));
		l->tokens--;
		pawl_mutex_unlock(&l->mutex);
		(void)pawl_counter_add(&l->taken, 1);
		pawl_mutex_lock(&l->mutex);
		l->tokens++;
		pawl_cond_signal(&l->changed);
		pawl_mutex_unlock(&l->mutex);
	}
	(void)pawl_counter_add(&l->working, -1);
}

static void run_load(void (*way)(struct worker *w))
{
	struct load l = { .tokens = 2, .working = PAWL_COUNTER_INIT(6), .rounds = ROUNDS(2000) };
	struct worker w[6];

	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_start(&w[i], take_and_give, &l);
	while (pawl_counter_wait_zero(&l.working, pawl_after(PAWL_US(200))) == ETIMEDOUT)
		for (size_t i = 0; i < COUNT_OF(w); i++)
			way(&w[i]);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_join(&w[i]);
	assert_int_equal(pawl_counter_get(&l.taken), 6 * l.rounds);
	assert_int_equal(l.tokens, 2);
}

static void under_load_nothing_is_lost_either(void **state)
{
	struct sigaction action = { .sa_handler = handle };

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	run_load(disturb_by_signal);
	run_load(disturb_by_wake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_storm_of_signals_neither_ends_a_wait_nor_keeps_it),
		TEST(nor_do_wakes_that_were_meant_for_others),
		TEST(under_load_nothing_is_lost_either),
	};

	return test_main(tests);
}
