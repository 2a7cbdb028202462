/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * marks.h - a set of small numbers, to which any thread adds, and of which one takes all.
 * Uses: atomic.
 *
 * Who adds sets a bit in a leaf, then the leaf's bit above that, then that one's at the top; who
 * takes clears them from the top downwards.
 *
 * I1  each of these steps can be done again, by anybody: who adds a number that is there already
 *     goes through all three, and depends on nobody who was stopped between them.
 * I2  when an add has returned, whoever takes after that finds the number, unless it was taken
 *     meanwhile; and then what came before the add is seen by who took it.
 *
 * Wait-free but for the loops of a take.  A list of those to be run, each with a flag that says it
 * is in it, would be smaller; but who was stopped between the flag and the list would keep all
 * others from putting it there.
 */
#ifndef PAWL_RUNTIME_MARKS_H
#define PAWL_RUNTIME_MARKS_H

#include <stdbool.h>
#include <stdint.h>

enum { MARKS_FAN = 64, MARKS_MAX = MARKS_FAN * MARKS_FAN * MARKS_FAN };

struct marks {
	uint64_t top;
	uint64_t middle[MARKS_FAN];
	uint64_t leaf[MARKS_FAN * MARKS_FAN];
};

/* Add @n < MARKS_MAX. */
void pawl_i_marks_add(struct marks *m, uint32_t n);

/* Return: whether something is to be taken; true for some that is not. */
bool pawl_i_marks_any(struct marks *m);

/* Take all, and call @fn for each; one that is added meanwhile is left for the next time. */
void pawl_i_marks_take(struct marks *m, void (*fn)(uint32_t n));

#endif
