/* SPDX-License-Identifier: BSD-2-Clause */
/* section_sometimes.c - planted: one read in 64 has no section. */
#include "config.h"
#include "platform/hb.h"
#include "window.h"

static bool planted_enter(void)
{
	static __thread unsigned count;
	bool inside = pawl_i_smr_enter();

	if (inside && ++count % 64 == 0) {
		pawl_i_smr_leave();
		planted_unprotected = true;
	}
	return inside;
}

static void planted_leave(void)
{
	if (pawl_i_smr_is_inside())
		pawl_i_smr_leave();
}

#define pawl_i_smr_enter planted_enter
#define pawl_i_smr_leave planted_leave
#include "compose/cache.c"
