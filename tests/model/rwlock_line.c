/* SPDX-License-Identifier: BSD-2-Clause */
/* rwlock_line.c - when nobody stands in the line of writers any more, readers need not wait. */
#include <errno.h>

#include <pawl/op.h>
#include <pawl/rwlock.h>

#include "explorer/model.h"

enum sight { WAITED };

static pawl_rwlock l;
static pawl_op first, second, third;

static void done(pawl_op *op, int rc)
{
	(void)op;
	MODEL_CHECK(rc == 0);
}

static void leave(pawl_op *op, int rc)
{
	(void)op;
	MODEL_CHECK(rc == 0 || rc == ECANCELED);
	if (rc == 0)
		pawl_rwlock_wrunlock(&l);
}

/* One reader is inside. */
static void make(void)
{
	model_name(&l, sizeof l, "l");
	pawl_op_init_inline(&first, done, NULL);
	pawl_op_init_inline(&second, done, NULL);
	pawl_op_init_inline(&third, leave, NULL);
	MODEL_CHECK(pawl_rwlock_rdlock_op(&l, &first) == 0);
}

/* The same at the end, and no writer is there, or waits. */
static void judge(void)
{
	MODEL_CHECK(pawl_rwlock_tryrdlock(&l) == 0);
	pawl_rwlock_rdunlock(&l);
	pawl_rwlock_rdunlock(&l);
}

/* A writer is handed the lock by the reader, who comes again behind it. */
static void write_or_read_again(unsigned who)
{
	if (who == 1) {
		if (pawl_rwlock_wrlock_until(&l, model_soon()) == 0)
			pawl_rwlock_wrunlock(&l);
		return;
	}
	pawl_rwlock_rdunlock(&l);
	if (pawl_rwlock_rdlock_op(&l, &second) == EINPROGRESS)
		model_saw(WAITED);
}

MODEL(rwlock_line_unlock, .about = "the last writer in line lets a reader in", .threads = 2,
      .setup = make, .thread = write_or_read_again, .finish = judge, .enter = model_attach,
      .sights = { "the reader waited" }, .without = NO_MEMORY);

/* The writer stays, as a reader. */
static void downgrade_or_leave(unsigned who)
{
	if (who == 2) {
		pawl_rwlock_rdunlock(&l);
		return;
	}
	if (pawl_rwlock_trywrlock(&l) != 0) {
		model_saw(WAITED);
		pawl_rwlock_wrlock(&l);
	}
	pawl_rwlock_downgrade(&l);
}

MODEL(rwlock_line_downgrade, .about = "the last writer in line becomes a reader", .threads = 2,
      .setup = make, .thread = downgrade_or_leave, .finish = judge, .enter = model_attach,
      .sights = { "the writer waited" });

/* One finds no reader as it comes, and gives up; the other, behind a new reader, finds it in line:
 * with --bounds=3/1, in 20 s. */
static void late(unsigned who)
{
	if (who == 2) {
		pawl_rwlock_rdunlock(&l);
		if (pawl_rwlock_rdlock_op(&l, &second) == 0 &&
		    pawl_rwlock_wrlock_op(&l, &third) == EINPROGRESS)
			(void)pawl_op_cancel(&third);
	} else if (pawl_rwlock_wrlock_until(&l, model_soon()) == 0) {
		pawl_rwlock_wrunlock(&l);
	} else {
		model_saw(WAITED);
	}
}

MODEL(rwlock_line_late, .about = "two give up, of whom one found no reader as it came",
      .threads = 2, .setup = make, .thread = late, .finish = judge,
      .enter = model_attach, .sights = { "one gave up" }, .without = NO_MEMORY);
