/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line.h - the lock-free FIFO queue of an object's waiters.  Uses: atomic, reclaim, waiter.
 *
 * An object has a queue field of 64 bits, zero but for its lowest bit, which belongs to the
 * object, when nobody waits.  The first waiter hangs a queue on it; the last one that
 * leaves takes it off again.
 *
 *	join	at the end; from then on first() finds it
 *	first	who waited longest; to answer it is tell()'s affair (waiter.h)
 *	leave	by each that joined, once its wait is over, for whatever reason
 *
 * Who answers needs no memory, and holds nothing: it looks at the queue field before the
 * step that lets others free the object (root()), and at nodes only after that.  Who
 * joins, or leaves, is inside a call on the object, and so the object is there.
 *
 * Progress: lock-free, each of them.
 */
#ifndef PAWL_WAIT_LINE_H
#define PAWL_WAIT_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "wait/waiter.h"

enum { LINE_FLAG = 1 };

/*
 * Put @w, armed as @ref, at the end.  A store that is ordered before loads after it
 * (seq_cst), for objects where who waits looks again then.
 *
 * Return: 0; ENOMEM.
 */
int pawl_i_line_join(uint64_t *queue, struct waiter *w, uint64_t ref);

/* The wait of @w is over: let go of the queue.  Last touch of the object for those
 * that gave up. */
void pawl_i_line_leave(uint64_t *queue, struct waiter *w);

/* Return: what names the queue of now, for ever; 0: there is none. */
uint64_t pawl_i_line_root(uint64_t *queue);

/* Return: the ref of who waited longest in the queue @root, which may be 0; 0: nobody. */
uint64_t pawl_i_line_first_of(uint64_t root);

/* The same, of an object that is there; and if queues come and go meanwhile, of the last. */
uint64_t pawl_i_line_first(uint64_t *queue);

/* Answer, and wake, those of @root who wait now; not more than @most of them, as who was
 * woken may come again. */
void pawl_i_line_tell_all(uint64_t root, uint32_t answer, uint64_t most);

/* Answer, and wake, those who joined before all whose note is @note or later; they are in the
 * first places. */
void pawl_i_line_tell_before(uint64_t root, uint32_t answer, uint32_t note);

/* How many are inside, from a value of the queue field: those that wait, or are about to
 * leave. */
static inline uint64_t line_users(uint64_t queue)
{
	return queue >> 24;
}

/* Be a user of the queue without a place in it, by @w, which may join other queues meanwhile.
 * Return: 0; ENOMEM. */
int pawl_i_line_enter(uint64_t *queue, struct waiter *w);
void pawl_i_line_exit(uint64_t *queue, struct waiter *w);

/* Three words that are the object's, kept in its queue while that has users: the first may be
 * anything when that is made; the others are zero, if each object leaves them so.  NULL: there is
 * no queue. */
uint64_t *pawl_i_line_words(uint64_t *queue);

#endif
