/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * linear.h - is a history of overlapping operations linearizable: could each have taken
 * effect at one moment between its invocation and its return?
 *
 * Threads:  one at a time; the tables are static.
 * Memory:   none is allocated.
 * Time:     a history whose returns are in a legal order costs little more than its steps.
 *           Else each pair of operations done and state reached is visited, once while there
 *           are no more than 32768.  The overlap of a few threads makes few; but each order
 *           of overlapping pushes is a state, and the orders of eleven are 10^8, or seconds.
 */
#ifndef TESTS_MODEL_EXPLORER_LINEAR_H
#define TESTS_MODEL_EXPLORER_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { LINEAR_MAX = 16, LINEAR_STATE = 64 };

struct operation {
	uint32_t thread;
	uint32_t kind;			/* the model's enum */
	int64_t argument, result;	/* result: meaningless while pending */
	/* Stamps, from 1: an operation precedes those invoked after its return, that is, with
	 * a greater stamp.  returned 0: still pending; it may have taken effect, with any
	 * result, or not at all. */
	uint32_t invoked, returned;
};

struct specification {
	const char *name;
	size_t state_size;	/* <= LINEAR_STATE; compared by memcmp, so no padding */

	void (*init)(void *state);	/* of zeros so far */

	/* Apply @op to the state if its result is possible there, and for a pending one if
	 * any is.  What it does depends on the state and @op alone.  Return: whether it was
	 * possible; if not, the state no longer matters. */
	bool (*step)(void *state, const struct operation *op);

	/* May be NULL.  Return: the text, @buf or not, for messages. */
	const char *(*describe)(const struct operation *op, char *buf, size_t n);
};

/*
 * Look for an order of effects that the specification and the stamps allow.
 *
 * @ops:	in any order; @n <= LINEAR_MAX
 * @ret_order:	indices of ops, of the pending ones those that took effect
 *
 * Return: whether there is one.
 */
bool linear_check(const struct specification *s, const struct operation *ops, unsigned n,
	unsigned ret_order[LINEAR_MAX], unsigned *ret_n);

/* One line per operation, with the stamps between which it took effect. */
void linear_print(FILE *f, const struct specification *s, const struct operation *ops, unsigned n);

#endif
