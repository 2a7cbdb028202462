/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cancel that comes after a latch is open does not end a wait for it, even if the last who
 * arrived was stopped before it had answered that wait.
 */
#include <pawl/latch.h>
#include <pawl/scope.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = STALE_LOADS | WEAK_FAILURES | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static pawl_latch l;
static pawl_cancel *source;

static void make(void)
{
	model_name(&l, sizeof l, "l");
	MODEL_CHECK(pawl_latch_init(&l, 1) == 0);
	MODEL_CHECK(pawl_cancel_open(NULL, &source) == 0);
}

static void pass_in_scope(void)
{
	pawl_scope scope;

	pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
	MODEL_CHECK(pawl_scope_leave(&scope, pawl_latch_wait_until(&l, PAWL_FOREVER)) == 0);
	model_saw(0);
}

static void open_then_cancel(unsigned who)
{
	if (who == 1) {
		pass_in_scope();
	} else if (who == 2) {
		pawl_latch_arrive(&l);
	} else {
		MODEL_CHECK(pawl_latch_wait_until(&l, PAWL_FOREVER) == 0);
		pawl_cancel_fire(source, 1);
	}
}

static void finish(void)
{
	pawl_cancel_close(source);
}

MODEL(latch_cancel, .about = "one opens it, one passes and fires, one waits under that",
      .threads = 3, .setup = make, .thread = open_then_cancel, .finish = finish,
      .enter = model_attach, .sights = { "it passed" }, .without = NOISE, .preemptions = 2);
