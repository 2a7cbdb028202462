/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * context.h - what a thread, or a task, parks on.  Uses: atomic, platform.
 *
 * Contexts are made at a thread's first wait, given back when it exits, adopted by
 * a later thread, and never unmapped: whoever holds a pointer to one may wake it at
 * any time, and at worst wakes the wrong thread for nothing.  They are in one
 * registry, which only grows.
 *
 * A task has one too, and its waits are like those of a thread but for the sleep: how that is done
 * is in a table which the context points to, so that nothing here knows of the runtime.  It is not
 * in the registry, but among those of present.h while the task lives.
 */
#ifndef PAWL_WAIT_CONTEXT_H
#define PAWL_WAIT_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/cpu.h"
#include "wait/present.h"

enum { CONTEXT_SLOTS = CACHE_LINE / sizeof(uint64_t) };

struct lobby;
struct context;
struct waiter;

/* How a flow of control that is no thread sleeps in a wait, and is woken. */
struct flow_table {
	/*
	 * Called by the owner of @c: return when @c was resumed since it last returned, or at
	 * @until (ns of CLOCK_MONOTONIC; INT64_MAX: never), or for no reason.
	 */
	void (*suspend)(struct context *c, int64_t until);
	/* Called by any thread, at any time, also when the owner is gone: have @c return. */
	void (*resume)(struct context *c);
};

struct context {
	/* What a wait writes, in one line. */
	_Alignas(CACHE_LINE) uint32_t park;	/* futex: 1 = look again */
	uint32_t used;		/* 1 while a live thread owns it */
	int32_t waker;		/* CPU of who woke it last; negative: not known */
	uint32_t tid;		/* for pawl_dump(), as self */
	int64_t deadline;	/* of the wait under way, for the virtual clock */
	struct lobby *lobby;	/* in which it sleeps; NULL: on park */

	/* For pawl_dump(), each by itself: read by any; written by the owner, and by who
	 * moves its waiter to another object (show). */
	const char *kind;	/* of the object waited for; NULL: it does not wait */
	const void *object;
	const uint64_t *word;	/* of the object, its upper half the owner's id; or NULL */
	int64_t since;

	uint64_t cancels;	/* bits of what may cancel it (cancel.h) */
	struct context *older;	/* registry of threads' ones; constant once it is in */
	struct waiter *waiter;	/* of its waits, one at a time; constant */
	uint64_t self;
	const struct flow_table *flows;	/* NULL: a thread's; constant */
	void *flow;		/* what the table's functions want to know; constant */
	uint32_t in_room;	/* 1: its waits park in its waiter's room (lobby.h), not on park */
	const void *home;	/* its thread, by the address of the thread-locals */
	uint32_t place;		/* of a task's: where it is found (present.c) */

	/* Of its owner as a reader: locks (slots.h). */
	_Alignas(CACHE_LINE) uint64_t slots[CONTEXT_SLOTS];
};

/* Return: the caller's, made if need be; NULL: no memory. */
struct context *pawl_i_context(void);

/* Return: one for a flow of @flows, which keeps it, and says when it is in use; NULL: no memory. */
struct context *pawl_i_context_make(const struct flow_table *flows, void *flow);

/* The calling flow begins to use its context @c, or ends: those of one thread at a time. */
void pawl_i_context_begin(struct context *c);
void pawl_i_context_end(struct context *c);

/* Return: the newest of the registry; go on with ->older.  Those of threads. */
struct context *pawl_i_context_newest(void);

/* Return: how many there are, those of ended threads too, and those of tasks. */
uint32_t pawl_i_context_count(void);

/* All that may wait: those in the registry, and those of tasks. */
struct context_walk {
	struct context *thread;
	uint32_t tasks;
};

static inline struct context_walk context_walk(void)
{
	return (struct context_walk){ pawl_i_context_newest(), pawl_i_present_count() };
}

/* Return: the next one, NULL: that was all.  One that has begun since may be missed. */
static inline struct context *context_next(struct context_walk *w)
{
	struct context *c = w->thread;

	if (c)
		w->thread = c->older;
	else if (w->tasks > 0)
		c = pawl_i_present_at(--w->tasks);
	return c;
}

/* Say what the owner waits for; @kind NULL: for nothing. */
void pawl_i_context_show(struct context *c, const char *kind, const void *object,
	const uint64_t *word);

/* Return: whether the wait under way of @c, if it is the one that the caller knows of, is in a
 * room. */
bool pawl_i_context_is_in_room(const struct context *c);

/* Have the owner look again at what it waits for. */
void pawl_i_context_wake(struct context *c);

/* Wake those whose deadline is not later than @now, or all. */
void pawl_i_context_tick(int64_t now, bool all);

/* Wake those whom @bit may cancel. */
void pawl_i_context_cancel(uint64_t bit);

#endif
