/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose turn it is: who waits to read is let in with all the others, before the second writer; who
 * comes to read after a writer waits for it.
 */
#include <errno.h>

#include <pawl/op.h>
#include <pawl/rwlock.h>

#include "explorer/model.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = STALE_LOADS | WEAK_FAILURES | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
#define COUNTS (((uint64_t)1 << 43) - 1)

static pawl_rwlock l;
static pawl_op ops[3];
static int passed, place[3], inside, data;

/* The first is inside; the others pass, and leave at once. */
static void done(pawl_op *op, int rc)
{
	MODEL_CHECK(rc == 0);
	__atomic_store_n(&place[op - ops], ++passed, __ATOMIC_RELAXED);
	if (pawl_op_user(op)) {
		data++;
		pawl_rwlock_wrunlock(&l);
	} else {
		pawl_rwlock_rdunlock(&l);
	}
}

static int start(unsigned i, bool to_write)
{
	pawl_op_init_inline(&ops[i], done, to_write ? &l : NULL);
	return to_write ? pawl_rwlock_wrlock_op(&l, &ops[i]) : pawl_rwlock_rdlock_op(&l, &ops[i]);
}

static void make(bool to_write)
{
	model_name(&l, sizeof l, "l");
	MODEL_CHECK(start(0, to_write) == 0);
}

static void make_written(void)
{
	make(true);
}

/* Inside is a reader; a writer waits. */
static void make_read(void)
{
	make(false);
	MODEL_CHECK(start(1, true) == EINPROGRESS);
}

/* Inside is a writer; then come a reader and a writer, or the other way round. */
static void make_reader_writer(void)
{
	make(true);
	MODEL_CHECK(start(1, false) == EINPROGRESS);
	MODEL_CHECK(start(2, true) == EINPROGRESS);
}

static void make_writer_reader(void)
{
	make(true);
	MODEL_CHECK(start(1, true) == EINPROGRESS);
	MODEL_CHECK(start(2, false) == EINPROGRESS);
}

static void judge(void)
{
	MODEL_CHECK((l.word_ & COUNTS & ~(uint64_t)4) == 0);
	MODEL_CHECK(l.readers_ == 0 && l.writers_ == 0);
}

static int place_of(unsigned i)
{
	return __atomic_load_n(&place[i], __ATOMIC_RELAXED);
}

/* Two come while a writer is inside: they meet, or wait for ever. */
static void unlock_or_meet(unsigned who)
{
	if (who == 1) {
		data = 1;
		pawl_rwlock_wrunlock(&l);
		return;
	}
	pawl_rwlock_rdlock(&l);
	MODEL_CHECK(data == 1);
	__atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&inside, __ATOMIC_RELAXED) < 2)
		model_pause();
	model_saw(0);
	pawl_rwlock_rdunlock(&l);
}

MODEL(rwlock_admitted, .about = "two wait to read, one unlocks: they meet", .threads = 3,
      .setup = make_written, .thread = unlock_or_meet, .finish = judge, .enter = model_attach,
      .sights = { "they met" }, .without = NOISE, .preemptions = 2);

/* The reader was there before the unlock: it is in before both writers. */
static void unlock_or_write(unsigned who)
{
	if (who == 1) {
		data++;
		pawl_rwlock_wrunlock(&l);
		return;
	}
	pawl_rwlock_wrlock(&l);
	model_saw(place_of(2) != 0 && place_of(1) != 0 ? 0 : 1);
	MODEL_CHECK(ops[1].user_ ? place_of(2) != 0 : place_of(1) != 0);
	data++;
	pawl_rwlock_wrunlock(&l);
}

static void reader_before_writer(void)
{
	MODEL_CHECK(ops[1].user_ ? place[2] == 1 && place[1] == 2 : place[1] == 1 && place[2] == 2);
	judge();
}

#define TURNS .threads = 2, .thread = unlock_or_write, .finish = reader_before_writer, \
	.enter = model_attach

MODEL(rwlock_phase, .about = "a reader and a writer wait; T1 unlocks, T2 writes", TURNS,
      .setup = make_reader_writer, .sights = { "T2 came last" });

MODEL(rwlock_phase_behind, .about = "the same, the writer came first", TURNS,
      .setup = make_writer_reader, .sights = { "T2 came last" });

/* Who comes to read finds a writer that waits. */
static void leave_or_read(unsigned who)
{
	if (who == 1) {
		pawl_rwlock_rdunlock(&l);
		return;
	}
	if (pawl_rwlock_tryrdlock(&l) == 0) {
		model_saw(1);
	} else {
		pawl_rwlock_rdlock(&l);
		model_saw(0);
	}
	MODEL_CHECK(place_of(1) != 0 && data == 1);
	pawl_rwlock_rdunlock(&l);
}

MODEL(rwlock_behind, .about = "one is inside, a writer waits; T1 leaves, T2 comes to read",
      .threads = 2, .setup = make_read, .thread = leave_or_read, .finish = judge,
      .enter = model_attach, .sights = { "it waited", "the writer was gone" });

/* The last one of two readers hands over to the writer; nobody else would. */
static void leave_each(unsigned who)
{
	(void)who;
	pawl_rwlock_rdunlock(&l);
	model_saw(place_of(1) != 0 ? 0 : 1);
}

static void make_two_inside(void)
{
	make(false);
	MODEL_CHECK(start(2, false) == 0);
	MODEL_CHECK(start(1, true) == EINPROGRESS);
}

static void was_written(void)
{
	MODEL_CHECK(place[1] != 0);
	judge();
}

MODEL(rwlock_last, .about = "two are inside and leave, a writer waits", .threads = 2,
      .setup = make_two_inside, .thread = leave_each, .finish = was_written,
      .enter = model_attach, .sights = { "the last one left", "the first one left" });

/* No writer comes between what a writer did and what it does as a reader; readers do. */
static void downgrade_or_use(unsigned who)
{
	if (who == 1) {
		data = 7;
		pawl_rwlock_downgrade(&l);
		while (__atomic_load_n(&inside, __ATOMIC_RELAXED) == 0)
			model_pause();
		MODEL_CHECK(data == 7);
		pawl_rwlock_rdunlock(&l);
	} else if (who == 2) {
		pawl_rwlock_rdlock(&l);
		MODEL_CHECK(data == 7);
		__atomic_store_n(&inside, 1, __ATOMIC_RELAXED);
		model_saw(0);
		pawl_rwlock_rdunlock(&l);
	} else {
		pawl_rwlock_wrlock(&l);
		data = 8;
		pawl_rwlock_wrunlock(&l);
	}
}

MODEL(rwlock_downgrade, .about = "T1, which writes, becomes a reader and meets T2", .threads = 2,
      .setup = make_written, .thread = downgrade_or_use, .finish = judge, .enter = model_attach,
      .sights = { "they met" });

/* T2 waits to read when the writer unlocks; T3 comes to write. */
static void make_met(void)
{
	make(true);
	MODEL_CHECK(start(1, false) == EINPROGRESS);
}

static void downgrade_or_write(unsigned who)
{
	if (who == 2) {
		pawl_rwlock_wrlock(&l);
		MODEL_CHECK(data == 7);
		data = 8;
		pawl_rwlock_wrunlock(&l);
		return;
	}
	data = 7;
	pawl_rwlock_downgrade(&l);
	MODEL_CHECK(place_of(1) != 0 && data == 7);
	model_saw(0);
	pawl_rwlock_rdunlock(&l);
}

MODEL(rwlock_downgrade_writer, .about = "one waits to read; T1 becomes a reader, T2 would write",
      .threads = 2, .setup = make_met, .thread = downgrade_or_write, .finish = judge,
      .enter = model_attach, .sights = { "it became a reader" });
