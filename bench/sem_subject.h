/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sem_subject.h - what we do with a semaphore, compiled in the same way for each kind.
 *
 * SEM_SUBJECTS(id, label, type, OPEN, CLOSE, ACQUIRE, TRY, RELEASE) defines, beside what
 * LOCK_SUBJECTS makes of a semaphore with one permit,
 *	id_crowd	acquire one of CROWD_PERMITS, sched_yield(), release
 *	id_handoff	two threads give each other a permit, of two semaphores, in turn
 * OPEN takes a type * and a number of permits, the others a type *.
 */
#ifndef BENCH_SEM_SUBJECT_H
#define BENCH_SEM_SUBJECT_H

#include <sched.h>

#include "bench.h"
#include "lock_subject.h"

enum { CROWD_PERMITS = 10 };

struct sem_kind {
	void (*acquire)(void *state, unsigned which);
	void (*release)(void *state, unsigned which);
};

void sem_handoff(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
	struct sample *ret);
void sem_check_crowd(const char *label, unsigned permits);

#define SEM_SUBJECTS(id, label, type, OPEN, CLOSE, ACQUIRE, TRY, RELEASE) \
static int id##_open_one(type *sem) \
{ \
	return OPEN(sem, 1); \
} \
LOCK_SUBJECTS(id, label, type, id##_open_one, CLOSE, ACQUIRE, TRY, RELEASE) \
SEM_CROWD(id, label, type, OPEN, CLOSE, ACQUIRE, TRY, RELEASE) \
SEM_HANDOFF(id, label, type, OPEN, CLOSE, ACQUIRE, RELEASE)

#define SEM_CROWD(id, label, type, OPEN, CLOSE, ACQUIRE, TRY, RELEASE) \
static int id##_crowd_begin(void *state) \
{ \
	return OPEN((type *)state, CROWD_PERMITS); \
} \
static void id##_crowd_end(void *state) \
{ \
	unsigned permits = 0; \
	while (permits <= CROWD_PERMITS && TRY((type *)state)) \
		permits++; \
	sem_check_crowd(label, permits); \
	CLOSE((type *)state); \
} \
static void id##_do_crowd(void *state, uint64_t n, unsigned steps) \
{ \
	(void)steps; \
	for (uint64_t i = 0; i < n; i++) { \
		ACQUIRE((type *)state); \
		sched_yield(); \
		RELEASE((type *)state); \
	} \
} \
const struct subject id##_crowd = \
	{ label, id##_crowd_begin, id##_crowd_end, id##_do_crowd, NULL, NULL, NULL };

#define SEM_HANDOFF(id, label, type, OPEN, CLOSE, ACQUIRE, RELEASE) \
struct id##_two { \
	struct { type sem OWN_LINES; } side[2]; \
}; \
static int id##_two_begin(void *state) \
{ \
	struct id##_two *two = (struct id##_two *)state; \
	int err = OPEN(&two->side[0].sem, 1); \
	return err != 0 ? err : OPEN(&two->side[1].sem, 0); \
} \
static void id##_two_end(void *state) \
{ \
	struct id##_two *two = (struct id##_two *)state; \
	CLOSE(&two->side[0].sem); \
	CLOSE(&two->side[1].sem); \
} \
static void id##_two_acquire(void *state, unsigned which) \
{ \
	ACQUIRE(&((struct id##_two *)state)->side[which].sem); \
} \
static void id##_two_release(void *state, unsigned which) \
{ \
	RELEASE(&((struct id##_two *)state)->side[which].sem); \
} \
static const struct sem_kind id##_kind = { id##_two_acquire, id##_two_release }; \
const struct subject id##_handoff = \
	{ label, id##_two_begin, id##_two_end, NULL, NULL, sem_handoff, &id##_kind };

extern const struct subject nsync_sem_pair, nsync_sem_try, nsync_sem_section, nsync_sem_crowd,
	nsync_sem_handoff;

#endif
