/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rwlock_word.h - the word of a pawl_rwlock, drawn in rwlock.c, and what its files do for each
 * other.  Uses: platform, wait.
 */
#ifndef PAWL_SYNC_RWLOCK_WORD_H
#define PAWL_SYNC_RWLOCK_WORD_H

#include <stdbool.h>
#include <stdint.h>

#include <pawl/rwlock.h>

#include "platform/fatal.h"
#include "wait/owner.h"
#include "wait/slots.h"

enum { WRITER = 1, BIAS = 4, COUNT_BITS = 20, MOST_READERS = 1000000 };
#define COUNT_MASK (((uint64_t)1 << COUNT_BITS) - 1)
#define SHARE SLOTS_SHARE
#define SHARES (COUNT_MASK * SHARE)
#define EXPECTED (SHARE << COUNT_BITS)
#define EXPECTING (COUNT_MASK * EXPECTED)
#define PHASE (EXPECTED << COUNT_BITS)

static inline uint64_t phase_of(uint64_t word)
{
	return word & ~(PHASE - 1);
}

static inline _Noreturn void refuse(const char *verb, const pawl_rwlock *l, const char *problem)
{
	pawl_i_misuse(verb, "rwlock", l, problem, 0);
}

/* The writer, and readers who were let in by him, are told apart from readers who left, so that
 * a reader is not taken for having seen what another one did. */
static inline const void *left_readers(const pawl_rwlock *l)
{
	return &l->readers_;
}

struct limit;

/* Before standing in line: call @now for a while, until it returns true. */
bool pawl_i_rwlock_try_for_a_while(pawl_rwlock *l, struct limit *limit,
	bool (*now)(pawl_rwlock *l));

/* Give back a counted share that the caller took not to read, but to keep others from the whole. */
void pawl_i_rwlock_leave(pawl_rwlock *l);

#endif
