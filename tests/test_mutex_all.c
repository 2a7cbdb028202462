/* SPDX-License-Identifier: BSD-2-Clause */
/* test_mutex_all.c - several mutexes at once: pawl_mutex_lock_all() and its relatives. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/mutex.h>

#include "support.h"

enum { MANY = 100 };

static pawl_mutex pool[MANY];

/* Every other one is fair. */
static void make_pool(void)
{
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(pawl_mutex_init(&pool[i], i % 2), 0);
}

static unsigned next_random(unsigned *seed)
{
	return *seed = *seed * 1664525 + 1013904223;
}

static void shuffle(pawl_mutex *list[], size_t n, unsigned *seed)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (next_random(seed) >> 8) % i;
		pawl_mutex *swapped = list[i - 1];

		list[i - 1] = list[j];
		list[j] = swapped;
	}
}

static void fill_shuffled(pawl_mutex *list[], size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		list[i] = &pool[i];
	shuffle(list, n, &seed);
}

/* Another thread's view: which of the pool are free. */
struct view {
	bool free[MANY];
};

static void look(void *arg)
{
	struct view *v = arg;

	for (size_t i = 0; i < MANY; i++) {
		v->free[i] = pawl_mutex_trylock(&pool[i]) == 0;
		if (v->free[i])
			pawl_mutex_unlock(&pool[i]);
	}
}

static void assert_free(size_t from, size_t to, bool free)
{
	struct worker w;
	struct view v;

	worker_start(&w, look, &v);
	worker_join(&w);
	for (size_t i = from; i < to; i++)
		if (v.free[i] != free)
			fail_msg("mutex %zu of %zu..%zu is %s", i, from, to,
				 free ? "held" : "free");
}

/*** Forms *************************************************************************************/

static void none_at_all_is_a_valid_set(void **state)
{
	pawl_mutex *none[1] = { NULL };

	(void)state;
	pawl_mutex_lock_all(none, 0);
	pawl_mutex_unlock_all(none, 0);
	assert_int_equal(pawl_mutex_lock_all_until(none, 0, 0), 0);
	pawl_mutex_lock_all(NULL, 0);
	pawl_mutex_unlock_all(NULL, 0);
	assert_int_equal(pawl_mutex_lock_all_until(NULL, 0, PAWL_FOREVER), 0);
}

static void a_set_of_any_size_is_locked_and_unlocked_whole(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 31, 32, 33, 63, 64, 65, MANY };
	pawl_mutex *list[MANY];

	(void)state;
	make_pool();
	for (size_t s = 0; s < COUNT_OF(sizes); s++) {
		size_t n = sizes[s];

		fill_shuffled(list, n, (unsigned)n);
		pawl_mutex_lock_all(list, n);
		for (size_t i = 0; i < MANY; i++)
			assert_int_equal(pawl_mutex_is_mine(&pool[i]), i < n);
		assert_free(0, n, false);
		assert_free(n, MANY, true);
		pawl_mutex_unlock_all(list, n);
		assert_free(0, MANY, true);
	}
}

static void one_that_stands_there_several_times_is_locked_once(void **state)
{
	pawl_mutex *list[3 * 50];
	unsigned seed = 7;

	(void)state;
	make_pool();
	for (size_t i = 0; i < COUNT_OF(list); i++)
		list[i] = &pool[i % 50];
	for (int round = 0; round < 20; round++) {
		shuffle(list, COUNT_OF(list), &seed);
		pawl_mutex_lock_all(list, COUNT_OF(list));
		assert_free(0, 50, false);
		pawl_mutex_unlock_all(list, COUNT_OF(list));
		assert_free(0, MANY, true);
	}
	for (size_t i = 0; i < COUNT_OF(list); i++)
		list[i] = &pool[0];
	assert_int_equal(pawl_mutex_lock_all_until(list, COUNT_OF(list), 0), 0);
	pawl_mutex_unlock_all(list, COUNT_OF(list));
	assert_free(0, MANY, true);
}

static void the_array_is_not_written_and_may_be_another_one_for_unlock(void **state)
{
	pawl_mutex *list[MANY], *copy[MANY];
	unsigned seed = 3;

	(void)state;
	make_pool();
	fill_shuffled(list, MANY, 1);
	memcpy(copy, list, sizeof list);
	pawl_mutex_lock_all(list, MANY);
	assert_memory_equal(list, copy, sizeof list);
	memset(list, 0, sizeof list);
	shuffle(copy, MANY, &seed);
	pawl_mutex_unlock_all(copy, MANY);
	assert_free(0, MANY, true);
}

/*** Order, and all or none *********************************************************************/

struct all_locker {
	struct worker worker;
	pawl_mutex *list[MANY];
	size_t n;
	pawl_time deadline;
	int result;
};

static void lock_all_once(void *arg)
{
	struct all_locker *l = arg;

	l->result = pawl_mutex_lock_all_until(l->list, l->n, l->deadline);
	if (l->result == 0)
		pawl_mutex_unlock_all(l->list, l->n);
}

static void they_are_taken_in_the_order_of_their_addresses(void **state)
{
	static const size_t held[] = { 0, 1, 31, 32, 33, 64, MANY - 1 };

	(void)state;
	make_pool();
	for (size_t i = 0; i < COUNT_OF(held); i++) {
		struct all_locker l = { .n = MANY, .deadline = PAWL_FOREVER };

		fill_shuffled(l.list, MANY, (unsigned)i);
		pawl_mutex_lock(&pool[held[i]]);
		worker_start(&l.worker, lock_all_once, &l);
		worker_await_wait(&l.worker, "mutex", &pool[held[i]]);
		assert_free(0, held[i], false);
		assert_free(held[i] + 1, MANY, true);
		pawl_mutex_unlock(&pool[held[i]]);
		worker_join(&l.worker);
		assert_int_equal(l.result, 0);
		assert_free(0, MANY, true);
	}
}

static void who_times_out_keeps_none(void **state)
{
	static const size_t held[] = { 0, 40, MANY - 1 };

	(void)state;
	make_pool();
	for (size_t i = 0; i < COUNT_OF(held); i++) {
		pawl_time deadlines[] = { INT64_MIN, 0, pawl_now(), pawl_after(PAWL_MS(3)) };

		for (size_t d = 0; d < COUNT_OF(deadlines); d++) {
			struct all_locker l = { .n = MANY, .deadline = deadlines[d] };

			fill_shuffled(l.list, MANY, (unsigned)i);
			pawl_mutex_lock(&pool[held[i]]);
			worker_start(&l.worker, lock_all_once, &l);
			worker_join(&l.worker);
			assert_int_equal(l.result, ETIMEDOUT);
			assert_true(pawl_now() >= l.deadline);
			pawl_mutex_unlock(&pool[held[i]]);
			assert_free(0, MANY, true);
		}
	}
}

static void free_ones_are_locked_even_when_the_deadline_has_passed(void **state)
{
	const pawl_time deadlines[] = { INT64_MIN, -1, 0, pawl_now(), PAWL_FOREVER };
	pawl_mutex *list[MANY];

	(void)state;
	make_pool();
	fill_shuffled(list, MANY, 5);
	for (size_t d = 0; d < COUNT_OF(deadlines); d++) {
		assert_int_equal(pawl_mutex_lock_all_until(list, MANY, deadlines[d]), 0);
		assert_free(0, MANY, false);
		pawl_mutex_unlock_all(list, MANY);
	}
}

static void who_holds_one_already_gets_edeadlk_and_keeps_only_that(void **state)
{
	static const size_t held[] = { 0, 50, MANY - 1 };
	pawl_mutex *list[MANY];

	(void)state;
	make_pool();
	fill_shuffled(list, MANY, 9);
	for (size_t i = 0; i < COUNT_OF(held); i++) {
		pawl_mutex_lock(&pool[held[i]]);
		assert_int_equal(pawl_mutex_lock_all_until(list, MANY, PAWL_FOREVER), EDEADLK);
		assert_int_equal(pawl_mutex_lock_all_until(list, MANY, 0), EDEADLK);
		assert_free(0, held[i], true);
		assert_free(held[i], held[i] + 1, false);
		assert_free(held[i] + 1, MANY, true);
		assert_true(pawl_mutex_is_mine(&pool[held[i]]));
		pawl_mutex_unlock(&pool[held[i]]);
	}
}

/*** Many at once ******************************************************************************/

enum { ACCOUNTS = 6, CLERKS = 4 };

struct bank {
	struct {
		pawl_mutex mutex;
		int64_t balance;	/* guarded by it */
	} accounts[ACCOUNTS];
	int rounds;
	pawl_ns patience;	/* 0: PAWL_FOREVER */
};

struct clerk {
	struct worker worker;
	struct bank *bank;
	unsigned seed;
	int64_t transfers, timeouts;
};

/* Take from the first, give to the others. */
static void transfer(struct clerk *c)
{
	size_t n = 2 + (next_random(&c->seed) >> 8) % 3, who[4];
	pawl_mutex *list[4];

	for (size_t i = 0; i < n; i++) {
		who[i] = (next_random(&c->seed) >> 8) % ACCOUNTS;
		list[i] = &c->bank->accounts[who[i]].mutex;
	}
	if (c->bank->patience == 0) {
		pawl_mutex_lock_all(list, n);
	} else if (pawl_mutex_lock_all_until(list, n, pawl_after(c->bank->patience)) != 0) {
		c->timeouts++;
		return;
	}
	for (size_t i = 1; i < n; i++) {
		c->bank->accounts[who[0]].balance--;
		c->bank->accounts[who[i]].balance++;
	}
	c->transfers++;
	pawl_mutex_unlock_all(list, n);
}

static void work_as_clerk(void *arg)
{
	struct clerk *c = arg;

	for (int i = 0; i < c->bank->rounds; i++)
		transfer(c);
}

static void run_bank(pawl_ns patience, unsigned flags)
{
	struct bank b = { .rounds = ROUNDS(20000), .patience = patience };
	struct clerk clerks[CLERKS] = { 0 };
	int64_t sum = 0, transfers = 0, timeouts = 0;

	for (int i = 0; i < ACCOUNTS; i++)
		assert_int_equal(pawl_mutex_init(&b.accounts[i].mutex, flags), 0);
	for (unsigned i = 0; i < CLERKS; i++) {
		clerks[i].bank = &b;
		clerks[i].seed = i + 1;
		worker_start(&clerks[i].worker, work_as_clerk, &clerks[i]);
	}
	for (int i = 0; i < CLERKS; i++) {
		worker_join(&clerks[i].worker);
		transfers += clerks[i].transfers;
		timeouts += clerks[i].timeouts;
	}
	for (int i = 0; i < ACCOUNTS; i++) {
		sum += b.accounts[i].balance;
		pawl_mutex_destroy(&b.accounts[i].mutex);
	}
	assert_int_equal(sum, 0);
	assert_int_equal(transfers + timeouts, CLERKS * b.rounds);
	assert_true(patience != 0 || timeouts == 0);
}

static void sets_in_any_order_from_several_threads_do_not_deadlock(void **state)
{
	(void)state;
	run_bank(0, 0);
}

static void nor_do_they_when_some_time_out(void **state)
{
	(void)state;
	run_bank(PAWL_US(20), 0);
	run_bank(PAWL_US(20), PAWL_FAIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(none_at_all_is_a_valid_set),
		TEST(a_set_of_any_size_is_locked_and_unlocked_whole),
		TEST(one_that_stands_there_several_times_is_locked_once),
		TEST(the_array_is_not_written_and_may_be_another_one_for_unlock),
		TEST(they_are_taken_in_the_order_of_their_addresses),
		TEST(who_times_out_keeps_none),
		TEST(free_ones_are_locked_even_when_the_deadline_has_passed),
		TEST(who_holds_one_already_gets_edeadlk_and_keeps_only_that),
		TEST(sets_in_any_order_from_several_threads_do_not_deadlock),
		TEST(nor_do_they_when_some_time_out),
	};

	return test_main(tests);
}
