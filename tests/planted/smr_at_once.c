/* SPDX-License-Identifier: BSD-2-Clause */
/* smr_at_once.c - planted: what is retired is reclaimed at once, annotations and all. */
#include "config.h"
#include "platform/hb.h"

#include <ck_epoch.h>

#define ck_epoch_call(record, entry, fn) ((fn)(entry))
#include "reclaim/smr.c"
