/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PAWL_QUEUE_FAST: who waits for an item, or for room, is told, by whoever made it; also when he
 * who was told does not want it any more.
 */
#include <errno.h>

#include <pawl/queue.h>
#include <pawl/scope.h>

#include "explorer/model.h"
#include "sync/queue.h"

/* What only makes more schedules of three. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES | STALE_LOADS | WEAK_FAILURES };

static pawl_queue *q;
static pawl_cancel *source;
static uint64_t got[4];
static int results[4];

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

static void make_two(void)
{
	make_with(2);
}

static void push(uint64_t item)
{
	MODEL_CHECK(pawl_queue_push(q, &item) == 0);
}

static void judge(void)
{
	MODEL_CHECK(q->fast.tail.waiting == 0 && q->fast.head.waiting == 0);
	MODEL_CHECK(q->slots.given->line == 0 && q->ready.given->line == 0);
	pawl_queue_free(q);
}

/*** One pops, one pushes twice: each waits for the other *****************************************/

static void pop_or_push(unsigned who)
{
	uint64_t item;

	for (uint64_t i = 1; i <= 2; i++) {
		if (who == 1) {
			push(i);
		} else {
			MODEL_CHECK(pawl_queue_pop(q, &item) == 0);
			MODEL_CHECK(item == i);
		}
	}
	model_saw(0);
}

MODEL(queue_fast_wake, .about = "one pushes twice into a cell, one pops twice", .threads = 2,
      .setup = make, .thread = pop_or_push, .finish = judge, .enter = model_attach,
      .sights = { "it passed" }, .without = SPINS, .preemptions = 2);

/*** Two pop, one pushes *************************************************************************/

static void both_got(void)
{
	MODEL_CHECK(got[1] + got[2] == 3);
	judge();
}

static void two_pop(unsigned who)
{
	if (who == 3) {
		push(1);
		push(2);
	} else {
		MODEL_CHECK(pawl_queue_pop(q, &got[who]) == 0);
	}
	model_saw(0);
}

MODEL(queue_fast_two, .about = "two pop, one pushes for both", .threads = 3,
      .setup = make_two, .thread = two_pop, .finish = both_got, .enter = model_attach,
      .sights = { "it passed" }, .without = NOISE, .preemptions = 2);

/*** A cancel of one that pops, and a push *******************************************************/

static void make_source(void)
{
	make();
	MODEL_CHECK(pawl_cancel_open(NULL, &source) == 0);
}

static void one_canceled(unsigned who)
{
	pawl_scope scope;

	if (who == 1) {
		push(1);
	} else if (who == 3) {
		pawl_cancel_fire(source, 1);
	} else {
		pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
		results[2] = pawl_queue_pop(q, &got[2]);
		MODEL_CHECK(pawl_scope_leave(&scope, results[2]) == results[2]);
		MODEL_CHECK(results[2] == 0 || results[2] == ECANCELED);
		model_saw(results[2] != 0);
	}
}

static void judge_canceled(void)
{
	MODEL_CHECK(pawl_queue_len(q) == (results[2] != 0));
	pawl_cancel_close(source);
	judge();
}

MODEL(queue_fast_cancel, .about = "one pops in a scope, one pushes, one cancels", .threads = 3,
      .setup = make_source, .thread = one_canceled, .finish = judge_canceled,
      .enter = model_attach, .sights = { "it got one", "it was canceled" },
      .without = NOISE, .preemptions = 2);

/*** Reserved slots ******************************************************************************/

/* A slot that was reserved is given back: who waits for room gets it. */
static void *slot;

static void make_reserved(void)
{
	make();
	MODEL_CHECK(pawl_queue_reserve(q, PAWL_FOREVER, &slot) == 0);
}

static void abandon_or_push(unsigned who)
{
	if (who == 1)
		pawl_queue_abandon(q, slot);
	else
		push(1);
	model_saw(0);
}

MODEL(queue_fast_abandon, .about = "one gives a slot back, one waits for room", .threads = 2,
      .setup = make_reserved, .thread = abandon_or_push, .finish = judge, .enter = model_attach,
      .sights = { "it passed" }, .without = SPINS);

static void commit_or_pop(unsigned who)
{
	uint64_t item = 7;

	if (who == 1) {
		__builtin_memcpy(slot, &item, sizeof item);
		MODEL_CHECK(pawl_queue_commit(q, slot) == 0);
		push(8);
	} else {
		for (uint64_t i = 7; i <= 8; i++)
			MODEL_CHECK(pawl_queue_pop(q, &item) == 0 && item == i);
	}
	model_saw(0);
}

MODEL(queue_fast_commit, .about = "one commits, and pushes; one pops twice", .threads = 2,
      .setup = make_reserved, .thread = commit_or_pop, .finish = judge, .enter = model_attach,
      .sights = { "it passed" }, .without = SPINS, .preemptions = 2);
