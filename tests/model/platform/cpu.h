/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpu.h - stands before lib/platform/cpu.h when the library is compiled for models: a pause is
 * a call, at which the explorer lets others run.
 */
#ifndef PAWL_PLATFORM_CPU_H
#define PAWL_PLATFORM_CPU_H

#include <stddef.h>
#include <stdint.h>

enum { CACHE_LINE = 64 };

uint32_t pawl_i_cpu_spins(void);
void pawl_i_cpu_pause(void);
void pawl_i_cpu_yield(void);
int32_t pawl_i_cpu_index(void);
uint32_t pawl_i_cpu_count(void);

#endif
