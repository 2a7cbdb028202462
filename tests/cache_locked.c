/* SPDX-License-Identifier: BSD-2-Clause */
/* cache_locked.c - lib/compose/cache.c and what it keeps its entries in, as configure makes them
 * where CK lacks barriers: in a program, they take the place of the library's. */
#include "config.h"

#include "platform/hb.h"

#include "compose/cache.c"
#include "reclaim/registry.c"
