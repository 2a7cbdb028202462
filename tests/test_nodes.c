/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_nodes.c - type-stable nodes, from inside: reclaim/nodes.h.
 *
 * This program has the library's allocator, which can be made to fail; and a reclaim/nodes.c
 * of its own, so that it comes between two accesses.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <pawl/atomic.h>

#include "platform/cpu.h"
#include "platform/memory.h"
#include "support.h"

static void before_cas(void);

#undef pawl_cas_weak_
#define pawl_cas_weak_(p, expected, v, success, failure) \
	(before_cas(), __atomic_compare_exchange_n((p), (expected), (v), true, \
		PAWL_ORDER_##success##_, PAWL_ORDER_##failure##_))
#include "reclaim/nodes.c"

static void (*interruption)(void);	/* set while there is one thread */

static void before_cas(void)
{
	void (*fn)(void) = interruption;

	if (fn) {
		interruption = NULL;
		fn();
	}
}

static int allocations;			/* atomic */
static bool fail;			/* set while there is one thread */

void *pawl_i_memory_get(size_t size, size_t align)
{
	void *p;

	pawl_fetch_add_(&allocations, 1, relaxed);
	if (fail)
		return NULL;
	must(posix_memalign(&p, align, size) == 0);
	return memset(p, 0, size);
}

void pawl_i_memory_put(void *p)
{
	free(p);
}

struct thing {
	_Alignas(CACHE_LINE) struct node node;
	uint32_t mark;
	char rest[100];
};

static struct thing *thing_at(struct nodes *n, uint32_t handle)
{
	return nodes_at(n, handle, sizeof(struct thing));
}

/* Return: the last handle of so many chunks; there is no handle 0. */
static uint32_t last_of(uint32_t chunks)
{
	return CHUNK_NODES * chunks - 1;
}

static void drop(struct nodes *n)
{
	for (int i = 0; i < NODES_CHUNKS && n->chunks[i]; i++)
		free(n->chunks[i]);
}

/*** Refs **************************************************************************************/

static void a_ref_is_a_generation_and_a_handle_with_room_for_a_mark(void **state)
{
	uint64_t last = (UINT64_C(1) << 40) - 1, ref = ref_make(last, REF_HANDLES - 1);

	(void)state;
	assert_true(ref_generation(ref) == last);
	assert_int_equal(ref_handle(ref), REF_HANDLES - 1);
	assert_true((ref & REF_MARK) == 0);
	assert_int_equal(ref_handle(ref | REF_MARK), REF_HANDLES - 1);
	assert_true(ref_generation(ref | REF_MARK) == last);
	assert_true(ref_make(last + 1, 5) == ref_make(0, 5));	/* it wraps */
}

/*** One thread ********************************************************************************/

static void a_new_node_is_zeroed_and_begins_a_cache_line(void **state)
{
	static struct nodes n = { .size = sizeof(struct thing) };
	struct thing zeroes = { .mark = 0 };
	uint32_t handle = pawl_i_nodes_get(&n);

	(void)state;
	assert_int_equal(handle, 1);
	assert_int_equal(pawl_i_nodes_made(&n), 1);
	assert_memory_equal(thing_at(&n, handle), &zeroes, sizeof zeroes);
	assert_int_equal((uintptr_t)thing_at(&n, handle) % CACHE_LINE, 0);
	drop(&n);
}

static void what_was_put_is_got_again_as_it_was_and_the_last_first(void **state)
{
	static struct nodes n = { .size = sizeof(struct thing) };
	uint32_t h[3];

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct thing *t;

		h[i] = pawl_i_nodes_get(&n);
		t = thing_at(&n, h[i]);
		memset(t->rest, (int)h[i], sizeof t->rest);
	}
	for (int i = 0; i < 3; i++)
		pawl_i_nodes_put(&n, h[i]);
	for (int i = 2; i >= 0; i--) {
		struct thing *t;

		assert_int_equal(pawl_i_nodes_get(&n), h[i]);
		t = thing_at(&n, h[i]);
		for (size_t k = 0; k < sizeof t->rest; k++)
			assert_int_equal(t->rest[k], h[i]);
	}
	assert_int_equal(pawl_i_nodes_get(&n), 4);
	drop(&n);
}

/* Over four borders of chunks.  A node that overlapped another would lose its mark. */
static void each_node_is_another_and_stays_where_it_is(void **state)
{
	static struct nodes n = { .size = sizeof(struct thing) };
	uint32_t count = last_of(4) + 3;
	struct thing **at = calloc(count + 1, sizeof(struct thing *));

	(void)state;
	assert_non_null(at);
	allocations = 0;
	for (uint32_t i = 1; i <= count; i++) {
		assert_int_equal(pawl_i_nodes_get(&n), i);
		at[i] = thing_at(&n, i);
		memset(at[i], 0xff, sizeof *at[i]);
		at[i]->mark = i;
	}
	assert_int_equal(allocations, 5);
	assert_int_equal(pawl_i_nodes_made(&n), count);
	for (uint32_t i = 1; i <= count; i++) {
		assert_ptr_equal(thing_at(&n, i), at[i]);
		assert_int_equal(at[i]->mark, i);
	}
	free(at);
	drop(&n);
}

/*** Interrupted ******************************************************************************/

static struct nodes few = { .size = sizeof(struct thing) };
static uint32_t taken;

/* The first comes back, the one below it does not (ABA). */
static void take_two_and_put_the_first(void)
{
	uint32_t first = pawl_i_nodes_get(&few);

	taken = pawl_i_nodes_get(&few);
	pawl_i_nodes_put(&few, first);
}

static void a_node_that_came_back_is_not_taken_for_one_that_stayed(void **state)
{
	uint32_t a, b;

	(void)state;
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(pawl_i_nodes_get(&few), i);
	for (uint32_t i = 3; i >= 1; i--)
		pawl_i_nodes_put(&few, i);
	interruption = take_two_and_put_the_first;
	a = pawl_i_nodes_get(&few);
	b = pawl_i_nodes_get(&few);
	assert_int_equal(taken, 2);
	assert_int_equal(a, 1);
	assert_int_equal(b, 3);
	assert_int_equal(pawl_i_nodes_get(&few), 4);
	drop(&few);
}

static void put_three(void)
{
	for (uint32_t i = 1; i <= 3; i++)
		pawl_i_nodes_put(&few, i);
}

static void what_is_put_while_another_puts_is_not_lost(void **state)
{
	(void)state;
	few = (struct nodes){ .size = sizeof(struct thing) };
	for (uint32_t i = 1; i <= 4; i++)
		assert_int_equal(pawl_i_nodes_get(&few), i);
	interruption = put_three;
	pawl_i_nodes_put(&few, 4);
	for (uint32_t i = 4; i >= 1; i--)
		assert_int_equal(pawl_i_nodes_get(&few), i);
	assert_int_equal(pawl_i_nodes_get(&few), 5);
	drop(&few);
}

/*** No memory *********************************************************************************/

static void without_memory_there_is_no_node_but_those_there_are(void **state)
{
	static struct nodes n = { .size = sizeof(struct thing) };

	(void)state;
	fail = true;
	assert_int_equal(pawl_i_nodes_get(&n), 0);
	fail = false;
	for (uint32_t i = 1; i <= last_of(1); i++)
		assert_int_equal(pawl_i_nodes_get(&n), i);
	fail = true;
	assert_int_equal(pawl_i_nodes_get(&n), 0);
	pawl_i_nodes_put(&n, 7);
	assert_int_equal(pawl_i_nodes_get(&n), 7);
	assert_int_equal(pawl_i_nodes_get(&n), 0);
	assert_int_equal(pawl_i_nodes_made(&n), last_of(1));
	fail = false;
	assert_int_equal(pawl_i_nodes_get(&n), last_of(1) + 1);
	drop(&n);
}

static void there_are_not_more_nodes_than_handles(void **state)
{
	uint32_t all = last_of(NODES_CHUNKS);
	static struct nodes n = { .size = sizeof(struct thing) };

	(void)state;
	assert_true(all < REF_HANDLES);
	allocations = 0;
	n.made = all;
	assert_int_equal(pawl_i_nodes_get(&n), 0);
	assert_int_equal(allocations, 0);
	n.made = all - 1;	/* the last one needs memory, and no more than that is asked for */
	fail = true;
	assert_int_equal(pawl_i_nodes_get(&n), 0);
	fail = false;
	assert_int_equal(allocations, 1);
	assert_int_equal(n.made, all - 1);
}

static void there_are_not_more_than_the_user_wants(void **state)
{
	static struct nodes n = { .size = sizeof(struct thing), .end = 4 };

	(void)state;
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(pawl_i_nodes_get(&n), i);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(pawl_i_nodes_get(&n), 0);
		pawl_i_nodes_put(&n, i);
		assert_int_equal(pawl_i_nodes_get(&n), i);
	}
	assert_int_equal(pawl_i_nodes_get(&n), 0);
	assert_int_equal(pawl_i_nodes_made(&n), 3);
	drop(&n);
}

/*** Threads ***********************************************************************************/

enum { THREADS = 4, HELD = 40 };

struct hammer {
	struct nodes nodes;
	int rounds;
};

/* Who has a node is alone with it: marks are plain memory, judged by TSan and by what
 * they are. */
static void take_and_put(struct nodes *n, uint32_t held[HELD], unsigned slot)
{
	struct thing *t;

	if (held[slot] != 0) {
		t = thing_at(n, held[slot]);
		must(t->mark == 1);
		t->mark = 0;
		pawl_i_nodes_put(n, held[slot]);
		held[slot] = 0;
		return;
	}
	held[slot] = pawl_i_nodes_get(n);
	must(held[slot] != 0);
	t = thing_at(n, held[slot]);
	must(t->mark == 0);
	t->mark = 1;
}

static void hammer_start(struct hammer *h, struct worker w[THREADS], void (*fn)(void *arg))
{
	h->nodes.size = sizeof(struct thing);
	for (int i = 0; i < THREADS; i++)
		worker_start(&w[i], fn, h);
}

static void hammer(void *arg)
{
	struct hammer *h = arg;
	uint32_t held[HELD] = { 0 };
	unsigned random = 1;

	for (int i = 0; i < h->rounds; i++) {
		random = random * 1103515245 + 12345;
		/* Mostly few, so that the same nodes come and go (ABA), at times all. */
		take_and_put(&h->nodes, held, (random >> 16) % (i % 64 < 56 ? 3 : HELD));
	}
	for (unsigned i = 0; i < HELD; i++)
		if (held[i] != 0)
			take_and_put(&h->nodes, held, i);
}

static void threads_never_have_the_same_node_and_lose_none(void **state)
{
	static struct hammer h = { .rounds = ROUNDS(300000) };
	struct worker w[THREADS];
	uint32_t made, got = 0;

	(void)state;
	hammer_start(&h, w, hammer);
	for (int i = 0; i < THREADS; i++)
		worker_join(&w[i]);
	made = pawl_i_nodes_made(&h.nodes);
	assert_true(made <= THREADS * HELD);
	for (fail = true; got < made; got++)
		assert_true(pawl_i_nodes_get(&h.nodes) <= made);
	assert_int_equal(ref_handle(h.nodes.free), 0);
	fail = false;
	drop(&h.nodes);
}

/* All run into the end of a chunk at once, and one chunk of those that are made then stays. */
static void get_all_at_once(void *arg)
{
	struct hammer *h = arg;

	for (int i = 0; i < h->rounds; i++) {
		uint32_t handle = pawl_i_nodes_get(&h->nodes);
		struct thing *t;

		must(handle != 0);
		t = thing_at(&h->nodes, handle);
		must(t->mark == 0);
		t->mark = handle;
	}
}

static void threads_grow_it_together(void **state)
{
	static struct hammer h;
	struct worker w[THREADS];

	(void)state;
	for (int round = 0; round < ROUNDS(100); round++) {
		h = (struct hammer){ .rounds = 300 };
		hammer_start(&h, w, get_all_at_once);
		for (int i = 0; i < THREADS; i++)
			worker_join(&w[i]);
		assert_int_equal(pawl_i_nodes_made(&h.nodes), THREADS * h.rounds);
		for (uint32_t i = 1; i <= (uint32_t)(THREADS * h.rounds); i++)
			assert_int_equal(thing_at(&h.nodes, i)->mark, i);
		drop(&h.nodes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_ref_is_a_generation_and_a_handle_with_room_for_a_mark),
		TEST(a_new_node_is_zeroed_and_begins_a_cache_line),
		TEST(what_was_put_is_got_again_as_it_was_and_the_last_first),
		TEST(each_node_is_another_and_stays_where_it_is),
		TEST(a_node_that_came_back_is_not_taken_for_one_that_stayed),
		TEST(what_is_put_while_another_puts_is_not_lost),
		TEST(without_memory_there_is_no_node_but_those_there_are),
		TEST(there_are_not_more_nodes_than_handles),
		TEST(there_are_not_more_than_the_user_wants),
		TEST(threads_never_have_the_same_node_and_lose_none),
		TEST(threads_grow_it_together),
	};

	return test_main(tests);
}
