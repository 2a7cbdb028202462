/* SPDX-License-Identifier: BSD-2-Clause */
/* flood_main.c - pawl-flood: options, what runs now, and what became of it; see flood.h. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <pawl/debug.h>

#include "flood.h"

#if defined __has_feature
# if __has_feature(thread_sanitizer)
#  define WITH_TSAN 1
# endif
#endif
#ifdef __SANITIZE_THREAD__
# define WITH_TSAN 1
#endif

#ifdef WITH_TSAN
# define ITEMS 10000000
#else
# define ITEMS 1000000000
#endif

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_STUCK = 3, HEARTBEAT = 10, STUCK = 60 };

static const struct flood_shape shapes[] = {
	{ "1P1C", 1, 1, 0, 4 },
	{ "2P2C", 2, 2, 0, 4 },
	{ "4P4C", 4, 4, 0, 4 },
	{ "16P16C", 16, 16, 0, 4 },
	{ "1P1C FAST", 1, 1, PAWL_QUEUE_FAST, 1 },
	{ "2P2C FAST", 2, 2, PAWL_QUEUE_FAST, 1 },
	{ "4P4C FAST", 4, 4, PAWL_QUEUE_FAST, 1 },
	{ "16P16C FAST", 16, 16, PAWL_QUEUE_FAST, 1 },
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static struct {
	uint64_t items, seed;
	enum flood_plant plant;
	bool tty;
	double begin;
} run = { .items = ITEMS };

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void flood_fail(struct flood *f, const char *format, ...)
{
	char text[256];
	va_list args;

	if (atomic_exchange(&f->failed, true))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	fprintf(stderr, "%spawl-flood: %s: %s\n", run.tty ? "\r\033[K" : "", f->shape->name, text);
}

/*** What runs now *****************************************************************************/

static void show(const struct flood *f, uint64_t moved)
{
	const char *format = run.tty ?
		"\r%3.0f s  %s  %" PRIu64 " of %" PRIu64 " items (%.0f %%)\033[K" :
		"pawl-flood: %.0f s, %s, %" PRIu64 " of %" PRIu64 " items (%.0f %%)\n";

	fprintf(stderr, format, now() - run.begin, f->shape->name, moved, f->wanted,
		100.0 * (double)moved / (double)f->wanted);
}

static _Noreturn void bark(const struct flood *f, uint64_t moved)
{
	fprintf(stderr, "%spawl-flood: %s is stuck after %" PRIu64 " items, in round %" PRIu64
		", seed %" PRIu64 "\n", run.tty ? "\r\033[K" : "", f->shape->name, moved, f->rounds,
		run.seed);
	pawl_dump(STDERR_FILENO);
	/* Not _exit(), of which sanitizers take the opportunity to report what is left. */
	for (;;)
		syscall(SYS_exit_group, EXIT_STUCK);
}

static void *run_flood(void *arg)
{
	flood_run(arg);
	return NULL;
}

/* Return: whether @thread has ended, within a millisecond. */
static bool has_ended(pthread_t thread)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	time.tv_nsec += 1000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_nsec -= 1000000000;
		time.tv_sec++;
	}
	return pthread_timedjoin_np(thread, NULL, &time) == 0;
}

static void watch(struct flood *f, pthread_t thread)
{
	double shown = now(), went_on = shown;
	uint64_t last = 0;

	while (!has_ended(thread)) {
		uint64_t moved = flood_moved(f);
		double time = now();

		flood_cancel(f);
		if (moved != last)
			went_on = time;
		if (time - went_on > STUCK)
			bark(f, moved);
		if (time - shown > (run.tty ? 0.1 : HEARTBEAT)) {
			show(f, moved);
			shown = time;
		}
		last = moved;
	}
	if (run.tty)
		fputs("\r\033[K", stderr);
}

/*** One shape *********************************************************************************/

static struct flood_worker *make_workers(struct flood *f, unsigned n, uint64_t salt)
{
	struct flood_worker *w = aligned_alloc(FLOOD_LINE, n * sizeof *w);

	if (!w)
		abort();
	memset(w, 0, n * sizeof *w);
	for (unsigned i = 0; i < n; i++) {
		w[i].flood = f;
		w[i].index = i;
		w[i].random = (run.seed + salt + i) * UINT64_C(0x9e3779b97f4a7c15);
	}
	return w;
}

static void add(struct flood_ends *sum, const struct flood_worker *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		sum->timeouts += w[i].ends.timeouts;
		sum->cancels += w[i].ends.cancels;
		sum->refused += w[i].ends.refused;
		sum->sleeps += w[i].ends.sleeps;
	}
}

static void judge_ends(struct flood *f, const struct flood_ends *ends)
{
	if (f->done != f->wanted && !atomic_load(&f->failed))
		flood_fail(f, "%" PRIu64 " items, and not %" PRIu64, f->done, f->wanted);
	if (f->wanted >= FLOOD_IN_VAIN &&
	    (ends->timeouts == 0 || ends->cancels == 0 || ends->sleeps == 0))
		flood_fail(f, "not all ends of waits were seen");
}

/* Return: whether all was right. */
static bool flood(const struct flood_shape *s, uint64_t items, unsigned number)
{
	struct flood f = { .shape = s, .plant = run.plant, .wanted = items };
	struct flood_ends ends = { 0 };
	double begin = now(), seconds;
	pthread_t thread;
	bool good;

	f.producers = make_workers(&f, s->producers, 0);
	f.consumers = make_workers(&f, s->consumers, FLOOD_THREADS);
	if (pthread_create(&thread, NULL, run_flood, &f) != 0)
		abort();
	watch(&f, thread);
	seconds = now() - begin;
	add(&ends, f.producers, s->producers);
	add(&ends, f.consumers, s->consumers);
	judge_ends(&f, &ends);
	good = !atomic_load(&f.failed);
	printf("%s %u - %s: %" PRIu64 " items, none lost, none twice, in order\n",
		good ? "ok" : "not ok", number, s->name, f.done);
	printf("# %s: %.1f s, %.1f ns an item; %" PRIu64 " queues, %" PRIu64 " timeouts, %" PRIu64
		" cancels, %" PRIu64 " pushes refused, %" PRIu64 " sleeps\n", s->name, seconds,
		f.done ? 1e9 * seconds / (double)f.done : 0, f.rounds, ends.timeouts, ends.cancels,
		ends.refused, ends.sleeps);
	fflush(stdout);
	free(f.producers);
	free(f.consumers);
	return good;
}

/*** Options ***********************************************************************************/

static void help(void)
{
	printf("usage: pawl-flood [option...]\n"
	       "\n"
	       "Moves items through queues, by 1, 2, 4 and 16 producers and as many consumers,\n"
	       "with waits that are timed and canceled and queues that are closed; prints TAP.\n"
	       "A fifth goes through queues of the kind PAWL_QUEUE_FAST.\n"
	       "\n"
	       "  --items=N     in all (default %d)\n"
	       "  --seed=S      of the pseudo-random choices (default: another each time)\n"
	       "  --plant=WHAT  make the judge see what is not so: lose, double, swap or alter an\n"
	       "                item; it has to fail\n"
	       "  --help        this\n"
	       "\n"
	       "Exit status: 0 all as it should be, 1 not so, 2 usage, 3 no progress for %d s.\n",
	       ITEMS, STUCK);
}

static _Noreturn void refuse(const char *what)
{
	fprintf(stderr, "pawl-flood: '%s' is not right\nTry 'pawl-flood --help'.\n", what);
	exit(EXIT_USAGE);
}

static uint64_t number_of(const char *text)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end || *text == '-')
		refuse(text);
	return n;
}

static enum flood_plant plant_of(const char *text)
{
	static const char *const names[] = { "lose", "double", "swap", "alter" };

	for (int i = 0; i < 4; i++)
		if (strcmp(text, names[i]) == 0)
			return (enum flood_plant)(PLANT_LOSE + i);
	refuse(text);
}

static void read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "items", required_argument, NULL, 'i' },
		{ "seed", required_argument, NULL, 's' },
		{ "plant", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	if (getrandom(&run.seed, 4, 0) != 4)
		run.seed = (uint64_t)getpid();
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'i':
			run.items = number_of(optarg);
			break;
		case 's':
			run.seed = number_of(optarg);
			break;
		case 'p':
			run.plant = plant_of(optarg);
			break;
		case 'h':
			help();
			exit(EXIT_SUCCESS);
		default:
			exit(EXIT_USAGE);
		}
	if (optind < argc)
		refuse(argv[optind]);
}

int main(int argc, char **argv)
{
	uint64_t left;
	unsigned failed = 0, shares = 0;

	read_options(argc, argv);
	run.tty = isatty(STDERR_FILENO);
	run.begin = now();
	left = run.items;
	for (unsigned i = 0; i < SHAPES; i++)
		shares += shapes[i].share;
	for (unsigned i = 0; i < SHAPES; i++) {
		uint64_t items = i < SHAPES - 1 ? left / shares * shapes[i].share : left;

		shares -= shapes[i].share;
		failed += !flood(&shapes[i], items, i + 1);
		left -= items;
	}
	printf("1..%d\n# pawl-flood: %s %" PRIu64 " items, %.1f s, seed %" PRIu64 "\n", SHAPES,
		failed ? "FAIL" : "PASS", run.items, now() - run.begin, run.seed);
	return failed ? EXIT_FAILED : EXIT_SUCCESS;
}
