/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ring.c - lib/sync/ring.h: order, calls that stopped in the middle, ends of the counters. */
#include "config.h"

#include <sched.h>
#include <string.h>

#include <pawl/atomic.h>

#include "sync/ring.h"

#include "support.h"

enum { ORDER_TESTED = 6, CELLS_TESTED = 1 << ORDER_TESTED };

static struct ring_cell cells[CELLS_TESTED];
static uint64_t head, tail;

/* An empty ring whose next ticket is @first. */
static void ring_from(struct ring *r, unsigned order, uint64_t first)
{
	memset(cells, 0, sizeof cells);
	pawl_i_ring_init(r, cells, order, &head, &tail);
	head = tail = first;
}

/* Return: its length, as it were if it was closed now. */
static uint32_t length_closed(struct ring *r, uint32_t most)
{
	r->end = *r->tail;
	return pawl_i_ring_length(r, most);
}

static void put(struct ring *r, uint32_t from, uint32_t to)
{
	for (; from < to; from++)
		must(ring_put(r, from));
}

static void get(struct ring *r, uint32_t from, uint32_t to)
{
	for (; from < to; from++)
		assert_int_equal(ring_get(r), from);
}

static void there_are_twice_as_many_cells_as_numbers_or_more(void **state)
{
	(void)state;
	for (uint32_t capacity = 1; capacity < 5000; capacity++) {
		uint64_t size = (uint64_t)1 << pawl_i_ring_order(capacity);

		assert_true(size >= 2 * (uint64_t)capacity && size < 4 * (uint64_t)capacity);
	}
	assert_int_equal(pawl_i_ring_order((uint32_t)1 << 30), 31);
}

/*** Alone *************************************************************************************/

/* The least that is possible, where a round changes, where bits of the counters do, and so far that
 * the mark for closed is near. */
static const uint64_t firsts[] = {
	CELLS_TESTED, 1000, ((uint64_t)1 << 32) - 100, ((uint64_t)1 << 32) - 1,
	((uint64_t)1 << 62) - 100, ((uint64_t)1 << 62) - 1, ((uint64_t)1 << 62),
	RING_CLOSED - 3000,
};

static void go_round(unsigned order, uint64_t first)
{
	uint32_t half = (uint32_t)1 << (order - 1);
	struct ring r;

	for (uint32_t within = 1; within <= half; within++) {
		uint32_t in = 0, out = 0;

		ring_from(&r, order, first);
		for (; in < within; in++)
			put(&r, in % half, in % half + 1);
		for (int i = 0; i < 4 * CELLS_TESTED; i++, in++, out++) {
			assert_int_equal(length_closed(&r, half), within);
			get(&r, out % half, out % half + 1);
			put(&r, in % half, in % half + 1);
		}
		for (; out < in; out++)
			get(&r, out % half, out % half + 1);
		assert_int_equal(length_closed(&r, half), 0);
	}
}

static void numbers_come_out_as_they_went_in_wherever_the_counters_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(firsts); i++)
		for (unsigned order = 1; order <= ORDER_TESTED; order++)
			go_round(order, firsts[i]);
}

static void its_length_is_not_more_than_was_asked_for(void **state)
{
	struct ring r;

	(void)state;
	ring_from(&r, 4, 16);
	put(&r, 0, 7);
	assert_int_equal(length_closed(&r, 8), 7);
	assert_int_equal(length_closed(&r, 3), 3);
	head += 12;
	assert_int_equal(length_closed(&r, 8), 0);
}

/*** Stopped in the middle: a ticket was drawn, no more *******************************************/

static void stop_a_put(struct ring *r)
{
	(void)pawl_fetch_add_(r->tail, 1, relaxed);
}

/* Return: its ticket. */
static uint64_t stop_a_get(struct ring *r)
{
	return pawl_fetch_add_(r->head, 1, relaxed);
}

static void gets_pass_puts_that_stopped(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(firsts); i++) {
		struct ring r;

		ring_from(&r, 3, firsts[i]);
		for (int round = 0; round < 40; round++) {
			put(&r, 0, 1);
			stop_a_put(&r);
			stop_a_put(&r);
			put(&r, 1, 3);
			stop_a_put(&r);
			get(&r, 0, 3);
		}
	}
}

/* The numbers of gets that stopped stay where they are; others go round them. */
static void puts_and_gets_go_round_what_a_stopped_get_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(firsts); i++)
		for (uint64_t skew = 0; skew < 8; skew++) {
			uint64_t ticket, first = firsts[i] + skew;
			struct ring r;

			ring_from(&r, 3, first);
			put(&r, 0, 4);
			get(&r, 0, 1);
			ticket = stop_a_get(&r);
			for (int round = 0; round < 50; round++) {
				get(&r, 2, 4);
				put(&r, 2, 4);
			}
			/* It goes on: its number is there still. */
			assert_int_equal(cells[ticket & 7].entry & 7, 1);
			pawl_store_(&cells[ticket & 7].taken, ticket >> 3, relaxed);
			put(&r, 0, 2);
			get(&r, 2, 4);
			get(&r, 0, 2);
			for (int round = 0; round < 50; round++) {
				put(&r, 0, 4);
				get(&r, 0, 4);
			}
		}
}

/*** Closed ************************************************************************************/

static void check_close(uint64_t first, uint32_t left)
{
	struct ring r;

	ring_from(&r, 4, first);
	put(&r, 0, left);
	pawl_i_ring_close(&r);
	assert_false(ring_put(&r, 7));
	assert_int_equal(pawl_i_ring_length(&r, 8), left);
	get(&r, 0, left);
	for (int i = 0; i < 50; i++)
		assert_int_equal(ring_get(&r), RING_NONE);
	assert_false(ring_put(&r, 7));
	pawl_i_ring_close(&r);
	assert_int_equal(ring_get(&r), RING_NONE);
	assert_int_equal(pawl_i_ring_length(&r, 8), 0);
}

static void closed_it_takes_nothing_and_what_is_left_comes_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(firsts); i++)
		for (uint32_t left = 0; left <= 8; left++)
			check_close(firsts[i], left);
}

static void of_those_that_stopped_before_the_close_nothing_is_waited_for(void **state)
{
	struct ring r;

	(void)state;
	ring_from(&r, 4, 16);
	put(&r, 0, 2);
	stop_a_put(&r);
	put(&r, 2, 4);
	stop_a_put(&r);
	pawl_i_ring_close(&r);
	get(&r, 0, 4);
	assert_int_equal(ring_get(&r), RING_NONE);
}

/*** Threads ***********************************************************************************/

enum { THREADS = 4, NUMBERS = 5, TURNS = 40000 };

/* Numbers go from one ring to the other and back. */
struct pair {
	struct ring rings[2];
	sem_t permits[2];
	struct ring_cell memory[2][16];
	uint64_t heads[2], tails[2];
	uint32_t owner[NUMBERS];	/* atomic: 1 while somebody has it in his hands */
	uint64_t turns[NUMBERS];	/* plain: whose it is writes it */
	uint32_t begun;			/* atomic */
};

static void take_permit(sem_t *s)
{
	while (sem_wait(s) != 0)
		;
}

static void move(struct pair *p, int from)
{
	int64_t number;

	take_permit(&p->permits[from]);
	number = ring_get(&p->rings[from]);
	must(number >= 0 && number < NUMBERS);
	must(pawl_xchg_(&p->owner[number], 1, relaxed) == 0);
	p->turns[number]++;
	must(pawl_xchg_(&p->owner[number], 0, relaxed) == 1);
	must(ring_put(&p->rings[!from], (uint32_t)number));
	sem_post(&p->permits[!from]);
}

static void move_many(void *arg)
{
	struct pair *p = arg;

	(void)pawl_fetch_add_(&p->begun, 1, relaxed);
	while (pawl_load_(&p->begun, relaxed) < THREADS)
		sched_yield();
	for (int i = 0; i < ROUNDS(TURNS); i++) {
		move(p, 0);
		move(p, 1);
	}
}

static void in_a_crowd_each_number_is_in_one_hand(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(firsts); i += 2) {
		static struct pair p;
		struct worker w[THREADS];
		uint64_t turns = 0;

		p = (struct pair){ .begun = 0 };
		for (int k = 0; k < 2; k++) {
			pawl_i_ring_init(&p.rings[k], p.memory[k], pawl_i_ring_order(NUMBERS),
					 &p.heads[k], &p.tails[k]);
			p.heads[k] = p.tails[k] = firsts[i];
			sem_init(&p.permits[k], 0, k == 0 ? NUMBERS : 0);
		}
		put(&p.rings[0], 0, NUMBERS);
		for (int k = 0; k < THREADS; k++)
			worker_start(&w[k], move_many, &p);
		for (int k = 0; k < THREADS; k++)
			worker_join(&w[k]);
		for (int k = 0; k < NUMBERS; k++)
			turns += p.turns[k];
		assert_int_equal(turns, 2 * THREADS * ROUNDS(TURNS));
		assert_int_equal(length_closed(&p.rings[0], 8), NUMBERS);
		assert_int_equal(length_closed(&p.rings[1], 8), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(there_are_twice_as_many_cells_as_numbers_or_more),
		TEST(numbers_come_out_as_they_went_in_wherever_the_counters_are),
		TEST(its_length_is_not_more_than_was_asked_for),
		TEST(gets_pass_puts_that_stopped),
		TEST(puts_and_gets_go_round_what_a_stopped_get_left),
		TEST(closed_it_takes_nothing_and_what_is_left_comes_out),
		TEST(of_those_that_stopped_before_the_close_nothing_is_waited_for),
		TEST(in_a_crowd_each_number_is_in_one_hand),
	};

	return test_main(tests);
}
