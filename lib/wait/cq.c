/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cq.c - pawl/op.h: completion queues.  Uses: atomic, platform, reclaim, pending, op.
 *
 * An op goes through two lists, that any thread pushes on and the dispatcher takes whole, and
 * what the dispatcher alone has:
 *
 *	start --U1--> listed --U2--> pending ----------------> pending and ready --> done()
 *	                                                       ^
 *	over  --U1--> told   --U2------------------------------+
 *
 * I1  an op is listed before it is told (B3, B4), and the dispatcher takes told before listed:
 *     what is ready is pending.
 * I2  the bell.  Who pushes looks at `rung` after it; the dispatcher begins a new generation
 *     of it before it takes the lists:
 *		w[told] U1, r[rung] U4 against w[rung] U3, r[told] U2; all seq_cst
 *     RUNG is set only after the ring, by a compare-and-swap that fails in another
 *     generation; and the dispatcher hushes the bell before it begins one.  So if U4 reads
 *     RUNG, the bell rings still, or it is before U3, and U2 sees the push.  Who stops
 *     between ring and RUNG keeps nobody from ringing.
 * I3  deadlines.  `armed` is the instant at which the dispatcher will come anyway; INT64_MIN
 *     while it is there.  Who lists an earlier one lowers it, and rings:
 *		w[listed] U1, r[armed] U6 against w[armed] U8, r[listed] U9; all seq_cst
 *     and with the virtual clock
 *		w[now] K3 or K4, r[armed] U11 against w[armed] U8, r[now] K1; all seq_cst
 * I4  refs: the opener's, and one for whoever rings without being sure that it stays open:
 *     the last closes the descriptors.  0: it is not open; who finds that finds out by U12.
 *
 * Queues are type-stable nodes, so that the virtual clock can go through all of them.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>

#include <pawl/atomic.h>

#include "platform/bell.h"
#include "platform/clock.h"
#include "platform/fatal.h"
#include "platform/fork.h"
#include "reclaim/nodes.h"
#include "wait/cq.h"
#include "wait/op.h"
#include "wait/pending.h"

struct pawl_cq {
	_Alignas(CACHE_LINE) struct node node;
	uint32_t handle;
	uint32_t busy;		/* 1 while somebody dispatches or closes it */
	uint64_t refs;
	uint64_t rung;		/* generation << 1 | RUNG */
	pawl_op *told, *listed;	/* pushed last; op->next_, op->links_[0] */
	int64_t armed;
	struct bell bell;
	uint64_t forks;
	bool closing;
	/* The dispatcher's: */
	pawl_op *ready, *ready_last;
	size_t ready_count;
	struct pending pending;
	int64_t timer;		/* what the bell is set to */
};

enum { RUNG = 1 };

static struct nodes queues = { .size = sizeof(struct pawl_cq) };
static uint32_t highest;	/* handle that was ever opened */
static uint64_t forks;	/* of this process and those it comes from */

static pawl_cq *queue_at(uint32_t handle)
{
	return nodes_at(&queues, handle, sizeof(struct pawl_cq));
}

static void count_fork(void)
{
	forks++;
}

__attribute__((__constructor__)) static void watch_forks(void)
{
	pawl_i_fork_child(count_fork);
}

/*** What any thread does **********************************************************************/

static bool hold(pawl_cq *cq)
{
	/* U13 relaxed: U12 looks again. */
	uint64_t refs = pawl_load_(&cq->refs, relaxed);

	while (refs != 0)
		/* U12 acquire: pairs with U14, U15.  The queue as it was opened. */
		if (pawl_cas_weak_(&cq->refs, &refs, refs + 1, acquire, relaxed))
			return true;
	return false;
}

static void drop(pawl_cq *cq)
{
	/* U14 acq_rel: pairs with U12, U14.  What others did with it, before it goes. */
	if (pawl_fetch_sub_(&cq->refs, 1, acq_rel) != 1)
		return;
	pawl_i_bell_close(&cq->bell);
	pawl_i_nodes_put(&queues, cq->handle);
}

static void ring(pawl_cq *cq)
{
	/* U4 seq_cst: pairs with U3, U5.  See I2. */
	uint64_t rung = pawl_load_(&cq->rung, seq_cst);

	/* A parent's descriptors are not ours to write to. */
	if ((rung & RUNG) || cq->forks != forks)
		return;
	pawl_i_bell_ring(&cq->bell);
	/* U5 release: pairs with U4.  That it rings. */
	(void)pawl_cas_(&cq->rung, &rung, rung | RUNG, release, relaxed);
}

static void push(pawl_op **list, pawl_op *op, pawl_op **link)
{
	/* U10 relaxed: U1 looks again. */
	pawl_op *top = pawl_load_(list, relaxed);

	do
		*link = top;
		/* U1 seq_cst: pairs with U2, U9.  The op; see I2 and I3. */
	while (!pawl_cas_weak_(list, &top, op, seq_cst, relaxed));
}

void pawl_i_cq_check(const pawl_cq *cq, const char *verb)
{
	if (cq->closing)
		pawl_i_misuse(verb, "completion queue", cq, "is being closed", 0);
}

void pawl_i_cq_list(pawl_cq *cq, pawl_op *op)
{
	int64_t deadline = op->deadline_, armed;

	push(&cq->listed, op, &op->links_[0]);
	if (deadline == PAWL_FOREVER)
		return;
	/* U6 seq_cst: pairs with U8.  See I3. */
	armed = pawl_load_(&cq->armed, seq_cst);
	while (deadline < armed)
		/* U7 relaxed: a hint for others, that who makes it rings; it is looked at
		 * again if it fails. */
		if (pawl_cas_weak_(&cq->armed, &armed, deadline, relaxed, relaxed)) {
			ring(cq);
			return;
		}
}

void pawl_i_cq_tell(pawl_cq *cq, pawl_op *op)
{
	/* It is open: close waits for the push. */
	(void)hold(cq);
	push(&cq->told, op, &op->next_);
	ring(cq);
	drop(cq);
}

void pawl_i_cq_tick(pawl_time now, bool all)
{
	/* U23 seq_cst: pairs with U24.  The nodes up to it; and w[now] K3 or K4, r[highest]
	 * here against w[highest] U24, r[now] K1. */
	uint32_t last = pawl_load_(&highest, seq_cst);

	for (uint32_t i = 1; i <= last; i++) {
		pawl_cq *cq = queue_at(i);

		if (!hold(cq))
			continue;
		/* U11 seq_cst: pairs with U8.  Opponent of K1, see I3. */
		if (pawl_load_(&cq->armed, seq_cst) <= now || all)
			ring(cq);
		drop(cq);
	}
}

/*** What the dispatcher does ******************************************************************/

static void occupy(pawl_cq *cq, const char *verb)
{
	if (cq->forks != forks)
		pawl_i_misuse(verb, "completion queue", cq, "was opened before a fork", 0);
	/* U16 acquire: pairs with U17.  What the dispatcher before wrote. */
	if (pawl_xchg_(&cq->busy, 1, acquire) != 0)
		pawl_i_misuse(verb, "completion queue", cq, "is being dispatched", 0);
}

static void append(pawl_cq *cq, pawl_op *op)
{
	op->next_ = NULL;
	if (cq->ready)
		cq->ready_last->next_ = op;
	else
		cq->ready = op;
	cq->ready_last = op;
	cq->ready_count++;
}

static pawl_op *take(pawl_op **list)
{
	/* U2 seq_cst: pairs with U1.  The ops; see I2. */
	return pawl_xchg_(list, NULL, seq_cst);
}

/* Those that are over become ready, in the order in which they were told. */
static void take_told(pawl_cq *cq)
{
	pawl_op *op = take(&cq->told), *first = NULL, *next;

	for (; op; op = next) {
		next = op->next_;
		op->next_ = first;
		first = op;
	}
	for (op = first; op; op = next) {
		next = op->next_;
		append(cq, op);
	}
}

static void take_listed(pawl_cq *cq)
{
	pawl_op *next;

	for (pawl_op *op = take(&cq->listed); op; op = next) {
		next = op->links_[0];
		pawl_i_pending_add(&cq->pending, op);
	}
}

/* End the wait of @op, unless somebody has, who will tell. */
static void end_wait(pawl_cq *cq, pawl_op *op, uint32_t answer)
{
	struct waiter *w;

	/* B7 relaxed: it came with the op. */
	if (!pawl_i_waiter_tell(pawl_load_(&op->wait_, relaxed), answer, &w))
		return;
	op->answer_ = answer;
	/* B8 acq_rel: pairs with B3.  As B4; but if it is not listed yet for who started it, that
	 * one passes it on. */
	if (pawl_xchg_(&op->state_, OP_TOLD, acq_rel) == OP_LISTED)
		append(cq, op);
}

static void expire(pawl_cq *cq)
{
	int64_t now = cq->pending.first ? pawl_i_clock_now() : 0;
	pawl_op *op;

	while ((op = cq->pending.first) != NULL && op->deadline_ <= now) {
		pawl_i_pending_remove(&cq->pending, op);
		pawl_i_pending_keep(&cq->pending, op);
		end_wait(cq, op, OP_LATE);
	}
}

/* From now on all that comes rings. */
static void listen(pawl_cq *cq)
{
	uint64_t rung;

	pawl_i_bell_hush(&cq->bell);
	/* U18 relaxed: U3 goes on from it, or forgets a RUNG that came meanwhile: a ring
	 * too many. */
	rung = pawl_load_(&cq->rung, relaxed);
	/* U3 seq_cst: pairs with U4.  See I2. */
	(void)pawl_xchg_(&cq->rung, (rung | RUNG) + 1, seq_cst);
}

static void gather(pawl_cq *cq)
{
	listen(cq);
	/* U19 relaxed: whoever sees it need not ring, for U9 comes. */
	pawl_store_(&cq->armed, INT64_MIN, relaxed);
	take_told(cq);
	take_listed(cq);
	expire(cq);
}

static void set_timer(pawl_cq *cq, int64_t instant)
{
	if (cq->timer == instant)
		return;
	cq->timer = instant;
	pawl_i_bell_set(&cq->bell, instant);
}

/* Watch the next deadline; ring for what is left. */
static void settle(pawl_cq *cq)
{
	int64_t next, now;

	do {
		take_listed(cq);
		next = pending_next(&cq->pending);
		/* U8 seq_cst: pairs with U6, U11.  See I3. */
		pawl_store_(&cq->armed, next, seq_cst);
		/* U9 seq_cst: pairs with U1.  The same. */
	} while (pawl_load_(&cq->listed, seq_cst));
	now = pawl_i_clock_now();
	set_timer(cq, pawl_i_clock_is_virtual() ? INT64_MAX : next);
	if (cq->ready || next <= now)
		ring(cq);
}

static void deliver(pawl_cq *cq, bool closing)
{
	pawl_op *op = cq->ready;
	int rc;

	cq->ready = op->next_;
	cq->ready_count--;
	pawl_i_pending_remove(&cq->pending, op);
	rc = pawl_i_op_end(op, closing);
	op->done_(op, rc);
}

int pawl_cq_dispatch(pawl_cq *cq, int max)
{
	size_t n, most = max > 0 ? (size_t)max : INT_MAX;

	occupy(cq, "pawl_cq_dispatch");
	gather(cq);
	if (most > cq->ready_count)
		most = cq->ready_count;
	for (n = 0; n < most; n++)
		deliver(cq, false);
	settle(cq);
	/* U17 release: pairs with U16.  What belongs to the dispatcher. */
	pawl_store_(&cq->busy, 0, release);
	return (int)n;
}

/*** Open and close ****************************************************************************/

/* Let the clock find the queue @handle. */
static void show(uint32_t handle)
{
	/* U25 relaxed: U24 looks again. */
	uint32_t seen = pawl_load_(&highest, relaxed);

	/* U24 seq_cst: pairs with U23.  The node; a read-modify-write even if it changes nothing,
	 * so that U23 sees all that came before. */
	while (!pawl_cas_weak_(&highest, &seen, seen > handle ? seen : handle, seq_cst, relaxed))
		;
}

/* As if it had never been used: the bell is another, and what its last life left is over. */
static void begin(pawl_cq *cq)
{
	/* U26 relaxed: U15 publishes it. */
	uint64_t rung = pawl_load_(&cq->rung, relaxed);

	/* U27 relaxed: the same; another generation, in which nobody rang. */
	pawl_store_(&cq->rung, (rung | RUNG) + 1, relaxed);
	cq->ready = cq->told = cq->listed = NULL;
	cq->ready_count = 0;
	cq->pending = (struct pending){ NULL, NULL };
	cq->forks = forks;
}

int pawl_cq_open(pawl_cq **ret_cq)
{
	uint32_t handle = pawl_i_nodes_get(&queues);
	pawl_cq *cq;
	int err;

	if (handle == 0)
		return ENOMEM;
	cq = queue_at(handle);
	err = pawl_i_bell_open(&cq->bell);
	if (err != 0) {
		pawl_i_nodes_put(&queues, handle);
		return err;
	}
	begin(cq);
	cq->handle = handle;
	cq->closing = false;
	cq->timer = INT64_MAX;
	/* U20 relaxed: U15 publishes it. */
	pawl_store_(&cq->armed, INT64_MAX, relaxed);
	/* U21 relaxed: the same. */
	pawl_store_(&cq->busy, 0, relaxed);
	/* U15 release: pairs with U12.  The open queue, for the clock. */
	pawl_store_(&cq->refs, 1, release);
	show(handle);
	*ret_cq = cq;
	return 0;
}

int pawl_cq_fd(const pawl_cq *cq)
{
	return cq->bell.poll;
}

/* End what waits still; what does not end by that is about to be told. */
static void cancel_all(pawl_cq *cq)
{
	struct pending *p = &cq->pending;
	pawl_op *op;

	while ((op = p->first) != NULL) {
		pawl_i_pending_remove(p, op);
		pawl_i_pending_keep(p, op);
	}
	for (op = p->rest; op; op = op->links_[PENDING_NEXT])
		end_wait(cq, op, OP_CANCELED);
}

/* In the child of a fork: its ops belong to threads that are not there. */
static void forget(pawl_cq *cq)
{
	/* U22 relaxed: there is one thread. */
	pawl_store_(&cq->refs, 1, relaxed);
	drop(cq);
}

void pawl_cq_close(pawl_cq *cq)
{
	if (!cq)
		return;
	if (cq->forks != forks) {
		forget(cq);
		return;
	}
	occupy(cq, "pawl_cq_close");
	cq->closing = true;
	gather(cq);
	cancel_all(cq);
	for (;;) {
		while (cq->ready)
			deliver(cq, true);
		if (!cq->pending.rest)
			break;
		pawl_i_bell_wait(&cq->bell);
		listen(cq);
		take_told(cq);
	}
	drop(cq);
}
