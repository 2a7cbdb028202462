/* SPDX-License-Identifier: BSD-2-Clause */
/* test_any_races.c - exactly one is taken, whenever what comes. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/atomic.h>

#include "any_kinds.h"

enum {
	WAITERS = 4, RELEASERS = 2, SEMS = 2,
	AT_ONCE = 2,			/* permits of each semaphore that are under way */
	TAKEN = 100000			/* by all together */
};

/*
 * Permits and notifications come at random, while threads wait for all of them, and one for one
 * at a time: of each, what was given is what was taken and what is left.  Of two notifications that
 * nobody waits for one is kept; so there is one at a time, and it must not be lost.
 */
struct crowd {
	pawl_sem sems[SEMS];
	pawl_notify notify;
	pawl_any list[SEMS + 1];
	int64_t under_way[SEMS + 1];	/* atomic: given and not taken yet */
	uint64_t taken[SEMS + 1];	/* atomic */
	uint64_t sent[SEMS + 1];	/* atomic */
	uint64_t timeouts;		/* atomic */
	bool over;			/* atomic */
};

struct member {
	struct worker worker;
	struct crowd *crowd;
	unsigned seed;
	bool wants_one;
};

static uint64_t all_taken(struct crowd *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i <= SEMS; i++)
		sum += pawl_load_(&c->taken[i], relaxed);
	return sum;
}

/* The last of the waiters stands behind the others in one line. */
static int wait_for_one_or_all(struct member *m, pawl_time deadline, size_t *ret_which)
{
	struct crowd *c = m->crowd;
	size_t i = (size_t)rand_r(&m->seed) % (SEMS + 1);
	int rc;

	if (!m->wants_one)
		return pawl_wait_any(c->list, COUNT_OF(c->list), deadline, ret_which);
	rc = i < SEMS ? pawl_sem_acquire_until(&c->sems[i], deadline) :
		pawl_notify_wait_until(&c->notify, deadline);
	if (rc == 0)
		*ret_which = i;
	return rc;
}

static void take(void *arg)
{
	struct member *m = arg;
	struct crowd *c = m->crowd;

	while (!pawl_load_(&c->over, relaxed)) {
		/* Not beyond the end; a third soon, or at once. */
		bool soon = rand_r(&m->seed) % 3 == 0;
		pawl_ns d = soon ? PAWL_US(rand_r(&m->seed) % 60) : PAWL_MS(20);
		size_t which = UNTOUCHED;
		int rc = wait_for_one_or_all(m, pawl_after(d), &which);

		if (rc == ETIMEDOUT) {
			must(which == UNTOUCHED);
			(void)pawl_fetch_add_(&c->timeouts, 1, relaxed);
			continue;
		}
		must(rc == 0);
		must(which <= SEMS);
		(void)pawl_fetch_add_(&c->taken[which], 1, relaxed);
		must(pawl_fetch_sub_(&c->under_way[which], 1, relaxed) > 0);
	}
}

/* Return: whether one more of @i may be under way; it is. */
static bool may_send(struct crowd *c, size_t i)
{
	int64_t most = i < SEMS ? AT_ONCE : 1, now = pawl_load_(&c->under_way[i], relaxed);

	while (now < most)
		if (pawl_cas_(&c->under_way[i], &now, now + 1, relaxed, relaxed))
			return true;
	return false;
}

static void send(void *arg)
{
	struct member *m = arg;
	struct crowd *c = m->crowd;

	while (all_taken(c) < ROUNDS(TAKEN)) {
		size_t i = (size_t)rand_r(&m->seed) % (SEMS + 1);

		if (!may_send(c, i)) {
			sched_yield();
			continue;
		}
		(void)pawl_fetch_add_(&c->sent[i], 1, relaxed);
		if (i < SEMS)
			pawl_sem_release(&c->sems[i], 1);
		else
			pawl_notify_one(&c->notify);
	}
	pawl_store_(&c->over, true, relaxed);
}

static void judge(struct crowd *c)
{
	size_t which;

	note("%d + %d permits, %d notifications, %d timeouts", (int)c->taken[0], (int)c->taken[1],
	     (int)c->taken[SEMS], (int)c->timeouts);
	for (size_t i = 0; i < SEMS; i++) {
		assert_true(c->taken[i] > 0);
		assert_int_equal(pawl_sem_value(&c->sems[i]), c->sent[i] - c->taken[i]);
		assert_true(c->sems[i].queue_ == 0);
		pawl_sem_destroy(&c->sems[i]);
	}
	assert_true(c->taken[SEMS] > 0);
	assert_int_equal(any_poll(&c->list[SEMS], 1, &which),
			 c->sent[SEMS] == c->taken[SEMS] ? ETIMEDOUT : 0);
	assert_int_equal(any_poll(&c->list[SEMS], 1, &which), ETIMEDOUT);
	assert_true(c->notify.queue_ == 0);
	assert_true(c->timeouts > 0);
}

static void run_crowd(unsigned flags)
{
	struct member m[WAITERS + RELEASERS];
	struct crowd c = { .over = false };

	for (size_t i = 0; i < SEMS; i++) {
		must(pawl_sem_init(&c.sems[i], 0, flags) == 0);
		c.list[i] = (pawl_any){ PAWL_ANY_SEM, &c.sems[i] };
	}
	c.list[SEMS] = (pawl_any){ PAWL_ANY_NOTIFY, &c.notify };
	for (unsigned i = 0; i < COUNT_OF(m); i++) {
		m[i].crowd = &c;
		m[i].seed = i + 1;
		m[i].wants_one = i == WAITERS - 1;
		worker_start(&m[i].worker, i < WAITERS ? take : send, &m[i]);
	}
	for (size_t i = 0; i < COUNT_OF(m); i++)
		worker_join(&m[i].worker);
	judge(&c);
}

static void permits_and_notifications_are_taken_once_each(void **state)
{
	(void)state;
	run_crowd(0);
}

static void the_same_with_fair_semaphores(void **state)
{
	(void)state;
	run_crowd(PAWL_FAIR);
}

/*** A queue ***********************************************************************************/

enum { POPPERS = 3, ITEMS = 50000 };

/* Items are pushed to threads that wait for one of them or the event, and to one that waits to
 * pop: each is had once, and who is told that it is closed finds it so. */
struct feed {
	pawl_queue *queue;
	pawl_event event;
	uint64_t had[ITEMS];		/* atomic: how often */
	uint64_t too_late;		/* atomic: looks at what another had popped */
};

static void pop_when_told(void *arg)
{
	struct feed *f = arg;
	const pawl_any list[] = { { PAWL_ANY_EVENT, &f->event }, { PAWL_ANY_QUEUE, f->queue } };
	size_t which;
	int rc, item;

	do {
		must(pawl_wait_any(list, 2, PAWL_FOREVER, &which) == 0 && which == 1);
		rc = pawl_queue_trypop(f->queue, &item);
		if (rc == 0)
			(void)pawl_fetch_add_(&f->had[item], 1, relaxed);
		else if (rc == EAGAIN)
			(void)pawl_fetch_add_(&f->too_late, 1, relaxed);
	} while (rc != EPIPE);
}

static void pop_in_line(void *arg)
{
	struct feed *f = arg;
	int item;

	while (pawl_queue_pop(f->queue, &item) == 0)
		(void)pawl_fetch_add_(&f->had[item], 1, relaxed);
}

static void each_item_is_had_once_by_who_was_told(void **state)
{
	static struct feed f;
	struct worker w[POPPERS];
	int items = (int)ROUNDS(ITEMS);

	(void)state;
	f.queue = things_queue(0);
	for (size_t i = 0; i < POPPERS; i++)
		worker_start(&w[i], i == 0 ? pop_in_line : pop_when_told, &f);
	for (int i = 0; i < items; i++)
		assert_int_equal(pawl_queue_push(f.queue, &i), 0);
	pawl_queue_close(f.queue);
	for (size_t i = 0; i < POPPERS; i++)
		worker_join(&w[i]);
	for (int i = 0; i < items; i++)
		assert_int_equal(f.had[i], 1);
	note("%d items, %d looks too late", items, (int)f.too_late);
	pawl_queue_free(f.queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(permits_and_notifications_are_taken_once_each),
		TEST(the_same_with_fair_semaphores),
		TEST(each_item_is_had_once_by_who_was_told),
	};

	return test_main(tests);
}
