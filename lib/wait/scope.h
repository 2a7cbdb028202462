/* SPDX-License-Identifier: BSD-2-Clause */
/* scope.h - scopes, as waits look at them.  Uses: platform, cancel. */
#ifndef PAWL_WAIT_SCOPE_H
#define PAWL_WAIT_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include <pawl/scope.h>

/* Return: whether a source that reaches into @s was fired. */
bool pawl_i_scope_is_fired(const pawl_scope *s);

/* A call inside @s ends because ->limit_ passed: note that in whose deadline it is. */
void pawl_i_scope_expire(pawl_scope *s);

/* Return: bits of the sources that reach into @s, see cancel.h. */
uint64_t pawl_i_scope_cancels(const pawl_scope *s);

#endif
