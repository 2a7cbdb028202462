/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_enomem.c - no memory.  This program has the library's allocator (platform/memory.h)
 * and makes it fail: nothing but attach and tally_init may notice; those who wait without
 * a context, or a place in the queue, poll.
 *
 * Each case runs in a child, where no thread has a context yet.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/atomic.h>
#include <pawl/counter.h>
#include <pawl/mutex.h>
#include <pawl/once.h>
#include <pawl/sem.h>
#include <pawl/tally.h>
#include <pawl/thread.h>

#include "failing_memory.h"
#include "support.h"

/*** The allocator *****************************************************************************/

/* The first context of all takes two calls: itself, and a chunk of waiters. */
enum { CONTEXT_CALLS = 2 };

static void fail_all_calls(void)
{
	fail_calls_from(0);
}

static void run_in_child(void (*fn)(void *arg), void *arg)
{
	struct child c;

	child_run(&c, fn, arg);
	child_assert_silent(&c);
}

/*** What may fail *****************************************************************************/

static void attach_without_memory(void *arg)
{
	(void)arg;
	fail_calls(0, 2);
	errno = 123;
	must(pawl_thread_attach() == ENOMEM);
	must(pawl_thread_attach() == ENOMEM);
	must(pawl_thread_attach() == 0);
	must(pawl_thread_attach() == 0);
	must(memory_calls() == 2 + CONTEXT_CALLS);
	must(errno == 123);
}

/* The context is there, its waiter is not. */
static void attach_without_all_memory(void *arg)
{
	(void)arg;
	fail_calls(CONTEXT_CALLS - 1, CONTEXT_CALLS);
	must(pawl_thread_attach() == ENOMEM);
	must(pawl_thread_attach() == 0);
	must(memory_calls() == 2 * CONTEXT_CALLS);
}

static void attach_returns_enomem_and_can_be_tried_again(void **state)
{
	(void)state;
	run_in_child(attach_without_memory, NULL);
	run_in_child(attach_without_all_memory, NULL);
}

static void init_tally_without_memory(void *arg)
{
	pawl_tally t, before;

	(void)arg;
	memset(&t, 0x5a, sizeof t);
	before = t;
	fail_calls(0, 1);
	must(pawl_tally_init(&t) == ENOMEM);
	must(memcmp(&t, &before, sizeof t) == 0);
	must(pawl_tally_init(&t) == 0);
	pawl_tally_destroy(&t);
}

static void tally_init_returns_enomem_and_leaves_the_tally_alone(void **state)
{
	(void)state;
	run_in_child(init_tally_without_memory, NULL);
}

/*** What may not ******************************************************************************/

/* Allocations: a context for each thread, a chunk of waiters, one of segments. */
enum { THREADS = 4, ALLOCATIONS = THREADS + 2, ROUNDS_EACH = 100 };

struct everything {
	pthread_barrier_t start;
	pawl_mutex mutex, fair;
	int counted, fair_counted;	/* guarded by them */
	pawl_cond cond;			/* with mutex: turn has changed */
	int turn;
	pawl_once once;
	int once_runs;
	pawl_counter not_arrived;
	pawl_sem sem, fair_sem;
	int inside;			/* atomic: permits of both that are out */
};

struct participant {
	struct worker worker;
	struct everything *all;
	int id;
};

static void use_mutexes(struct everything *e)
{
	for (int i = 0; i < ROUNDS_EACH; i++) {
		pawl_mutex_lock(&e->mutex);
		e->counted++;
		if (i % 16 == 0)
			nap(PAWL_US(50));
		pawl_mutex_unlock(&e->mutex);
		while (pawl_mutex_lock_until(&e->fair, pawl_after(PAWL_US(100))) != 0)
			continue;
		e->fair_counted++;
		pawl_mutex_unlock(&e->fair);
	}
}

enum { PERMITS = 2 };

static void take_and_give(struct everything *e, pawl_sem *s, int64_t n, bool timed)
{
	int rc;

	do
		rc = pawl_sem_acquire_n(s, n, timed ? pawl_after(PAWL_US(100)) : PAWL_FOREVER);
	while (rc == ETIMEDOUT && timed);
	must(rc == 0);
	must(pawl_fetch_add_(&e->inside, (int)n, relaxed) < 2 * PERMITS);
	nap(PAWL_US(20));
	(void)pawl_fetch_sub_(&e->inside, (int)n, relaxed);
	pawl_sem_release(s, n);
}

static void use_sems(struct everything *e)
{
	for (int i = 0; i < ROUNDS_EACH / 2; i++) {
		take_and_give(e, &e->sem, 1 + i % PERMITS, i % 4 == 0);
		take_and_give(e, &e->fair_sem, 1 + i % PERMITS, i % 4 == 1);
	}
}

/* Round and round, each wakes all. */
static void use_cond(struct everything *e, int id)
{
	for (int i = 0; i < 10; i++) {
		pawl_mutex_lock(&e->mutex);
		while (e->turn % THREADS != id)
			must(pawl_cond_wait_until(&e->cond, &e->mutex, PAWL_FOREVER) == 0);
		e->turn++;
		pawl_cond_broadcast(&e->cond);
		pawl_mutex_unlock(&e->mutex);
	}
}

static int fail_twice(void *arg)
{
	struct everything *e = arg;

	nap(PAWL_MS(1));
	return ++e->once_runs < 3 ? EIO : 0;
}

static void use_all(void *arg)
{
	struct participant *p = arg;
	struct everything *e = p->all;

	pthread_barrier_wait(&e->start);
	use_mutexes(e);
	use_cond(e, p->id);
	use_sems(e);
	while (pawl_once_do(&e->once, fail_twice, e) != 0)
		must(!pawl_once_is_done(&e->once) || e->once_runs == 3);
	(void)pawl_counter_add(&e->not_arrived, -1);
	must(pawl_counter_wait_zero(&e->not_arrived, PAWL_FOREVER) == 0);
}

static void run_participants(void)
{
	struct everything e = { .fair = PAWL_MUTEX_FAIR_INIT,
		.not_arrived = PAWL_COUNTER_INIT(THREADS), .sem = PAWL_SEM_INIT(PERMITS) };
	struct participant p[THREADS];

	must(pawl_sem_init(&e.fair_sem, PERMITS, PAWL_FAIR) == 0);
	pthread_barrier_init(&e.start, NULL, THREADS);
	for (int i = 0; i < THREADS; i++) {
		p[i].all = &e;
		p[i].id = i;
		worker_start(&p[i].worker, use_all, &p[i]);
	}
	for (int i = 0; i < THREADS; i++)
		worker_join(&p[i].worker);
	must(e.counted == THREADS * ROUNDS_EACH);
	must(e.fair_counted == THREADS * ROUNDS_EACH);
	must(e.turn == THREADS * 10);
	must(e.once_runs == 3);
	must(pawl_sem_value(&e.sem) == PERMITS && pawl_sem_value(&e.fair_sem) == PERMITS);
	pawl_mutex_destroy(&e.mutex);
	pawl_mutex_destroy(&e.fair);
	pawl_sem_destroy(&e.sem);
	pawl_sem_destroy(&e.fair_sem);
}

static void run_with_failing_calls(void *arg)
{
	const int *range = arg;

	fail_calls(range[0], range[1]);
	run_participants();
	must(range[0] >= THREADS || memory_calls() > range[0]);	/* it did fail */
}

static void each_allocation_may_fail_and_nothing_is_lost(void **state)
{
	(void)state;
	for (int n = 0; n < ALLOCATIONS; n++)
		run_in_child(run_with_failing_calls, (int[]){ n, n + 1 });
}

static void all_allocations_from_one_on_may_fail_and_nothing_is_lost(void **state)
{
	(void)state;
	for (int n = 0; n < ALLOCATIONS; n++)
		run_in_child(run_with_failing_calls, (int[]){ n, INT32_MAX });
}

/*** Results without a context *****************************************************************/

static void time_out(void *arg)
{
	pawl_mutex *m = arg;
	pawl_time deadline = pawl_after(PAWL_MS(3));

	must(pawl_mutex_lock_until(m, 0) == ETIMEDOUT);
	must(pawl_mutex_lock_until(m, deadline) == ETIMEDOUT);
	must(pawl_now() >= deadline);
}

static void time_out_sem(unsigned flags)
{
	pawl_time deadline = pawl_after(PAWL_MS(3));
	pawl_sem s;

	must(pawl_sem_init(&s, 1, flags) == 0);
	must(pawl_sem_acquire_n(&s, 2, 0) == ETIMEDOUT);
	must(pawl_sem_acquire_n(&s, 2, deadline) == ETIMEDOUT);
	must(pawl_now() >= deadline);
	must(pawl_sem_acquire_n(&s, 1, 0) == 0);
	deadline = pawl_after(PAWL_MS(3));
	must(pawl_sem_acquire_until(&s, deadline) == ETIMEDOUT);
	must(pawl_now() >= deadline);
	pawl_sem_close(&s);
	must(pawl_sem_acquire(&s) == EPIPE);
	must(pawl_sem_acquire_n(&s, 2, PAWL_FOREVER) == EPIPE);
	pawl_sem_destroy(&s);
}

static void time_out_without_memory(void *arg)
{
	pawl_counter c = PAWL_COUNTER_INIT(1);
	pawl_time deadline = pawl_after(PAWL_MS(3));
	pawl_cond cond = PAWL_COND_INIT;
	struct worker w;

	fail_all_calls();
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		pawl_mutex m;

		must(pawl_mutex_init(&m, flags) == 0);
		pawl_mutex_lock(&m);
		worker_start(&w, time_out, &m);
		worker_join(&w);
		must(pawl_cond_wait_until(&cond, &m, deadline) == ETIMEDOUT);
		must(pawl_mutex_is_mine(&m));
		pawl_mutex_unlock(&m);
		pawl_mutex_destroy(&m);
		time_out_sem(flags);
	}
	must(pawl_counter_wait_zero(&c, deadline) == ETIMEDOUT);
	must(arg == NULL && pawl_now() >= deadline);
}

static void those_who_poll_time_out_at_their_deadline_and_not_before(void **state)
{
	(void)state;
	run_in_child(time_out_without_memory, NULL);
}

static void wait_in_virtual_time(void *arg)
{
	must(pawl_mutex_lock_until(arg, PAWL_S(5)) == ETIMEDOUT);
	must(pawl_now() == PAWL_S(5));
}

static void poll_in_virtual_time(void *arg)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct worker w;

	(void)arg;
	fail_all_calls();
	must(pawl_clock_set_virtual(PAWL_S(1)) == 0);
	pawl_mutex_lock(&m);
	worker_start(&w, wait_in_virtual_time, &m);
	nap(PAWL_MS(2));
	must(pawl_clock_advance(PAWL_S(4) - 1) == 0);
	nap(PAWL_MS(2));
	must(pawl_clock_advance(1) == 0);
	worker_join(&w);
}

static void those_who_poll_obey_the_virtual_clock(void **state)
{
	(void)state;
	run_in_child(poll_in_virtual_time, NULL);
}

/*** Cancellation ******************************************************************************/

struct victim {
	pawl_mutex mutex;
	bool got_it;	/* guarded by it */
};

static void lock_uncancelled(void *arg)
{
	struct victim *v = arg;
	int before;

	pawl_mutex_lock(&v->mutex);
	/* The request is there, but was not met inside. */
	must(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before) == 0);
	v->got_it = true;
	pawl_mutex_unlock(&v->mutex);
}

static void cancel_while_it_polls(void *arg)
{
	struct victim v = { .mutex = PAWL_MUTEX_INIT };
	struct worker w;

	(void)arg;
	fail_all_calls();
	pawl_mutex_lock(&v.mutex);
	worker_start(&w, lock_uncancelled, &v);
	nap(PAWL_MS(3));
	must(pthread_cancel(w.pthread) == 0);
	nap(PAWL_MS(3));
	pawl_mutex_unlock(&v.mutex);
	worker_join(&w);
	must(v.got_it);
}

static void a_lock_that_polls_is_no_cancellation_point(void **state)
{
	(void)state;
	run_in_child(cancel_while_it_polls, NULL);
}

/*** Ops ***************************************************************************************/

static void note_rc(pawl_op *op, int rc)
{
	*(int *)pawl_op_user(op) = rc;
}

static void start_without_memory(void *arg)
{
	pawl_sem s = PAWL_SEM_INIT(1);
	pawl_op op;
	int rc = -1;

	(void)arg;
	fail_all_calls();
	pawl_op_init_inline(&op, note_rc, &rc);
	must(pawl_sem_acquire_op(&s, &op) == 0);
	must(pawl_sem_acquire_op(&s, &op) == ENOMEM);
	must(pawl_op_cancel(&op) == EALREADY);
	fail_calls(NEVER, 0);
	must(pawl_sem_acquire_op(&s, &op) == EINPROGRESS);
	fail_all_calls();
	pawl_sem_release(&s, 1);
	must(rc == 0);
	pawl_sem_destroy(&s);
}

static void acquire_op_returns_enomem_and_its_end_needs_no_memory(void **state)
{
	(void)state;
	run_in_child(start_without_memory, NULL);
}

/*** No keys for thread-local data *************************************************************/

static void run_without_keys(void *arg)
{
	pthread_key_t key;
	int err;

	(void)arg;
	fail_calls(NEVER, 0);
	while ((err = pthread_key_create(&key, NULL)) == 0)
		continue;
	must(err == EAGAIN);
	errno = 123;
	must(pawl_thread_attach() == ENOMEM);
	must(pawl_thread_attach() == ENOMEM);
	must(errno == 123);
	must(memory_calls() == CONTEXT_CALLS);	/* what could not be kept was given back, and adopted */
	run_participants();
}

static void without_a_key_attach_returns_enomem_and_nothing_is_lost(void **state)
{
	(void)state;
	run_in_child(run_without_keys, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(attach_returns_enomem_and_can_be_tried_again),
		TEST(tally_init_returns_enomem_and_leaves_the_tally_alone),
		TEST(each_allocation_may_fail_and_nothing_is_lost),
		TEST(all_allocations_from_one_on_may_fail_and_nothing_is_lost),
		TEST(those_who_poll_time_out_at_their_deadline_and_not_before),
		TEST(those_who_poll_obey_the_virtual_clock),
		TEST(a_lock_that_polls_is_no_cancellation_point),
		TEST(acquire_op_returns_enomem_and_its_end_needs_no_memory),
		TEST(without_a_key_attach_returns_enomem_and_nothing_is_lost),
	};

	return test_main(tests);
}
