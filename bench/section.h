/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * section.h - what is done while a lock is held: a chain of multiplications and
 * additions, each waiting for the one before, and a count that shows lost updates.
 */
#ifndef BENCH_SECTION_H
#define BENCH_SECTION_H

#include <stdint.h>

#include "bench.h"

struct section {
	uint64_t value;
	uint64_t count;
} OWN_LINES;

static inline void section_run(struct section *s, unsigned steps)
{
	uint64_t value = s->value;

	for (unsigned i = 0; i < steps; i++) {
		value = value * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(value));	/* step by step, please */
	}
	s->value = value;
	s->count++;
}

#endif
