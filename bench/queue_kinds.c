/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_kinds.c - bounded queues of pawl and of others; see queue_subject.h.
 *
 * pthread: a ring under a mutex, with two conditions.  vyukov: Vyukov's bounded MPMC queue (2010),
 * which does not wait: who finds it full, or empty, yields.  vyukov+sem: the same between two
 * semaphores, so that they wait.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/queue.h>

#include "bench.h"
#include "queue_subject.h"

/*** pawl *************************************************************************************/

struct pawl_state {
	pawl_queue *queue;
};

static int pawl_begin(struct pawl_state *s, size_t capacity, size_t item_size, unsigned flags)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = capacity, .item_size = item_size, .flags = flags
	};

	return pawl_queue_open(&cfg, &s->queue);
}

#define PAWL_OPEN_PTR(s, capacity) pawl_begin(s, capacity, sizeof(queue_ptr), 0)
#define PAWL_OPEN_WIDE(s, capacity) pawl_begin(s, capacity, sizeof(queue_wide), 0)
#define FAST_OPEN_PTR(s, capacity) pawl_begin(s, capacity, sizeof(queue_ptr), PAWL_QUEUE_FAST)
#define FAST_OPEN_WIDE(s, capacity) pawl_begin(s, capacity, sizeof(queue_wide), PAWL_QUEUE_FAST)
#define PAWL_CLOSE(s) pawl_queue_free((s)->queue)
#define PAWL_TRYPUSH(s, item) (pawl_queue_trypush((s)->queue, item) == 0)
#define PAWL_TRYPOP(s, item) (pawl_queue_trypop((s)->queue, item) == 0)

static inline void pawl_push(struct pawl_state *s, const void *item)
{
	if (__builtin_expect(pawl_queue_push(s->queue, item) != 0, 0))
		queue_failed("pawl");
}

static inline void pawl_pop(struct pawl_state *s, void *item)
{
	if (__builtin_expect(pawl_queue_pop(s->queue, item) != 0, 0))
		queue_failed("pawl");
}

/* Between reserve and commit. */
static void pawl_stall(struct pawl_state *s, const queue_ptr *item)
{
	void *slot;

	if (pawl_queue_reserve(s->queue, PAWL_FOREVER, &slot) != 0)
		queue_failed("pawl");
	queue_stall();
	memcpy(slot, item, sizeof *item);
	if (pawl_queue_commit(s->queue, slot) != 0)
		queue_failed("pawl");
}

QUEUE_STALLS(pawl_q_ptr, struct pawl_state, queue_ptr, pawl_stall)
QUEUE_SUBJECT(pawl_q_ptr, "pawl", struct pawl_state, queue_ptr, PAWL_OPEN_PTR, PAWL_CLOSE,
	      pawl_push, pawl_pop, pawl_q_ptr_stalls)
QUEUE_SUBJECT(pawl_q_wide, "pawl", struct pawl_state, queue_wide, PAWL_OPEN_WIDE, PAWL_CLOSE,
	      pawl_push, pawl_pop, NULL)
QUEUE_TRY(pawl_q_try, "pawl", struct pawl_state, queue_ptr, PAWL_OPEN_PTR, PAWL_CLOSE,
	  PAWL_TRYPUSH, PAWL_TRYPOP)
QUEUE_SUBJECT(fast_q_ptr, "pawl-fast", struct pawl_state, queue_ptr, FAST_OPEN_PTR, PAWL_CLOSE,
	      pawl_push, pawl_pop, pawl_q_ptr_stalls)
QUEUE_SUBJECT(fast_q_wide, "pawl-fast", struct pawl_state, queue_wide, FAST_OPEN_WIDE, PAWL_CLOSE,
	      pawl_push, pawl_pop, NULL)
QUEUE_TRY(fast_q_try, "pawl-fast", struct pawl_state, queue_ptr, FAST_OPEN_PTR, PAWL_CLOSE,
	  PAWL_TRYPUSH, PAWL_TRYPOP)

/*** pthreads *********************************************************************************/

static int posix_init(pthread_mutex_t *mutex, pthread_cond_t *a, pthread_cond_t *b)
{
	int err = pthread_mutex_init(mutex, NULL);

	if (err == 0)
		err = pthread_cond_init(a, NULL);
	return err == 0 ? pthread_cond_init(b, NULL) : err;
}

#define POSIX_RING(id, item) \
MUTEX_RING(id, item, pthread_mutex_t, pthread_cond_t, posix_init, pthread_mutex_lock, \
	   pthread_mutex_unlock, pthread_cond_wait, pthread_cond_signal)

POSIX_RING(posix_ring, queue_ptr)
POSIX_RING(posix_wide_ring, queue_wide)
MUTEX_RING_STALL(posix_ring, queue_ptr)
MUTEX_RING_TRY(posix_ring, queue_ptr, pthread_mutex_lock, pthread_mutex_unlock, pthread_cond_signal)
QUEUE_STALLS(posix_q_ptr, struct posix_ring, queue_ptr, posix_ring_stall)
QUEUE_SUBJECT(posix_q_ptr, "pthread", struct posix_ring, queue_ptr, posix_ring_open,
	      posix_ring_close, posix_ring_push, posix_ring_pop, posix_q_ptr_stalls)
QUEUE_SUBJECT(posix_q_wide, "pthread", struct posix_wide_ring, queue_wide, posix_wide_ring_open,
	      posix_wide_ring_close, posix_wide_ring_push, posix_wide_ring_pop, NULL)
QUEUE_TRY(posix_q_try, "pthread", struct posix_ring, queue_ptr, posix_ring_open, posix_ring_close,
	  posix_ring_trypush, posix_ring_trypop)

/*** Vyukov ***********************************************************************************/

/* Its capacity is a power of two.  Not inlined: pawl's calls cannot be either. */
#define VYUKOV_RING(id, item) \
struct id##_cell { \
	uint64_t stamp; \
	item payload; \
}; \
struct id { \
	struct id##_cell *cells; \
	uint64_t mask; \
	uint64_t tail OWN_LINES; \
	uint64_t head OWN_LINES; \
	sem_t slots OWN_LINES; \
	sem_t ready OWN_LINES; \
}; \
_Static_assert(sizeof(struct id) <= STATE_SIZE, "the state has room"); \
VYUKOV_OPEN(id) \
VYUKOV_TRY(id, item) \
VYUKOV_YIELDS(id, item) \
VYUKOV_SEMS(id, item)

#define VYUKOV_OPEN(id) \
static int id##_open(struct id *r, size_t capacity) \
{ \
	void *cells = NULL; \
	if (capacity & (capacity - 1)) \
		return EINVAL; \
	if (posix_memalign(&cells, BENCH_LINE, capacity * sizeof *r->cells) != 0) \
		return ENOMEM; \
	r->cells = memset(cells, 0, capacity * sizeof *r->cells); \
	for (size_t i = 0; i < capacity; i++) \
		r->cells[i].stamp = i; \
	r->mask = capacity - 1; \
	if (sem_init(&r->slots, 0, (unsigned)capacity) != 0 || sem_init(&r->ready, 0, 0) != 0) \
		return errno; \
	return 0; \
} \
static void id##_close(struct id *r) \
{ \
	free(r->cells); \
}

/* Take the cell of the next ticket of @end, if its stamp is @ahead of that. */
#define VYUKOV_TRY(id, item) \
static inline struct id##_cell *id##_claim(struct id *r, uint64_t *end, unsigned ahead, \
					   uint64_t *ret_at) \
{ \
	uint64_t at = __atomic_load_n(end, __ATOMIC_RELAXED); \
	for (;;) { \
		struct id##_cell *cell = &r->cells[at & r->mask]; \
		uint64_t stamp = __atomic_load_n(&cell->stamp, __ATOMIC_ACQUIRE); \
		int64_t distance = (int64_t)(stamp - (at + ahead)); \
		*ret_at = at; \
		if (distance < 0) \
			return NULL; \
		if (distance > 0) \
			at = __atomic_load_n(end, __ATOMIC_RELAXED); \
		else if (__atomic_compare_exchange_n(end, &at, at + 1, true, __ATOMIC_RELAXED, \
						     __ATOMIC_RELAXED)) \
			return cell; \
	} \
} \
static __attribute__((__noinline__)) bool id##_trypush(struct id *r, const item *from) \
{ \
	uint64_t at; \
	struct id##_cell *cell = id##_claim(r, &r->tail, 0, &at); \
	if (!cell) \
		return false; \
	cell->payload = *from; \
	__atomic_store_n(&cell->stamp, at + 1, __ATOMIC_RELEASE); \
	return true; \
} \
static __attribute__((__noinline__)) bool id##_trypop(struct id *r, item *to) \
{ \
	uint64_t at; \
	struct id##_cell *cell = id##_claim(r, &r->head, 1, &at); \
	if (!cell) \
		return false; \
	*to = cell->payload; \
	__atomic_store_n(&cell->stamp, at + r->mask + 1, __ATOMIC_RELEASE); \
	return true; \
}

#define VYUKOV_YIELDS(id, item) \
static inline void id##_push(struct id *r, const item *from) \
{ \
	while (!id##_trypush(r, from)) \
		sched_yield(); \
} \
static inline void id##_pop(struct id *r, item *to) \
{ \
	while (!id##_trypop(r, to)) \
		sched_yield(); \
}

/* Who has a permit may still meet a cell that a slower one has not left. */
#define VYUKOV_SEMS(id, item) \
static inline void id##_push_sem(struct id *r, const item *from) \
{ \
	while (sem_wait(&r->slots) != 0) \
		; \
	id##_push(r, from); \
	sem_post(&r->ready); \
} \
static inline void id##_pop_sem(struct id *r, item *to) \
{ \
	while (sem_wait(&r->ready) != 0) \
		; \
	id##_pop(r, to); \
	sem_post(&r->slots); \
}

VYUKOV_RING(vyukov, queue_ptr)
VYUKOV_RING(vyukov_wide, queue_wide)

/* Between ticket and stamp. */
static void vyukov_stall(struct vyukov *r, const queue_ptr *from)
{
	struct vyukov_cell *cell;
	uint64_t at;

	while (!(cell = vyukov_claim(r, &r->tail, 0, &at)))
		sched_yield();
	queue_stall();
	cell->payload = *from;
	__atomic_store_n(&cell->stamp, at + 1, __ATOMIC_RELEASE);
}

QUEUE_STALLS(vyukov_q_ptr, struct vyukov, queue_ptr, vyukov_stall)
QUEUE_SUBJECT(vyukov_q_ptr, "vyukov", struct vyukov, queue_ptr, vyukov_open, vyukov_close,
	      vyukov_push, vyukov_pop, vyukov_q_ptr_stalls)
QUEUE_SUBJECT(vyukov_q_wide, "vyukov", struct vyukov_wide, queue_wide, vyukov_wide_open,
	      vyukov_wide_close, vyukov_wide_push, vyukov_wide_pop, NULL)
QUEUE_TRY(vyukov_q_try, "vyukov", struct vyukov, queue_ptr, vyukov_open, vyukov_close,
	  vyukov_trypush, vyukov_trypop)
QUEUE_SUBJECT(sems_q_ptr, "vyukov+sem", struct vyukov, queue_ptr, vyukov_open, vyukov_close,
	      vyukov_push_sem, vyukov_pop_sem, NULL)
QUEUE_SUBJECT(sems_q_wide, "vyukov+sem", struct vyukov_wide, queue_wide, vyukov_wide_open,
	      vyukov_wide_close, vyukov_wide_push_sem, vyukov_wide_pop_sem, NULL)
