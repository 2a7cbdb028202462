/* SPDX-License-Identifier: BSD-2-Clause */
/* Permits that nobody wants can be had at every moment, whoever is giving out others meanwhile. */
#include <errno.h>

#include <pawl/op.h>
#include <pawl/sem.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = STALE_LOADS | WEAK_FAILURES | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static pawl_sem s;
static pawl_op op;

static void done(pawl_op *which, int rc)
{
	(void)which;
	MODEL_CHECK(rc == 0);
}

static void make(void)
{
	model_name(&s, sizeof s, "s");
	pawl_op_init_inline(&op, done, NULL);
}

static void take_or_give(unsigned who)
{
	if (who == 1) {
		MODEL_CHECK(pawl_sem_acquire(&s) == 0);
	} else if (who == 2) {
		int rc = pawl_sem_acquire_op(&s, &op);

		MODEL_CHECK(rc == 0 || rc == EINPROGRESS);
		if (rc != 0)
			model_saw(0);
	} else {
		pawl_sem_release(&s, 5);
		MODEL_CHECK(pawl_sem_tryacquire(&s) == 0);
	}
}

static void finish(void)
{
	MODEL_CHECK(pawl_sem_value(&s) == 2 && s.queue_ == 0);
}

MODEL(sem_spare, .about = "five permits for a thread and an op, and who released takes one",
      .threads = 3, .setup = make, .thread = take_or_give, .finish = finish,
      .enter = model_attach, .sights = { "the op waited" }, .without = NOISE | NO_MEMORY,
      .preemptions = 2);
