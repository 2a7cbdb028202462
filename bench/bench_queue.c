/* SPDX-License-Identifier: BSD-2-Clause */
/* bench_queue.c - pawl/queue.h beside other bounded queues. */
#include "config.h"

#include "bench.h"
#include "queue_subject.h"

/* Peers that may be missing. */
#ifdef BENCH_NSYNC
# define NSYNC(form) &nsync_q_##form,
#else
# define NSYNC(form)
#endif
#ifndef BENCH_TSAN
# define CK(form) &ck_q_##form,
#else
# define CK(form)
#endif
#ifdef BENCH_TBB
# define TBB(form) &tbb_q_##form,
#else
# define TBB(form)
#endif

#define ALL(form) { &posix_q_##form, &pawl_q_##form, &fast_q_##form, NSYNC(form) CK(form) \
	TBB(form) &vyukov_q_##form, &sems_q_##form, NULL }

static const struct subject *const pointers[] = ALL(ptr);
static const struct subject *const wides[] = ALL(wide);
static const struct subject *const few[] = {
	&posix_q_ptr, &pawl_q_ptr, &fast_q_ptr, NSYNC(ptr) &sems_q_ptr, NULL
};
static const struct subject *const tries[] = {
	&vyukov_q_try, &pawl_q_try, &fast_q_try, &posix_q_try, NSYNC(try) CK(try) TBB(try) NULL
};
static const struct subject *const timed[] = { &posix_q_ptr, &pawl_q_ptr, &fast_q_ptr, NULL };
static const struct subject *const many[] = {
	&posix_q_ptr, &pawl_q_ptr, &fast_q_ptr, CK(ptr) NULL
};
static const struct subject *const stalled[] = {
	&vyukov_q_ptr, &pawl_q_ptr, &fast_q_ptr, &posix_q_ptr, NULL
};

static const char *const waiting[] = { "pthread", "nsync", "ck+sem", "tbb", "vyukov+sem", NULL };
static const char *const ring[] = { "vyukov", NULL };
static const struct bench_race
	fast_waits = { "pawl-fast", waiting, 1.00 },
	fast_tries = { "pawl-fast", ring, 1.50 };

static const struct bench_more
	latencies[] = {
		{ .name = "p50/us" }, { .name = "p99/us" },
		{ .name = "p99.9/us", .is_bounded = true, .max = 50000 }, { .name = "max/us" },
		{ .name = NULL }
	},
	collapses[] = {
		{ .name = "collapses", .is_total = true, .is_bounded = true, .max = 0 },
		{ .name = "of_runs", .is_total = true },
		{ .name = "worst/median" }, { .name = NULL }
	};

#define FLOW(n, size) { .turn = queue_flow, .producers = n, .consumers = n, .capacity = size }

static const struct queue_load
	of_1 = FLOW(1, 1024), of_2 = FLOW(2, 1024), of_4 = FLOW(4, 1024), of_16 = FLOW(16, 1024),
	of_4_in_16 = FLOW(4, 16),
	apart = { .turn = queue_flow, .producers = 1, .consumers = 1, .capacity = 1024,
		  .apart = true },
	pushes = { .turn = queue_latency, .producers = 16, .consumers = 16, .capacity = 1024 },
	runs = { .turn = queue_runs, .producers = 16, .consumers = 16, .capacity = 1024,
		 .runs = 40, .items = 20000 },
	stall = { .turn = queue_stalled, .producers = 8, .consumers = 4, .capacity = 256 };

#define CASE(title, text, count, of, with, bound) \
	{ .name = "queue/" title, .what = text, .mode = OWN, .threads = count, .cpus = 2, \
	  .subjects = with, .max_ratio = bound, .race = &fast_waits, .load = &of }

const struct bench_case bench_queue[] = {
	CASE("1P1C", "a pointer, capacity 1024, 2 CPUs", 2, of_1, pointers, 0.50),
	CASE("2P2C", "a pointer, 2 push and 2 pop, 2 CPUs", 4, of_2, pointers, 0.50),
	CASE("4P4C", "a pointer, 4 push and 4 pop, 2 CPUs", 8, of_4, pointers, 0.50),
	CASE("16P16C", "a pointer, 16 push and 16 pop, 2 CPUs", 32, of_16, pointers, 0.50),
	CASE("4P4C-cap16", "the same of 4, capacity 16", 8, of_4_in_16, pointers, 0),
	{ .name = "queue/1P1C-apart", .what = "a pointer, capacity 1024, a CPU each", .mode = OWN,
	  .threads = 2, .cpus = 2, .subjects = few, .load = &apart },
	CASE("1P1C-32B", "32 bytes, capacity 1024, 2 CPUs", 2, of_1, wides, 0.50),
	CASE("2P2C-32B", "32 bytes, 2 push and 2 pop, 2 CPUs", 4, of_2, wides, 0.50),
	CASE("4P4C-32B", "32 bytes, 4 push and 4 pop, 2 CPUs", 8, of_4, wides, 0.50),
	CASE("16P16C-32B", "32 bytes, 16 push and 16 pop, 2 CPUs", 32, of_16, wides, 0.50),
	{ .name = "queue/try", .what = "trypush and trypop of a pointer, one thread", .mode = SOLO,
	  .threads = 1, .cpus = 1, .max_ratio = 5.0, .race = &fast_tries, .subjects = tries },
	{ .name = "queue/16P16C-push", .what = "how long each push takes, 2 CPUs", .mode = OWN,
	  .threads = 32, .cpus = 2, .min_ms = 200, .subjects = timed, .more = latencies,
	  .load = &pushes },
	{ .name = "queue/16P16C-runs", .what = "runs of 20,000 items, 2 CPUs: which collapse",
	  .mode = OWN, .threads = 32, .cpus = 2, .subjects = many, .more = collapses,
	  .load = &runs },
	{ .name = "queue/8P4C-stalled", .what = "7 producers, while one sleeps 20 ms in a push",
	  .mode = OWN, .threads = 12, .cpus = 2, .min_ms = 200, .max_ratio = 0.20,
	  .subjects = stalled, .load = &stall },
	{ .name = NULL }
};
