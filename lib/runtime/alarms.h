/* SPDX-License-Identifier: BSD-2-Clause */
/* alarms.h - instants, the earliest first; for one thread at a time.  Needs no memory. */
#ifndef PAWL_RUNTIME_ALARMS_H
#define PAWL_RUNTIME_ALARMS_H

#include <stdint.h>

#include "runtime/marks.h"

struct alarm {
	int64_t at;
	uint32_t place;		/* in the heap, from 1; 0: it is not set */
};

/* A binary heap: heap[n] is not later than heap[2 * n] and heap[2 * n + 1]. */
struct alarms {
	uint32_t count;
	struct alarm *heap[MARKS_MAX];	/* from 1; of 2 MB, mostly untouched */
};

/* Set @a, which is not, to @at. */
void pawl_i_alarms_set(struct alarms *all, struct alarm *a, int64_t at);

/* It need not be set. */
void pawl_i_alarms_clear(struct alarms *all, struct alarm *a);

/* Return: the next instant; INT64_MAX: none is set. */
static inline int64_t alarms_next(const struct alarms *all)
{
	return all->count > 0 ? all->heap[1]->at : INT64_MAX;
}

#endif
