/* SPDX-License-Identifier: BSD-2-Clause */
/* test_thread.c - pawl/thread.h, and what is left of a thread that exited. */
#include "config.h"

#include <errno.h>
#include <pthread.h>

#include <pawl/counter.h>
#include <pawl/mutex.h>

#include "support.h"

static void attach_twice(void *arg)
{
	(void)arg;
	must(pawl_thread_attach() == 0);
	must(pawl_thread_attach() == 0);
}

static void attach_returns_0_also_the_second_time(void **state)
{
	struct worker w;

	(void)state;
	assert_int_equal(pawl_thread_attach(), 0);
	assert_int_equal(pawl_thread_attach(), 0);
	worker_start(&w, attach_twice, NULL);
	worker_join(&w);
}

static void attach_late(void *arg)
{
	pawl_mutex *m = arg;

	pawl_mutex_lock(m);	/* already has an id, and a context if it waited */
	must(pawl_thread_attach() == 0);
	must(pawl_mutex_is_mine(m));
	pawl_mutex_unlock(m);
}

static void attach_does_not_change_what_the_thread_holds(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct worker w;

	(void)state;
	worker_start(&w, attach_late, &m);
	worker_join(&w);
	pawl_mutex_lock(&m);
	worker_start(&w, attach_late, &m);
	worker_await_wait(&w, "mutex", &m);
	pawl_mutex_unlock(&m);
	worker_join(&w);
}

/*** Exit **************************************************************************************/

static void exit_holding(void *arg)
{
	pawl_mutex_lock(arg);
}

static void must_not_be_mine(void *arg)
{
	must(!pawl_mutex_is_mine(arg));
	must(pawl_mutex_trylock(arg) == EBUSY);
	must(pawl_mutex_lock_until(arg, pawl_now()) == ETIMEDOUT);
}

static void what_an_exited_thread_held_stays_held_by_nobody_else(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct worker w;

	(void)state;
	worker_start(&w, exit_holding, &m);
	worker_join(&w);
	/* Threads that may get its stack, its pthread_t and its context, but not its id. */
	for (int i = 0; i < 50; i++) {
		worker_start(&w, must_not_be_mine, &m);
		worker_join(&w);
	}
	must_not_be_mine(&m);
}

/*** Destructors of other libraries that use pawl after pawl's own have run ********************/

/* Each waits for a mutex, as the thread exits: the first round comes before or after the
 * library's destructor, the second after it in any case. */
struct goodbye {
	pthread_key_t before, after;	/* made before and after the library's own key */
	pawl_mutex mutex;
	pawl_counter waits;		/* destructors that got the mutex */
};

static struct goodbye *goodbye;
static __thread int before_rounds, after_rounds;

static void wait_in_destructor(pthread_key_t key, int *rounds)
{
	pawl_mutex_lock(&goodbye->mutex);
	must(pawl_mutex_is_mine(&goodbye->mutex));
	pawl_mutex_unlock(&goodbye->mutex);
	(void)pawl_counter_add(&goodbye->waits, 1);
	if (++*rounds < 2)
		must(pthread_setspecific(key, goodbye) == 0);
}

static void destroy_before(void *arg)
{
	(void)arg;
	wait_in_destructor(goodbye->before, &before_rounds);
}

static void destroy_after(void *arg)
{
	(void)arg;
	wait_in_destructor(goodbye->after, &after_rounds);
}

static void leave_with_destructors(void *arg)
{
	must(pawl_thread_attach() == 0);
	must(pthread_setspecific(goodbye->before, arg) == 0);
	must(pthread_setspecific(goodbye->after, arg) == 0);
}

/* Hold the mutex so that destructors have to sleep, until all have got it. */
static void make_destructors_sleep(struct worker w[], int n)
{
	int64_t done = 0;

	while (done < 4 * n) {
		bool one_sleeps = false;

		pawl_mutex_lock(&goodbye->mutex);
		for (int tries = 0; tries < 20 && !one_sleeps; tries++, nap(PAWL_US(200)))
			one_sleeps = dump_shows("waits ", "s for mutex");
		pawl_mutex_unlock(&goodbye->mutex);
		done = pawl_counter_get(&goodbye->waits);
	}
	for (int i = 0; i < n; i++)
		worker_join(&w[i]);
}

/* In a child, where the library's key does not exist yet. */
static void say_goodbye(void *arg)
{
	struct goodbye g = { .mutex = PAWL_MUTEX_INIT };
	struct worker w[8];

	(void)arg;
	goodbye = &g;
	must(pthread_key_create(&g.before, destroy_before) == 0);
	must(pawl_thread_attach() == 0);
	must(pthread_key_create(&g.after, destroy_after) == 0);
	for (int i = 0; i < 8; i++)
		worker_start(&w[i], leave_with_destructors, &g);
	make_destructors_sleep(w, 8);
	must(pawl_counter_get(&g.waits) == 4 * 8);
	must(pawl_mutex_trylock(&g.mutex) == 0);
}

static void destructors_may_wait_after_the_library_s_own_has_run(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, say_goodbye, NULL);
	child_assert_silent(&c);
}

static void wait_and_exit(void *arg)
{
	struct goodbye *g = arg;

	pawl_mutex_lock(&g->mutex);
	pawl_mutex_unlock(&g->mutex);
	(void)pawl_counter_add(&g->waits, -1);
	pthread_exit(NULL);
}

static void a_thread_may_leave_by_pthread_exit(void **state)
{
	struct goodbye g = { .mutex = PAWL_MUTEX_INIT, .waits = PAWL_COUNTER_INIT(4) };
	struct worker w[4];

	(void)state;
	pawl_mutex_lock(&g.mutex);
	for (size_t i = 0; i < COUNT_OF(w); i++) {
		worker_start(&w[i], wait_and_exit, &g);
		worker_await_wait(&w[i], "mutex", &g.mutex);
	}
	pawl_mutex_unlock(&g.mutex);
	assert_int_equal(pawl_counter_wait_zero(&g.waits, PAWL_FOREVER), 0);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_join(&w[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, while this process has no key of the library: see say_goodbye(). */
		TEST(destructors_may_wait_after_the_library_s_own_has_run),
		TEST(attach_returns_0_also_the_second_time),
		TEST(attach_does_not_change_what_the_thread_holds),
		TEST(what_an_exited_thread_held_stays_held_by_nobody_else),
		TEST(a_thread_may_leave_by_pthread_exit),
	};

	return test_main(tests);
}
