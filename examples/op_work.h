/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_work.h - what the four op_*.c have in common: all but the event loop.
 *
 * A ledger is guarded by a mutex.  Threads make entries in it, and so does an event loop, which may
 * never stand still: so it does not lock, it has ops wait in the same queue, some at a time,
 * and goes on when one of them was served, or was not served in time.
 */
#ifndef OP_WORK_H
#define OP_WORK_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <pawl/mutex.h>
#include <pawl/op.h>

enum { THREADS = 3, ENTRIES = 3000, REQUESTS = 3000, AT_A_TIME = 8 };

static struct {
	pawl_mutex lock;	/* guards entries */
	long entries;
} ledger = { PAWL_MUTEX_FAIR_INIT, 0 };

static struct {
	pawl_cq *cq;
	pawl_op op[AT_A_TIME];
	pthread_t thread[THREADS];
	long started, served, late, callbacks;
	int under_way;
} work;

static void *make_entries(void *arg)
{
	for (int i = 0; i < ENTRIES; i++) {
		pawl_mutex_lock(&ledger.lock);
		ledger.entries++;
		pawl_mutex_unlock(&ledger.lock);
	}
	return arg;
}

static void settle(int rc)
{
	work.under_way--;
	if (rc == 0) {
		ledger.entries++;
		pawl_mutex_unlock(&ledger.lock);
		work.served++;
	} else if (rc == ETIMEDOUT) {
		work.late++;
	} else {
		abort();
	}
}

/* Requests that are served at once, until one has to wait or all were made. */
static void request(pawl_op *op)
{
	int rc = 0;

	while (rc != EINPROGRESS && work.started < REQUESTS) {
		work.started++;
		work.under_way++;
		pawl_op_deadline(op, pawl_after(PAWL_MS(100)));
		rc = pawl_mutex_lock_op(&ledger.lock, op);
		if (rc != EINPROGRESS)
			settle(rc);
	}
}

/* By pawl_cq_dispatch(), in the event loop. */
static void done(pawl_op *op, int rc)
{
	work.callbacks++;
	settle(rc);
	request(op);
}

/* Begin.  Return: the descriptor that the loop has to watch for reading. */
static int work_begin(void)
{
	if (pawl_cq_open(&work.cq) != 0)
		exit(1);
	pawl_mutex_lock(&ledger.lock); /* so that all have to wait at first */
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&work.thread[i], NULL, make_entries, NULL) != 0)
			exit(1);
	for (int i = 0; i < AT_A_TIME; i++) {
		pawl_op_init(&work.op[i], work.cq, done, NULL);
		request(&work.op[i]);
	}
	pawl_mutex_unlock(&ledger.lock);
	return pawl_cq_fd(work.cq);
}

/* The descriptor is readable.  Not all at once: the loop has other things to do. */
static void work_dispatch(void)
{
	(void)pawl_cq_dispatch(work.cq, 64);
}

/* Whether the loop has nothing more to wait for. */
static bool work_is_over(void)
{
	return work.under_way == 0;
}

/* Return: the exit status. */
static int work_end(void)
{
	long expected;

	for (int i = 0; i < THREADS; i++)
		pthread_join(work.thread[i], NULL);
	pawl_cq_close(work.cq);
	expected = (long)THREADS * ENTRIES + work.served;
	printf("requests:  %ld\nserved:    %ld\nlate:      %ld\ncallbacks: %ld\n",
	       work.started, work.served, work.late, work.callbacks);
	printf("entries:   %ld of %ld\n", ledger.entries, expected);
	return ledger.entries != expected || work.served + work.late != REQUESTS;
}

#endif
