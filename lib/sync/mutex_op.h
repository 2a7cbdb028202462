/* SPDX-License-Identifier: BSD-2-Clause */
/* mutex_op.h - what mutex_op.c needs of mutex.c. */
#ifndef PAWL_SYNC_MUTEX_OP_H
#define PAWL_SYNC_MUTEX_OP_H

#include <pawl/mutex.h>

/* For what joined the queue of @m: see that somebody looks there. */
void pawl_i_mutex_announce(pawl_mutex *m, const char *verb);

#endif
