/* SPDX-License-Identifier: BSD-2-Clause */
/* cache_locked.c - lib/compose/cache.c as configure makes it where CK lacks barriers:
 * in a program, it takes the place of the library's. */
#include "config.h"

#include "platform/hb.h"

#include "compose/cache.c"
