/* SPDX-License-Identifier: BSD-2-Clause */
/* stalled_queue.c - see stalled_queue.h: lib/wait/queue.c with a step before each access. */
#include "config.h"

#include <pawl/atomic.h>

#include "stalled_queue.h"
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

#define pawl_i_queue_join stalled_queue_join
#define pawl_i_queue_leave stalled_queue_leave
#define pawl_i_queue_root stalled_queue_root
#define pawl_i_queue_first_of stalled_queue_first_of
#define pawl_i_queue_first stalled_queue_first
#define pawl_i_queue_tell_all stalled_queue_tell_all
#define pawl_i_queue_tell_before stalled_queue_tell_before
#define pawl_i_queue_enter stalled_queue_enter
#define pawl_i_queue_exit stalled_queue_exit
#define pawl_i_queue_words stalled_queue_words
#include "wait/queue.c"

struct waiter *stalled_queue_waiter_get(uint32_t *ret_spare)
{
	struct waiter *w = pawl_i_waiter_get(NULL);

	if (w) {
		*ret_spare = w->spare;
		w->spare = 0;
	}
	return w;
}

void stalled_queue_waiter_put(struct waiter *w, uint32_t spare)
{
	if (w->spare != 0)
		pawl_i_nodes_put(&segments, w->spare);
	w->spare = spare;
	pawl_i_waiter_put(w);
}

uint32_t stalled_queue_segments(void)
{
	return pawl_i_nodes_made(&segments);
}
