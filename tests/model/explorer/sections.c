/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sections.c - epochs as an oracle: what is retired waits for the sections that are open at
 * that moment, and is given back as the last of them is left, or at once.  A real one may be
 * later, never sooner; so if this finds no use after free, there is none.
 *
 * Orders: what happened in a section happened before what is given back after its end, and
 * what was unlinked before it was retired is not found in sections that are entered later
 * (E9 in lib/reclaim/smr.c).  Nothing else.
 *
 * No thread need be stopped as it enters or leaves: to stop it at the accesses around is as
 * good, as who retires looks at nothing but which sections are open.  (A section without an
 * access to anything shared is never seen open; it could do no harm.)
 */
#include "config.h"

#include <stddef.h>
#include <stdint.h>

#include "reclaim/registry.h"
#include "reclaim/smr.h"

#include "explorer/engine.h"
#include "explorer/sections.h"

#define PC ((uintptr_t)__builtin_return_address(0))

enum { PENDING_MAX = 32 };

static struct section {
	unsigned depth;
	uint32_t number;	/* of the one that is open, or was last */
	uint32_t unlinked_in;	/* the one in which the thread last unlinked something; 0: none */
	bool has_record, refused;
} section[THREADS];

static struct pending {
	struct smr_entry *entry;
	uint32_t waits_for;	/* bit per thread */
	vclock clock;		/* sections that were left; and who retired it */
} pending[PENDING_MAX];
static unsigned pending_count;

static vclock left;		/* all sections that were left */
static vclock retirements;	/* what was unlinked before them */
static uint64_t retirements_hash;

void sections_reset(void)
{
	for (unsigned i = 0; i < THREADS; i++)
		section[i] = (struct section){ 0 };
	pending_count = 0;
	left = retirements = ALWAYS;
	retirements_hash = 0;
}

bool pawl_i_registry_has_memory(void)
{
	unsigned none = choose(NO_MEMORY, 2);

	observe(none);
	return none == 0;
}

/* What follows in the thread is not ordered by it: only the callback is. */
static void give_back(struct pending p)
{
	struct thread *t = engine.current;
	vclock own = t->clock;

	t->clock = vclock_max(own, p.clock);
	p.entry->fn(p.entry);
	own[t->index] = t->clock[t->index];
	t->clock = own;
}

bool pawl_i_smr_enter(void)
{
	struct thread *t = engine.current;
	struct section *s = &section[t->index];

	point(PC, false);
	s->refused = !s->has_record && choose(NO_MEMORY, 2) == 1;
	observe(s->refused);
	if (s->refused)
		return false;
	s->has_record = true;
	if (s->depth++ == 0) {
		s->number++;
		t->clock = vclock_max(t->clock, retirements);
		observe(retirements_hash);
	}
	return true;
}

static void end_section(unsigned i)
{
	struct thread *t = engine.current;
	struct pending ripe[PENDING_MAX];
	unsigned n = 0, ripe_count = 0;

	left = vclock_max(left, t->clock);
	for (unsigned k = 0; k < pending_count; k++) {
		struct pending p = pending[k];

		if (p.waits_for & 1u << i)
			p.clock = vclock_max(p.clock, t->clock);
		p.waits_for &= ~(1u << i);
		if (p.waits_for == 0)
			ripe[ripe_count++] = p;
		else
			pending[n++] = p;
	}
	pending_count = n;
	t->clock[i]++;
	/* What they do may let others come here. */
	for (unsigned k = 0; k < ripe_count; k++)
		give_back(ripe[k]);
}

void pawl_i_smr_leave(void)
{
	unsigned i = engine.current->index;

	point(PC, false);
	if (section[i].depth == 0)
		fail(PC, "a section is left that was not entered");
	if (--section[i].depth == 0)
		end_section(i);
}

bool pawl_i_smr_is_inside(void)
{
	return section[engine.current->index].depth > 0;
}

void pawl_i_smr_unlinked(void)
{
	struct section *s = &section[engine.current->index];

	s->unlinked_in = s->depth > 0 ? s->number : 0;
}

/* Who could have a section must retire in the one in which it unlinked. */
static void check_section(const struct section *s, uintptr_t pc)
{
	if (s->depth == 0 && !s->refused)
		fail(pc, "retired outside of a section");
	if (s->depth > 0 && s->unlinked_in != s->number)
		fail(pc, "retired in another section than it was unlinked in");
}

void pawl_i_smr_retire(struct smr_entry *entry, void (*fn)(struct smr_entry *), size_t size)
{
	struct thread *t = engine.current;
	struct pending p = { .entry = entry };

	(void)size;
	point(PC, true);
	check_section(&section[t->index], PC);
	entry->fn = fn;
	p.clock = vclock_max(left, t->clock);
	for (unsigned i = 0; i < THREADS; i++) {
		p.waits_for |= section[i].depth > 0 ? 1u << i : 0;
		observe(section[i].number << 1 | (section[i].depth > 0));
	}
	observe(retirements_hash);
	retirements_hash = t->chain;
	retirements = vclock_max(retirements, t->clock);
	t->clock[t->index]++;
	if (p.waits_for == 0)
		give_back(p);
	else if (pending_count < PENDING_MAX)
		pending[pending_count++] = p;
	else
		fail(PC, "the explorer is out of memory: too much is retired");
}

void pawl_i_smr_poll(void)
{
	if (pawl_i_smr_is_inside())
		fail(PC, "a poll inside of a section");
}

void pawl_i_smr_drain(void)
{
	if (pawl_i_smr_is_inside())
		fail(PC, "a drain inside of a section");
}
