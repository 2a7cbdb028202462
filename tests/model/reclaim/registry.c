/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry.c - see registry.h.
 *
 * A member's slot is what publishes it: stored with release, loaded with acquire.  Writers have
 * a lock, and read slots as plain memory, which is a race without it.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <pawl/atomic.h>

#include "platform/memory.h"
#include "reclaim/registry.h"
#include "reclaim/smr.h"

struct table {
	struct smr_entry smr;
	size_t capacity;
	const struct registry_key *slot[];
};

struct slots {
	const struct registry_key **slot;
	size_t count;
};

/* Zeroed memory is an empty registry. */
int pawl_i_registry_init(struct registry *r)
{
	r->guard = 0;
	return pawl_i_registry_has_memory() ? 0 : ENOMEM;
}

void pawl_i_registry_destroy(struct registry *r)
{
	r->guard++;
	pawl_i_memory_put(r->table);
}

static struct slots slots_of(struct registry *r)
{
	struct table *t = pawl_load_(&r->table, acquire);

	return t ? (struct slots){ t->slot, t->capacity } : (struct slots){ &r->first, 1 };
}

static bool is_same(const struct registry_key *a, const struct registry_key *b)
{
	return a->hash == b->hash && a->length == b->length &&
		memcmp(a->bytes, b->bytes, a->length) == 0;
}

struct registry_key *pawl_i_registry_find(struct registry *r, const struct registry_key *key)
{
	struct slots s = slots_of(r);

	for (size_t i = 0; i < s.count; i++) {
		const struct registry_key *member = pawl_load_(&s.slot[i], acquire);

		if (member && is_same(member, key))
			return (struct registry_key *)(uintptr_t)member;
	}
	return NULL;
}

static void table_put(struct smr_entry *smr)
{
	pawl_i_memory_put((char *)smr - offsetof(struct table, smr));
}

/* A new table with the members of the old one, and @more places.  Return: 0; ENOMEM. */
static int make_anew(struct registry *r, size_t more)
{
	struct table *old = r->table, *t;
	struct slots s = slots_of(r);
	size_t used = 0;

	t = pawl_i_memory_get(sizeof *t + (s.count + more) * sizeof t->slot[0], sizeof(void *));
	if (!t)
		return ENOMEM;
	t->capacity = s.count + more;
	for (size_t i = 0; i < s.count; i++) {
		if (s.slot[i])
			t->slot[used++] = s.slot[i];
	}
	pawl_store_(&r->table, t, release);
	pawl_i_smr_unlinked();
	if (old)
		pawl_i_smr_retire(&old->smr, table_put, sizeof *old);
	return 0;
}

static bool put_in_place(struct registry *r, const struct registry_key *key)
{
	struct slots s = slots_of(r);

	for (size_t i = 0; i < s.count; i++)
		if (!s.slot[i]) {
			pawl_store_(&s.slot[i], key, release);
			return true;
		}
	return false;
}

int pawl_i_registry_put(struct registry *r, const struct registry_key *key)
{
	r->guard++;
	if (!pawl_i_registry_has_memory())
		return ENOMEM;
	if (put_in_place(r, key))
		return 0;
	if (make_anew(r, 1) != 0)
		return ENOMEM;
	(void)put_in_place(r, key);
	return 0;
}

void pawl_i_registry_remove(struct registry *r, const struct registry_key *key)
{
	struct slots s = slots_of(r);

	r->guard++;
	for (size_t i = 0; i < s.count; i++)
		if (s.slot[i] == key)
			pawl_store_(&s.slot[i], NULL, release);
	pawl_i_smr_unlinked();
	/* Out of memory, it goes on with the old one. */
	if (s.count > 1)
		(void)make_anew(r, 0);
}

void pawl_i_registry_each(struct registry *r, void (*fn)(struct registry_key *key, void *arg),
	void *arg)
{
	struct slots s = slots_of(r);

	for (size_t i = 0; i < s.count; i++) {
		const struct registry_key *member = pawl_load_(&s.slot[i], acquire);

		if (member)
			fn((struct registry_key *)(uintptr_t)member, arg);
	}
}
