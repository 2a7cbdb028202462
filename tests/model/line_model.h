/* SPDX-License-Identifier: BSD-2-Clause */
/* line_model.h - what the models of the waiter queue share: lines of waits, and what is left. */
#ifndef TESTS_MODEL_LINE_MODEL_H
#define TESTS_MODEL_LINE_MODEL_H

#include "explorer/model.h"
#include "reclaim/sizes.h"
#include "wait/context.h"
#include "wait/line.h"
#include "wait/park.h"

enum { LINE = 4, SEGMENTS = 8 };

/* Waits that belong to no thread, so that whoever is said to runs their steps. */
static struct line {
	struct waiter *waiter;
	uint64_t ref;
} line[LINE];

static inline struct waiter *own_waiter(void)
{
	return pawl_i_context()->waiter;
}

/* The caller joins.  Return: its wait. */
static inline uint64_t join(uint64_t *queue)
{
	uint64_t ref = pawl_i_waiter_arm(own_waiter());

	MODEL_CHECK(pawl_i_line_join(queue, own_waiter(), ref) == 0);
	return ref;
}

static inline void leave(uint64_t *queue)
{
	pawl_i_line_leave(queue, own_waiter());
}

/* Return: the answer to the caller's wait; 0: it gave up. */
static inline uint32_t wait_until(pawl_time deadline)
{
	struct wait_for what = { "queue", NULL, NULL };
	struct limit l = { .deadline = deadline };

	return pawl_i_park_or_give_up(own_waiter(), &what, &l);
}

static inline bool answer(uint64_t ref, uint32_t with)
{
	struct waiter *wake = NULL;
	bool told = pawl_i_waiter_tell(ref, with, &wake);

	if (wake)
		pawl_i_waiter_wake(wake);
	return told;
}

/* Return: whose wait was answered; 0: nobody waited. */
static inline uint64_t answer_first(uint64_t *queue)
{
	uint64_t ref;

	while ((ref = pawl_i_line_first(queue)) != 0)
		if (answer(ref, GRANT))
			return ref;
	return 0;
}

/* For setup: have the waiters of the line. */
static inline void line_make(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		MODEL_CHECK((line[i].waiter = pawl_i_waiter_get(NULL)) != NULL);
}

static inline void line_join(unsigned i, uint64_t *queue)
{
	line[i].ref = pawl_i_waiter_arm(line[i].waiter);
	MODEL_CHECK(pawl_i_line_join(queue, line[i].waiter, line[i].ref) == 0);
}

/* Return: the answer, if it came before. */
static inline uint32_t line_leave(unsigned i, uint64_t *queue)
{
	uint32_t got = pawl_i_waiter_give_up(line[i].waiter);

	pawl_i_line_leave(queue, line[i].waiter);
	return got;
}

static inline unsigned root_handle(uint64_t queue)
{
	return (unsigned)(queue >> 1) & (REF_HANDLES - 1);
}

/* In a set of handles; each stands in it once. */
static inline void add_segment(uint64_t *set, unsigned handle)
{
	MODEL_CHECK(handle <= SEGMENTS && !(*set >> handle & 1));
	*set |= UINT64_C(1) << handle;
}

/* Add those that waiters keep. */
static inline void add_spares(uint64_t *set)
{
	for (struct context *c = pawl_i_context_newest(); c; c = c->older)
		if (c->waiter->spare != 0)
			add_segment(set, c->waiter->spare);
	for (unsigned i = 0; i < LINE; i++)
		if (line[i].waiter && line[i].waiter->spare != 0)
			add_segment(set, line[i].waiter->spare);
}

/*
 * For finish: but for @used, each segment that was ever made is free or kept by a waiter, once.
 * What is got from now on, one by each queue that is joined, are the free ones and then new
 * ones, and these are numbered.
 */
static inline void others_are_free(unsigned used)
{
	static uint64_t queues[SEGMENTS];
	struct waiter *w = pawl_i_waiter_get(NULL);
	uint64_t set = 0;

	MODEL_CHECK(w);
	add_spares(&set);
	for (unsigned i = (unsigned)__builtin_popcountll(set) + used; i < SEGMENTS; i++) {
		MODEL_CHECK(pawl_i_line_join(&queues[i], w, pawl_i_waiter_arm(w)) == 0);
		add_segment(&set, root_handle(queues[i]));
	}
}

static inline void nothing_is_left(const uint64_t *queue)
{
	MODEL_CHECK(*queue == 0);
	others_are_free(0);
}

#endif
