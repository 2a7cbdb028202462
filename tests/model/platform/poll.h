/* SPDX-License-Identifier: BSD-2-Clause */
/* poll.h - what models of completion queues do instead of poll(2). */
#ifndef MODEL_PLATFORM_POLL_H
#define MODEL_PLATFORM_POLL_H

/* Sleep until the descriptor @fd of a queue is readable; may end for no reason. */
void model_poll(int fd);

#endif
