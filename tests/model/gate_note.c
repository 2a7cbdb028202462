/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who opens a gate goes by what those in the queue have noted, also when one of them is over, and
 * its waiter waits elsewhere.
 */
#include <errno.h>

#include <pawl/event.h>
#include <pawl/op.h>

#include "explorer/model.h"

enum { NONE = -1 };

static pawl_event e, later;
static pawl_op first, second, again;
static int results[2];

static void done(pawl_op *op, int rc)
{
	if (op != &again)
		results[op == &second] = rc;
}

static void make(void)
{
	model_name(&e, sizeof e, "e");
	model_name(&later, sizeof later, "later");
	results[0] = results[1] = NONE;
	pawl_event_set(&later);
	pawl_event_clear(&later);
	pawl_op_init_inline(&first, done, NULL);
	pawl_op_init_inline(&second, done, NULL);
	pawl_op_init_inline(&again, done, NULL);
	MODEL_CHECK(pawl_event_wait_op(&e, &first) == EINPROGRESS);
	MODEL_CHECK(pawl_event_wait_op(&e, &second) == EINPROGRESS);
}

static void cancel_or_set(unsigned who)
{
	if (who == 2) {
		pawl_event_set(&e);
	} else if (pawl_op_cancel(&first) == 0) {
		MODEL_CHECK(pawl_event_wait_op(&later, &again) == EINPROGRESS);
		model_saw(0);
	}
}

static void second_passed(void)
{
	MODEL_CHECK(results[0] == 0 || results[0] == ECANCELED);
	MODEL_CHECK(results[1] == 0);
	pawl_event_set(&later);
	MODEL_CHECK(e.queue_ == 0 && later.queue_ == 0);
}

MODEL(gate_note, .about = "two ops wait; T1 cancels one and starts it elsewhere, T2 sets the event",
      .threads = 2, .setup = make, .thread = cancel_or_set, .finish = second_passed,
      .enter = model_attach, .sights = { "it waits elsewhere" }, .without = NO_MEMORY);
