/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Push, pop and close of a queue, with waits and without, judged as a history: first in, first
 * out, nothing lost, nothing twice; what is left when it is closed comes, then EPIPE.
 */
#include "queue_model.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = NO_MEMORY | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
enum { LEAST = NOISE | STALE_LOADS | WEAK_FAILURES };

static int popped, pushed;	/* how many */

static void make_one(void)
{
	make_queue(1);
}

static void make_two(void)
{
	make_queue(2);
}

static void note_push(int rc)
{
	pushed += rc == 0;
}

static void note_pop(int item)
{
	popped += item > 0;
}

/* What was pushed was popped, or is there. */
static void judge(void)
{
	while (trypop() > 0)
		popped++;
	MODEL_CHECK(popped == pushed);
	pawl_queue_free(jobs);
}

#define QUEUE .enter = model_attach, .spec = &fifo, .finish = judge

/* With one slot, and two items, who is faster waits for who is slower. */
static void push_or_pop_two(unsigned who)
{
	if (who == 1) {
		note_push(push(1, PAWL_FOREVER));
		note_push(push(2, PAWL_FOREVER));
	} else {
		note_pop(pop(PAWL_FOREVER));
		note_pop(pop(PAWL_FOREVER));
		MODEL_CHECK(popped == 2);
	}
}

MODEL(queue_one, .about = "T1 pushes two, T2 pops two; capacity 1", .threads = 2,
      .setup = make_one, .thread = push_or_pop_two, QUEUE);

MODEL(queue_two, .about = "the same; capacity 2", .threads = 2, .setup = make_two,
      .thread = push_or_pop_two, QUEUE);

/* Of waits some end at their deadline. */
static void push_or_pop_late(unsigned who)
{
	if (who == 1) {
		int rc;

		note_push(push(1, PAWL_FOREVER));
		rc = push(2, model_soon());
		model_saw(rc == 0 ? 0 : 1);
		note_push(rc);
	} else {
		int item = pop(model_soon());

		model_saw(item > 0 ? 2 : 3);
		note_pop(item);
	}
}

MODEL(queue_late, .about = "T1 pushes two, T2 pops one, until a deadline; capacity 1",
      .threads = 2, .setup = make_one, .thread = push_or_pop_late, QUEUE,
      .sights = { "pushed", "too late to push", "popped", "too late to pop" });

/* Two that push, one that pops. */
static void two_push(unsigned who)
{
	if (who < 3) {
		MODEL_CHECK(push((int)who, PAWL_FOREVER) == 0);
	} else {
		note_pop(pop(PAWL_FOREVER));
		note_pop(pop(PAWL_FOREVER));
	}
}

static void judge_two(void)
{
	pushed = 2;
	judge();
}

MODEL(queue_two_push, .about = "T1 and T2 push, T3 pops both; capacity 1", .threads = 3,
      .setup = make_one, .thread = two_push, .enter = model_attach, .spec = &fifo,
      .finish = judge_two, .without = LEAST, .preemptions = 2);

/* Polls. */
static void try_both(unsigned who)
{
	if (who == 1) {
		note_push(trypush(1));
		note_push(trypush(2));
	} else {
		note_pop(trypop());
		note_pop(trypop());
		model_saw(popped == 0 ? 0 : 1);
	}
}

MODEL(queue_try, .about = "T1 tries to push two, T2 to pop two; capacity 2", .threads = 2,
      .setup = make_two, .thread = try_both, QUEUE, .sights = { "it got none", "it got some" });

static void try_and_try(unsigned who)
{
	if (trypush((int)who) == 0)
		(void)__atomic_add_fetch(&pushed, 1, __ATOMIC_RELAXED);
	if (trypop() > 0)
		(void)__atomic_add_fetch(&popped, 1, __ATOMIC_RELAXED);
}

MODEL(queue_try_each, .about = "T1 and T2 try to push and to pop; capacity 2", .threads = 2,
      .setup = make_two, .thread = try_and_try, QUEUE);

/* The slot that a push finds may be of another pop than its permit. */
static void make_two_full(void)
{
	make_two();
	MODEL_CHECK(trypush(1) == 0 && trypush(2) == 0);
}

static void pop_pop_push(unsigned who)
{
	if (who == 3)
		model_saw(trypush(3) == 0 ? 0 : 1);
	else
		MODEL_CHECK(trypop() > 0);
}

static void free_two(void)
{
	pawl_queue_free(jobs);
}

MODEL(queue_slot_of_another, .about = "T1 and T2 pop, T3 tries to push; capacity 2",
      .threads = 3, .setup = make_two_full, .thread = pop_pop_push, .finish = free_two,
      .enter = model_attach, .spec = &fifo, .sights = { "it found a slot", "it did not" });

/*** Close *************************************************************************************/

static void close_push_pop(unsigned who)
{
	if (who == 1) {
		note_push(push(1, PAWL_FOREVER));
		note_push(push(2, PAWL_FOREVER));
		model_saw(pushed < 2 ? 0 : 1);
	} else if (who == 2) {
		int item = pop(PAWL_FOREVER);

		MODEL_CHECK(item == 1 || item == -EPIPE);
		model_saw(item > 0 ? 2 : 3);
		note_pop(item);
	} else {
		close_queue();
	}
}

#define CLOSE_SIGHTS .sights = { "too late to push", "all pushed", "popped", "nothing was left" }

MODEL(queue_close, .about = "T1 pushes two, T2 pops one, T3 closes; capacity 1", .threads = 3,
      .setup = make_one, .thread = close_push_pop, QUEUE, .without = LEAST,
      CLOSE_SIGHTS, .preemptions = 2);

MODEL(queue_close_two, .about = "the same; capacity 2", .threads = 3, .setup = make_two,
      .thread = close_push_pop, QUEUE, .without = LEAST, CLOSE_SIGHTS, .preemptions = 2);

/* Two take out what is left. */
static void push_close_drain(unsigned who)
{
	int item;

	if (who == 1) {
		note_push(trypush(1));
		note_push(trypush(2));
		return;
	}
	if (who == 2)
		close_queue();
	item = trypop();
	if (item > 0)
		(void)__atomic_add_fetch(&popped, 1, __ATOMIC_RELAXED);
	else
		model_saw(item == -EPIPE ? 0 : 1);
}

MODEL(queue_drain, .about = "T1 pushes two, T2 closes and pops, T3 pops; capacity 2",
      .threads = 3, .setup = make_two, .thread = push_close_drain, QUEUE, .without = NOISE,
      .sights = { "it was closed and empty", "it was empty" });

/* What was done before close is seen by who learns of it. */
static int before;

static void close_and_learn(unsigned who)
{
	int item = 1;

	if (who == 1) {
		before = 1;
		pawl_queue_close(jobs);
	} else if (pawl_queue_push(jobs, &item) == EPIPE) {
		MODEL_CHECK(before == 1);
		model_saw(0);
	} else if (pawl_queue_push(jobs, &item) == EPIPE) {
		MODEL_CHECK(before == 1);
		model_saw(1);
	}
}

static void free_it(void)
{
	pawl_queue_free(jobs);
}

MODEL(queue_closed_before, .about = "T1 closes, T2 pushes, and waits to push; capacity 1",
      .threads = 2, .setup = make_one, .thread = close_and_learn, .enter = model_attach,
      .finish = free_it, .sights = { "the first was too late", "the second was" });

static void close_and_pop(unsigned who)
{
	int item;

	if (who == 1) {
		before = 1;
		pawl_queue_close(jobs);
	} else {
		MODEL_CHECK(pawl_queue_pop(jobs, &item) == EPIPE);
		MODEL_CHECK(before == 1);
	}
}

MODEL(queue_closed_empty, .about = "T1 closes, T2 pops", .threads = 2, .setup = make_one,
      .thread = close_and_pop, .enter = model_attach, .finish = judge);

/* A pop that has a permit, which a pop of the closed queue makes void. */
static void make_one_item(void)
{
	make_one();
	MODEL_CHECK(trypush(1) == 0);
}

static void close_and_take(unsigned who)
{
	int item;

	if (who == 1) {
		before = 1;
		pawl_queue_close(jobs);
		(void)!pawl_queue_trypop(jobs, &item);
	} else if (pawl_queue_trypop(jobs, &item) == EPIPE) {
		MODEL_CHECK(before == 1);
		model_saw(0);
	}
}

MODEL(queue_closed_taken, .about = "T1 closes, and pops, as T2", .threads = 2,
      .setup = make_one_item, .thread = close_and_take, .enter = model_attach,
      .finish = free_it, .sights = { "T2 found nothing" });
