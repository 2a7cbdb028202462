/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cq_bell.c - whoever gives a completion queue something to do wakes who polls it: by ops that
 * are over, by ops with deadlines that are started, and by the virtual clock.
 */
#include <errno.h>

#include <pawl/op.h>

#include "explorer/model.h"
#include "platform/poll.h"

enum sight { AGAIN };
enum { OPS = 2, DEADLINE = 10 };

static pawl_mutex mutex[OPS];
static pawl_cq *cq;
static pawl_op before[OPS], op[OPS];
static int calls, results[OPS];

static void done(pawl_op *which, int rc)
{
	calls++;
	results[which - op] = rc;
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
	int rc;

	do
		rc = pawl_mutex_lock_op(&mutex[i], &op[i]);
	while (rc == ENOMEM);
	MODEL_CHECK(rc == EINPROGRESS);
}

/* Poll and dispatch, and nothing else, until @ops are over. */
static void dispatch(int ops)
{
	while (calls < ops) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
}

static void finish(void)
{
	for (int i = 0; i < OPS; i++)
		pawl_mutex_unlock(&mutex[i]);
	pawl_cq_close(cq);
}

/* Two are over. */
static void setup_two(void)
{
	setup();
	for (int i = 0; i < OPS; i++)
		start(i);
}

static void two_grants(unsigned who)
{
	if (who == 1)
		dispatch(2);
	else
		pawl_mutex_unlock(&mutex[who - 2]);
}

MODEL(cq_grants, .about = "T1 dispatches two ops that T2 and T3 grant",
      .threads = 3, .preemptions = 2,	/* one of them: op_grant */
      .without = SPURIOUS_WAKES, .setup = setup_two, .enter = model_attach,
      .thread = two_grants, .finish = finish);

/* One is started, with a deadline, while a dispatch is about to end. */
static void setup_listed(void)
{
	setup();
	pawl_op_deadline(&op[0], model_soon());
}

static void start_or_dispatch(unsigned who)
{
	if (who == 2) {
		start(0);
		return;
	}
	(void)pawl_cq_dispatch(cq, 0);
	dispatch(1);
}

static void timed_out(void)
{
	MODEL_CHECK(results[0] == ETIMEDOUT);
	finish();
}

MODEL(cq_listed, .about = "T1 dispatches while T2 starts an op, and then until that is late",
      .threads = 2, .without = NO_MEMORY, .setup = setup_listed, .enter = model_attach,
      .thread = start_or_dispatch, .finish = timed_out);

/* The same, and the clock moves past it. */
static void setup_clock(void)
{
	setup();
	MODEL_CHECK(pawl_clock_set_virtual(1) == 0);
	(void)pawl_cq_dispatch(cq, 0);
	pawl_op_deadline(&op[0], DEADLINE);
}

static void start_and_advance(unsigned who)
{
	if (who == 1) {
		(void)pawl_cq_dispatch(cq, 0);
		dispatch(1);
	} else if (who == 2) {
		start(0);
	} else {
		MODEL_CHECK(pawl_clock_advance(DEADLINE) == 0);
	}
}

MODEL(cq_clock, .about = "T1 dispatches an op that T2 starts, and T3 moves the clock to its end",
      .threads = 3, .preemptions = 2,	/* pairs of them: cq_listed, cq_open_clock */
      .without = NO_MEMORY, .setup = setup_clock, .enter = model_attach,
      .thread = start_and_advance, .finish = timed_out);

/* One is closed while somebody may still be about to ring it; the next one, in the same place, is
 * told as if there had been none before. */
static void setup_one(void)
{
	setup();
	start(0);
}

static void close_and_open(void)
{
	const pawl_cq *was = cq;

	pawl_cq_close(cq);
	MODEL_CHECK(calls == 1 && results[0] == ECANCELED);
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	if (cq == was)
		model_saw(AGAIN);
	pawl_op_init(&op[1], cq, done, NULL);
	start(1);
	pawl_mutex_unlock(&mutex[1]);
	dispatch(2);
}

static void grant_or_close(unsigned who)
{
	if (who == 1)
		pawl_mutex_unlock(&mutex[0]);
	else
		close_and_open();
}

static void next_is_told(void)
{
	MODEL_CHECK(results[1] == 0);
	pawl_mutex_unlock(&mutex[1]);
	pawl_cq_close(cq);
}

MODEL(cq_again, .about = "T1 grants an op, T2 closes its queue, and opens one again",
      .threads = 2, .without = NO_MEMORY | SPURIOUS_WAKES, .setup = setup_one,
      .enter = model_attach, .thread = grant_or_close, .finish = next_is_told,
      .sights = { "it was opened in the same place" });
