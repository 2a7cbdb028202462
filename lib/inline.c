/* SPDX-License-Identifier: BSD-2-Clause */
/* inline.c - the exported twins of the headers' inline functions, see pawl/base.h. */
#include "config.h"

#define PAWL_INLINE_	/* emit them here */
#include <pawl/pawl.h>
