/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flow.h - flows of control with stacks of their own, known to the sanitizers.  Uses: platform,
 * switch.
 *
 * Flows of one thread, which leave each other by pawl_i_flow_switch().  Models have another one, in
 * which each flow is a thread that waits for its turn (tests/model/platform/flow.c).
 */
#ifndef PAWL_RUNTIME_FLOW_H
#define PAWL_RUNTIME_FLOW_H

#include <stddef.h>

struct flow {
	void *sp;		/* while it is left; see switch.h */
	void *stack;		/* its lowest byte; NULL: the thread's own */
	size_t size;
	struct flow *(*entry)(void *arg);
	void *arg;
	struct flow *from;	/* who switched to it the last time */
	void *fiber;		/* as ThreadSanitizer knows it */
	void *fake;		/* AddressSanitizer's stack beside the stack, while it is left */
};

/* Make of @f the calling flow, which is that of a thread. */
void pawl_i_flow_here(struct flow *f);

/*
 * Make one that begins with @entry(@arg), which returns the flow to go on with when it ends.
 *
 * Return: 0; ENOMEM.
 */
int pawl_i_flow_make(struct flow *f, struct flow *(*entry)(void *arg), void *arg);

/* It has ended, or has not begun. */
void pawl_i_flow_free(struct flow *f);

/* Leave @from, the calling flow, and go on with @to; returns when somebody switches back. */
void pawl_i_flow_switch(struct flow *from, struct flow *to);

#endif
