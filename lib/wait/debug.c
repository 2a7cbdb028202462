/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * debug.c - pawl/debug.h.  Uses: platform, wait/context.
 *
 * Reads contexts, which are never unmapped, each field by itself, so that a line about a
 * thread that runs meanwhile may mix two waits; and, through the kernel, the owners in
 * the words of the objects, which may be gone by then.
 */
#include "config.h"

#include <stdbool.h>

#include <pawl/atomic.h>
#include <pawl/debug.h>

#include "platform/clock.h"
#include "platform/peek.h"
#include "platform/text.h"
#include "wait/context.h"
#include "wait/owner.h"

enum { CYCLE_MAX = 1000 };	/* steps: others may change the waits that are followed */

struct wait {
	uint64_t thread;	/* id, not shifted */
	uint32_t tid;
	bool task;
	const char *kind;	/* NULL: it does not wait */
	const void *object;
	uint64_t holder;	/* id, not shifted; 0: none or unknown */
	int64_t since;
};

static bool read_wait(struct context *c, struct wait *ret)
{
	const uint64_t *word;

	/* D2 relaxed: a live one is shown, one just given back perhaps too. */
	if (!pawl_load_(&c->used, relaxed))
		return false;
	/* D1 acquire: pairs with P10.  What belongs to the kind. */
	ret->kind = pawl_load_(&c->kind, acquire);
	/* D3 relaxed: each by itself, as said above. */
	ret->object = pawl_load_(&c->object, relaxed);
	/* D4 relaxed: the same. */
	word = pawl_load_(&c->word, relaxed);
	ret->holder = word ? pawl_i_peek(word) >> 32 : 0;
	/* D5 relaxed: the same. */
	ret->since = pawl_load_(&c->since, relaxed);
	/* D6 relaxed: the same. */
	ret->thread = pawl_load_(&c->self, relaxed) >> 32;
	/* D7 relaxed: the same. */
	ret->tid = pawl_load_(&c->tid, relaxed);
	ret->task = c->flows != NULL;
	return true;
}

static void put_thread(struct text *t, uint64_t thread)
{
	if (thread == OF_OP >> 32) {
		pawl_i_text_string(t, "an op");
		return;
	}
	pawl_i_text_string(t, "thread ");
	pawl_i_text_decimal(t, thread);
}

static void put_object(struct text *t, const struct wait *w)
{
	pawl_i_text_string(t, w->kind);
	if (w->object) {
		pawl_i_text_string(t, " ");
		pawl_i_text_address(t, w->object);
	}
}

static void dump_thread(int fd, const struct wait *w)
{
	struct text t = { 0 };

	pawl_i_text_string(&t, w->task ? "pawl: task " : "pawl: thread ");
	pawl_i_text_decimal(&t, w->thread);
	pawl_i_text_string(&t, " (tid ");
	pawl_i_text_decimal(&t, w->tid);
	pawl_i_text_string(&t, ")");
	if (!w->kind) {
		pawl_i_text_string(&t, " does not wait");
	} else {
		pawl_i_text_string(&t, " waits ");
		pawl_i_text_seconds(&t, pawl_i_clock_real() - w->since);
		pawl_i_text_string(&t, " s for ");
		put_object(&t, w);
		if (w->holder) {
			pawl_i_text_string(&t, " held by ");
			put_thread(&t, w->holder);
		}
	}
	pawl_i_text_write(&t, fd);
}

/* The wait of @thread for something held; false: there is none. */
static bool find_blocked(uint64_t thread, struct wait *ret)
{
	struct context_walk all = context_walk();

	for (struct context *c; (c = context_next(&all)) != NULL;)
		if (read_wait(c, ret) && ret->thread == thread)
			return ret->kind && ret->holder != 0;
	return false;
}

/* Each wait leads to one holder, so a cycle is found by walking; it is shown from its
 * smallest thread only. */
static bool is_cycle_from(uint64_t first)
{
	struct wait w;
	uint64_t thread = first;

	for (unsigned steps = 0; steps < CYCLE_MAX && find_blocked(thread, &w); steps++) {
		thread = w.holder;
		if (thread == first)
			return true;
		if (thread < first)
			return false;
	}
	return false;
}

static void dump_cycle(int fd, uint64_t first)
{
	struct text t = { 0 };
	struct wait w;
	uint64_t thread = first;

	pawl_i_text_string(&t, "pawl: deadlock: ");
	put_thread(&t, first);
	for (unsigned steps = 0; steps < CYCLE_MAX && find_blocked(thread, &w); steps++) {
		pawl_i_text_string(&t, " -> ");
		put_object(&t, &w);
		pawl_i_text_string(&t, " -> ");
		thread = w.holder;
		put_thread(&t, thread);
		if (thread == first)
			break;
	}
	pawl_i_text_write(&t, fd);
}

void pawl_dump(int fd)
{
	struct context_walk all = context_walk(), again = all;
	struct wait w;

	for (struct context *c; (c = context_next(&all)) != NULL;)
		if (read_wait(c, &w))
			dump_thread(fd, &w);
	for (struct context *c; (c = context_next(&again)) != NULL;)
		if (read_wait(c, &w) && w.holder != 0 && is_cycle_from(w.thread))
			dump_cycle(fd, w.thread);
}
