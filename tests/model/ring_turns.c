/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring, as a queue uses it: a permit is given after each put, and taken before each get.
 * Nothing is lost, nothing comes twice, and what was put first comes first; also when a put, or a
 * get, is stopped with its ticket while others go round.
 */
#include "queue_model.h"
#include "sync/permits.h"
#include "sync/ring.h"

enum { CELLS = 8 };
enum { TURNED };

static struct ring ring;
static uint64_t head, tail;
/* The same, for who drew its ticket earlier, or later. */
static struct ring behind, ahead;
static uint64_t behind_head, ahead_head, ahead_tail;
static struct ring_cell cells[CELLS];
static struct permits_given given;
static struct permits_taken taken;
static struct permits there = { &given, &taken };
static int data[CELLS], got[CELLS];
static uint64_t begun;		/* the tail at the beginning */

static void make(uint32_t capacity)
{
	pawl_i_ring_init(&ring, cells, pawl_i_ring_order(capacity), &head, &tail);
	model_name(&head, sizeof head, "head");
	model_name(&tail, sizeof tail, "tail");
	model_name(cells, sizeof cells, "cells");
	model_name(&given, sizeof given, "given");
	model_name(&taken, sizeof taken, "taken");
}

static void give(uint32_t number)
{
	data[number]++;
	MODEL_CHECK(ring_put(&ring, number));
	permits_give(&there, 1);
}

static void put(uint32_t number)
{
	model_invoke(PUSH, number);
	give(number);
	model_return(0);
}

/* Return: the number; RING_NONE: there is no permit. */
static int64_t take(void)
{
	int64_t number;
	int err;

	if (permits_take(&there, 1, &err) != 1)
		return RING_NONE;
	number = ring_get(&ring);
	MODEL_CHECK(number >= 0 && number < CELLS);
	data[number]++;
	return number;
}

static int64_t try_to_get(void)
{
	int64_t number;

	model_invoke(POP, 0);
	number = take();
	model_return(number == RING_NONE ? -EAGAIN : number);
	return number;
}

/* The same, as soon as there is one. */
static int64_t get(void)
{
	int64_t number;

	model_invoke(POP, 0);
	while ((number = take()) == RING_NONE)
		model_pause();
	model_return(number);
	return number;
}

static void count(int64_t number)
{
	if (number != RING_NONE)
		got[number]++;
}

/* All that is in it was counted once, if it was not @taken. */
static void drain(uint32_t numbers)
{
	int64_t number;

	pawl_i_ring_close(&ring);
	while ((number = ring_get(&ring)) != RING_NONE)
		got[number]++;
	for (uint32_t i = 0; i < numbers; i++)
		MODEL_CHECK(got[i] == 1);
}

static void see_turns(uint64_t puts)
{
	if (tail > begun + puts)
		model_saw(TURNED);
}

#define RING .enter = model_attach, .spec = &fifo

/* One number in two cells, so that each of them is used again at once. */
static void make_smallest(void)
{
	make(1);
	put(0);
}

static void take_and_put(unsigned who)
{
	for (int i = 0; i < 2; i++) {
		int64_t number = try_to_get();

		if (number == RING_NONE)
			continue;
		MODEL_CHECK(number == 0);
		model_saw(who - 1);
		put(0);
	}
}

static void one_is_left(void)
{
	count(try_to_get());
	drain(1);
}

MODEL(ring_smallest, .about = "T1 and T2 get the only number, and put it back, twice",
      .threads = 2, .setup = make_smallest, .thread = take_and_put, .finish = one_is_left,
      .sights = { "T1 had it", "T2 had it" }, RING);

/* Two puts, two gets, at the turn of a round. */
static void make_two(void)
{
	make(2);
	for (uint32_t i = 0; i < 3; i++) {
		give(0);
		(void)take();
	}
	begun = tail;
}

static void two_and_two(unsigned who)
{
	if (who < 3) {
		put(who - 1);
		return;
	}
	count(get());
	count(get());
}

static void both_came(void)
{
	see_turns(2);
	drain(2);
}

MODEL(ring_puts, .about = "T1 and T2 put, T3 gets both", .threads = 3, .setup = make_two,
      .thread = two_and_two, .finish = both_came, .sights = { "a put took another ticket" }, RING);

static void all_came(void)
{
	see_turns(4);
	drain(2);
}

static void put_and_get(unsigned who)
{
	int64_t number = who - 1;

	for (int i = 0; i < 2; i++) {
		put((uint32_t)number);
		number = get();
	}
	count(number);
}

MODEL(ring_turns, .about = "T1 and T2 put and get, twice", .threads = 2, .setup = make_two,
      .thread = put_and_get, .finish = all_came, .sights = { "a put took another ticket" }, RING);

/* T1 is to get the number 0, of ticket 8, which nobody has got since; the others have gone round
 * @laps times. */
static void make_behind(unsigned laps)
{
	int err;

	make(3);
	give(0);
	behind = ring;
	behind.head = &behind_head;
	behind_head = head++;
	(void)permits_take(&there, 1, &err);
	for (unsigned i = 0; i < laps * (CELLS - 1); i++) {
		give(1);
		(void)take();
	}
	begun = tail;	/* where its cell comes next */
	MODEL_CHECK(begun % CELLS == 0);
}

static void make_behind_once(void)
{
	make_behind(1);
}

static void make_behind_twice(void)
{
	make_behind(2);
}

static void meet_behind(unsigned who)
{
	if (who == 1) {
		int64_t number = ring_get(&behind);

		MODEL_CHECK(number == 0);
		got[0]++;
	} else if (who == 2) {
		give(1);
	} else {
		give(2);
		count(take());
	}
}

static void three_came(void)
{
	see_turns(2);
	drain(3);
}

MODEL(ring_unsafe, .about = "T1 got a number, a round ago; T2 puts into its cell; T3 goes on",
      .threads = 3, .setup = make_behind_once, .thread = meet_behind, .finish = three_came,
      .enter = model_attach, .sights = { "a put took another ticket" });

MODEL(ring_unsafe_still, .about = "the same, two rounds ago", .threads = 3,
      .setup = make_behind_twice, .thread = meet_behind, .finish = three_came,
      .enter = model_attach, .sights = { "a put took another ticket" });

/* The same; and another put, of the next round, is stopped where it begins to use the cell. */
static void make_ahead(void)
{
	make_behind_twice();
	ahead = ring;
	ahead.head = &ahead_head;
	ahead.tail = &ahead_tail;
	ahead_head = ahead_tail = begun + CELLS;
}

static void meet_ahead(unsigned who)
{
	if (who > 1) {
		meet_behind(who);
		return;
	}
	MODEL_CHECK(ring_get(&behind) == 0);
	MODEL_CHECK(ring_put(&ahead, 0));
}

static void rounds_came(void)
{
	int64_t number;

	pawl_i_ring_close(&ring);
	while ((number = ring_get(&ring)) != RING_NONE)
		got[number]++;
	ring = ahead;
	drain(3);
}

MODEL(ring_unsafe_ahead, .about = "the same, and T1 puts into it for the next round",
      .threads = 3, .setup = make_ahead, .thread = meet_ahead, .finish = rounds_came,
      .enter = model_attach);

/* No cell is safe: as long as no get was there, a put may use it. */
static void make_no_safe(void)
{
	make(1);
	cells[0].entry &= ~ring_safe(&ring);
	cells[1].entry &= ~ring_safe(&ring);
}

static void put_or_get(unsigned who)
{
	if (who == 1)
		put(0);
	else
		count(get());
}

static void one_came(void)
{
	drain(1);
}

MODEL(ring_no_safe, .about = "T1 puts where no cell is safe, T2 gets", .threads = 2,
      .setup = make_no_safe, .thread = put_or_get, .finish = one_came, RING);

/* Closed meanwhile: what was put before comes, what was not stays with its owner. */
static void close_while_full(unsigned who)
{
	int64_t number;

	if (who < 3) {
		if (!ring_put(&ring, who - 1)) {
			got[who - 1]++;
			model_saw(1);
		}
		return;
	}
	pawl_i_ring_close(&ring);
	while ((number = ring_get(&ring)) != RING_NONE)
		count(number);
	model_saw(0);
}

static void all_is_out(void)
{
	MODEL_CHECK(got[0] == 1 && got[1] == 1);
	drain(2);
}

MODEL(ring_close, .about = "T1 and T2 put, T3 closes, and takes all out", .threads = 3,
      .setup = make_two, .thread = close_while_full, .finish = all_is_out, .enter = model_attach,
      .sights = { "it is empty", "a put came too late" });

/* Two take out what is left. */
static void make_closing(void)
{
	make(2);
	put(0);
}

static void drain_both(unsigned who)
{
	int64_t number;

	if (who == 1) {
		if (!ring_put(&ring, 1)) {
			got[1]++;
			model_saw(1);
		}
		return;
	}
	pawl_i_ring_close(&ring);
	number = ring_get(&ring);
	if (number == RING_NONE)
		model_saw(0);
	else
		(void)__atomic_add_fetch(&got[number], 1, __ATOMIC_RELAXED);
}

static void closed_at_last(void)
{
	drain(2);
}

MODEL(ring_close_two, .about = "T1 puts, T2 and T3 close, and get one", .threads = 3,
      .setup = make_closing, .thread = drain_both, .finish = closed_at_last,
      .enter = model_attach, .sights = { "nothing was left", "a put came too late" });
