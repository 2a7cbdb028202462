/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * context.c - see context.h.
 *
 * used:  1 (made) --X3 thread exit--> 0 --X2 adopt--> 1
 *
 * I1  the registry's list, of those of threads, only grows, and `older` never changes in it.
 * I2  only the owner sleeps on `park`, and only the owner sets it to 0; a stale 1
 *     costs one more look.
 * I3  a thread's stays a thread's and a task's a task's (`flows` is constant): who wakes one that
 *     has the next owner by then still does it in the right way.
 */
#include "config.h"

#include <stddef.h>

#include <pawl/atomic.h>

#include "platform/fork.h"
#include "platform/futex.h"
#include "platform/memory.h"
#include "platform/tls.h"
#include "wait/context.h"
#include "wait/lobby.h"
#include "wait/slots.h"
#include "wait/waiter.h"

static struct context *newest;
static uint32_t count;

struct context *pawl_i_context_newest(void)
{
	/* X1 seq_cst: pairs with X4.  The fields of what was pushed; and for a tick,
	 * w[now] K3 or K4, r[newest] here against w[newest] X4, r[now] K1. */
	return pawl_load_(&newest, seq_cst);
}

uint32_t pawl_i_context_count(void)
{
	/* X18 relaxed: a hint. */
	return pawl_load_(&count, relaxed) + pawl_i_present_count();
}

static struct context *adopt(void)
{
	for (struct context *c = pawl_i_context_newest(); c; c = c->older) {
		uint32_t unused = 0;

		/* X2 acquire: pairs with X3.  What its last owner wrote. */
		if (pawl_cas_(&c->used, &unused, 1, acquire, relaxed))
			return c;
	}
	return NULL;
}

static void give_back(void *arg)
{
	struct context *c = arg;

	pawl_i_tls.context = NULL;
	pawl_i_slots_settle(c);
	/* X3 release: pairs with X2. */
	pawl_store_(&c->used, 0, release);
}

static void push(struct context *c)
{
	/* X5 relaxed: X4 looks again. */
	c->older = pawl_load_(&newest, relaxed);
	/* X4 seq_cst: pairs with X1.  Acquires the older ones, so that X1 needs to
	 * pair with the last push only. */
	while (!pawl_cas_weak_(&newest, &c->older, c, seq_cst, relaxed))
		;
	/* X19 relaxed: as X18. */
	(void)pawl_fetch_add_(&count, 1, relaxed);
}

static struct context *make(const struct flow_table *flows, void *flow)
{
	struct context *c = pawl_i_memory_get(sizeof *c, CACHE_LINE);

	if (!c)
		return NULL;
	c->waiter = pawl_i_waiter_make(c);
	if (!c->waiter) {
		pawl_i_memory_put(c);
		return NULL;
	}
	c->used = !flows;
	c->flows = flows;
	c->flow = flow;
	c->waker = -1;
	c->deadline = INT64_MAX;
	if (!flows)
		push(c);
	return c;
}

/* It is the calling flow's. */
static void take(struct context *c)
{
	/* X6 relaxed: for dumps, each field by itself. */
	pawl_store_(&c->self, pawl_i_self(), relaxed);
	/* X7 relaxed: the same. */
	pawl_store_(&c->tid, pawl_i_tls_tid(), relaxed);
	/* X22 relaxed: for the child of a fork. */
	pawl_store_(&c->home, (const void *)&pawl_i_tls, relaxed);
	pawl_i_tls.context = c;
}

static struct context *attach(void)
{
	struct context *c = adopt();

	if (!c)
		c = make(NULL, NULL);
	if (!c)
		return NULL;
	if (pawl_i_tls_at_exit(TLS_EXIT_CONTEXT, give_back, c) != 0) {
		give_back(c);
		return NULL;
	}
	take(c);
	return c;
}

struct context *pawl_i_context_make(const struct flow_table *flows, void *flow)
{
	return make(flows, flow);
}

void pawl_i_context_begin(struct context *c)
{
	/* X20 relaxed: for dumps; no other flow can have it. */
	pawl_store_(&c->used, 1, relaxed);
	take(c);
	pawl_i_present_add(c);
}

void pawl_i_context_end(struct context *c)
{
	pawl_i_tls.context = NULL;
	pawl_i_slots_settle(c);
	/* X21 relaxed: the same. */
	pawl_store_(&c->used, 0, relaxed);
	pawl_i_present_remove(c);
}

static void forget(struct context *c)
{
	pawl_i_context_show(c, NULL, NULL, NULL);
	pawl_i_waiter_forget(c->waiter);
	pawl_i_slots_forget(c);
	/* X11 relaxed: a tick too many costs one look. */
	pawl_store_(&c->deadline, INT64_MAX, relaxed);
	/* X13 relaxed: the same. */
	pawl_store_(&c->cancels, 0, relaxed);
	/* X17 relaxed: there is one thread. */
	pawl_store_(&c->lobby, NULL, relaxed);
	/* X25 relaxed: there is one thread. */
	pawl_store_(&c->in_room, 0, relaxed);
	/* X12 relaxed: there is one thread. */
	pawl_store_(&c->used, 0, relaxed);
}

/* The other threads are gone: their contexts may be adopted.  The caller may have several: its own,
 * and those of its tasks. */
static void forget_others(void)
{
	struct context_walk w = context_walk();
	bool tasks_gone = false;

	for (struct context *c; (c = context_next(&w)) != NULL;) {
		/* X23 relaxed: there is one thread. */
		if (pawl_load_(&c->home, relaxed) == (const void *)&pawl_i_tls) {
			/* X10 relaxed: for dumps. */
			pawl_store_(&c->tid, pawl_i_tls_tid(), relaxed);
			continue;
		}
		forget(c);
		tasks_gone |= c->flows != NULL;
	}
	if (tasks_gone)
		pawl_i_present_forget();
}

__attribute__((__constructor__)) static void watch_forks(void)
{
	pawl_i_fork_child(forget_others);
}

struct context *pawl_i_context(void)
{
	return pawl_i_tls.context ? pawl_i_tls.context : attach();
}

void pawl_i_context_show(struct context *c, const char *kind, const void *object,
	const uint64_t *word)
{
	/* P7 relaxed: for dumps; a dump takes each field by itself. */
	pawl_store_(&c->object, object, relaxed);
	/* P8 relaxed: the same. */
	pawl_store_(&c->word, word, relaxed);
	/* P10 release: pairs with D1.  Those above belong to it. */
	pawl_store_(&c->kind, kind, release);
}

bool pawl_i_context_is_in_room(const struct context *c)
{
	/* X24 relaxed: as its owner wrote it before the wait that the caller knows of could be
	 * found; or for a later one. */
	return pawl_load_(&c->in_room, relaxed);
}

void pawl_i_context_wake(struct context *c)
{
	if (c->flows) {
		c->flows->resume(c);
		return;
	}
	if (pawl_i_context_is_in_room(c)) {
		pawl_i_room_call(c->waiter->handle);
		return;
	}
	/* X15 relaxed: a hint. */
	pawl_store_(&c->waker, pawl_i_cpu_index(), relaxed);
	/* X8 acq_rel: pairs with P4.  What the waker did before is seen by the owner that
	 * takes the 1, even of another waker: a read-modify-write goes on with the release
	 * sequence.  Without the acquire clang would make a store of it, which does not. */
	(void)pawl_xchg_(&c->park, 1, acq_rel);
	pawl_i_futex_wake(&c->park);
}

/* The same, if it does not sleep in a lobby; else note that.  The caller has seen what the owner
 * wrote before that. */
static void wake_or_note(struct context *c, struct lobbies *set)
{
	/* X16 relaxed: as X9 or X14 saw it, or of a later wait: then the one that they saw is over. */
	struct lobby *y = pawl_load_(&c->lobby, relaxed);

	if (y)
		pawl_i_lobbies_add(set, y);
	else
		pawl_i_context_wake(c);
}

void pawl_i_context_tick(int64_t now, bool all)
{
	struct context_walk w = context_walk();
	struct lobbies set = { .in = { 0 } };

	for (struct context *c; (c = context_next(&w)) != NULL;)
		/* X9 seq_cst: pairs with P2.  Opponent of K1, see there. */
		if (pawl_load_(&c->deadline, seq_cst) <= now || all)
			wake_or_note(c, &set);
	pawl_i_lobbies_call(&set, LOBBY_ALL_BITS);
}

void pawl_i_context_cancel(uint64_t bit)
{
	struct context_walk w = context_walk();
	struct lobbies set = { .in = { 0 } };

	for (struct context *c; (c = context_next(&w)) != NULL;)
		/* X14 seq_cst: pairs with P22.  Opponent of L2, see cancel.c. */
		if (pawl_load_(&c->cancels, seq_cst) & bit)
			wake_or_note(c, &set);
	pawl_i_lobbies_call(&set, pawl_i_lobby_cancel_bits(bit));
}
