/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - the table, TAP, and the closing line. */
#include "config.h"

#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "suite.h"

enum { CELL = 96 };

void report_context(const struct options *o, FILE *out)
{
	struct utsname system;

	if (uname(&system) != 0)
		return;
	fprintf(out, "stress: pawl %s, %s %s %s, %ld CPUs, compiler %s, sanitizer %s\n",
		PACKAGE_VERSION,
		system.sysname, system.release, system.machine, sysconf(_SC_NPROCESSORS_ONLN),
		__VERSION__, sanitizer_name());
	fprintf(out,
		"stress: %u threads, %g s for each right variant, %u run%s, seed %" PRIu64 "\n",
		o->threads, o->duration, o->runs, o->runs == 1 ? "" : "s of each variant", o->seed);
}

/* "yes", or with several runs "200 of 200". */
static void cell_count(const struct tally *t, unsigned n, char *ret)
{
	if (t->runs == 0)
		snprintf(ret, CELL, "-");
	else if (t->runs == 1)
		snprintf(ret, CELL, "%s", n ? "yes" : "NO");
	else
		snprintf(ret, CELL, "%u of %u", n, t->runs);
}

static void cell_tsan(const struct result *r, char *ret)
{
	if (r->broken.runs == 0)
		snprintf(ret, CELL, "-");
	else if (!tsan_is_on())
		snprintf(ret, CELL, "n/a");
	else if (!r->of->symbol)
		snprintf(ret, CELL, "no race");
	else
		cell_count(&r->broken, r->broken.tsan, ret);
}

static void cell_bad(const struct result *r, char *ret)
{
	if (r->broken.runs == 0)
		snprintf(ret, CELL, "-");
	else
		snprintf(ret, CELL, "%" PRIu64 " of %" PRIu64 " %s", r->broken.bad, r->broken.of,
			r->of->bad);
}

static void cell_natural(const struct result *r, char *ret)
{
	const struct tally *t = &r->natural;
	double percent = t->of ? 100.0 * (double)t->bad / (double)t->of : 0;

	if (t->runs == 0 || t->of == 0)
		snprintf(ret, CELL, "-");
	else if (t->bad == 0)
		snprintf(ret, CELL, "0 of %.2g", (double)t->of);
	else
		snprintf(ret, CELL, percent < 10 ? "%.2g %%" : "%.0f %%", percent);
}

static void cell_right(const struct result *r, char *ret)
{
	const struct tally *t = &r->right;
	int n;

	if (t->runs == 0) {
		snprintf(ret, CELL, "-");
		return;
	}
	if (t->runs == 1)
		n = snprintf(ret, CELL, "%s: %s", t->good ? "yes" : "NO", r->of->right);
	else
		n = snprintf(ret, CELL, "%u of %u: %s", t->good, t->runs, r->of->right);
	if (n > 0 && n < CELL && !r->of->never_waits)
		snprintf(ret + n, CELL - (size_t)n, ", slept %" PRIu64 "+", t->waits);
}

enum { COLUMNS = 6 };

static void make_row(const struct result *r, char row[COLUMNS][CELL])
{
	snprintf(row[0], CELL, "%s", r->of->name);
	cell_tsan(r, row[1]);
	cell_count(&r->broken, r->broken.invariant, row[2]);
	cell_bad(r, row[3]);
	cell_natural(r, row[4]);
	cell_right(r, row[5]);
}

static void put_row(const struct options *o, FILE *out, const int *widths, char row[COLUMNS][CELL])
{
	if (o->tap)
		fputs("# ", out);
	for (int i = 0; i < COLUMNS; i++)
		fprintf(out, i < COLUMNS - 1 ? "%-*s  " : "%.*s\n",
			i < COLUMNS - 1 ? widths[i] : CELL, row[i]);
}

/* How long the variants took, where they ran more than once. */
static void put_times(const struct options *o, const struct summary *s, FILE *out)
{
	fprintf(out, "%s\n%s%-32s %8s %8s %8s %10s\n", o->tap ? "#" : "", o->tap ? "# " : "",
		"seconds of a run", "runs", "good", "average", "slowest");
	for (unsigned i = 0; i < s->count; i++) {
		const struct result *r = &s->results[i];
		const struct tally *const tallies[] = { &r->broken, &r->natural, &r->right };

		for (int mode = STRESS_BROKEN; mode <= STRESS_RIGHT; mode++) {
			const struct tally *t = tallies[mode];
			char name[CELL];

			if (t->runs == 0)
				continue;
			snprintf(name, sizeof name, "%s %s", r->of->name,
				mode_name((enum stress_mode)mode));
			fprintf(out, "%s%-32s %8u %8u %8.3f %10.3f\n", o->tap ? "# " : "", name,
				t->runs, t->good, t->total / t->runs, t->slowest);
		}
	}
}

static void put_legend(const struct options *o, const struct summary *s, FILE *out)
{
	const char *mark = o->tap ? "# " : "";
	bool nameless = false, no_race = false, slept = false;

	for (unsigned i = 0; i < s->count; i++) {
		nameless = nameless || s->results[i].broken.nameless > 0;
		slept = slept || s->results[i].right.waits > 0;
		no_race = no_race || (s->results[i].broken.runs > 0 && !s->results[i].of->symbol);
	}
	if (!tsan_is_on())
		fprintf(out,
			"%sn/a: built without ThreadSanitizer (configure --enable-tsan)\n",
			mark);
	else if (no_race)
		fprintf(out,
			"%sno race: wrong without a data race: nothing that TSan could see\n",
			mark);
	if (slept)
		fprintf(out,
			"%sslept: waits of threads seen asleep, by pawl_dump() and by the kernel; "
			"more were not counted\n", mark);
	if (nameless)
		fprintf(out,
			"%snote: no symbolizer, so reports were recognised by address, not by name "
			"(Debian: install llvm)\n", mark);
}

void report_table(const struct options *o, const struct summary *s, FILE *out)
{
	static char head[COLUMNS][CELL] = { "case", "seen by TSan", "seen by invariant",
		"lost / duplicated", "natural rate", "right variant clean" };
	int widths[COLUMNS];
	char row[COLUMNS][CELL];

	for (int i = 0; i < COLUMNS; i++)
		widths[i] = (int)strlen(head[i]);
	for (unsigned n = 0; n < s->count; n++) {
		make_row(&s->results[n], row);
		for (int i = 0; i < COLUMNS; i++)
			if ((int)strlen(row[i]) > widths[i])
				widths[i] = (int)strlen(row[i]);
	}
	put_row(o, out, widths, head);
	for (unsigned n = 0; n < s->count; n++) {
		make_row(&s->results[n], row);
		put_row(o, out, widths, row);
	}
	put_legend(o, s, out);
	if (o->runs > 1)
		put_times(o, s, out);
}

/* Every case of --self-test must fail; one of them where TSan is there to see it only. */
static void put_self_test(const struct options *o, const struct summary *s, FILE *out)
{
	unsigned seen = 0, total = 0;

	fputs(o->tap ? "# self-test:" : "self-test:", out);
	for (unsigned i = 0; i < s->count; i++) {
		const struct result *r = &s->results[i];

		if (!tsan_is_on() && strcmp(r->of->name, "selftest.race") == 0)
			continue;
		total++;
		if (r->broken.good < r->broken.runs || r->right.good < r->right.runs)
			seen++;
		else
			fprintf(out, " %s was NOT seen,", r->of->name);
	}
	fprintf(out, " %u of %u cases failed, as all of them must\n", seen, total);
}

void report_closing(const struct options *o, const struct summary *s, FILE *out)
{
	const char *verdict = interrupted_by != 0 ? "INTERRUPTED" : s->failed > 0 ? "FAIL" : "PASS";

	if (o->self_test && interrupted_by == 0)
		put_self_test(o, s, out);
	fprintf(out, "%sstress: %s %u tests, %" PRIu64 " ops, %.1f s, seed %" PRIu64 "\n",
		o->tap ? "# " : "", verdict, s->tests, s->ops, s->seconds, o->seed);
}

static const struct tally *tally_of(const struct result *r, enum stress_mode mode)
{
	switch (mode) {
	case STRESS_BROKEN:
		return &r->broken;
	case STRESS_NATURAL:
		return &r->natural;
	case STRESS_RIGHT:
		break;
	}
	return &r->right;
}

void report_point(const struct result *r, enum stress_mode mode, unsigned number)
{
	const struct tally *t = tally_of(r, mode);
	bool ok = t->good == t->runs;

	printf("%s %u - %s %s", ok ? "ok" : "not ok", number, r->of->name, mode_name(mode));
	if (!ok)
		printf(": %s", t->why[0] ? t->why : "did not end");
	if (t->runs > 1)
		printf(" (%u of %u runs, average %.3f s, slowest %.3f s)", t->good, t->runs,
			t->total / t->runs, t->slowest);
	putchar('\n');
	if (t->notes[0])
		printf("# %s\n", t->notes);
	fflush(stdout);
}

static void json_string(FILE *out, const char *key, const char *text)
{
	fprintf(out, "\"%s\": \"", key);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			fprintf(out, "\\u%04x", (unsigned)*text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static void json_tally(FILE *out, enum stress_mode mode, const struct result *r)
{
	const struct tally *t = tally_of(r, mode);

	fprintf(out, ",\n     \"%s\": {\"runs\": %u, \"good\": %u, \"ops\": %" PRIu64
		", \"average_seconds\": %.6f, \"slowest_seconds\": %.6f",
		mode_name(mode), t->runs, t->good,
		t->ops, t->runs ? t->total / t->runs : 0, t->slowest);
	if (mode != STRESS_RIGHT)
		fprintf(out, ", \"wrong\": %" PRIu64 ", \"of\": %" PRIu64, t->bad, t->of);
	if (mode == STRESS_BROKEN && tsan_is_on() && r->of->symbol)
		fprintf(out, ", \"seen_by_tsan\": %u", t->tsan);
	if (mode == STRESS_BROKEN)
		fprintf(out, ", \"seen_by_invariant\": %u", t->invariant);
	if (mode == STRESS_RIGHT)
		fprintf(out, ", \"waits\": %" PRIu64, t->waits);
	fputs(", ", out);
	json_string(out, "notes", t->notes);
	fputs(", ", out);
	json_string(out, "failure", t->why);
	fputc('}', out);
}

static void json_case(FILE *out, const struct result *r)
{
	fputs("    {", out);
	json_string(out, "name", r->of->name);
	fputs(", ", out);
	json_string(out, "about", r->of->about);
	fputs(", ", out);
	json_string(out, "right_uses", r->of->right);
	if (r->of->run_broken) {
		fputs(", ", out);
		json_string(out, "unit", r->of->bad);
		fputs(", ", out);
		json_string(out, "racy_symbol", r->of->symbol ? r->of->symbol : "");
		json_tally(out, STRESS_BROKEN, r);
		json_tally(out, STRESS_NATURAL, r);
	}
	json_tally(out, STRESS_RIGHT, r);
	fputc('}', out);
}

void report_json(const struct options *o, const struct summary *s, FILE *out)
{
	struct utsname system = { .sysname = "" };

	(void)uname(&system);
	fputs("{\n  \"context\": {", out);
	json_string(out, "version", PACKAGE_VERSION);
	fputs(", ", out);
	json_string(out, "compiler", __VERSION__);
	fputs(", ", out);
	json_string(out, "sanitizer", sanitizer_name());
	fputs(", ", out);
	json_string(out, "kernel", system.release);
	fputs(", ", out);
	json_string(out, "machine", system.machine);
	fprintf(out, ", \"cpus\": %ld,\n    \"threads\": %u, \"duration\": %g, \"watchdog\": %g, "
		"\"runs\": %u, \"seed\": %" PRIu64 "},\n  \"cases\": [\n", sysconf(_SC_NPROCESSORS_ONLN),
		o->threads, o->duration, o->watchdog, o->runs, o->seed);
	for (unsigned i = 0; i < s->count; i++) {
		json_case(out, &s->results[i]);
		fputs(i + 1 < s->count ? ",\n" : "\n", out);
	}
	fprintf(out,
		"  ],\n  \"result\": \"%s\", \"tests\": %u, \"failed\": %u, \"stuck\": %u, \"ops\": %"
		PRIu64 ", \"seconds\": %.3f\n}\n",
		interrupted_by != 0 ? "INTERRUPTED" : s->failed > 0 ? "FAIL" : "PASS", s->tests,
		s->failed, s->stuck, s->ops, s->seconds);
}
