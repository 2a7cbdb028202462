/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PAWL_QUEUE_FAST: those who wait, from states that are made before: a full queue, an op that was
 * promised an item and is given up while others push and pop; an op that pops what another push
 * waits for; one that was told to try again, and has no time left.
 */
#include <errno.h>

#include <pawl/op.h>
#include <pawl/queue.h>

#include "explorer/model.h"
#include "sync/queue_fast_cells.h"

enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES | WEAK_FAILURES | NO_MEMORY };

static pawl_queue *q;
static pawl_cq *cq;
static pawl_op op, waiting;
static uint64_t got[6];
static int rc_of_op, calls;

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

static void push(uint64_t item)
{
	MODEL_CHECK(pawl_queue_push(q, &item) == 0);
}

static void judge(void)
{
	MODEL_CHECK(q->fast.tail.waiting == 0 && q->fast.head.waiting == 0);
	MODEL_CHECK((q->fast.tail.word & FAST_PROMISED) == 0);
	MODEL_CHECK((q->fast.head.word & FAST_PROMISED) == 0);
	MODEL_CHECK(q->slots.given->line == 0 && q->ready.given->line == 0);
	pawl_queue_free(q);
}

static void done(pawl_op *which, int rc)
{
	(void)which;
	rc_of_op = rc;
	calls++;
}

/*** Two push into a full queue, one pops for both ***********************************************/

static void make_full(void)
{
	make_with(2);
	push(1);
	push(2);
}

static void two_push(unsigned who)
{
	if (who == 3) {
		for (uint64_t i = 1; i <= 2; i++)
			MODEL_CHECK(pawl_queue_pop(q, &got[i]) == 0 && got[i] == i);
	} else {
		push(2 + who);
	}
	model_saw(0);
}

static void both_pushed(void)
{
	MODEL_CHECK(pawl_queue_trypop(q, &got[3]) == 0 && pawl_queue_trypop(q, &got[4]) == 0);
	MODEL_CHECK(got[3] + got[4] == 7);
	judge();
}

MODEL(queue_fast_full, .about = "two push into a full queue, one pops for both", .threads = 3,
      .setup = make_full, .thread = two_push, .finish = both_pushed, .enter = model_attach,
      .sights = { "it passed" }, .without = NOISE, .preemptions = 1);

/*** An op pops what is pushed, for another push to come after it ********************************/

static void make_waiting_op(void)
{
	make_with(1);
	pawl_op_init_inline(&op, done, NULL);
	MODEL_CHECK(pawl_queue_pop_op(q, &got[0], &op) == EINPROGRESS);
}

static void each_pushes(unsigned who)
{
	push(who);
	model_saw(0);
}

static void one_is_left(void)
{
	MODEL_CHECK(calls == 1 && rc_of_op == 0);
	MODEL_CHECK(pawl_queue_trypop(q, &got[1]) == 0 && got[0] + got[1] == 3);
	judge();
}

MODEL(queue_fast_op_room, .about = "an op waits for an item, two push into a cell", .threads = 2,
      .setup = make_waiting_op, .thread = each_pushes, .finish = one_is_left,
      .enter = model_attach, .sights = { "it passed" }, .without = SPINS, .preemptions = 2);

/*** One op gives up what it was promised, another waits; one pushes, one pops *******************/

static void given_up(pawl_op *which, int rc)
{
	(void)which;
	MODEL_CHECK(rc == ECANCELED);
}

static void make_promised_op(void)
{
	make_with(4);
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	pawl_op_init(&op, cq, given_up, NULL);
	MODEL_CHECK(pawl_queue_pop_op(q, &got[0], &op) == EINPROGRESS);
	pawl_op_init_inline(&waiting, done, NULL);
	MODEL_CHECK(pawl_queue_pop_op(q, &got[1], &waiting) == EINPROGRESS);
	push(1);
}

static void give_push_or_pop(unsigned who)
{
	if (who == 1)
		push(2);
	else if (who == 2)
		pawl_cq_close(cq);
	else
		model_saw(pawl_queue_trypop(q, &got[2]) == 0 ? 0 : 1);
}

/* Two came, and one was popped, or none: so one is left for who waits. */
static void waiter_got_one(void)
{
	MODEL_CHECK(calls == 1 && rc_of_op == 0);
	MODEL_CHECK(pawl_queue_len(q) == (got[2] == 0));
	judge();
}

MODEL(queue_fast_op_given_up, .about = "an op gives its item up, one pushes, one pops; one waits",
      .threads = 3, .setup = make_promised_op, .thread = give_push_or_pop,
      .finish = waiter_got_one, .enter = model_attach,
      .sights = { "one was popped", "none was left" }, .without = NOISE, .preemptions = 2);

/*** One is told to try again, and cannot in time ************************************************/

static void make_four(void)
{
	make_with(4);
}

/* Who pushes has the first cell in its hands while it pushes into the second, which is told. */
static void tell_in_vain(unsigned who)
{
	unsigned char *cell;
	uint64_t at, item = 1;

	if (who == 1) {
		MODEL_CHECK(fast_take_tail(&q->fast, true, &cell, &at));
		push(2);
		__builtin_memcpy(cell, &item, sizeof item);
		(void)fast_filled(q, cell, at);
	} else if (who == 2) {
		if (pawl_queue_pop_until(q, &got[2], model_soon()) == 0)
			push(3);
		else
			model_saw(0);
	} else {
		MODEL_CHECK(pawl_queue_pop(q, &got[who]) == 0);
	}
}

static void all_got_one(void)
{
	MODEL_CHECK(pawl_queue_len(q) == 0);
	judge();
}

MODEL(queue_fast_in_vain, .about = "one of three that pop gives up as it is told; two are pushed",
      .threads = 4, .setup = make_four, .thread = tell_in_vain, .finish = all_got_one,
      .enter = model_attach, .sights = { "it was late" }, .without = NOISE | STALE_LOADS,
      .preemptions = 1);
