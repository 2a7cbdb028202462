/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_ck.c - ck_ec32, ck_rwlock and ck_ring as subjects. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>

#include "event_subject.h"
#include "queue_subject.h"
#include "rw_subject.h"

#ifndef BENCH_TSAN
#include <ck_ring.h>
#include <ck_rwlock.h>

static int rw_begin(ck_rwlock_t *l)
{
	ck_rwlock_init(l);
	return 0;
}

RW_SUBJECTS(ck_rw, "ck_rwlock", ck_rwlock_t, rw_begin, ck_rwlock_read_lock, ck_rwlock_read_unlock,
	    ck_rwlock_write_lock, ck_rwlock_write_unlock)

/* A ring for twice as many as the semaphores let in, as one that has n cells is full with n - 1. */
#define CK_QUEUE(id, item_type, cell, ENQUEUE, DEQUEUE) \
struct id { \
	ck_ring_t ring OWN_LINES; \
	cell *cells; \
	sem_t slots OWN_LINES; \
	sem_t ready OWN_LINES; \
}; \
_Static_assert(sizeof(struct id) <= STATE_SIZE, "the state has room"); \
static int id##_open(struct id *q, size_t capacity) \
{ \
	q->cells = calloc(2 * capacity, sizeof *q->cells); \
	if (!q->cells) \
		return ENOMEM; \
	ck_ring_init(&q->ring, 2 * (unsigned)capacity); \
	if (sem_init(&q->slots, 0, (unsigned)capacity) != 0 || sem_init(&q->ready, 0, 0) != 0) \
		return errno; \
	return 0; \
} \
static void id##_close(struct id *q) \
{ \
	free(q->cells); \
} \
static inline void id##_push(struct id *q, item_type *from) \
{ \
	while (sem_wait(&q->slots) != 0) \
		; \
	while (!ENQUEUE(q, from)) \
		sched_yield(); \
	sem_post(&q->ready); \
} \
static inline void id##_pop(struct id *q, item_type *to) \
{ \
	while (sem_wait(&q->ready) != 0) \
		; \
	while (!DEQUEUE(q, to)) \
		sched_yield(); \
	sem_post(&q->slots); \
}

CK_RING_PROTOTYPE(wide, queue_wide)

#define CK_PUT(q, from) ck_ring_enqueue_mpmc(&(q)->ring, (q)->cells, *(from))
#define CK_GET(q, to) ck_ring_dequeue_mpmc(&(q)->ring, (q)->cells, to)
#define CK_PUT_WIDE(q, from) ck_ring_enqueue_mpmc_wide(&(q)->ring, (q)->cells, from)
#define CK_GET_WIDE(q, to) ck_ring_dequeue_mpmc_wide(&(q)->ring, (q)->cells, to)

CK_QUEUE(ck_queue, queue_ptr, ck_ring_buffer_t, CK_PUT, CK_GET)
CK_QUEUE(ck_queue_wide, queue_wide, queue_wide, CK_PUT_WIDE, CK_GET_WIDE)
QUEUE_SUBJECT(ck_q_ptr, "ck+sem", struct ck_queue, queue_ptr, ck_queue_open, ck_queue_close,
	      ck_queue_push, ck_queue_pop, NULL)
QUEUE_SUBJECT(ck_q_wide, "ck+sem", struct ck_queue_wide, queue_wide, ck_queue_wide_open,
	      ck_queue_wide_close, ck_queue_wide_push, ck_queue_wide_pop, NULL)
QUEUE_TRY(ck_q_try, "ck_ring", struct ck_queue, queue_ptr, ck_queue_open, ck_queue_close, CK_PUT,
	  CK_GET)
#endif

#ifdef BENCH_CK_EC
#include <limits.h>
#include <linux/futex.h>
#include <ck_ec.h>

static int ck_now(const struct ck_ec_ops *ops, struct timespec *ret)
{
	(void)ops;
	return clock_gettime(CLOCK_MONOTONIC, ret);
}

static void ck_sleep(const struct ck_ec_wait_state *wait, const uint32_t *word, uint32_t seen,
		     const struct timespec *until)
{
	(void)wait;
	event_futex(word, FUTEX_WAIT_BITSET, seen, until);
}

static void ck_wake(const struct ck_ec_ops *ops, const uint32_t *word)
{
	(void)ops;
	event_futex(word, FUTEX_WAKE, INT_MAX, NULL);
}

static const struct ck_ec_ops ck_ops = { .gettime = ck_now, .wait32 = ck_sleep, .wake32 = ck_wake };
static const struct ck_ec_mode ck_mode = { .ops = &ck_ops, .single_producer = false };

/* There is one set after the other here, so that a count of them is their number. */
static void ck_wait(void *state, unsigned which, uint32_t n)
{
	struct ck_ec32 *ec = (void *)&((struct two_words *)state)->of[which].word;
	uint32_t seen;

	while ((seen = ck_ec32_value(ec)) != (n & INT32_MAX))
		ck_ec32_wait(ec, &ck_mode, seen, NULL);
}

static void ck_set(void *state, unsigned which, uint32_t n)
{
	(void)n;
	ck_ec32_inc((void *)&((struct two_words *)state)->of[which].word, &ck_mode);
}

const struct event_kind event_ck = { ck_wait, ck_set, NULL };
#else
typedef int bench_ck_ec_is_absent;
#endif
