/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Readers that are noted in slots (wait/slots.h), and those who count them in: a writer, two at
 * once, and one who lets go of a share while a writer waits.
 */
#include <errno.h>

#include <pawl/op.h>
#include <pawl/rwlock.h>

#include "explorer/model.h"
#include "platform/tls.h"
#include "wait/slots.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = STALE_LOADS | WEAK_FAILURES | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
enum { WAITING = 2, BIAS = 4 };
#define COUNTS (((uint64_t)1 << 43) - 1)

static pawl_rwlock l;
static int data;

static void make(void)
{
	model_name(&l, sizeof l, "l");
	l.word_ = BIAS;
}

/* Let the next share that is counted set BIAS. */
static void enter(unsigned who)
{
	model_attach(who);
	pawl_i_tls.shares = MODEL_THREADS;
}

static bool in_slot(void)
{
	return __atomic_load_n(slots_of(pawl_i_context(), &l.word_), __ATOMIC_RELAXED) != 0;
}

static void judge(void)
{
	MODEL_CHECK((l.word_ & COUNTS & ~(uint64_t)BIAS) == 0);
	MODEL_CHECK(l.readers_ == 0 && l.writers_ == 0);
}

static void write_once(void)
{
	pawl_rwlock_wrlock(&l);
	data++;
	pawl_rwlock_wrunlock(&l);
}

static int read_once(void)
{
	int seen;

	pawl_rwlock_rdlock(&l);
	seen = data;
	if (in_slot())
		model_saw(0);
	pawl_rwlock_rdunlock(&l);
	return seen;
}

/* The reader sees, while it is inside, whether it is counted in. */
static void read_or_write(unsigned who)
{
	bool noted;

	if (who != 1) {
		write_once();
		return;
	}
	pawl_rwlock_rdlock(&l);
	noted = in_slot();
	MODEL_CHECK(data >= 0);
	model_saw(noted ? in_slot() ? 0 : 1 : 2);
	pawl_rwlock_rdunlock(&l);
}

#define SEEN "it was in a slot", "it was in a slot, and counted in", "it was counted"

MODEL(rwlock_slot, .about = "one reads, noted in a slot, one writes", .threads = 2, .setup = make,
      .thread = read_or_write, .finish = judge, .enter = enter, .sights = { SEEN });

MODEL(rwlock_slot_two_writers, .about = "one reads, noted in a slot, two write", .threads = 3,
      .setup = make, .thread = read_or_write, .finish = judge, .enter = enter, .sights = { SEEN },
      .without = NOISE, .preemptions = 2);

/* One writes, sets BIAS again by reading, and writes: who saw the first BIAS is counted in by the
 * second writer, and has seen what the first one wrote. */
static void write_read_write(unsigned who)
{
	if (who == 1) {
		MODEL_CHECK(read_once() >= 0);
		return;
	}
	write_once();
	MODEL_CHECK(read_once() >= 0);
	write_once();
}

MODEL(rwlock_slot_again, .about = "one reads; one writes, reads, and writes", .threads = 2,
      .setup = make, .thread = write_read_write, .finish = judge, .enter = enter,
      .sights = { "it was in a slot" }, .without = WEAK_FAILURES | SPINS | SPURIOUS_WAKES);

/* Who counts them in may come between the note and the look, and a writer behind it. */
static void read_or_try(unsigned who)
{
	if (who == 1) {
		MODEL_CHECK(read_once() >= 0);
	} else if (pawl_rwlock_trywrlock(&l) == 0) {
		data++;
		pawl_rwlock_wrunlock(&l);
	} else {
		model_saw(1);
	}
}

MODEL(rwlock_slot_try, .about = "one reads, noted in a slot, two try to write", .threads = 3,
      .setup = make, .thread = read_or_try, .finish = judge, .enter = enter,
      .sights = { "it was in a slot", "one was too late" }, .without = NOISE, .preemptions = 2);

/* Two are inside: nobody writes until both have left, though one was counted in, and left. */
static void enter_read(unsigned who)
{
	enter(who);
	if (who < 3)
		pawl_rwlock_rdlock(&l);
}

static void leave_or_try(unsigned who)
{
	if (who == 1)
		MODEL_CHECK(data >= 0);
	if (who < 3) {
		model_saw(in_slot() ? 0 : 2);
		pawl_rwlock_rdunlock(&l);
	}
	if (who > 1 && pawl_rwlock_trywrlock(&l) == 0) {
		data++;
		model_saw(1);
		pawl_rwlock_wrunlock(&l);
	}
}

MODEL(rwlock_slot_both, .about = "two are in slots and leave, one of them and a third try to write",
      .threads = 3, .setup = make, .thread = leave_or_try, .finish = judge, .enter = enter_read,
      .sights = { "it was in a slot", "it was written", "it was counted in" }, .without = NOISE,
      .preemptions = 2);

/* The writer that was there takes nobody's share for its own when the reader has left, and comes
 * again. */
static void read_twice_or_write(unsigned who)
{
	if (who == 2) {
		write_once();
		return;
	}
	MODEL_CHECK(read_once() >= 0);
	MODEL_CHECK(read_once() >= 0);
}

MODEL(rwlock_slot_twice, .about = "one reads twice, noted in a slot, one writes", .threads = 2,
      .setup = make, .thread = read_twice_or_write, .finish = judge, .enter = enter,
      .sights = { "it was in a slot" });

/* BIAS is set between the writer's first look and the one that it takes in line. */
static void make_plain(void)
{
	make();
	l.word_ = 0;
}

MODEL(rwlock_slot_set, .about = "one reads twice, and sets BIAS, one writes", .threads = 2,
      .setup = make_plain, .thread = read_twice_or_write, .finish = judge, .enter = enter,
      .sights = { "it was in a slot" });

/*
 * WAITERS and BIAS together: a writer that gives up takes WAITERS away for a moment, since there is
 * another one; a reader comes, and sets BIAS; WAITERS is back; another one is noted in a slot.
 */
static pawl_op first, writer, late;
static bool handed, ended;

static void done(pawl_op *op, int rc)
{
	if (op == &late)
		return;
	MODEL_CHECK(rc == 0);
	data++;
	pawl_rwlock_wrunlock(&l);
}

static void make_stale(void (*write)(pawl_op *op, int rc))
{
	make();
	pawl_op_init_inline(&first, done, NULL);
	pawl_op_init_inline(&writer, write, NULL);
	pawl_op_init_inline(&late, done, NULL);
	MODEL_CHECK(pawl_rwlock_rdlock_op(&l, &first) == 0);
	MODEL_CHECK(pawl_rwlock_wrlock_op(&l, &writer) == EINPROGRESS);
	MODEL_CHECK(pawl_rwlock_wrlock_op(&l, &late) == EINPROGRESS);
}

static void make_late(void)
{
	make_stale(done);
}

static int try_to_read(void)
{
	int seen;

	if (pawl_rwlock_tryrdlock(&l) != 0)
		return 0;
	seen = data;
	if (in_slot() && (__atomic_load_n(&l.word_, __ATOMIC_RELAXED) & WAITING))
		model_saw(0);
	pawl_rwlock_rdunlock(&l);
	return seen;
}

static void cancel_or_try_to_read(unsigned who)
{
	if (who == 1)
		MODEL_CHECK(pawl_op_cancel(&late) == 0);
	else
		MODEL_CHECK(try_to_read() == 0);
}

static void write_at_last(void)
{
	MODEL_CHECK(data == 0);
	pawl_rwlock_rdunlock(&l);
	MODEL_CHECK(data == 1);
	judge();
}

MODEL(rwlock_slot_waiters, .about = "one inside, two writers wait; T1 cancels one, two read",
      .threads = 3, .setup = make_late, .thread = cancel_or_try_to_read, .finish = write_at_last,
      .enter = enter, .sights = { "it was in a slot, and a writer waited" }, .without = NOISE);

/* The same, and the one inside leaves while another is in a slot: the writer comes after both, and
 * stays. */
static void stay(pawl_op *op, int rc)
{
	(void)op;
	MODEL_CHECK(rc == 0);
	__atomic_store_n(&handed, true, __ATOMIC_RELEASE);
}

static void make_last(void)
{
	make_stale(stay);
}

static void leave_or_read(unsigned who)
{
	if (who == 2) {
		MODEL_CHECK(try_to_read() == 0);
		MODEL_CHECK(try_to_read() == 0);
		__atomic_store_n(&ended, true, __ATOMIC_RELAXED);
		return;
	}
	MODEL_CHECK(pawl_op_cancel(&late) == 0);
	pawl_rwlock_rdunlock(&l);
	if (__atomic_load_n(&handed, __ATOMIC_ACQUIRE))
		data++;
	while (!__atomic_load_n(&ended, __ATOMIC_RELAXED))
		model_pause();
}

static void writer_leaves(void)
{
	MODEL_CHECK(handed);
	pawl_rwlock_wrunlock(&l);
	judge();
}

MODEL(rwlock_slot_last, .about = "the same; T1 cancels one, and leaves, T2 reads twice",
      .threads = 2, .setup = make_last, .thread = leave_or_read, .finish = writer_leaves,
      .enter = enter, .sights = { "it was in a slot, and a writer waited" });

/*
 * The same by one who writes, becomes a reader, and finds nobody in line before a writer comes, and
 * one after it.  That writer is not passed by who comes then.
 */
static pawl_op second;
static bool announced, entered;

static void keep(pawl_op *op, int rc)
{
	(void)op;
	MODEL_CHECK(rc == 0);
}

static void leave(pawl_op *op, int rc)
{
	keep(op, rc);
	pawl_rwlock_rdunlock(&l);
}

/* An op was handed the lock. */
static void make_handed(void)
{
	make();
	pawl_op_init_inline(&first, keep, NULL);
	pawl_op_init_inline(&late, keep, NULL);
	pawl_op_init_inline(&second, leave, NULL);
	pawl_op_init_inline(&writer, done, NULL);
	MODEL_CHECK(pawl_rwlock_rdlock_op(&l, &first) == 0);
	MODEL_CHECK(pawl_rwlock_wrlock_op(&l, &late) == EINPROGRESS);
	pawl_rwlock_rdunlock(&l);
}

static void downgrade_or_come(unsigned who)
{
	if (who == 2) {
		entered = pawl_rwlock_rdlock_op(&l, &second) == 0;
	} else if (who == 3) {
		MODEL_CHECK(pawl_rwlock_wrlock_op(&l, &writer) == EINPROGRESS);
		__atomic_store_n(&announced, true, __ATOMIC_RELAXED);
	} else {
		pawl_rwlock_downgrade(&l);
		if (__atomic_load_n(&announced, __ATOMIC_RELAXED)) {
			MODEL_CHECK(pawl_rwlock_tryrdlock(&l) == EBUSY);
			model_saw(0);
		}
	}
}

static void leave_each(void)
{
	if (entered)
		pawl_rwlock_rdunlock(&l);
	write_at_last();
}

MODEL(rwlock_slot_downgrade, .about = "T1 becomes a reader, T2 comes to read, T3 to write",
      .threads = 3, .setup = make_handed, .thread = downgrade_or_come, .finish = leave_each,
      .enter = enter, .sights = { "a writer waited" }, .without = NOISE | NO_MEMORY,
      .preemptions = 2);

/* A thread exits, and has it: its share is counted then, and another may give it back. */
static void exit_or_try(unsigned who)
{
	if (who == 1) {
		pawl_rwlock_rdlock(&l);
		__atomic_store_n(&data, 1, __ATOMIC_RELEASE);
		if (in_slot())
			model_saw(0);
	} else if (__atomic_load_n(&data, __ATOMIC_ACQUIRE) == 1) {
		MODEL_CHECK(pawl_rwlock_trywrlock(&l) == EBUSY);
		model_saw(1);
	}
}

static void leave_for_it(void)
{
	pawl_rwlock_rdunlock(&l);
	judge();
}

MODEL(rwlock_slot_exit, .about = "T1 exits, noted in a slot; T2 tries to write", .threads = 2,
      .setup = make, .thread = exit_or_try, .finish = leave_for_it, .enter = enter,
      .sights = { "it was in a slot", "it had it" });
