/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_rwlock.c - writing as a reader, upgrades; readers, writers and ops against each other. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>

#include <pawl/op.h>
#include <pawl/rwlock.h>

#include "mixed.h"
#include "op_loops.h"
#include "stress.h"

static pawl_rwlock lock;

/* External, or a compiler may drop it and the race with it. */
extern int64_t stress_rwlock_value;
int64_t stress_rwlock_value;		/* guarded */

static void lost(struct stress_team *t, struct stress_outcome *ret)
{
	ret->of = stress_ops(t);
	ret->bad = ret->of - (uint64_t)stress_rwlock_value;
	ret->least = stress_least(t);
}

static void expect_all(struct stress_team *t)
{
	uint64_t ops = stress_ops(t);

	if ((uint64_t)stress_rwlock_value != ops)
		stress_fail("the value is %" PRId64 " after %" PRIu64 " updates",
			stress_rwlock_value, ops);
	if (pawl_rwlock_trywrlock(&lock) != 0)
		stress_fail("the lock is not free in the end");
}

/*** A reader writes, and another one as well **************************************************/

static void plain_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		int64_t value;

		pawl_rwlock_rdlock(&lock);
		value = stress_rwlock_value;
		stress_await(w);
		stress_rwlock_value = value + 1;
		pawl_rwlock_rdunlock(&lock);
		stress_done(w);
	}
}

static void plain_broken(struct stress_team *t, struct stress_outcome *ret)
{
	stress_run(t, plain_body);
	lost(t, ret);
}

static void written_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		int64_t value;

		pawl_rwlock_wrlock(&lock);
		stress_hold(w, &lock);
		value = stress_rwlock_value;
		stress_await(w);
		stress_rwlock_value = value + 1;
		pawl_rwlock_wrunlock(&lock);
		stress_done(w);
	}
}

static void written_right(struct stress_team *t)
{
	stress_name(&lock, "the lock");
	stress_run(t, written_body);
	expect_all(t);
}

/*** Unlock, lock for writing: it is not what was read any more ********************************/

static void upgrade_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		int64_t value;

		pawl_rwlock_rdlock(&lock);
		value = stress_rwlock_value;
		pawl_rwlock_rdunlock(&lock);
		stress_await(w);
		pawl_rwlock_wrlock(&lock);
		stress_rwlock_value = value + 1;
		pawl_rwlock_wrunlock(&lock);
		stress_done(w);
	}
}

static void upgrade_broken(struct stress_team *t, struct stress_outcome *ret)
{
	stress_run(t, upgrade_body);
	lost(t, ret);
}

/* The other way round nothing comes between. */
static void downgrade_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		int64_t value;

		pawl_rwlock_wrlock(&lock);
		value = ++stress_rwlock_value;
		pawl_rwlock_downgrade(&lock);
		stress_hold(w, &lock);
		stress_await(w);
		if (stress_rwlock_value != value)
			stress_fail("a writer came between a write and what is read after it");
		pawl_rwlock_rdunlock(&lock);
		stress_done(w);
	}
}

static void downgrade_right(struct stress_team *t)
{
	stress_name(&lock, "the lock");
	stress_run(t, downgrade_body);
	expect_all(t);
}

/*** Threads and ops that read and write *******************************************************/

static _Atomic uint64_t readers, writers;	/* inside; relaxed, so that they order nothing */
static _Atomic uint64_t reads, writes, downgrades, untouched;
static uint64_t first, second;			/* the same, guarded */

static void add(_Atomic uint64_t *number, uint64_t n)
{
	(void)atomic_fetch_add_explicit(number, n, memory_order_relaxed);
}

static uint64_t get(_Atomic uint64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

/* @w: NULL: nothing slow inside */
static void read_inside(struct stress_worker *w)
{
	uint64_t before;

	add(&readers, 1);
	if (get(&writers) != 0)
		stress_fail("a reader is inside with a writer");
	before = first;
	if (w)
		stress_await(w);
	if (second != before || first != before)
		stress_fail("a reader saw half a write");
	add(&reads, 1);
	add(&readers, -(uint64_t)1);
}

static void write_inside(struct stress_worker *w)
{
	add(&writers, 1);
	if (get(&writers) != 1 || get(&readers) != 0)
		stress_fail("a writer is not alone inside");
	first++;
	if (w)
		stress_await(w);
	second++;
	add(&writes, 1);
	add(&writers, -(uint64_t)1);
}

static void write_and_unlock(struct stress_worker *w, bool downgrade)
{
	write_inside(w);
	if (!downgrade) {
		pawl_rwlock_wrunlock(&lock);
		return;
	}
	pawl_rwlock_downgrade(&lock);
	add(&downgrades, 1);
	read_inside(w);
	pawl_rwlock_rdunlock(&lock);
}

static void read_and_unlock(struct stress_worker *w)
{
	read_inside(w);
	pawl_rwlock_rdunlock(&lock);
}

/* One in three writes, and half of these downgrade. */
enum op_kind { OP_WRITE, OP_DOWNGRADE, OP_READ, OP_KINDS = 6 };

static int start_op(pawl_op *op, unsigned kind)
{
	return kind < OP_READ ? pawl_rwlock_wrlock_op(&lock, op) : pawl_rwlock_rdlock_op(&lock, op);
}

static void use_op(struct stress_worker *w, unsigned kind)
{
	if (kind < OP_READ)
		write_and_unlock(w, kind == OP_DOWNGRADE);
	else
		read_and_unlock(w);
}

static const struct op_loops_verbs ops = { .kinds = OP_KINDS, .start = start_op, .use = use_op };

/* Some reads in a row, which go into slots if no writer comes. */
static void read_often(struct stress_worker *w)
{
	for (int i = 0; i < 64; i++) {
		uint64_t before = __atomic_load_n(&lock.word_, __ATOMIC_RELAXED);

		pawl_rwlock_rdlock(&lock);
		if (__atomic_load_n(&lock.word_, __ATOMIC_RELAXED) == before)
			add(&untouched, 1);
		read_and_unlock(i % 32 == 0 ? w : NULL);
	}
}

static void thread_round(struct stress_worker *w)
{
	bool write = stress_random(w, 4) == 0;
	struct mixed x;
	pawl_time deadline = mixed_begin(&x, w);
	int err = mixed_end(&x, w, write ? pawl_rwlock_wrlock_until(&lock, deadline) :
			    pawl_rwlock_rdlock_until(&lock, deadline));

	if (err != 0 && err != ETIMEDOUT && err != ECANCELED)
		stress_fail("a lock returned %d", err);
	else if (err == 0 && write)
		write_and_unlock(w, stress_random(w, 2) == 0);
	else if (err == 0)
		read_and_unlock(w);
	if (stress_random(w, 16) == 0)
		read_often(w);
}

/* Long enough for ops to end in these ways, however short the run is. */
static void hold_until_ops_ended(struct stress_worker *w)
{
	atomic_store(&w->phase, "waits until ops have timed out, and were canceled");
	while (w->team->size > 2 && !op_loops_saw_ends())
		sched_yield();
	atomic_store(&w->phase, NULL);
}

/* Lock for writing (the first time it is locked already); wait until somebody sleeps; cancel. */
static void leader(struct stress_worker *w)
{
	for (bool begins = true; stress_again(w); begins = false) {
		if (!begins)
			pawl_rwlock_wrlock(&lock);
		if (stress_wants_waits(w->team))
			stress_hold_until(w, &lock, 1);
		mixed_fire(w, 1, w->team->size);
		if (begins)
			hold_until_ops_ended(w);
		write_and_unlock(w, begins || stress_random(w, 2) == 0);
		stress_done(w);
	}
}

static void not_called(pawl_op *op, int rc)
{
	(void)op;
	stress_fail("an op that did not wait was done with %d", rc);
}

/* For worker 0, so that the others' first waits are such, and can be canceled. */
static void lock_for_leader(void)
{
	static pawl_op op;

	pawl_op_init_inline(&op, not_called, NULL);
	if (pawl_rwlock_wrlock_op(&lock, &op) != 0)
		stress_fail("a lock that is free could not be had");
}

static void mixed_body(struct stress_worker *w)
{
	if (w->index == 0) {
		leader(w);
		return;
	}
	if (op_loops_is_one(w)) {
		op_loops_body(w);
		return;
	}
	while (stress_again(w)) {
		thread_round(w);
		if (stress_random(w, 4) == 0)
			op_loops_turn(w);
		stress_done(w);
	}
	while (get(&untouched) == 0)
		read_often(w);
}

static void note_all(void)
{
	stress_note("reads", get(&reads));
	stress_note("that left the lock's word alone", get(&untouched));
	stress_note("writes", get(&writes));
	stress_note("downgrades", get(&downgrades));
}

/* All threads have ended, and with them all who could wait. */
static void judge(void)
{
	if (get(&untouched) == 0 || get(&downgrades) == 0)
		stress_fail("no reader was in a slot, or there was no downgrade");
	if (first != get(&writes) || second != first)
		stress_fail("%" PRIu64 " writes were made, %" PRIu64 " and %" PRIu64 " are there",
			get(&writes), first, second);
	if (get(&readers) != 0 || get(&writers) != 0)
		stress_fail("somebody is still inside");
	if (pawl_rwlock_trywrlock(&lock) != 0)
		stress_fail("the lock is not free in the end");
	if (lock.readers_ != 0 || lock.writers_ != 0)
		stress_fail("somebody is left in a queue");
}

static void mixed_right(struct stress_team *t)
{
	stress_name(&lock, "the lock");
	op_loops_open(t, &ops);
	mixed_open(t);
	lock_for_leader();
	stress_run(t, mixed_body);
	mixed_close();
	note_all();
	op_loops_close(t);
	judge();
}

const struct stress_case stress_rwlock_cases[] = {
	{
		.name = "rwlock.plain",
		.about = "add to a plain integer as a reader",
		.bad = "updates lost",
		.right = "pawl_rwlock_wrlock",
		.symbol = "stress_rwlock_value",
		.racy = &stress_rwlock_value,
		.racy_size = sizeof stress_rwlock_value,
		.run_broken = plain_broken,
		.run_right = written_right,
	},
	{
		.name = "rwlock.upgrade",
		.about = "read, unlock, lock for writing, write",
		.bad = "updates lost",
		.right = "pawl_rwlock_downgrade",
		.run_broken = upgrade_broken,
		.run_right = downgrade_right,
	},
	{
		.name = "rwlock.mixed",
		.about = "readers, writers, downgrades, ops; three in ten timed, one canceled",
		.right = "pawl_rwlock",
		.run_right = mixed_right,
	},
	{ .name = NULL },
};
