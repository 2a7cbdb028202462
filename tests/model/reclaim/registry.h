/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry.h - stands before lib/reclaim/registry.h when the library is compiled for models: a
 * set with the promises of that one, and no more, in C11.  Its first table has one slot, any
 * put may fail, and a table that was outgrown, or that a removal left holes in, is retired.
 */
#ifndef PAWL_RECLAIM_REGISTRY_H
#define PAWL_RECLAIM_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct registry_key {
	uint64_t hash;
	size_t length;
	const void *bytes;
};

struct registry {
	struct table *table;			/* NULL: first */
	const struct registry_key *first;	/* the only slot, as long as one is enough */
	long guard;				/* bumped by writers: two at once are a race */
};

int pawl_i_registry_init(struct registry *r);
void pawl_i_registry_destroy(struct registry *r);
struct registry_key *pawl_i_registry_find(struct registry *r, const struct registry_key *key);
int pawl_i_registry_put(struct registry *r, const struct registry_key *key);
void pawl_i_registry_remove(struct registry *r, const struct registry_key *key);
void pawl_i_registry_each(struct registry *r, void (*fn)(struct registry_key *key, void *arg),
	void *arg);

/* In explorer/sections.c: false is a choice. */
bool pawl_i_registry_has_memory(void);

#endif
