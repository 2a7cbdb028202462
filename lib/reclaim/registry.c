/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry.c - see registry.h.  Uses: platform, reclaim/smr, CK.
 *
 * CK stores members as they are (CK_HS_MODE_DIRECT): where it was built to pack bits of
 * the hash into pointers, it would cut off the tags that some CPUs keep in them.
 *
 * A table that was outgrown is retired, with a header before it for smr.
 *
 * CK keeps the place of a removed member occupied, and absent keys are searched past it;
 * so when such places outnumber the members, the table is made anew.
 *
 * ThreadSanitizer sees nothing of what CK reads and writes:
 *	put to find:	 one edge per member, which is the slot's store and load;
 *	writer's lock:	 every writer bumps the plain `guard`; without a lock that is seen
 *			 as the race which it is.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "platform/cpu.h"
#include "platform/memory.h"
#include "reclaim/annotate.h"
#include "reclaim/readers.h"
#include "reclaim/registry.h"
#include "reclaim/smr.h"

enum {
	FIRST_CAPACITY = 16,
	REMOVED_FEW = 64	/* not worth a new table */
};

struct table_header {
	_Alignas(CACHE_LINE) struct smr_entry smr;
};

static unsigned long hash_of(const void *member, unsigned long seed)
{
	(void)seed;
	return (unsigned long)((const struct registry_key *)member)->hash;
}

/* Runs inside libck, before its find returns. */
static bool is_same(const void *member, const void *wanted)
{
	const struct registry_key *a = member, *b = wanted;

	annotate_acquire(a);
	return a->hash == b->hash && a->length == b->length &&
		(a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

static void *table_get(size_t size)
{
	struct table_header *h = pawl_i_memory_get(sizeof *h + size, CACHE_LINE);

	return h ? h + 1 : NULL;
}

static void table_put(struct smr_entry *entry)
{
	pawl_i_memory_put((char *)entry - offsetof(struct table_header, smr));
}

static void table_drop(void *table, size_t size, bool readers)
{
	struct table_header *h = (struct table_header *)table - 1;

	if (readers && !LOCKED_READS)
		pawl_i_smr_retire(&h->smr, table_put, sizeof *h + size);
	else
		table_put(&h->smr);
}

static struct ck_malloc table_memory = { .malloc = table_get, .free = table_drop };

int pawl_i_registry_init(struct registry *r)
{
	r->guard = 0;
	r->removed = 0;
	return ck_hs_init(&r->set, CK_HS_MODE_SPMC | CK_HS_MODE_DIRECT, hash_of, is_same,
			  &table_memory, FIRST_CAPACITY, 0) ? 0 : ENOMEM;
}

void pawl_i_registry_destroy(struct registry *r)
{
	ck_hs_destroy(&r->set);
}

struct registry_key *pawl_i_registry_find(struct registry *r, const struct registry_key *key)
{
	struct registry_key *member = ck_hs_get(&r->set, hash_of(key, 0), key);

	if (member)
		annotate_acquire(member);
	return member;
}

int pawl_i_registry_put(struct registry *r, const struct registry_key *key)
{
	r->guard++;
	annotate_release(key);
	return ck_hs_put(&r->set, hash_of(key, 0), key) ? 0 : ENOMEM;
}

void pawl_i_registry_remove(struct registry *r, const struct registry_key *key)
{
	r->guard++;
	(void)ck_hs_remove(&r->set, hash_of(key, 0), key);
	r->removed++;
	/* Out of memory, it goes on with the old one, and tries again next time. */
	if (r->removed > REMOVED_FEW + ck_hs_count(&r->set) && ck_hs_rebuild(&r->set))
		r->removed = 0;
}

void pawl_i_registry_each(struct registry *r, void (*fn)(struct registry_key *key, void *arg),
	void *arg)
{
	ck_hs_iterator_t i = CK_HS_ITERATOR_INITIALIZER;
	void *member;

	while (ck_hs_next(&r->set, &i, &member)) {
		annotate_acquire(member);
		fn(member, arg);
	}
}
