/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cq_close.c - a completion queue is closed while its ops end by a grant, a cancel or the clock;
 * and one that is opened in its place begins anew.
 */
#include <errno.h>

#include <pawl/op.h>

#include "explorer/model.h"
#include "platform/poll.h"

enum sight { LATE, CANCELED, AGAIN = 0 };
enum { OPS = 2, DEADLINE = 10 };

static pawl_mutex mutex[OPS];
static pawl_cq *cq;
static pawl_op before[OPS], op[OPS];
static int calls[OPS], results[OPS];

static void done(pawl_op *which, int rc)
{
	results[which - op] = rc;
	calls[which - op]++;
}

static void setup(void)
{
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	model_name(cq, 256, "cq");
	for (int i = 0; i < OPS; i++) {
		pawl_op_init_inline(&before[i], done, NULL);
		MODEL_CHECK(pawl_mutex_lock_op(&mutex[i], &before[i]) == 0);
		pawl_op_init(&op[i], cq, done, NULL);
	}
}

static void start(int i)
{
	MODEL_CHECK(pawl_mutex_lock_op(&mutex[i], &op[i]) == EINPROGRESS);
}

static void dispatch(int i)
{
	while (calls[i] == 0) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
}

static void setup_two(void)
{
	setup();
	start(0);
	start(1);
}

static void close_grant_or_cancel(unsigned who)
{
	switch (who) {
	case 1: pawl_cq_close(cq); break;
	case 2: pawl_mutex_unlock(&mutex[0]); break;
	case 3: (void)pawl_op_cancel(&op[1]); break;
	}
}

static void all_canceled(void)
{
	for (int i = 0; i < OPS; i++)
		MODEL_CHECK(calls[i] == 1 && results[i] == ECANCELED);
	MODEL_CHECK(pawl_mutex_trylock(&mutex[0]) == 0);
}

MODEL(cq_close, .about = "T1 closes a queue, while T2 grants one of its ops, and T3 cancels one",
      .threads = 3, .preemptions = 2,	/* a grant alone: op_close */
      .without = SPURIOUS_WAKES, .setup = setup_two, .enter = model_attach,
      .thread = close_grant_or_cancel, .finish = all_canceled);

static void setup_clock(void)
{
	setup();
	MODEL_CHECK(pawl_clock_set_virtual(1) == 0);
	pawl_op_deadline(&op[0], DEADLINE);
	start(0);
}

static void close_or_advance(unsigned who)
{
	if (who == 1)
		pawl_cq_close(cq);
	else
		MODEL_CHECK(pawl_clock_advance(DEADLINE) == 0);
}

static void late_or_canceled(void)
{
	MODEL_CHECK(calls[0] == 1);
	MODEL_CHECK(results[0] == ETIMEDOUT || results[0] == ECANCELED);
	model_saw(results[0] == ETIMEDOUT ? LATE : CANCELED);
}

MODEL(cq_close_clock, .about = "T1 closes a queue, while T2 moves the clock to its op's deadline",
      .threads = 2, .setup = setup_clock, .enter = model_attach,
      .thread = close_or_advance, .finish = late_or_canceled,
      .sights = { "late", "canceled" });

/* The clock knows of the queue by its place, where there was one before, or by how many there
 * have been. */
static void setup_place(void)
{
	setup();
	MODEL_CHECK(pawl_clock_set_virtual(1) == 0);
	pawl_cq_close(cq);
}

static void open_timed(void)
{
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	pawl_op_init(&op[0], cq, done, NULL);
	pawl_op_deadline(&op[0], DEADLINE);
	start(0);
	dispatch(0);
	MODEL_CHECK(results[0] == ETIMEDOUT);
	pawl_cq_close(cq);
}

static void open_or_advance(unsigned who)
{
	if (who == 1)
		open_timed();
	else
		MODEL_CHECK(pawl_clock_advance(DEADLINE) == 0);
}

MODEL(cq_open_again_clock, .about = "T1 opens a queue where one was, T2 moves the clock",
      .threads = 2, .without = NO_MEMORY, .setup = setup_place, .enter = model_attach,
      .thread = open_or_advance);

static void setup_none(void)
{
	pawl_op_init_inline(&before[0], done, NULL);
	MODEL_CHECK(pawl_mutex_lock_op(&mutex[0], &before[0]) == 0);
	MODEL_CHECK(pawl_clock_set_virtual(1) == 0);
}

MODEL(cq_open_clock, .about = "T1 opens the first queue, T2 moves the clock",
      .threads = 2, .without = NO_MEMORY, .setup = setup_none, .enter = model_attach,
      .thread = open_or_advance);

/* What the queue before watched, and that it is closed, is not this one's. */
static void watch_twice(unsigned who)
{
	const pawl_cq *was = cq;
	pawl_time soon = model_soon();

	(void)who;
	pawl_op_deadline(&op[0], soon);
	start(0);
	(void)pawl_cq_dispatch(cq, 0);
	pawl_cq_close(cq);
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	if (cq == was)
		model_saw(AGAIN);
	pawl_op_init(&op[1], cq, done, NULL);
	pawl_op_deadline(&op[1], soon);
	start(1);
	dispatch(1);
	MODEL_CHECK(results[1] == ETIMEDOUT);
	pawl_cq_close(cq);
}

MODEL(cq_open_again, .about = "one queue after another watches a deadline", .threads = 1,
      .without = NO_MEMORY, .setup = setup, .enter = model_attach, .thread = watch_twice,
      .sights = { "it was opened in the same place" });

/* One dispatches after the other, who says so without ordering anything. */
static int turn;

static void setup_one_over(void)
{
	setup_two();
	pawl_mutex_unlock(&mutex[0]);
}

static void dispatch_in_turn(unsigned who)
{
	if (who == 2) {
		while (!__atomic_load_n(&turn, __ATOMIC_RELAXED))
			model_pause();
		pawl_mutex_unlock(&mutex[1]);
	}
	MODEL_CHECK(pawl_cq_dispatch(cq, 0) == 1);
	__atomic_store_n(&turn, 1, __ATOMIC_RELAXED);
}

static void both_over(void)
{
	MODEL_CHECK(calls[0] == 1 && calls[1] == 1);
	pawl_cq_close(cq);
}

MODEL(cq_turns, .about = "T1 dispatches one op, and then T2 another", .threads = 2,
      .setup = setup_one_over, .enter = model_attach, .thread = dispatch_in_turn,
      .finish = both_over);

/* A dispatch that left some over rings for them. */
static void dispatch_one_by_one(unsigned who)
{
	if (who == 2) {
		pawl_mutex_unlock(&mutex[0]);
		pawl_mutex_unlock(&mutex[1]);
		return;
	}
	while (calls[0] + calls[1] < OPS) {
		model_poll(pawl_cq_fd(cq));
		MODEL_CHECK(pawl_cq_dispatch(cq, 1) <= 1);
	}
}

MODEL(cq_most, .about = "T1 dispatches two ops, one at a time, that T2 grants", .threads = 2,
      .setup = setup_two, .enter = model_attach, .thread = dispatch_one_by_one,
      .finish = both_over);
