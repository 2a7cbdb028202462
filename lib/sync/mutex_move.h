/* SPDX-License-Identifier: BSD-2-Clause */
/* mutex_move.h - how a condition's waiters go over to its mutex, for cond.c. */
#ifndef PAWL_SYNC_MUTEX_MOVE_H
#define PAWL_SYNC_MUTEX_MOVE_H

#include <pawl/mutex.h>

#include "wait/park.h"

/*
 * Put a chain of waiters, which are on no list any more, behind those who wait for
 * their ->mutex: so that each wakes when it is its turn, and not all at once.  They get
 * GRANT or RETRY from that mutex.
 */
void pawl_i_mutex_move(struct waiter *chain);

/* For one that was moved and got @answer: hold @m. */
void pawl_i_mutex_lock_moved(pawl_mutex *m, uint32_t answer);

#endif
