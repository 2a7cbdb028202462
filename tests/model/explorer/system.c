/* SPDX-License-Identifier: BSD-2-Clause */
/* system.c - see system.h. */
#include "config.h"

#include <stddef.h>

#include "explorer/atomics.h"
#include "explorer/cells.h"
#include "explorer/engine.h"
#include "explorer/shadow.h"
#include "explorer/system.h"

/* Rounds of a loop with no change by others: more are for ever. */
enum { POLLS_MAX = 200, PAUSES_MAX = 4, JUMPS_MAX = 2 };

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

static void go_to_sleep(struct atom *a, const void *word, uint32_t bits, int64_t deadline)
{
	struct thread *t = engine.current;

	observe(a->sleepers_hash);
	a->sleepers_hash = t->chain;
	sleepers[sleeper_count++] = t;
	t->asleep_on = word;
	t->asleep_bits = bits;
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

void system_futex_wait(uint32_t *word, uint32_t expected, uint32_t bits, int64_t deadline,
	uintptr_t pc)
{
	size_t cell = cell_of((uintptr_t)word);
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
	go_to_sleep(a, word, bits, deadline);
	trace("futex wait", word, expected, "wakes", pc);
}

void system_futex_wake(uint32_t *word, uintptr_t pc)
{
	size_t cell = cell_of((uintptr_t)word);
	unsigned found[THREADS], n = 0;
	struct atom *a;
	struct thread *t;

	point(pc, shadow_is_shared(cell, true));
	for (unsigned i = 0; i < sleeper_count; i++)
		if (sleepers[i]->asleep_on == word)
			found[n++] = i;
	trace("futex wake", word, n, n == 0 ? "nobody sleeps" : NULL, pc);
	/* The system looks at the address alone: the word may be gone. */
	a = n > 0 ? shadow_known_atom(cell, (uintptr_t)word) : NULL;
	observe(a ? a->sleepers_hash : 0);
	if (!a)
		return;
	n = found[n > 1 ? choose(WAKE_ORDERS, n) : 0];
	observe(n);
	t = sleepers[n];
	take_off(n);
	a->sleepers_hash = engine.current->chain;
	wake(t);
}

void system_futex_wake_bits(uint32_t *word, uint32_t bits, uintptr_t pc)
{
	size_t cell = cell_of((uintptr_t)word);
	struct thread *woken[THREADS];
	struct atom *a;
	unsigned n = 0;

	point(pc, shadow_is_shared(cell, true));
	for (unsigned i = 0; i < sleeper_count; i++)
		if (sleepers[i]->asleep_on == word && (sleepers[i]->asleep_bits & bits))
			woken[n++] = sleepers[i];
	trace("futex wake all", word, n, n == 0 ? "nobody sleeps" : NULL, pc);
	a = n > 0 ? shadow_known_atom(cell, (uintptr_t)word) : NULL;
	observe(a ? a->sleepers_hash : 0);
	if (!a)
		return;
	observe(n);
	for (unsigned i = 0; i < n; i++) {
		forget_sleeper(woken[i]);
		wake(woken[i]);
	}
	a->sleepers_hash = engine.current->chain;
}

int64_t system_now(void)
{
	if (!engine.running)
		return engine.now;
	if (!(engine.model->without & CLOCK_JUMPS))
		point(engine.current->pc, true);
	if (choose(CLOCK_JUMPS, 2) == 1)
		time_passes(engine.now + CLOCK_JUMP);
	observe(engine.now_hash);
	return engine.now;
}

void system_sleep(int64_t ns)
{
	struct thread *t = engine.current;

	point(t->pc, true);
	if (choose(TIMEOUTS, 2) == 1) {
		/* It lasts longer than asked for, and others may go on meanwhile. */
		time_passes(engine.now + ns + CLOCK_JUMP);
		observe(engine.now_hash);
		yield();
		return;
	}
	t->polling = true;
	t->deadline = engine.now + ns;
	atomic_pause(true);
	t->deadline = INT64_MAX;
	t->polling = false;
	observe(engine.now_hash);
}

static void wake_by_itself(struct thread *t)
{
	unsigned polls = t->polls + 1;

	wake(t);
	t->polls = polls;
}

/* A pause ends even if nothing has changed: a loop may be bounded, and go on. */
static struct thread *next_pause(void)
{
	for (unsigned i = 1; i <= engine.threads; i++) {
		struct thread *t = &engine.thread[i];

		if (t->state == PAUSED && !t->polling && t->polls < PAUSES_MAX) {
			wake_by_itself(t);
			return t;
		}
	}
	return NULL;
}

static bool has_timer(const struct thread *t)
{
	if (t->deadline == INT64_MAX)
		return false;
	return t->state == ASLEEP || (t->state == PAUSED && t->polling && t->polls < POLLS_MAX);
}

static struct thread *next_timer(void)
{
	struct thread *next = NULL;

	for (unsigned i = 1; i <= engine.threads; i++) {
		struct thread *t = &engine.thread[i];

		if (has_timer(t) && (!next || t->deadline < next->deadline))
			next = t;
	}
	if (!next)
		return NULL;
	time_passes(next->deadline);
	forget_sleeper(next);
	wake_by_itself(next);
	return next;
}

/* A loop may wait for the time. */
static struct thread *next_after_jump(void)
{
	if (engine.idle_jumps == JUMPS_MAX)
		return NULL;
	engine.idle_jumps++;
	time_passes(engine.now + CLOCK_JUMP);
	for (unsigned i = 1; i <= engine.threads; i++)
		engine.thread[i].polls = 0;
	return next_pause();
}

struct thread *system_next(void)
{
	struct thread *t = next_pause();

	if (!t)
		t = next_timer();
	return t ? t : next_after_jump();
}
