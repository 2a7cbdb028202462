/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_cases.h - the cases of stress_queue.c in other files, and what they share. */
#ifndef STRESS_QUEUE_CASES_H
#define STRESS_QUEUE_CASES_H

#include <pawl/queue.h>

#include "parcels.h"
#include "stress.h"

enum { GRIP_MAX = 64 };

/* A queue of parcels, else as @cfg says.  It is there, or the process ends. */
pawl_queue *queue_of_parcels(const pawl_queue_config *cfg);

/* All slots of a queue, of GRIP_MAX or fewer, in one hand: who pushes waits as none is free, and
 * who pops as none is filled. */
struct grip {
	pawl_queue *queue;
	size_t size;
	void *slots[GRIP_MAX];
};

void grip_take(struct grip *g, pawl_queue *q);

/* Append a parcel of @source in each; or nothing. */
void grip_commit(struct grip *g, unsigned source);
void grip_abandon(struct grip *g);

/* queue_bound.c, queue_ends.c, queue_slots.c, queue_weights.c, queue_ops.c */
void queue_bound_broken(struct stress_team *t, struct stress_outcome *ret);
void queue_bound_right(struct stress_team *t);
void queue_ends_right(struct stress_team *t);
void queue_ends_fast(struct stress_team *t);
void queue_slots_right(struct stress_team *t);
void queue_drop_right(struct stress_team *t);
void queue_weights_broken(struct stress_team *t, struct stress_outcome *ret);
void queue_weights_right(struct stress_team *t);
void queue_ops_right(struct stress_team *t);

#endif
