/* SPDX-License-Identifier: BSD-2-Clause */
/* freed_at_once.c - planted: what was unlinked is freed at once, not deferred. */
#include "config.h"
#include "platform/hb.h"
#include "reclaim/smr.h"

#define pawl_i_smr_retire(entry, fn, size) ((void)(size), (fn)(entry))
#include "compose/cache.c"
