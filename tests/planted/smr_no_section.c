/* SPDX-License-Identifier: BSD-2-Clause */
/* smr_no_section.c - planted: sections are annotated, but CK does not hear of them. */
#include "config.h"
#include "platform/hb.h"

#include <ck_epoch.h>

#define ck_epoch_begin(record, section) ((void)(record))
#define ck_epoch_end(record, section) ((record) != (section))
#include "reclaim/smr.c"
