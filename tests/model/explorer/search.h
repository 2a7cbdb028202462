/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * search.h - every schedule with at most so many preemptions and deviations.
 *
 * A preemption takes the processor from a thread that could go on; a deviation is a choice
 * of another kind that is not 0.  Switches at waits and ends are free, all are tried.
 *
 * States are remembered: two runs that did the same but for the order of what does not touch
 * each other reach the same state, and the second is given up there.  A state is the hash of
 * what each thread did and saw (its reads-from and modification order), who runs, and what
 * is left of the bounds (Musuvathi, Qadeer: happens-before caching, CHESS).
 */
#ifndef EXPLORER_SEARCH_H
#define EXPLORER_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

struct thread;

struct bounds {
	unsigned preemptions, deviations;	/* < 16 */
};

/* Forget everything and start. */
void search_start(struct bounds b);

/* After a run: go on to the next.  Return: false: there is none. */
bool search_next(void);

uint64_t search_states(void);

/* For choose.c. */
void search_begin(void);
unsigned search_choose(unsigned count);
unsigned search_choose_thread(uint32_t candidates, unsigned count, const struct thread *stay);

#endif
