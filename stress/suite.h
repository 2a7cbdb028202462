/* SPDX-License-Identifier: BSD-2-Clause */
/* suite.h - pawl-stress around its cases: options, processes, verdicts, output. */
#ifndef STRESS_SUITE_H
#define STRESS_SUITE_H

#include <regex.h>
#include <stdio.h>

#include "stress.h"

enum {
	STRESS_EXIT_OK = 0,
	STRESS_EXIT_VIOLATION = 1,
	STRESS_EXIT_USAGE = 2,
	STRESS_EXIT_STUCK = 3,
	TSAN_EXIT = 66,		/* its exit status when it reported something */
};

/* options.c */
struct options {
	const char *program;	/* as the user would type it */
	const char *runner;	/* runs the variants; NULL: nothing between */
	const char *filter;	/* NULL: all */
	regex_t regex;
	double duration;	/* seconds, of each right variant */
	double watchdog;	/* seconds without progress */
	double slowest;		/* seconds that showing a mistake may take; 0: any */
	unsigned threads;
	unsigned runs;
	uint64_t seed;
	bool list, tap, json, self_test;
	const char *json_file;	/* NULL: standard output */
	const char *child;	/* case:mode; this process is one variant */
};

/* Fills @ret or ends the program. */
void options_read(int argc, char **argv, struct options *ret);

/* The command that runs one case again. */
void options_repeat(const struct options *o, const struct stress_case *c, uint64_t seed, FILE *out);

const char *mode_name(enum stress_mode mode);

/* spawn.c: one run of one variant, in a process */
struct tsan_seen {
	unsigned reports;
	unsigned at_racy;	/* data races on the variable of the case */
	unsigned named;		/* reports with the variable's name */
	bool symbolized;	/* there were names at all */
};

enum { RUN_NAMES = 16, RUN_ERROR = 256 };

struct run {
	double seconds;
	int status;		/* as from waitpid() */
	bool ended;		/* the variant came to its end */
	bool killed;		/* by us: it and its own watchdog did not end */
	bool interrupted;
	uint64_t ops, waits, switches;
	struct stress_outcome outcome;
	uintptr_t racy;
	size_t racy_size;
	struct {
		uintptr_t address;
		char name[32];
	} names[RUN_NAMES];
	unsigned name_count;
	char notes[RUN_ERROR];
	char error[RUN_ERROR];	/* first violated invariant; empty: none */
	char *log;		/* its standard error, cut if it is very long */
	struct tsan_seen tsan;
};

/* Run it and fill @ret; run_free() gives back what that took. */
void run_variant(const struct options *o, const struct stress_case *c, enum stress_mode mode,
	uint64_t seed, struct run *ret);
void run_free(struct run *r);

/* Set by SIGINT and SIGTERM to the signal. */
extern volatile int interrupted_by;

/* tsan.c: whether this program is compiled with ThreadSanitizer, and what it said */
bool tsan_is_on(void);
const char *sanitizer_name(void);
void tsan_read(const struct stress_case *c, struct run *r);

/* judge.c: all runs of one variant together */
struct tally {
	unsigned runs, good;
	unsigned tsan, invariant;	/* runs in which each saw the mistake */
	unsigned nameless;		/* reports without any names: no symbolizer */
	unsigned stuck;
	double total, slowest;		/* seconds */
	uint64_t bad, of, ops, waits;
	char notes[RUN_ERROR];
	char why[RUN_ERROR];		/* the first failure */
	uint64_t why_seed;
};

struct result {
	const struct stress_case *of;
	struct tally broken, natural, right;
};

/* Judge @r and add it to @t.  Return: whether it is as it should be. */
bool judge(const struct options *o, const struct stress_case *c, enum stress_mode mode,
	const struct run *r, uint64_t seed, struct tally *t);

/* progress.c: what runs now, on standard error */
void progress_begin(unsigned total);
void progress_now(const char *name, const char *mode, unsigned done);
void progress_tick(void);
void progress_clear(void);

/* report.c: what is written at the end */
struct summary {
	const struct result *results;
	unsigned count;
	unsigned tests, failed, stuck;
	uint64_t ops;
	double seconds;
};

void report_context(const struct options *o, FILE *out);
void report_table(const struct options *o, const struct summary *s, FILE *out);
void report_closing(const struct options *o, const struct summary *s, FILE *out);
void report_json(const struct options *o, const struct summary *s, FILE *out);
void report_point(const struct result *r, enum stress_mode mode, unsigned number);

#endif
