/* SPDX-License-Identifier: BSD-2-Clause */
/* test_list.c - the list of waiters, from inside: wait/list.h. */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>

#include "support.h"
#include "wait/list.h"

enum { N = 5 };

/* A list of an object, without threads. */
struct fixture {
	uint64_t word;
	uintptr_t queue;
	struct waiter w[N];
};

static void fixture_make(struct fixture *f, uintptr_t flag)
{
	f->word = 0;
	f->queue = flag;
	for (int i = 0; i < N; i++)
		pawl_i_waiter_arm(&f->w[i]);
}

/* The list has w[order[0]], w[order[1]], ... and nothing else, and the flag. */
static void assert_list(struct fixture *f, uintptr_t flag, int n, const int order[])
{
	struct waiter *first = list_first(f->queue), *w = first;

	assert_int_equal(f->queue & QUEUE_FLAG, flag);
	for (int i = 0; i < n; i++, w = w->next) {
		assert_ptr_equal(w, &f->w[order[i]]);
		assert_true(list_has(w));
		assert_ptr_equal(w->next->prev, w);
	}
	assert_ptr_equal(w, n == 0 ? NULL : first);
}

static void with_and_without_flag(void (*fn)(uintptr_t flag))
{
	fn(0);
	fn(QUEUE_FLAG);
}

static void check_push_and_pop(uintptr_t flag)
{
	static const int order[] = { 4, 3, 0, 1, 2 };
	struct fixture f;

	fixture_make(&f, flag);
	assert_list(&f, flag, 0, NULL);
	assert_null(pawl_i_list_pop(&f.queue));
	for (int i = 0; i < 3; i++) {
		assert_false(list_has(&f.w[i]));
		pawl_i_list_push_back(&f.queue, &f.w[i]);
	}
	pawl_i_list_push_front(&f.queue, &f.w[3]);
	pawl_i_list_push_front(&f.queue, &f.w[4]);
	assert_list(&f, flag, N, order);
	for (int i = 0; i < N; i++) {
		assert_ptr_equal(pawl_i_list_pop(&f.queue), &f.w[order[i]]);
		assert_false(list_has(&f.w[order[i]]));
		assert_list(&f, flag, N - 1 - i, order + i + 1);
	}
	assert_null(pawl_i_list_pop(&f.queue));
	pawl_i_list_push_front(&f.queue, &f.w[2]);
	assert_list(&f, flag, 1, (const int[]){ 2 });
}

static void it_is_a_queue_with_a_way_in_at_the_front(void **state)
{
	(void)state;
	with_and_without_flag(check_push_and_pop);
}

static void check_remove(uintptr_t flag)
{
	struct fixture f;

	fixture_make(&f, flag);
	for (int i = 0; i < N; i++)
		pawl_i_list_push_back(&f.queue, &f.w[i]);
	pawl_i_list_remove(&f.queue, &f.w[2]);
	assert_list(&f, flag, 4, (const int[]){ 0, 1, 3, 4 });
	pawl_i_list_remove(&f.queue, &f.w[0]);
	assert_list(&f, flag, 3, (const int[]){ 1, 3, 4 });
	pawl_i_list_remove(&f.queue, &f.w[4]);
	assert_list(&f, flag, 2, (const int[]){ 1, 3 });
	pawl_i_list_remove(&f.queue, &f.w[1]);
	assert_list(&f, flag, 1, (const int[]){ 3 });
	pawl_i_list_remove(&f.queue, &f.w[3]);
	assert_list(&f, flag, 0, NULL);
	for (int i = 0; i < N; i++)
		assert_false(list_has(&f.w[i]));
}

static void any_one_can_be_removed(void **state)
{
	(void)state;
	with_and_without_flag(check_remove);
}

static void the_mark_tells_whether_the_list_is_empty(void **state)
{
	struct fixture f;

	(void)state;
	fixture_make(&f, QUEUE_FLAG);
	assert_true(pawl_i_list_mark(f.queue, false) == 0);
	assert_true(pawl_i_list_mark(f.queue, true) == (uint64_t)-WAITERS);
	pawl_i_list_push_back(&f.queue, &f.w[0]);
	assert_true(pawl_i_list_mark(f.queue, false) == WAITERS);
	assert_true(pawl_i_list_mark(f.queue, true) == 0);
}

static void leaving_the_list_changes_other_bits_of_the_word_in_the_same_step(void **state)
{
	uint64_t word = 0x500000000u | WAITERS;

	(void)state;
	pawl_i_list_lock(&word);
	assert_true(word == (0x500000000u | WAITERS | LOCKED_LIST));
	pawl_i_list_unlock(&word, 16);
	assert_true(word == (0x500000000u | WAITERS | 16));
	pawl_i_list_lock(&word);
	pawl_i_list_unlock(&word, (uint64_t)-WAITERS - 16);
	assert_true(word == 0x500000000u);
}

static void who_gives_up_learns_whether_it_was_still_there(void **state)
{
	struct fixture f;

	(void)state;
	fixture_make(&f, 0);
	for (int i = 0; i < 3; i++)
		pawl_i_list_push_back(&f.queue, &f.w[i]);
	f.word = WAITERS | 64;
	assert_true(pawl_i_list_give_up(&f.word, &f.queue, &f.w[1]));
	assert_true(f.word == (WAITERS | 64));
	assert_false(pawl_i_list_give_up(&f.word, &f.queue, &f.w[1]));
	assert_true(f.word == (WAITERS | 64));
	assert_true(pawl_i_list_give_up(&f.word, &f.queue, &f.w[0]));
	assert_true(pawl_i_list_give_up(&f.word, &f.queue, &f.w[2]));
	assert_true(f.word == 64);
	assert_list(&f, 0, 0, NULL);
	assert_false(pawl_i_list_give_up(&f.word, &f.queue, &f.w[2]));
	assert_true(f.word == 64);
}

static void check_take(uintptr_t flag)
{
	int even = 0, odd = 0;
	struct waiter *chain;
	struct fixture f;

	fixture_make(&f, flag);
	for (int i = 0; i < N; i++) {
		f.w[i].key = i % 2 ? &odd : &even;
		pawl_i_list_push_back(&f.queue, &f.w[i]);
	}
	chain = pawl_i_list_take(&f.queue, &even);
	assert_list(&f, flag, 2, (const int[]){ 1, 3 });
	for (int i = 0; i < N; i += 2, chain = chain->next) {
		assert_ptr_equal(chain, &f.w[i]);
		assert_false(list_has(&f.w[i]));	/* though it is in the chain */
	}
	assert_null(chain);
	assert_null(pawl_i_list_take(&f.queue, &even));
	chain = pawl_i_list_take(&f.queue, &odd);
	assert_ptr_equal(chain, &f.w[1]);
	assert_ptr_equal(chain->next, &f.w[3]);
	assert_null(chain->next->next);
	assert_list(&f, flag, 0, NULL);
}

static void those_with_a_key_are_taken_in_their_order_and_the_others_stay_in_theirs(void **state)
{
	(void)state;
	with_and_without_flag(check_take);
}

static void who_was_taken_gives_up_in_vain_and_gets_its_signal(void **state)
{
	struct waiter *chain;
	struct fixture f;

	(void)state;
	fixture_make(&f, 0);
	for (int i = 0; i < N; i++)
		pawl_i_list_push_back(&f.queue, &f.w[i]);
	chain = pawl_i_list_take(&f.queue, NULL);
	f.word = 0;
	for (int i = 0; i < N; i++)
		assert_false(pawl_i_list_give_up(&f.word, &f.queue, &f.w[i]));
	assert_true(f.word == 0);
	pawl_i_list_signal_chain(chain, GRANT);
	for (int i = 0; i < N; i++)
		assert_int_equal(pawl_i_park_signal(&f.w[i]), GRANT);
}

/*** Threads ***********************************************************************************/

/* Plain memory that only who is inside the list touches: TSan and the sum judge it. */
struct inside {
	uint64_t word;
	uint64_t plain;
	int rounds;
};

static void go_in_and_out(void *arg)
{
	struct inside *in = arg;

	for (int i = 0; i < in->rounds; i++) {
		pawl_i_list_lock(&in->word);
		in->plain++;
		pawl_i_list_unlock(&in->word, 1u << 16);
	}
}

static void one_at_a_time_is_inside(void **state)
{
	struct inside in = { .rounds = ROUNDS(50000) };
	struct worker w[4];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_start(&w[i], go_in_and_out, &in);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_join(&w[i]);
	assert_int_equal(in.plain, COUNT_OF(w) * (size_t)in.rounds);
	assert_true(in.word == in.plain << 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_a_queue_with_a_way_in_at_the_front),
		TEST(any_one_can_be_removed),
		TEST(the_mark_tells_whether_the_list_is_empty),
		TEST(leaving_the_list_changes_other_bits_of_the_word_in_the_same_step),
		TEST(who_gives_up_learns_whether_it_was_still_there),
		TEST(those_with_a_key_are_taken_in_their_order_and_the_others_stay_in_theirs),
		TEST(who_was_taken_gives_up_in_vain_and_gets_its_signal),
		TEST(one_at_a_time_is_inside),
	};

	return test_main(tests);
}
