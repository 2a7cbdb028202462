/* SPDX-License-Identifier: BSD-2-Clause */
/* peek.h - read what may be gone. */
#ifndef PAWL_PLATFORM_PEEK_H
#define PAWL_PLATFORM_PEEK_H

#include <stdint.h>

/* Async-signal-safe.  Return: *@p, or 0 if it is not there any more. */
uint64_t pawl_i_peek(const uint64_t *p);

#endif
