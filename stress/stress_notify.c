/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_notify.c - notifications of which none is lost, whoever gives up meanwhile. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/notify.h>

#include "mixed.h"
#include "stress.h"

/* Return: whether it took a notification. */
static bool wait_for(struct stress_worker *w, pawl_notify *n)
{
	struct mixed x;
	pawl_time deadline = mixed_begin(&x, w);
	int err = mixed_end(&x, w, pawl_notify_wait_until(n, deadline));

	if (err != 0 && err != ETIMEDOUT && err != ECANCELED)
		stress_fail("pawl_notify_wait_until returned %d", err);
	return err == 0;
}

/*** Pairs, in which one notification is one turn **********************************************/

/* Worker 2k and worker 2k + 1; a worker without a partner has nothing to do. */
static struct pair {
	_Alignas(STRESS_LINE) pawl_notify to[2];
	uint64_t turns;			/* ordered by the notifications alone */
	bool over;
} *pairs;

/* Return: whether there is a turn for @me. */
static bool take_turn(struct stress_worker *w, struct pair *p, unsigned me)
{
	while (!wait_for(w, &p->to[me]))
		;
	if (p->over)
		return false;
	if (p->turns++ % 2 != me)
		stress_fail("a notification came twice");
	stress_done(w);
	return true;
}

static void even_body(struct stress_worker *w, struct pair *p)
{
	pawl_notify_one(&p->to[0]);	/* the first turn */
	while (stress_again(w)) {
		(void)take_turn(w, p, 0);
		if (w->index == 0 && stress_wants_waits(w->team))
			stress_hold_until(w, &p->to[1], 1);
		mixed_fire(w, w->index + 1, w->index + 2);
		pawl_notify_one(&p->to[1]);
	}
	while (!wait_for(w, &p->to[0]))
		;
	p->over = true;
	pawl_notify_one(&p->to[1]);
}

static void odd_body(struct stress_worker *w, struct pair *p)
{
	while (take_turn(w, p, 1))
		pawl_notify_one(&p->to[0]);
}

static void pairs_body(struct stress_worker *w)
{
	struct pair *p = &pairs[w->index / 2];

	if ((w->index | 1) >= w->team->size)
		return;
	if (w->index % 2 == 0)
		even_body(w, p);
	else
		odd_body(w, p);
}

static void pairs_right(struct stress_team *t)
{
	size_t n = (t->size + 1) / 2;
	uint64_t turns = 0;

	pairs = aligned_alloc(STRESS_LINE, n * sizeof *pairs);
	if (!pairs) {
		stress_fail("no memory");
		return;
	}
	for (size_t i = 0; i < n; i++)
		pairs[i] = (struct pair){ .turns = 0 };
	stress_name(&pairs[0].to[0], "the first pair's, to the even one");
	stress_name(&pairs[0].to[1], "the first pair's, to the odd one");
	mixed_open(t);
	stress_run(t, pairs_body);
	mixed_close();
	for (size_t i = 0; i < n; i++)
		turns += pairs[i].turns;
	if (turns != stress_ops(t))
		stress_fail("%" PRIu64 " turns, but %" PRIu64 " rounds", turns, stress_ops(t));
	free(pairs);
}

/*** Worker 0 puts items on a list, all others take them ***************************************/

enum { BATCH = 4 };		/* items that are put at once, at most */

static pawl_notify work;
static _Atomic uint64_t items, taken;
static _Atomic bool closed;

static bool take(void)
{
	uint64_t n = atomic_load_explicit(&items, memory_order_relaxed);

	while (n > 0)
		if (atomic_compare_exchange_weak(&items, &n, n - 1))
			return true;
	return false;
}

static void put_some(struct stress_worker *w, uint64_t *put)
{
	for (uint64_t n = 1 + stress_random(w, BATCH); n > 0; n--) {
		atomic_fetch_add(&items, 1);
		pawl_notify_one(&work);
		++*put;
	}
	if (stress_random(w, 16) == 0)
		pawl_notify_all(&work);
}

/* When all sleep, and there is nothing to do, no notification is kept, or on its way. */
static void cancel_some(struct stress_worker *w)
{
	if (atomic_load(&w->ops) != 0 && stress_random(w, 8) != 0)
		return;
	atomic_store(&w->phase, "waits until all others sleep");
	while (stress_sleepers(w, &work) < w->team->size - 1)
		sched_yield();
	atomic_store(&w->phase, NULL);
	mixed_fire(w, 1, w->team->size);
}

/* Nothing else wakes those who wait: an item that stays behind was lost. */
static void producer(struct stress_worker *w)
{
	uint64_t put = 0;

	while (stress_again(w)) {
		stress_hold(w, &work);
		put_some(w, &put);
		atomic_store(&w->phase, "waits until all items are taken");
		while (atomic_load(&taken) < put)
			sched_yield();
		atomic_store(&w->phase, NULL);
		cancel_some(w);
		stress_done(w);
	}
	atomic_store(&closed, true);
	pawl_notify_one(&work);
}

static void list_body(struct stress_worker *w)
{
	if (w->index == 0) {
		producer(w);
		return;
	}
	for (;;) {
		while (!take()) {
			if (atomic_load(&closed)) {
				pawl_notify_one(&work);	/* to the next who has to know */
				return;
			}
			(void)wait_for(w, &work);
		}
		atomic_fetch_add(&taken, 1);
		stress_done(w);
	}
}

static void list_right(struct stress_team *t)
{
	stress_name(&work, "the notify");
	mixed_open(t);
	stress_run(t, list_body);
	mixed_close();
	stress_note("items", atomic_load(&taken));
	if (atomic_load(&items) != 0)
		stress_fail("%" PRIu64 " items are left", atomic_load(&items));
	if (pawl_notify_wait_until(&work, 0) != 0 || pawl_notify_wait_until(&work, 0) != ETIMEDOUT)
		stress_fail("the last notification was not kept, or not once");
}

const struct stress_case stress_notify_cases[] = {
	{
		.name = "notify.pairs",
		.about = "one notification is one turn; none is lost, or comes twice",
		.right = "pawl_notify_one",
		.run_right = pairs_right,
	},
	{
		.name = "notify.list",
		.about = "a list of work; no item stays behind with all asleep",
		.right = "pawl_notify_one, _all",
		.run_right = list_right,
	},
	{ .name = NULL },
};
