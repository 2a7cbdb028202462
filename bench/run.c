/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c - rounds of one case, subjects taking turns; see result.h for what comes out.
 *
 * A turn in which other programs used more than QUIET of the case's CPUs is taken
 * again, up to so many times, and the quietest of them counts; what it measured has no
 * part in that choice.  So is one that gave no figure.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "result.h"

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(const double *values, size_t n, double *ret_min, double *ret_max)
{
	double *sorted = (double *)malloc((n + 1) * sizeof *sorted), middle = NAN;
	size_t count = 0;

	if (!sorted)
		fatal("out of memory");
	for (size_t i = 0; i < n; i++)
		if (!isnan(values[i]))
			sorted[count++] = values[i];
	qsort(sorted, count, sizeof *sorted, ascending);
	if (count > 0)
		middle = count % 2 ? sorted[count / 2]
			: (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
	if (ret_min)
		*ret_min = count ? sorted[0] : NAN;
	if (ret_max)
		*ret_max = count ? sorted[count - 1] : NAN;
	free(sorted);
	return middle;
}

static struct spread spread_of(const double *values, size_t n)
{
	struct spread s;

	s.median = median(values, n, &s.min, &s.max);
	return s;
}

#define QUIET 0.15
#define ENOUGH 0.25	/* of an OVERLAP turn's time */

static void progress(const struct bench_case *c, const struct subject *s, unsigned round,
		     unsigned rounds)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s round %u/%u %s\r", c->name, round + 1, rounds, s->name);
}

static void progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
}

struct spread run_ratio(const struct row *row, const struct row *to, size_t rounds)
{
	double *column = (double *)malloc(rounds * sizeof *column);
	struct spread s;

	if (!column)
		fatal("out of memory");
	for (size_t i = 0; i < rounds; i++)
		column[i] = row->samples[i].ns / to->samples[i].ns;
	s = spread_of(column, rounds);
	free(column);
	return s;
}

/* The case's further figures; column has room. */
static void summarize_more(struct row *row, const struct bench_case *c, size_t rounds,
			   double *column)
{
	for (size_t f = 0; c->more && c->more[f].name; f++) {
		double sum = 0;

		for (size_t i = 0; i < rounds; i++) {
			column[i] = row->samples[i].more[f];
			sum += column[i];
		}
		row->more[f] = spread_of(column, rounds);
		if (c->more[f].is_total)
			row->more[f] = (struct spread){ sum, sum, sum };
	}
}

/* columns[field][round] of one subject. */
static void summarize(struct row *row, const struct row *baseline, const struct bench_case *c,
		      size_t rounds)
{
	double *column = (double *)malloc(4 * rounds * sizeof *column);
	double *cpu = column + rounds, *fairness = cpu + rounds, *kept = fairness + rounds;

	if (!column)
		fatal("out of memory");
	for (size_t i = 0; i < rounds; i++) {
		const struct sample *s = &row->samples[i];

		column[i] = s->ns;
		cpu[i] = s->cpu;
		fairness[i] = s->fairness;
		kept[i] = s->kept;
	}
	row->ns = spread_of(column, rounds);
	row->cpu = spread_of(cpu, rounds);
	row->fairness = spread_of(fairness, rounds);
	row->kept = spread_of(kept, rounds);
	row->ratio = run_ratio(row, baseline, rounds);
	for (size_t i = 0; i < rounds; i++)
		column[i] = row->samples[i].cpu / baseline->samples[i].cpu;
	row->cpu_ratio = spread_of(column, rounds);
	summarize_more(row, c, rounds, column);
	free(column);
}

static struct result *result_new(const struct bench_case *c, size_t rounds)
{
	struct result *r = (struct result *)calloc(1, sizeof *r);

	if (!r)
		fatal("out of memory");
	for (const struct subject *const *s = c->subjects; *s; s++) {
		struct row *row = &r->rows[r->count++];

		if (r->count > MAX_SUBJECTS)
			fatal("%s: too many subjects", c->name);
		row->subject = *s;
		row->samples = (struct sample *)calloc(rounds, sizeof *row->samples);
		if (!row->samples)
			fatal("out of memory");
	}
	return r;
}

/* Measure, and how much others disturbed it. */
static void measure(const struct bench_case *c, const struct subject *s, unsigned ms,
		    struct sample *ret)
{
	unsigned cpus = c->cpus ? c->cpus : machine_cpus();
	int64_t idle = machine_idle(c->cpus), own = clock_of_process(), begin = clock_ns(), wall;

	*ret = (struct sample){ NAN, NAN, NAN, NAN, 0, { NAN, NAN, NAN, NAN } };
	alarm(60 + ms / 100);
	threads_measure(c, s, ms, ret);
	alarm(0);
	wall = (clock_ns() - begin) * cpus;
	idle = idle < 0 ? wall : machine_idle(c->cpus) - idle;
	own = clock_of_process() - own;
	/* CPU time minds nobody, and OVERLAP sorts out itself what is disturbed, as long as
	 * enough remains. */
	if (c->mode == SOLO || ret->kept >= ENOUGH)
		return;
	/* Idle time comes in ticks, so that this may be below 0. */
	if (idle + own < wall)
		ret->others = 1 - (double)(idle + own) / (double)wall;
}

static void turn(const struct bench_case *c, struct result *r, struct row *row, unsigned tries,
		 unsigned ms)
{
	struct sample *best = &row->samples[r->rounds], next;

	measure(c, row->subject, ms, best);
	for (unsigned i = 1; i < tries && (best->others > QUIET || isnan(best->ns)); i++) {
		measure(c, row->subject, ms, &next);
		r->repeated++;
		if (isnan(best->ns) || next.others < best->others)
			*best = next;
	}
	if (best->others > r->others)
		r->others = best->others;
}

struct result *run_case(const struct bench_case *c, unsigned rounds, unsigned tries, unsigned ms)
{
	struct result *r = result_new(c, rounds);

	for (; r->rounds < rounds; r->rounds++)
		for (size_t i = 0; i < r->count; i++) {
			progress(c, r->rows[i].subject, (unsigned)r->rounds, rounds);
			turn(c, r, &r->rows[i], tries, ms);
		}
	progress_end();
	r->quiet = r->others <= QUIET;
	for (size_t i = 0; i < r->count; i++)
		summarize(&r->rows[i], &r->rows[0], c, r->rounds);
	return r;
}

void run_free(struct result *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->rows[i].samples);
	free(r);
}
