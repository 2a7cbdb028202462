/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line_crowd.h - the waiter queue, from inside: wait/line.h.
 *
 * A program that includes this has a wait/line.c of its own, in which accesses are
 * counted: that is how it sees what an operation costs, and how it comes between two of
 * them.  And it has the library's allocator, which can be made to fail.
 */
#ifndef TESTS_LINE_CROWD_H
#define TESTS_LINE_CROWD_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/atomic.h>

#include "platform/memory.h"
#include "support.h"

/* There is one thread.  What others might do between two accesses is done there. */
static uint64_t accesses, interrupted_at;
static void (*interruption)(void);

static inline void before_access(void)
{
	if (++accesses == interrupted_at)
		interruption();
}

#undef pawl_load_
#define pawl_load_(p, order) (before_access(), __atomic_load_n((p), PAWL_ORDER_##order##_))
#undef pawl_store_
#define pawl_store_(p, v, order) \
	(before_access(), __atomic_store_n((p), (v), PAWL_ORDER_##order##_))
#undef pawl_fetch_add_
#define pawl_fetch_add_(p, v, order) \
	(before_access(), __atomic_fetch_add((p), (v), PAWL_ORDER_##order##_))
#undef pawl_cas_
#define pawl_cas_(p, expected, v, success, failure) \
	(before_access(), __atomic_compare_exchange_n((p), (expected), (v), false, \
		PAWL_ORDER_##success##_, PAWL_ORDER_##failure##_))
#undef pawl_cas_weak_
#define pawl_cas_weak_(p, expected, v, success, failure) \
	(before_access(), __atomic_compare_exchange_n((p), (expected), (v), true, \
		PAWL_ORDER_##success##_, PAWL_ORDER_##failure##_))
#include "wait/line.c"

static bool fail;

void *pawl_i_memory_get(size_t size, size_t align)
{
	void *p;

	if (fail)
		return NULL;
	must(posix_memalign(&p, align, size) == 0);
	return memset(p, 0, size);
}

void pawl_i_memory_put(void *p)
{
	free(p);
}

/* From the access @n on, counted from 1, of what comes next. */
static inline void interrupt_at(uint64_t n, void (*fn)(void))
{
	interruption = fn;
	interrupted_at = accesses + n;
}

static inline bool was_interrupted(void)
{
	bool was = accesses >= interrupted_at;

	interrupted_at = 0;
	return was;
}

/*** Waits *************************************************************************************/

/* Some waits in a queue, in their order.  Waiters are made once and used again. */
struct crowd {
	uint64_t queue;
	size_t count;
	struct waiter **w;
	uint64_t *refs;
};

static inline void crowd_make(struct crowd *c, size_t count)
{
	*c = (struct crowd){ .count = count, .w = calloc(count, sizeof(struct waiter *)),
		.refs = calloc(count, sizeof(uint64_t)) };
	assert_non_null(c->w);
	assert_non_null(c->refs);
	for (size_t i = 0; i < count; i++)
		assert_non_null(c->w[i] = pawl_i_waiter_get(NULL));
}

static inline int join(struct crowd *c, size_t i)
{
	c->refs[i] = pawl_i_waiter_arm(c->w[i]);
	return pawl_i_line_join(&c->queue, c->w[i], c->refs[i]);
}

static inline void join_all(struct crowd *c)
{
	for (size_t i = 0; i < c->count; i++)
		assert_int_equal(join(c, i), 0);
}

static inline void give_up(struct crowd *c, size_t i)
{
	assert_int_equal(pawl_i_waiter_give_up(c->w[i]), 0);
	pawl_i_line_leave(&c->queue, c->w[i]);
}

/* The next in the queue is @i: answer it.  It leaves. */
static inline void answer(struct crowd *c, size_t i)
{
	struct waiter *wake = c->w[i];

	assert_true(pawl_i_line_first(&c->queue) == c->refs[i]);
	assert_true(pawl_i_waiter_tell(c->refs[i], GRANT, &wake));
	assert_null(wake);
	assert_int_equal(pawl_i_waiter_answer(c->w[i]), GRANT);
	pawl_i_line_leave(&c->queue, c->w[i]);
}

/* Nobody is left. */
static inline void crowd_drop(struct crowd *c)
{
	assert_int_equal(c->queue & ~(uint64_t)LINE_FLAG, 0);
	assert_int_equal(pawl_i_line_first(&c->queue), 0);
	for (size_t i = 0; i < c->count; i++)
		pawl_i_waiter_put(c->w[i]);
	free(c->w);
	free(c->refs);
}

static inline unsigned random_below(unsigned n)
{
	static uint64_t random = 88172645463325252;

	random ^= random << 13;
	random ^= random >> 7;
	random ^= random << 17;
	return (unsigned)(random >> 32) % n;
}

/* An order of count things. */
static inline size_t *shuffled(size_t count)
{
	size_t *order = calloc(count, sizeof *order);

	assert_non_null(order);
	for (size_t i = 0; i < count; i++) {
		size_t k = random_below((unsigned)i + 1);

		order[i] = order[k];
		order[k] = i;
	}
	return order;
}

#endif
