/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bounded_work.c - 10,000 items, a thread for each, but never more than 100 at a time.
 *
 * Without a bound the machine gets 10,000 threads, connections and open files at once.
 * The obvious bound is wrong:
 *
 *	while (running >= 100)		// how long is a moment?  And two who both see 99
 *		wait_a_moment();	// here make it 101 there
 *	running++;
 *
 * A semaphore is such a number with the waiting built in.  It has 100 permits: who starts
 * an item takes one, and waits if there is none; who ends an item gives one back.  Unlike
 * a mutex it has no owner: here main() takes them, and the threads give them back.
 *
 * Build: cc bounded_work.c $(pkg-config --cflags --libs pawl)
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <pawl/counter.h>
#include <pawl/mutex.h>
#include <pawl/sem.h>

enum { ITEMS = 10000, AT_A_TIME = 100 };

static pawl_sem permits = PAWL_SEM_INIT(AT_A_TIME);
static pawl_counter missing = PAWL_COUNTER_INIT(AT_A_TIME);

static pawl_mutex lock = PAWL_MUTEX_INIT;
static int running, most, done; /* guarded by lock */

/* Stands for a question to a server. */
static void work(intptr_t item)
{
	/* The first hundred wait for each other, to show that so many do work at a time. */
	if (item < AT_A_TIME) {
		pawl_counter_add(&missing, -1);
		if (pawl_counter_wait_zero(&missing, PAWL_FOREVER) != 0)
			abort();
	}
	nanosleep(&(struct timespec){ .tv_nsec = 100 * 1000 }, NULL);
}

static void note_start(void)
{
	pawl_mutex_lock(&lock);
	running++;
	if (most < running)
		most = running;
	pawl_mutex_unlock(&lock);
}

static void note_end(void)
{
	pawl_mutex_lock(&lock);
	running--;
	done++;
	pawl_mutex_unlock(&lock);
}

static void *do_item(void *item)
{
	note_start();
	work((intptr_t)item);
	note_end();
	pawl_sem_release(&permits, 1); /* the next item may start */
	return NULL;
}

int main(void)
{
	int err = 0;

	for (intptr_t item = 0; item < ITEMS && err == 0; item++) {
		pthread_t thread;

		err = pawl_sem_acquire(&permits); /* waits while there are 100 */
		if (err == 0)
			err = pthread_create(&thread, NULL, do_item, (void *)item);
		if (err == 0)
			err = pthread_detach(thread);
	}
	if (err != 0) {
		fputs("bounded_work: cannot start a thread\n", stderr);
		return EXIT_FAILURE;
	}
	/* Who has all the permits is alone: all items are done. */
	if (pawl_sem_acquire_n(&permits, AT_A_TIME, PAWL_FOREVER) != 0)
		return EXIT_FAILURE;
	printf("%d done, at most %d at a time: %d\n", done, AT_A_TIME, most);
	return done == ITEMS && most == AT_A_TIME ? EXIT_SUCCESS : EXIT_FAILURE;
}
