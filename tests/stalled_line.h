/* SPDX-License-Identifier: BSD-2-Clause */
/* stalled_line.h - a second waiter queue, of its own segments, that stalls (stalls.h). */
#ifndef TESTS_STALLED_LINE_H
#define TESTS_STALLED_LINE_H

#include "wait/waiter.h"

int stalled_line_join(uint64_t *queue, struct waiter *w, uint64_t ref);
void stalled_line_leave(uint64_t *queue, struct waiter *w);
uint64_t stalled_line_first(uint64_t *queue);

/* A waiter for it, which must not keep a spare root of the other queue meanwhile; see
 * waiter.h.  NULL: no memory. */
struct waiter *stalled_line_waiter_get(uint32_t *ret_spare);
void stalled_line_waiter_put(struct waiter *w, uint32_t spare);

/* Return: how many segments there are, in use or not. */
uint32_t stalled_line_segments(void);

#endif
