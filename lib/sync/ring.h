/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h - FIFO of small numbers, for callers with permits.  Uses: atomic, platform.
 *
 * A put takes a ticket of the tail, a get one of the head; a ticket names a cell, and how many
 * times the ring has gone round.  There are twice as many cells as numbers.
 *
 *	entry = round << (order + 1) | SAFE | number, or NOTHING
 *	taken = the round of the last number that was taken out
 *
 * An entry is empty if it is NOTHING, or its number was taken.
 *
 *	older, empty     --RI3 put-->  round, SAFE, number  --RI6 get-->  taken = round
 *	older, empty     --RI7 get came before its put-->  round, NOTHING	that put takes another
 *										ticket
 *	older, a number  --RI8 get of a later round-->  the same without SAFE
 *				whoever is to get it is late, and it must stay; but no put may use
 *				this cell for a ticket whose get has gone: without SAFE it makes
 *				it NOTHING (RI16), then looks at the head
 *
 * I1  Who calls get holds a permit that was given after a put was done, and each of those once.
 *     So there is a number for it, and a get never has a ticket that no put has.
 * I2  Not more than half as many numbers as cells are in it: so a put finds a cell.
 * I3  A number is taken by the one get with its ticket; until then its entry changes by RI8 only.
 *
 * A call that is stopped anywhere holds up nobody: who meets its cell takes another ticket.
 *
 * Closing puts a mark on the tail.  Puts that draw their ticket after it fail.  Gets without
 * permits may go on until they have used all tickets; what puts are under way then meet them and
 * fail, or are done before.
 *
 * Source: SCQ, Nikolaev, "A scalable, portable, and memory-efficient lock-free FIFO queue", DISC
 * 2019; without its threshold, of which permits take the place; with a short wait for a put that
 * has its ticket, where it has one of 10,000 turns; and a number is taken out by a store, where it
 * has an atomic or.
 */
#ifndef PAWL_SYNC_RING_H
#define PAWL_SYNC_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <pawl/atomic.h>
#include <pawl/base.h>

#include "platform/cpu.h"

#define RING_CLOSED ((uint64_t)1 << 63)

enum { RING_NONE = -1 };

struct ring_cell {
	uint64_t entry;
	uint64_t taken;
};

struct ring {
	struct ring_cell *cells;
	uint64_t mask;		/* cells - 1 */
	unsigned order;		/* cells: 1 << order */
	uint64_t *head, *tail;	/* the next tickets, in lines of who gets and who puts */
	uint64_t end;		/* the tail when it was closed; 0: it is open */
};

/* Return: the order of a ring for @capacity numbers, each less than it. */
unsigned pawl_i_ring_order(uint32_t capacity);

/* An empty one, of 1 << @order @cells; tickets are drawn at @head and @tail. */
void pawl_i_ring_init(struct ring *r, struct ring_cell *cells, unsigned order, uint64_t *head,
	uint64_t *tail);

static inline uint64_t ring_nothing(const struct ring *r)
{
	return r->mask;
}

static inline uint64_t ring_safe(const struct ring *r)
{
	return r->mask + 1;
}

/* Return: the entry of @number in the round of @ticket. */
static inline uint64_t ring_entry(const struct ring *r, uint64_t ticket, uint64_t number)
{
	return (ticket >> r->order) << (r->order + 1) | ring_safe(r) | number;
}

static inline struct ring_cell *ring_cell_of(const struct ring *r, uint64_t ticket)
{
	return &r->cells[ticket & ring_nothing(r)];
}

/* Whether @entry, which was seen in @c, holds no number that is still to be taken. */
static inline bool ring_is_empty(const struct ring *r, const struct ring_cell *c, uint64_t entry)
{
	if ((entry & ring_nothing(r)) == ring_nothing(r))
		return true;
	/* RI14 relaxed: once it is taken, it is. */
	return pawl_load_(&c->taken, relaxed) == entry >> (r->order + 1);
}

/* Whether the put with @ticket may use its cell @c, whose empty entry @entry is not SAFE; that is
 * written as NOTHING first, so that a get which comes there has to change it. */
bool pawl_i_ring_reuse(struct ring *r, struct ring_cell *c, uint64_t *entry, uint64_t ticket);

/* Whether the put with @ticket may use its cell @c, where it saw @entry. */
static inline bool ring_is_usable(struct ring *r, struct ring_cell *c, uint64_t *entry,
	uint64_t ticket)
{
	if (*entry >> (r->order + 1) >= ticket >> r->order || !ring_is_empty(r, c, *entry))
		return false;
	return pawl_likely_(*entry & ring_safe(r)) || pawl_i_ring_reuse(r, c, entry, ticket);
}

/* Put @number, which is not in it.  False: it is closed. */
static inline __attribute__((__always_inline__)) bool ring_put(struct ring *r, uint32_t number)
{
	for (;;) {
		/* RI1 relaxed: what is put goes with the cell. */
		uint64_t ticket = pawl_fetch_add_(r->tail, 1, relaxed);
		struct ring_cell *c = ring_cell_of(r, ticket);
		uint64_t entry;

		if (!pawl_likely_(!(ticket & RING_CLOSED))) {
			/* RI15 acquire: pairs with RI12.  What was done before that. */
			(void)pawl_load_(r->tail, acquire);
			return false;
		}
		/* RI2 acquire: pairs with RI8.  The head of the get that took SAFE away. */
		entry = pawl_load_(&c->entry, acquire);
		while (pawl_likely_(ring_is_usable(r, c, &entry, ticket)))
			/* RI3 release: pairs with RI4, RI7, RI8, RI9.  What was done before the
			 * put.  The failure: as RI2. */
			if (pawl_likely_(pawl_cas_weak_(&c->entry, &entry,
							ring_entry(r, ticket, number), release, acquire)))
				return true;
	}
}

enum ring_turn { RING_GOT, RING_SKIP, RING_END };

/* What the get with @ticket is to do whose put has not come to the cell @c, where it saw @entry.
 * RING_GOT: it has come; *@ret_entry is the entry. */
enum ring_turn pawl_i_ring_skip(struct ring *r, struct ring_cell *c, uint64_t ticket,
	uint64_t entry, uint64_t *ret_entry);

/* Get the number that is there longest.  RING_NONE: it is closed, and there is none. */
static inline __attribute__((__always_inline__)) int64_t ring_get(struct ring *r)
{
	for (;;) {
		/* RI10 relaxed: what is got comes with the cell. */
		uint64_t ticket = pawl_fetch_add_(r->head, 1, relaxed);
		struct ring_cell *c = ring_cell_of(r, ticket);
		/* RI4 acquire: pairs with RI3. */
		uint64_t entry = pawl_load_(&c->entry, acquire);
		enum ring_turn turn = RING_GOT;

		if (!pawl_likely_(entry >> (r->order + 1) == ticket >> r->order))
			turn = pawl_i_ring_skip(r, c, ticket, entry, &entry);
		if (turn == RING_END)
			return RING_NONE;
		if (turn == RING_GOT) {
			/* RI6 relaxed: a put that sees it may use the cell; the number is ours by
			 * then. */
			pawl_store_(&c->taken, ticket >> r->order, relaxed);
			return (int64_t)(entry & ring_nothing(r));
		}
	}
}

/* Return: how many are in it, about, if it is closed; @most at most, or if who closed it has not
 * said it yet. */
uint32_t pawl_i_ring_length(const struct ring *r, uint32_t most);

void pawl_i_ring_close(struct ring *r);

#endif
