/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - pawl-bench, pawl-bench-line: options, and which cases run. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static struct {
	unsigned rounds, tries, ms;
	bool list, json, check;
	const char *json_file;
	regex_t filter;
} options = { .rounds = 5, .tries = 2, .ms = 100 };

static const char *volatile running = "nothing";

void fatal(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

static void usage(FILE *out)
{
	fprintf(out, "usage: %s [option]...\n", program_invocation_short_name);
	fputs("Measure pawl beside its peers, taking turns, and say whether pawl keeps its bounds.\n\n"
	      "  --list            name the cases and end\n"
	      "  --filter=REGEX    only cases whose name matches (extended, anywhere in the name)\n"
	      "  --rounds=N        turns of each subject, 1 to 1000; default 5\n"
	      "  --duration=MS     length of a turn, 1 to 60000; default 100 (some cases need more)\n"
	      "  --tries=N         take a turn up to N times if other programs disturb it; default 2\n"
	      "  --json[=FILE]     write JSON to FILE, or to standard output in place of the text\n"
	      "  --check           exit with 1 if a bound is missed\n"
	      "  --help            this\n\n"
	      "The text goes to standard output, what it was measured on to standard error.\n"
	      "Exit status: 0; 1 a bound was missed (--check); 2 wrong usage, or no result.\n", out);
}

static unsigned number(const char *option, const char *text, unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < 1 || value > max)
		fatal("--%s takes a number from 1 to %lu, not '%s'", option, max, text);
	return (unsigned)value;
}

static void set_filter(const char *pattern)
{
	char why[128];
	int err;

	regfree(&options.filter);
	err = regcomp(&options.filter, pattern, REG_EXTENDED | REG_NOSUB);
	if (err != 0) {
		regerror(err, &options.filter, why, sizeof why);
		fatal("--filter=%s: %s", pattern, why);
	}
}

static void parse(int argc, char **argv)
{
	enum { LIST = 1, FILTER, ROUNDS, TRIES, DURATION, JSON, CHECK, HELP };
	static const struct option longs[] = {
		{ "list", no_argument, NULL, LIST }, { "filter", required_argument, NULL, FILTER },
		{ "rounds", required_argument, NULL, ROUNDS },
		{ "tries", required_argument, NULL, TRIES },
		{ "duration", required_argument, NULL, DURATION },
		{ "json", optional_argument, NULL, JSON }, { "check", no_argument, NULL, CHECK },
		{ "help", no_argument, NULL, HELP }, { NULL, 0, NULL, 0 }
	};

	if (regcomp(&options.filter, "", REG_EXTENDED | REG_NOSUB) != 0)
		fatal("out of memory");
	for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
		switch (c) {
		case LIST: options.list = true; break;
		case FILTER: set_filter(optarg); break;
		case ROUNDS: options.rounds = number("rounds", optarg, 1000); break;
		case TRIES: options.tries = number("tries", optarg, 100); break;
		case DURATION: options.ms = number("duration", optarg, 60000); break;
		case JSON: options.json = true; options.json_file = optarg; break;
		case CHECK: options.check = true; break;
		case HELP: usage(stdout); exit(0);
		default: usage(stderr); exit(2);
		}
	}
	if (optind < argc)
		fatal("'%s' is no option; see --help", argv[optind]);
}

static void stuck(int signal)
{
	static const char text[] = " is stuck: no end of a turn for a minute\n";
	const char *name = running;
	ssize_t ignored = write(STDERR_FILENO, name, strlen(name));

	(void)signal;
	ignored = write(STDERR_FILENO, text, sizeof text - 1);
	(void)ignored;
	_exit(2);
}

static void run(const struct bench_case *c)
{
	unsigned ms = options.ms > c->min_ms ? options.ms : c->min_ms;
	struct result *r;

	if (machine_cpus() < c->cpus) {
		report_skipped(c, "it needs more CPUs than this process may use");
		return;
	}
	running = c->name;
	r = run_case(c, options.rounds, options.tries, ms);
	report_case(c, r);
	run_free(r);
}

/* Return: how many cases were selected. */
static unsigned each_case(void (*what)(const struct bench_case *))
{
	unsigned count = 0;

	for (const struct bench_case *const *table = bench_tables; *table; table++)
		for (const struct bench_case *c = *table; c->name; c++)
			if (regexec(&options.filter, c->name, 0, NULL, 0) == 0) {
				what(c);
				count++;
			}
	return count;
}

static void list(const struct bench_case *c)
{
	printf("%-22s %s\n", c->name, c->what);
}

int main(int argc, char **argv)
{
	int missed;

	parse(argc, argv);
	signal(SIGALRM, stuck);
	if (options.list)
		return each_case(list) ? 0 : 2;
	if (!report_open(options.json, options.json_file))
		fatal("%s: %s", options.json_file, strerror(errno));
	machine_header();
	if (each_case(run) == 0)
		fatal("no case matches; see --list");
	missed = report_close();
	return options.check && missed > 0 ? 1 : 0;
}
