/* SPDX-License-Identifier: BSD-2-Clause */
/* history.h - the operations of a run, for the specification of its model to judge. */
#ifndef EXPLORER_HISTORY_H
#define EXPLORER_HISTORY_H

#include <stdio.h>

#include "explorer/linear.h"

void history_reset(void);

/* Ends the run as failed if @spec, unless it is NULL, allows no order of the operations. */
void history_check(const struct specification *spec);
void history_print(FILE *f, const struct specification *spec);

#endif
