/* SPDX-License-Identifier: BSD-2-Clause */
/* ring.c - see ring.h. */
#include "config.h"

#include <pawl/atomic.h>

#include "sync/ring.h"

enum { PATIENCE = 8 };	/* looks at a cell whose put has its ticket */

static uint64_t round_of(const struct ring *r, uint64_t entry)
{
	return entry >> (r->order + 1);
}

unsigned pawl_i_ring_order(uint32_t capacity)
{
	unsigned order = 1;

	while (((uint64_t)1 << order) < 2 * (uint64_t)capacity)
		order++;
	return order;
}

void pawl_i_ring_init(struct ring *r, struct ring_cell *cells, unsigned order, uint64_t *head,
	uint64_t *tail)
{
	*r = (struct ring){ .cells = cells, .order = order,
			    .mask = ((uint64_t)1 << order) - 1, .head = head, .tail = tail };
	for (uint64_t i = 0; i < (uint64_t)1 << order; i++)
		cells[i].entry = ring_safe(r) | ring_nothing(r);
	/* Round 0 is over. */
	*head = *tail = (uint64_t)1 << order;
}

bool pawl_i_ring_reuse(struct ring *r, struct ring_cell *c, uint64_t *entry, uint64_t ticket)
{
	uint64_t nothing = *entry | ring_nothing(r);

	if (*entry != nothing) {
		/* RI16 acquire: pairs with RI8.  The head of the get that took SAFE away; none can
		 * do that again: each later one changes the entry, or was seen. */
		if (!pawl_cas_(&c->entry, entry, nothing, acquire, relaxed))
			return false;
		*entry = nothing;
	}
	/* RI5 relaxed: not older than what the get saw that took SAFE away, by RI8. */
	return pawl_load_(r->head, relaxed) <= ticket;
}

/* The put with @ticket has not come to its cell @c.  Do not wait for it.  Return: whether it may
 * have come meanwhile: look again. */
static bool leave_behind(struct ring *r, struct ring_cell *c, uint64_t *entry, uint64_t ticket)
{
	uint64_t nothing = (ring_entry(r, ticket, ring_nothing(r)) & ~ring_safe(r)) |
		(*entry & ring_safe(r));

	if (ring_is_empty(r, c, *entry))
		/* RI7 acquire: pairs with RI3, if it fails.  It says only that the put may not use
		 * it. */
		return !pawl_cas_(&c->entry, entry, nothing, acquire, acquire);
	/* RI8 release: pairs with RI2, RI3, RI16.  That the head is beyond this ticket; also if it was
	 * not SAFE before: then by an earlier head. */
	return !pawl_cas_(&c->entry, entry, *entry & ~ring_safe(r), release, acquire);
}

/* Whether no put has @ticket, or will have it. */
static bool is_beyond(const struct ring *r, uint64_t ticket)
{
	/* RI11 acquire: pairs with RI12.  What was done before that. */
	uint64_t tail = pawl_load_(r->tail, acquire);

	return (tail & RING_CLOSED) && ticket >= (tail & ~RING_CLOSED);
}

enum ring_turn pawl_i_ring_skip(struct ring *r, struct ring_cell *c, uint64_t ticket,
	uint64_t entry, uint64_t *ret_entry)
{
	uint64_t round = ticket >> r->order;

	if (is_beyond(r, ticket))
		return RING_END;
	for (unsigned turn = 0; round_of(r, entry) < round; turn++) {
		if (turn < PATIENCE && turn < pawl_i_cpu_spins()) {
			pawl_i_cpu_pause();
			/* RI9 acquire: pairs with RI3. */
			entry = pawl_load_(&c->entry, acquire);
		} else if (!leave_behind(r, c, &entry, ticket)) {
			return RING_SKIP;
		}
	}
	*ret_entry = entry;
	return round_of(r, entry) == round ? RING_GOT : RING_SKIP;
}

uint32_t pawl_i_ring_length(const struct ring *r, uint32_t most)
{
	/* RI13 relaxed: advisory. */
	uint64_t end = pawl_load_(&r->end, relaxed);
	/* RI18 relaxed: the same. */
	uint64_t head = pawl_load_(r->head, relaxed);
	uint64_t length = end > head ? end - head : 0;

	return length < most && end != 0 ? (uint32_t)length : most;
}

void pawl_i_ring_close(struct ring *r)
{
	/* RI12 release: pairs with RI11, RI15.  What was done before, for who finds it closed. */
	uint64_t tail = pawl_fetch_or_(r->tail, RING_CLOSED, release);

	if (!(tail & RING_CLOSED))
		/* RI17 relaxed: advisory. */
		pawl_store_(&r->end, tail, relaxed);
}
