/* SPDX-License-Identifier: BSD-2-Clause */
/* search.c - see search.h.  Depth first; a run repeats the choices before the one that changed. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explorer/engine.h"
#include "explorer/search.h"

enum { NODES_MAX = STEPS_MAX * 2, FIRST_BITS = 16, BITS_MAX = 26 };

struct node {
	uint8_t option, count;
	bool costs_preemption, costs_deviation;
};

static struct node nodes[NODES_MAX];
static uint32_t node_count, position;
static struct bounds bounds, left;

/* Open addressing; an entry is a hash, its lowest byte what was left of both bounds. */
static uint64_t *table;
static unsigned table_bits;
static uint64_t table_used;

static void table_make(unsigned bits)
{
	table = calloc((size_t)1 << bits, sizeof *table);
	if (!table) {
		fprintf(stderr, "explorer: no memory for the states of the search\n");
		exit(99);
	}
	table_bits = bits;
	table_used = 0;
}

static uint64_t *table_find(uint64_t hash)
{
	size_t mask = ((size_t)1 << table_bits) - 1, i = (hash >> 8) & mask;

	while (table[i] != 0 && (table[i] ^ hash) >> 8 != 0)
		i = (i + 1) & mask;
	return &table[i];
}

static void table_grow(void)
{
	uint64_t *old = table;
	size_t size = (size_t)1 << table_bits;

	table_make(table_bits + 1);
	for (size_t i = 0; i < size; i++)
		if (old[i] != 0) {
			*table_find(old[i]) = old[i];
			table_used++;
		}
	free(old);
}

static unsigned pack(struct bounds b)
{
	return b.preemptions << 4 | b.deviations;
}

static bool covers(unsigned packed, struct bounds b)
{
	return packed >> 4 >= b.preemptions && (packed & 15) >= b.deviations;
}

/* Return: whether all that can follow from the state was, or is being, seen already. */
static bool was_seen(uint64_t hash)
{
	uint64_t *entry = table_find(hash);

	if (*entry != 0) {
		if (covers(*entry & 0xff, left))
			return true;
		if (covers(pack(left), (struct bounds){ *entry >> 4 & 15, *entry & 15 }))
			*entry = (*entry & ~UINT64_C(0xff)) | pack(left);
		return false;
	}
	*entry = (hash & ~UINT64_C(0xff)) | pack(left);
	if (++table_used * 4 > UINT64_C(3) << table_bits && table_bits < BITS_MAX)
		table_grow();
	if (table_used + 1 >= UINT64_C(1) << table_bits) {
		fprintf(stderr, "explorer: more states than the search can remember\n");
		exit(99);
	}
	return false;
}

static uint64_t state_hash(uint32_t candidates, unsigned who)
{
	uint64_t hash = mix(engine.ready << 8 | candidates, who);

	for (unsigned i = 1; i <= engine.threads; i++)
		hash = mix(hash, engine.thread[i].chain);
	return hash | 0x100;	/* never 0 */
}

void search_start(struct bounds b)
{
	bounds = b;
	node_count = 0;
	free(table);
	table_make(FIRST_BITS);
}

void search_begin(void)
{
	position = 0;
	left = bounds;
}

uint64_t search_states(void)
{
	return table_used;
}

static unsigned pay(const struct node *n)
{
	if (n->option > 0) {
		left.preemptions -= n->costs_preemption;
		left.deviations -= n->costs_deviation;
	}
	return n->option;
}

static unsigned take_node(struct node fresh)
{
	if (position == node_count) {
		if (node_count == NODES_MAX)
			fail(0, "livelock: too many choices in one run");
		nodes[node_count++] = fresh;
	} else if (nodes[position].count != fresh.count) {
		fprintf(stderr, "explorer: the model is not deterministic\n");
		exit(99);
	}
	return pay(&nodes[position++]);
}

unsigned search_choose(unsigned count)
{
	if (left.deviations == 0)
		return 0;
	return take_node((struct node){ .count = (uint8_t)count, .costs_deviation = true });
}

unsigned search_choose_thread(uint32_t candidates, unsigned count, const struct thread *stay)
{
	if (position == node_count && was_seen(state_hash(candidates, stay ? stay->index : 0)))
		leave_run(PRUNED);
	if (stay && left.preemptions == 0)
		return 0;
	return take_node((struct node){ .count = (uint8_t)count, .costs_preemption = stay != NULL });
}

bool search_next(void)
{
	node_count = position < node_count ? position : node_count;
	while (node_count > 0) {
		struct node *n = &nodes[node_count - 1];

		if (++n->option < n->count)
			return true;
		node_count--;
	}
	return false;
}
