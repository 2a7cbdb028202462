/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry.h - a hash set with one writer and any number of readers without a lock.
 *
 * put, remove: the caller locks out other writers.  find: inside a section of smr.h, or
 * with writers locked out.  Members are the caller's; their keys must not change while
 * they are in.
 *
 * Progress:  find: lock-free, on CPUs and with a CK as configure says (else lock
 *            writers out); put, remove: wait-free but for memory, time O(members) when
 *            the table is made anew.
 *
 * Source: CK's ck_hs (Al Bahra), open addressing probed by cache lines.
 */
#ifndef PAWL_RECLAIM_REGISTRY_H
#define PAWL_RECLAIM_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ck_hs.h>

struct registry_key {
	uint64_t hash;
	size_t length;
	const void *bytes;
};

struct registry {
	ck_hs_t set;
	long guard;		/* bumped by writers, for ThreadSanitizer: see registry.c */
	size_t removed;		/* since the table was made */
};

/* Return: 0; ENOMEM. */
int pawl_i_registry_init(struct registry *r);

/* No call is inside, and none comes.  Members are left alone. */
void pawl_i_registry_destroy(struct registry *r);

/* Return: the member equal to @key, or NULL. */
struct registry_key *pawl_i_registry_find(struct registry *r, const struct registry_key *key);

/* Add @key, which is not in.  Return: 0; ENOMEM. */
int pawl_i_registry_put(struct registry *r, const struct registry_key *key);

/* Take out @key, which is in. */
void pawl_i_registry_remove(struct registry *r, const struct registry_key *key);

/* Call @fn for each member, and it may free that; for when no other call is inside. */
void pawl_i_registry_each(struct registry *r, void (*fn)(struct registry_key *key, void *arg),
	void *arg);

#endif
