/* SPDX-License-Identifier: BSD-2-Clause */
/* tables.c - the cases of pawl-bench. */
#include "config.h"

#include "bench.h"

const struct bench_case *const bench_tables[] = {
	bench_mutex, bench_cond, bench_rwlock, bench_sem, bench_event, bench_queue, bench_once,
	bench_counter, bench_cache, NULL
};
