/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.c - see clock.h; the system's clock is in clock_system.c.
 *
 * virtual_now is REAL (-1) until the clock is made virtual, and then the instant,
 * which only grows.
 */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>

#include "platform/clock.h"

enum { REAL = -1 };

static int64_t virtual_now = REAL;
static int64_t first_instant;	/* K5..K7 */

__attribute__((__constructor__)) static void note_origin(void)
{
	/* K5 relaxed: before other threads can call in; a hint for a message. */
	pawl_store_(&first_instant, pawl_i_clock_real(), relaxed);
}

int64_t pawl_i_clock_now(void)
{
	/* K1 seq_cst: pairs with K3, K4.  w[deadline] r[now] here against w[now]
	 * r[deadline] in the ticks of context.c: not both see the old one. */
	int64_t now = pawl_load_(&virtual_now, seq_cst);

	return now == REAL ? pawl_i_clock_real() : now;
}

bool pawl_i_clock_is_virtual(void)
{
	/* K2 relaxed: where it counts, it follows a K1 of the same thread, and one location
	 * never goes back. */
	return pawl_load_(&virtual_now, relaxed) != REAL;
}

int64_t pawl_i_clock_origin(void)
{
	/* K7 relaxed: a number by itself. */
	return pawl_load_(&first_instant, relaxed);
}

int pawl_i_clock_make_virtual(int64_t start)
{
	int64_t expected = REAL;

	if (start < 0 || start == INT64_MAX)
		return EINVAL;
	/* K3 seq_cst: pairs with K1. */
	if (!pawl_cas_(&virtual_now, &expected, start, seq_cst, seq_cst))
		return EALREADY;
	/* K6 relaxed: a number by itself. */
	pawl_store_(&first_instant, start, relaxed);
	return 0;
}

int pawl_i_clock_move(int64_t d)
{
	int64_t now, then;

	if (d < 0)
		return EINVAL;
	/* K8 relaxed: K4 looks again. */
	now = pawl_load_(&virtual_now, relaxed);
	do {
		if (now == REAL)
			return EPERM;
		then = d < INT64_MAX - 1 - now ? now + d : INT64_MAX - 1;
		/* K4 seq_cst: pairs with K1. */
	} while (!pawl_cas_weak_(&virtual_now, &now, then, seq_cst, relaxed));
	return 0;
}
