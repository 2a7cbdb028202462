/* SPDX-License-Identifier: BSD-2-Clause */
/* no_lock.c - planted: who changes the set does not take the shard's lock. */
#include "config.h"
#include "platform/hb.h"

#include <pawl/mutex.h>

#define pawl_mutex_lock(m) ((void)(m))
#define pawl_mutex_unlock(m) ((void)(m))
#include "compose/cache.c"
