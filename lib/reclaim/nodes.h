/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes.h - type-stable nodes, named by handles.
 *
 * Memory that was once a node of a kind stays one: it is used again for others of its kind,
 * and never unmapped.  So whoever holds an old name may look, and finds by a generation
 * that the node has become another; there is nothing to protect while one looks, and
 * nothing that waits to be reclaimed because somebody stopped looking.
 *
 * A ref is such a name: GENERATION << REF_SHIFT | handle.  With 40 bits, a generation comes
 * again after 2^40 uses of one node, and the tag of a stack after as many gets: hours of nothing
 * else, in which who holds the ref must not have run, and at the end of which it must run in one
 * very moment.  Bit 23 is left to the user for marks.
 *
 * Lock-free; get and put need no memory of the calling thread.
 *
 * Source: Treiber's stack (1986) with a tag against ABA; Michael & Scott (1995) for
 * type-stable memory with counted pointers.
 */
#ifndef PAWL_RECLAIM_NODES_H
#define PAWL_RECLAIM_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pawl/atomic.h>

#include "reclaim/sizes.h"

enum {
	REF_SHIFT = 24,
	REF_MARK = 1 << 23,
	REF_HANDLES = 1 << 23	/* handles are smaller; 0: none */
};

/* The first member of each node. */
struct node {
	uint32_t next;		/* handle: of the free one below */
};

/* All nodes of a kind.  Static, with only size set, and end. */
struct nodes {
	size_t size;		/* of a node */
	uint32_t end;		/* handles are smaller; 0: as many as there can be */
	uint64_t free;		/* tag << REF_SHIFT | handle of the one that was put last */
	uint32_t made;		/* handles given out for the first time */
	char *chunks[NODES_CHUNKS];	/* of CHUNK_NODES each */
};

static inline uint32_t ref_handle(uint64_t ref)
{
	return (uint32_t)(ref & (REF_HANDLES - 1));
}

static inline uint64_t ref_generation(uint64_t ref)
{
	return ref >> REF_SHIFT;
}

static inline uint64_t ref_make(uint64_t generation, uint32_t handle)
{
	return generation << REF_SHIFT | handle;
}

/* Return: the node of @handle, which was given out by get; @size is a constant there. */
static inline void *nodes_at(struct nodes *n, uint32_t handle, size_t size)
{
	uint32_t chunk = handle / CHUNK_NODES;

	/* Foretold, the first chunk is not one more load that the next one waits for. */
	if (__builtin_expect(chunk == 0, 1))
		chunk = 0;
	/* G1 relaxed: comes with the handle (nodes.c, I1). */
	return pawl_load_(&n->chunks[chunk], relaxed) + handle % CHUNK_NODES * size;
}

/* Return: the handle of a node for the caller alone, zeroed or as it was put; 0: no
 * memory, or all handles are in use. */
uint32_t pawl_i_nodes_get(struct nodes *n);

/* Give it back: others may get it at once, and look at it at any time. */
void pawl_i_nodes_put(struct nodes *n, uint32_t handle);

/* Return: how many were ever made: handles from 1 to that. */
uint32_t pawl_i_nodes_made(struct nodes *n);

#endif
