/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_counter.c - lost updates, and waiting for zero. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>

#include <pawl/counter.h>
#include <pawl/mutex.h>

#include "mixed.h"
#include "stress.h"

/* External, or a compiler may drop it and the race with it. */
extern int64_t stress_counter_plain;
int64_t stress_counter_plain;

static _Atomic int64_t atomic_value;
static pawl_mutex lock = PAWL_MUTEX_INIT;
static pawl_counter counter;

/* Ask for the value, wait for something slow, write the value plus one back. */
static void plain_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		int64_t value = stress_counter_plain;

		stress_await(w);
		stress_counter_plain = value + 1;
		stress_done(w);
	}
}

static void lost(struct stress_team *t, int64_t value, struct stress_outcome *ret)
{
	ret->of = stress_ops(t);
	ret->bad = ret->of - (uint64_t)value;
	ret->least = stress_least(t);
}

static void plain_broken(struct stress_team *t, struct stress_outcome *ret)
{
	stress_run(t, plain_body);
	lost(t, stress_counter_plain, ret);
}

static void locked_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		int64_t value;

		pawl_mutex_lock(&lock);
		stress_hold(w, &lock);
		value = stress_counter_plain;
		stress_await(w);
		stress_counter_plain = value + 1;
		pawl_mutex_unlock(&lock);
		stress_done(w);
	}
}

static void expect(struct stress_team *t, int64_t value)
{
	uint64_t ops = stress_ops(t);

	if ((uint64_t)value != ops)
		stress_fail("the counter is %" PRId64 " after %" PRIu64 " updates", value, ops);
}

static void locked_right(struct stress_team *t)
{
	stress_name(&lock, "the counter's mutex");
	stress_run(t, locked_body);
	expect(t, stress_counter_plain);
}

/* Every access is atomic, and it is wrong all the same. */
static void atomic_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		int64_t value = atomic_load(&atomic_value);

		stress_await(w);
		atomic_store(&atomic_value, value + 1);
		stress_done(w);
	}
}

static void atomic_broken(struct stress_team *t, struct stress_outcome *ret)
{
	stress_run(t, atomic_body);
	lost(t, atomic_load(&atomic_value), ret);
}

static void counter_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		stress_await(w);
		(void)pawl_counter_add(&counter, 1);
		stress_done(w);
	}
}

static void counter_right(struct stress_team *t)
{
	stress_run(t, counter_body);
	expect(t, pawl_counter_get(&counter));
}

/*
 * Worker 0 makes the counter 1, and all others wait for zero; it writes plain data and
 * makes the counter 0; the others read the data and say so.
 */
enum { CLOSED = -1 };

static _Atomic int64_t zero_round;
static _Atomic uint64_t zero_readers;
static int64_t zero_data;

static void zero_leader(struct stress_worker *w)
{
	uint64_t others = w->team->size - 1;

	for (int64_t round = 1; stress_again(w); round++) {
		(void)pawl_counter_add(&counter, 1);
		/* Relaxed, so that nothing but the counter orders the data. */
		atomic_store_explicit(&zero_round, round, memory_order_relaxed);
		if (stress_wants_waits(w->team))
			stress_hold_until(w, &counter, (unsigned)others);
		mixed_fire(w, 1, w->team->size);
		zero_data = round;
		(void)pawl_counter_add(&counter, -1);
		while (atomic_load(&zero_readers) < (uint64_t)round * others)
			sched_yield();
		stress_done(w);
	}
	atomic_store(&zero_round, CLOSED);
}

static void wait_for_zero(struct stress_worker *w)
{
	struct mixed x;
	int err;

	do {
		pawl_time deadline = mixed_begin(&x, w);

		err = mixed_end(&x, w, pawl_counter_wait_zero(&counter, deadline));
	} while (err == ETIMEDOUT || err == ECANCELED);
	if (err != 0)
		stress_fail("pawl_counter_wait_zero returned %d", err);
}

static void zero_body(struct stress_worker *w)
{
	int64_t round, last = 0;

	if (w->index == 0) {
		zero_leader(w);
		return;
	}
	for (;; last = round) {
		while ((round = atomic_load_explicit(&zero_round, memory_order_relaxed)) == last)
			sched_yield();
		if (round == CLOSED)
			break;
		wait_for_zero(w);
		if (zero_data != round)
			stress_fail("zero in round %" PRId64 ", but the data is of round %" PRId64,
				round, zero_data);
		atomic_fetch_add(&zero_readers, 1);
		stress_done(w);
	}
}

static void zero_right(struct stress_team *t)
{
	stress_name(&counter, "the counter");
	mixed_open(t);
	stress_run(t, zero_body);
	mixed_close();
	if (pawl_counter_get(&counter) != 0)
		stress_fail("the counter is not zero in the end");
}

const struct stress_case stress_counter_cases[] = {
	{
		.name = "counter.plain",
		.about = "lost update: read, await, write back",
		.bad = "updates lost",
		.right = "pawl_mutex",
		.symbol = "stress_counter_plain",
		.racy = &stress_counter_plain,
		.racy_size = sizeof stress_counter_plain,
		.run_broken = plain_broken,
		.run_right = locked_right,
	},
	{
		.name = "counter.atomic",
		.about = "lost update, though every access is atomic",
		.bad = "updates lost",
		.right = "pawl_counter",
		.run_broken = atomic_broken,
		.run_right = counter_right,
		.never_waits = true,
	},
	{
		.name = "counter.zero",
		.about = "wait for zero; what the adders wrote is there",
		.right = "pawl_counter_wait_zero",
		.run_right = zero_right,
	},
	{ .name = NULL },
};
