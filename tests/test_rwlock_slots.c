/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_rwlock_slots.c - pawl/rwlock.h: readers that are noted in slots of their threads, so that
 * the lock itself shows nothing of them; and who may free a lock.
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/atomic.h>

#include "rwlock_user.h"

/*** Slots *************************************************************************************/

static void a_try_to_write_sees_a_reader_in_a_slot(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;

	(void)state;
	for (int round = 0; round < 5; round++) {
		rw_read_in_slot(&l);
		rw_assert_read(&l);
		assert_int_equal(pawl_rwlock_wrlock_until(&l, 0), ETIMEDOUT);
		pawl_rwlock_rdunlock(&l);	/* it is counted now */
		rw_assert_free(&l);
	}
}

enum { READERS = 6 };

struct slot_readers {
	pawl_rwlock lock;
	uint32_t inside;		/* atomic */
	struct gate may_leave[READERS];
};

struct slot_reader {
	struct worker worker;
	struct slot_readers *all;
	int id;
};

/* It leaves when its gate is open. */
static void read_in_slot(void *arg)
{
	struct slot_reader *r = arg;
	uint64_t before;

	do {		/* until it is in a slot: the first one of a thread may be counted */
		pawl_rwlock_rdlock(&r->all->lock);
		pawl_rwlock_rdunlock(&r->all->lock);
		before = pawl_load_(&r->all->lock.word_, relaxed);
		pawl_rwlock_rdlock(&r->all->lock);
		if (pawl_load_(&r->all->lock.word_, relaxed) == before)
			break;
		pawl_rwlock_rdunlock(&r->all->lock);
	} while (true);
	(void)pawl_fetch_add_(&r->all->inside, 1, release);
	gate_pass(&r->all->may_leave[r->id]);
	pawl_rwlock_rdunlock(&r->all->lock);
}

/* One after the other, so that the word does not change for another reason. */
static void readers_start(struct slot_reader *r, struct slot_readers *all)
{
	*all = (struct slot_readers){ .lock = PAWL_RWLOCK_INIT };
	for (int i = 0; i < READERS; i++) {
		all->may_leave[i] = (struct gate)GATE_INIT;
		r[i] = (struct slot_reader){ .all = all, .id = i };
		worker_start(&r[i].worker, read_in_slot, &r[i]);
		while (pawl_load_(&all->inside, acquire) != (uint32_t)i + 1)
			sched_yield();
	}
}

static void reader_leave(struct slot_reader *r)
{
	gate_open(&r->all->may_leave[r->id]);
	worker_join(&r->worker);
}

static void a_writer_waits_for_readers_in_slots_of_many_threads(void **state)
{
	static struct slot_readers all;
	static struct slot_reader r[READERS];
	struct rw_user w;

	(void)state;
	for (int first = 0; first < READERS; first++) {
		readers_start(r, &all);
		if (first % 2 == 0)
			reader_leave(&r[first]);	/* from its slot */
		rw_park(&w, &all.lock, RW_WRITE);
		if (first % 2 == 1)
			reader_leave(&r[first]);	/* it was counted meanwhile */
		for (int i = 1; i < READERS; i++) {
			rw_assert_waits(&w);
			reader_leave(&r[(first + i * 5) % READERS]);
		}
		rw_assert_gets(&w);
		rw_leave(&w);
		rw_assert_free(&all.lock);
	}
}

static void a_try_that_found_readers_in_slots_lets_others_read(void **state)
{
	static struct slot_readers all;
	static struct slot_reader r[READERS];
	struct rw_user more;

	(void)state;
	readers_start(r, &all);
	assert_int_equal(pawl_rwlock_trywrlock(&all.lock), EBUSY);
	rw_enter(&more, &all.lock, RW_READ);
	for (int i = READERS - 1; i >= 0; i--) {
		assert_int_equal(pawl_rwlock_trywrlock(&all.lock), EBUSY);
		reader_leave(&r[i]);
	}
	assert_int_equal(pawl_rwlock_trywrlock(&all.lock), EBUSY);
	rw_leave(&more);
	rw_assert_free(&all.lock);
}

/* More locks than slots; those whose slot is taken are counted. */
static void a_thread_may_read_many_locks_at_once(void **state)
{
	enum { LOCKS = 61 };
	static pawl_rwlock l[LOCKS];
	int in_slots = 0;

	(void)state;
	for (int i = 0; i < LOCKS; i++)
		rw_have_slots(&l[i]);
	for (int step = 1; step < LOCKS; step += 7) {
		for (int i = 0; i < LOCKS; i++) {
			uint64_t before = pawl_load_(&l[i].word_, relaxed);

			pawl_rwlock_rdlock(&l[i]);
			in_slots += pawl_load_(&l[i].word_, relaxed) == before;
		}
		for (int i = 0; i < LOCKS; i++)
			if ((i + step) % 3 == 0)
				rw_assert_read(&l[i]);
		for (int i = 0; i < LOCKS; i++)		/* all, as LOCKS is prime */
			pawl_rwlock_rdunlock(&l[i * step % LOCKS]);
	}
	assert_in_range(in_slots, 2, LOCKS * LOCKS / 7);
	for (int i = 0; i < LOCKS; i++)
		rw_assert_free(&l[i]);
}

static void read_some(void *arg)
{
	for (int i = 0; i < 100; i++) {
		pawl_rwlock_rdlock(arg);
		pawl_rwlock_rdunlock(arg);
	}
}

/* The next thread takes over what its wait needs, and its slots. */
static void threads_that_read_may_end(void **state)
{
	static pawl_rwlock l;

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct worker w[3];

		for (size_t i = 0; i < COUNT_OF(w); i++)
			worker_start(&w[i], read_some, &l);
		for (size_t i = 0; i < COUNT_OF(w); i++)
			worker_join(&w[i]);
		if (round % 3 == 0)
			rw_assert_free(&l);
		rw_read_in_slot(&l);
		assert_int_equal(pawl_rwlock_trywrlock(&l), EBUSY);
		pawl_rwlock_rdunlock(&l);
	}
	rw_assert_free(&l);
}

/*** A writer against those that come ***********************************************************/

struct table {
	pawl_rwlock lock;
	uint32_t a, b;			/* the same, guarded */
	uint32_t over;			/* atomic */
	uint64_t reads;			/* atomic */
};

static void read_table(void *arg)
{
	struct table *t = arg;
	uint64_t reads = 0;

	while (!pawl_load_(&t->over, relaxed)) {
		pawl_rwlock_rdlock(&t->lock);
		must(t->a == t->b);
		pawl_rwlock_rdunlock(&t->lock);
		reads++;
	}
	(void)pawl_fetch_add_(&t->reads, reads, relaxed);
}

/* The writer pauses, so that readers go into slots again. */
static void no_reader_sees_half_a_write(void **state)
{
	static struct table t;
	struct worker w[3];
	const uint32_t rounds = ROUNDS(500);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_start(&w[i], read_table, &t);
	for (uint32_t i = 0; i < rounds; i++) {
		if (i % 8 == 0)
			nap(PAWL_US(50));
		pawl_rwlock_wrlock(&t.lock);
		t.a++;
		if (i % 32 == 0)
			sched_yield();
		t.b++;
		if (i % 2 == 0) {
			pawl_rwlock_downgrade(&t.lock);
			assert_int_equal(t.a, i + 1);
			pawl_rwlock_rdunlock(&t.lock);
		} else {
			pawl_rwlock_wrunlock(&t.lock);
		}
	}
	pawl_store_(&t.over, 1, relaxed);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_join(&w[i]);
	assert_int_equal(t.b, rounds);
	assert_true(t.reads > 0);
	note("%u writes, %lu reads", (unsigned)rounds, (unsigned long)t.reads);
	rw_assert_free(&t.lock);
}

/*** Lifetime **********************************************************************************/

static void get_and_free(void *arg)
{
	pawl_rwlock *l = arg;

	pawl_rwlock_wrlock(l);
	memset(l, 0xa5, sizeof *l);
	free(l);
}

static void let_go_of_whole(pawl_rwlock *l)
{
	pawl_rwlock_wrunlock(l);
}

static void downgrade_and_let_go(pawl_rwlock *l)
{
	pawl_rwlock_downgrade(l);
	pawl_rwlock_rdunlock(l);
}

static pawl_rwlock *new_lock(bool slots)
{
	pawl_rwlock *l = calloc(1, sizeof *l);

	assert_non_null(l);
	if (slots)
		rw_have_slots(l);
	return l;
}

/* @parked: the writer sleeps by then, so that it is handed over; else it may come at any time. */
static void free_by_the_next_writer(pawl_rwlock *l, void (*unlock)(pawl_rwlock *l), bool parked)
{
	struct worker w;

	worker_start(&w, get_and_free, l);
	if (parked)
		worker_await_wait(&w, "rwlock", l);
	unlock(l);
	worker_join(&w);
}

static void whoever_gets_it_next_for_writing_may_free_it_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS(500); i++) {
		pawl_rwlock *l = new_lock(false);

		pawl_rwlock_wrlock(l);
		free_by_the_next_writer(l, i % 2 ? let_go_of_whole : downgrade_and_let_go,
					i % 4 < 2);
		l = new_lock(i % 2);		/* as a reader, in a slot */
		pawl_rwlock_rdlock(l);
		free_by_the_next_writer(l, pawl_rwlock_rdunlock, i % 4 < 2);
	}
}

struct last {
	pawl_rwlock *lock;
	uint32_t left;			/* guarded */
};

static void leave_last(void *arg)
{
	struct last *t = arg;
	pawl_rwlock *l = t->lock;
	bool last;

	pawl_rwlock_rdlock(l);
	pawl_rwlock_rdunlock(l);
	pawl_rwlock_wrlock(l);
	last = --t->left == 0;
	if (!last) {
		pawl_rwlock_wrunlock(l);
		return;
	}
	memset(l, 0xa5, sizeof *l);
	free(l);
}

/* Nobody says when the others have returned from their unlock. */
static void the_last_of_several_writers_may_free_it(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS(500); i++) {
		struct last t = { new_lock(i % 3 == 0), 3 };
		struct worker w[3];

		for (size_t j = 0; j < COUNT_OF(w); j++)
			worker_start(&w[j], leave_last, &t);
		for (size_t j = 0; j < COUNT_OF(w); j++)
			worker_join(&w[j]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_try_to_write_sees_a_reader_in_a_slot),
		TEST(a_writer_waits_for_readers_in_slots_of_many_threads),
		TEST(a_try_that_found_readers_in_slots_lets_others_read),
		TEST(a_thread_may_read_many_locks_at_once),
		TEST(threads_that_read_may_end),
		TEST(no_reader_sees_half_a_write),
		TEST(whoever_gets_it_next_for_writing_may_free_it_at_once),
		TEST(the_last_of_several_writers_may_free_it),
	};

	return test_main(tests);
}
