/* SPDX-License-Identifier: BSD-2-Clause */
/* section_early.c - planted: sections end before what was found in them is used. */
#include "config.h"
#include "platform/hb.h"
#include "window.h"

static bool planted_enter(void)
{
	static __thread unsigned count;
	bool inside = pawl_i_smr_enter();

	if (inside)
		pawl_i_smr_leave();
	planted_unprotected = ++count % 8 == 0;
	return inside;
}

#define pawl_i_smr_enter planted_enter
#define pawl_i_smr_leave() ((void)0)
#include "compose/cache.c"
