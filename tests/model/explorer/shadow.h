/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shadow.h - what is known of the bytes in each cell of memory (see cells.h).
 *
 * A cell has a record for each set of its bytes that were accessed together, so that
 * neighbours in one word are told apart, and any size may follow any other.
 */
#ifndef EXPLORER_SHADOW_H
#define EXPLORER_SHADOW_H

#include "explorer/clock.h"
#include "explorer/engine.h"

struct store;

/* An atomic location. */
struct atom {
	vclock reads, writes;		/* the last of each thread */
	struct store *newest;
	uintptr_t address;
	uint64_t sleepers_hash;		/* of those in the futex on it */
	uint32_t pausing;		/* threads that look at it in a spin loop */
	uint8_t size, first_writer;	/* who wrote the value it had before the first atomic access */
	uint16_t first_wrote;		/* and when */
	uintptr_t pc;			/* of its last write */
};

struct record {
	vclock read;			/* plain reads since the last plain write */
	struct record *next;
	struct atom *atom;
	uint8_t mask, writer;		/* bytes; of the last plain write */
	uint16_t wrote;			/* its time */
	uintptr_t write_pc, read_pc;
};

void shadow_init(void);
void shadow_reset(void);		/* after a run: static data gets its values back */
void shadow_forget(void);		/* between models: which locations are shared */

void shadow_read(uintptr_t address, size_t size, uintptr_t pc);
void shadow_write(uintptr_t address, size_t size, uintptr_t pc);

/* An atomic access: the location, after a look for races with plain ones. */
struct atom *shadow_atom(size_t cell, uintptr_t address, uint8_t size, bool write, uintptr_t pc);

/* The location, as it is known, with no access to it; NULL: none, or it is gone. */
struct atom *shadow_known_atom(size_t cell, uintptr_t address);

/* Whether threads share the location, as far as known from all runs of this model: a search
 * needs no point before an access to one that they do not. */
bool shadow_is_shared(size_t cell, bool write);

/* From now on, no access; in whole cells.  Earlier ones that nothing orders before this are
 * races. */
void shadow_kill(uintptr_t address, size_t size, uintptr_t pc);

/* The frame of the current thread between the two is gone. */
void shadow_leave_frame(uintptr_t low, uintptr_t high);

/* There is a new one. */
void shadow_revive_frame(uintptr_t low, uintptr_t high);

#endif
