/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/queue.h - bounded queue: many push, many pop, first in, first out.
 *
 *	const pawl_queue_config cfg = {
 *		.size = sizeof cfg, .capacity = 1024, .item_size = sizeof(struct job),
 *	};
 *
 *	rc = pawl_queue_open(&cfg, &jobs);
 *	...
 *	rc = pawl_queue_push(jobs, &job);		waits while it is full
 *	...
 *	while (pawl_queue_pop(jobs, &job) == 0)		waits while it is empty
 *		work(&job);				EPIPE: closed, and nothing is left
 *
 * Items are copied in and out.  Who is faster waits for who is slower, so memory is bounded by what
 * open allocates; nothing is allocated later but what a thread needs for its first wait, and an op
 * for each (pawl/op.h).
 *
 * Order: of two pushes the one that returned before the other began is popped first.  Pushes that
 * overlap are in some order, the same for all.  Waiting pushes are let in, and waiting pops are
 * served, in the order in which they began to wait, until it is closed.
 *
 * A call that is stopped in its middle costs, until it goes on, one slot of the capacity, or keeps
 * one item back: of what others push meanwhile all but the last can be popped.  It holds up whom it
 * is just waking, and nobody else (but PAWL_QUEUE_FAST and push_weighed: see there).  So "try"
 * failing means: nothing is free for the taking now, as the rest is in the hands of other calls.
 *
 * Threads:   every function but open and free may run at any time.
 * Memory:    a push, or commit, happens before the pop that gets its item; that pop happens before
 *            what is done with its slot next.
 * Progress:  trypush, trypop, commit, abandon, close: lock-free, as long as fewer calls are stopped
 *            than the queue has slots: they wait for nobody.  len, capacity: wait-free.
 *            push_op, pop_op: the same, but for malloc.
 *            push, pop and the others: block until there is a slot, or an item; giving up at a
 *            deadline waits for nobody.
 * Signals:   len and capacity are async-signal-safe; the others are not.
 * Misuse:    freeing a queue that is waited for, or of which a slot is reserved; commit or abandon
 *            of what is not a reserved slot of it: one sentence on standard error, then abort(); in
 *            every build.
 * Lifetime:  must outlive every call on it, other than what is said of ops in pawl/op.h.
 * Fork:      in the child it can be used if no call was under way in the parent's other threads;
 *            else it can neither be used nor freed.
 *
 * Source: a ring of indices after SCQ (Nikolaev, DISC 2019), for callers that hold permits; see
 * lib/sync/ring.h.  PAWL_QUEUE_FAST: Vyukov's bounded MPMC queue (2010).
 */
#ifndef PAWL_QUEUE_H
#define PAWL_QUEUE_H

#include <pawl/base.h>
#include <pawl/op.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_queue pawl_queue;

enum {
	/* Fewer atomic steps for each item.  The price: a call that is stopped in its middle holds
	 * up those that come to its slot, until it goes on; every function that touches items is
	 * blocking.  And waiting calls have no order among themselves.  A reserved slot is beside
	 * the ring: its commit copies the item. */
	PAWL_QUEUE_FAST = 2,
	/* A push into a full queue does not wait: the oldest item is taken out, and given to
	 * evicted(), until there is a slot, and room for its weight; also if the push then finds the
	 * queue closed.  A reserve does so too, and push_n pushes all, dropping its own first items
	 * if need be.  Only while all slots are in the hands of other calls does it wait, or return
	 * EAGAIN (trypush, push_op). */
	PAWL_QUEUE_DROP_OLDEST = 4
};

#define PAWL_QUEUE_CAPACITY_MAX ((size_t)1 << 30)

typedef struct pawl_queue_config {
	size_t size;		/* of this struct */
	size_t capacity;	/* items, 1 to PAWL_QUEUE_CAPACITY_MAX */
	size_t item_size;	/* bytes, 1 or more */
	size_t max_weight;	/* of all items together, see push_weighed; 0: no bound */
	unsigned flags;		/* PAWL_QUEUE_... */
	/* What becomes of items that nobody pops: those that were dropped, by the thread that
	 * pushes, and those that are left in pawl_queue_free().  @item is valid during the call,
	 * which must not push into the queue, nor wait. */
	void (*evicted)(void *item, void *user);	/* NULL: nothing */
	void *user;
} pawl_queue_config;

/*
 * Make a queue.
 *
 * Return: 0 and *@ret_q; EINVAL: a size of @cfg that is unknown, no capacity, more than the
 * most, no item size, a max_weight of more than PAWL_SEM_MAX (pawl/sem.h), an unknown flag;
 * ENOMEM.
 */
PAWL_API int pawl_queue_open(const pawl_queue_config *cfg, pawl_queue **ret_q)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* Free @q, which may be NULL.  What is still in it goes to evicted(). */
PAWL_API void pawl_queue_free(pawl_queue *q);

/*
 * Append a copy of the item at @item; wait while @q is full.
 *
 * Return: 0; EPIPE if @q is or gets closed; ECANCELED if it would have to wait in a canceled scope
 * (pawl/scope.h).
 */
PAWL_API int pawl_queue_push(pawl_queue *q, const void *item) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* The same, if it need not wait.  Return: 0; EAGAIN: no slot is free; EPIPE. */
PAWL_API int pawl_queue_trypush(pawl_queue *q, const void *item) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * The same, but wait not longer than until @deadline.
 *
 * @deadline:	instant; PAWL_FOREVER waits for ever, a past one polls once
 *
 * Return: 0, also if the deadline passed, or a cancel came, meanwhile; EPIPE; ETIMEDOUT; ECANCELED.
 */
PAWL_API int pawl_queue_push_until(pawl_queue *q, const void *item, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Have @op push the item at @item, which must stay there until done().
 *
 * Return: 0: it is pushed; EINPROGRESS, and done() will be called, with 0 if it is pushed then, or
 * with EPIPE, ETIMEDOUT or ECANCELED; EPIPE; ENOMEM; EAGAIN, with PAWL_QUEUE_DROP_OLDEST only: all
 * slots are in the hands of other calls.
 */
PAWL_API int pawl_queue_push_op(pawl_queue *q, const void *item, pawl_op *op)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Take the first item out, to @ret_item; wait while @q is empty.
 *
 * Return: 0; EPIPE: @q is closed and nothing is left; ECANCELED, as push.
 */
PAWL_API int pawl_queue_pop(pawl_queue *q, void *ret_item) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* The same, if it need not wait.  Return: 0; EAGAIN: no item is there; EPIPE. */
PAWL_API int pawl_queue_trypop(pawl_queue *q, void *ret_item) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* The same, but wait not longer than until @deadline.  Return: as pop, or ETIMEDOUT. */
PAWL_API int pawl_queue_pop_until(pawl_queue *q, void *ret_item, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Have @op pop an item to @ret_item, which must stay there until done().  It is taken out when the
 * op is dispatched; until then, from when its turn came, another pop does not get it, unless @q is
 * closed meanwhile.
 *
 * Return: 0: it is there; EINPROGRESS, and done() will be called, with 0 if it is there then, or
 * with EPIPE, ETIMEDOUT or ECANCELED; EPIPE; ENOMEM.
 */
PAWL_API int pawl_queue_pop_op(pawl_queue *q, void *ret_item, pawl_op *op)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Append @n items, an array at @items, as many as find a slot: wait for the first slot, then take
 * what is free.  The items of one call stay in their order; those of others may be between.
 *
 * @n:		0 or more
 * @deadline:	instant, as above
 * @ret_n:	set always: how many were pushed, from the first on; the others are the caller's
 *
 * Return: 0, with *@ret_n > 0, or @n is 0; EPIPE, ETIMEDOUT or ECANCELED, with 0.
 */
PAWL_API int pawl_queue_push_n(pawl_queue *q, const void *items, size_t n, pawl_time deadline,
	size_t *ret_n) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* Take out up to @n items, to an array at @ret_items: wait for the first, then take what is there.
 * As push_n. */
PAWL_API int pawl_queue_pop_n(pawl_queue *q, void *ret_items, size_t n, pawl_time deadline,
	size_t *ret_n) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Append an item that weighs @weight, bytes for example: wait also until the weights of all that
 * are in @q, with this one, are not more than max_weight.  Heavy items wait in a line of their own,
 * in which each gets what it needs before the next, also if the one in front was stopped; light
 * ones may overtake it.
 *
 * What is pushed in another way weighs nothing, and counts for the capacity only.
 *
 * @weight:	0 or more; without a max_weight it does not matter
 * @deadline:	instant, as above
 *
 * Return: as push_until; EOVERFLOW: more than max_weight.
 */
PAWL_API int pawl_queue_push_weighed(pawl_queue *q, const void *item, size_t weight,
	pawl_time deadline) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Take a free slot, to write an item into it that is large, or comes in parts: no copy is made.
 * Wait for one until @deadline.
 *
 * @ret_slot:	room for one item, aligned for any type of that size, to 64 bytes at most; the
 *		caller's until commit or abandon, one of which must follow
 *
 * Return: as push_until.
 */
PAWL_API int pawl_queue_reserve(pawl_queue *q, pawl_time deadline, void **ret_slot)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Append the item that was written into @slot.  Its place in the order is that of this call.
 *
 * Return: 0, and @slot is not the caller's any more; EPIPE: @q is closed, and @slot, with what is
 * in it, is the caller's until it abandons it.
 */
PAWL_API int pawl_queue_commit(pawl_queue *q, void *slot) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* Give @slot back without an item. */
PAWL_API void pawl_queue_abandon(pawl_queue *q, void *slot) PAWL_NONNULL_;

/*
 * From now on, and for ever, pushes and commits return EPIPE, those that wait too, and their
 * items stay with their owners.  Pops take out what is left, and then return EPIPE.  A second close
 * does nothing.
 */
PAWL_API void pawl_queue_close(pawl_queue *q) PAWL_NONNULL_;

/* Return: how many items are there; it may be another number by now. */
PAWL_API size_t pawl_queue_len(const pawl_queue *q) PAWL_NONNULL_;

/* Return: what it was opened with. */
PAWL_API size_t pawl_queue_capacity(const pawl_queue *q) PAWL_NONNULL_;

PAWL_END_DECLS

/*
 * PAWL_QUEUE_OF(name, type) - a queue of one type, at file scope: struct name, which is not a
 * pawl_queue, and name_open(capacity), name_push(), name_pop() and so on, which check
 * what they are given.  Items are copied as bytes: in C++ @type must be trivially copyable.
 *
 *	PAWL_QUEUE_OF(job_queue, struct job)
 *
 *	job_queue jobs;
 *
 *	rc = job_queue_open(&jobs, 1024, 0);
 *	rc = job_queue_push(&jobs, &job);
 *	...
 *	job_queue_free(&jobs);
 *
 * For the rest of the functions: jobs.queue; for evicted or max_weight open that with
 * pawl_queue_open().
 */
#ifdef __cplusplus
extern "C++" {
# include <type_traits>
}
# define PAWL_QUEUE_TYPE_CHECK_(type) \
	static_assert(std::is_trivially_copyable<type>::value, "items are copied as bytes");
# define PAWL_QUEUE_CAST_(type, p) static_cast<type *>(p)
#else
# define PAWL_QUEUE_TYPE_CHECK_(type) \
	_Static_assert(sizeof(type) > 0, "items have a size");
# define PAWL_QUEUE_CAST_(type, p) (p)
#endif

#define PAWL_QUEUE_OF(name, type) \
	PAWL_QUEUE_TYPE_CHECK_(type) \
	typedef struct name { \
		pawl_queue *queue; \
	} name; \
	PAWL_QUEUE_CALL_ name##_open(name *q, size_t capacity, unsigned flags) \
	{ \
		pawl_queue_config cfg = { \
			sizeof cfg, capacity, sizeof(type), 0, flags, NULL, NULL \
		}; \
		return pawl_queue_open(&cfg, &q->queue); \
	} \
	PAWL_QUEUE_CALL_ name##_push(name *q, type const *item) \
	{ \
		return pawl_queue_push(q->queue, item); \
	} \
	PAWL_QUEUE_CALL_ name##_trypush(name *q, type const *item) \
	{ \
		return pawl_queue_trypush(q->queue, item); \
	} \
	PAWL_QUEUE_CALL_ name##_push_until(name *q, type const *item, pawl_time deadline) \
	{ \
		return pawl_queue_push_until(q->queue, item, deadline); \
	} \
	PAWL_QUEUE_CALL_ name##_push_n(name *q, type const *items, size_t n, \
		pawl_time deadline, size_t *ret_n) \
	{ \
		return pawl_queue_push_n(q->queue, items, n, deadline, ret_n); \
	} \
	PAWL_QUEUE_CALL_ name##_pop(name *q, type *ret_item) \
	{ \
		return pawl_queue_pop(q->queue, ret_item); \
	} \
	PAWL_QUEUE_CALL_ name##_trypop(name *q, type *ret_item) \
	{ \
		return pawl_queue_trypop(q->queue, ret_item); \
	} \
	PAWL_QUEUE_CALL_ name##_pop_until(name *q, type *ret_item, pawl_time deadline) \
	{ \
		return pawl_queue_pop_until(q->queue, ret_item, deadline); \
	} \
	PAWL_QUEUE_CALL_ name##_pop_n(name *q, type *ret_items, size_t n, \
		pawl_time deadline, size_t *ret_n) \
	{ \
		return pawl_queue_pop_n(q->queue, ret_items, n, deadline, ret_n); \
	} \
	PAWL_QUEUE_CALL_ name##_reserve(name *q, pawl_time deadline, type **ret_slot) \
	{ \
		void *slot = NULL; \
		int rc = pawl_queue_reserve(q->queue, deadline, &slot); \
		if (rc == 0) \
			*ret_slot = PAWL_QUEUE_CAST_(type, slot); \
		return rc; \
	} \
	PAWL_QUEUE_CALL_ name##_commit(name *q, type *slot) \
	{ \
		return pawl_queue_commit(q->queue, slot); \
	} \
	static inline __attribute__((__unused__)) void name##_abandon(name *q, type *slot) \
	{ \
		pawl_queue_abandon(q->queue, slot); \
	} \
	static inline __attribute__((__unused__)) void name##_close(name *q) \
	{ \
		pawl_queue_close(q->queue); \
	} \
	static inline __attribute__((__unused__)) void name##_free(name *q) \
	{ \
		pawl_queue_free(q->queue); \
		q->queue = NULL; \
	} \
	typedef name name##_needs_a_semicolon_

#define PAWL_QUEUE_CALL_ static inline __attribute__((__unused__)) PAWL_MUST_CHECK_ int

#endif
