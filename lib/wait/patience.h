/* SPDX-License-Identifier: BSD-2-Clause */
/* patience.h - what a call does before it stands in line.  Uses: park, platform. */
#ifndef PAWL_WAIT_PATIENCE_H
#define PAWL_WAIT_PATIENCE_H

#include <stdbool.h>

#include "wait/limit.h"

/*
 * @attempt, again and again, while that costs less than to park; but not for long when
 * @others_wait already.
 *
 * Return: what @attempt does: EAGAIN: stand in line.
 */
int pawl_i_patience(struct limit *l, int (*attempt)(void *arg), bool (*others_wait)(void *arg),
	void *arg);

#endif
