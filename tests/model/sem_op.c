/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ops that wait for a permit: whatever ends one, its permit is not lost; and a fair semaphore lets
 * nobody overtake them.
 */
#include <errno.h>

#include <pawl/op.h>
#include <pawl/sem.h>

#include "explorer/model.h"
#include "platform/poll.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
enum { NONE = -1 };
enum sight { GRANTED, ENDED, AT_ONCE };

static pawl_sem s;
static pawl_cq *cq;
static pawl_op op, second, before;
static int calls, result, started, cancel;

static void done(pawl_op *which, int rc)
{
	if (which != &op)
		return;
	calls++;
	result = rc;
}

static void make(unsigned flags)
{
	MODEL_CHECK(pawl_sem_init(&s, 0, flags) == 0);
	model_name(&s, sizeof s, "s");
	model_name(&op, sizeof op, "op");
	result = started = NONE;
	pawl_op_init_inline(&op, done, NULL);
	pawl_op_init_inline(&second, done, NULL);
	pawl_op_init_inline(&before, done, NULL);
}

static void make_barging(void)
{
	make(0);
}

static void make_fair(void)
{
	make(PAWL_FAIR);
}

static void make_queue(void)
{
	make(0);
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	model_name(cq, 256, "cq");
	pawl_op_init(&op, cq, done, NULL);
}

/* Return: whether done() will be, or was, called. */
static bool start(void)
{
	started = pawl_sem_acquire_op(&s, &op);
	if (started != EINPROGRESS) {
		model_saw(AT_ONCE);
		result = started;
		calls++;
	}
	return started == EINPROGRESS;
}

static void dispatch(void)
{
	while (calls == 0) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
}

static void judge(void)
{
	MODEL_CHECK(calls == 1 && s.queue_ == 0 && (s.word_ & 4) == 0);
	MODEL_CHECK(pawl_sem_value(&s) == (result == 0 ? 0 : 1));
	pawl_cq_close(cq);
	pawl_sem_destroy(&s);
}

static void granted_or_ended(int end)
{
	MODEL_CHECK(result == 0 || result == end);
	if (started == EINPROGRESS)
		model_saw(result == 0 ? GRANTED : ENDED);
	judge();
}

static void granted_or_canceled(void)
{
	MODEL_CHECK((result == 0) == (cancel != 0));
	granted_or_ended(ECANCELED);
}

static void start_grant_cancel(unsigned who)
{
	if (who == 1)
		(void)start();
	else if (who == 2)
		pawl_sem_release(&s, 1);
	else
		cancel = pawl_op_cancel(&op);
}

#define CANCEL .threads = 3, .thread = start_grant_cancel, .finish = granted_or_canceled, \
	.enter = model_attach, .sights = { "granted", "canceled", "at once" }, \
	.without = NOISE | NO_MEMORY, .preemptions = 2

MODEL(sem_op_cancel, .about = "T1 starts an op, T2 grants it, T3 cancels it",
      .setup = make_barging, CANCEL);

MODEL(sem_op_cancel_fair, .about = "the same, fair", .setup = make_fair, CANCEL);

static void start_or_release(unsigned who)
{
	if (who == 2)
		pawl_sem_release(&s, 1);
	else if (start())
		dispatch();
}

static void granted(void)
{
	MODEL_CHECK(result == 0);
	granted_or_ended(0);
}

MODEL(sem_op_dispatch, .about = "T1 starts and dispatches an op, T2 grants it", .threads = 2,
      .setup = make_queue, .thread = start_or_release, .finish = granted, .enter = model_attach,
      .sights = { "granted" }, .without = NO_MEMORY | SPURIOUS_WAKES, .preemptions = 2);

/* close() comes instead of the dispatch. */
static void close_or_release(unsigned who)
{
	if (who == 2) {
		pawl_sem_release(&s, 1);
	} else if (start()) {
		pawl_cq_close(cq);
		cq = NULL;
		model_saw(0);
		MODEL_CHECK(calls == 1 && result == ECANCELED);
	}
}

MODEL(sem_op_close, .about = "T1 starts an op and closes its queue, T2 grants it", .threads = 2,
      .setup = make_queue, .thread = close_or_release, .finish = judge, .enter = model_attach,
      .sights = { "closed" }, .without = NO_MEMORY | SPURIOUS_WAKES, .preemptions = 2);

/* The semaphore is closed; the permit stays there, or the op has it. */
static void start_release_close(unsigned who)
{
	if (who == 1)
		(void)start();
	else if (who == 2)
		pawl_sem_release(&s, 1);
	else
		pawl_sem_close(&s);
}

static void granted_or_closed(void)
{
	granted_or_ended(EPIPE);
}

MODEL(sem_op_closed, .about = "T1 starts an op, T2 releases, T3 closes the semaphore", .threads = 3,
      .setup = make_barging, .thread = start_release_close, .finish = granted_or_closed,
      .enter = model_attach, .sights = { "granted", "closed", "at once" },
      .without = NOISE | NO_MEMORY, .preemptions = 2);

/* Somebody waited before, and gave up: the word says still that somebody does. */
static void make_stale_fair(void)
{
	make_fair();
	MODEL_CHECK(pawl_sem_acquire_op(&s, &before) == EINPROGRESS);
	MODEL_CHECK(pawl_op_cancel(&before) == 0);
}

/* Two ops wait, so that neither of two permits is for who comes after them. */
static void overtake(unsigned who)
{
	if (who == 1) {
		pawl_sem_release(&s, 1);
		return;
	}
	if (!start() || pawl_sem_acquire_op(&s, &second) != EINPROGRESS)
		return;
	pawl_sem_release(&s, 1);
	MODEL_CHECK(pawl_sem_tryacquire(&s) == EAGAIN);
	model_saw(0);
}

MODEL(sem_op_overtaken, .about = "T1 releases, T2 starts two ops, releases, and tries",
      .threads = 2, .setup = make_stale_fair, .thread = overtake, .enter = model_attach,
      .sights = { "two waited, and a third came" }, .without = NO_MEMORY);

/* The same, and who is given the permit frees all. */
static pawl_sem *heap;

static void make_heap(void)
{
	heap = model_alloc(sizeof *heap);
	MODEL_CHECK(pawl_sem_init(heap, 0, PAWL_FAIR) == 0);
	pawl_op_init_inline(&before, done, NULL);
	MODEL_CHECK(pawl_sem_acquire_op(heap, &before) == EINPROGRESS);
	MODEL_CHECK(pawl_op_cancel(&before) == 0);
}

static void wait_or_release(unsigned who)
{
	if (who == 2) {
		pawl_sem_release(heap, 1);
		return;
	}
	MODEL_CHECK(pawl_sem_acquire(heap) == 0);
	model_saw(0);
	pawl_sem_destroy(heap);
	model_free(heap);
}

MODEL(sem_op_freed, .about = "one gave up; T1 waits and frees it, T2 releases", .threads = 2,
      .setup = make_heap, .thread = wait_or_release, .enter = model_attach,
      .sights = { "it was freed" });
