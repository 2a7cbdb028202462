/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes_stack.c - nodes are got and put by several at once: each has one owner at a time, who
 * sees what the one before wrote; none is lost; a new one is zeroed.
 */
#include "explorer/model.h"
#include "platform/cpu.h"
#include "reclaim/nodes.h"

enum { NODES = 8 };
enum sight { AGAIN, NONE = 0, TOOK_OTHERS };

struct thing {
	_Alignas(CACHE_LINE) struct node node;
	unsigned uses;		/* plain: of the owner */
};

static struct nodes things = { .size = sizeof(struct thing) };
static bool owned[NODES + 1];	/* the same */

static struct thing *thing(uint32_t handle)
{
	return nodes_at(&things, handle, sizeof(struct thing));
}

static uint32_t get(void)
{
	uint32_t handle = pawl_i_nodes_get(&things);

	if (handle == 0)
		return 0;
	MODEL_CHECK(handle <= NODES && !owned[handle]);
	owned[handle] = true;
	if (thing(handle)->uses++ > 0)
		model_saw(AGAIN);
	return handle;
}

static void put(uint32_t handle)
{
	if (handle == 0)
		return;
	owned[handle] = false;
	pawl_i_nodes_put(&things, handle);
}

/* Each that was ever made can be got, once. */
static void none_lost(void)
{
	uint32_t made = pawl_i_nodes_made(&things);

	for (uint32_t i = 1; i <= made; i++)
		MODEL_CHECK(get() <= made);
	MODEL_CHECK(pawl_i_nodes_made(&things) == made);
}

/* Who got one before looks at the one below it, which another has by now. */
static void fill_stack(void)
{
	uint32_t a = get(), b = get();

	put(b);
	put(a);
}

static void two_of_two(unsigned who)
{
	uint32_t a, b;

	if (who == 1) {
		(void)get();
		return;
	}
	a = get();
	b = get();
	put(a);
	put(b);
}

static void one_kept(void)
{
	unsigned kept = 0;

	for (uint32_t i = 1; i <= NODES; i++) {
		kept += owned[i];
		if (owned[i])
			put(i);
	}
	MODEL_CHECK(kept == 1);
	none_lost();
}

MODEL(nodes_again, .about = "one gets a node, one gets two and puts them", .threads = 2,
      .without = NO_MEMORY, .setup = fill_stack, .thread = two_of_two, .finish = one_kept,
      .sights = { "a node was used again" });

/* Two on the stack, three at it. */
static void get_and_put(unsigned who)
{
	(void)who;
	put(get());
}

MODEL(nodes_three, .about = "three get a node and put it, two are there", .threads = 3,
      .without = NO_MEMORY, .setup = fill_stack, .thread = get_and_put, .finish = none_lost,
      .sights = { "a node was used again" });

/* None is there: the first two make the chunk, perhaps at once. */
static void make_or_fail(unsigned who)
{
	uint32_t handle = get();

	(void)who;
	if (handle == 0)
		model_saw(NONE);
	else
		MODEL_CHECK(thing(handle)->node.next == 0);
	put(handle);
}

MODEL(nodes_chunk, .about = "two get the first nodes of all, if there is memory", .threads = 2,
      .thread = make_or_fail, .finish = none_lost, .sights = { "there was no memory" });

/* A chunk is full, and the next one is made by two at once. */
static void fill_chunk(void)
{
	for (uint32_t i = 1; i < CHUNK_NODES; i++)
		MODEL_CHECK(get() == i);
}

static void make_two(unsigned who)
{
	uint32_t a = get();
	uint32_t b = get();

	(void)who;
	MODEL_CHECK((a == 0 || a >= CHUNK_NODES) && (b == 0 || b >= CHUNK_NODES));
	if (a == 0)
		model_saw(NONE);
	if (b > a + 1)
		model_saw(TOOK_OTHERS);
}

static void in_order(void)
{
	MODEL_CHECK(pawl_i_nodes_made(&things) <= NODES);
}

MODEL(nodes_next_chunk, .about = "two get two nodes each when a chunk is full", .threads = 2,
      .setup = fill_chunk, .thread = make_two, .finish = in_order,
      .sights = { "there was no memory", "nodes were made by both in turn" });

/* There may be two, and both are given out: one is put, and perhaps got at once. */
static void end_at_two(void)
{
	things.end = 3;
	MODEL_CHECK(get() == 1 && get() == 2);
}

static void put_or_get(unsigned who)
{
	if (who == 1)
		put(2);
	else if (get() == 0)
		model_saw(NONE);
	else
		model_saw(TOOK_OTHERS);
}

static void both_are_there(void)
{
	put(1);
	if (owned[2])
		put(2);
	MODEL_CHECK(pawl_i_nodes_made(&things) == 2);
	MODEL_CHECK(get() != 0 && get() != 0 && get() == 0);
}

MODEL(nodes_end, .about = "one puts a node of two, one gets one", .threads = 2,
      .without = NO_MEMORY, .setup = end_at_two, .thread = put_or_get, .finish = both_are_there,
      .sights = { "there was none", "it got what was put" });
