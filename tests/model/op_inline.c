/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_inline.c - done() of inline ops, on the thread that grants them: it may free all there is,
 * also while the start of its op has not returned, and grant other ops.
 */
#include <errno.h>

#include <pawl/op.h>

#include "explorer/model.h"

enum sight { EARLY, ALL = 0, LAST };
enum { OPS = 2 };

static pawl_mutex *m;
static pawl_op before, *op[OPS];
static int calls, granted, starting;
static bool nested;

static void free_mutex(void)
{
	MODEL_CHECK(pawl_mutex_trylock(m) == 0);
	pawl_mutex_unlock(m);
	pawl_mutex_destroy(m);
	model_free(m);
}

/* Who held the mutex last frees it. */
static void free_all(pawl_op *which, int rc)
{
	MODEL_CHECK(rc == 0);
	calls++;
	if (__atomic_load_n(&starting, __ATOMIC_RELAXED))
		model_saw(EARLY);
	pawl_mutex_unlock(m);
	free_mutex();
	model_free(which);
}

static void setup(pawl_done_fn done)
{
	m = model_alloc(sizeof *m);
	model_name(m, sizeof *m, "m");
	pawl_op_init_inline(&before, done, NULL);
	MODEL_CHECK(pawl_mutex_lock_op(m, &before) == 0);
}

static pawl_op *make(pawl_done_fn done)
{
	pawl_op *new = model_alloc(sizeof *new);

	model_name(new, sizeof *new, "op");
	pawl_op_init_inline(new, done, NULL);
	return new;
}

static void setup_last(void)
{
	setup(free_all);
	op[0] = make(free_all);
}

static void start_or_grant(unsigned who)
{
	int rc;

	if (who == 2) {
		pawl_mutex_unlock(m);
		return;
	}
	__atomic_store_n(&starting, 1, __ATOMIC_RELAXED);
	rc = pawl_mutex_lock_op(m, op[0]);
	__atomic_store_n(&starting, 0, __ATOMIC_RELAXED);
	if (rc == 0)
		free_all(op[0], 0);
}

static void called_once(void)
{
	MODEL_CHECK(calls == 1);
}

MODEL(op_last_inline, .about = "T1 starts an inline op that T2 grants, and frees it and its mutex",
      .threads = 2, .without = NO_MEMORY, .setup = setup_last, .enter = model_attach,
      .thread = start_or_grant, .finish = called_once,
      .sights = { "its done() came before its start returned" });

/* Each that is granted grants the next. */
static void unlock_in_turn(pawl_op *which, int rc)
{
	(void)which;
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	if (rc != 0)
		return;
	MODEL_CHECK(!nested);
	nested = true;
	granted++;
	pawl_mutex_unlock(m);
	nested = false;
}

static void setup_chain(void)
{
	setup(unlock_in_turn);
	for (int i = 0; i < OPS; i++) {
		op[i] = make(unlock_in_turn);
		MODEL_CHECK(pawl_mutex_lock_op(m, op[i]) == EINPROGRESS);
	}
}

static void grant(unsigned who)
{
	(void)who;
	pawl_mutex_unlock(m);
}

static void end_chain(void)
{
	MODEL_CHECK(calls == OPS);
	for (int i = 0; i < OPS; i++)
		model_free(op[i]);
	free_mutex();
}

MODEL(op_chain, .about = "a thread grants an inline op, which grants another", .threads = 1,
      .setup = setup_chain, .enter = model_attach, .thread = grant, .finish = end_chain);

/* The first may be canceled before its turn comes. */
static void grant_or_cancel(unsigned who)
{
	if (who == 1)
		grant(who);
	else
		(void)pawl_op_cancel(op[0]);
}

static void last_granted(void)
{
	MODEL_CHECK(granted > 0);
	model_saw(granted == OPS ? ALL : LAST);
	end_chain();
}

MODEL(op_skipped, .about = "T1 grants an inline op, which grants another; T2 cancels the first",
      .threads = 2, .setup = setup_chain, .enter = model_attach, .thread = grant_or_cancel,
      .finish = last_granted, .sights = { "both were granted", "one was canceled" });
