/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - results as lines that can be grepped, as JSON, and as bounds kept or missed. */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "result.h"

static struct {
	FILE *text;		/* NULL: none */
	FILE *json;
	bool json_first;
	unsigned kept, missed, unknown;
} report;

bool report_open(bool json, const char *file)
{
	report.text = json && !file ? NULL : stdout;
	report.json_first = true;
	if (!json)
		return true;
	report.json = file ? fopen(file, "w") : stdout;
	if (!report.json)
		return false;
	fprintf(report.json, "{\"context\": ");
	machine_json(report.json);
	fprintf(report.json, ",\n\"cases\": [");
	return true;
}

/* Digits after the point: three that count. */
static int digits(double value)
{
	return value < 1 ? 3 : value < 10 ? 2 : value < 1000 ? 1 : 0;
}

static void print_ns(const char *name, double ns)
{
	fprintf(report.text, " %s %8.*f", name, digits(ns), ns);
}

/* In how many rounds there was a figure. */
static size_t measured(const struct row *row, size_t rounds)
{
	size_t count = 0;

	for (size_t i = 0; i < rounds; i++)
		if (!isnan(row->samples[i].ns))
			count++;
	return count;
}

static void text_crowd(const struct bench_case *c, const struct row *row, bool is_baseline)
{
	FILE *out = report.text;

	fprintf(out, "  cpu %.1f", row->cpu.median);
	if (c->max_cpu_ratio > 0 && !is_baseline)
		fprintf(out, " x%.2f [%.2f-%.2f]", row->cpu_ratio.median, row->cpu_ratio.min,
			row->cpu_ratio.max);
	fprintf(out, "  max/min %.2f [%.2f-%.2f]", row->fairness.median, row->fairness.min,
		row->fairness.max);
}

static void text_more(const struct bench_case *c, const struct row *row)
{
	for (size_t i = 0; c->more && c->more[i].name; i++) {
		const struct spread *s = &row->more[i];

		if (c->more[i].is_total)
			fprintf(report.text, "  %s %.0f", c->more[i].name, s->median);
		else
			fprintf(report.text, "  %s %.*f [%.*f-%.*f]", c->more[i].name,
				digits(s->median), s->median, digits(s->min), s->min,
				digits(s->max), s->max);
	}
}

static void text_row(const struct bench_case *c, const struct row *row, const struct row *baseline,
		     size_t rounds)
{
	FILE *out = report.text;

	fprintf(out, "%-22s %-10s ns/op", c->name, row->subject->name);
	if (isnan(row->ns.median)) {
		fprintf(out, " no figure: %s\n", c->mode == OVERLAP ?
			"one thread was always off its CPU, or starved" : "nothing was done");
		return;
	}
	print_ns("median", row->ns.median);
	print_ns("min", row->ns.min);
	print_ns("max", row->ns.max);
	fprintf(out, " spread %3.0f%%", 100 * (row->ns.max - row->ns.min) / row->ns.median);
	if (row == baseline)
		fprintf(out, "  baseline         ");
	else if (isnan(row->ratio.median))
		fprintf(out, "  x? (no baseline)");
	else
		fprintf(out, "  x%.2f [%.2f-%.2f]", row->ratio.median, row->ratio.min, row->ratio.max);
	if (c->mode == CROWD)
		text_crowd(c, row, row == baseline);
	if (c->mode == OVERLAP)
		fprintf(out, "  kept %.0f%%", 100 * row->kept.median);
	text_more(c, row);
	fprintf(out, "  runs %zu\n", measured(row, rounds));
}

/* JSON has neither NAN nor infinity. */
static void json_number(const char *name, double value)
{
	if (isfinite(value))
		fprintf(report.json, "\"%s\": %.9g", name, value);
	else
		fprintf(report.json, "\"%s\": null", name);
}

static void json_spread(const char *name, const struct spread *s)
{
	fprintf(report.json, ", \"%s\": {", name);
	json_number("median", s->median);
	fputs(", ", report.json);
	json_number("min", s->min);
	fputs(", ", report.json);
	json_number("max", s->max);
	fputc('}', report.json);
}

static void json_row(const struct bench_case *c, const struct row *row, const struct row *baseline,
		     size_t rounds, double others)
{
	fprintf(report.json, "%s\n{\"case\": \"%s\", \"subject\": \"%s\", \"baseline\": \"%s\", "
		"\"threads\": %u, \"section_ns\": %u, \"runs\": %zu", report.json_first ? "" : ",",
		c->name, row->subject->name, baseline->subject->name, c->threads, c->section_ns, rounds);
	report.json_first = false;
	json_spread("ns", &row->ns);
	json_spread("cpu_ns", &row->cpu);
	json_spread("ratio", &row->ratio);
	json_spread("cpu_ratio", &row->cpu_ratio);
	json_spread("fairness", &row->fairness);
	json_spread("kept", &row->kept);
	for (size_t i = 0; c->more && c->more[i].name; i++)
		json_spread(c->more[i].name, &row->more[i]);
	fputs(", ", report.json);
	json_number("others", others);
	fputs(", \"samples\": [", report.json);
	for (size_t i = 0; i < rounds; i++) {
		double ns = row->samples[i].ns;

		if (i > 0)
			fputs(", ", report.json);
		if (isfinite(ns))
			fprintf(report.json, "%.9g", ns);
		else
			fputs("null", report.json);
	}
	fputs("]}", report.json);
}

/* One bound on one figure; the text is what --check fails by. */
static void bound(const struct bench_case *c, const struct result *r, const char *subject,
		  const char *what, const struct spread *is, double limit)
{
	FILE *out = report.text ? report.text : stderr;

	fprintf(out, "%-22s %-10s bound %s <= %.2f: ", c->name, subject, what, limit);
	if (isnan(is->median)) {
		report.unknown++;
		fprintf(out, "NOT MEASURED\n");
		return;
	}
	if (is->median <= limit) {
		report.kept++;
		fprintf(out, "kept (%.3f)", is->median);
	} else {
		report.missed++;
		fprintf(out, "MISSED");
		if (limit > 0)
			fprintf(out, " by %.0f%%", 100 * (is->median / limit - 1));
		fprintf(out, " (%.3f)", is->median);
	}
	if ((is->median <= limit) != (is->max <= limit) || (is->median <= limit) != (is->min <= limit))
		fprintf(out, ", though not in every round");
	if (!r->quiet)
		fprintf(out, ", on a disturbed machine");
	fputc('\n', out);
}

static const struct row *row_named(const struct result *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->rows[i].subject->name, name) == 0)
			return &r->rows[i];
	return NULL;
}

static void bound_of_race(const struct bench_case *c, const struct result *r)
{
	const struct row *row = row_named(r, c->race->subject), *first = NULL;
	struct spread ratio;
	char what[64];

	for (const char *const *name = c->race->to; *name; name++) {
		const struct row *to = row_named(r, *name);

		if (to && (!first || to->ns.median < first->ns.median))
			first = to;
	}
	if (!row || !first)
		return;
	ratio = run_ratio(row, first, r->rounds);
	snprintf(what, sizeof what, "ratio to %s%s", first->subject->name,
		 c->race->to[1] ? ", the fastest of its kind," : "");
	bound(c, r, row->subject->name, what, &ratio, c->race->max_ratio);
}

static void bounds(const struct bench_case *c, const struct result *r)
{
	const struct row *row = &r->rows[1];
	const char *subject = row->subject->name;
	char what[64];

	if (r->count < 2)
		return;
	snprintf(what, sizeof what, "ratio to %s", r->rows[0].subject->name);
	if (c->max_ratio > 0)
		bound(c, r, subject, what, &row->ratio, c->max_ratio);
	snprintf(what, sizeof what, "CPU ratio to %s", r->rows[0].subject->name);
	if (c->max_cpu_ratio > 0)
		bound(c, r, subject, what, &row->cpu_ratio, c->max_cpu_ratio);
	if (c->max_unfairness > 0)
		bound(c, r, subject, "max/min", &row->fairness, c->max_unfairness);
	for (size_t i = 0; c->more && c->more[i].name; i++)
		if (c->more[i].is_bounded)
			bound(c, r, subject, c->more[i].name, &row->more[i], c->more[i].max);
	if (c->race)
		bound_of_race(c, r);
}

static void heading(const struct bench_case *c, const struct result *r)
{
	fprintf(report.text, "\n# %s: %s", c->name, c->what);
	if (r->others > 0)
		fprintf(report.text, "; other programs used up to %.0f%% of a turn, %zu turns were repeated",
			100 * r->others, r->repeated);
	fputc('\n', report.text);
}

void report_case(const struct bench_case *c, const struct result *r)
{
	if (report.text)
		heading(c, r);
	for (size_t i = 0; i < r->count; i++) {
		if (report.text)
			text_row(c, &r->rows[i], &r->rows[0], r->rounds);
		if (report.json)
			json_row(c, &r->rows[i], &r->rows[0], r->rounds, r->others);
	}
	bounds(c, r);
	if (report.text)
		fflush(report.text);
}

void report_skipped(const struct bench_case *c, const char *why)
{
	fprintf(report.text ? report.text : stderr, "\n# %s: skipped, %s\n", c->name, why);
	if (c->max_ratio > 0 || c->max_cpu_ratio > 0)
		report.unknown++;
	if (c->race)
		report.unknown++;
	for (size_t i = 0; c->more && c->more[i].name; i++)
		if (c->more[i].is_bounded)
			report.unknown++;
}

int report_close(void)
{
	FILE *out = report.text ? report.text : stderr;
	int failed = 0;

	fprintf(out, "\nbench: %u bounds kept, %u missed, %u not measured\n", report.kept,
		report.missed, report.unknown);
	if (report.json) {
		fprintf(report.json, "\n], \"bounds\": {\"kept\": %u, \"missed\": %u, "
			"\"not_measured\": %u}}\n", report.kept, report.missed, report.unknown);
		failed = ferror(report.json);
		failed |= report.json == stdout ? fflush(stdout) : fclose(report.json);
	}
	if (report.text)
		failed |= fflush(report.text);
	if (failed)
		fatal("cannot write the report: %s", strerror(errno));
	return (int)report.missed;
}
