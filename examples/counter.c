/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counter.c - ten threads count to a hundred each; together that must be 1000.
 *
 * What goes wrong without care is the lost update:
 *
 *	int seen = total;	// thread A reads 7, and so does thread B
 *	wait_a_moment();	// a disk, a network, or just the scheduler
 *	total = seen + 1;	// both write 8: one of the two is lost
 *
 * Making `total` atomic does not help.  The read and the write are then whole, and
 * ThreadSanitizer falls silent, but B still reads between A's read and A's write.
 * What must not be interrupted is the three lines together.  Two ways:
 *
 *	mutex	 - whatever happens between lock and unlock, it is one step for others;
 *	counter - for a plain number: pawl_counter_add() reads and writes in one step.
 *
 * Build: cc counter.c $(pkg-config --cflags --libs pawl)
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <pawl/counter.h>
#include <pawl/mutex.h>

enum { THREADS = 10, INCREMENTS = 100 };

static pawl_mutex lock = PAWL_MUTEX_INIT;
static int total; /* guarded by lock */

static pawl_counter counter = PAWL_COUNTER_INIT(0);

/* Stands for what real programs do between reading and writing. */
static void wait_a_moment(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000 }, NULL);
}

static void add_one_under_the_mutex(void)
{
	int seen;

	pawl_mutex_lock(&lock);
	seen = total;
	wait_a_moment(); /* whoever else wants to add waits at the lock meanwhile */
	total = seen + 1;
	pawl_mutex_unlock(&lock);
}

static void *count(void *unused)
{
	(void)unused;
	for (int i = 0; i < INCREMENTS; i++) {
		add_one_under_the_mutex();
		pawl_counter_add(&counter, 1);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	int expected = THREADS * INCREMENTS;

	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, count, NULL) != 0) {
			fputs("counter: cannot start a thread\n", stderr);
			return EXIT_FAILURE;
		}
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);

	/* All have been joined, so nobody else touches `total`: no lock needed. */
	printf("mutex:   %d of %d\n", total, expected);
	printf("counter: %lld of %d\n", (long long)pawl_counter_get(&counter), expected);
	return total == expected && pawl_counter_get(&counter) == expected ? EXIT_SUCCESS
									   : EXIT_FAILURE;
}
