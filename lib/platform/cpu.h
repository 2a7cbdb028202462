/* SPDX-License-Identifier: BSD-2-Clause */
/* cpu.h - the CPU this runs on, and how to wait on it for a moment. */
#ifndef PAWL_PLATFORM_CPU_H
#define PAWL_PLATFORM_CPU_H

#include <stddef.h>
#include <stdint.h>

#include <ck_pr.h>

#include <pawl/atomic.h>

enum { CACHE_LINE = 64 };

/*
 * Return: how many pauses to spin before parking: about 2.5 us, measured at load, for one
 * pause takes 3 ns on one CPU and 40 on another.  A wake across cores costs 24 to 30 us
 * and one on the same core 2 to 3, so this doubles the cheapest wake at worst.
 */
uint32_t pawl_i_cpu_spins(void);

/* Tell the CPU that this is a spin loop: 1 to 60 ns. */
static inline void pawl_i_cpu_pause(void)
{
	ck_pr_stall();
}

/* Let another thread run that is ready to, if there is one. */
void pawl_i_cpu_yield(void);

/* Exported by glibc >= 2.35, which registers the area for every thread; weak, so that an
 * older libc only makes the fallback the rule. */
extern const ptrdiff_t __rseq_offset __attribute__((__weak__));
extern const unsigned __rseq_size __attribute__((__weak__));

/* struct rseq of the kernel begins so; cpu_id is negative while the thread is not
 * registered. */
struct rseq_area {
	uint32_t cpu_id_start;
	int32_t cpu_id;
};

/*
 * Return: the index of the CPU this runs on, which may be another by the time it is used;
 * negative where the kernel does not keep restartable sequences (old kernel or libc,
 * valgrind, GLIBC_TUNABLES).
 */
static inline int32_t pawl_i_cpu_index(void)
{
	const struct rseq_area *area;

	if (!&__rseq_size || __rseq_size == 0)
		return -1;
	area = (const struct rseq_area *)(const void *)
		((const char *)__builtin_thread_pointer() + __rseq_offset);
	/* R1 relaxed: written by the kernel for this thread alone; a hint, stale as soon as
	 * it is read. */
	return pawl_load_(&area->cpu_id, relaxed);
}

/* Return: how many CPUs the system has configured, >= 1. */
uint32_t pawl_i_cpu_count(void);

#endif
