/* SPDX-License-Identifier: BSD-2-Clause */
/* oracle_list.c - see oracle_list.h. */
#include "config.h"

#include <sched.h>
#include <stddef.h>
#include <time.h>

#include <ck_pr.h>

#include <pawl/atomic.h>

#include "oracle_list.h"
#include "stalls.h"

enum { LOCKED = 1 };

/* About 1 us, longer than most stay inside; then who is inside may need our CPU, and may
 * never get it from a yield. */
enum { SPINS = 40, YIELDS = 100, SLEEP_NS = 50000 };

static void back_off(unsigned round)
{
	struct timespec pause = { 0, SLEEP_NS };

	if (round < SPINS)
		ck_pr_stall();
	else if (round < SPINS + YIELDS)
		sched_yield();
	else
		nanosleep(&pause, NULL);
}

static void lock(struct oracle *o)
{
	stall_step();
	for (unsigned round = 0;; round++) {
		uint64_t seen = pawl_load_(&o->word, relaxed);

		if (!(seen & LOCKED) &&
		    pawl_cas_weak_(&o->word, &seen, seen | LOCKED, acquire, relaxed))
			return;
		back_off(round);
	}
}

static void unlock(struct oracle *o)
{
	stall_step();
	(void)pawl_fetch_sub_(&o->word, LOCKED, seq_cst);
}

static void push_back(struct oracle *o, struct oracle_waiter *w)
{
	struct oracle_waiter *first;

	stall_step();
	first = o->first;
	if (!first) {
		w->next = w->prev = w;
		stall_step();
		o->first = w;
		return;
	}
	w->next = first;
	stall_step();
	w->prev = first->prev;
	stall_step();
	first->prev->next = w;
	stall_step();
	first->prev = w;
}

static void take_off(struct oracle *o, struct oracle_waiter *w)
{
	if (w->next == w) {
		stall_step();
		o->first = NULL;
	} else {
		stall_step();
		w->prev->next = w->next;
		stall_step();
		w->next->prev = w->prev;
		stall_step();
		if (o->first == w)
			o->first = w->next;
	}
	w->next = w->prev = NULL;
}

void oracle_join(struct oracle *o, struct oracle_waiter *w)
{
	w->answer = 0;
	lock(o);
	push_back(o, w);
	unlock(o);
}

const struct oracle_waiter *oracle_answer_first(struct oracle *o, uint32_t answer)
{
	struct oracle_waiter *w;

	lock(o);
	stall_step();
	w = o->first;
	if (w)
		take_off(o, w);
	unlock(o);
	stall_step();
	if (w)
		pawl_store_(&w->answer, answer, release);
	return w;
}

uint32_t oracle_give_up(struct oracle *o, struct oracle_waiter *w)
{
	uint32_t answer;
	bool there;

	lock(o);
	stall_step();
	there = w->prev != NULL;
	if (there)
		take_off(o, w);
	unlock(o);
	if (there)
		return 0;
	for (unsigned round = 0; (answer = pawl_load_(&w->answer, acquire)) == 0; round++)
		back_off(round);
	return answer;
}
