/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * result.h - what the rounds of a case gave.
 *
 * A ratio is made in each round from two figures that were measured one after the
 * other; its median and range are those of the rounds' ratios.
 */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include "bench.h"

enum { MAX_SUBJECTS = 12 };

struct spread {
	double median, min, max;	/* NAN: not measured */
};

struct row {
	const struct subject *subject;
	struct sample *samples;		/* one per round */
	struct spread ns, cpu, fairness, kept, ratio, cpu_ratio;
	struct spread more[BENCH_MORE];	/* of a total: the sum, as its median */
};

struct result {
	size_t rounds;
	size_t repeated;		/* turns, because of other programs */
	double others;			/* their share in the most disturbed turn that counts */
	bool quiet;			/* which is small */
	size_t count;
	struct row rows[MAX_SUBJECTS];	/* the baseline first */
};

/* run.c: the ratio of two subjects, round by round. */
struct spread run_ratio(const struct row *row, const struct row *to, size_t rounds);

#endif
