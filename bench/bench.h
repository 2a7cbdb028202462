/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h - what a benchmark of pawl consists of.
 *
 * A case is a workload; its subjects (pawl and its peers) take turns at it, round
 * after round, A B C A B C, so that what disturbs the machine disturbs all of them.
 * The first subject of a case is the baseline of its ratios; the second is the one
 * that must keep the case's bounds.
 *
 * To add a case: a line in the table of its concept, bench_<concept>.c.
 * To add a concept: a file with such a table, named in tables.c and local.mk.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined __SANITIZE_THREAD__
# define BENCH_TSAN 1
#elif defined __has_feature
# if __has_feature(thread_sanitizer)
#  define BENCH_TSAN 1
# endif
#endif

/* ThreadSanitizer cannot see into libraries that were not built with it. */
#ifndef BENCH_TSAN
# ifdef HAVE_NSYNC
#  define BENCH_NSYNC 1
# endif
# if defined HAVE_TBB && defined __has_include
#  if __has_include(<oneapi/tbb/mutex.h>)	/* older ones have another mutex */
#   define BENCH_TBB 1
#  endif
# endif
#endif

enum { STATE_SIZE = 8192, STATE_ALIGN = 128, BENCH_LINE = 64 };
#define OWN_LINES __attribute__((__aligned__(128)))	/* not fetched with its neighbour */

enum { BENCH_MORE = 4 };

enum mode {
	SOLO,		/* one thread on one CPU; CPU time of the thread */
	OVERLAP,	/* a thread per CPU; stretches where one was off its CPU do not count */
	CROWD,		/* threads on cpus CPUs; wall time, all operations together */
	OWN		/* the subject measures itself */
};

struct bench_case;

/* What a round of one subject gave; NAN: not measured. */
struct sample {
	double ns;		/* per operation */
	double cpu;		/* CPU time of all threads per operation */
	double fairness;	/* operations of the busiest thread / of the idlest */
	double kept;		/* OVERLAP: share of the time that counted */
	double others;		/* share of the case's CPUs that other programs used */
	double more[BENCH_MORE];	/* what the case's list says */
};

struct subject {
	const char *name;
	int (*open)(void *state);			/* zeroed, STATE_SIZE bytes; 0 or errno */
	void (*close)(void *state);			/* may be NULL */
	/* n operations, holding the lock for so many steps, if it is one. */
	void (*batch)(void *state, uint64_t n, unsigned steps);
	uint64_t (*done)(const void *state);		/* operations it saw; may be NULL */
	/* OWN: a turn of so many ms; kind is for its use. */
	void (*turn)(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
		     struct sample *ret);
	const void *kind;
};

/* A further figure of a case. */
struct bench_more {
	const char *name;
	bool is_total;		/* the sum of the rounds counts, else the median */
	bool is_bounded;	/* for the second subject, by max */
	double max;
};

/* A bound on another subject: its ratio to the fastest of these, those that are there. */
struct bench_race {
	const char *subject;
	const char *const *to;		/* names; ends with NULL */
	double max_ratio;
};

struct bench_case {
	const char *name;
	const char *what;
	enum mode mode;
	unsigned threads;
	unsigned cpus;			/* 0: all there are */
	unsigned section_ns;
	unsigned batch;			/* operations between two looks at clock and stop flag */
	unsigned min_ms;		/* a window is not shorter; 0: what --duration says */
	double max_ratio;		/* bounds on the second subject; 0: none */
	double max_unfairness;
	const struct subject *const *subjects;
	double max_cpu_ratio;		/* as max_ratio, of the CPU time */
	const struct bench_more *more;	/* ends with a name that is NULL; NULL: none */
	const struct bench_race *race;	/* NULL: none */
	const void *load;		/* OWN: for the turn's use */
};

/* Tables end with a case whose name is NULL; lists of subjects with NULL. */
extern const struct bench_case bench_mutex[], bench_counter[], bench_once[], bench_cond[],
	bench_cache[], bench_sem[], bench_event[], bench_rwlock[], bench_queue[];

/* What the program measures; ends with NULL. */
extern const struct bench_case *const bench_tables[];

/* machine.c */
void machine_header(void);		/* what it runs on, to standard error */
void machine_json(FILE *out);		/* the same */
unsigned machine_cpus(void);		/* how many this process may use */
unsigned machine_steps(unsigned ns);	/* of section_run() that take so long */
void machine_pin(unsigned first, unsigned count);	/* the caller, to those of ours; 0: all */
int64_t machine_idle(unsigned count);	/* ns the first of ours were idle, ever; -1: unknown */

/* threads.c */
int64_t clock_ns(void);
int64_t clock_of_process(void);
void threads_measure(const struct bench_case *c, const struct subject *s, unsigned ms,
	struct sample *ret);

/* run.c */
struct result;
struct result *run_case(const struct bench_case *c, unsigned rounds, unsigned tries, unsigned ms);
void run_free(struct result *r);
double median(const double *values, size_t n, double *ret_min, double *ret_max);	/* without NANs */

/* report.c */
bool report_open(bool json, const char *file);
void report_case(const struct bench_case *c, const struct result *r);
void report_skipped(const struct bench_case *c, const char *why);
int report_close(void);			/* how many bounds were missed */

/* Say why and exit 2. */
void fatal(const char *format, ...) __attribute__((__format__(__printf__, 1, 2), __noreturn__));

#ifdef __cplusplus
}
#endif
#endif
