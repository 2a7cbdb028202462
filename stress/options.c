/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - the command line of pawl-stress, and the environment behind it. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "suite.h"

enum {
	THREADS_MIN = 2,	/* nobody races alone */
	THREADS_MAX = 1000,
	RUNS_MAX = 1000000,
};

enum { OPT_LIST = 256, OPT_FILTER, OPT_DURATION, OPT_THREADS, OPT_SEED, OPT_RUNS, OPT_WATCHDOG,
	OPT_SLOWEST, OPT_RUNNER, OPT_JSON, OPT_TAP, OPT_SELF_TEST, OPT_CHILD, OPT_HELP, OPT_VERSION };

static const struct option long_options[] = {
	{ "list", no_argument, NULL, OPT_LIST },
	{ "filter", required_argument, NULL, OPT_FILTER },
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "runs", required_argument, NULL, OPT_RUNS },
	{ "watchdog", required_argument, NULL, OPT_WATCHDOG },
	{ "slowest", required_argument, NULL, OPT_SLOWEST },
	{ "runner", required_argument, NULL, OPT_RUNNER },
	{ "json", optional_argument, NULL, OPT_JSON },
	{ "tap", no_argument, NULL, OPT_TAP },
	{ "self-test", no_argument, NULL, OPT_SELF_TEST },
	{ "child", required_argument, NULL, OPT_CHILD },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* Options with a value that the environment may give; the command line wins. */
static const struct {
	const char *variable;
	int option;
} environment[] = {
	{ "PAWL_STRESS_FILTER", OPT_FILTER },
	{ "PAWL_STRESS_DURATION", OPT_DURATION },
	{ "PAWL_STRESS_THREADS", OPT_THREADS },
	{ "PAWL_STRESS_SEED", OPT_SEED },
	{ "PAWL_STRESS_RUNS", OPT_RUNS },
	{ "PAWL_STRESS_WATCHDOG", OPT_WATCHDOG },
};

static void help(void)
{
	printf("usage: pawl-stress [option...]\n"
	       "\n"
	       "Runs each mistake that the library exists for and what to write instead.  The\n"
	       "wrong variant must be seen to go wrong, by ThreadSanitizer (if this program is\n"
	       "compiled with it) or by counting what was lost; the right one must be silent and\n"
	       "exact, and must have slept.\n"
	       "\n"
	       "  --list           names of the cases, one a line\n"
	       "  --filter=REGEX   only cases whose name matches (POSIX, extended)\n"
	       "  --duration=S     seconds for each right variant (default 1); a wrong one gets\n"
	       "                   a quarter without rendezvous, with it does a fixed amount\n"
	       "  --threads=N      threads of each variant, %d to %d (default: twice the CPUs,\n"
	       "                   at least 4, at most 16)\n"
	       "  --seed=S         of the pseudo-random choices (default: another each time)\n"
	       "  --runs=N         run each variant N times (default 1), with seeds S, S+1, ...;\n"
	       "                   those without rendezvous 10 times at most\n"
	       "  --watchdog=S     seconds without any progress after which a variant is stuck\n"
	       "                   (default 60, with --self-test 5)\n"
	       "  --slowest=S      fail if showing a mistake takes longer once\n"
	       "  --runner=PROGRAM what runs the variants: gets this program's file and their\n"
	       "                   arguments (an emulator)\n"
	       "  --json[=FILE]    the results as JSON, to FILE or to standard output\n"
	       "  --tap            the results as TAP, to standard output\n"
	       "  --self-test      instead of the suite, cases that must fail; the last line but one\n"
	       "                   tells whether every judge saw its case, the status is 1 or 3\n"
	       "  --help, --version\n"
	       "\n"
	       "Each option with a value but the last four has a default in the environment:\n"
	       "PAWL_STRESS_FILTER, _DURATION, _THREADS, _SEED, _RUNS, _WATCHDOG.\n"
	       "TSAN_OPTIONS are kept, but for those that would blind it.\n"
	       "\n"
	       "Exit status: 0 all as it should be, 1 not so, 2 usage, 3 a variant was stuck.\n",
	       THREADS_MIN, THREADS_MAX);
}

static const char hint[] = "Try 'pawl-stress --help'.\n";

static _Noreturn void usage(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

static _Noreturn void usage(const char *format, ...)
{
	va_list args;

	fputs("pawl-stress: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	fputs(hint, stderr);
	exit(STRESS_EXIT_USAGE);
}

static uint64_t whole(const char *from, const char *text, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0' || strchr(text, '-') || n < min || n > max)
		usage("%s: '%s' is not a whole number from %" PRIu64 " to %" PRIu64, from, text,
			min, max);
	return n;
}

static double seconds(const char *from, const char *text)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end != '\0' || !(s > 0 && s <= 86400))
		usage("%s: '%s' is not a number of seconds above 0 and up to 86400", from, text);
	return s;
}

static void set_filter(const char *from, const char *text, struct options *o)
{
	char why[128];
	int err;

	if (o->filter)
		regfree(&o->regex);
	err = regcomp(&o->regex, text, REG_EXTENDED | REG_NOSUB);
	if (err != 0) {
		regerror(err, &o->regex, why, sizeof why);
		usage("%s: '%s' is not a regular expression: %s", from, text, why);
	}
	o->filter = text;
}

static void set(int option, const char *from, const char *text, struct options *o)
{
	switch (option) {
	case OPT_LIST:
		o->list = true;
		break;
	case OPT_FILTER:
		set_filter(from, text, o);
		break;
	case OPT_DURATION:
		o->duration = seconds(from, text);
		break;
	case OPT_THREADS:
		o->threads = (unsigned)whole(from, text, THREADS_MIN, THREADS_MAX);
		break;
	case OPT_SEED:
		o->seed = whole(from, text, 0, UINT64_MAX);
		break;
	case OPT_RUNS:
		o->runs = (unsigned)whole(from, text, 1, RUNS_MAX);
		break;
	case OPT_WATCHDOG:
		o->watchdog = seconds(from, text);
		break;
	case OPT_SLOWEST:
		o->slowest = seconds(from, text);
		break;
	case OPT_RUNNER:
		o->runner = text;
		break;
	case OPT_JSON:
		o->json = true;
		o->json_file = text;
		break;
	case OPT_TAP:
		o->tap = true;
		break;
	case OPT_SELF_TEST:
		o->self_test = true;
		break;
	case OPT_CHILD:
		o->child = text;
		break;
	case OPT_HELP:
		help();
		exit(STRESS_EXIT_OK);
	case OPT_VERSION:
		puts("pawl-stress " PACKAGE_VERSION);
		exit(STRESS_EXIT_OK);
	default:
		break;
	}
}

static unsigned default_threads(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus < 2 ? 4 : cpus > 8 ? 16 : (unsigned)cpus * 2;
}

static uint64_t default_seed(void)
{
	uint32_t seed = 0;

	if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
		seed = (uint32_t)getpid();
	return seed;
}

/* libtool starts a program that is not installed from a folder .libs. */
static const char *as_typed(const char *program)
{
	static char copy[4096];
	char *hidden;

	snprintf(copy, sizeof copy, "%s", program);
	hidden = strstr(copy, ".libs/");
	if (hidden) {
		char *name = hidden + strlen(".libs/");

		if (strncmp(name, "lt-", 3) == 0)
			name += 3;
		memmove(hidden, name, strlen(name) + 1);
	}
	return copy;
}

void options_read(int argc, char **argv, struct options *ret)
{
	int option, index = 0;

	*ret = (struct options){ .duration = 1, .runs = 1 };
	ret->program = as_typed(argv[0]);
	ret->threads = default_threads();
	ret->seed = default_seed();
	for (size_t i = 0; i < sizeof environment / sizeof environment[0]; i++) {
		const char *text = getenv(environment[i].variable);

		if (text && *text)
			set(environment[i].option, environment[i].variable, text, ret);
	}
	while ((option = getopt_long(argc, argv, "", long_options, &index)) != -1) {
		char from[64];

		if (option == '?') {	/* getopt_long() has said why */
			fputs(hint, stderr);
			exit(STRESS_EXIT_USAGE);
		}
		snprintf(from, sizeof from, "--%s", long_options[index].name);
		set(option, from, optarg, ret);
	}
	if (ret->watchdog <= 0)
		ret->watchdog = ret->self_test ? 5 : 60;
	if (optind < argc)
		usage("'%s' is not an option", argv[optind]);
	if (ret->tap && ret->json && !ret->json_file)
		usage("--tap and --json both want standard output: give --json=FILE");
}

/* As one word of a shell's command. */
static void put_word(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-";

	if (strspn(word, plain) == strlen(word)) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (const char *p = word; *p; p++)
		fprintf(out, *p == '\'' ? "'\\''" : "%c", *p);
	fputc('\'', out);
}

void options_repeat(const struct options *o, const struct stress_case *c, uint64_t seed, FILE *out)
{
	put_word(out, o->program);
	fputs(" --filter='^", out);
	for (const char *p = c->name; *p; p++)
		fprintf(out, *p == '.' ? "\\." : "%c", *p);
	fprintf(out, "$' --threads=%u --duration=%.9g --watchdog=%.9g --seed=%" PRIu64 "%s\n",
		o->threads, o->duration, o->watchdog, seed, o->self_test ? " --self-test" : "");
}

const char *mode_name(enum stress_mode mode)
{
	switch (mode) {
	case STRESS_BROKEN:
		return "broken";
	case STRESS_NATURAL:
		return "natural";
	case STRESS_RIGHT:
		break;
	}
	return "right";
}
