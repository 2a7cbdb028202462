/* SPDX-License-Identifier: BSD-2-Clause */
/* sizes.h - of what all waits share; models have smaller ones. */
#ifndef PAWL_RECLAIM_SIZES_H
#define PAWL_RECLAIM_SIZES_H

enum {
	SEGMENT_ROOM = 21,	/* cells of a waiter queue's segment: with its head, four cache lines */
	SEGMENT_CELLS = SEGMENT_ROOM,	/* of those, how many are used */
	CHUNK_NODES = 128,	/* of nodes that are made at once */
	SLOTS_AFTER = 8,	/* readers of a lock that are counted before one sets BIAS, at least */
	YIELDS = 8,		/* of who is about to stand in line, as long as it pays */
	LOBBIES = 2048,		/* words on which threads sleep that one step wakes */
	LOBBY_BITS = 8,	/* at most; so many are told apart of the objects that share one */
	ROOMS = 64,		/* the same, by waiter: for the first 2,048, with a bit for each */
	ROOM_BITS = 32,		/* at most */
	NODES_CHUNKS = 32768	/* 4 million nodes of a kind; a table of 256 KB, mostly untouched */
};

#endif
