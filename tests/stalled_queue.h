/* SPDX-License-Identifier: BSD-2-Clause */
/* stalled_queue.h - a second waiter queue, of its own segments, that stalls (stalls.h). */
#ifndef TESTS_STALLED_QUEUE_H
#define TESTS_STALLED_QUEUE_H

#include "wait/waiter.h"

int stalled_queue_join(uint64_t *queue, struct waiter *w, uint64_t ref);
void stalled_queue_leave(uint64_t *queue, struct waiter *w);
uint64_t stalled_queue_first(uint64_t *queue);

/* A waiter for it, which must not keep a spare root of the other queue meanwhile; see
 * waiter.h.  NULL: no memory. */
struct waiter *stalled_queue_waiter_get(uint32_t *ret_spare);
void stalled_queue_waiter_put(struct waiter *w, uint32_t spare);

/* Return: how many segments there are, in use or not. */
uint32_t stalled_queue_segments(void);

#endif
