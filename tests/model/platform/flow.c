/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flow.c - lib/runtime/flow.h for models: each flow is a thread of the model, and one of them goes
 * on at a time, with the thread-locals of the one that runs them.
 *
 * So the explorer need not know of stacks beside those of its threads, and finds a flow that goes
 * on before it was left: somebody else has its turn then.
 */
#include "config.h"

#include <pawl/atomic.h>

#include "explorer/model.h"
#include "platform/flow.h"
#include "platform/futex.h"
#include "platform/tls.h"
#include "runtime/flow.h"

struct turn {
	uint32_t go;
	struct flow *flow;
};

static struct turn turns[1 + MODEL_FLOWS];	/* the first is that of the thread that runs them */
static unsigned made;
static struct {
	struct tls tls;
	uint64_t self;
} carried;

static void pass(const struct flow *to)
{
	struct turn *t = to->sp;

	MODEL_CHECK(t != NULL);		/* it has not ended */
	carried.tls = pawl_i_tls;
	carried.self = pawl_self_;
	__atomic_store_n(&t->go, 1, __ATOMIC_RELEASE);
	pawl_i_futex_wake(&t->go);
}

static void await(struct turn *t)
{
	while (__atomic_exchange_n(&t->go, 0, __ATOMIC_ACQUIRE) == 0)
		pawl_i_futex_wait(&t->go, 0, INT64_MAX);
	pawl_i_tls = carried.tls;
	pawl_self_ = carried.self;
}

void pawl_i_flow_here(struct flow *f)
{
	*f = (struct flow){ .sp = &turns[0] };
}

int pawl_i_flow_make(struct flow *f, struct flow *(*entry)(void *arg), void *arg)
{
	MODEL_CHECK(made < MODEL_FLOWS);
	made++;
	*f = (struct flow){ .sp = &turns[made], .entry = entry, .arg = arg };
	turns[made].flow = f;
	return 0;
}

void pawl_i_flow_free(struct flow *f)
{
	f->sp = NULL;
}

void pawl_i_flow_switch(struct flow *from, struct flow *to)
{
	struct turn *mine = from->sp;

	pass(to);
	await(mine);
}

void model_carry(unsigned n)
{
	struct tls tls = pawl_i_tls;
	uint64_t self = pawl_self_;
	struct flow *f;

	await(&turns[n]);
	f = turns[n].flow;
	pass(f->entry(f->arg));
	pawl_i_tls = tls;
	pawl_self_ = self;
}
