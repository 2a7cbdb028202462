/* SPDX-License-Identifier: BSD-2-Clause */
/* cpu.c - see cpu.h. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include <pawl/atomic.h>

#include "platform/clock.h"
#include "platform/cpu.h"

enum { SPIN_NS = 2500, SPINS_MIN = 10, SPINS_MAX = 1000, SAMPLE = 32, SAMPLES = 3 };

static uint32_t spins = SPINS_MIN;

static int64_t time_sample(void)
{
	int64_t begin = pawl_i_clock_real();

	for (int i = 0; i < SAMPLE; i++)
		pawl_i_cpu_pause();
	return pawl_i_clock_real() - begin;
}

/* The quickest of several, as any but that was interrupted. */
__attribute__((__constructor__)) static void measure_pause(void)
{
	int64_t best = INT64_MAX, count;

	for (int i = 0; i < SAMPLES; i++) {
		int64_t ns = time_sample();

		if (ns < best)
			best = ns;
	}
	count = (int64_t)SPIN_NS * SAMPLE / (best > 0 ? best : 1);
	if (count < SPINS_MIN)
		count = SPINS_MIN;
	if (count > SPINS_MAX)
		count = SPINS_MAX;
	/* R2 relaxed: a hint by itself. */
	pawl_store_(&spins, (uint32_t)count, relaxed);
}

uint32_t pawl_i_cpu_spins(void)
{
	/* R3 relaxed: the same. */
	return pawl_load_(&spins, relaxed);
}

uint32_t pawl_i_cpu_count(void)
{
	int saved = errno;
	long n = sysconf(_SC_NPROCESSORS_CONF);

	errno = saved;
	return n > 0 ? (uint32_t)n : 1;
}

void pawl_i_cpu_yield(void)
{
	(void)sched_yield();
}
