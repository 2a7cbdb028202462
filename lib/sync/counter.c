/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counter.c - the waiting part of pawl/counter.h.  Uses: atomic, wait.
 *
 * The word has all 64 bits of the value, so there is no room for "somebody waits";
 * and whoever sees zero may free the counter while the add that made it zero is still
 * returning, so nothing else of the counter may be read after that add.  Hence the
 * waiters stand in a table of lists that is keyed by the counter's address, which the
 * add only compares.
 *
 * w[value] N1, r[bucket] N4 in the add; w[bucket] Q3, r[value] N3 in the waiter; all
 * seq_cst: either the add sees that somebody is in the bucket, or the waiter sees zero.
 *
 * An add that is late may find a new counter at the address and wake its waiters:
 * hence they look at the value again.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <pawl/counter.h>

#include "platform/cpu.h"
#include "platform/fork.h"
#include "platform/hb.h"
#include "wait/list.h"

enum { BUCKETS = 64, BUCKET_BITS = 6 };

struct bucket {
	_Alignas(CACHE_LINE) uint64_t word;
	uintptr_t queue;
};

static struct bucket table[BUCKETS];

static struct bucket *bucket_of(const void *address)
{
	/* Fibonacci hashing: the upper bits depend on all bits of the address. */
	uint64_t hash = (uint64_t)(uintptr_t)address * UINT64_C(0x9e3779b97f4a7c15);

	return &table[hash >> (64 - BUCKET_BITS)];
}

/* Other threads' waiters are on stacks that do not belong to anybody any more. */
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

static void enqueue(struct bucket *b, struct waiter *w, const pawl_counter *c)
{
	bool first;

	pawl_i_waiter_arm(w);
	w->key = c;
	pawl_i_list_lock(&b->word);
	first = !list_first(b->queue);
	pawl_i_list_push_back(&b->queue, w);
	pawl_i_list_unlock(&b->word, first ? WAITERS : 0);
}

/* One turn: until signalled, or zero, or the deadline. */
static void wait_turn(pawl_counter *c, pawl_time deadline)
{
	struct bucket *b = bucket_of(c);
	struct wait_for what = { "counter", c, NULL };
	struct waiter w;

	enqueue(b, &w, c);
	if (!is_zero(c) && pawl_i_park(&w, &what, deadline) != 0)
		return;
	if (!pawl_i_list_give_up(&b->word, &b->queue, &w))
		(void)pawl_i_park_signal(&w);
}

int pawl_counter_wait_zero(pawl_counter *c, pawl_time deadline)
{
	while (!is_zero(c)) {
		if (deadline != PAWL_FOREVER && pawl_now() >= deadline) {
			pawl_i_deadline_suspect(deadline);
			return ETIMEDOUT;
		}
		wait_turn(c, deadline);
	}
	hb_acquire(c);
	return 0;
}

void pawl_counter_zero_(const void *address)
{
	struct bucket *b = bucket_of(address);
	struct waiter *taken;
	bool had;

	/* N4 seq_cst: pairs with Q3.  See the head of this file. */
	if (!(pawl_load_(&b->word, seq_cst) & (WAITERS | LOCKED_LIST)))
		return;
	pawl_i_list_lock(&b->word);
	had = list_first(b->queue) != NULL;
	taken = pawl_i_list_take(&b->queue, address);
	pawl_i_list_unlock(&b->word, pawl_i_list_mark(b->queue, had));
	pawl_i_list_signal_chain(taken, GRANT);
}
