/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ops that push and pop: whatever ends one, the slot, or the item, that it was granted is not lost;
 * and it is the one that was in its turn.
 */
#include "queue_model.h"
#include "platform/poll.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = NO_MEMORY | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
enum { NONE = -1 };
enum sight { GRANTED, ENDED, AT_ONCE };

static pawl_cq *cq;
static pawl_op op;
static int calls, result, started, cancel, item, value, popped;

static void done(pawl_op *which, int rc)
{
	(void)which;
	calls++;
	result = rc;
}

static void make(size_t capacity)
{
	make_queue(capacity);
	model_name(&op, sizeof op, "op");
	model_name(&item, sizeof item, "item");
	started = result = NONE;
	pawl_op_init_inline(&op, done, NULL);
}

static void make_empty(void)
{
	make(1);
}

static void make_full(void)
{
	make(1);
	MODEL_CHECK(trypush(1) == 0);
}

static void note_start(int rc)
{
	started = rc;
	if (rc != EINPROGRESS) {
		model_saw(AT_ONCE);
		result = rc;
		calls++;
	}
}

static void start_pop(void)
{
	note_start(pawl_queue_pop_op(jobs, &item, &op));
}

static void start_push(void)
{
	value = 2;
	note_start(pawl_queue_push_op(jobs, &value, &op));
}

static void see(int end)
{
	MODEL_CHECK(calls == 1 && (result == 0 || result == end));
	MODEL_CHECK(started == EINPROGRESS || started == result);
	if (started == EINPROGRESS)
		model_saw(result == 0 ? GRANTED : ENDED);
}

/* The op has the item 1, or it is there. */
static void judge_pop(int end)
{
	see(end);
	MODEL_CHECK(result == 0 ? item == 1 : trypop() == 1);
	MODEL_CHECK(trypop() < 0);
	pawl_cq_close(cq);
	pawl_queue_free(jobs);
}

/* The item of the op is there, or not; the other one was popped. */
static void judge_push(int end)
{
	see(end);
	MODEL_CHECK(popped == 1);
	MODEL_CHECK(result == 0 ? trypop() == 2 : trypop() < 0);
	pawl_cq_close(cq);
	pawl_queue_free(jobs);
}

static void pop_or_canceled(void)
{
	MODEL_CHECK((result == 0) == (cancel != 0));
	judge_pop(ECANCELED);
}

static void push_or_canceled(void)
{
	MODEL_CHECK((result == 0) == (cancel != 0));
	judge_push(ECANCELED);
}

static void pop_push_cancel(unsigned who)
{
	if (who == 1)
		start_pop();
	else if (who == 2)
		MODEL_CHECK(trypush(1) == 0);
	else
		cancel = pawl_op_cancel(&op);
}

static void push_pop_cancel(unsigned who)
{
	if (who == 1)
		start_push();
	else if (who == 2)
		popped = trypop();
	else
		cancel = pawl_op_cancel(&op);
}

#define THREE .threads = 3, .enter = model_attach, .without = NOISE

MODEL(queue_op_pop, .about = "T1 starts an op that pops, T2 pushes, T3 cancels it",
      .setup = make_empty, .thread = pop_push_cancel, .finish = pop_or_canceled, THREE,
      .sights = { "granted", "canceled", "at once" });

MODEL(queue_op_push, .about = "T1 starts an op that pushes, T2 pops, T3 cancels it",
      .setup = make_full, .thread = push_pop_cancel, .finish = push_or_canceled, THREE,
      .sights = { "granted", "canceled", "at once" });

/* The queue is closed. */
static void pop_push_close(unsigned who)
{
	if (who == 1)
		start_pop();
	else if (who == 2)
		popped = trypush(1);
	else
		close_queue();
}

static void pop_or_closed(void)
{
	see(EPIPE);
	MODEL_CHECK(popped == 0 || popped == EPIPE);
	MODEL_CHECK((result == 0) == (popped == 0));
	MODEL_CHECK(result != 0 || item == 1);
	MODEL_CHECK(trypop() == -EPIPE);
	pawl_queue_free(jobs);
}

MODEL(queue_op_pop_closed, .about = "T1 starts an op that pops, T2 pushes, T3 closes",
      .setup = make_empty, .thread = pop_push_close, .finish = pop_or_closed, THREE,
      .sights = { "granted", "closed", "at once" });

static void push_pop_close(unsigned who)
{
	if (who == 1)
		start_push();
	else if (who == 2)
		popped = trypop();
	else
		close_queue();
}

static void push_or_closed(void)
{
	judge_push(EPIPE);
}

MODEL(queue_op_push_closed, .about = "T1 starts an op that pushes, T2 pops, T3 closes",
      .setup = make_full, .thread = push_pop_close, .finish = push_or_closed, THREE,
      .sights = { "granted", "closed", "at once" });

/* Of a completion queue, which is dispatched, or closed. */
static void make_cq(void)
{
	make_empty();
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	model_name(cq, 256, "cq");
	pawl_op_init(&op, cq, done, NULL);
	pawl_op_deadline(&op, model_soon());
}

static void dispatch_or_push(unsigned who)
{
	if (who == 2) {
		MODEL_CHECK(trypush(1) == 0);
		return;
	}
	start_pop();
	while (calls == 0) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
}

static void pop_or_late(void)
{
	judge_pop(ETIMEDOUT);
}

MODEL(queue_op_dispatch, .about = "T1 starts an op that pops, with a deadline, T2 pushes",
      .threads = 2, .setup = make_cq, .thread = dispatch_or_push, .finish = pop_or_late,
      .enter = model_attach, .sights = { "granted", "late" },
      .without = NO_MEMORY | SPURIOUS_WAKES);

static void close_or_push(unsigned who)
{
	if (who == 2) {
		MODEL_CHECK(trypush(1) == 0);
		return;
	}
	start_pop();
	pawl_cq_close(cq);
	cq = NULL;
}

static void pop_or_given_up(void)
{
	judge_pop(result == ETIMEDOUT ? ETIMEDOUT : ECANCELED);
}

MODEL(queue_op_cq_close, .about = "T1 starts an op that pops, and closes its queue, T2 pushes",
      .threads = 2, .setup = make_cq, .thread = close_or_push, .finish = pop_or_given_up,
      .enter = model_attach, .sights = { NULL, "canceled", "at once" },
      .without = NO_MEMORY | SPURIOUS_WAKES);

/* A push is let in by the pop that another push granted. */
static void make_chain(void)
{
	make_empty();
	MODEL_CHECK(pawl_queue_pop_op(jobs, &item, &op) == EINPROGRESS);
}

static void chain(unsigned who)
{
	MODEL_CHECK(push(who == 1 ? 1 : 3, PAWL_FOREVER) == 0);
}

static void chained(void)
{
	int left;

	MODEL_CHECK(calls == 1 && result == 0 && (item == 1 || item == 3));
	left = trypop();
	MODEL_CHECK(left + item == 4);
	pawl_queue_free(jobs);
}

MODEL(queue_op_chain, .about = "an op pops; T1 and T2 push; capacity 1",
      .threads = 2, .setup = make_chain, .thread = chain, .finish = chained,
      .enter = model_attach);
