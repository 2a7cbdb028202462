/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash.h - a seeded 64-bit hash of bytes.
 *
 * With a secret random seed, who can choose keys but not see hashes, table order or
 * exact times cannot aim them at one slot.  It is no cryptographic function: who can
 * measure enough lookups may learn about the seed.
 */
#ifndef PAWL_COMPOSE_HASH_H
#define PAWL_COMPOSE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t pawl_i_hash(const void *key, size_t length, const uint64_t seed[2]);

#endif
