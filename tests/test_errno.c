/* SPDX-License-Identifier: BSD-2-Clause */
/* test_errno.c - results are returned, and errno is left alone by every function. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <pawl/counter.h>
#include <pawl/debug.h>
#include <pawl/mutex.h>
#include <pawl/once.h>
#include <pawl/rwlock.h>
#include <pawl/tally.h>
#include <pawl/thread.h>

#include "support.h"

enum { OURS = 4711 };

/* The call returns that, or nothing, and leaves errno alone. */
#define returns(result, call) (errno = OURS, must((call) == (result)), must(errno == OURS))
#define does(call) (errno = OURS, (call), must(errno == OURS))

static int return_it(void *arg)
{
	return *(int *)arg;
}

static void call_rwlock_alone(void)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;

	for (int i = 0; i < 100; i++) {		/* in a slot, too */
		does(pawl_rwlock_rdlock(&l));
		does(pawl_rwlock_rdunlock(&l));
	}
	does(pawl_rwlock_rdlock(&l));
	returns(0, pawl_rwlock_tryrdlock(&l));
	returns(EBUSY, pawl_rwlock_trywrlock(&l));
	returns(ETIMEDOUT, pawl_rwlock_wrlock_until(&l, pawl_after(PAWL_MS(1))));
	does(pawl_rwlock_rdunlock(&l));
	does(pawl_rwlock_rdunlock(&l));
	returns(0, pawl_rwlock_trywrlock(&l));
	returns(EBUSY, pawl_rwlock_tryrdlock(&l));
	returns(ETIMEDOUT, pawl_rwlock_rdlock_until(&l, pawl_after(PAWL_MS(1))));
	does(pawl_rwlock_downgrade(&l));
	does(pawl_rwlock_rdunlock(&l));
	does(pawl_rwlock_wrlock(&l));
	does(pawl_rwlock_wrunlock(&l));
}

static void call_all_alone(void *arg)
{
	int err = EIO, ok = 0, null = open("/dev/null", O_WRONLY);
	pawl_mutex m, *const list[] = { &m };
	pawl_cond cond = PAWL_COND_INIT;
	pawl_once once = PAWL_ONCE_INIT;
	pawl_counter c = PAWL_COUNTER_INIT(0);
	pawl_tally t;

	(void)arg;
	must(null >= 0);
	returns(0, pawl_thread_attach());
	returns(0, pawl_mutex_init(&m, PAWL_FAIR));
	returns(EINVAL, pawl_mutex_init(&m, 8));
	returns(0, pawl_mutex_trylock(&m));
	returns(EBUSY, pawl_mutex_trylock(&m));
	returns(EDEADLK, pawl_mutex_lock_until(&m, 0));
	returns(ETIMEDOUT, pawl_cond_wait_until(&cond, &m, 0));
	returns(ETIMEDOUT, pawl_cond_wait_until(&cond, &m, pawl_after(PAWL_MS(1))));
	does(pawl_cond_signal(&cond));
	does(pawl_cond_broadcast(&cond));
	does(pawl_mutex_unlock(&m));
	does(pawl_mutex_lock(&m));
	does(pawl_mutex_unlock(&m));
	does(pawl_mutex_lock_all(list, 1));
	returns(EDEADLK, pawl_mutex_lock_all_until(list, 1, 0));
	does(pawl_mutex_unlock_all(list, 1));
	does(pawl_mutex_destroy(&m));
	call_rwlock_alone();
	returns(EIO, pawl_once_do(&once, return_it, &err));
	returns(0, pawl_once_do_until(&once, return_it, &ok, 0));
	returns(0, pawl_once_do(&once, return_it, &ok));
	returns(1, pawl_counter_add(&c, 1));
	returns(ETIMEDOUT, pawl_counter_wait_zero(&c, 0));
	returns(ETIMEDOUT, pawl_counter_wait_zero(&c, pawl_after(PAWL_MS(1))));
	returns(0, pawl_counter_add(&c, -1));
	returns(0, pawl_counter_wait_zero(&c, PAWL_FOREVER));
	returns(0, pawl_tally_init(&t));
	does(pawl_tally_add(&t, 1));
	returns(1, pawl_tally_sum(&t));
	does(pawl_tally_destroy(&t));
	returns(true, pawl_now() > 0);
	returns(true, pawl_after(1) > 0);
	returns(EPERM, pawl_clock_advance(1));
	does(pawl_dump(null));
	does(pawl_dump(-1));
	returns(EINVAL, pawl_clock_set_virtual(-1));
	returns(0, pawl_clock_set_virtual(1));
	returns(0, pawl_clock_advance(1));
}

static void calls_that_do_not_sleep_leave_errno_alone(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, call_all_alone, NULL);
	child_assert_silent(&c);
}

static void name_a_duration(void *arg)
{
	pawl_counter c = PAWL_COUNTER_INIT(1);

	(void)arg;
	close(STDERR_FILENO);	/* what is to be said cannot be written */
	returns(ETIMEDOUT, pawl_counter_wait_zero(&c, PAWL_MS(5)));
}

static void so_does_the_hint_about_durations(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, name_a_duration, NULL);
	child_assert_silent(&c);
}

/*** Sleeping **********************************************************************************/

struct sleeps {
	pawl_mutex mutex;
	pawl_cond cond;
	pawl_counter counter;
	pawl_once once;
	pawl_rwlock rwlock;
	struct worker worker;
	pawl_time deadline;
};

static void sleep_for_mutex(void *arg)
{
	struct sleeps *s = arg;

	returns(ETIMEDOUT, pawl_mutex_lock_until(&s->mutex, s->deadline));
	does(pawl_mutex_lock(&s->mutex));
	does(pawl_mutex_unlock(&s->mutex));
}

static void sleep_for_cond(void *arg)
{
	struct sleeps *s = arg;

	pawl_mutex_lock(&s->mutex);
	returns(0, pawl_cond_wait_until(&s->cond, &s->mutex, PAWL_FOREVER));
	pawl_mutex_unlock(&s->mutex);
}

static void sleep_for_counter(void *arg)
{
	struct sleeps *s = arg;

	returns(ETIMEDOUT, pawl_counter_wait_zero(&s->counter, s->deadline));
	returns(0, pawl_counter_wait_zero(&s->counter, PAWL_FOREVER));
}

static void sleep_for_once(void *arg)
{
	struct sleeps *s = arg;
	int ok = 0;

	returns(ETIMEDOUT, pawl_once_do_until(&s->once, return_it, &ok, s->deadline));
	returns(0, pawl_once_do(&s->once, return_it, &ok));
}

static void sleep_to_read(void *arg)
{
	struct sleeps *s = arg;

	returns(ETIMEDOUT, pawl_rwlock_rdlock_until(&s->rwlock, s->deadline));
	does(pawl_rwlock_rdlock(&s->rwlock));
	does(pawl_rwlock_rdunlock(&s->rwlock));
}

static void sleep_to_write(void *arg)
{
	struct sleeps *s = arg;

	returns(ETIMEDOUT, pawl_rwlock_wrlock_until(&s->rwlock, s->deadline));
	does(pawl_rwlock_wrlock(&s->rwlock));
	does(pawl_rwlock_wrunlock(&s->rwlock));
}

static void handle(int signal_number)
{
	(void)signal_number;
}

/* Start it, wait until it sleeps without a deadline, and interrupt it. */
static void put_to_sleep(struct sleeps *s, void (*fn)(void *arg), const char *kind,
	const void *object)
{
	struct sigaction action = { .sa_handler = handle };

	must(sigaction(SIGUSR1, &action, NULL) == 0);
	s->deadline = pawl_after(PAWL_MS(2));
	worker_start(&s->worker, fn, s);
	while (pawl_now() < s->deadline)
		nap(PAWL_US(500));
	for (int i = 0; i < 3; i++) {
		worker_await_wait(&s->worker, kind, object);
		must(pthread_kill(s->worker.pthread, SIGUSR1) == 0);
	}
	worker_await_wait(&s->worker, kind, object);
}

static int put_another_to_sleep(void *arg)
{
	struct sleeps *s = arg;

	put_to_sleep(s, sleep_for_once, "once", &s->once);
	return 0;
}

static void waits_that_sleep_are_interrupted_or_time_out_leave_errno_alone(void **state)
{
	struct sleeps s = { .counter = PAWL_COUNTER_INIT(1) };

	(void)state;
	pawl_mutex_lock(&s.mutex);
	put_to_sleep(&s, sleep_for_mutex, "mutex", &s.mutex);
	does(pawl_mutex_unlock(&s.mutex));
	worker_join(&s.worker);
	put_to_sleep(&s, sleep_for_cond, "cond", &s.cond);
	does(pawl_cond_broadcast(&s.cond));
	worker_join(&s.worker);
	put_to_sleep(&s, sleep_for_counter, "counter", &s.counter);
	returns(0, pawl_counter_add(&s.counter, -1));
	worker_join(&s.worker);
	does(pawl_rwlock_wrlock(&s.rwlock));
	put_to_sleep(&s, sleep_to_read, "rwlock", &s.rwlock);
	does(pawl_rwlock_downgrade(&s.rwlock));
	worker_join(&s.worker);
	put_to_sleep(&s, sleep_to_write, "rwlock", &s.rwlock);
	does(pawl_rwlock_rdunlock(&s.rwlock));
	worker_join(&s.worker);
	returns(0, pawl_once_do(&s.once, put_another_to_sleep, &s));
	worker_join(&s.worker);
}

/*** No memory *********************************************************************************/

/* Take all memory that malloc() may still get. */
static void exhaust_memory(void)
{
	struct rlimit none = { 0, 0 };
	void *volatile taken;

	must(setrlimit(RLIMIT_AS, &none) == 0);
	for (size_t size = 1 << 20; size >= 16; size /= 2)
		do
			taken = malloc(size);
		while (taken != NULL);
}

static void fail_for_lack_of_memory(void *arg)
{
	pawl_tally t;

	(void)arg;
	exhaust_memory();
	errno = OURS;
	must(pawl_thread_attach() == ENOMEM);
	must(errno == OURS);
	must(pawl_tally_init(&t) == ENOMEM);
	must(errno == OURS);
}

static void enomem_leaves_errno_alone(void **state)
{
	struct child c;

	(void)state;
	if (UNDER_TSAN || UNDER_ASAN) {
		note("the sanitizer's allocator cannot be exhausted");
		return;
	}
	child_run(&c, fail_for_lack_of_memory, NULL);
	child_assert_silent(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, while there is no context that could be adopted. */
		TEST(enomem_leaves_errno_alone),
		TEST(calls_that_do_not_sleep_leave_errno_alone),
		TEST(so_does_the_hint_about_durations),
		TEST(waits_that_sleep_are_interrupted_or_time_out_leave_errno_alone),
	};

	return test_main(tests);
}
