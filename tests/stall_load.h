/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stall_load.h - threads that wait in one queue, or list, and answer or give up, while some
 * of them are stalled (stalls.h).
 *
 * An operation: join; answer who waited longest, every other time; give up, if not
 * answered; leave.  One in so many has a stall at one of its steps, the same ones
 * for every kind, so that the number of stalls is the same.
 */
#ifndef TESTS_STALL_LOAD_H
#define TESTS_STALL_LOAD_H

#include <stdbool.h>
#include <stdint.h>

struct stall_load {
	unsigned threads, stalls;	/* so many stalls of each thread */
	unsigned every;			/* operations to a stall */
	/* Found out: */
	int64_t ns;			/* from the first thread's start to the last one's end */
	uint64_t ops, told, answered;	/* who told somebody, who was told: equal */
};

/* What is done: by the waiter queue, and by the list. */
void stall_load_queue(struct stall_load *l);
void stall_load_list(struct stall_load *l);

#endif
