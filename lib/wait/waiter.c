/* SPDX-License-Identifier: BSD-2-Clause */
/* waiter.c - see waiter.h. */
#include "config.h"

#include <stddef.h>

#include <pawl/atomic.h>

#include "wait/context.h"
#include "wait/lobby.h"
#include "wait/op.h"
#include "wait/waiter.h"

enum { STATES = (1 << REF_SHIFT) - 1 };

struct nodes pawl_i_waiters = { .size = sizeof(struct waiter) };

static uint32_t state_of(uint64_t word)
{
	return (uint32_t)(word & STATES);
}

/* Of the wait @ref, whatever its state. */
static bool is_of(uint64_t word, uint64_t ref)
{
	return ref_generation(word) == ref_generation(ref);
}

static struct waiter *make(struct context *c, struct pawl_op *op)
{
	uint32_t handle = pawl_i_nodes_get(&pawl_i_waiters);
	struct waiter *w;

	if (handle == 0)
		return NULL;
	w = waiter_at(ref_make(0, handle));
	w->handle = handle;
	w->context = c;
	/* P25 relaxed: of a wait that has not begun; goes with its ref. */
	pawl_store_(&w->op, op, relaxed);
	return w;
}

struct waiter *pawl_i_waiter_make(struct context *c)
{
	return make(c, NULL);
}

struct waiter *pawl_i_waiter_sibling(struct waiter *w)
{
	if (!w->sibling)
		w->sibling = make(w->context, NULL);
	return w->sibling;
}

struct waiter *pawl_i_waiter_get(struct pawl_op *op)
{
	return make(NULL, op);
}

void pawl_i_waiter_put(struct waiter *w)
{
	pawl_i_nodes_put(&pawl_i_waiters, w->handle);
}

bool pawl_i_waiter_is_op(uint64_t ref)
{
	/* P26 relaxed: came with the ref; if it is over, P5 will see that. */
	return pawl_load_(&waiter_at(ref)->op, relaxed) != NULL;
}

void pawl_i_waiter_make_note(struct waiter *w, uint32_t n)
{
	/* P27 release: pairs with P28.  That the wait before is over. */
	pawl_store_(&w->note, n, release);
}

uint32_t pawl_i_waiter_note(uint64_t ref)
{
	/* P28 acquire: pairs with P27.  If it is a later wait's, P17 sees that after it. */
	return pawl_load_(&waiter_at(ref)->note, acquire);
}

uint64_t pawl_i_waiter_arm(struct waiter *w)
{
	/* P13 relaxed: nobody else writes it now (I3). */
	uint64_t generation = ref_generation(pawl_load_(&w->word, relaxed)) + 1;

	/* P6 relaxed: who puts the ref where others find it publishes it. */
	pawl_store_(&w->word, ref_make(generation, ARMED), relaxed);
	return ref_make(generation, w->handle);
}

uint32_t pawl_i_waiter_park(struct waiter *w)
{
	/* P15 relaxed: P1 looks again. */
	uint64_t word = pawl_load_(&w->word, relaxed);
	uint64_t armed = (word & ~(uint64_t)STATES) | ARMED;

	/* P1 acq_rel: pairs with P3, P5.  From here on who answers wakes us, or completes our op,
	 * whose done() may free it: we have read it before.  For the failure: it was answered
	 * meanwhile. */
	if (pawl_cas_(&w->word, &armed, (word & ~(uint64_t)STATES) | PARKED, acq_rel, acquire))
		return 0;
	return state_of(armed) >= GRANT ? state_of(armed) : 0;
}

uint32_t pawl_i_waiter_answer(struct waiter *w)
{
	/* P3 acquire: pairs with P1, P5.  What was done before it was answered; and before an op
	 * parked. */
	uint32_t state = state_of(pawl_load_(&w->word, acquire));

	return state >= GRANT ? state : 0;
}

uint32_t pawl_i_waiter_give_up(struct waiter *w)
{
	/* P16 relaxed: P12 looks again. */
	uint64_t word = pawl_load_(&w->word, relaxed);

	/* P12 relaxed: P3 looks again if there is an answer. */
	while (state_of(word) < MOVED)
		if (pawl_cas_weak_(&w->word, &word, (word & ~(uint64_t)STATES) | IDLE,
				   relaxed, relaxed))
			return 0;
	return state_of(word) == MOVED ? MOVED : pawl_i_waiter_answer(w);
}

bool pawl_i_waiter_tell(uint64_t ref, uint32_t answer, struct waiter **ret_wake)
{
	struct waiter *w = waiter_at(ref);
	/* P18 relaxed: P5 looks again. */
	uint64_t word = pawl_load_(&w->word, relaxed);

	while (is_of(word, ref) && waiter_is_open(word))
		/* P5 release: pairs with P1, P3.  Ends the wait: what was done for it. */
		if (pawl_cas_weak_(&w->word, &word, (word & ~(uint64_t)STATES) | answer,
				   release, relaxed)) {
			*ret_wake = state_of(word) == ARMED ? NULL : w;
			return true;
		}
	return false;
}

void pawl_i_waiter_wake(struct waiter *w)
{
	if (w->context)
		pawl_i_context_wake(w->context);
	else
		pawl_i_op_told(w);
}

void pawl_i_waiter_wake_with(struct waiter *w, struct rooms *set)
{
	if (w->context && pawl_i_context_is_in_room(w->context))
		pawl_i_rooms_add(set, w->handle);
	else
		pawl_i_waiter_wake(w);
}

struct waiter *pawl_i_waiter_move(uint64_t ref)
{
	struct waiter *w = waiter_at(ref);
	/* P19 relaxed: P14 looks again. */
	uint64_t word = pawl_load_(&w->word, relaxed);

	while (is_of(word, ref) && waiter_is_open(word))
		/* P14 relaxed: what the waiter wrote came with the ref, and what is written now
		 * goes with the new one. */
		if (pawl_cas_weak_(&w->word, &word, ref_make(ref_generation(ref) + 1, MOVED),
				   relaxed, relaxed))
			return w;
	return NULL;
}

uint64_t pawl_i_waiter_ref(const struct waiter *w)
{
	/* P20 relaxed: the caller wrote it. */
	return ref_make(ref_generation(pawl_load_(&w->word, relaxed)), w->handle);
}

void pawl_i_waiter_forget(struct waiter *w)
{
	for (; w; w = w->sibling)
		/* P21 relaxed: there is one thread. */
		(void)pawl_fetch_add_(&w->word, ref_make(1, 0), relaxed);
}
