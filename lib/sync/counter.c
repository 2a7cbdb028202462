/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counter.c - the waiting part of pawl/counter.h.  Uses: atomic, wait.
 *
 * The word has all 64 bits of the value, so there is no room for "somebody waits";
 * and whoever sees zero may free the counter while the add that made it zero is still
 * returning, so nothing else of the counter may be read after that add.  Hence the
 * waiters stand in a table of queues that is keyed by the counter's address, which the
 * add only computes with.
 *
 * w[value] N1, r[bucket] N4, r[cell] Q27 in the add; w[bucket] Q1, w[cell] Q3, r[value] N3 in
 * the waiter; all seq_cst: either the add sees the waiter, or the waiter sees zero.
 *
 * Counters that share a bucket wake each other's waiters, and an add that is late may wake
 * those of a new counter at the address: hence they look at the value again.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <pawl/counter.h>

#include "platform/cpu.h"
#include "platform/fork.h"
#include "platform/hb.h"
#include "wait/line.h"
#include "wait/park.h"

enum { BUCKETS = 256, BUCKET_BITS = 8 };

struct bucket {
	_Alignas(CACHE_LINE) uint64_t queue;
};

static struct bucket table[BUCKETS];

static struct bucket *bucket_of(const void *address)
{
	/* Fibonacci hashing: the upper bits depend on all bits of the address. */
	uint64_t hash = (uint64_t)(uintptr_t)address * UINT64_C(0x9e3779b97f4a7c15);

	return &table[hash >> (64 - BUCKET_BITS)];
}

/* Nobody else waits any more, nor leaves. */
static void forget_others(void)
{
	memset(table, 0, sizeof table);
}

__attribute__((__constructor__)) static void watch_forks(void)
{
	pawl_i_fork_child(forget_others);
}

static bool is_zero(pawl_counter *c)
{
	/* N3 seq_cst: pairs with N1.  See the head of this file. */
	return pawl_load_(&c->word_, seq_cst) == 0;
}

/* One turn: until woken, or zero, or the deadline. */
static void wait_turn(pawl_counter *c, struct limit *l, unsigned round)
{
	struct bucket *b = bucket_of(c);
	struct wait_for what = { "counter", c, NULL };
	struct waiter *w = pawl_i_park_waiter(&what);

	if (!w || pawl_i_line_join(&b->queue, w, pawl_i_waiter_arm(w)) != 0) {
		pawl_i_park_poll(round, l);
		return;
	}
	if (!is_zero(c))
		(void)pawl_i_park(w, &what, l);
	(void)pawl_i_waiter_give_up(w);
	pawl_i_line_leave(&b->queue, w);
}

int pawl_counter_wait_zero(pawl_counter *c, pawl_time deadline)
{
	struct limit l = pawl_i_limit(deadline);

	for (unsigned round = 0; !is_zero(c); round++) {
		if (pawl_i_limit_reached(&l))
			return pawl_i_limit_error(&l);
		wait_turn(c, &l, round);
	}
	hb_acquire(c);
	return 0;
}

void pawl_counter_zero_(const void *address)
{
	struct bucket *b = bucket_of(address);
	/* N4 seq_cst: pairs with Q1.  See the head of this file. */
	uint64_t most = line_users(pawl_load_(&b->queue, seq_cst));

	if (most > 0)
		pawl_i_line_tell_all(pawl_i_line_root(&b->queue), GRANT, most);
}
