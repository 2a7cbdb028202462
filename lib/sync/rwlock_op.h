/* SPDX-License-Identifier: BSD-2-Clause */
/* rwlock_op.h - what the lock does for the callback forms.  Uses: rwlock. */
#ifndef PAWL_SYNC_RWLOCK_OP_H
#define PAWL_SYNC_RWLOCK_OP_H

#include <stdint.h>

#include <pawl/rwlock.h>

/* Get a counted share, or count the caller among those who expect one, in @ret_phase.  Return:
 * whether it has one. */
bool pawl_i_rwlock_expect(pawl_rwlock *l, uint64_t *ret_phase);

/* Return: whether those who expected a share in @phase have it. */
bool pawl_i_rwlock_is_admitted(pawl_rwlock *l, uint64_t phase);

/* Expect it no more.  Return: false: the caller has it. */
bool pawl_i_rwlock_withdraw(pawl_rwlock *l, uint64_t phase);

/* Return: what to note of the wait of one who expects a share (wait/line.h). */
uint32_t pawl_i_rwlock_note(uint64_t phase);

/* For an op that was handed the whole. */
void pawl_i_rwlock_acquired_whole(const pawl_rwlock *l);

/* Give back a counted share. */
void pawl_i_rwlock_drop(pawl_rwlock *l);

/* For one who joined the queue of writers.  Return: whether it will be served; false: try. */
bool pawl_i_rwlock_announce(pawl_rwlock *l);

/* For a writer that stood in line, and gave up: let in those who wait because of it. */
void pawl_i_rwlock_writer_left(pawl_rwlock *l);

#endif
