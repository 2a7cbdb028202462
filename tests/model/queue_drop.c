/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PAWL_QUEUE_DROP_OLDEST: each item is popped, or evicted, once, in the order of pushes.  Weights:
 * never more than there is room for, and none of it is lost.
 */
#include "queue_model.h"
#include "sync/queue.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = NO_MEMORY | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
enum { LEAST = NOISE | STALE_LOADS | WEAK_FAILURES };
enum sight { EVICTED, POPPED };

static int got[ITEMS], last, weighing;

static void take(int item)
{
	MODEL_CHECK(item > 0 && item < ITEMS);
	(void)__atomic_add_fetch(&got[item], 1, __ATOMIC_RELAXED);
}

static void evict(void *item, void *user)
{
	(void)user;
	model_saw(EVICTED);
	take(*(int *)item);
}

static void make(void)
{
	make_queue_of(1, 0, PAWL_QUEUE_DROP_OLDEST, evict);
}

static void make_full(void)
{
	make();
	MODEL_CHECK(trypush(1) == 0);
	MODEL_CHECK(pawl_queue_len(jobs) == 1);
}

/* What is left is evicted. */
static void judge(int items)
{
	pawl_queue_free(jobs);
	for (int i = 1; i <= items; i++)
		MODEL_CHECK(got[i] == 1);
}

static void judge_two(void)
{
	judge(2);
}

static void judge_three(void)
{
	judge(3);
}

static void pop_one(void)
{
	int item;

	if (pawl_queue_trypop(jobs, &item) == 0) {
		model_saw(POPPED);
		take(item);
	}
}

static void drop_or_pop(unsigned who)
{
	int item = 2;

	if (who == 1)
		MODEL_CHECK(pawl_queue_push(jobs, &item) == 0);
	else
		pop_one();
}

MODEL(queue_drop, .about = "a full queue that drops: T1 pushes, T2 pops", .threads = 2,
      .setup = make_full, .thread = drop_or_pop, .finish = judge_two, .enter = model_attach,
      .sights = { "evicted", "popped" });

static void two_drop(unsigned who)
{
	int item = (int)who + 1;

	if (who < 3)
		MODEL_CHECK(pawl_queue_push(jobs, &item) == 0);
	else
		pop_one();
}

MODEL(queue_drop_two, .about = "the same, T1 and T2 push, T3 pops", .threads = 3,
      .setup = make_full, .thread = two_drop, .finish = judge_three, .enter = model_attach,
      .sights = { "evicted", "popped" }, .without = LEAST);

/* T2 sees the items of T1 in their order. */
static void drop_in_order(unsigned who)
{
	int item;

	if (who == 1) {
		for (item = 1; item <= 3; item++)
			MODEL_CHECK(pawl_queue_push(jobs, &item) == 0);
		return;
	}
	for (int i = 0; i < 2; i++)
		if (pawl_queue_trypop(jobs, &item) == 0) {
			MODEL_CHECK(item > last);
			last = item;
			model_saw(POPPED);
			take(item);
		}
}

MODEL(queue_drop_order, .about = "T1 pushes three into a queue that drops, T2 pops two",
      .threads = 2, .setup = make, .thread = drop_in_order, .finish = judge_three,
      .enter = model_attach, .sights = { "evicted", "popped" });

/* A push that fails as it is closed keeps its item, and what was evicted for it is not lost. */
static void drop_or_close(unsigned who)
{
	int item = 2;

	if (who == 1) {
		int rc = pawl_queue_push(jobs, &item);

		MODEL_CHECK(rc == 0 || rc == EPIPE);
		if (rc != 0) {
			model_saw(POPPED);
			take(2);
		}
	} else {
		pawl_queue_close(jobs);
	}
}

MODEL(queue_drop_close, .about = "a full queue that drops: T1 pushes, T2 closes", .threads = 2,
      .setup = make_full, .thread = drop_or_close, .finish = judge_two, .enter = model_attach,
      .sights = { "evicted", "too late" });

/*** Weights ***********************************************************************************/

enum { ROOM = 3 };

static void make_heavy(void)
{
	int item = 1;

	make_queue_of(2, ROOM, 0, evict);
	MODEL_CHECK(pawl_queue_push_weighed(jobs, &item, 2, PAWL_FOREVER) == 0);
	weighing = 2;
}

/* There is room for all that is not in it. */
static void judge_room(void)
{
	int item;

	while (pawl_queue_trypop(jobs, &item) == 0)
		take(item);
	MODEL_CHECK(pawl_sem_value(&jobs->room) == ROOM);
	judge_two();
}

/* A heavy one waits for another to be popped, or until its deadline. */
static void push_heavy(unsigned who)
{
	int item = 2, rc;

	if (who == 2) {
		MODEL_CHECK(pawl_queue_pop(jobs, &item) == 0);
		take(item);
		return;
	}
	rc = pawl_queue_push_weighed(jobs, &item, 2, model_soon());
	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT);
	model_saw(rc == 0 ? 0 : 1);
	if (rc != 0)
		take(item);
}

MODEL(queue_heavy, .about = "T1 pushes a heavy item, until a deadline, T2 pops another",
      .threads = 2, .setup = make_heavy, .thread = push_heavy, .finish = judge_room,
      .enter = model_attach, .sights = { "it was pushed", "its deadline passed" });

/* Closed instead. */
static void push_heavy_or_close(unsigned who)
{
	int item = 2, rc;

	if (who == 2) {
		pawl_queue_close(jobs);
		return;
	}
	rc = pawl_queue_push_weighed(jobs, &item, 1, PAWL_FOREVER);
	MODEL_CHECK(rc == 0 || rc == EPIPE);
	model_saw(rc == 0 ? 0 : 1);
	if (rc != 0)
		take(item);
}

static void judge_closed_room(void)
{
	int item;

	while (pawl_queue_trypop(jobs, &item) == 0)
		take(item);
	MODEL_CHECK(pawl_sem_value(&jobs->room) == ROOM);
	judge_two();
}

MODEL(queue_heavy_close, .about = "T1 pushes an item with a weight, T2 closes", .threads = 2,
      .setup = make_heavy, .thread = push_heavy_or_close, .finish = judge_closed_room,
      .enter = model_attach, .sights = { "it was pushed", "it was closed" });

/* A light one may overtake it. */
static void heavy_or_light(unsigned who)
{
	int item = (int)who + 1;

	if (who == 3) {
		MODEL_CHECK(pawl_queue_pop(jobs, &item) == 0);
		take(item);
	} else if (who == 2) {
		MODEL_CHECK(pawl_queue_push_weighed(jobs, &item, 1, PAWL_FOREVER) == 0);
	} else {
		MODEL_CHECK(pawl_queue_push_weighed(jobs, &item, 2, PAWL_FOREVER) == 0);
	}
}

static void judge_two_heavy(void)
{
	int item;

	while (pawl_queue_trypop(jobs, &item) == 0)
		take(item);
	MODEL_CHECK(pawl_sem_value(&jobs->room) == ROOM);
	judge_three();
}

MODEL(queue_heavy_light, .about = "T1 pushes a heavy item, T2 a light one, T3 pops another",
      .threads = 3, .setup = make_heavy, .thread = heavy_or_light, .finish = judge_two_heavy,
      .enter = model_attach, .without = LEAST, .preemptions = 2);

/* A heavy one drops what is in its way. */
static void make_heavy_drop(void)
{
	int item = 1;

	make_queue_of(2, ROOM, PAWL_QUEUE_DROP_OLDEST, evict);
	MODEL_CHECK(pawl_queue_push_weighed(jobs, &item, 2, PAWL_FOREVER) == 0);
}

static void drop_heavy(unsigned who)
{
	int item = 2;

	if (who == 1)
		MODEL_CHECK(pawl_queue_push_weighed(jobs, &item, 2, PAWL_FOREVER) == 0);
	else
		pop_one();
}

MODEL(queue_heavy_drop, .about = "T1 pushes a heavy item where that drops, T2 pops",
      .threads = 2, .setup = make_heavy_drop, .thread = drop_heavy, .finish = judge_room,
      .enter = model_attach, .sights = { "evicted", "popped" });
