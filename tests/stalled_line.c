/* SPDX-License-Identifier: BSD-2-Clause */
/* stalled_line.c - see stalled_line.h: lib/wait/line.c with a step before each access. */
#include "config.h"

#include <pawl/atomic.h>

#include "stalled_line.h"
#include "stalls.h"

#undef pawl_load_
#define pawl_load_(p, order) (stall_step(), __atomic_load_n((p), PAWL_ORDER_##order##_))
#undef pawl_store_
#define pawl_store_(p, v, order) (stall_step(), __atomic_store_n((p), (v), PAWL_ORDER_##order##_))
#undef pawl_xchg_
#define pawl_xchg_(p, v, order) (stall_step(), __atomic_exchange_n((p), (v), PAWL_ORDER_##order##_))
#undef pawl_fetch_add_
#define pawl_fetch_add_(p, v, order) \
	(stall_step(), __atomic_fetch_add((p), (v), PAWL_ORDER_##order##_))
#undef pawl_cas_
#define pawl_cas_(p, expected, v, success, failure) \
	(stall_step(), __atomic_compare_exchange_n((p), (expected), (v), false, \
		PAWL_ORDER_##success##_, PAWL_ORDER_##failure##_))
#undef pawl_cas_weak_
#define pawl_cas_weak_(p, expected, v, success, failure) \
	(stall_step(), __atomic_compare_exchange_n((p), (expected), (v), true, \
		PAWL_ORDER_##success##_, PAWL_ORDER_##failure##_))

#define pawl_i_line_join stalled_line_join
#define pawl_i_line_leave stalled_line_leave
#define pawl_i_line_root stalled_line_root
#define pawl_i_line_first_of stalled_line_first_of
#define pawl_i_line_first stalled_line_first
#define pawl_i_line_tell_all stalled_line_tell_all
#define pawl_i_line_tell_before stalled_line_tell_before
#define pawl_i_line_enter stalled_line_enter
#define pawl_i_line_exit stalled_line_exit
#define pawl_i_line_words stalled_line_words
#include "wait/line.c"

struct waiter *stalled_line_waiter_get(uint32_t *ret_spare)
{
	struct waiter *w = pawl_i_waiter_get(NULL);

	if (w) {
		*ret_spare = w->spare;
		w->spare = 0;
	}
	return w;
}

void stalled_line_waiter_put(struct waiter *w, uint32_t spare)
{
	if (w->spare != 0)
		pawl_i_nodes_put(&segments, w->spare);
	w->spare = spare;
	pawl_i_waiter_put(w);
}

uint32_t stalled_line_segments(void)
{
	return pawl_i_nodes_made(&segments);
}
