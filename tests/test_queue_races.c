/* SPDX-License-Identifier: BSD-2-Clause */
/* test_queue_races.c - pawl/queue.h: each item arrives once, in order, whatever comes between. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <pawl/atomic.h>
#include <pawl/op.h>

#include "queue_user.h"

enum { MOST_PUSHERS = 4, MOST_POPPERS = 4, EACH = 6000, AT_ONCE = 6 };

struct crowd {
	pawl_queue *queue;
	pawl_cancel *source;		/* of scopes that are canceled already */
	unsigned char popped[MOST_PUSHERS][EACH + AT_ONCE];	/* atomic: how many times */
};

struct member {
	struct worker worker;
	struct crowd *crowd;
	unsigned seed;
	uint64_t number;		/* of the pusher */
	uint64_t count;			/* pushed, or popped */
	uint64_t next[MOST_PUSHERS];	/* least that is to come from each pusher */
	uint64_t failed;		/* for want of time or for a cancel */
	long sleeps;
	bool closed;
};

static pawl_time soon(struct member *m)
{
	return pawl_after(PAWL_US(rand_r(&m->seed) % 100));
}

/* What needs no wait is done in a canceled scope too. */
static void enter(struct member *m, pawl_scope *s, bool canceled)
{
	pawl_scope_enter(s, PAWL_FOREVER, canceled ? m->crowd->source : NULL, 0);
}

/*** Ways to push and to pop *******************************************************************/

struct done {
	pawl_op op;
	sem_t sem;
	int rc;
};

static void wake(pawl_op *op, int rc)
{
	struct done *d = pawl_op_user(op);

	d->rc = rc;
	sem_post(&d->sem);
}

static void await_done(struct done *d)
{
	while (sem_wait(&d->sem) != 0)
		must(errno == EINTR);
}

/* By an inline op, which another thread completes, or this one cancels. */
static int by_op(struct member *m, uint64_t *item, bool pushes)
{
	struct done d = { .rc = -1 };
	int rc;

	sem_init(&d.sem, 0, 0);
	pawl_op_init_inline(&d.op, wake, &d);
	rc = pushes ? pawl_queue_push_op(m->crowd->queue, item, &d.op) :
		pawl_queue_pop_op(m->crowd->queue, item, &d.op);
	if (rc == EINPROGRESS) {
		if (rand_r(&m->seed) % 2)
			sched_yield();
		if (rand_r(&m->seed) % 2)
			(void)pawl_op_cancel(&d.op);
		await_done(&d);
		rc = d.rc;
	}
	return rc;
}

static int reserve_and_commit(struct member *m, uint64_t item)
{
	void *slot;
	int rc = pawl_queue_reserve(m->crowd->queue, soon(m), &slot);

	if (rc != 0)
		return rc;
	if (rand_r(&m->seed) % 4 == 0) {
		*(uint64_t *)slot = NOTHING;
		pawl_queue_abandon(m->crowd->queue, slot);
		return EAGAIN;
	}
	*(uint64_t *)slot = item;
	rc = pawl_queue_commit(m->crowd->queue, slot);
	if (rc != 0)
		pawl_queue_abandon(m->crowd->queue, slot);
	return rc;
}

/* Return: the result; *@ret_n is how many of the items were pushed. */
static int push_some(struct member *m, uint64_t *items, size_t *ret_n)
{
	pawl_queue *q = m->crowd->queue;
	pawl_scope scope;
	int way = rand_r(&m->seed) % 8, rc;

	*ret_n = 0;
	if (way == 0)
		return pawl_queue_push_n(q, items, AT_ONCE, soon(m), ret_n);
	if (way == 1)
		return pawl_queue_push_n(q, items, AT_ONCE, PAWL_FOREVER, ret_n);
	enter(m, &scope, way == 2);
	rc = way <= 3 ? pawl_queue_push(q, items) : way == 4 ? pawl_queue_trypush(q, items) :
		way == 5 ? pawl_queue_push_until(q, items, soon(m)) :
		way == 6 ? by_op(m, items, true) : reserve_and_commit(m, items[0]);
	must(pawl_scope_leave(&scope, 0) == 0);
	*ret_n = rc == 0;
	return rc;
}

static int pop_some(struct member *m, uint64_t *items, size_t *ret_n)
{
	pawl_queue *q = m->crowd->queue;
	pawl_scope scope;
	int way = rand_r(&m->seed) % 7, rc;

	*ret_n = 0;
	if (way == 0)
		return pawl_queue_pop_n(q, items, AT_ONCE, soon(m), ret_n);
	if (way == 1)
		return pawl_queue_pop_n(q, items, AT_ONCE, PAWL_FOREVER, ret_n);
	enter(m, &scope, way == 2);
	rc = way <= 3 ? pawl_queue_pop(q, items) : way == 4 ? pawl_queue_trypop(q, items) :
		way == 5 ? pawl_queue_pop_until(q, items, soon(m)) : by_op(m, items, false);
	must(pawl_scope_leave(&scope, 0) == 0);
	*ret_n = rc == 0;
	return rc;
}

static long sleeps(void)
{
	struct rusage usage;

	must(getrusage(RUSAGE_THREAD, &usage) == 0);
	return usage.ru_nvcsw;
}

/*** Members ***********************************************************************************/

static void judge(struct member *m, int rc)
{
	must(rc == 0 || rc == EAGAIN || rc == ETIMEDOUT || rc == ECANCELED || rc == EPIPE);
	m->failed += rc != 0 && rc != EPIPE;
	m->closed = rc == EPIPE;
}

/* An item is the number of its pusher, and its own there. */
static void push_all(void *arg)
{
	struct member *m = arg;
	uint64_t items[AT_ONCE];
	size_t n;

	while (m->count < ROUNDS(EACH) && !m->closed) {
		for (size_t i = 0; i < AT_ONCE; i++)
			items[i] = m->number << 32 | (m->count + i);
		judge(m, push_some(m, items, &n));
		m->count += n;
	}
	m->sleeps = sleeps();
}

static void take_in(struct member *m, uint64_t item)
{
	uint64_t pusher = item >> 32, number = item & UINT32_MAX;

	must(pusher < MOST_PUSHERS && number < EACH + AT_ONCE);
	must(number >= m->next[pusher]);
	m->next[pusher] = number + 1;
	must(pawl_fetch_add_(&m->crowd->popped[pusher][number], 1, relaxed) == 0);
}

static void pop_all(void *arg)
{
	struct member *m = arg;
	uint64_t items[AT_ONCE];
	size_t n = 1;

	/* At first nothing is there: so the others know when it sleeps. */
	judge(m, pawl_queue_pop(m->crowd->queue, items));
	for (; !m->closed; judge(m, pop_some(m, items, &n))) {
		for (size_t i = 0; i < n; i++)
			take_in(m, items[i]);
		m->count += n;
	}
	m->sleeps = sleeps();
}

/*** A crowd ***********************************************************************************/

static struct crowd crowd;
static struct member pushers[MOST_PUSHERS], poppers[MOST_POPPERS];

static void gather(size_t n, size_t m, size_t capacity, unsigned flags)
{
	memset(&crowd, 0, sizeof crowd);
	crowd.queue = queue_of(capacity, flags);
	crowd.source = open_source();
	pawl_cancel_fire(crowd.source, 1);
	for (size_t i = 0; i < m; i++) {
		poppers[i] = (struct member){ .crowd = &crowd, .seed = (unsigned)i + 100 };
		worker_start(&poppers[i].worker, pop_all, &poppers[i]);
	}
	for (size_t i = 0; i < m; i++)
		worker_await_wait(&poppers[i].worker, "queue", crowd.queue);
	for (size_t i = 0; i < n; i++) {
		pushers[i] = (struct member){ .crowd = &crowd, .seed = (unsigned)i, .number = i };
		worker_start(&pushers[i].worker, push_all, &pushers[i]);
	}
}

/* @closed: the pushers met that. */
static void part(size_t n, size_t m, bool closed)
{
	uint64_t pushed = 0, popped = 0, failed = 0;
	long slept = 0;

	for (size_t i = 0; i < n; i++)
		worker_join(&pushers[i].worker);
	pawl_queue_close(crowd.queue);
	for (size_t i = 0; i < m; i++)
		worker_join(&poppers[i].worker);
	for (size_t i = 0; i < n; i++) {
		pushed += pushers[i].count;
		failed += pushers[i].failed;
		slept += pushers[i].sleeps;
		for (size_t k = 0; k < EACH + AT_ONCE; k++)
			assert_int_equal(crowd.popped[i][k], k < pushers[i].count);
		assert_true(closed || pushers[i].count >= ROUNDS(EACH));
	}
	for (size_t i = 0; i < m; i++) {
		popped += poppers[i].count;
		failed += poppers[i].failed;
		slept += poppers[i].sleeps;
	}
	if (!closed)
		note("%zu to %zu: %llu items, %llu calls in vain, %ld sleeps", n, m,
		     (unsigned long long)popped, (unsigned long long)failed, slept);
	assert_int_equal(pushed, popped);
	assert_true(slept >= (long)m);
	pawl_queue_free(crowd.queue);
	pawl_cancel_close(crowd.source);
}

static const struct {
	size_t pushers, poppers, capacity;
	unsigned flags;
} shapes[] = {
	{ 1, 1, 1, 0 }, { 1, 1, 16, 0 }, { 1, 1, 16, PAWL_QUEUE_FAST }, { 4, 1, 3, 0 },
	{ 1, 4, 3, 0 }, { 4, 4, 1, 0 }, { 4, 4, 8, 0 }, { 4, 4, 8, PAWL_QUEUE_FAST },
};

static void each_item_arrives_once_and_those_of_one_pusher_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		gather(shapes[i].pushers, shapes[i].poppers, shapes[i].capacity, shapes[i].flags);
		part(shapes[i].pushers, shapes[i].poppers, false);
	}
}

static void a_close_in_the_middle_loses_nothing_that_was_pushed(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS(40); round++) {
		size_t i = (size_t)round % COUNT_OF(shapes);

		gather(shapes[i].pushers, shapes[i].poppers, shapes[i].capacity, shapes[i].flags);
		nap(PAWL_US(round * 17 % 400));
		pawl_queue_close(crowd.queue);
		part(shapes[i].pushers, shapes[i].poppers, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_item_arrives_once_and_those_of_one_pusher_in_order),
		TEST(a_close_in_the_middle_loses_nothing_that_was_pushed),
	};

	return test_main(tests);
}
