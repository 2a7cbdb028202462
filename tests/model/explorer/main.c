/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - the explorer's command line; see usage(). */
#include "config.h"

#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "explorer/atomics.h"
#include "explorer/engine.h"
#include "explorer/explore.h"
#include "explorer/history.h"
#include "explorer/names.h"
#include "explorer/progress.h"
#include "explorer/shadow.h"
#include "explorer/shrink.h"
#include "explorer/trace.h"

enum { BOUNDS_MAX = 8, LABEL_MAX = 16, FEW_RUNS = 300, LEARN_RUNS = 100 };

static struct options {
	const char *strategy;		/* NULL: all */
	struct bounds bounds[BOUNDS_MAX];
	unsigned bounds_count;
	uint64_t seed, runs;
	unsigned times;			/* --median */
	double seconds;
	const char *schedule;
	char label[LABEL_MAX];		/* --weaken, and its order */
	const char *order;
	bool expect_failure, progress, quiet, partly;
} options = {
	.bounds = { { 3, 0 }, { 2, 1 } }, .bounds_count = 2,
	.seed = 1, .runs = 20000, .seconds = 600
};

extern const struct model *const __start_models[], *const __stop_models[];

static void usage(FILE *f)
{
	fputs(
"usage: explore [option...] [model...]	all models, unless some are named (wildcards work)\n"
"  --list                 name them\n"
"  --strategy=NAME        search, random or pct; else all three, one after the other\n"
"  --bounds=P/D,...       of searches: preemptions and deviations (3/0,2/1)\n"
"  --runs=N               of random and pct, each of its depths 2, 3 and 5 (20000)\n"
"  --seed=N               the first of theirs (1); a failure names its own\n"
"  --seconds=S            at most, for one strategy and model (600)\n"
"  --partly               to run out of these is no failure\n"
"  --schedule='2.14=1'    replay the schedule that a failure printed\n"
"  --weaken=LABEL=ORDER   treat the access with this label as if it had that order\n"
"  --expect-failure       exit 0 if a model fails, 1 if none does; begins with a little of all\n"
"  --median=N             in how many runs a strategy finds the failure: median of N\n"
"  --progress             who waits for whom: the table of the models progress_*\n"
"  --quiet                no trace\n", f);
}

static _Noreturn void bad_usage(const char *what)
{
	fprintf(stderr, "explore: %s\n", what);
	usage(stderr);
	exit(2);
}

static uint64_t parse_number(const char *text, const char *what)
{
	char *end;
	uint64_t n = strtoull(text, &end, 0);

	if (*text == '-' || *text == '\0' || *end != '\0')
		bad_usage(what);
	return n;
}

static void parse_bounds(const char *text)
{
	options.bounds_count = 0;
	do {
		struct bounds *b = &options.bounds[options.bounds_count];
		int used = 0;

		if (options.bounds_count == BOUNDS_MAX ||
		    sscanf(text, "%u/%u%n", &b->preemptions, &b->deviations, &used) != 2 ||
		    b->preemptions > 15 || b->deviations > 15)
			bad_usage("--bounds wants P/D, two numbers up to 15");
		options.bounds_count++;
		text += used;
	} while (*text == ',' && *text++);
	if (*text != '\0')
		bad_usage("--bounds wants P/D, two numbers up to 15");
}

static void parse_weaken(const char *text)
{
	const char *equals = strchr(text, '=');

	if (!equals || (size_t)(equals - text) >= sizeof options.label ||
	    atomic_order(equals + 1) < 0)
		bad_usage("--weaken wants LABEL=ORDER, as in --weaken=M5=relaxed");
	memcpy(options.label, text, (size_t)(equals - text));
	options.order = equals + 1;
	atomic_weaken(options.label, atomic_order(equals + 1));
}

static bool is_wanted(const struct model *m, char **names)
{
	if (options.progress ? !m->progress : m->progress && !*names)
		return false;
	if (!*names)
		return true;
	for (; *names; names++)
		if (fnmatch(*names, m->name, 0) == 0)
			return true;
	return false;
}

static void list(char **names)
{
	for (const struct model *const *m = __start_models; m < __stop_models; m++)
		if (is_wanted(*m, names))
			printf("%-24s %u threads: %s\n", (*m)->name, (*m)->threads, (*m)->about);
}

static void print_trace(const struct model *m, struct schedule *s)
{
	static char text[1 << 16];

	shrink(m, s);
	trace_reset();
	engine.tracing = true;
	replay_run(m, s);
	engine.tracing = false;
	schedule_print(s, text, sizeof text);
	printf("%s: %s\n", m->name, engine.reason);
	trace_print(stdout);
	history_print(stdout, m->spec);
	printf("  again: make model MODEL=%s SCHEDULE='%s'", m->name, text);
	if (options.label[0])
		printf(" MODEL_ARGS=--weaken=%s=%s", options.label, options.order);
	printf("\n");
}

static void print_result(const struct model *m, const struct result *r)
{
	double rate = r->time > 0 ? (double)r->points / r->time / 1e6 : 0;

	printf("%-24s %-10s %9llu runs %10llu points %9llu states %9llu sleeps %7.2f s %5.1f M/s  %s\n",
	       m->name, explore_name(&r->plan), (unsigned long long)r->runs,
	       (unsigned long long)r->points, (unsigned long long)r->states,
	       (unsigned long long)r->sleeps, r->time, rate,
	       r->failed ? "FAILED" : r->exhausted ? "all" : "out of time");
	if (r->failed)
		printf("%s: failed in run %llu: %s\n", m->name, (unsigned long long)r->runs, r->reason);
	if (r->failed && r->plan.strategy != SEARCH)
		printf("%s: of seed %llu\n", m->name, (unsigned long long)r->seed);
	fflush(stdout);
}

/* Return: whether it went as it should. */
static bool explore_by(const struct model *m, const struct plan *plan)
{
	struct result r = explore(m, plan, NULL, NULL);

	print_result(m, &r);
	if (r.failed && !options.quiet)
		print_trace(m, r.schedule);
	return !r.failed && (r.exhausted || options.partly);
}

/* Return: the first sight that was never seen; NULL: all were. */
static const char *unseen(const struct model *m)
{
	for (unsigned i = 0; i < MODEL_SIGHTS && m->sights[i]; i++)
		if (!(engine.sights & UINT64_C(1) << i))
			return m->sights[i];
	return NULL;
}

/* Some need two deviations. */
static bool sights_were_seen(const struct model *m)
{
	struct plan more = {
		.strategy = SEARCH, .bounds = { 1, 2 }, .seconds = options.seconds
	};

	if (unseen(m) && !explore_by(m, &more))
		return false;
	if (unseen(m))
		printf("%s: shows nothing: never saw that %s\n", m->name, unseen(m));
	return !unseen(m);
}

static bool wants(const char *strategy)
{
	return !options.strategy || strcmp(options.strategy, strategy) == 0;
}

/* @runs, and as many at each depth of PCT.  Return: whether all went well. */
static bool explore_at_random(const struct model *m, uint64_t runs)
{
	static const unsigned depths[] = { 2, 3, 5 };
	struct plan plan = { .seed = options.seed, .runs = runs, .seconds = options.seconds };
	bool good = true;

	for (unsigned i = 0; good && wants("random") && i < 1; i++) {
		plan.strategy = RANDOM;
		good = explore_by(m, &plan);
	}
	for (unsigned i = 0; good && wants("pct") && i < 3; i++) {
		plan.strategy = PCT;
		plan.depth = depths[i];
		good = explore_by(m, &plan);
	}
	return good;
}

/* Return: whether all went well. */
static bool search_within(const struct model *m, const struct bounds *bounds, unsigned count)
{
	struct plan plan = { .strategy = SEARCH, .seconds = options.seconds };
	bool good = true;

	for (unsigned i = 0; good && wants("search") && i < count; i++) {
		plan.bounds = explore_bounds(m, bounds[i]);
		good = explore_by(m, &plan);
	}
	return good;
}

/* A failure is there, and which way finds it soon differs: of each a little, then the searches.
 * Return: whether there was none so far. */
static bool explore_in_haste(const struct model *m)
{
	static const struct bounds small[] = { { 1, 0 }, { 0, 1 }, { 1, 1 } };

	return explore_at_random(m, options.runs < FEW_RUNS ? options.runs : FEW_RUNS) &&
		search_within(m, small, sizeof small / sizeof small[0]) &&
		search_within(m, options.bounds, options.bounds_count);
}

/* Return: whether all went well. */
static bool explore_all_ways(const struct model *m)
{
	if (options.expect_failure && !explore_in_haste(m))
		return false;
	return explore_at_random(m, options.runs) &&
		search_within(m, options.bounds, options.bounds_count) &&
		(options.strategy || sights_were_seen(m));
}

/* The accesses that runs as they are come by: what is not known of them, addr2line is asked at
 * once, as each call of it takes longer than a thousand runs. */
static void learn_labels(const struct model *m)
{
	struct plan plan = { .seed = 1, .runs = LEARN_RUNS, .seconds = options.seconds };

	atomic_learn(true);
	plan.strategy = RANDOM;
	(void)explore(m, &plan, NULL, NULL);
	plan.strategy = PCT;
	plan.depth = 3;
	(void)explore(m, &plan, NULL, NULL);
	atomic_learn(false);
}

static bool replay_schedule(const struct model *m)
{
	static struct schedule s;

	if (!schedule_parse(options.schedule, &s))
		bad_usage("--schedule wants what a failure printed");
	engine.tracing = true;
	replay_run(m, &s);
	engine.tracing = false;
	printf("%s: %s\n", m->name, engine.outcome == FAILED ? engine.reason : "passed");
	trace_print(stdout);
	history_print(stdout, m->spec);
	return engine.outcome != FAILED;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* In how many runs it fails: median and greatest of several beginnings. */
static bool print_median(const struct model *m, struct plan *plan)
{
	static uint64_t found[1000];
	unsigned times = plan->strategy == SEARCH ? 1 : options.times;

	for (unsigned i = 0; i < times; i++) {
		struct result r;

		plan->seed = options.seed + i * UINT64_C(1000000007);
		r = explore(m, plan, NULL, NULL);
		found[i] = r.failed ? r.runs : UINT64_MAX;
	}
	qsort(found, times, sizeof found[0], compare);
	printf(" %s ", explore_name(plan));
	if (found[times / 2] == UINT64_MAX)
		printf("-");
	else
		printf("%llu", (unsigned long long)found[times / 2]);
	if (times > 1 && found[times - 1] != UINT64_MAX)
		printf(" (%llu)", (unsigned long long)found[times - 1]);
	printf(";");
	return found[times / 2] != UINT64_MAX;
}

/* Return: whether some strategy finds the failure. */
static bool find_medians(const struct model *m)
{
	struct plan plan = { .strategy = RANDOM, .runs = options.runs, .seconds = options.seconds };
	bool found;

	printf("%s:", m->name);
	found = print_median(m, &plan);
	plan.strategy = PCT;
	for (plan.depth = 2; plan.depth <= 5; plan.depth += plan.depth - 1)
		found |= print_median(m, &plan);
	plan.strategy = SEARCH;
	for (unsigned i = 0; i < options.bounds_count; i++) {
		plan.bounds = explore_bounds(m, options.bounds[i]);
		found |= print_median(m, &plan);
	}
	printf("\n");
	return found;
}

static bool judge(const struct model *m)
{
	if (m->threads < 1 || m->threads > MODEL_THREADS) {
		printf("%s: has %u threads, not 1 to %d\n", m->name, m->threads, MODEL_THREADS);
		return false;
	}
	shadow_forget();
	if (options.label[0])
		learn_labels(m);
	engine.sights = 0;
	if (options.progress)
		return progress_find(m);
	if (options.schedule)
		return replay_schedule(m);
	if (options.times > 0)
		return find_medians(m);
	return explore_all_ways(m);
}

static void parse_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "list", no_argument, NULL, 'l' },
		{ "strategy", required_argument, NULL, 's' },
		{ "bounds", required_argument, NULL, 'b' },
		{ "runs", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 'S' },
		{ "seconds", required_argument, NULL, 't' },
		{ "schedule", required_argument, NULL, 'p' },
		{ "weaken", required_argument, NULL, 'w' },
		{ "expect-failure", no_argument, NULL, 'x' },
		{ "median", required_argument, NULL, 'm' },
		{ "progress", no_argument, NULL, 'g' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "partly", no_argument, NULL, 'P' },
		{ 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", known, NULL)) != -1)
		switch (c) {
		case 'h': usage(stdout); exit(0);
		case 'l': list(argv + optind); exit(0);
		case 's': options.strategy = optarg; break;
		case 'b': parse_bounds(optarg); break;
		case 'r': options.runs = parse_number(optarg, "--runs wants a number"); break;
		case 'S': options.seed = parse_number(optarg, "--seed wants a number"); break;
		case 't': options.seconds = (double)parse_number(optarg, "--seconds wants a number"); break;
		case 'p': options.schedule = optarg; break;
		case 'w': parse_weaken(optarg); break;
		case 'x': options.expect_failure = true; break;
		case 'm': options.times = (unsigned)parse_number(optarg, "--median wants a number"); break;
		case 'g': options.progress = true; break;
		case 'q': options.quiet = true; break;
		case 'P': options.partly = true; break;
		default: usage(stderr); exit(2);
		}
	if (options.times > 1000)
		bad_usage("--median wants a number up to 1000");
	if (options.strategy && strcmp(options.strategy, "search") != 0 &&
	    strcmp(options.strategy, "random") != 0 && strcmp(options.strategy, "pct") != 0)
		bad_usage("--strategy wants search, random or pct");
}

/* A model that reads what it never wrote may find an address there: the same in each process,
 * where the system allows to ask for that. */
static void fix_addresses(char **argv)
{
	int before = personality(0xffffffff);

	if (before == -1 || before & ADDR_NO_RANDOMIZE ||
	    personality((unsigned long)before | ADDR_NO_RANDOMIZE) == -1)
		return;
	execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	unsigned judged = 0, bad = 0;

	fix_addresses(argv);
	parse_options(argc, argv);
	run_init();
	chooser.recording = true;
	for (const struct model *const *m = __start_models; m < __stop_models; m++)
		if (is_wanted(*m, argv + optind)) {
			judged++;
			bad += !judge(*m);
		}
	if (judged == 0) {
		fprintf(stderr, "explore: there is no such model\n");
		return 2;
	}
	if (options.label[0] && !atomic_weaken_met()) {
		fprintf(stderr, "explore: no access with the label %s was met\n", options.label);
		return 2;
	}
	if (options.progress)
		progress_print();
	if (options.progress || options.times > 0)
		return bad > 0;
	return options.expect_failure ? bad == 0 : bad > 0;
}
