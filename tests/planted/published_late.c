/* SPDX-License-Identifier: BSD-2-Clause */
/* published_late.c - planted: a field of the entry is set after it was put into the set. */
#include "config.h"
#include "platform/hb.h"
#include "reclaim/registry.h"

static int planted_put(struct registry *r, struct registry_key *key)
{
	size_t length = key->length;
	int err;

	key->length = SIZE_MAX;
	err = pawl_i_registry_put(r, key);
	key->length = length;
	return err;
}

#define pawl_i_registry_put planted_put
#include "compose/cache.c"
