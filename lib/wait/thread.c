/* SPDX-License-Identifier: BSD-2-Clause */
/* thread.c - pawl/thread.h.  Uses: wait/context. */
#include "config.h"

#include <errno.h>

#include <pawl/thread.h>

#include "wait/context.h"

int pawl_thread_attach(void)
{
	return pawl_i_context() ? 0 : ENOMEM;
}
