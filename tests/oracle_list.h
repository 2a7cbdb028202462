/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle_list.h - a list of waiters under a lock of one bit: what the waiter queue is
 * compared with.  So simple that one sees what it does; but who is stopped inside
 * stops all.
 */
#ifndef TESTS_ORACLE_LIST_H
#define TESTS_ORACLE_LIST_H

#include <stdbool.h>
#include <stdint.h>

/* On the stack of who waits. */
struct oracle_waiter {
	struct oracle_waiter *next, *prev;	/* NULL: on no list */
	uint32_t answer;			/* 0: none yet */
};

/* All-zero: nobody waits. */
struct oracle {
	uint64_t word;
	struct oracle_waiter *first;	/* circular; guarded by the word */
};

/* Put @w at the end. */
void oracle_join(struct oracle *o, struct oracle_waiter *w);

/* Take the first off, and give it @answer, not 0; it may be gone then.  Return: where it
 * was; NULL: nobody waited. */
const struct oracle_waiter *oracle_answer_first(struct oracle *o, uint32_t answer);

/* Take @w off.  Return: 0; or its answer, if that was under way, and when it has come. */
uint32_t oracle_give_up(struct oracle *o, struct oracle_waiter *w);

#endif
