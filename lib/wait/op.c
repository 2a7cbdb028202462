/* SPDX-License-Identifier: BSD-2-Clause */
/* op.c - pawl/op.h: ops; see op.h. */
#include "config.h"

#include <errno.h>
#include <stddef.h>

#include <pawl/atomic.h>

#include "platform/fatal.h"
#include "platform/hb.h"
#include "platform/tls.h"
#include "wait/cq.h"
#include "wait/limit.h"
#include "wait/line.h"
#include "wait/op.h"

void pawl_op_init(pawl_op *op, pawl_cq *cq, pawl_done_fn done, void *user)
{
	*op = (pawl_op){ .cq_ = cq, .done_ = done, .user_ = user, .deadline_ = PAWL_FOREVER };
}

void pawl_op_init_inline(pawl_op *op, pawl_done_fn done, void *user)
{
	*op = (pawl_op){ .done_ = done, .user_ = user, .deadline_ = PAWL_FOREVER };
}

void pawl_op_deadline(pawl_op *op, pawl_time deadline)
{
	if (!op->cq_)
		pawl_i_misuse("pawl_op_deadline", "op", op, "has no completion queue", 0);
	if (op->verb_)
		pawl_i_misuse("pawl_op_deadline", "op", op, "is under way", 0);
	op->deadline_ = deadline;
}

void *pawl_op_user(const pawl_op *op)
{
	return op->user_;
}

/*** Inline ops ********************************************************************************/

void pawl_i_op_hold(void)
{
	pawl_i_tls.held++;
}

static void run_told(void)
{
	pawl_op *op;

	while ((op = pawl_i_tls.told) != NULL) {
		int rc;

		pawl_i_tls.told = op->next_;
		pawl_i_tls.stage = FINISHING;
		rc = pawl_i_op_end(op, false);
		pawl_i_tls.stage = IN_DONE;
		op->done_(op, rc);
	}
	pawl_i_tls.stage = NOT_INLINE;
}

void pawl_i_op_let(void)
{
	/* Still held while they run, so that none is nested. */
	if (pawl_i_tls.held == 1 && pawl_i_tls.told)
		run_told();
	pawl_i_tls.held--;
}

static void tell_inline(pawl_op *op)
{
	pawl_i_op_hold();
	op->next_ = NULL;
	if (pawl_i_tls.told)
		pawl_i_tls.told_last->next_ = op;
	else
		pawl_i_tls.told = op;
	pawl_i_tls.told_last = op;
	pawl_i_op_let();
}

/*** From start to end *************************************************************************/

int pawl_i_op_join(pawl_op *op, const struct op_verb *verb, void *object, uint64_t *queue,
	uint32_t note)
{
	struct waiter *w;
	uint64_t ref;

	if (!op->done_)
		pawl_i_misuse(verb->name, "op", op, "was not initialised", 0);
	if (op->verb_)
		pawl_i_misuse(verb->name, "op", op, "is under way already", 0);
	if (op->cq_)
		pawl_i_cq_check(op->cq_, verb->name);
	w = pawl_i_waiter_get(op);
	if (!w)
		return ENOMEM;
	pawl_i_waiter_make_note(w, note);
	ref = pawl_i_waiter_arm(w);
	op->verb_ = verb;
	op->object_ = object;
	op->queue_ = queue;
	op->waiter_ = w;
	/* B5 relaxed: goes with the ref. */
	pawl_store_(&op->state_, OP_FRESH, relaxed);
	hb_release(op);
	if (pawl_i_line_join(queue, w, ref) != 0) {
		(void)pawl_i_waiter_give_up(w);
		pawl_i_waiter_put(w);
		op->verb_ = NULL;
		return ENOMEM;
	}
	/* B1 release: pairs with B2.  The op, for who cancels it. */
	pawl_store_(&op->wait_, ref, release);
	return 0;
}

static void list(pawl_cq *cq, pawl_op *op)
{
	pawl_i_cq_list(cq, op);
	/* B3 acq_rel: pairs with B4, B8.  That it is listed, for who told it; its answer. */
	if (pawl_xchg_(&op->state_, OP_LISTED, acq_rel) == OP_TOLD)
		pawl_i_cq_tell(cq, op);
}

/* It was canceled before it could park: who did that left the rest to us. */
static void pass_on(pawl_cq *cq, pawl_op *op)
{
	if (cq) {
		pawl_i_cq_list(cq, op);
		pawl_i_cq_tell(cq, op);
	} else {
		tell_inline(op);
	}
}

int pawl_i_op_park(pawl_op *op)
{
	pawl_cq *cq = op->cq_;
	uint32_t answer = pawl_i_waiter_park(op->waiter_);

	if (answer == 0) {
		if (cq)
			list(cq, op);
		return EINPROGRESS;
	}
	op->answer_ = answer;
	if (answer < OP_CANCELED)
		return pawl_i_op_end(op, false);
	pass_on(cq, op);
	return EINPROGRESS;
}

bool pawl_i_op_withdraw(pawl_op *op)
{
	struct waiter *w = op->waiter_;

	if (pawl_i_waiter_give_up(w) != 0)
		return false;
	pawl_i_line_leave(op->queue_, w);
	pawl_i_waiter_put(w);
	op->verb_ = NULL;
	return true;
}

void pawl_i_op_told(struct waiter *w)
{
	/* B6 relaxed: as P25; the caller ended its wait, so it is the same. */
	pawl_op *op = pawl_load_(&w->op, relaxed);
	pawl_cq *cq = op->cq_;

	op->answer_ = pawl_i_waiter_answer(w);
	hb_release(op);
	if (!cq)
		tell_inline(op);
	/* B4 acq_rel: pairs with B3.  The answer, and what was done before it; that the op is
	 * listed. */
	else if (pawl_xchg_(&op->state_, OP_TOLD, acq_rel) == OP_LISTED)
		pawl_i_cq_tell(cq, op);
}

int pawl_i_op_end(pawl_op *op, bool closing)
{
	const struct op_verb *verb = op->verb_;
	struct waiter *w = op->waiter_;

	hb_acquire(op);
	pawl_i_line_leave(op->queue_, w);
	pawl_i_waiter_put(w);
	op->verb_ = NULL;
	return verb->finish(op, op->answer_, closing);
}

int pawl_i_op_error(const pawl_op *op, uint32_t answer)
{
	struct limit l = { .deadline = op->deadline_, .err = ETIMEDOUT };

	return answer == OP_LATE ? pawl_i_limit_error(&l) : ECANCELED;
}

int pawl_op_cancel(pawl_op *op)
{
	struct waiter *wake;
	/* B2 acquire: pairs with B1.  The op as it was started. */
	uint64_t ref = pawl_load_(&op->wait_, acquire);

	if (ref == 0 || !pawl_i_waiter_tell(ref, OP_CANCELED, &wake))
		return EALREADY;
	if (wake)
		pawl_i_waiter_wake(wake);
	return 0;
}
