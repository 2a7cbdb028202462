/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutex_all.c - several mutexes in the order of their addresses: pawl/mutex.h.
 *
 * The caller's array may not be written and no memory is taken, so the order is
 * found in passes: each collects the BATCH smallest addresses above the last one
 * done, sorted and without duplicates.
 */
#include "config.h"

#include <errno.h>

#include <pawl/mutex.h>
#include <pawl/scope.h>

#include "platform/fatal.h"
#include "wait/op.h"

enum { BATCH = 32 };

struct batch {
	size_t count;
	pawl_mutex *sorted[BATCH];
};

static void batch_add(struct batch *b, pawl_mutex *m)
{
	size_t i = b->count;

	while (i > 0 && (uintptr_t)b->sorted[i - 1] > (uintptr_t)m)
		i--;
	if (i == BATCH || (i > 0 && b->sorted[i - 1] == m))
		return;
	if (b->count < BATCH)
		b->count++;
	for (size_t j = b->count - 1; j > i; j--)
		b->sorted[j] = b->sorted[j - 1];
	b->sorted[i] = m;
}

/* The next ones above @last in address; none: count is 0. */
static void batch_fill(struct batch *b, pawl_mutex *const m[], size_t n, const pawl_mutex *last)
{
	b->count = 0;
	for (size_t i = 0; i < n; i++)
		if ((uintptr_t)m[i] > (uintptr_t)last)
			batch_add(b, m[i]);
}

static void unlock_one(pawl_mutex *m)
{
	if (!pawl_mutex_is_mine(m))
		pawl_i_misuse("pawl_mutex_unlock_all", "mutex", m, "is not held by the caller", 0);
	pawl_mutex_unlock(m);
}

static void unlock_each_up_to(pawl_mutex *const m[], size_t n, const pawl_mutex *last)
{
	struct batch b;
	const pawl_mutex *done = NULL;

	while (batch_fill(&b, m, n, done), b.count > 0) {
		for (size_t i = 0; i < b.count; i++) {
			if ((uintptr_t)b.sorted[i] > (uintptr_t)last)
				return;
			unlock_one(b.sorted[i]);
		}
		done = b.sorted[b.count - 1];
	}
}

/* Unlock those of @m whose address is not above @last. */
static void unlock_up_to(pawl_mutex *const m[], size_t n, const pawl_mutex *last)
{
	pawl_i_op_hold();
	unlock_each_up_to(m, n, last);
	pawl_i_op_let();
}

int pawl_mutex_lock_all_until(pawl_mutex *const m[], size_t n, pawl_time deadline)
{
	struct batch b;
	const pawl_mutex *done = NULL;

	while (batch_fill(&b, m, n, done), b.count > 0)
		for (size_t i = 0; i < b.count; i++) {
			int err = pawl_mutex_lock_until(b.sorted[i], deadline);

			if (err != 0) {
				if (done)
					unlock_up_to(m, n, done);
				return err;
			}
			done = b.sorted[i];
		}
	return 0;
}

void pawl_mutex_lock_all(pawl_mutex *const m[], size_t n)
{
	pawl_scope shield;	/* as it cannot fail */
	int err;

	pawl_scope_enter(&shield, PAWL_FOREVER, NULL, PAWL_SHIELD);
	err = pawl_mutex_lock_all_until(m, n, PAWL_FOREVER);
	(void)pawl_scope_leave(&shield, err);
	if (err != 0)
		pawl_i_misuse("pawl_mutex_lock_all", "one of the mutexes at", (const void *)m,
			      "is already held by the caller, thread", pawl_self_ >> 32);
}

void pawl_mutex_unlock_all(pawl_mutex *const m[], size_t n)
{
	unlock_up_to(m, n, (const pawl_mutex *)UINTPTR_MAX);
}
