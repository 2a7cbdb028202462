/* SPDX-License-Identifier: BSD-2-Clause */
/* list.c - see list.h.  Circular and doubly linked; the queue field is the first. */
#include "config.h"

#include <pawl/atomic.h>

#include "platform/clock.h"
#include "platform/cpu.h"
#include "wait/list.h"

/* About 1 us, longer than most stays inside that are not preempted; then who is inside
 * may be off its CPU, and needs ours; and may never get it from a yield, if its priority
 * is lower than ours (SCHED_FIFO). */
enum { SPINS = 40, YIELDS = 100, SLEEP_NS = 50000 };

void pawl_i_list_back_off(unsigned round)
{
	if (round < SPINS)
		pawl_i_cpu_pause();
	else if (round < SPINS + YIELDS)
		pawl_i_cpu_yield();
	else
		pawl_i_clock_sleep(SLEEP_NS);
}

void pawl_i_list_lock(uint64_t *word)
{
	for (unsigned round = 0;; round++) {
		/* Q1 relaxed: Q2 looks again. */
		uint64_t seen = pawl_load_(word, relaxed);

		/* Q2 acquire: pairs with Q3, M2, M7, M8, M9, M24.  The list as the last one left
		 * it; and what holders wrote, for a hand-over by M24. */
		if (!(seen & LOCKED_LIST) &&
		    pawl_cas_weak_(word, &seen, seen | LOCKED_LIST, acquire, relaxed))
			return;
		pawl_i_list_back_off(round);
	}
}

void pawl_i_list_unlock(uint64_t *word, uint64_t change)
{
	/* Q3 seq_cst: pairs with Q2, M11, M22, N4, O5.  Hands the list on; seq_cst for
	 * counter.c, where it is the store of a store-then-load pair. */
	(void)pawl_fetch_add_(word, change - LOCKED_LIST, seq_cst);
}

static void set_first(uintptr_t *queue, struct waiter *w)
{
	*queue = (uintptr_t)w | (*queue & QUEUE_FLAG);
}

void pawl_i_list_push_back(uintptr_t *queue, struct waiter *w)
{
	struct waiter *first = list_first(*queue);

	if (!first) {
		w->next = w->prev = w;
		set_first(queue, w);
		return;
	}
	w->next = first;
	w->prev = first->prev;
	first->prev->next = w;
	first->prev = w;
}

void pawl_i_list_push_front(uintptr_t *queue, struct waiter *w)
{
	pawl_i_list_push_back(queue, w);
	set_first(queue, w);
}

void pawl_i_list_remove(uintptr_t *queue, struct waiter *w)
{
	if (w->next == w) {
		set_first(queue, NULL);
	} else {
		w->prev->next = w->next;
		w->next->prev = w->prev;
		if (list_first(*queue) == w)
			set_first(queue, w->next);
	}
	w->next = w->prev = NULL;
}

struct waiter *pawl_i_list_pop(uintptr_t *queue)
{
	struct waiter *w = list_first(*queue);

	if (w)
		pawl_i_list_remove(queue, w);
	return w;
}

uint64_t pawl_i_list_mark(uintptr_t queue, bool had)
{
	return (uint64_t)(list_first(queue) ? WAITERS : 0) - (uint64_t)(had ? WAITERS : 0);
}

bool pawl_i_list_give_up(uint64_t *word, uintptr_t *queue, struct waiter *w)
{
	bool there;

	pawl_i_list_lock(word);
	there = list_has(w);
	if (there)
		pawl_i_list_remove(queue, w);
	/* If it was there, WAITERS stood; if not, nothing changed. */
	pawl_i_list_unlock(word, there ? pawl_i_list_mark(*queue, true) : 0);
	return there;
}

struct waiter *pawl_i_list_take(uintptr_t *queue, const void *key)
{
	struct waiter *chain = NULL, **last = &chain;
	uintptr_t others = *queue & QUEUE_FLAG;
	struct waiter *w;

	while ((w = pawl_i_list_pop(queue)) != NULL) {
		if (!key || w->key == key) {
			*last = w;
			last = &w->next;
		} else {
			pawl_i_list_push_back(&others, w);
		}
	}
	*queue = others;
	return chain;
}

void pawl_i_list_signal_chain(struct waiter *chain, uint32_t final)
{
	while (chain) {
		struct waiter *next = chain->next;

		pawl_i_signal(chain, final);	/* it is gone now */
		chain = next;
	}
}
