/* SPDX-License-Identifier: BSD-2-Clause */
/* atomics.c - see atomics.h. */
#include "config.h"

#include <string.h>

#include "explorer/atomics.h"
#include "explorer/cells.h"
#include "explorer/symbols.h"

enum { SAW_FAILURE = 0x5a, SAW_PAUSE = 0x5b };	/* for the hash */

enum { KNOWN = 1024, LEARNT_MAX = 512 };

static struct {
	const char *label;
	int order;
	bool met, learning;
	struct { uintptr_t pc; bool has_label; } known[KNOWN];	/* by the address */
	uintptr_t learnt[LEARNT_MAX];
	size_t learnt_count;
} weakened;

static const char *const order_names[] = {
	[__ATOMIC_RELAXED] = "relaxed", [__ATOMIC_CONSUME] = "consume",
	[__ATOMIC_ACQUIRE] = "acquire", [__ATOMIC_RELEASE] = "release",
	[__ATOMIC_ACQ_REL] = "acq_rel", [__ATOMIC_SEQ_CST] = "seq_cst"
};

int atomic_order(const char *name)
{
	for (int order = 0; order <= __ATOMIC_SEQ_CST; order++)
		if (strcmp(order_names[order], name) == 0)
			return order;
	return -1;
}

void atomic_weaken(const char *label, int order)
{
	weakened.label = label;
	weakened.order = order;
}

void atomic_learn(bool on)
{
	weakened.learning = on;
	if (!on)
		symbols_load(weakened.learnt, weakened.learnt_count);
}

static void learn(uintptr_t pc)
{
	for (size_t i = 0; i < weakened.learnt_count; i++)
		if (weakened.learnt[i] == pc)
			return;
	if (weakened.learnt_count < LEARNT_MAX)
		weakened.learnt[weakened.learnt_count++] = pc;
}

static bool has_label(uintptr_t pc)
{
	size_t i = (pc ^ pc >> 10) % KNOWN;

	if (weakened.known[i].pc != pc) {
		weakened.known[i].has_label = strcmp(symbols_place(pc)->label, weakened.label) == 0;
		weakened.known[i].pc = pc;
	}
	return weakened.known[i].has_label;
}

/* The order that counts. */
static inline int order_at(int order, uintptr_t pc)
{
	if (__builtin_expect(!weakened.label, 1))
		return order;
	if (weakened.learning) {
		learn(pc);
		return order;
	}
	if (!has_label(pc))
		return order;
	weakened.met = true;
	return weakened.order;
}

bool atomic_weaken_met(void)
{
	return weakened.met;
}

static bool acquires(int order)
{
	return order != __ATOMIC_RELAXED && order != __ATOMIC_RELEASE;
}

static bool releases(int order)
{
	return order >= __ATOMIC_RELEASE;
}

/* The orders of a compare-exchange that count. */
static inline void weaken_both(int *success, int *failure, uintptr_t pc)
{
	int counted = order_at(*success, pc);

	if (counted == *success)
		return;
	*success = counted;
	if (!acquires(counted))
		*failure = __ATOMIC_RELAXED;
	else if (*failure == __ATOMIC_SEQ_CST)
		*failure = __ATOMIC_ACQUIRE;
}

static uint64_t peek(uintptr_t address, uint8_t size)
{
	uint64_t value = 0;

	memcpy(&value, (const void *)address, size);
	return value;
}

static void poke(uintptr_t address, uint8_t size, uint64_t value)
{
	memcpy((void *)address, &value, size);
}

static uint64_t compute(enum rmw kind, uint64_t before, uint64_t operand)
{
	switch (kind) {
	case RMW_ADD: return before + operand;
	case RMW_SUB: return before - operand;
	case RMW_AND: return before & operand;
	case RMW_OR: return before | operand;
	case RMW_XOR: return before ^ operand;
	case RMW_NAND: return ~(before & operand);
	case RMW_SET: break;
	}
	return operand;
}

static uint64_t cut(uint64_t value, uint8_t size)
{
	return size == 8 ? value : value & ((UINT64_C(1) << size * 8) - 1);
}

struct store *atomic_newest(struct atom *a)
{
	struct store *s = a->newest;

	if (s)
		return s;
	/* What a plain write left, or what was there from the beginning. */
	s = a->newest = pool_get(sizeof *s);
	*s = (struct store){ .value = peek(a->address, a->size), .seen = ALWAYS };
	if (a->first_wrote != 0) {
		s->seen = NEVER;
		s->seen[a->first_writer] = a->first_wrote;
	}
	s->hash = mix(a->address, mix(a->first_writer, a->first_wrote));
	return s;
}

static void trace(const char *what, const struct atom *a, int order, uint64_t before,
	uint64_t after, const char *note, uintptr_t pc)
{
	struct event e = {
		.thread = engine.current->index, .pc = pc, .what = what,
		.order = order_names[order], .address = a->address, .size = a->size,
		.before = before, .after = after, .note = note
	};

	trace_add(&e);
}

/* The location and its newest store, at a point where others may have gone first. */
static struct atom *begin(uintptr_t address, uint8_t size, bool write, uintptr_t pc)
{
	size_t cell = cell_of(address);
	struct atom *a;

	if (!engine.current || cell == SIZE_MAX)
		return NULL;
	point(pc, shadow_is_shared(cell, write));
	a = shadow_atom(cell, address, size, write, pc);
	(void)atomic_newest(a);
	return a;
}

/* What a loop of the current thread may wait for: what it read since it last wrote or
 * waited.  Too much of it: count SPIN_MAX + 1. */
static void spin_note(struct atom *a, uint64_t value, bool waits)
{
	struct thread *t = engine.current;
	unsigned i = 0;

	while (i < t->spin_count && i < SPIN_MAX && t->spin[i].atom != a)
		i++;
	if (i == t->spin_count)
		t->spin_count++;
	if (i < SPIN_MAX)
		t->spin[i] = (struct spin){ a, value, waits };
}

/* The current thread sees @s. */
static void see(struct store *s, int order)
{
	struct thread *t = engine.current;

	if (s->seen[t->index] == 0xffff)
		s->seen[t->index] = t->clock[t->index];
	if (acquires(order))
		t->clock = vclock_max(t->clock, s->message);
	else
		t->unacquired = vclock_max(t->unacquired, s->message);
	observe(s->hash);
}

/* Stores that a load may see, the newest first. */
static unsigned visible(const struct atom *a, int order, struct store *ret[HISTORY])
{
	const struct thread *t = engine.current;
	unsigned n = 0;

	for (struct store *s = a->newest; s && n < HISTORY; s = s->older) {
		ret[n++] = s;
		if (vclock_some_known(s->seen, t->clock))
			break;
		if (order == __ATOMIC_SEQ_CST && s->seq_cst)
			break;
	}
	return n;
}

uint64_t atomic_load(uintptr_t address, uint8_t size, int order, uintptr_t pc)
{
	struct atom *a = begin(address, size, false, pc);
	struct store *seen[HISTORY];
	unsigned n, which;

	if (!a)
		return peek(address, size);
	order = order_at(order, pc);
	n = visible(a, order, seen);
	which = n > 1 ? choose(STALE_LOADS, n) : 0;
	if (engine.tracing)
		trace("load", a, order, seen[which]->value, seen[which]->value,
		      which > 0 ? "an older value" : NULL, pc);
	see(seen[which], order);
	spin_note(a, seen[which]->value, true);
	return seen[which]->value;
}

/* Whoever looks at it in a spin loop has something new to look at. */
static void disturb(struct atom *a)
{
	uint32_t pausing = a->pausing;

	a->pausing = 0;
	for (; pausing != 0; pausing &= pausing - 1) {
		struct thread *t = &engine.thread[__builtin_ctz(pausing)];

		if (t->state == PAUSED)	/* a poll may have ended by itself */
			wake(t);
	}
}

/* The current thread stores; @before: what a read-modify-write read, else NULL. */
static void put(struct atom *a, uint64_t value, int order, const struct store *before)
{
	struct thread *t = engine.current;
	struct store *s = pool_get(sizeof *s);

	s->message = releases(order) ? t->clock : t->fenced;
	if (before)	/* a release sequence goes on */
		s->message = vclock_max(s->message, before->message);
	s->seen = NEVER;
	s->seen[t->index] = t->clock[t->index];
	s->older = a->newest;
	s->value = value;
	s->seq_cst = order == __ATOMIC_SEQ_CST;
	observe(a->newest->hash + (before ? 1 : 2));
	s->hash = t->chain;
	a->newest = s;
	poke(a->address, a->size, value);
	if (releases(order))
		t->clock[t->index]++;
	if (s->older->value != value) {
		t->spin_count = t->polls = 0;
		disturb(a);
	} else if (before) {
		spin_note(a, value, true);
	}
}

void atomic_store(uintptr_t address, uint8_t size, uint64_t value, int order, uintptr_t pc)
{
	struct atom *a = begin(address, size, true, pc);

	if (!a) {
		poke(address, size, value);
		return;
	}
	order = order_at(order, pc);
	if (engine.tracing)
		trace("store", a, order, a->newest->value, value, NULL, pc);
	put(a, value, order, NULL);
}

/* A read-modify-write always sees the newest. */
static uint64_t modify(struct atom *a, uint64_t value, int order, const char *what, uintptr_t pc)
{
	struct store *before = a->newest;

	if (engine.tracing)
		trace(what, a, order, before->value, value, NULL, pc);
	see(before, order);
	put(a, value, order, before);
	return before->value;
}

uint64_t atomic_rmw(uintptr_t address, uint8_t size, enum rmw kind, uint64_t operand, int order,
	uintptr_t pc)
{
	static const char *const names[] = {
		"exchange", "fetch_add", "fetch_sub", "fetch_and", "fetch_or", "fetch_xor",
		"fetch_nand"
	};
	struct atom *a = begin(address, size, true, pc);
	uint64_t before;

	if (!a) {
		before = peek(address, size);
		poke(address, size, compute(kind, before, operand));
		return before;
	}
	before = a->newest->value;
	return modify(a, cut(compute(kind, before, operand), size), order_at(order, pc), names[kind],
		      pc);
}

/* Drop those that would have let the exchange succeed, but for the newest. */
static unsigned drop_equal(struct store *seen[HISTORY], unsigned n, uint64_t expected)
{
	unsigned kept = 1;

	for (unsigned i = 1; i < n; i++)
		if (seen[i]->value != expected)
			seen[kept++] = seen[i];
	return kept;
}

static bool cas_plain(uintptr_t address, uint8_t size, uint64_t *expected, uint64_t value)
{
	uint64_t before = peek(address, size);
	bool equal = before == *expected;

	if (equal)
		poke(address, size, value);
	*expected = before;
	return equal;
}

/* What a compare-exchange failed on is news for the loop: only to fail on the same twice is a
 * wait. */
static void note_failure(struct atom *a, uint64_t value, bool reasonless)
{
	struct thread *t = engine.current;

	spin_note(a, value, t->failed_on == a && t->failed_value == value && !reasonless);
	t->failed_on = a;
	t->failed_value = value;
}

bool atomic_cas(uintptr_t address, uint8_t size, uint64_t *expected, uint64_t value, int success,
	int failure, bool weak, uintptr_t pc)
{
	struct atom *a = begin(address, size, true, pc);
	struct store *seen[HISTORY];
	unsigned n, which;
	bool reasonless = false;
	const char *note = "fails";

	if (!a)
		return cas_plain(address, size, expected, value);
	weaken_both(&success, &failure, pc);
	weak = weak && !(engine.model->without & WEAK_FAILURES);
	n = visible(a, failure, seen);
	if (!weak)
		n = drop_equal(seen, n, *expected);
	which = n > 1 ? choose(STALE_LOADS, n) : 0;
	if (which > 0) {
		reasonless = seen[which]->value == *expected;
		note = "fails on an older value";
	} else if (seen[0]->value == *expected) {
		if (!weak || choose(WEAK_FAILURES, 2) == 0) {
			(void)modify(a, value, success, "exchange if equal", pc);
			return true;
		}
		observe(SAW_FAILURE);
		reasonless = true;
		note = "fails for no reason";
	}
	if (engine.tracing)
		trace("exchange if equal", a, failure, seen[which]->value, seen[which]->value,
		      note, pc);
	see(seen[which], failure);
	note_failure(a, seen[which]->value, reasonless);
	*expected = seen[which]->value;
	return false;
}

void atomic_fence(int order, uintptr_t pc)
{
	struct thread *t = engine.current;

	if (!t)
		return;
	point(pc, order == __ATOMIC_SEQ_CST);
	if (acquires(order))
		t->clock = vclock_max(t->clock, t->unacquired);
	if (order == __ATOMIC_SEQ_CST) {
		t->clock = engine.fences = vclock_max(engine.fences, t->clock);
		observe(engine.fences_hash);
		engine.fences_hash = t->chain;
	}
	if (releases(order)) {
		t->fenced = t->clock;
		t->clock[t->index]++;
	}
}

/* Return: whether all that the current thread looked at is as it was then. */
static bool nothing_changed(void)
{
	struct thread *t = engine.current;
	bool same = t->spin_count > 0 && t->spin_count <= SPIN_MAX;

	for (unsigned i = 0; same && i < t->spin_count; i++) {
		const struct spin *spin = &t->spin[i];
		struct store *newest = spin->atom->newest;

		same = spin->waits && newest->value == spin->value;
		if (newest->seen[t->index] == 0xffff)
			newest->seen[t->index] = t->clock[t->index];
		observe(newest->hash);
	}
	for (unsigned i = 0; same && i < t->spin_count; i++)
		t->spin[i].atom->pausing |= 1u << t->index;
	return same;
}

void atomic_pause(bool timed)
{
	struct thread *t = engine.current;
	bool waits;

	observe(SAW_PAUSE);
	waits = nothing_changed() || (timed && t->spin_count == 0);
	t->spin_count = 0;
	if (waits)
		wait_here(PAUSED);
	else
		yield();
}
