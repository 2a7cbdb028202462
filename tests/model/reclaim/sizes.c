/* SPDX-License-Identifier: BSD-2-Clause */
/* sizes.c - what models may set, and what they find done. */
#include "config.h"

#include "explorer/model.h"
#include "reclaim/sizes.h"
#include "wait/context.h"
#include "wait/line.h"

unsigned model_cells = 2;

/* Attach the calling thread, and have memory for queues, so that no schedule is spent on that. */
void model_attach(unsigned who)
{
	uint64_t queue = 0;
	struct waiter *w;

	(void)who;
	MODEL_CHECK(pawl_thread_attach() == 0);
	w = pawl_i_context()->waiter;
	MODEL_CHECK(pawl_i_line_join(&queue, w, pawl_i_waiter_arm(w)) == 0);
	MODEL_CHECK(pawl_i_waiter_give_up(w) == 0);
	pawl_i_line_leave(&queue, w);
}
