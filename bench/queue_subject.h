/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_subject.h - what we do with a bounded queue, compiled in the same way for each kind.
 *
 * QUEUE_SUBJECT(id, label, type, item, OPEN, CLOSE, PUSH, POP, stalls) defines id: threads that
 * push and threads that pop, in the ways of queue_turns.c.  QUEUE_TRY(id, label, type, item, OPEN,
 * CLOSE, TRYPUSH, TRYPOP) defines id: one thread that does both in turn; SOLO.
 *
 * All take a type *; OPEN also a capacity, and returns 0 or an errno value; the others also an
 * item *.  item is queue_ptr or queue_wide.  stalls: made by QUEUE_STALLS, or NULL.
 */
#ifndef BENCH_QUEUE_SUBJECT_H
#define BENCH_QUEUE_SUBJECT_H

#include "bench.h"

#ifdef __cplusplus
extern "C" {
#endif

/*** Items ************************************************************************************/

#define QUEUE_LAST UINTPTR_MAX		/* whoever pops this value ends */

typedef void *queue_ptr;
typedef struct queue_wide {
	uint64_t word[4];
} queue_wide;

void queue_torn(void) __attribute__((__noreturn__));

static inline queue_ptr queue_ptr_of(uint64_t value)
{
	return (queue_ptr)(uintptr_t)value;
}

static inline uint64_t queue_ptr_value(const queue_ptr *item)
{
	return (uintptr_t)*item;
}

static inline queue_wide queue_wide_of(uint64_t value)
{
	queue_wide item = { { value, ~value, value + 1, value } };

	return item;
}

static inline uint64_t queue_wide_value(const queue_wide *item)
{
	if (__builtin_expect(item->word[1] != ~item->word[0] || item->word[3] != item->word[0], 0))
		queue_torn();
	return item->word[0];
}

/*** Threads that push or pop *****************************************************************/

enum queue_phase { QUEUE_WARM_UP, QUEUE_MEASURED, QUEUE_STOP };

/* How many pushes took so long; a time is known to 1/16. */
enum { QUEUE_TIMES = 1024 };

struct queue_times {
	uint64_t longest;
	uint32_t of[QUEUE_TIMES];
};

/* One thread's end of the queue.  It pushes first, first + 1 and so on. */
struct queue_end {
	uint64_t count OWN_LINES;	/* items; written by its thread, read by any */
	uint64_t sum;			/* of their values, after its end */
	uint64_t first, limit;
	const enum queue_phase *phase;
	struct queue_times *times;
};

struct queue_kind {
	int (*open)(void *state, size_t capacity);
	void (*close)(void *state);
	/* Push up to the limit, or until it is to stop. */
	void (*pushes)(void *state, struct queue_end *e);
	/* The same, with a look at the clock after each. */
	void (*timed)(void *state, struct queue_end *e);
	/* The same without, but each push sleeps in its middle; may be NULL. */
	void (*stalls)(void *state, struct queue_end *e);
	/* Pop until there comes a QUEUE_LAST. */
	void (*pops)(void *state, struct queue_end *e);
	void (*push_last)(void *state);
};

/* A case's load. */
struct queue_load {
	void (*turn)(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
		     struct sample *ret);
	unsigned producers, consumers;
	size_t capacity;
	bool apart;			/* each thread on a CPU of its own */
	unsigned runs, items;		/* queue_runs: items of one run, all together */
};

/* queue_turns.c */
void queue_turn(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
	struct sample *ret);		/* what the case's load says */
void queue_flow(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
	struct sample *ret);		/* all at full speed: ns per item */
void queue_stalled(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
	struct sample *ret);		/* the first producer stalls: ns per item of the
					 * others, while it sleeps */
void queue_latency(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
	struct sample *ret);		/* more: p50, p99, p99.9 and longest push, in us */
void queue_runs(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
	struct sample *ret);		/* more: collapses, of so many runs, worst / median */
void queue_stall(void);			/* in the middle of a push that stalls */
void queue_failed(const char *label) __attribute__((__noreturn__));

static inline enum queue_phase queue_phase_of(const struct queue_end *e)
{
	return __atomic_load_n(e->phase, __ATOMIC_RELAXED);
}

static inline void queue_count(struct queue_end *e, uint64_t count)
{
	__atomic_store_n(&e->count, count, __ATOMIC_RELAXED);
}

static inline void queue_time_add(struct queue_times *t, uint64_t ns)
{
	unsigned log = ns < 16 ? 3 : 63 - (unsigned)__builtin_clzll(ns);

	t->of[ns < 16 ? ns : (log - 3) * 16 + ((ns >> (log - 4)) & 15)]++;
	if (ns > t->longest)
		t->longest = ns;
}

#define QUEUE_SUBJECT(id, label, type, item, OPEN, CLOSE, PUSH, POP, stalls) \
QUEUE_OPEN(id, type, OPEN, CLOSE) \
QUEUE_PUSHES(id, type, item, PUSH) \
QUEUE_POPS(id, type, item, POP) \
static const struct queue_kind id##_kind = { id##_open, id##_close, id##_pushes, id##_timed, \
	stalls, id##_pops, id##_push_last }; \
const struct subject id = { label, NULL, NULL, NULL, NULL, queue_turn, &id##_kind };

#define QUEUE_OPEN(id, type, OPEN, CLOSE) \
static int id##_open(void *state, size_t capacity) \
{ \
	return OPEN((type *)state, capacity); \
} \
static void id##_close(void *state) \
{ \
	CLOSE((type *)state); \
}

#define QUEUE_PUSHES(id, type, item, PUSH) \
static void id##_pushes(void *state, struct queue_end *e) \
{ \
	type *q = (type *)state; \
	uint64_t first = e->first, limit = e->limit, n = 0, sum = 0; \
	while (n < limit && queue_phase_of(e) != QUEUE_STOP) { \
		item next = item##_of(first + n); \
		PUSH(q, &next); \
		sum += first + n; \
		queue_count(e, ++n); \
	} \
	e->sum = sum; \
} \
static void id##_timed(void *state, struct queue_end *e) \
{ \
	type *q = (type *)state; \
	uint64_t first = e->first, limit = e->limit, n = 0, sum = 0; \
	int64_t before = clock_ns(), after; \
	for (enum queue_phase phase; (phase = queue_phase_of(e)) != QUEUE_STOP && n < limit;) { \
		item next = item##_of(first + n); \
		PUSH(q, &next); \
		sum += first + n; \
		queue_count(e, ++n); \
		after = clock_ns(); \
		if (phase == QUEUE_MEASURED) \
			queue_time_add(e->times, (uint64_t)(after - before)); \
		before = after; \
	} \
	e->sum = sum; \
} \
static void id##_push_last(void *state) \
{ \
	item last = item##_of(QUEUE_LAST); \
	PUSH((type *)state, &last); \
}

#define QUEUE_POPS(id, type, item, POP) \
static void id##_pops(void *state, struct queue_end *e) \
{ \
	type *q = (type *)state; \
	uint64_t n = 0, sum = 0; \
	for (;;) { \
		item next; \
		uint64_t value; \
		POP(q, &next); \
		value = item##_value(&next); \
		if (value == QUEUE_LAST) \
			break; \
		sum += value; \
		queue_count(e, ++n); \
	} \
	e->sum = sum; \
}

/* Defines id_stalls, for the id of a QUEUE_SUBJECT that comes after it.  STALL pushes, and calls
 * queue_stall() in the middle of that. */
#define QUEUE_STALLS(id, type, item, STALL) \
static void id##_stalls(void *state, struct queue_end *e) \
{ \
	type *q = (type *)state; \
	uint64_t first = e->first, limit = e->limit, n = 0, sum = 0; \
	while (n < limit && queue_phase_of(e) != QUEUE_STOP) { \
		item next = item##_of(first + n); \
		STALL(q, &next); \
		sum += first + n; \
		queue_count(e, ++n); \
	} \
	e->sum = sum; \
}

/*** One thread *******************************************************************************/

enum { QUEUE_TRY_CAPACITY = 1024 };

#define QUEUE_TRY(id, label, type, item, OPEN, CLOSE, TRYPUSH, TRYPOP) \
static int id##_open(void *state) \
{ \
	return OPEN((type *)state, QUEUE_TRY_CAPACITY); \
} \
static void id##_close(void *state) \
{ \
	CLOSE((type *)state); \
} \
static void id##_batch(void *state, uint64_t n, unsigned steps) \
{ \
	type *q = (type *)state; \
	(void)steps; \
	for (uint64_t i = 0; i < n; i++) { \
		item next = item##_of(i); \
		if (!TRYPUSH(q, &next) || !TRYPOP(q, &next) || item##_value(&next) != i) \
			queue_failed(label); \
	} \
} \
const struct subject id = { label, id##_open, id##_close, id##_batch, NULL, NULL, NULL };

/*** A ring under a mutex *********************************************************************/

/*
 * MUTEX_RING(id, item, mutex, cond, INIT, LOCK, UNLOCK, WAIT, SIGNAL) defines struct id, id_open,
 * id_close, id_push and id_pop; MUTEX_RING_STALL and MUTEX_RING_TRY, after it, id_stall, id_trypush
 * and id_trypop.  INIT takes a mutex and two conds.
 */
#define MUTEX_RING(id, item, mutex, cond, INIT, LOCK, UNLOCK, WAIT, SIGNAL) \
struct id { \
	mutex lock OWN_LINES; \
	cond not_full, not_empty; \
	item *items; \
	size_t capacity, length, head, tail; \
}; \
_Static_assert(sizeof(struct id) <= STATE_SIZE, "the state has room"); \
static int id##_open(struct id *r, size_t capacity) \
{ \
	r->capacity = capacity; \
	r->items = (item *)calloc(capacity, sizeof *r->items); \
	return r->items ? INIT(&r->lock, &r->not_full, &r->not_empty) : ENOMEM; \
} \
static void id##_close(struct id *r) \
{ \
	free(r->items); \
} \
static inline void id##_put(struct id *r, const item *from) \
{ \
	r->items[r->tail] = *from; \
	r->tail = r->tail + 1 < r->capacity ? r->tail + 1 : 0; \
	r->length++; \
} \
static inline void id##_get(struct id *r, item *to) \
{ \
	*to = r->items[r->head]; \
	r->head = r->head + 1 < r->capacity ? r->head + 1 : 0; \
	r->length--; \
} \
static inline void id##_do_push(struct id *r, const item *from, bool stalls) \
{ \
	LOCK(&r->lock); \
	while (r->length == r->capacity) \
		WAIT(&r->not_full, &r->lock); \
	if (stalls) \
		queue_stall(); \
	id##_put(r, from); \
	UNLOCK(&r->lock); \
	SIGNAL(&r->not_empty); \
} \
static inline void id##_push(struct id *r, const item *from) \
{ \
	id##_do_push(r, from, false); \
} \
static inline void id##_pop(struct id *r, item *to) \
{ \
	LOCK(&r->lock); \
	while (r->length == 0) \
		WAIT(&r->not_empty, &r->lock); \
	id##_get(r, to); \
	UNLOCK(&r->lock); \
	SIGNAL(&r->not_full); \
}

#define MUTEX_RING_STALL(id, item) \
static void id##_stall(struct id *r, const item *from) \
{ \
	id##_do_push(r, from, true); \
}

#define MUTEX_RING_TRY(id, item, LOCK, UNLOCK, SIGNAL) \
static inline bool id##_trypush(struct id *r, const item *from) \
{ \
	bool done; \
	LOCK(&r->lock); \
	done = r->length < r->capacity; \
	if (done) \
		id##_put(r, from); \
	UNLOCK(&r->lock); \
	if (done) \
		SIGNAL(&r->not_empty); \
	return done; \
} \
static inline bool id##_trypop(struct id *r, item *to) \
{ \
	bool done; \
	LOCK(&r->lock); \
	done = r->length > 0; \
	if (done) \
		id##_get(r, to); \
	UNLOCK(&r->lock); \
	if (done) \
		SIGNAL(&r->not_full); \
	return done; \
}

extern const struct subject
	pawl_q_ptr, pawl_q_wide, pawl_q_try, fast_q_ptr, fast_q_wide, fast_q_try,
	posix_q_ptr, posix_q_wide, posix_q_try, vyukov_q_ptr, vyukov_q_wide, vyukov_q_try,
	sems_q_ptr, sems_q_wide, nsync_q_ptr, nsync_q_wide, nsync_q_try,
	ck_q_ptr, ck_q_wide, ck_q_try, tbb_q_ptr, tbb_q_wide, tbb_q_try;

#ifdef __cplusplus
}
#endif
#endif
