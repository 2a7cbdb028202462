/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes.c - see nodes.h.  Uses: atomic, platform.
 *
 * A node is free, on the stack `free`, or given out.  Handles are made in order, one chunk
 * of memory after the other.
 *
 * I1  a chunk is there before a handle of it is given out, and never changes then; so who
 *     was given a handle, with what belongs to it, sees it.
 * I2  the tag of `free` counts gets, so that a get does not take a node for one which
 *     was got and put back meanwhile, with another below it.
 */
#include "config.h"

#include <pawl/atomic.h>

#include "platform/cpu.h"
#include "platform/memory.h"
#include "reclaim/nodes.h"

static struct node *node_at(struct nodes *n, uint32_t handle)
{
	return nodes_at(n, handle, n->size);
}

static uint32_t get_free(struct nodes *n)
{
	/* G2 acquire: pairs with G8.  The node as it was put. */
	uint64_t top = pawl_load_(&n->free, acquire);

	while (ref_handle(top) != 0) {
		/* G3 relaxed: G4 fails if it is not what stands below top any more (I2). */
		uint32_t next = pawl_load_(&node_at(n, ref_handle(top))->next, relaxed);

		/* G4 acquire: pairs with G8.  As G2, for what the loop goes on with. */
		if (pawl_cas_weak_(&n->free, &top, ref_make(ref_generation(top) + 1, next),
				   acquire, acquire))
			return ref_handle(top);
	}
	return 0;
}

static bool has_chunk(struct nodes *n, unsigned chunk)
{
	char *none = NULL, *mine;

	/* G6 acquire: pairs with G5.  The zeroes that new nodes begin with. */
	if (pawl_load_(&n->chunks[chunk], acquire))
		return true;
	mine = pawl_i_memory_get(CHUNK_NODES * n->size, CACHE_LINE);
	if (!mine)
		return false;
	/* G5 acq_rel: pairs with G5, G6.  The zeroes; or those of who was first. */
	if (!pawl_cas_(&n->chunks[chunk], &none, mine, acq_rel, acquire))
		pawl_i_memory_put(mine);
	return true;
}

static uint32_t make(struct nodes *n)
{
	/* G9 relaxed: G10 looks again. */
	uint32_t made = pawl_load_(&n->made, relaxed);

	do {
		unsigned chunk = (made + 1) / CHUNK_NODES;

		if (made + 1 == n->end || chunk == NODES_CHUNKS || !has_chunk(n, chunk))
			return 0;
		/* G10 acq_rel: pairs with G10.  The chunks of those before, for walks over all. */
	} while (!pawl_cas_weak_(&n->made, &made, made + 1, acq_rel, relaxed));
	return made + 1;
}

uint32_t pawl_i_nodes_get(struct nodes *n)
{
	uint32_t handle = get_free(n);

	return handle != 0 ? handle : make(n);
}

void pawl_i_nodes_put(struct nodes *n, uint32_t handle)
{
	/* G7 relaxed: G8 looks again. */
	uint64_t top = pawl_load_(&n->free, relaxed);

	do
		/* G11 relaxed: G8 publishes it. */
		pawl_store_(&node_at(n, handle)->next, ref_handle(top), relaxed);
		/* G8 release: pairs with G2, G4.  The node as it is put. */
	while (!pawl_cas_weak_(&n->free, &top, ref_make(ref_generation(top), handle),
			       release, relaxed));
}

uint32_t pawl_i_nodes_made(struct nodes *n)
{
	/* G12 relaxed: for walks over all, which may miss one made meanwhile. */
	return pawl_load_(&n->made, relaxed);
}
