/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tally.c - pawl/tally.h.  Uses: atomic, platform.
 *
 * A cell per configured CPU, rounded up to a power of two, each on a cache line of its
 * own.  The CPU's index is only a hint: a thread may be moved between reading it and
 * adding, so the addition is a read-modify-write; its line is then mostly in this CPU's
 * cache, which is all that counts.
 */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>
#include <pawl/tally.h>

#include "platform/cpu.h"
#include "platform/memory.h"
#include "platform/tls.h"

struct cell {
	_Alignas(CACHE_LINE) uint64_t value;
};

int pawl_tally_init(pawl_tally *t)
{
	uint32_t cpus = pawl_i_cpu_count(), cells = 1;
	struct cell *memory;

	while (cells < cpus)
		cells *= 2;
	memory = pawl_i_memory_get(cells * sizeof *memory, CACHE_LINE);
	if (!memory)
		return ENOMEM;
	t->cells_ = memory;
	t->mask_ = cells - 1;
	return 0;
}

void pawl_tally_destroy(pawl_tally *t)
{
	pawl_i_memory_put(t->cells_);
	t->cells_ = NULL;
}

static inline void add(pawl_tally *t, uint32_t index, int64_t n)
{
	struct cell *cells = t->cells_;

	/* T1 relaxed: counts only. */
	(void)pawl_fetch_add_(&cells[index & t->mask_].value, (uint64_t)n, relaxed);
}

/* Where the CPU's index is not to be had.  Apart, to keep the usual path free of a frame. */
__attribute__((__noinline__, __cold__)) static void add_by_thread(pawl_tally *t, int64_t n)
{
	add(t, (uint32_t)(pawl_i_self() >> 32), n);
}

void pawl_tally_add(pawl_tally *t, int64_t n)
{
	int32_t cpu = pawl_i_cpu_index();

	if (pawl_likely_(cpu >= 0))
		add(t, (uint32_t)cpu, n);
	else
		add_by_thread(t, n);
}

int64_t pawl_tally_sum(const pawl_tally *t)
{
	const struct cell *cells = t->cells_;
	uint64_t sum = 0;

	for (uint32_t i = 0; i <= t->mask_; i++)
		/* T2 relaxed: counts only. */
		sum += pawl_load_(&cells[i].value, relaxed);
	return (int64_t)sum;
}
