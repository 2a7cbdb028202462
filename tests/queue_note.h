/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_note.h - ops that push or pop an item, and note how they ended. */
#ifndef TESTS_QUEUE_NOTE_H
#define TESTS_QUEUE_NOTE_H

#include <pawl/op.h>

#include "queue_user.h"

enum { NONE = -1 };

/* An op that notes how it ended. */
struct note_op {
	pawl_op op;
	pawl_queue *queue;
	uint64_t item;
	int rc;			/* NONE: done() was not called */
	int calls;
	pthread_t where;
};

extern pawl_cq *cq;

void note_done(pawl_op *op, int rc);

/* On cq; or inline. */
void note_init(struct note_op *n, pawl_queue *q, uint64_t item);
void note_init_inline(struct note_op *n, pawl_queue *q, uint64_t item, pawl_done_fn done);

int start_push(struct note_op *n);
int start_pop(struct note_op *n);

/* Start one that has to wait. */
void push_later(struct note_op *n, pawl_queue *q, uint64_t item);
void pop_later(struct note_op *n, pawl_queue *q);

/* As many are done as @expected. */
void dispatch(int expected);

/* As with_each_queue(), while there is a cq, on which nothing may be left. */
void with_a_cq(size_t capacity, void (*fn)(pawl_queue *q));

#endif
