/* SPDX-License-Identifier: BSD-2-Clause */
/* sizes.h - stands before lib/reclaim/sizes.h when the library is compiled for models, where
 * queues have segments of two cells, or of one: set by a model's setup. */
#ifndef PAWL_RECLAIM_SIZES_H
#define PAWL_RECLAIM_SIZES_H

extern unsigned model_cells;

enum {
	SEGMENT_ROOM = 2,
	CHUNK_NODES = 4,
	NODES_CHUNKS = 8,
	LOBBIES = 1,
	LOBBY_BITS = 1,
	ROOMS = 2,
	ROOM_BITS = 2,
	SLOTS_AFTER = 1,
	YIELDS = 0
};

#define SEGMENT_CELLS model_cells

#endif
