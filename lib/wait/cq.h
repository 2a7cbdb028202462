/* SPDX-License-Identifier: BSD-2-Clause */
/* cq.h - completion queues, for ops and the clock.  Uses: atomic, platform, reclaim, pending. */
#ifndef PAWL_WAIT_CQ_H
#define PAWL_WAIT_CQ_H

#include <stdbool.h>

#include <pawl/op.h>

/* Say so and abort if @cq takes no ops any more. */
void pawl_i_cq_check(const pawl_cq *cq, const char *verb);

/* @op, of @cq, was started: have its deadline watched.  Once, before tell. */
void pawl_i_cq_list(pawl_cq *cq, pawl_op *op);

/* @op, listed with @cq, is over: have it dispatched.  Last touch of it. */
void pawl_i_cq_tell(pawl_cq *cq, pawl_op *op);

/* The virtual clock shows @now: ring those whose deadlines passed; or all. */
void pawl_i_cq_tick(pawl_time now, bool all);

#endif
