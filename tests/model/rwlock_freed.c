/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who gets the lock for writing, and knows that nobody else will come, may free it, while the
 * unlock that let it have it has not returned yet.
 */
#include <errno.h>

#include <pawl/op.h>
#include <pawl/rwlock.h>

#include "explorer/model.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = STALE_LOADS | WEAK_FAILURES | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
enum { BIAS = 4 };

static pawl_rwlock *l;
static pawl_op reader;
static int data, was_read;

static void make(void)
{
	l = model_alloc(sizeof *l);
	was_read = 1;
}

static void make_biased(void)
{
	make();
	l->word_ = BIAS;
}

static void write_and_free(void)
{
	pawl_rwlock_wrlock(l);
	MODEL_CHECK(was_read);
	data++;
	model_saw(0);
	model_free(l);
}

static void enter_read(unsigned who)
{
	model_attach(who);
	if (who > 1)
		pawl_rwlock_rdlock(l);
}

static void enter_write(unsigned who)
{
	model_attach(who);
	if (who > 1)
		pawl_rwlock_wrlock(l);
}

static void free_or_leave(unsigned who)
{
	if (who == 1)
		write_and_free();
	else
		pawl_rwlock_rdunlock(l);
}

static void free_or_unlock(unsigned who)
{
	if (who == 1)
		write_and_free();
	else
		pawl_rwlock_wrunlock(l);
}

static void free_or_downgrade(unsigned who)
{
	if (who == 1) {
		write_and_free();
		return;
	}
	pawl_rwlock_downgrade(l);
	pawl_rwlock_rdunlock(l);
}

#define FREED .sights = { "it was freed" }

MODEL(rwlock_freed_read, .about = "T1 writes and frees it, T2 leaves, which read", .threads = 2,
      .setup = make, .enter = enter_read, .thread = free_or_leave, FREED);

MODEL(rwlock_freed_slot, .about = "the same, T2 is noted in a slot", .threads = 2,
      .setup = make_biased, .enter = enter_read, .thread = free_or_leave, FREED);

MODEL(rwlock_freed_two, .about = "T1 writes and frees it, two leave, which read", .threads = 3,
      .setup = make, .enter = enter_read, .thread = free_or_leave, FREED, .without = NOISE,
      .preemptions = 2);

MODEL(rwlock_freed_written, .about = "T1 writes and frees it, T2 unlocks, which wrote",
      .threads = 2, .setup = make, .enter = enter_write, .thread = free_or_unlock, FREED);

MODEL(rwlock_freed_downgraded, .about = "the same, T2 becomes a reader first", .threads = 2,
      .setup = make, .enter = enter_write, .thread = free_or_downgrade, FREED);

/* A reader waits already, and so is in before T1. */
static void done(pawl_op *op, int rc)
{
	(void)op;
	MODEL_CHECK(rc == 0);
	was_read = 1;
	pawl_rwlock_rdunlock(l);
}

static void enter_and_wait(unsigned who)
{
	enter_write(who);
	if (who == 1)
		return;
	was_read = 0;
	pawl_op_init_inline(&reader, done, NULL);
	MODEL_CHECK(pawl_rwlock_rdlock_op(l, &reader) == EINPROGRESS);
}

MODEL(rwlock_freed_admitted, .about = "an op waits to read; T1 writes and frees it, T2 unlocks",
      .threads = 2, .setup = make, .enter = enter_and_wait, .thread = free_or_unlock, FREED);

/* A thread waits to read, and leaves when T1 is in line, or not yet. */
static void free_read_unlock(unsigned who)
{
	if (who == 1) {
		while (__atomic_load_n(&was_read, __ATOMIC_RELAXED) == 0)
			model_pause();
		write_and_free();
	} else if (who == 2) {
		pawl_rwlock_wrunlock(l);
	} else {
		pawl_rwlock_rdlock(l);
		__atomic_store_n(&was_read, 1, __ATOMIC_RELAXED);
		pawl_rwlock_rdunlock(l);
	}
}

static void enter_one_write(unsigned who)
{
	model_attach(who);
	was_read = 0;
	if (who == 2)
		pawl_rwlock_wrlock(l);
}

MODEL(rwlock_freed_three, .about = "T2 unlocks, which wrote, T3 reads, T1 writes then and frees it",
      .threads = 3, .setup = make, .enter = enter_one_write, .thread = free_read_unlock, FREED,
      .without = NOISE, .preemptions = 2);
