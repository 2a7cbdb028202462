/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who gives up leaves nobody behind: a writer lets in the readers who waited because of it, while
 * another reader stays inside; a reader who was let in meanwhile has its share, and gives it back.
 */
#include <errno.h>

#include <pawl/op.h>
#include <pawl/rwlock.h>
#include <pawl/scope.h>

#include "explorer/model.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = STALE_LOADS | WEAK_FAILURES | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
enum { NONE = -1 };
#define COUNTS (((uint64_t)1 << 43) - 1)

static pawl_rwlock l;
static pawl_op first, reader, writer, second;
static pawl_cancel *source;
static int results[2], got, data;

/* user: where the result goes, or NULL; what was got is given back at once. */
static void done(pawl_op *op, int rc)
{
	int *result = pawl_op_user(op);

	MODEL_CHECK(*result == NONE);
	__atomic_store_n(result, rc, __ATOMIC_RELAXED);
	if (rc != 0)
		return;
	if (result == &results[0]) {
		pawl_rwlock_rdunlock(&l);
	} else {
		data++;
		pawl_rwlock_wrunlock(&l);
	}
}

/* A reader is inside, and stays. */
static void make_read(void)
{
	model_name(&l, sizeof l, "l");
	pawl_op_init_inline(&first, done, NULL);
	MODEL_CHECK(pawl_rwlock_rdlock_op(&l, &first) == 0);
	results[0] = results[1] = NONE;
}

static void add_writer(void)
{
	pawl_op_init_inline(&writer, done, &results[1]);
	MODEL_CHECK(pawl_rwlock_wrlock_op(&l, &writer) == EINPROGRESS);
}

static void make_writer(void)
{
	make_read();
	add_writer();
}

static void add_reader(void)
{
	pawl_op_init_inline(&reader, done, &results[0]);
	MODEL_CHECK(pawl_rwlock_rdlock_op(&l, &reader) == EINPROGRESS);
}

static void make_both(void)
{
	make_writer();
	add_reader();
}

/* A writer, a reader and a writer. */
static void add_three(void)
{
	add_writer();
	add_reader();
	pawl_op_init_inline(&second, done, &got);
	got = NONE;
	MODEL_CHECK(pawl_rwlock_wrlock_op(&l, &second) == EINPROGRESS);
}

static void make_three(void)
{
	make_read();
	add_three();
}

static void make_source(void)
{
	make_read();
	MODEL_CHECK(pawl_cancel_open(NULL, &source) == 0);
}

static void is_free(void)
{
	MODEL_CHECK((l.word_ & COUNTS & ~(uint64_t)4) == 0);
	MODEL_CHECK(l.readers_ == 0 && l.writers_ == 0);
}

static void judge(void)
{
	pawl_rwlock_rdunlock(&l);
	is_free();
	if (source)
		pawl_cancel_close(source);
}

static void read_once(void)
{
	if (pawl_rwlock_tryrdlock(&l) != 0) {
		model_saw(0);
		pawl_rwlock_rdlock(&l);
	}
	pawl_rwlock_rdunlock(&l);
}

static void late_or_read(unsigned who)
{
	if (who == 1)
		MODEL_CHECK(pawl_rwlock_wrlock_until(&l, model_soon()) == ETIMEDOUT);
	else
		read_once();
}

#define STAYS .finish = judge, .enter = model_attach, .sights = { "the reader was kept out" }

MODEL(rwlock_late, .about = "one reader stays; T1 gives up to write, T2 reads", .threads = 2,
      .setup = make_read, .thread = late_or_read, STAYS);

static void canceled_or_read(unsigned who)
{
	pawl_scope scope;
	int rc;

	if (who == 1) {
		pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
		rc = pawl_rwlock_wrlock_until(&l, PAWL_FOREVER);
		MODEL_CHECK(pawl_scope_leave(&scope, rc) == ECANCELED);
	} else if (who == 2) {
		read_once();
	} else {
		pawl_cancel_fire(source, 1);
	}
}

MODEL(rwlock_late_scope, .about = "one reader stays; T1 would write, T2 reads, T3 cancels T1",
      .threads = 3, .setup = make_source, .thread = canceled_or_read, STAYS, .without = NOISE,
      .preemptions = 2);

static void cancel_or_read(unsigned who)
{
	if (who == 1)
		MODEL_CHECK(pawl_op_cancel(&writer) == 0);
	else
		read_once();
}

MODEL(rwlock_late_op, .about = "one reader stays; T1 cancels an op that would write, T2 reads",
      .threads = 2, .setup = make_writer, .thread = cancel_or_read, STAYS);

/* Two writers give up, and a reader waits because of them. */
static void cancel_or_late(unsigned who)
{
	if (who == 1)
		MODEL_CHECK(pawl_op_cancel(&writer) == 0);
	else
		MODEL_CHECK(pawl_rwlock_wrlock_until(&l, model_soon()) == ETIMEDOUT);
	if (__atomic_load_n(&results[0], __ATOMIC_RELAXED) == NONE)
		model_saw(0);
}

static void was_let_in(void)
{
	MODEL_CHECK(results[0] == 0 && results[1] == ECANCELED);
	judge();
}

MODEL(rwlock_late_two, .about = "one reader stays, one waits; T1 cancels one writer, T2 gives up",
      .threads = 2, .setup = make_both, .thread = cancel_or_late, .finish = was_let_in,
      .enter = model_attach, .sights = { "one gave up first" });

static void cancel_each(unsigned who)
{
	MODEL_CHECK(pawl_op_cancel(who == 1 ? &writer : &second) == 0);
	if (__atomic_load_n(&results[0], __ATOMIC_RELAXED) == NONE)
		model_saw(0);
}

static void was_let_in_alone(void)
{
	MODEL_CHECK(got == ECANCELED);
	was_let_in();
}

MODEL(rwlock_late_ops, .about = "one reader stays, one waits; two cancel a writer each",
      .threads = 2, .setup = make_three, .thread = cancel_each, .finish = was_let_in_alone,
      .enter = model_attach, .sights = { "one was canceled first" });

/* One writer gives up while the reader leaves, another waits, and both must pass. */
static void leave_or_late(unsigned who)
{
	if (who == 1) {
		pawl_rwlock_rdunlock(&l);
	} else if (pawl_rwlock_wrlock_until(&l, model_soon()) == 0) {
		data++;
		pawl_rwlock_wrunlock(&l);
	} else {
		model_saw(0);
	}
}

static void both_passed(void)
{
	MODEL_CHECK(results[0] == 0 && results[1] == 0);
	is_free();
}

MODEL(rwlock_late_leaves, .about = "a writer and a reader wait; T1, inside, leaves, T2 gives up",
      .threads = 2, .setup = make_both, .thread = leave_or_late, .finish = both_passed,
      .enter = model_attach, .sights = { "its deadline passed" });

/* A reader is late as it is let in: either it is in, or the next writer does not wait for it. */
static void make_written(void)
{
	model_name(&l, sizeof l, "l");
	pawl_op_init_inline(&first, done, NULL);
	MODEL_CHECK(pawl_rwlock_wrlock_op(&l, &first) == 0);
}

static void late_or_unlock(unsigned who)
{
	int rc;

	if (who == 2) {
		data++;
		pawl_rwlock_wrunlock(&l);
		return;
	}
	rc = pawl_rwlock_rdlock_until(&l, model_soon());
	MODEL_CHECK(rc == ETIMEDOUT || (rc == 0 && data == 1));
	model_saw(rc == 0 ? pawl_now() >= model_soon() ? 1 : 0 : 2);
	if (rc == 0)
		pawl_rwlock_rdunlock(&l);
}

static void can_be_written(void)
{
	MODEL_CHECK(pawl_rwlock_trywrlock(&l) == 0);
	pawl_rwlock_wrunlock(&l);
	is_free();
}

MODEL(rwlock_late_reader, .about = "T1 would read until a deadline, T2 unlocks", .threads = 2,
      .setup = make_written, .thread = late_or_unlock, .finish = can_be_written,
      .enter = model_attach,
      .sights = { "it was let in", "it was let in, and late", "it gave up" });

/* The same, while the line stays: an op that was canceled is not dispatched yet.  Who looks whether
 * the other has gone finds nothing else that tells it. */
static pawl_op third;
static pawl_cq *cq;

static void done_late(pawl_op *op, int rc)
{
	(void)op;
	MODEL_CHECK(rc == ECANCELED);
}

static void make_line(void)
{
	make_read();
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	pawl_op_init(&third, cq, done_late, NULL);
	MODEL_CHECK(pawl_rwlock_wrlock_op(&l, &third) == EINPROGRESS);
	MODEL_CHECK(pawl_op_cancel(&third) == 0);
	add_three();
}

static void was_let_in_before(void)
{
	MODEL_CHECK(results[0] == 0);
	MODEL_CHECK(pawl_cq_dispatch(cq, 0) == 1);
	pawl_cq_close(cq);
	was_let_in_alone();
}

MODEL(rwlock_late_line, .about = "the same, with an op in line that was canceled before",
      .threads = 2, .setup = make_line, .thread = cancel_each, .finish = was_let_in_before,
      .enter = model_attach, .sights = { "one was canceled first" },
      .without = (NOISE & ~STALE_LOADS) | TIMEOUTS | WAKE_ORDERS | NO_MEMORY, .preemptions = 1,
      .deviations = 3);
