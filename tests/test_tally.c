/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tally.c - pawl/tally.h, also where the kernel does not keep the CPU's number. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <pawl/tally.h>

#include "support.h"

/* glibc's size of the area in which the kernel keeps it; 0: not registered. */
extern const unsigned __rseq_size __attribute__((__weak__));

static void a_new_tally_is_0(void **state)
{
	pawl_tally t;

	(void)state;
	memset(&t, 0xff, sizeof t);
	assert_int_equal(pawl_tally_init(&t), 0);
	assert_int_equal(pawl_tally_sum(&t), 0);
	pawl_tally_destroy(&t);
}

static void it_can_be_initialised_again_after_destroy(void **state)
{
	pawl_tally t;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pawl_tally_init(&t), 0);
		assert_int_equal(pawl_tally_sum(&t), 0);
		pawl_tally_add(&t, 7);
		pawl_tally_destroy(&t);
	}
}

static void the_sum_is_of_all_adds_negative_ones_too(void **state)
{
	pawl_tally t;

	(void)state;
	assert_int_equal(pawl_tally_init(&t), 0);
	pawl_tally_add(&t, 5);
	pawl_tally_add(&t, -12);
	assert_int_equal(pawl_tally_sum(&t), -7);
	pawl_tally_add(&t, 0);
	assert_int_equal(pawl_tally_sum(&t), -7);
	pawl_tally_destroy(&t);
}

static void it_wraps_at_both_ends(void **state)
{
	pawl_tally t;

	(void)state;
	assert_int_equal(pawl_tally_init(&t), 0);
	pawl_tally_add(&t, INT64_MAX);
	pawl_tally_add(&t, 1);
	assert_true(pawl_tally_sum(&t) == INT64_MIN);
	pawl_tally_add(&t, -1);
	assert_true(pawl_tally_sum(&t) == INT64_MAX);
	pawl_tally_destroy(&t);
}

/*** Threads ***********************************************************************************/

enum { ADDERS = 16, ADDS = 20000 };

static void add_many(void *arg)
{
	for (int i = 0; i < ADDS; i++) {
		pawl_tally_add(arg, 3);
		pawl_tally_add(arg, -2);
		if (i % 1000 == 0)
			sched_yield();	/* perhaps to another CPU */
	}
}

static void check_threads(void)
{
	struct worker w[ADDERS];
	pawl_tally t;

	must(pawl_tally_init(&t) == 0);
	for (int i = 0; i < ADDERS; i++)
		worker_start(&w[i], add_many, &t);
	for (int i = 0; i < 100; i++) {
		int64_t sum = pawl_tally_sum(&t);

		must(sum >= -ADDERS * 2 * ADDS && sum <= ADDERS * 3 * ADDS);
	}
	for (int i = 0; i < ADDERS; i++)
		worker_join(&w[i]);
	must(pawl_tally_sum(&t) == ADDERS * ADDS);
	pawl_tally_destroy(&t);
}

static void after_all_adds_the_sum_is_exact(void **state)
{
	(void)state;
	check_threads();
}

static void pinned_to_one_cpu_the_sum_is_exact_too(void **state)
{
	(void)state;
	pin_to_one_cpu();
	check_threads();
	unpin();
}

static pawl_tally interrupted;
static volatile sig_atomic_t interrupts;

static void add_in_handler(int signal_number)
{
	(void)signal_number;
	pawl_tally_add(&interrupted, 1000);
	(void)pawl_tally_sum(&interrupted);
	interrupts++;
}

static void a_signal_handler_may_add(void **state)
{
	struct sigaction action = { .sa_handler = add_in_handler }, before;

	(void)state;
	assert_int_equal(pawl_tally_init(&interrupted), 0);
	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(raise(SIGUSR1), 0);
		pawl_tally_add(&interrupted, 1);
	}
	assert_int_equal(interrupts, 1000);
	assert_int_equal(pawl_tally_sum(&interrupted), 1001 * 1000);
	sigaction(SIGUSR1, &before, NULL);
	pawl_tally_destroy(&interrupted);
}

/*** Without restartable sequences *************************************************************/

static int without_rseq(void)
{
	if (&__rseq_size && __rseq_size != 0)
		return 3;
	check_threads();
	return 0;
}

static void without_restartable_sequences_the_sum_is_exact_too(void **state)
{
	struct child c;

	(void)state;
	if (!&__rseq_size || __rseq_size == 0)
		note("there are none here anyhow: the other cases ran without");
	child_exec(&c, "without_rseq", "GLIBC_TUNABLES", "glibc.pthread.rseq=0");
	child_assert_silent(&c);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_tally_is_0),
		TEST(it_can_be_initialised_again_after_destroy),
		TEST(the_sum_is_of_all_adds_negative_ones_too),
		TEST(it_wraps_at_both_ends),
		TEST(after_all_adds_the_sum_is_exact),
		TEST(pinned_to_one_cpu_the_sum_is_exact_too),
		TEST(a_signal_handler_may_add),
		TEST(without_restartable_sequences_the_sum_is_exact_too),
	};

	if (argc > 1 && strcmp(argv[1], "without_rseq") == 0)
		return without_rseq();
	return test_main(tests);
}
