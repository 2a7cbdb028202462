/* SPDX-License-Identifier: BSD-2-Clause */
/* cache_open.c - pawl/cache.h: open, close, statistics.  Uses: atomic, platform, reclaim, sync. */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>

#include "compose/cache.h"
#include "platform/fatal.h"
#include "platform/hb.h"
#include "platform/memory.h"
#include "platform/random.h"
#include "platform/sized.h"

enum {
	SHARDS_MIN = 16,
	SHARDS_MAX = 256
};

static int check_config(const pawl_cache_config *cfg)
{
	if (!config_is_known(cfg, cfg->size, sizeof *cfg) || !cfg->fetch || cfg->flags != 0 ||
	    cfg->ttl < 0 || cfg->negative_ttl < 0 || cfg->stale_ttl < 0)
		return EINVAL;
	if (cfg->max_entries != 0 || cfg->max_weight != 0 ||
	    cfg->ttl != 0 || cfg->negative_ttl != 0 || cfg->stale_ttl != 0)
		return ENOTSUP;
	return 0;
}

static int init_shards(pawl_cache *c)
{
	for (c->shards = 0; c->shards < (uint32_t)1 << (64 - c->shift); c->shards++) {
		int err = pawl_i_registry_init(&c->shard[c->shards].set);

		if (err != 0)
			return err;
		(void)pawl_mutex_init(&c->shard[c->shards].lock, 0);
	}
	return 0;
}

static void free_cache(pawl_cache *c)
{
	for (uint32_t i = 0; i < c->shards; i++) {
		pawl_i_registry_destroy(&c->shard[i].set);
		pawl_mutex_destroy(&c->shard[i].lock);
	}
	pawl_tally_destroy(&c->hits);
	pawl_i_memory_put(c);
}

int pawl_cache_open(const pawl_cache_config *cfg, pawl_cache **ret_c)
{
	uint32_t shards = SHARDS_MIN, wanted = pawl_i_cpu_count() * 4;
	unsigned shift = 60;
	pawl_cache *c;
	int err = check_config(cfg);

	if (err != 0)
		return err;
	for (; shards < wanted && shards < SHARDS_MAX; shards *= 2)
		shift--;
	c = pawl_i_memory_get(sizeof *c + shards * sizeof c->shard[0], CACHE_LINE);
	if (!c)
		return ENOMEM;
	pawl_i_random(c->seed, sizeof c->seed);
	c->shift = shift;
	c->fetch = cfg->fetch;
	c->drop = cfg->drop;
	c->user = cfg->user;
	err = pawl_tally_init(&c->hits);
	if (err == 0)
		err = init_shards(c);
	if (err != 0) {
		free_cache(c);
		return err;
	}
	*ret_c = c;
	return 0;
}

static void drop_entry(struct registry_key *key, void *cache)
{
	pawl_cache *c = cache;
	pawl_cache_ref *e = entry_of(key);

	/* F4 acquire: pairs with F2, F5, F8.  What users of the value did with it. */
	if (pawl_load_(&e->refs, acquire) != 1)
		pawl_i_misuse("pawl_cache_close", "cache", c, pawl_once_is_done(&e->once) ?
			      "has a reference that was not released" : "is still in use", 0);
	hb_acquire(e);
	if (c->drop)
		c->drop(e->value, c->user);
	pawl_i_memory_put(e);
}

void pawl_cache_close(pawl_cache *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->shards; i++)
		pawl_i_registry_each(&c->shard[i].set, drop_entry, c);
	free_cache(c);
	pawl_i_smr_drain();
}

static uint64_t counted(const uint64_t *word)
{
	/* F7 relaxed: statistics only. */
	return pawl_load_(word, relaxed);
}

void pawl_cache_stats(pawl_cache *c, pawl_cache_stats_t *ret)
{
	pawl_cache_stats_t sum = { .hits = (uint64_t)pawl_tally_sum(&c->hits) };

	for (uint32_t i = 0; i < c->shards; i++) {
		const struct shard *s = &c->shard[i];

		sum.misses += counted(&s->misses);
		sum.joins += counted(&s->joins);
		sum.takeovers += counted(&s->takeovers);
		sum.fetches += counted(&s->fetches);
		sum.failures += counted(&s->failures);
		sum.fetch_time += (pawl_ns)counted(&s->fetch_time);
		sum.entries += (size_t)counted(&s->entries);
	}
	*ret = sum;
}
