/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * present.h - the contexts of tasks that have begun and have not ended.  Uses: atomic.
 *
 * Those of a peak stay for ever, but not here: so a look at all costs as much as there are tasks
 * now.  One thread at a time adds and removes; any thread looks at all, from the last to the first:
 *
 *	for (uint32_t n = pawl_i_present_count(); n > 0;)
 *		look at pawl_i_present_at(--n);
 *
 * I1  which does not miss one that was added before the count was read, and is not removed
 *     meanwhile: it only moves downwards, when another one is removed, and is in its new place
 *     before anything takes its old one.
 * I2  it may find one twice, and one that was removed.
 */
#ifndef PAWL_WAIT_PRESENT_H
#define PAWL_WAIT_PRESENT_H

#include <stdint.h>

enum { PRESENT_MAX = 1 << 18 };	/* at once */

struct context;

void pawl_i_present_add(struct context *c);
void pawl_i_present_remove(struct context *c);

/* In the child of a fork that has no tasks.  They are not removed any more. */
void pawl_i_present_forget(void);

uint32_t pawl_i_present_count(void);
struct context *pawl_i_present_at(uint32_t n);

#endif
