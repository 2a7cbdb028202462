/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line_memory.c - no memory for a context, a waiter, a root or a segment: who wants to wait is
 * told ENOMEM and stands nowhere; others are not disturbed.
 */
#include <errno.h>

#include "line_model.h"

enum sight { NO_CONTEXT, NO_ROOM, JOINED };

static uint64_t queue;

static void make(void)
{
	model_cells = 1;
	model_name(&queue, sizeof queue, "queue");
}

static void try_to_join(unsigned who)
{
	struct context *c = pawl_i_context();
	uint64_t ref;
	int err;

	(void)who;
	if (!c) {
		model_saw(NO_CONTEXT);
		return;
	}
	ref = pawl_i_waiter_arm(c->waiter);
	err = pawl_i_line_join(&queue, c->waiter, ref);
	if (err != 0) {
		MODEL_CHECK(err == ENOMEM);
		model_saw(NO_ROOM);
		return;
	}
	model_saw(JOINED);
	MODEL_CHECK(pawl_i_line_first(&queue) != 0);
	MODEL_CHECK(pawl_i_waiter_give_up(c->waiter) == 0);
	leave(&queue);
}

static void nobody_left(void)
{
	nothing_is_left(&queue);
}

MODEL(line_memory, .about = "two attach and join as far as there is memory", .threads = 2,
      .without = STALE_LOADS, .preemptions = 2, .setup = make, .thread = try_to_join,
      .finish = nobody_left,
      .sights = { "there was no memory for a context", "there was none for a segment",
		  "somebody joined" });

/* A root is there, but every node of its chunk is in use, so that a segment needs memory. */
static void fill_pool(void)
{
	static uint64_t others[CHUNK_NODES];

	make();
	line_make(LINE);
	for (unsigned i = 0; i + 2 < CHUNK_NODES; i++)
		line_join(i, &others[i]);
	line_join(LINE - 1, &queue);
}

static void attach_only(unsigned who)
{
	(void)who;
	MODEL_CHECK(pawl_thread_attach() == 0);
}

static void first_stays(void)
{
	MODEL_CHECK(pawl_i_line_first(&queue) == line[LINE - 1].ref);
	MODEL_CHECK(line_users(queue) == 1);
}

MODEL(line_memory_segment, .about = "two join behind one, if there is memory", .threads = 2,
      .without = STALE_LOADS, .enter = attach_only, .setup = fill_pool,
      .thread = try_to_join, .finish = first_stays,
      .sights = { NULL, "there was none for a segment", "somebody joined" });
