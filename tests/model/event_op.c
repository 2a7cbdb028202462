/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ops that wait for an event, which is set while one starts, or is canceled; and who has no memory
 * to wait in a queue, and polls.
 */
#include <errno.h>

#include <pawl/event.h>
#include <pawl/op.h>

#include "explorer/model.h"
#include "platform/poll.h"
#include "platform/tls.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
enum { NONE = -1 };
enum sight { TOLD, ENDED, AT_ONCE };

static pawl_event e;
static pawl_cq *cq;
static pawl_op op;
static int result, started, cancel, data;

static void done(pawl_op *which, int rc)
{
	(void)which;
	MODEL_CHECK(result == NONE);
	MODEL_CHECK(rc != 0 || data == 7);
	result = rc;
}

static void make(void)
{
	model_name(&e, sizeof e, "e");
	model_name(&op, sizeof op, "op");
	result = NONE;
	pawl_op_init_inline(&op, done, NULL);
}

static void make_queue(void)
{
	make();
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	model_name(cq, 256, "cq");
	pawl_op_init(&op, cq, done, NULL);
}

/* Return: whether it waits. */
static bool start(void)
{
	started = pawl_event_wait_op(&e, &op);
	MODEL_CHECK(started == 0 || started == EINPROGRESS);
	if (started == 0)
		done(&op, 0);
	return started == EINPROGRESS;
}

static void set(void)
{
	data = 7;
	pawl_event_set(&e);
}

static void judge(void)
{
	MODEL_CHECK(result != NONE && e.queue_ == 0);
	if (!cq)
		model_saw(started == 0 ? AT_ONCE : result == 0 ? TOLD : ENDED);
	pawl_cq_close(cq);
}

static void start_set_cancel(unsigned who)
{
	if (who == 1)
		(void)start();
	else if (who == 2)
		set();
	else
		cancel = pawl_op_cancel(&op);
}

static void told_or_canceled(void)
{
	MODEL_CHECK(result == (cancel == 0 ? ECANCELED : 0));
	judge();
}

MODEL(event_op_cancel, .about = "T1 starts an op, T2 sets the event, T3 cancels it", .threads = 3,
      .setup = make, .thread = start_set_cancel, .finish = told_or_canceled,
      .enter = model_attach, .sights = { "told", "canceled", "at once" },
      .without = NOISE | NO_MEMORY, .preemptions = 2);

static void start_or_set(unsigned who)
{
	if (who == 2) {
		set();
		return;
	}
	if (!start())
		return;
	while (result == NONE) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
	model_saw(TOLD);
}

MODEL(event_op_dispatch, .about = "T1 starts and dispatches an op, T2 sets the event",
      .threads = 2, .setup = make_queue, .thread = start_or_set, .finish = judge,
      .enter = model_attach, .sights = { "told" }, .without = NO_MEMORY | SPURIOUS_WAKES,
      .preemptions = 2);

/* A pulse is for who waits then: what comes later waits. */
static void start_or_pulse(unsigned who)
{
	if (who == 2) {
		set();
		pawl_event_clear(&e);
	} else if (start()) {
		model_saw(ENDED);
	} else {
		model_saw(AT_ONCE);
	}
}

static void told_or_waits(void)
{
	bool waits = result == NONE;

	if (waits)
		MODEL_CHECK(pawl_op_cancel(&op) == 0 && result == ECANCELED);
	else
		model_saw(TOLD);
	MODEL_CHECK(e.queue_ == 0 && !pawl_event_is_set(&e));
}

MODEL(event_op_pulse, .about = "T1 starts an op, T2 sets the event and clears it", .threads = 2,
      .setup = make, .thread = start_or_pulse, .finish = told_or_waits, .enter = model_attach,
      .sights = { "told", "it waits", "at once" }, .without = NO_MEMORY);

/* Its wait is over as soon as one of the sets returns, though the other may be stopped. */
static void set_and_look(unsigned who)
{
	(void)who;
	pawl_event_set(&e);
	MODEL_CHECK(pawl_op_cancel(&op) == EALREADY);
	model_saw(0);
}

static void was_told(void)
{
	MODEL_CHECK(e.queue_ == 0 && result == 0);
}

static void done_in_set(pawl_op *which, int rc)
{
	(void)which;
	MODEL_CHECK(rc == 0 && result == NONE);
	result = rc;
}

static void make_two_setters(void)
{
	make();
	pawl_op_init_inline(&op, done_in_set, NULL);
	MODEL_CHECK(pawl_event_wait_op(&e, &op) == EINPROGRESS);
}

MODEL(event_op_two, .about = "one waits, two set the event", .threads = 2,
      .setup = make_two_setters, .thread = set_and_look, .finish = was_told,
      .enter = model_attach, .sights = { "one has set it" }, .without = NO_MEMORY);

/* Who passed comes again, by an op, while the one who let it pass is telling others. */
static pawl_op later;
static int later_result;

static void later_done(pawl_op *which, int rc)
{
	(void)which;
	later_result = rc;
}

static void pass_and_start(unsigned who)
{
	if (who == 2) {
		pawl_event_set(&e);
		return;
	}
	MODEL_CHECK(pawl_event_wait(&e) == 0);
	pawl_event_clear(&e);
	pawl_op_init_inline(&later, later_done, NULL);
	later_result = NONE;
	MODEL_CHECK(pawl_event_wait_op(&e, &later) == EINPROGRESS);
	model_saw(0);
}

static void later_waits(void)
{
	MODEL_CHECK(later_result == NONE);
	MODEL_CHECK(pawl_op_cancel(&later) == 0 && later_result == ECANCELED);
	was_told();
}

MODEL(event_op_again, .about = "an op waits; T1 waits, clears, and starts another; T2 sets",
      .threads = 2, .setup = make_two_setters, .thread = pass_and_start, .finish = later_waits,
      .enter = model_attach, .sights = { "the other one waits" },
      .without = NO_MEMORY | SPURIOUS_WAKES);

/* Set again while it is set: who clears it after that has seen what was done before. */
static int seen;

static void make_set(void)
{
	make();
	pawl_event_set(&e);
	seen = NONE;
}

static void set_again_or_clear(unsigned who)
{
	if (who == 1) {
		__atomic_store_n(&data, 7, __ATOMIC_RELAXED);
		pawl_event_set(&e);
	} else {
		pawl_event_clear(&e);
		seen = __atomic_load_n(&data, __ATOMIC_RELAXED);
	}
}

static void seen_or_set(void)
{
	MODEL_CHECK(seen == 7 || pawl_event_is_set(&e));
	model_saw(pawl_event_is_set(&e) ? 0 : 1);
}

MODEL(event_cleared, .about = "it is set; one sets it again, one clears it", .threads = 2,
      .setup = make_set, .thread = set_again_or_clear, .finish = seen_or_set,
      .enter = model_attach, .sights = { "it is set", "it is clear" });

/* A pulse is not missed by who has no memory and polls, as it is by who comes later. */
static void poll_or_pulse(unsigned who)
{
	int rc;

	if (who == 2) {
		set();
		pawl_event_clear(&e);
		return;
	}
	rc = pawl_event_wait_until(&e, model_soon());
	MODEL_CHECK((rc == 0 && data == 7) || (rc == ETIMEDOUT && pawl_now() >= model_soon()));
	if (!pawl_i_tls.context)
		model_saw(rc == 0 ? 0 : 1);
}

static void none_in_queue(void)
{
	MODEL_CHECK(e.queue_ == 0);
}

MODEL(event_memory, .about = "one without memory waits, one sets and clears", .threads = 2,
      .setup = make, .thread = poll_or_pulse, .finish = none_in_queue,
      .sights = { "it passed", "it gave up" });
