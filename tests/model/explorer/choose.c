/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * choose.c - see choose.h.
 *
 * PCT: the ready thread with the highest priority runs; priorities are random, and d - 1 times
 * in a run, at random points, the one that runs gets the lowest (Burckhardt et al., ASPLOS
 * 2010).  Who waits in a loop gets the lowest too, or it would run for ever.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explorer/engine.h"
#include "explorer/choose.h"
#include "explorer/search.h"

enum { DEPTH_MAX = 8, RARELY = 8 };

struct chooser chooser;

static uint64_t random_state;
static uint32_t points;				/* of this run */
static uint32_t priority[THREADS], lowest;
static uint32_t change_at[DEPTH_MAX];

/* xorshift64* (Vigna 2016). */
static uint64_t next_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1du;
}

static unsigned random_below(unsigned n)
{
	return (unsigned)((next_random() >> 32) * n >> 32);
}

static void begin_pct(void)
{
	lowest = 1000;
	for (unsigned i = 0; i < THREADS; i++)
		priority[i] = 1000 + (unsigned)(next_random() >> 40);
	for (unsigned i = 0; i + 1 < chooser.depth; i++)
		change_at[i] = 1 + random_below(chooser.length);
}

void choose_begin(void)
{
	points = 0;
	chooser.made.count = 0;
	random_state = mix(chooser.seed, 1) | 1;
	if (chooser.strategy == PCT)
		begin_pct();
	if (chooser.strategy == SEARCH)
		search_begin();
}

unsigned choose_points(void)
{
	return points;
}

static void record(unsigned option)
{
	struct thread *t = engine.current;

	t->decisions++;
	if (option == 0 || !chooser.recording || chooser.made.count == PICKS_MAX)
		return;
	chooser.made.picks[chooser.made.count++] = (struct pick){
		(uint16_t)t->index, (uint16_t)option, t->decisions
	};
}

/* A pick that asks for more than there is means 0. */
static unsigned replay(unsigned count)
{
	const struct thread *t = engine.current;
	const struct schedule *s = chooser.replayed;

	for (size_t i = 0; i < s->count; i++) {
		const struct pick *p = &s->picks[i];

		if (p->thread == t->index && p->number == t->decisions + 1)
			return p->option < count ? p->option : 0;
	}
	return 0;
}

unsigned choose(enum deviation kind, unsigned count)
{
	unsigned option = 0;

	if (!engine.running || (engine.model->without & kind))
		return 0;
	switch (chooser.strategy) {
	case RANDOM:
	case PCT:
		if (random_below(RARELY) == 0)
			option = 1 + random_below(count - 1);
		break;
	case SEARCH:
		option = search_choose(count);
		break;
	case REPLAY:
		option = replay(count);
		break;
	}
	record(option);
	return option;
}

/* The @option-th of @candidates, counted upwards from @first and around. */
static struct thread *nth(uint32_t candidates, unsigned first, unsigned option)
{
	uint32_t above = candidates & ~((1u << first) - 1);
	unsigned count = count_threads(above);

	if (option >= count) {
		option -= count;
		above = candidates & ((1u << first) - 1);
	}
	while (option-- > 0)
		above &= above - 1;
	return &engine.thread[__builtin_ctz(above)];
}

static unsigned highest(uint32_t candidates, unsigned first, unsigned count)
{
	unsigned best = 0;

	for (unsigned i = 1; i < count; i++)
		if (priority[nth(candidates, first, i)->index] >
		    priority[nth(candidates, first, best)->index])
			best = i;
	return best;
}

static void change_priority(const struct thread *stay)
{
	for (unsigned i = 0; i + 1 < chooser.depth; i++)
		if (change_at[i] == points)
			priority[engine.current->index] = --lowest;
	if (!stay)
		priority[engine.current->index] = --lowest;
}

struct thread *choose_thread(uint32_t candidates, struct thread *stay)
{
	unsigned first = engine.current->index, count = count_threads(candidates);
	unsigned option = 0;

	points++;
	switch (chooser.strategy) {
	case RANDOM:
		option = random_below(count);
		break;
	case PCT:
		change_priority(stay);
		option = highest(candidates, first, count);
		break;
	case SEARCH:
		option = search_choose_thread(candidates, count, stay);
		break;
	case REPLAY:
		option = replay(count);
		break;
	}
	record(option);
	return nth(candidates, first, option);
}

bool schedule_parse(const char *text, struct schedule *ret)
{
	ret->count = 0;
	while (*text) {
		struct pick *p = &ret->picks[ret->count];
		unsigned thread, number, option;
		int used;

		if (sscanf(text, " %u.%u=%u%n", &thread, &number, &option, &used) != 3 ||
		    thread >= THREADS || ++ret->count == PICKS_MAX)
			return false;
		*p = (struct pick){ (uint16_t)thread, (uint16_t)option, number };
		text += used;
		text += strspn(text, " ");
	}
	return true;
}

void schedule_print(const struct schedule *s, char *buffer, size_t size)
{
	size_t used = 0;

	snprintf(buffer, size, "%s", s->count == 0 ? "0.0=0" : "");
	for (size_t i = 0; i < s->count && used < size; i++)
		used += (size_t)snprintf(buffer + used, size - used, "%s%u.%u=%u",
			i > 0 ? " " : "", s->picks[i].thread, s->picks[i].number,
			s->picks[i].option);
}
