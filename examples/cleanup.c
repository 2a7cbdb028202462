/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cleanup.c - cancel threads that hold a file: what they hold is given back, always.
 *
 * pthread_cancel() ends a thread wherever it waits: what comes after that line, the clean-up
 * too, is skipped, unless each place was prepared for it.  Here to be canceled is an error code
 * that a wait returns; the thread goes on, and ends by returning.  So its clean-up runs.
 *
 *	rc = pawl_event_wait(&work);		// ECANCELED
 *	...
 *	pawl_event_wait(&saved);		// the same, at once: the cancel stays.  So a
 *						// clean-up that has to wait is done under a shield
 *
 * Build: cc cleanup.c $(pkg-config --cflags --libs pawl)
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <pawl/cleanup.h>
#include <pawl/counter.h>
#include <pawl/event.h>
#include <pawl/latch.h>
#include <pawl/sem.h>

enum { WORKERS = 8, DISKS = 2 };

static pawl_cancel *shutdown;
static pawl_event work = PAWL_EVENT_INIT;	/* never set: there is none */
static pawl_latch started = PAWL_LATCH_INIT(WORKERS);
static pawl_sem disks = PAWL_SEM_INIT(DISKS);	/* to save takes one, for a while */
static pawl_counter canceled, saved, closed;

static void close_file(FILE **f)
{
	if (*f && fclose(*f) == 0)
		pawl_counter_add(&closed, 1);
}

/* Has to wait, as there are more workers than disks. */
static int save(FILE *f)
{
	int rc = pawl_sem_acquire(&disks);

	if (rc != 0)
		return rc;
	if (fputs("saved\n", f) >= 0 && fflush(f) == 0)
		pawl_counter_add(&saved, 1);
	pawl_sem_release(&disks, 1);
	return 0;
}

static int work_on_file(void)
{
	PAWL_CLEANUP(close_file) FILE *f = tmpfile();
	int rc;

	pawl_latch_arrive(&started);
	if (!f)
		return EIO;
	rc = pawl_event_wait(&work);
	if (PAWL_SHIELDED(PAWL_S(60), save(f)) != 0)
		return EIO;
	return rc;
}

static void *run(void *unused)
{
	pawl_scope s;
	int rc;

	pawl_scope_enter(&s, PAWL_FOREVER, shutdown, 0);
	rc = pawl_scope_leave(&s, work_on_file());
	if (rc == ECANCELED)
		pawl_counter_add(&canceled, 1);
	return unused;
}

int main(void)
{
	pthread_t threads[WORKERS];

	if (pawl_cancel_open(NULL, &shutdown) != 0)
		return EXIT_FAILURE;
	for (int i = 0; i < WORKERS; i++)
		if (pthread_create(&threads[i], NULL, run, NULL) != 0) {
			fputs("cleanup: cannot start a thread\n", stderr);
			return EXIT_FAILURE;
		}
	if (pawl_latch_wait_until(&started, PAWL_FOREVER) != 0)
		return EXIT_FAILURE;
	pawl_cancel_fire(shutdown, 1);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	pawl_cancel_close(shutdown);

	printf("canceled: %lld\n", (long long)pawl_counter_get(&canceled));
	printf("saved:    %lld\n", (long long)pawl_counter_get(&saved));
	printf("closed:   %lld\n", (long long)pawl_counter_get(&closed));
	return pawl_counter_get(&closed) == WORKERS ? EXIT_SUCCESS : EXIT_FAILURE;
}
