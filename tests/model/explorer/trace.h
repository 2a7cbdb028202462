/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.h - what one run did, line by line. */
#ifndef EXPLORER_TRACE_H
#define EXPLORER_TRACE_H

#include <stdio.h>

void trace_reset(void);

/* The steps of the run that was traced, and where its threads are. */
void trace_print(FILE *f);

#endif
