/* SPDX-License-Identifier: BSD-2-Clause */
/* cancel.h - sources of cancels, as scopes look at them.  Uses: atomic, platform, context. */
#ifndef PAWL_WAIT_CANCEL_H
#define PAWL_WAIT_CANCEL_H

#include <stdint.h>

#include <pawl/scope.h>

/* Return: bits that stand for @c and its ancestors: who has any of them in its context's
 * `cancels` is woken when one of those is fired. */
uint64_t pawl_i_cancel_bits(const pawl_cancel *c);

#endif
