/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.h - the only clock, real or virtual.  Instants are ns, see pawl/time.h. */
#ifndef PAWL_PLATFORM_CLOCK_H
#define PAWL_PLATFORM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* What pawl_now() returns. */
int64_t pawl_i_clock_now(void);

/* CLOCK_MONOTONIC, also when time is virtual: for how long threads really waited. */
int64_t pawl_i_clock_real(void);

bool pawl_i_clock_is_virtual(void);

/* The first instant there is: nothing that pawl_after() returns is smaller. */
int64_t pawl_i_clock_origin(void);

/* For lib/wait/time.c, which wakes those who wait.  See pawl/time.h for results. */
int pawl_i_clock_make_virtual(int64_t start);
int pawl_i_clock_move(int64_t d);

/* Sleep for @ns of real time, or less. */
void pawl_i_clock_sleep(int64_t ns);

#endif
