/* SPDX-License-Identifier: BSD-2-Clause */
/* eager.c - no bug, but as in window.h: everybody reclaims as early as may be, and some
 * sleep inside sections. */
#include "config.h"
#include "platform/hb.h"
#include "window.h"

static bool planted_enter(void)
{
	static __thread unsigned count;

	planted_unprotected = ++count % 64 == 0;
	return pawl_i_smr_enter();
}

#define pawl_i_smr_enter planted_enter
#include "compose/cache.c"
