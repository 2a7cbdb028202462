/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ops that wait for a notification: what they are told while they are canceled, or take the one
 * that was kept, is neither lost nor there twice.
 */
#include <errno.h>

#include <pawl/notify.h>
#include <pawl/op.h>

#include "explorer/model.h"
#include "platform/poll.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
enum { NONE = -1 };
enum sight { TOLD, ENDED, AT_ONCE };

static pawl_notify n;
static pawl_cq *cq;
static pawl_op op, second;
static int results[2], started, cancel;

static void done(pawl_op *which, int rc)
{
	int *result = &results[which == &second];

	MODEL_CHECK(*result == NONE);
	*result = rc;
}

static void make(void)
{
	model_name(&n, sizeof n, "n");
	model_name(&op, sizeof op, "op");
	results[0] = results[1] = NONE;
	pawl_op_init_inline(&op, done, NULL);
	pawl_op_init_inline(&second, done, NULL);
}

static void make_queue(void)
{
	make();
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	model_name(cq, 256, "cq");
	pawl_op_init(&op, cq, done, NULL);
}

static int kept(void)
{
	return n.word_ & 1;
}

/* Return: whether it waits. */
static bool start(pawl_op *which)
{
	int rc = pawl_notify_wait_op(&n, which);

	MODEL_CHECK(rc == 0 || rc == EINPROGRESS);
	if (which == &op)
		started = rc;
	if (rc == 0)
		done(which, rc);
	return rc == EINPROGRESS;
}

static void judge(void)
{
	MODEL_CHECK(n.queue_ == 0 && results[0] != NONE);
	if (cq == NULL)
		model_saw(started == 0 ? AT_ONCE : results[0] == 0 ? TOLD : ENDED);
	pawl_cq_close(cq);
}

/* It is somewhere. */
static void one_in_all(void)
{
	judge();
	MODEL_CHECK((results[0] == 0) + kept() == 1);
}

static void start_notify_cancel(unsigned who)
{
	if (who == 1)
		(void)start(&op);
	else if (who == 2)
		pawl_notify_one(&n);
	else
		cancel = pawl_op_cancel(&op);
}

static void told_or_canceled(void)
{
	one_in_all();
	MODEL_CHECK((results[0] == 0) == (cancel != 0));
}

MODEL(notify_op_cancel, .about = "T1 starts an op, T2 notifies one, T3 cancels it", .threads = 3,
      .setup = make, .thread = start_notify_cancel, .finish = told_or_canceled,
      .enter = model_attach, .sights = { "told", "canceled", "at once" },
      .without = NOISE | NO_MEMORY, .preemptions = 2);

static void start_or_notify(unsigned who)
{
	if (who == 2) {
		pawl_notify_one(&n);
		return;
	}
	if (!start(&op))
		return;
	while (results[0] == NONE) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
	model_saw(0);
}

MODEL(notify_op_dispatch, .about = "T1 starts and dispatches an op, T2 notifies one", .threads = 2,
      .setup = make_queue, .thread = start_or_notify, .finish = one_in_all, .enter = model_attach,
      .sights = { "told" }, .without = NO_MEMORY | SPURIOUS_WAKES, .preemptions = 2);

/* close() comes instead of the dispatch. */
static void close_or_notify(unsigned who)
{
	if (who == 2) {
		pawl_notify_one(&n);
	} else if (start(&op)) {
		pawl_cq_close(cq);
		MODEL_CHECK(results[0] == ECANCELED);
		MODEL_CHECK(pawl_cq_open(&cq) == 0);
		model_saw(0);
	}
}

MODEL(notify_op_close, .about = "T1 starts an op and closes its queue, T2 notifies one",
      .threads = 2, .setup = make_queue, .thread = close_or_notify, .finish = one_in_all,
      .enter = model_attach, .sights = { "closed" }, .without = NO_MEMORY | SPURIOUS_WAKES,
      .preemptions = 2);

/* Two come while it starts: it takes one, and the other is kept. */
static void start_or_two(unsigned who)
{
	if (who == 1)
		(void)start(&op);
	else
		pawl_notify_one(&n);
}

static void it_has_one(void)
{
	judge();
	MODEL_CHECK(results[0] == 0);
}

MODEL(notify_op_two, .about = "T1 starts an op, T2 and T3 notify one", .threads = 3,
      .setup = make, .thread = start_or_two, .finish = it_has_one, .enter = model_attach,
      .sights = { "told" }, .without = NOISE | NO_MEMORY, .preemptions = 2);

/* Whatever lets the op pass, the one for one came before the one for all: it is not kept. */
static void one_then_all(unsigned who)
{
	if (who == 1) {
		(void)start(&op);
	} else {
		pawl_notify_one(&n);
		pawl_notify_all(&n);
	}
}

static void none_is_kept(void)
{
	judge();
	MODEL_CHECK(results[0] == 0 && kept() == 0);
}

MODEL(notify_op_all, .about = "T1 starts an op, T2 notifies one, then all", .threads = 2,
      .setup = make, .thread = one_then_all, .finish = none_is_kept, .enter = model_attach,
      .sights = { "told" }, .without = NO_MEMORY);

/* One waits already.  The other, which comes while all are notified, is told by that, or by the one
 * for one that comes after it. */
static void make_waiting(void)
{
	make();
	MODEL_CHECK(start(&op));
}

static void all_or_second(unsigned who)
{
	if (who == 1)
		pawl_notify_all(&n);
	else if (start(&second))
		pawl_notify_one(&n);
}

static void both_told(void)
{
	judge();
	MODEL_CHECK(results[0] == 0 && results[1] == 0);
}

MODEL(notify_op_second, .about = "one waits; T1 notifies all, T2 starts another and notifies one",
      .threads = 2, .setup = make_waiting, .thread = all_or_second, .finish = both_told,
      .enter = model_attach, .sights = { "told" }, .without = NO_MEMORY);

/* One waits while another starts; two come, and each has one. */
static int passed;

static void wait_or_start(unsigned who)
{
	if (who == 1) {
		MODEL_CHECK(pawl_notify_wait_until(&n, PAWL_FOREVER) == 0);
		passed = 1;
	} else {
		pawl_notify_one(&n);
		(void)start(&op);
		pawl_notify_one(&n);
	}
}

static void each_has_one(void)
{
	judge();
	MODEL_CHECK(passed == 1 && results[0] == 0 && kept() == 0);
}

MODEL(notify_op_both, .about = "T1 waits, T2 notifies one, starts an op, and notifies one",
      .threads = 2, .setup = make, .thread = wait_or_start, .finish = each_has_one,
      .enter = model_attach, .sights = { "told" }, .without = NO_MEMORY);

/* Who passed comes again, while the one who let it pass is telling others. */
static void pass_and_wait(unsigned who)
{
	if (who == 2) {
		pawl_notify_all(&n);
		return;
	}
	if (pawl_notify_wait_until(&n, model_soon()) != 0)
		return;
	MODEL_CHECK(pawl_notify_wait_until(&n, model_soon()) == ETIMEDOUT);
	model_saw(TOLD);
}

MODEL(notify_op_again, .about = "an op waits; T1 waits, and again if it passed; T2 notifies all",
      .threads = 2, .setup = make_waiting, .thread = pass_and_wait, .finish = judge,
      .enter = model_attach, .sights = { "the second wait timed out" },
      .without = NO_MEMORY | SPURIOUS_WAKES);
