/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parcels.h - items of 32 bytes that show it if one is lost, doubled, damaged or out of order.
 *
 * A source is who sends, one at a time; a taker is who takes, one at a time.  Of one source each
 * taker gets parcels in the order in which they were sent, though not all of them.  What was sent
 * and what was taken is compared at the end, source by source: their numbers, and sums of their
 * checks, which are as good as random.
 */
#ifndef STRESS_PARCELS_H
#define STRESS_PARCELS_H

#include "stress.h"

struct parcel {
	uint64_t source, number;	/* its so-many-th */
	uint64_t load;			/* the sender's */
	uint64_t check;
};

/* Around a case that uses the others.  close: all threads have ended; fail if not all that was sent
 * was taken once.  Return: how many were sent. */
void parcels_open(unsigned sources, unsigned takers);
uint64_t parcels_close(void);

/* Write the parcel that @source sends next, or after @ahead others. */
void parcels_make(struct parcel *ret, unsigned source, uint64_t ahead, uint64_t load);

/* It was sent: what was not is made again. */
void parcels_sent(const struct parcel *p);

/* It was taken. */
void parcels_taken(const struct parcel *p, unsigned taker);

#endif
