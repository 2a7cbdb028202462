/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PAWL_QUEUE_FAST: close, and ops.  Whoever waits is told of a close; what was pushed before it is
 * popped.  An op whose turn came gets its item, or gives it to the next.
 */
#include <errno.h>

#include <pawl/op.h>
#include <pawl/queue.h>

#include "explorer/model.h"
#include "sync/queue.h"

enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES | STALE_LOADS | WEAK_FAILURES };

static pawl_queue *q;
static uint64_t got[4];
static int results[4];
static int before;		/* the close; plain */

static void make_with(size_t capacity)
{
	pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = capacity, .item_size = sizeof(uint64_t),
		.flags = PAWL_QUEUE_FAST
	};

	MODEL_CHECK(pawl_queue_open(&cfg, &q) == 0);
	model_name(&q->fast.tail.word, sizeof q->fast.tail.word, "tail");
	model_name(&q->fast.head.word, sizeof q->fast.head.word, "head");
	model_name(q->fast.cells - 8, 8, "stamp");
}

static void make(void)
{
	make_with(1);
}

/*** Close ****************************************************************************************/

static void close_it(void)
{
	before = 1;
	pawl_queue_close(q);
}

static int push(uint64_t item)
{
	return pawl_queue_push(q, &item);
}

static void judge(void)
{
	MODEL_CHECK(q->slots.given->line == 0 && q->ready.given->line == 0);
	pawl_queue_free(q);
}

static void check_closed(int rc)
{
	MODEL_CHECK(rc == 0 || (rc == EPIPE && before == 1));
	model_saw(rc == 0 ? 0 : 1);
}

static void close_or_pop(unsigned who)
{
	if (who == 1) {
		(void)!push(1);
		close_it();
	} else {
		for (int i = 0; i < 2; i++) {
			results[i] = pawl_queue_pop(q, &got[0]);
			check_closed(results[i]);
		}
		MODEL_CHECK(results[0] == 0 && results[1] == EPIPE);
	}
}

MODEL(queue_fast_close, .about = "one pushes and closes, one pops until it is over", .threads = 2,
      .setup = make, .thread = close_or_pop, .finish = judge, .enter = model_attach,
      .sights = { "it got one", "it was closed" }, .without = SPINS);

static void close_or_push(unsigned who)
{
	if (who == 1)
		close_it();
	else
		for (int i = 0; i < 2; i++)
			check_closed(results[i] = push(1));
}

static void judge_pushes(void)
{
	MODEL_CHECK(results[1] == EPIPE && pawl_queue_len(q) == (results[0] == 0));
	judge();
}

MODEL(queue_fast_shut, .about = "one closes, one pushes until it is told of that", .threads = 2,
      .setup = make, .thread = close_or_push, .finish = judge_pushes, .enter = model_attach,
      .sights = { "it pushed", "it was closed" }, .without = SPINS);

static void *slot;

static void make_reserved(void)
{
	make();
	MODEL_CHECK(pawl_queue_reserve(q, PAWL_FOREVER, &slot) == 0);
}

static void close_or_commit(unsigned who)
{
	uint64_t item = 7;

	if (who == 1) {
		close_it();
		results[1] = pawl_queue_pop(q, &got[0]);
	} else {
		__builtin_memcpy(slot, &item, sizeof item);
		check_closed(results[2] = pawl_queue_commit(q, slot));
		if (results[2] != 0)
			pawl_queue_abandon(q, slot);
	}
}

static void judge_commit(void)
{
	MODEL_CHECK(results[1] == results[2]);
	MODEL_CHECK(results[1] != 0 || got[0] == 7);
	judge();
}

MODEL(queue_fast_late_commit, .about = "one closes and pops, one commits", .threads = 2,
      .setup = make_reserved, .thread = close_or_commit, .finish = judge_commit,
      .enter = model_attach, .sights = { "it was in time", "it was closed" }, .without = SPINS);

/* Who finds it closed without waiting knows what was done before that. */
static void close_or_try(unsigned who)
{
	void *reserved;
	uint64_t item = 1;

	if (who == 1) {
		close_it();
	} else if (pawl_queue_trypush(q, &item) == EPIPE) {
		MODEL_CHECK(before == 1);
		model_saw(0);
	} else if (pawl_queue_trypop(q, &item) == 0 && pawl_queue_trypop(q, &item) == EPIPE) {
		MODEL_CHECK(before == 1);
		model_saw(1);
	} else if (pawl_queue_reserve(q, model_past(), &reserved) == EPIPE) {
		MODEL_CHECK(before == 1);
		model_saw(2);
	} else {
		pawl_queue_abandon(q, reserved);
	}
}

MODEL(queue_fast_try, .about = "one closes, one tries", .threads = 2, .setup = make,
      .thread = close_or_try, .finish = judge, .enter = model_attach,
      .sights = { "a push saw it", "a pop saw it", "a reserve saw it" });

/*** Ops ******************************************************************************************/

static pawl_op op;
static int rc_of_op, calls;

static void done(pawl_op *which, int rc)
{
	(void)which;
	rc_of_op = rc;
	calls++;
}

static void make_op(void)
{
	make_with(2);
	pawl_op_init_inline(&op, done, NULL);
}

static void start_pop(void)
{
	int rc = pawl_queue_pop_op(q, &got[0], &op);

	if (rc == EINPROGRESS)
		model_saw(0);
	else
		done(&op, rc);
}

static void judge_op(void)
{
	MODEL_CHECK(calls == 1 && rc_of_op == 0 && got[0] + got[2] == 3);
	MODEL_CHECK(q->fast.tail.waiting == 0 && (q->fast.head.word & FAST_PROMISED) == 0);
	judge();
}

/* A thread is behind the op, or in front of it. */
static void op_or_pop(unsigned who)
{
	if (who == 1) {
		start_pop();
	} else if (who == 2) {
		MODEL_CHECK(pawl_queue_pop(q, &got[2]) == 0);
	} else {
		MODEL_CHECK(push(1) == 0);
		MODEL_CHECK(push(2) == 0);
	}
}

MODEL(queue_fast_op, .about = "an op and a thread pop, one pushes for both", .threads = 3,
      .setup = make_op, .thread = op_or_pop, .finish = judge_op, .enter = model_attach,
      .sights = { "the op waited" }, .without = NOISE | NO_MEMORY, .preemptions = 1);

/* It is canceled while its item comes: a thread gets that. */
static void cancel_or_pop(unsigned who)
{
	if (who == 1) {
		MODEL_CHECK(push(3) == 0);
	} else if (who == 2) {
		if (pawl_op_cancel(&op) == 0)
			model_saw(0);
		else
			model_saw(1);
	} else if (pawl_queue_pop_until(q, &got[2], model_soon()) != 0) {
		model_saw(2);
	}
}

static void make_waiting_op(void)
{
	make_op();
	MODEL_CHECK(pawl_queue_pop_op(q, &got[0], &op) == EINPROGRESS);
}

static void judge_cancel(void)
{
	MODEL_CHECK(calls == 1 && (rc_of_op == 0 || rc_of_op == ECANCELED));
	MODEL_CHECK(got[0] + got[2] + 3 * pawl_queue_len(q) == 3);
	MODEL_CHECK(q->fast.tail.waiting == 0 && (q->fast.head.word & FAST_PROMISED) == 0);
	judge();
}

MODEL(queue_fast_op_cancel, .about = "an op is canceled, one pushes, one pops", .threads = 3,
      .setup = make_waiting_op, .thread = cancel_or_pop, .finish = judge_cancel,
      .enter = model_attach, .sights = { "canceled", "it came too late", "the thread was late" },
      .without = (NOISE & ~CLOCK_JUMPS) | NO_MEMORY, .preemptions = 2);

/* It is canceled while it is promised the only item: then who began to wait meanwhile gets that; if
 * the op has it, another one. */
static void pass_on(unsigned who)
{
	if (who == 1)
		MODEL_CHECK(push(3) == 0);
	else if (who == 3)
		MODEL_CHECK(pawl_queue_pop(q, &got[2]) == 0);
	else if (pawl_op_cancel(&op) == 0)
		model_saw(0);
	else
		MODEL_CHECK(push(3) == 0);
}

static void judge_pass(void)
{
	MODEL_CHECK(calls == 1 && got[2] == 3 && pawl_queue_len(q) == 0);
	judge();
}

MODEL(queue_fast_op_passed, .about = "an op is canceled, one pushes, a thread waits",
      .threads = 3, .setup = make_waiting_op, .thread = pass_on, .finish = judge_pass,
      .enter = model_attach, .sights = { "it was canceled" }, .without = NOISE | NO_MEMORY,
      .preemptions = 2);
