/* SPDX-License-Identifier: BSD-2-Clause */
/* sem_taker.c - see sem_taker.h. */
#include "config.h"

#include <errno.h>

#include <pawl/mutex.h>

#include "sem_taker.h"

static int acquire(struct sem_taker *t)
{
	if (t->n != 1)
		return pawl_sem_acquire_n(t->sem, t->n, t->deadline);
	return t->deadline == PAWL_FOREVER ? pawl_sem_acquire(t->sem) :
		pawl_sem_acquire_until(t->sem, t->deadline);
}

static void take(void *arg)
{
	struct sem_taker *t = arg;
	pawl_scope scope;

	if (t->source)
		pawl_scope_enter(&scope, PAWL_FOREVER, t->source, 0);
	t->result = acquire(t);
	must(t->result != ETIMEDOUT || pawl_now() >= t->deadline);
	if (t->source)
		must(pawl_scope_leave(&scope, 0) == 0);
	if (t->order && t->result == 0)
		order_note(t->order, t->id);
}

static void start(struct sem_taker *t)
{
	worker_start(&t->worker, take, t);
	taker_await(t);
}

void taker_start(struct sem_taker *t, pawl_sem *s, int64_t n, pawl_time deadline)
{
	*t = (struct sem_taker){ .sem = s, .n = n, .deadline = deadline };
	start(t);
}

void taker_start_in(struct order *order, struct sem_taker *t, int id, pawl_sem *s, int64_t n)
{
	*t = (struct sem_taker){ .sem = s, .n = n, .deadline = PAWL_FOREVER, .id = id,
		.order = order };
	start(t);
}

void taker_start_scoped(struct sem_taker *t, pawl_sem *s, int64_t n, pawl_cancel *source)
{
	*t = (struct sem_taker){ .sem = s, .n = n, .deadline = PAWL_FOREVER, .source = source };
	start(t);
}

void taker_await(const struct sem_taker *t)
{
	/* Those that want several may stand in a line before the semaphore. */
	if (t->n == 1)
		worker_await_wait(&t->worker, "semaphore", t->sem);
	else
		worker_await_sleep(&t->worker);
}

int taker_join(struct sem_taker *t)
{
	worker_join(&t->worker);
	return t->result;
}

void taker_starve(struct sem_taker *t)
{
	nap(PAWL_MS(2));
	worker_freeze(&t->worker);
	pawl_sem_release(t->sem, 1);
	must(pawl_sem_tryacquire(t->sem) == 0);
	worker_thaw(&t->worker);
	taker_await(t);
}

static pthread_mutex_t order_lock = PTHREAD_MUTEX_INITIALIZER;

void order_note(struct order *order, int id)
{
	pthread_mutex_lock(&order_lock);
	must(order->count < ORDER_MAX);
	order->who[order->count++] = id;
	pthread_mutex_unlock(&order_lock);
}

void order_expect(struct order *order, int count, int id)
{
	int seen = 0, last = -1;

	for (; seen < count; nap(PAWL_US(100))) {
		pthread_mutex_lock(&order_lock);
		seen = order->count;
		last = seen > 0 ? order->who[seen - 1] : -1;
		pthread_mutex_unlock(&order_lock);
	}
	assert_int_equal(seen, count);
	assert_int_equal(last, id);
}

void with_each_sem(void (*fn)(pawl_sem *s))
{
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		pawl_sem s;

		assert_int_equal(pawl_sem_init(&s, 0, flags), 0);
		fn(&s);
		assert_int_equal(s.queue_, 0);
		pawl_sem_destroy(&s);
	}
}

void assert_permits(pawl_sem *s, int64_t n)
{
	assert_int_equal(s->queue_, 0);
	assert_int_equal(pawl_sem_value(s), n);
	for (int64_t i = 0; i < n; i++)
		assert_int_equal(pawl_sem_tryacquire(s), 0);
	assert_int_equal(pawl_sem_tryacquire(s), EAGAIN);
	pawl_sem_release(s, n);
}
