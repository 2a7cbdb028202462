/* SPDX-License-Identifier: BSD-2-Clause */
/* misuse.h - what is said of a misuse, for test_misuse*.c. */
#ifndef TESTS_MISUSE_H
#define TESTS_MISUSE_H

#include <pawl/op.h>

#include "support.h"

/* The child, in which @fn runs, ends with "pawl: <call>: <kind> <object> <problem>", where # stands
 * for the number of a thread.  The object has the same address there. */
void expect_line(void (*fn)(void *arg), const char *call, const char *kind, const void *object,
	const char *problem);

/* done() of an op that is not done. */
void not_called(pawl_op *op, int rc);

#endif
