/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.h - word-locked list of waiters.  Uses: atomic, platform, park.
 *
 * An object has a word of 64 bits, of which two belong to the list, and a queue
 * field whose lowest bit belongs to the object (mutex.c: the policy):
 *
 *	LOCKED_LIST	somebody is inside the list; nobody sleeps or waits there
 *	WAITERS		the list is not empty; changes only inside
 *
 * The list itself is plain memory, which the acquire of list_lock() and the release
 * of list_unlock() guard.  It needs no memory but the waiters', on their stacks.
 */
#ifndef PAWL_WAIT_LIST_H
#define PAWL_WAIT_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wait/park.h"

enum { LOCKED_LIST = 1, WAITERS = 2 };
enum { QUEUE_FLAG = 1 };

/* For loops that wait for somebody to leave a list; @round counts them from 0. */
void pawl_i_list_back_off(unsigned round);

/* Enter the list. */
void pawl_i_list_lock(uint64_t *word);

/* Leave it and add @change to the word in one step (bits that the caller owns while
 * inside).  Last touch of the object. */
void pawl_i_list_unlock(uint64_t *word, uint64_t change);

static inline struct waiter *list_first(uintptr_t queue)
{
	return (struct waiter *)(queue & ~(uintptr_t)QUEUE_FLAG);
}

static inline bool list_has(const struct waiter *w)
{
	return w->prev != NULL;
}

void pawl_i_list_push_back(uintptr_t *queue, struct waiter *w);
void pawl_i_list_push_front(uintptr_t *queue, struct waiter *w);
void pawl_i_list_remove(uintptr_t *queue, struct waiter *w);

/* Return: the first, taken off; NULL if it is empty. */
struct waiter *pawl_i_list_pop(uintptr_t *queue);

/* What to add to the word on leaving so that WAITERS tells whether @queue has any;
 * @had: whether WAITERS stands in it. */
uint64_t pawl_i_list_mark(uintptr_t queue, bool had);

/*
 * For waiters that gave up: take @w off the list, if it still is on it.
 *
 * Return: whether it was; if not, its signal is under way.
 */
bool pawl_i_list_give_up(uint64_t *word, uintptr_t *queue, struct waiter *w);

/*
 * Take all whose key is @key, or all of them if it is NULL, off the list.  From then on none of them is on a list, so that one whose deadline passes
 * waits for its signal.
 *
 * Return: them, chained by ->next in their order, for signal_chain() outside the list.
 */
struct waiter *pawl_i_list_take(uintptr_t *queue, const void *key);

/* Give @final to each of a chain, the first first. */
void pawl_i_list_signal_chain(struct waiter *chain, uint32_t final);

#endif
