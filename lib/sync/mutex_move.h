/* SPDX-License-Identifier: BSD-2-Clause */
/* mutex_move.h - how a condition's waiters go over to its mutex, for cond.c. */
#ifndef PAWL_SYNC_MUTEX_MOVE_H
#define PAWL_SYNC_MUTEX_MOVE_H

#include <pawl/mutex.h>

#include "wait/waiter.h"

/*
 * Put @w, which was taken over by pawl_i_waiter_move(), behind those who wait for @m, if the
 * caller holds that: so that it wakes when it is its turn.  It gets GRANT or RETRY from the
 * mutex; or ALONE: it has to lock for itself, as @m is not the caller's, and could be freed
 * once @w stood in its queue, or as there was no memory.
 */
void pawl_i_mutex_adopt(pawl_mutex *m, struct waiter *w);

/* For @w, which was adopted and got @answer: hold @m. */
void pawl_i_mutex_lock_adopted(pawl_mutex *m, struct waiter *w, uint32_t answer);

#endif
