/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - pawl-stress: the suite.
 *
 * Each variant runs in a process of its own (spawn.c starts this program again with
 * --child), so that ThreadSanitizer's options, an abort or a deadlock concern that
 * variant only.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "suite.h"

static const double natural_share = 0.25;
enum { NATURAL_RUNS_MAX = 10 };

#define CASES_OF(stem) stress_##stem##_cases,
static const struct stress_case *const stems[] = { STRESS_STEMS(CASES_OF) };
enum { STEM_COUNT = sizeof stems / sizeof stems[0], CASES_MAX = 128 };

struct suite {
	struct options options;
	struct result results[CASES_MAX];
	unsigned count, begun;
	unsigned variants, done;
	struct summary summary;
};

static struct suite suite;

static void interrupt(int signal)
{
	interrupted_by = signal;
}

static bool is_self_test(const struct stress_case *c)
{
	return strncmp(c->name, "selftest.", strlen("selftest.")) == 0;
}

static bool is_chosen(const struct options *o, const struct stress_case *c)
{
	return is_self_test(c) == o->self_test &&
	       (!o->filter || regexec(&o->regex, c->name, 0, NULL, 0) == 0);
}

static void choose(struct suite *s)
{
	for (size_t i = 0; i < STEM_COUNT; i++)
		for (const struct stress_case *c = stems[i]; c->name; c++)
			if (is_chosen(&s->options, c) && s->count < CASES_MAX) {
				s->results[s->count++].of = c;
				s->variants += c->run_broken ? 3 : 1;
			}
}

static const struct stress_case *find_case(const char *name, size_t length)
{
	for (size_t i = 0; i < STEM_COUNT; i++)
		for (const struct stress_case *c = stems[i]; c->name; c++)
			if (strlen(c->name) == length && strncmp(c->name, name, length) == 0)
				return c;
	return NULL;
}

/* This process is one variant. */
static int be_child(const struct options *o)
{
	const char *colon = strchr(o->child, ':');
	struct child_options child = { .threads = o->threads, .duration = o->duration,
		.watchdog = o->watchdog, .seed = o->seed };

	child.of = colon ? find_case(o->child, (size_t)(colon - o->child)) : NULL;
	for (child.mode = STRESS_BROKEN; child.of && child.mode <= STRESS_RIGHT; child.mode++)
		if (strcmp(colon + 1, mode_name(child.mode)) == 0 &&
		    (child.mode == STRESS_RIGHT || child.of->run_broken))
			return child_run(&child);
	fprintf(stderr, "pawl-stress: --child: there is no variant '%s'\n", o->child);
	return STRESS_EXIT_USAGE;
}

static void show_failure(const struct options *o, const struct stress_case *c,
	enum stress_mode mode, const struct run *r, const struct tally *t, uint64_t seed)
{
	progress_clear();
	fprintf(stderr, "stress: %s %s: %s\n", c->name, mode_name(mode), t->why);
	if (r->log && *r->log)
		fprintf(stderr, "%s%s", r->log, r->log[strlen(r->log) - 1] == '\n' ? "" : "\n");
	fputs("stress: to repeat it: ", stderr);
	options_repeat(o, c, seed, stderr);
}

/* Return: whether to go on. */
static bool run_one(struct suite *s, const struct stress_case *c, enum stress_mode mode,
	unsigned number, struct tally *t)
{
	struct options o = s->options;
	uint64_t seed = o.seed + number;
	bool had_failed = t->why[0] != '\0';
	struct run r;

	if (mode == STRESS_NATURAL)
		o.duration *= natural_share;
	progress_now(c->name, mode_name(mode), s->done);
	run_variant(&o, c, mode, seed, &r);
	if (!r.interrupted && !judge(&s->options, c, mode, &r, seed, t) && !had_failed)
		show_failure(&s->options, c, mode, &r, t, seed);
	run_free(&r);
	return !r.interrupted;
}

static bool run_mode(struct suite *s, struct result *r, enum stress_mode mode, struct tally *t)
{
	unsigned runs = s->options.runs;

	if (mode == STRESS_NATURAL && runs > NATURAL_RUNS_MAX)
		runs = NATURAL_RUNS_MAX;
	for (unsigned i = 0; i < runs; i++)
		if (!run_one(s, r->of, mode, i, t))
			return false;
	s->done++;
	s->summary.ops += t->ops;
	s->summary.stuck += t->stuck;
	if (mode == STRESS_NATURAL && t->good == t->runs)
		return true;
	s->summary.tests++;
	s->summary.failed += t->good < t->runs;
	if (s->options.tap) {
		progress_clear();
		report_point(r, mode, s->summary.tests);
	}
	return true;
}

static bool run_case(struct suite *s, struct result *r)
{
	s->begun++;
	return (!r->of->run_broken || (run_mode(s, r, STRESS_BROKEN, &r->broken) &&
				       run_mode(s, r, STRESS_NATURAL, &r->natural))) &&
	       run_mode(s, r, STRESS_RIGHT, &r->right);
}

static void write_json(const struct suite *s)
{
	const char *name = s->options.json_file;
	FILE *out = name ? fopen(name, "w") : stdout;
	bool failed = !out;

	if (out) {
		report_json(&s->options, &s->summary, out);
		failed = ferror(out) || (name ? fclose(out) : fflush(out)) != 0;
	}
	if (failed) {
		fprintf(stderr, "pawl-stress: cannot write %s: %s\n",
			name ? name : "standard output", strerror(errno));
		exit(STRESS_EXIT_VIOLATION);
	}
}

static int finish(struct suite *s, double begin)
{
	const struct options *o = &s->options;
	FILE *out = o->json && !o->json_file ? stderr : stdout;

	progress_clear();
	s->summary.results = s->results;
	s->summary.count = s->begun;
	s->summary.seconds = stress_now() - begin;
	if (o->tap && interrupted_by == 0)
		printf("1..%u\n", s->summary.tests);
	report_table(o, &s->summary, out);
	if (o->json)
		write_json(s);
	report_closing(o, &s->summary, out);
	fflush(NULL);
	if (interrupted_by != 0) {
		signal(interrupted_by, SIG_DFL);
		raise(interrupted_by);
	}
	if (s->summary.stuck > 0)
		return STRESS_EXIT_STUCK;
	return s->summary.failed > 0 ? STRESS_EXIT_VIOLATION : STRESS_EXIT_OK;
}

static int list(const struct suite *s)
{
	for (unsigned i = 0; i < s->count; i++)
		printf("%-20s %s\n", s->results[i].of->name, s->results[i].of->about);
	return STRESS_EXIT_OK;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = interrupt };
	double begin = stress_now();

	options_read(argc, argv, &suite.options);
	if (suite.options.child)
		return be_child(&suite.options);
	choose(&suite);
	if (suite.count == 0) {
		fprintf(stderr,
			"pawl-stress: no case matches the filter '%s'; --list shows them all\n",
			suite.options.filter);
		return STRESS_EXIT_USAGE;
	}
	if (suite.options.list)
		return list(&suite);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	report_context(&suite.options, stderr);
	progress_begin(suite.variants);
	for (unsigned i = 0; i < suite.count && run_case(&suite, &suite.results[i]); i++)
		;
	return finish(&suite, begin);
}
