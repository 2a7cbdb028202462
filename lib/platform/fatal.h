/* SPDX-License-Identifier: BSD-2-Clause */
/* fatal.h - misuse ends the program with one sentence. */
#ifndef PAWL_PLATFORM_FATAL_H
#define PAWL_PLATFORM_FATAL_H

#include <stdint.h>

/* "pawl: WHAT (DETAIL N)" on standard error, then abort(). */
_Noreturn void pawl_i_fatal(const char *what, const char *detail, uint64_t n);

/*
 * "pawl: VERB: OBJECT 0x... PROBLEM", or with @thread != 0 "... PROBLEM N", then abort().
 */
_Noreturn void pawl_i_misuse(const char *verb, const char *object, const void *address,
	const char *problem, uint64_t thread);

/* "pawl: SENTENCE" on standard error, and go on. */
void pawl_i_warn(const char *sentence);

#endif
