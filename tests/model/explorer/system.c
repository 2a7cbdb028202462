/* SPDX-License-Identifier: BSD-2-Clause */
/* system.c - see system.h. */
#include "config.h"

#include <stddef.h>

#include "explorer/atomics.h"
#include "explorer/engine.h"
#include "explorer/shadow.h"
#include "explorer/system.h"

enum { POLLS_MAX = 200 };	/* sleeps of a polling loop, with nobody else left */

static struct thread *sleepers[THREADS];	/* in the order in which they went to sleep */
static unsigned sleeper_count;

void system_reset(void)
{
	sleeper_count = 0;
	engine.now = CLOCK_START;
	engine.now_hash = 0;
}

static void trace(const char *what, const void *address, uint64_t value, const char *note,
	uintptr_t pc)
{
	struct event e = {
		.thread = engine.current->index, .pc = pc, .what = what, .order = "",
		.address = (uintptr_t)address, .size = 4, .before = value, .after = value,
		.note = note
	};

	if (engine.tracing)
		trace_add(&e);
}

static void time_passes(int64_t until)
{
	if (until <= engine.now)
		return;
	engine.now = until;
	engine.now_hash = mix(engine.now_hash, (uint64_t)until);
}

static void take_off(unsigned i)
{
	sleeper_count--;
	for (; i < sleeper_count; i++)
		sleepers[i] = sleepers[i + 1];
}

static void forget_sleeper(const struct thread *t)
{
	for (unsigned i = 0; i < sleeper_count; i++)
		if (sleepers[i] == t)
			take_off(i);
}

static void go_to_sleep(struct atom *a, const void *word, int64_t deadline)
{
	struct thread *t = engine.current;

	observe(a->sleepers_hash);
	a->sleepers_hash = t->chain;
	sleepers[sleeper_count++] = t;
	t->asleep_on = word;
	t->deadline = deadline;
	engine.sleeps++;
	wait_here(ASLEEP);
	t->deadline = INT64_MAX;
}

/* Other ways for a wait to go.  Return: false: it does not sleep at all. */
static bool choose_to_sleep(int64_t deadline)
{
	struct thread *t = engine.current;

	if (choose(SPURIOUS_WAKES, 2) == 1) {
		observe(1);
		yield();
		return false;
	}
	if (deadline != INT64_MAX && choose(TIMEOUTS, 2) == 1) {
		observe(2);
		t->deadline = deadline;
		yield();
		t->deadline = INT64_MAX;
		time_passes(deadline);
		observe(engine.now_hash);
		return false;
	}
	return true;
}

void system_futex_wait(uint32_t *word, uint32_t expected, int64_t deadline, uintptr_t pc)
{
	size_t cell = shadow_cell((uintptr_t)word);
	struct atom *a;

	point(pc, shadow_is_shared(cell, true));
	a = shadow_atom(cell, (uintptr_t)word, sizeof *word, false, pc);
	observe(atomic_newest(a)->hash);
	if (a->newest->value != expected) {
		trace("futex wait", word, expected, "the value has changed", pc);
		return;
	}
	if (deadline <= engine.now) {
		trace("futex wait", word, expected, "the deadline has passed", pc);
		observe(engine.now_hash);
		return;
	}
	if (!choose_to_sleep(deadline)) {
		trace("futex wait", word, expected, "ends early", pc);
		return;
	}
	trace("futex wait", word, expected, "sleeps", pc);
	go_to_sleep(a, word, deadline);
	trace("futex wait", word, expected, "wakes", pc);
}

void system_futex_wake(uint32_t *word, uintptr_t pc)
{
	size_t cell = shadow_cell((uintptr_t)word);
	unsigned found[THREADS], n = 0;
	struct atom *a;
	struct thread *t;

	point(pc, shadow_is_shared(cell, true));
	for (unsigned i = 0; i < sleeper_count; i++)
		if (sleepers[i]->asleep_on == word)
			found[n++] = i;
	trace("futex wake", word, n, n == 0 ? "nobody sleeps" : NULL, pc);
	/* The word may be gone; then nobody can sleep on it. */
	a = n > 0 ? shadow_atom(cell, (uintptr_t)word, sizeof *word, false, pc) : NULL;
	observe(a ? a->sleepers_hash : 0);
	if (n == 0)
		return;
	n = found[n > 1 ? choose(WAKE_ORDERS, n) : 0];
	observe(n);
	t = sleepers[n];
	take_off(n);
	a->sleepers_hash = engine.current->chain;
	wake(t);
}

int64_t system_now(void)
{
	if (!engine.running)
		return engine.now;
	if (choose(CLOCK_JUMPS, 2) == 1)
		time_passes(engine.now + CLOCK_JUMP);
	observe(engine.now_hash);
	return engine.now;
}

void system_sleep(int64_t ns)
{
	struct thread *t = engine.current;

	point(t->pc, true);
	t->polling = true;
	t->deadline = engine.now + ns;
	atomic_pause();
	t->deadline = INT64_MAX;
	t->polling = false;
	observe(engine.now_hash);
}

static bool is_waiting(const struct thread *t)
{
	return (t->state == ASLEEP || (t->state == PAUSED && t->polling)) &&
		t->deadline != INT64_MAX;
}

struct thread *system_next_timer(void)
{
	struct thread *next = NULL;

	for (unsigned i = 1; i <= engine.threads; i++) {
		struct thread *t = &engine.thread[i];

		if (is_waiting(t) && (!next || t->deadline < next->deadline))
			next = t;
	}
	if (!next || (next->state == PAUSED && next->polls >= POLLS_MAX))
		return NULL;
	time_passes(next->deadline);
	if (next->state == ASLEEP) {
		forget_sleeper(next);
		wake(next);
	} else {
		unsigned polls = next->polls + 1;

		wake(next);
		next->polls = polls;
	}
	return next;
}
