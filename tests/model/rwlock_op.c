/* SPDX-License-Identifier: BSD-2-Clause */
/* Ops that wait to read, or to write: whatever ends one, what it was given is not lost. */
#include <errno.h>

#include <pawl/op.h>
#include <pawl/rwlock.h>

#include "explorer/model.h"
#include "platform/poll.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = STALE_LOADS | WEAK_FAILURES | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
enum { NONE = -1 };
enum sight { GRANTED, ENDED, AT_ONCE };
#define COUNTS (((uint64_t)1 << 43) - 1)

static pawl_rwlock l;
static pawl_cq *cq;
static pawl_op first, op;
static int result, started, cancel, data;
static bool reads;

/* What the op is given is used and given back. */
static void use(int rc)
{
	MODEL_CHECK(result == NONE);
	__atomic_store_n(&result, rc, __ATOMIC_RELAXED);
	if (rc != 0)
		return;
	if (reads) {
		MODEL_CHECK(data == 1);
		pawl_rwlock_rdunlock(&l);
	} else {
		data++;
		pawl_rwlock_wrunlock(&l);
	}
}

static void done(pawl_op *which, int rc)
{
	(void)which;
	use(rc);
}

/* One is inside: a writer if the op is to read, else a reader. */
static void make(bool reading)
{
	model_name(&l, sizeof l, "l");
	model_name(&op, sizeof op, "op");
	result = started = NONE;
	reads = reading;
	pawl_op_init_inline(&first, done, NULL);
	pawl_op_init_inline(&op, done, NULL);
	MODEL_CHECK((reads ? pawl_rwlock_wrlock_op(&l, &first) :
			     pawl_rwlock_rdlock_op(&l, &first)) == 0);
}

static void make_reading(void)
{
	make(true);
}

static void make_writing(void)
{
	make(false);
}

static void make_queue(bool reading)
{
	make(reading);
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	model_name(cq, 256, "cq");
	pawl_op_init(&op, cq, done, NULL);
}

static void make_reading_queue(void)
{
	make_queue(true);
}

static void make_writing_queue(void)
{
	make_queue(false);
}

static void make_reading_timed(void)
{
	make_queue(true);
	pawl_op_deadline(&op, model_soon());
}

static void make_writing_timed(void)
{
	make_queue(false);
	pawl_op_deadline(&op, model_soon());
}

/* Return: whether done() will be, or was, called. */
static bool start(void)
{
	started = reads ? pawl_rwlock_rdlock_op(&l, &op) : pawl_rwlock_wrlock_op(&l, &op);
	if (started != EINPROGRESS) {
		model_saw(AT_ONCE);
		use(started);
	}
	return started == EINPROGRESS;
}

static void leave(void)
{
	if (reads) {
		data = 1;
		pawl_rwlock_wrunlock(&l);
	} else {
		pawl_rwlock_rdunlock(&l);
	}
}

static void dispatch(void)
{
	while (__atomic_load_n(&result, __ATOMIC_RELAXED) == NONE) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
}

static void judge(int end)
{
	MODEL_CHECK(result == 0 || result == end);
	if (started == EINPROGRESS)
		model_saw(result == 0 ? GRANTED : ENDED);
	MODEL_CHECK((l.word_ & COUNTS & ~(uint64_t)4) == 0);
	MODEL_CHECK(l.readers_ == 0 && l.writers_ == 0);
	if (cq)
		pawl_cq_close(cq);
}

static void start_leave_cancel(unsigned who)
{
	if (who == 1)
		(void)start();
	else if (who == 2)
		leave();
	else
		cancel = pawl_op_cancel(&op);
}

static void granted_or_canceled(void)
{
	MODEL_CHECK((result == 0) == (cancel != 0));
	judge(ECANCELED);
}

#define CANCEL .threads = 3, .thread = start_leave_cancel, .finish = granted_or_canceled, \
	.enter = model_attach, .sights = { "granted", "canceled", "at once" }, \
	.without = NOISE | NO_MEMORY, .preemptions = 2

MODEL(rwlock_op_read, .about = "T1 starts an op that reads, T2 lets it in, T3 cancels it",
      .setup = make_reading, CANCEL);

MODEL(rwlock_op_write, .about = "T1 starts an op that writes, T2 leaves, T3 cancels it",
      .setup = make_writing, CANCEL);

static void start_or_leave(unsigned who)
{
	if (who == 2)
		leave();
	else if (start())
		dispatch();
}

static void granted_or_late(void)
{
	judge(ETIMEDOUT);
}

#define TIMED .threads = 2, .thread = start_or_leave, .finish = granted_or_late, \
	.enter = model_attach, .sights = { "granted", "late", "at once" }, \
	.without = NO_MEMORY | SPURIOUS_WAKES, .preemptions = 2

MODEL(rwlock_op_read_timed, .about = "T1 starts and dispatches a timed op, T2 lets it in",
      .setup = make_reading_timed, TIMED);

MODEL(rwlock_op_write_timed, .about = "the same, which writes", .setup = make_writing_timed, TIMED);

/* close() comes instead of the dispatch. */
static void close_or_leave(unsigned who)
{
	if (who == 2) {
		leave();
	} else if (start()) {
		pawl_cq_close(cq);
		cq = NULL;
		MODEL_CHECK(result == ECANCELED);
	}
}

static void closed(void)
{
	judge(ECANCELED);
}

#define CLOSED .threads = 2, .thread = close_or_leave, .finish = closed, .enter = model_attach, \
	.sights = { NULL, "closed", "at once" }, .without = NO_MEMORY | SPURIOUS_WAKES, \
	.preemptions = 2

MODEL(rwlock_op_read_close, .about = "T1 starts an op and closes its queue, T2 lets it in",
      .setup = make_reading_queue, CLOSED);

MODEL(rwlock_op_write_close, .about = "the same, which writes", .setup = make_writing_queue,
      CLOSED);

/* One that was let in, and was canceled before that was said, gives its share back: a writer, who
 * may be there already, gets it. */
static pawl_op writer;
static int written;

static void done_writing(pawl_op *which, int rc)
{
	(void)which;
	MODEL_CHECK(rc == 0);
	written++;
	pawl_rwlock_wrunlock(&l);
}

static void make_line(void)
{
	make(true);
	MODEL_CHECK(pawl_rwlock_rdlock_op(&l, &op) == EINPROGRESS);
	started = EINPROGRESS;
	pawl_op_init_inline(&writer, done_writing, NULL);
	MODEL_CHECK(pawl_rwlock_wrlock_op(&l, &writer) == EINPROGRESS);
}

static void leave_or_cancel(unsigned who)
{
	if (who == 1)
		leave();
	else
		cancel = pawl_op_cancel(&op);
}

static void both_ended(void)
{
	MODEL_CHECK(written == 1);
	granted_or_canceled();
}

MODEL(rwlock_op_line, .about = "one waits to read, one to write; T1 unlocks, T2 cancels the first",
      .threads = 2, .setup = make_line, .thread = leave_or_cancel, .finish = both_ended,
      .enter = model_attach, .sights = { "granted", "canceled" });
