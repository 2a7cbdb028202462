/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock_subject.h - the three things we do with a lock, compiled in the same way for
 * each kind of lock, so that inline fast paths are inline here too.
 *
 * LOCK_SUBJECTS(id, label, type, OPEN, CLOSE, LOCK, TRYLOCK, UNLOCK) defines
 *	id_pair		lock and unlock, nothing between
 *	id_try		trylock and unlock
 *	id_section	lock, section_run(), unlock
 * OPEN and TRYLOCK are expressions that are 0 or true; all take a type *.
 */
#ifndef BENCH_LOCK_SUBJECT_H
#define BENCH_LOCK_SUBJECT_H

#include "bench.h"
#include "section.h"

#define LOCK_SUBJECTS(id, label, type, OPEN, CLOSE, LOCK, TRYLOCK, UNLOCK) \
struct id##_state { \
	type lock OWN_LINES; \
	struct section section; \
}; \
static int id##_begin(void *state) \
{ \
	type *lock = &((struct id##_state *)state)->lock; \
	return OPEN(lock); \
} \
static void id##_end(void *state) \
{ \
	type *lock = &((struct id##_state *)state)->lock; \
	CLOSE(lock); \
} \
static void id##_do_pair(void *state, uint64_t n, unsigned steps) \
{ \
	type *lock = &((struct id##_state *)state)->lock; \
	(void)steps; \
	for (uint64_t i = 0; i < n; i++) { \
		LOCK(lock); \
		UNLOCK(lock); \
	} \
} \
static void id##_do_try(void *state, uint64_t n, unsigned steps) \
{ \
	type *lock = &((struct id##_state *)state)->lock; \
	(void)steps; \
	for (uint64_t i = 0; i < n; i++) \
		if (TRYLOCK(lock)) \
			UNLOCK(lock); \
} \
static void id##_do_section(void *state, uint64_t n, unsigned steps) \
{ \
	struct id##_state *s = (struct id##_state *)state; \
	type *lock = &s->lock; \
	for (uint64_t i = 0; i < n; i++) { \
		LOCK(lock); \
		section_run(&s->section, steps); \
		UNLOCK(lock); \
	} \
} \
static uint64_t id##_done(const void *state) \
{ \
	return ((const struct id##_state *)state)->section.count; \
} \
const struct subject id##_pair = { label, id##_begin, id##_end, id##_do_pair, NULL, NULL, NULL }; \
const struct subject id##_try = { label, id##_begin, id##_end, id##_do_try, NULL, NULL, NULL }; \
const struct subject id##_section = \
	{ label, id##_begin, id##_end, id##_do_section, id##_done, NULL, NULL };

#define LOCK_SUBJECTS_EXTERN(id) \
	extern const struct subject id##_pair, id##_try, id##_section;

#ifdef __cplusplus
extern "C" {
#endif
LOCK_SUBJECTS_EXTERN(nsync)
LOCK_SUBJECTS_EXTERN(tbb)
#ifdef __cplusplus
}
#endif

#endif
