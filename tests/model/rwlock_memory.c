/* SPDX-License-Identifier: BSD-2-Clause */
/* Those for whom there is no memory to wait in a line poll; a reader keeps its turn. */
#include <errno.h>

#include <pawl/op.h>
#include <pawl/rwlock.h>

#include "explorer/model.h"
#include "platform/tls.h"

#define COUNTS (((uint64_t)1 << 43) - 1)

static pawl_rwlock l;
static pawl_op first;
static int data;

static void done(pawl_op *op, int rc)
{
	(void)op;
	MODEL_CHECK(rc == 0);
}

static void make(void)
{
	model_name(&l, sizeof l, "l");
	pawl_op_init_inline(&first, done, NULL);
}

static void make_written(void)
{
	make();
	MODEL_CHECK(pawl_rwlock_wrlock_op(&l, &first) == 0);
}

static void make_read(void)
{
	make();
	MODEL_CHECK(pawl_rwlock_rdlock_op(&l, &first) == 0);
}

static void judge(void)
{
	MODEL_CHECK((l.word_ & COUNTS & ~(uint64_t)4) == 0);
	MODEL_CHECK(l.readers_ == 0 && l.writers_ == 0);
}

static void saw(int rc)
{
	MODEL_CHECK(rc == 0 || (rc == ETIMEDOUT && pawl_now() >= model_soon()));
	if (!pawl_i_tls.context)
		model_saw(rc == 0 ? 0 : 1);
}

static void unlock_or_read(unsigned who)
{
	int rc;

	if (who == 1) {
		data = 1;
		pawl_rwlock_wrunlock(&l);
		return;
	}
	rc = pawl_rwlock_rdlock_until(&l, model_soon());
	saw(rc);
	if (rc == 0) {
		MODEL_CHECK(data == 1);
		pawl_rwlock_rdunlock(&l);
	}
}

static void leave_or_write(unsigned who)
{
	int rc;

	if (who == 1) {
		pawl_rwlock_rdunlock(&l);
		return;
	}
	rc = pawl_rwlock_wrlock_until(&l, model_soon());
	saw(rc);
	if (rc == 0)
		pawl_rwlock_wrunlock(&l);
}

#define MEMORY .threads = 2, .finish = judge, \
	.sights = { "one had no memory and got it", "one had no memory and gave up" }

MODEL(rwlock_memory_read, .about = "T1 unlocks, T2 has no memory and would read",
      .setup = make_written, .thread = unlock_or_read, MEMORY);

MODEL(rwlock_memory_write, .about = "T1 leaves, T2 has no memory and would write",
      .setup = make_read, .thread = leave_or_write, MEMORY);

/* BIAS needs a context to note the lock in: who has none is counted. */
static void make_biased(void)
{
	make();
	l.word_ = 4;
}

static void write_or_read(unsigned who)
{
	if (who == 1) {
		pawl_rwlock_wrlock(&l);
		data++;
		pawl_rwlock_wrunlock(&l);
		return;
	}
	pawl_rwlock_rdlock(&l);
	MODEL_CHECK(data >= 0);
	if (!pawl_i_tls.context)
		model_saw(0);
	pawl_rwlock_rdunlock(&l);
}

MODEL(rwlock_memory_slot, .about = "T1 writes, T2 reads and has no slot", .threads = 2,
      .setup = make_biased, .thread = write_or_read, .finish = judge,
      .sights = { "one had no memory" });

/* An op says so, and is in no line. */
static pawl_op op;

static void unlock_or_start(unsigned who)
{
	int rc;

	if (who == 1) {
		pawl_rwlock_wrunlock(&l);
		return;
	}
	rc = pawl_rwlock_rdlock_op(&l, &op);
	MODEL_CHECK(rc == 0 || rc == ENOMEM || rc == EINPROGRESS);
	if (rc == ENOMEM)
		model_saw(0);
	if (rc == 0)
		pawl_rwlock_rdunlock(&l);
}

static void done_reading(pawl_op *which, int rc)
{
	(void)which;
	MODEL_CHECK(rc == 0);
	pawl_rwlock_rdunlock(&l);
}

static void make_op(void)
{
	make_written();
	pawl_op_init_inline(&op, done_reading, NULL);
}

MODEL(rwlock_memory_op, .about = "T1 unlocks, T2 has no memory to start an op", .threads = 2,
      .setup = make_op, .thread = unlock_or_start, .finish = judge,
      .sights = { "it had no memory" });
