/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shadow.c - see shadow.h.  Races: Djit+ and FastTrack (Flanagan, Freund 2009), without
 * their loss: reads keep a time per thread.
 */
#include "config.h"

#include <string.h>

#include "explorer/cells.h"
#include "explorer/engine.h"
#include "explorer/shadow.h"

enum { ACCESSES_MAX = 10000000 };

/* Per cell, of all runs of a model. */
struct sharing {
	uint8_t users;		/* bit per thread */
	bool written, shared;
};

static struct record dead;
static struct record **cells;
static struct sharing *sharing;

void shadow_init(void)
{
	cells = cells_array(sizeof *cells);
	sharing = cells_array(sizeof *sharing);
}

static void forget_records(size_t cell)
{
	cells[cell] = NULL;
}

void shadow_reset(void)
{
	cells_reset(forget_records);
}

void shadow_forget(void)
{
	memset(sharing, 0, cells_count() * sizeof *sharing);
}

static struct record *record_new(uint8_t mask, struct record *next)
{
	struct record *r = pool_get(sizeof *r);

	*r = (struct record){ .mask = mask, .next = next };
	return r;
}

/* Another thread's frame that was left, or never entered. */
static void check_frame(const struct thread *owner, uintptr_t address, uintptr_t pc)
{
	if (owner && owner != engine.current && address < *owner->frame)
		fail(pc, "use after return: an access to a frame that thread %u has left",
		     owner->index);
}

static void use_dead(size_t cell, uintptr_t pc)
{
	struct thread *owner = stack_of(address_of(cell));

	if (owner == engine.current) {
		cells[cell] = NULL;
		return;
	}
	if (owner)
		fail(pc, "use after return: an access to a frame that thread %u has left",
		     owner->index);
	fail(pc, "use after free: an access to memory that was given back");
}

/* The first record of the cell, made if need be. */
static inline struct record *first_of(size_t cell, uint8_t mask, uintptr_t pc)
{
	struct record *r = cells[cell];

	if (r == &dead) {
		use_dead(cell, pc);
		r = NULL;
	}
	if (!r) {
		uintptr_t address = address_of(cell);
		struct thread *owner = stack_of(address);

		check_frame(owner, address, pc);
		cells_touch(cell);
		if (owner && address < owner->used_low)
			owner->used_low = address;
		r = cells[cell] = record_new(mask, NULL);
	}
	return r;
}

/* Cut @r, which is not atomic, in two, and return the part of @mask. */
static struct record *split(struct record *r, uint8_t mask)
{
	struct record *rest = pool_get(sizeof *rest);

	*rest = *r;
	rest->mask = r->mask & (uint8_t)~mask;
	r->mask &= mask;
	r->next = rest;
	return r;
}

static _Noreturn void race(const char *what, uintptr_t other, uintptr_t pc)
{
	engine.reason_other = other;
	fail(pc, "data race: %s", what);
}

static inline void check_write(const struct record *r, const struct thread *t, uintptr_t pc)
{
	if (r->wrote > t->clock[r->writer])
		race("a write and an earlier write that nothing orders", r->write_pc, pc);
	if (!vclock_all_known(r->read, t->clock))
		race("a write and an earlier read that nothing orders", r->read_pc, pc);
	if (r->atom && !vclock_all_known(vclock_max(r->atom->reads, r->atom->writes), t->clock))
		race("a plain write and an earlier atomic access that nothing orders",
		     r->atom->pc, pc);
}

static inline void check_read(const struct record *r, const struct thread *t, uintptr_t pc)
{
	if (r->wrote > t->clock[r->writer])
		race("a read and an earlier write that nothing orders", r->write_pc, pc);
	if (r->atom && !vclock_all_known(r->atom->writes, t->clock))
		race("a plain read and an earlier atomic write that nothing orders",
		     r->atom->pc, pc);
}

static inline void check_atomic(const struct record *r, bool write, uintptr_t pc)
{
	const struct thread *t = engine.current;

	if (r->wrote > t->clock[r->writer])
		race("an atomic access and an earlier plain write that nothing orders",
		     r->write_pc, pc);
	if (write && !vclock_all_known(r->read, t->clock))
		race("an atomic write and an earlier plain read that nothing orders",
		     r->read_pc, pc);
}

static inline void note_write(struct record *r, struct thread *t, uintptr_t pc)
{
	check_write(r, t, pc);
	r->writer = (uint8_t)t->index;
	r->wrote = t->clock[t->index];
	r->read = ALWAYS;
	r->atom = NULL;
	r->write_pc = pc;
}

static inline void note_read(struct record *r, struct thread *t, uintptr_t pc)
{
	check_read(r, t, pc);
	r->read[t->index] = t->clock[t->index];
	r->read_pc = pc;
}

typedef void note_fn(struct record *r, struct thread *t, uintptr_t pc);

/* Bytes of @mask that are not of one record alone.  An atomic location is not cut in parts:
 * what is done to one of them counts for all. */
static void note_mixed(size_t cell, uint8_t mask, uintptr_t pc, note_fn *note)
{
	uint8_t left = mask;

	for (struct record *r = cells[cell]; r; r = r->next) {
		uint8_t part = r->mask & left;

		if (part == 0)
			continue;
		if (part != r->mask && !r->atom)
			r = split(r, part);
		note(r, engine.current, pc);
		left &= (uint8_t)~part;
	}
	if (left != 0) {
		cells[cell] = record_new(left, cells[cell]);
		note(cells[cell], engine.current, pc);
	}
}

static inline void note_cell(uintptr_t address, size_t size, uintptr_t pc, note_fn *note)
{
	size_t cell = cell_of(address);
	uint8_t mask = (uint8_t)(((1u << size) - 1) << address % GRAIN);
	struct record *r;

	if (cell == SIZE_MAX || !engine.current)
		return;
	if (++engine.accesses == ACCESSES_MAX)
		fail(pc, "livelock: %d plain accesses and no end", ACCESSES_MAX);
	r = first_of(cell, mask, pc);
	if (r->mask == mask)
		note(r, engine.current, pc);
	else
		note_mixed(cell, mask, pc, note);
}

static inline void note_range(uintptr_t address, size_t size, uintptr_t pc, note_fn *note)
{
	if (size > 0 && address % GRAIN + size <= GRAIN) {
		note_cell(address, size, pc, note);
		return;
	}
	while (size > 0) {
		size_t part = GRAIN - address % GRAIN;

		if (part > size)
			part = size;
		note_cell(address, part, pc, note);
		address += part;
		size -= part;
	}
}

void shadow_read(uintptr_t address, size_t size, uintptr_t pc)
{
	note_range(address, size, pc, note_read);
}

void shadow_write(uintptr_t address, size_t size, uintptr_t pc)
{
	note_range(address, size, pc, note_write);
}

bool shadow_is_shared(size_t cell, bool write)
{
	struct sharing *s = &sharing[cell];
	uint8_t bit = (uint8_t)(1 << engine.current->index);

	if (s->shared)
		return true;
	if (!engine.running)
		return false;
	s->users |= bit;
	s->written |= write;
	s->shared = s->written && (s->users & (s->users - 1)) != 0;
	engine.sharing_grew |= s->shared;
	return s->shared;
}

/* Plain accesses to parts of @mask become one record of it. */
static struct record *join_parts(size_t cell, uint8_t mask, bool write, uintptr_t pc)
{
	struct record *joined = record_new(mask, NULL), **link = &cells[cell], *r;

	while ((r = *link) != NULL) {
		uint8_t part = r->mask & mask;

		if (part == 0) {
			link = &r->next;
			continue;
		}
		if (r->atom)
			fail(pc, "an atomic access to a part of another atomic location");
		check_atomic(r, write, pc);
		if (r->wrote != 0) {
			joined->writer = r->writer;
			joined->wrote = r->wrote;
			joined->write_pc = r->write_pc;
		}
		joined->read = vclock_max(joined->read, r->read);
		if (part != r->mask)
			r = split(r, part);
		*link = r->next;
	}
	joined->next = cells[cell];
	return cells[cell] = joined;
}

/* The record of exactly @mask. */
static inline struct record *exact(size_t cell, uint8_t mask, bool write, uintptr_t pc)
{
	for (struct record *r = first_of(cell, mask, pc); r; r = r->next)
		if (r->mask == mask)
			return r;
	return join_parts(cell, mask, write, pc);
}

struct atom *shadow_atom(size_t cell, uintptr_t address, uint8_t size, bool write, uintptr_t pc)
{
	struct thread *t = engine.current;
	struct record *r = exact(cell, (uint8_t)(((1u << size) - 1) << address % GRAIN), write, pc);

	check_atomic(r, write, pc);
	if (!r->atom) {
		r->atom = pool_get(sizeof *r->atom);
		*r->atom = (struct atom){
			.address = address, .size = size, .pc = pc,
			.first_writer = r->writer, .first_wrote = r->wrote
		};
	}
	if (write) {
		r->atom->writes[t->index] = t->clock[t->index];
		r->atom->pc = pc;
	} else {
		r->atom->reads[t->index] = t->clock[t->index];
	}
	return r->atom;
}

struct atom *shadow_known_atom(size_t cell, uintptr_t address)
{
	for (struct record *r = cells[cell]; r && r != &dead; r = r->next)
		if (r->atom && r->atom->address == address)
			return r->atom;
	return NULL;
}

void shadow_kill(uintptr_t address, size_t size, uintptr_t pc)
{
	shadow_write(address, size, pc);
	for (uintptr_t p = address; p < address + size; p += GRAIN)
		cells[cell_of(p)] = &dead;
}

/* What others did in a frame must have happened before it is left: it may be gone as well. */
static void check_left(const struct record *r, const struct thread *t)
{
	uintptr_t pc = r->read_pc;
	bool known = vclock_all_known(r->read, t->clock);

	if (r->wrote > t->clock[r->writer]) {
		pc = r->write_pc;
		known = false;
	}
	if (r->atom && !vclock_all_known(vclock_max(r->atom->reads, r->atom->writes), t->clock)) {
		pc = r->atom->pc;
		known = false;
	}
	if (known)
		return;
	engine.reason_other = t->pc;
	fail(pc, "use after return: nothing orders this access before thread %u leaves the frame",
	     t->index);
}

void shadow_leave_frame(uintptr_t low, uintptr_t high)
{
	struct thread *t = engine.current;

	if (t->used_low >= high)
		return;
	if (low < t->used_low)
		low = t->used_low;
	for (size_t cell = cell_of(low); cell < cell_of(high); cell++) {
		if (!cells[cell] || cells[cell] == &dead)
			continue;
		for (const struct record *r = cells[cell]; r; r = r->next)
			check_left(r, t);
		cells[cell] = &dead;
	}
	t->used_low = high;
}

void shadow_revive_frame(uintptr_t low, uintptr_t high)
{
	for (size_t cell = cell_of(low); cell < cell_of(high); cell++)
		if (cells[cell] == &dead)
			cells[cell] = NULL;
}
