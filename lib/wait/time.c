/* SPDX-License-Identifier: BSD-2-Clause */
/* time.c - pawl/time.h.  Uses: platform/clock, wait/context, wait/cq. */
#include "config.h"

#include <pawl/time.h>

#include "platform/clock.h"
#include "wait/context.h"
#include "wait/cq.h"

pawl_time pawl_now(void)
{
	return pawl_i_clock_now();
}

pawl_time pawl_after(pawl_ns d)
{
	pawl_time now = pawl_i_clock_now(), origin;

	if (d >= 0)
		return d < PAWL_FOREVER - now ? now + d : PAWL_FOREVER;
	origin = pawl_i_clock_origin();
	return now + d > origin ? now + d : origin;
}

static void tick(pawl_time now, bool all)
{
	pawl_i_context_tick(now, all);
	pawl_i_cq_tick(now, all);
}

int pawl_clock_set_virtual(pawl_time start)
{
	int err = pawl_i_clock_make_virtual(start);

	if (err == 0)
		tick(start, true);
	return err;
}

int pawl_clock_advance(pawl_ns d)
{
	int err = pawl_i_clock_move(d);

	if (err == 0)
		tick(pawl_i_clock_now(), false);
	return err;
}
