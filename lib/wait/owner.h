/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * owner.h - objects with an owner and a queue: how the word and the queue go together.
 * Uses: atomic, queue.
 *
 * word = owner << 32 | flags of the object | WAITERS; owner 0: nobody.
 *
 * WAITERS is a hint for the owner: "look at the queue before you let go".  Who waits joins
 * the queue, then announces itself in the word; who owns takes WAITERS away, then looks at
 * the queue.  One of them sees the other:
 *
 *	w[cell] Q3, r[word] W1 against w[word] W5, r[cell] Q27; all seq_cst
 */
#ifndef PAWL_WAIT_OWNER_H
#define PAWL_WAIT_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#include "wait/line.h"

enum { WAITERS = 2 };

#define OWNER UINT64_C(0xffffffff00000000)
#define TRANSIT UINT64_C(0xfffffffe00000000)	/* handed over to a waiter that will write its id */
#define OF_OP UINT64_C(0xfffffffd00000000)	/* an op has it: any thread may let it go */
#define DESTROYED OWNER

/*
 * For who joined the queue.  Return: the word.  If it has an owner, that one will look at the
 * queue before it lets go; if not, the caller has to try again.
 */
uint64_t pawl_i_owner_announce(uint64_t *word);

/*
 * For the owner @self: hand over to who waited longest, with @answer.  Last touch of the
 * object if it succeeds.
 *
 * Return: whether anybody waited; then @ret_wake as from pawl_i_waiter_tell().
 */
bool pawl_i_owner_hand_over(uint64_t *word, uint64_t *queue, uint64_t self, uint32_t answer,
	struct waiter **ret_wake);

/* The same, to the wait @ref.  Return: whether it was not over. */
bool pawl_i_owner_hand_to(uint64_t *word, uint64_t ref, uint64_t self, uint32_t answer,
	struct waiter **ret_wake);

/* For the thread that was handed it over: write the id. */
void pawl_i_owner_take(uint64_t *word, uint64_t self);

/* For the owner: take WAITERS away, before it looks at the queue for the last time. */
void pawl_i_owner_clear(uint64_t *word);

/* For the owner, when it found nobody in the queue: take WAITERS away if that is so. */
void pawl_i_owner_look_again(uint64_t *word, uint64_t *queue);

#endif
