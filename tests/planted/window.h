/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * window.h - to be included by a planted bug that needs luck: it makes luck of it.
 *
 * ThreadSanitizer is told when a section ends, and when something is reclaimed.  What a
 * thread does between two sections is ordered by the end of the second, so that it
 * reports a use outside of a section only if the reclamation came before that.  Here the
 * thread sleeps before such a use, and everybody reclaims as early as may be.
 */
#ifndef TESTS_PLANTED_WINDOW_H
#define TESTS_PLANTED_WINDOW_H

#include <time.h>

#include "reclaim/registry.h"
#include "reclaim/smr.h"

enum { EAGER = 1 << 20 };

static __thread bool planted_unprotected;

static struct registry_key *planted_find(struct registry *r, const struct registry_key *key)
{
	static const struct timespec moment = { 0, 500000 };
	struct registry_key *member = pawl_i_registry_find(r, key);

	if (member && planted_unprotected)
		(void)nanosleep(&moment, NULL);
	planted_unprotected = false;
	return member;
}

#define pawl_i_registry_find planted_find
#define pawl_i_smr_retire(entry, fn, size) pawl_i_smr_retire((entry), (fn), (size) + EAGER)

#endif
