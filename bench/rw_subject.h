/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rw_subject.h - what we do with a reader-writer lock, compiled in the same way for each kind.
 *
 * RW_SUBJECTS(id, label, type, OPEN, RDLOCK, RDUNLOCK, WRLOCK, WRUNLOCK) defines
 *	id_read		lock, read two words that must be the same, unlock
 *	id_mixed	the same, but one operation in 100 locks for writing, and changes them
 *	id_write	that one always
 * All take a type *; OPEN returns 0 or an errno value.
 */
#ifndef BENCH_RW_SUBJECT_H
#define BENCH_RW_SUBJECT_H

#include "bench.h"

enum { READS_PER_WRITE = 99 };

struct rw_data {
	uint64_t first, second;
};

/* Return: how many reads the calling thread does before its next write: READS_PER_WRITE, on
 * average. */
unsigned rw_reads(void);
void rw_torn(const char *label) __attribute__((__noreturn__));

#define RW_SUBJECTS(id, label, type, OPEN, RDLOCK, RDUNLOCK, WRLOCK, WRUNLOCK) \
struct id##_state { \
	type lock OWN_LINES; \
	struct rw_data data OWN_LINES; \
}; \
_Static_assert(sizeof(struct id##_state) <= STATE_SIZE, "the state has room"); \
static int id##_begin(void *state) \
{ \
	return OPEN(&((struct id##_state *)state)->lock); \
} \
static inline void id##_do_read(struct id##_state *s) \
{ \
	RDLOCK(&s->lock); \
	if (__builtin_expect(s->data.first != s->data.second, 0)) \
		rw_torn(label); \
	RDUNLOCK(&s->lock); \
} \
static inline void id##_do_write(struct id##_state *s) \
{ \
	WRLOCK(&s->lock); \
	s->data.first++; \
	s->data.second++; \
	WRUNLOCK(&s->lock); \
} \
static void id##_reads(void *state, uint64_t n, unsigned steps) \
{ \
	(void)steps; \
	for (uint64_t i = 0; i < n; i++) \
		id##_do_read(state); \
} \
static void id##_writes(void *state, uint64_t n, unsigned steps) \
{ \
	(void)steps; \
	for (uint64_t i = 0; i < n; i++) \
		id##_do_write(state); \
} \
static void id##_both(void *state, uint64_t n, unsigned steps) \
{ \
	static __thread unsigned reads; \
	(void)steps; \
	for (uint64_t i = 0; i < n; i++) { \
		if (reads-- > 0) { \
			id##_do_read(state); \
		} else { \
			id##_do_write(state); \
			reads = rw_reads(); \
		} \
	} \
} \
const struct subject \
	id##_read = { label, id##_begin, NULL, id##_reads, NULL, NULL, NULL }, \
	id##_write = { label, id##_begin, NULL, id##_writes, NULL, NULL, NULL }, \
	id##_mixed = { label, id##_begin, NULL, id##_both, NULL, NULL, NULL };

extern const struct subject ck_rw_read, ck_rw_write, ck_rw_mixed;
extern const struct subject nsync_rw_read, nsync_rw_write, nsync_rw_mixed;

#endif
