/* SPDX-License-Identifier: BSD-2-Clause */
/* sem_op.h - what sem_op.c and sem_many.c need of sem.c. */
#ifndef PAWL_SYNC_SEM_OP_H
#define PAWL_SYNC_SEM_OP_H

#include <pawl/sem.h>

/* Take @least permits, or up to @most.  Return: 0, and @ret_n; EAGAIN; EPIPE. */
int pawl_i_sem_take(pawl_sem *s, int64_t least, int64_t most, int64_t *ret_n);

enum { SEM_INSISTS = 1 };	/* noted of a wait: it wants GRANT, not RETRY */

/* For what joined the queue of @s: see that somebody looks there.  Return: EAGAIN: it has to
 * wait; 0: there is a permit; EPIPE. */
int pawl_i_sem_announce(pawl_sem *s);

#endif
