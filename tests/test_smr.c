/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_smr.c - lib/reclaim: sections, what is reclaimed when, records of threads; the
 * set without a lock, by one thread.  Many threads: test_cache_flight.c, planted/.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platform/hb.h"
#include "platform/memory.h"
#include "reclaim/registry.h"
#include "reclaim/smr.h"

#include "support.h"

enum { LARGE = 1 << 20 };	/* a size with which each poll looks */

static size_t reclaimed;
static int records_left;	/* how many more records there is memory for; < 0: any number */

/* In place of lib/platform/memory.c. */
void *pawl_i_memory_get(size_t size, size_t align)
{
	void *p;

	if (records_left == 0)
		return NULL;
	records_left--;
	must(posix_memalign(&p, align, size) == 0);
	return memset(p, 0, size);
}

void pawl_i_memory_put(void *p)
{
	free(p);
}

struct object {
	struct smr_entry smr;
	int number;
};

static void reclaim(struct smr_entry *entry)
{
	must(!pawl_i_smr_is_inside());
	reclaimed++;
	free((char *)entry - offsetof(struct object, smr));
}

static void retire_objects(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct object *o = calloc(1, sizeof *o);

		must(o != NULL);
		pawl_i_smr_retire(&o->smr, reclaim, LARGE);
	}
}

static void poll_often(void)
{
	for (int i = 0; i < 8; i++)
		pawl_i_smr_poll();
}

static int setup(void **state)
{
	reclaimed = 0;
	records_left = -1;
	return watch_setup(state);
}
#undef TEST
#define TEST(fn) { #fn, fn, setup, watch_teardown, (void *)(uintptr_t)#fn }

/*** Sections **********************************************************************************/

static void sections_nest(void **state)
{
	(void)state;
	assert_false(pawl_i_smr_is_inside());
	for (int depth = 0; depth < 5; depth++) {
		assert_true(pawl_i_smr_enter());
		assert_true(pawl_i_smr_is_inside());
	}
	for (int depth = 5; depth > 0; depth--) {
		assert_true(pawl_i_smr_is_inside());
		pawl_i_smr_leave();
	}
	assert_false(pawl_i_smr_is_inside());
}

static void what_nobody_reads_is_reclaimed_by_the_next_poll(void **state)
{
	(void)state;
	assert_true(pawl_i_smr_enter());
	retire_objects(10);
	pawl_i_smr_leave();
	assert_int_equal(reclaimed, 0);
	pawl_i_smr_poll();
	assert_int_equal(reclaimed, 10);
}

/* Several little ones are kept until they are worth it. */
static void a_little_garbage_is_kept_but_not_much(void **state)
{
	size_t retired = 0;

	(void)state;
	assert_true(pawl_i_smr_enter());
	pawl_i_smr_leave();
	while (reclaimed == 0 && retired < 1000) {
		struct object *o = calloc(1, sizeof *o);

		must(o != NULL);
		pawl_i_smr_retire(&o->smr, reclaim, 256);
		retired++;
		pawl_i_smr_poll();
	}
	assert_int_equal(reclaimed, retired);
	assert_int_equal(retired, 64);
}

static void drain_keeps_nothing(void **state)
{
	struct object *o = calloc(1, sizeof *o);

	(void)state;
	assert_non_null(o);
	assert_true(pawl_i_smr_enter());
	pawl_i_smr_leave();
	pawl_i_smr_retire(&o->smr, reclaim, 1);
	pawl_i_smr_poll();
	assert_int_equal(reclaimed, 0);
	pawl_i_smr_drain();
	assert_int_equal(reclaimed, 1);
}

struct reader {
	struct worker worker;
	struct gate inside, leave, left, done;
};

static void read_for_long(void *arg)
{
	struct reader *r = arg;

	must(pawl_i_smr_enter());
	must(pawl_i_smr_enter());
	pawl_i_smr_leave();
	gate_open(&r->inside);
	gate_pass(&r->leave);
	pawl_i_smr_leave();
	gate_open(&r->left);
	gate_pass(&r->done);
}

static void reader_start(struct reader *r)
{
	const struct gate closed = GATE_INIT;

	r->inside = r->leave = r->left = r->done = closed;
	worker_start(&r->worker, read_for_long, r);
	gate_pass(&r->inside);
}

static void reader_leave(struct reader *r)
{
	gate_open(&r->leave);
	gate_pass(&r->left);
}

static void reader_end(struct reader *r)
{
	gate_open(&r->leave);
	gate_open(&r->done);
	worker_join(&r->worker);
}

static void what_a_section_may_use_waits_for_its_end(void **state)
{
	struct reader r;

	(void)state;
	reader_start(&r);
	assert_true(pawl_i_smr_enter());
	retire_objects(3);
	pawl_i_smr_leave();
	poll_often();
	assert_int_equal(reclaimed, 0);
	reader_leave(&r);
	poll_often();
	assert_int_equal(reclaimed, 3);
	reader_end(&r);
}

static void sections_that_began_later_do_not_hold_it_up(void **state)
{
	struct reader early, late;

	(void)state;
	reader_start(&early);
	assert_true(pawl_i_smr_enter());
	retire_objects(3);
	pawl_i_smr_leave();
	pawl_i_smr_poll();	/* steps the epoch, for early is in the present one */
	reader_start(&late);
	poll_often();
	assert_int_equal(reclaimed, 0);
	reader_leave(&early);
	poll_often();
	assert_int_equal(reclaimed, 3);
	reader_end(&late);
	reader_end(&early);
}

/*** Threads that come and go ******************************************************************/

static void retire_and_exit(void *arg)
{
	must(pawl_i_smr_enter());
	retire_objects(*(size_t *)arg);
	pawl_i_smr_leave();
}

static void a_thread_that_exits_reclaims_what_it_can(void **state)
{
	struct worker w;
	size_t count = 5;

	(void)state;
	worker_start(&w, retire_and_exit, &count);
	worker_join(&w);
	assert_int_equal(reclaimed, 5);
}

static void what_it_cannot_goes_to_who_adopts_its_record(void **state)
{
	struct reader r;
	struct worker w;
	size_t many = 5, none = 0;

	(void)state;
	reader_start(&r);
	worker_start(&w, retire_and_exit, &many);
	worker_join(&w);
	assert_int_equal(reclaimed, 0);
	reader_leave(&r);
	worker_start(&w, retire_and_exit, &none);
	worker_join(&w);
	assert_int_equal(reclaimed, 5);
	reader_end(&r);
}

static void records_are_as_many_as_threads_at_once(void **state)
{
	struct worker w;
	size_t none = 0;

	(void)state;
	worker_start(&w, retire_and_exit, &none);	/* makes one, if there is no free one */
	worker_join(&w);
	records_left = 0;
	for (int i = 0; i < 100; i++) {
		worker_start(&w, retire_and_exit, &none);
		worker_join(&w);
	}
}

static void retire_in_child(void *arg)
{
	(void)arg;
	must(pawl_i_smr_enter());
	retire_objects(3);
	pawl_i_smr_leave();
	poll_often();
	must(reclaimed == 3);
}

static void sections_of_others_do_not_reach_into_a_child(void **state)
{
	struct reader r;
	struct child c;

	(void)state;
	reader_start(&r);
	child_run(&c, retire_in_child, NULL);
	child_assert_silent(&c);
	reader_end(&r);
}

/*** No memory for a record ********************************************************************/

static void retire_without_record(void *arg)
{
	must(!pawl_i_smr_enter());
	must(!pawl_i_smr_is_inside());
	retire_objects(*(size_t *)arg);
	pawl_i_smr_poll();
	must(reclaimed == 0);
}

static void who_has_no_record_leaves_it_to_others(void **state)
{
	enum { READERS = 8 };	/* more records than there were before */
	struct reader readers[READERS];
	struct worker w;
	size_t count = 4;

	(void)state;
	for (int i = 0; i < READERS; i++)
		reader_start(&readers[i]);
	assert_true(pawl_i_smr_enter());
	pawl_i_smr_leave();
	records_left = 0;
	worker_start(&w, retire_without_record, &count);
	worker_join(&w);
	poll_often();
	assert_int_equal(reclaimed, 0);		/* the readers may use them */
	for (int i = 0; i < READERS; i++)
		reader_end(&readers[i]);
	poll_often();
	assert_int_equal(reclaimed, 4);
}

/*** The set ***********************************************************************************/

enum { MEMBERS = 3000 };

static struct registry_key members[MEMBERS];
static uint32_t numbers[MEMBERS];
static int met;

static void make_members(uint64_t hash_mask)
{
	for (uint32_t i = 0; i < MEMBERS; i++) {
		numbers[i] = i;
		members[i] = (struct registry_key){
			(i + 1) * 0x9e3779b97f4a7c15u & hash_mask, sizeof numbers[i], &numbers[i]
		};
	}
}

static void expect_members(struct registry *r, int from, int to)
{
	for (int i = 0; i < MEMBERS; i++) {
		uint32_t copy = numbers[i];
		struct registry_key wanted = { members[i].hash, sizeof copy, &copy };
		void *found = pawl_i_registry_find(r, &wanted);

		assert_ptr_equal(found, i >= from && i < to ? (void *)&members[i] : NULL);
	}
}

static void meet(struct registry_key *key, void *arg)
{
	must(arg == &met && key >= members && key < members + MEMBERS);
	met++;
}

static void fill_and_empty(uint64_t hash_mask, int count)
{
	struct registry r;

	make_members(hash_mask);
	assert_int_equal(pawl_i_registry_init(&r), 0);
	expect_members(&r, 0, 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(pawl_i_registry_put(&r, &members[i]), 0);
	expect_members(&r, 0, count);
	met = 0;
	pawl_i_registry_each(&r, meet, &met);
	assert_int_equal(met, count);
	for (int i = 0; i < count / 2; i++)
		pawl_i_registry_remove(&r, &members[i]);
	expect_members(&r, count / 2, count);
	for (int i = count / 2; i < count; i++)
		pawl_i_registry_remove(&r, &members[i]);
	expect_members(&r, 0, 0);
	met = 0;
	pawl_i_registry_each(&r, meet, &met);
	assert_int_equal(met, 0);
	pawl_i_registry_destroy(&r);
	poll_often();
}

static void the_set_has_what_was_put_and_not_removed(void **state)
{
	(void)state;
	fill_and_empty(UINT64_MAX, MEMBERS);
}

static void members_with_one_hash_are_told_apart(void **state)
{
	(void)state;
	fill_and_empty(0, 40);
	fill_and_empty(0xff, 500);
}

/* Removed members leave marks in CK's table, which would make a search of an absent one
 * as long as the table. */
static void putting_and_removing_for_ever_needs_bounded_memory(void **state)
{
	struct registry r;

	(void)state;
	make_members(UINT64_MAX);
	assert_int_equal(pawl_i_registry_init(&r), 0);
	for (int i = 0; i < 100000; i++) {
		struct registry_key *m = &members[i % MEMBERS];

		assert_int_equal(pawl_i_registry_put(&r, m), 0);
		pawl_i_registry_remove(&r, m);
		pawl_i_smr_poll();
	}
	assert_true(r.removed <= 65);	/* since the table was made anew */
	pawl_i_registry_destroy(&r);
}

static void put_says_if_there_is_no_memory(void **state)
{
	struct registry r;
	int fit = 0, err = 0;

	(void)state;
	make_members(0);
	records_left = 0;
	assert_int_equal(pawl_i_registry_init(&r), ENOMEM);
	records_left = 1;
	assert_int_equal(pawl_i_registry_init(&r), 0);
	while (err == 0 && fit < MEMBERS) {
		err = pawl_i_registry_put(&r, &members[fit]);
		fit += err == 0;
	}
	assert_int_equal(err, ENOMEM);
	assert_true(fit >= 8);
	expect_members(&r, 0, fit);	/* what was in is still in */
	records_left = -1;
	assert_int_equal(pawl_i_registry_put(&r, &members[fit]), 0);
	expect_members(&r, 0, fit + 1);
	pawl_i_registry_destroy(&r);
	poll_often();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sections_nest),
		TEST(what_nobody_reads_is_reclaimed_by_the_next_poll),
		TEST(a_little_garbage_is_kept_but_not_much),
		TEST(drain_keeps_nothing),
		TEST(what_a_section_may_use_waits_for_its_end),
		TEST(sections_that_began_later_do_not_hold_it_up),
		TEST(a_thread_that_exits_reclaims_what_it_can),
		TEST(what_it_cannot_goes_to_who_adopts_its_record),
		TEST(records_are_as_many_as_threads_at_once),
		TEST(sections_of_others_do_not_reach_into_a_child),
		TEST(who_has_no_record_leaves_it_to_others),
		TEST(the_set_has_what_was_put_and_not_removed),
		TEST(members_with_one_hash_are_told_apart),
		TEST(putting_and_removing_for_ever_needs_bounded_memory),
		TEST(put_says_if_there_is_no_memory),
	};

	return test_main(tests);
}
