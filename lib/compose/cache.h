/* SPDX-License-Identifier: BSD-2-Clause */
/* cache.h - what a cache is made of; see cache.c. */
#ifndef PAWL_COMPOSE_CACHE_H
#define PAWL_COMPOSE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pawl/cache.h>
#include <pawl/mutex.h>
#include <pawl/once.h>
#include <pawl/tally.h>

#include "platform/cpu.h"
#include "reclaim/registry.h"
#include "reclaim/smr.h"

/* An entry; a counted reference is a pointer to it. */
struct pawl_cache_ref {
	_Alignas(CACHE_LINE) uint64_t refs;
	struct smr_entry smr;
	pawl_cache *cache;
	bool failed;		/* a fetch of this flight did (I4) */
	/* Hits read from here on, and nobody writes once it is done. */
	_Alignas(CACHE_LINE) struct registry_key key;
	pawl_once once;
	void *value;		/* I3 */
	unsigned char bytes[];	/* of the key */
};

struct shard {
	_Alignas(CACHE_LINE) struct registry set;	/* all that hits touch */
	_Alignas(CACHE_LINE) pawl_mutex lock;		/* for who changes set */
	uint64_t misses, joins, takeovers, fetches, failures, fetch_time, entries;
};

struct pawl_cache {
	uint64_t seed[2];
	unsigned shift;		/* of a hash, to get the shard */
	uint32_t shards;
	pawl_fetch_fn fetch;
	void (*drop)(void *value, void *user);
	void *user;
	pawl_tally hits;
	struct shard shard[];
};

static inline pawl_cache_ref *entry_of(struct registry_key *key)
{
	return (pawl_cache_ref *)(void *)((char *)key - offsetof(pawl_cache_ref, key));
}

#endif
