/* SPDX-License-Identifier: BSD-2-Clause */
/* fork.c - see fork.h. */
#include "config.h"

#include <pthread.h>

#include "platform/fatal.h"
#include "platform/fork.h"

void pawl_i_fork_child(void (*fn)(void))
{
	int err = pthread_atfork(NULL, NULL, fn);

	if (err != 0)
		pawl_i_fatal("no memory to register for fork", "error", (uint64_t)err);
}
