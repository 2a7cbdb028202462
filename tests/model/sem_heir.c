/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The waiter that was woken, and has the token: it loses to who barges, waits again, is late, or is
 * canceled; and if it has lost for long it is given its permit.
 */
#include <errno.h>

#include <pawl/op.h>
#include <pawl/scope.h>
#include <pawl/sem.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"
#include "sync/sem_op.h"
#include "wait/context.h"
#include "wait/waiter.h"

/* What only makes more schedules of three, and is in the models of two. */
enum {
	NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES,
	MORE_NOISE = NOISE | STALE_LOADS | WEAK_FAILURES
};

static pawl_sem s;
static pawl_cancel *source;
static struct waiter *waiter;
static int canceled;

static void make(void)
{
	MODEL_CHECK(pawl_sem_init(&s, 0, 0) == 0);
	model_name(&s, sizeof s, "s");
}

static void make_source(void)
{
	make();
	MODEL_CHECK(pawl_cancel_open(NULL, &source) == 0);
}

static void enter(unsigned who)
{
	model_attach(who);
	if (who == 2)
		waiter = pawl_i_context()->waiter;
}

/* Give one, and take it back if it is there still. */
static void barge(void)
{
	pawl_sem_release(&s, 1);
	if (pawl_sem_tryacquire(&s) == 0)
		pawl_sem_release(&s, 1);
}

static void barge_or_wait(unsigned who)
{
	if (who == 1)
		barge();
	else
		MODEL_CHECK(pawl_sem_acquire(&s) == 0);
	if (who == 2 && __atomic_load_n(&waiter->note, __ATOMIC_RELAXED) == SEM_INSISTS)
		model_saw(0);
}

static void judge(void)
{
	MODEL_CHECK(pawl_sem_value(&s) == 0);
	MODEL_CHECK(s.queue_ == 0 && (s.word_ & 4) == 0);
	pawl_sem_destroy(&s);
}

/* A jump of the clock is 5 ms: if it lost before it, it insists. */
MODEL(sem_heir, .about = "one waits and loses to another, which gives its permit twice",
      .threads = 2, .setup = make, .thread = barge_or_wait, .finish = judge, .enter = enter,
      .sights = { "it insisted" }, .without = WEAK_FAILURES | SPINS | SPURIOUS_WAKES);

static void two_wait(unsigned who)
{
	if (who == 1) {
		pawl_sem_release(&s, 1);
		if (pawl_sem_tryacquire(&s) == 0)
			pawl_sem_release(&s, 2);
		else
			pawl_sem_release(&s, 1);
	} else {
		MODEL_CHECK(pawl_sem_acquire(&s) == 0);
	}
	model_saw(0);
}

MODEL(sem_heir_two, .about = "two wait; two permits come, one of them is taken back once",
      .threads = 3, .setup = make, .thread = two_wait, .finish = judge, .enter = model_attach,
      .sights = { "one passed" }, .without = MORE_NOISE, .preemptions = 2);

/* As the heir gives up, the permit that it was woken for is another's. */
static void late_or_not(unsigned who)
{
	int rc;

	if (who == 1) {
		pawl_sem_release(&s, 1);
		return;
	}
	rc = pawl_sem_acquire_until(&s, who == 2 ? model_soon() : PAWL_FOREVER);
	MODEL_CHECK(rc == 0 || (rc == ETIMEDOUT && who == 2));
	model_saw(rc != 0);
	if (rc == 0 && who == 2)
		pawl_sem_release(&s, 1);
}

MODEL(sem_heir_late, .about = "two wait, one until a deadline; one permit comes", .threads = 3,
      .setup = make, .thread = late_or_not, .finish = judge, .enter = model_attach,
      .sights = { "one passed", "a deadline passed" }, .without = MORE_NOISE, .preemptions = 2);

/* The permit comes while the wait is canceled. */
static void cancel_or_not(unsigned who)
{
	pawl_scope scope;
	int rc;

	if (who == 1) {
		pawl_sem_release(&s, 1);
	} else if (who == 3) {
		pawl_cancel_fire(source, 1);
	} else {
		pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
		rc = pawl_sem_acquire(&s);
		MODEL_CHECK(pawl_scope_leave(&scope, rc) == rc);
		MODEL_CHECK(rc == 0 || rc == ECANCELED);
		model_saw(rc != 0);
		canceled = rc != 0;
	}
}

static void judge_canceled(void)
{
	MODEL_CHECK(pawl_sem_value(&s) == canceled);
	MODEL_CHECK(s.queue_ == 0 && (s.word_ & 4) == 0);
	pawl_cancel_close(source);
	pawl_sem_destroy(&s);
}

MODEL(sem_scope, .about = "one waits in a scope, one releases, one cancels", .threads = 3,
      .setup = make_source, .thread = cancel_or_not, .finish = judge_canceled,
      .enter = model_attach, .sights = { "it got one", "it was canceled" },
      .without = NOISE, .preemptions = 2);

/* An op is in front of a thread, or behind it: each gets its permit. */
static pawl_op op;
static int calls;

static void done(pawl_op *which, int rc)
{
	(void)which;
	MODEL_CHECK(rc == 0);
	calls++;
}

static void make_op(void)
{
	make();
	pawl_op_init_inline(&op, done, NULL);
}

static void op_or_wait(unsigned who)
{
	int rc;

	if (who == 1) {
		pawl_sem_release(&s, 2);
	} else if (who == 2) {
		MODEL_CHECK(pawl_sem_acquire(&s) == 0);
	} else {
		rc = pawl_sem_acquire_op(&s, &op);
		if (rc == EINPROGRESS)
			model_saw(0);
		else
			done(&op, rc);
	}
}

static void both_passed(void)
{
	MODEL_CHECK(calls == 1);
	judge();
}

MODEL(sem_heir_op, .about = "a thread and an op wait, two permits come at once", .threads = 3,
      .setup = make_op, .thread = op_or_wait, .finish = both_passed, .enter = model_attach,
      .sights = { "the op waited" }, .without = MORE_NOISE | NO_MEMORY, .preemptions = 2);
