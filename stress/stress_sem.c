/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_sem.c - several permits among threads, ops and requests for many; bounded work. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>

#include <pawl/op.h>
#include <pawl/sem.h>

#include "mixed.h"
#include "op_loops.h"
#include "stress.h"

static void *get_memory(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p) {
		stress_fail("no memory");
		exit(1);
	}
	return p;
}

/*** Threads and ops among which permits go round **********************************************/

enum { PERMITS = 5, AT_ONCE = 3 };

static pawl_sem sem;
static _Atomic int64_t inside;
static _Atomic uint64_t taken_at_once;

/* Written by who has all permits, read by who has one. */
static uint64_t plain;

static uint64_t enter(int64_t n)
{
	int64_t now = atomic_fetch_add_explicit(&inside, n, memory_order_relaxed) + n;

	if (now > PERMITS)
		stress_fail("%" PRId64 " inside, with %d permits", now, PERMITS);
	return plain;
}

static void leave(int64_t n, uint64_t before)
{
	if (plain != before)
		stress_fail("somebody had all permits, and another had one");
	atomic_fetch_sub_explicit(&inside, n, memory_order_relaxed);
	pawl_sem_release(&sem, n);
}

static void section(struct stress_worker *w, int64_t n)
{
	uint64_t before = enter(n);

	stress_await(w);
	leave(n, before);
}

static int start_op(pawl_op *op, unsigned kind)
{
	(void)kind;
	return pawl_sem_acquire_op(&sem, op);
}

static void use_op(struct stress_worker *w, unsigned kind)
{
	(void)kind;
	if (w)
		section(w, 1);
	else
		leave(1, enter(1));
}

static const struct op_loops_verbs ops = { .kinds = 1, .start = start_op, .use = use_op };

static void thread_round(struct stress_worker *w)
{
	int64_t n = stress_random(w, 8) == 0 ? AT_ONCE : 1;
	struct mixed x;
	pawl_time deadline = mixed_begin(&x, w);
	int err = mixed_end(&x, w, n == 1 ? pawl_sem_acquire_until(&sem, deadline) :
			    pawl_sem_acquire_n(&sem, n, deadline));

	if (err == 0)
		section(w, n);
	else if (err != ETIMEDOUT && err != ECANCELED)
		stress_fail("an acquire returned %d", err);
	if (n != 1 && err == 0)
		atomic_fetch_add_explicit(&taken_at_once, 1, memory_order_relaxed);
}

/* Take all permits; wait until somebody sleeps; cancel. */
static void leader(struct stress_worker *w)
{
	while (stress_again(w)) {
		if (pawl_sem_acquire_n(&sem, PERMITS, PAWL_FOREVER) != 0)
			stress_fail("all permits could not be had");
		(void)enter(PERMITS);
		if (stress_wants_waits(w->team))
			stress_hold_until(w, NULL, 1);
		mixed_fire(w, 1, w->team->size);
		leave(PERMITS, ++plain);
		stress_done(w);
	}
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
}

/* All threads have ended, and with them all who could wait. */
static void judge(const struct stress_team *t)
{
	stress_note("requests for several", atomic_load(&taken_at_once));
	op_loops_close(t);
	if (atomic_load(&inside) != 0)
		stress_fail("%" PRId64 " are still inside", atomic_load(&inside));
	if (pawl_sem_value(&sem) != PERMITS)
		stress_fail("there are %" PRId64 " permits in the end, not %d",
			pawl_sem_value(&sem), PERMITS);
	if (sem.queue_ != 0)
		stress_fail("somebody is left in the queue");
}

static void go_round(struct stress_team *t, unsigned flags)
{
	stress_name(&sem, "the semaphore");
	op_loops_open(t, &ops);
	if (pawl_sem_init(&sem, PERMITS, flags) != 0)
		stress_fail("pawl_sem_init failed");
	mixed_open(t);
	stress_run(t, mixed_body);
	mixed_close();
	judge(t);
	pawl_sem_destroy(&sem);
}

static void barging_right(struct stress_team *t)
{
	go_round(t, 0);
}

static void fair_right(struct stress_team *t)
{
	go_round(t, PAWL_FAIR);
}

/*** Bounded work: so many items at most are under way *****************************************/

enum { ITEMS = 10000, LIMIT = 100 };

static _Atomic int64_t under_way;
static _Atomic int64_t most;
static _Atomic uint64_t excess;		/* items that began though LIMIT were under way */

static void begin_item(void)
{
	int64_t now = atomic_fetch_add(&under_way, 1) + 1, seen = atomic_load(&most);

	while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now))
		continue;
	if (now > LIMIT)
		atomic_fetch_add(&excess, 1);
}

static void end_item(void)
{
	atomic_fetch_sub(&under_way, 1);
}

/* In BROKEN all are here at once in the last of STRESS_EVERY rounds. */
static void meet(struct stress_worker *w, uint64_t round)
{
	if (round % STRESS_EVERY != STRESS_EVERY - 1)
		return;
	if (w->team->mode == STRESS_BROKEN)
		stress_meet(w);
	else
		sched_yield();
}

/* There is room for one more; and each sees that there is. */
static void counted_body(struct stress_worker *w)
{
	for (uint64_t round = 0; stress_again(w); round++) {
		bool room;

		meet(w, round);
		room = atomic_load(&under_way) < LIMIT;
		meet(w, round);
		if (room)
			begin_item();
		meet(w, round);
		if (room)
			end_item();
		stress_done(w);
	}
}

static void counted_broken(struct stress_team *t, struct stress_outcome *ret)
{
	atomic_store(&under_way, LIMIT - 1);
	stress_run(t, counted_body);
	ret->of = stress_ops(t);
	ret->bad = atomic_load(&excess);
	ret->least = stress_least(t);
}

struct item {
	pawl_op op;
	struct crew *crew;
	struct item *next;	/* under way */
};

/* One worker's share of the items. */
struct crew {
	pawl_cq *cq;
	struct item *items, *under_way;
	unsigned size, left;
};

static pawl_sem room = PAWL_SEM_INIT(LIMIT);

static void item_begins(pawl_op *op, int rc)
{
	struct item *item = pawl_op_user(op);

	if (rc != 0)
		stress_fail("an item ended with %d", rc);
	begin_item();
	item->next = item->crew->under_way;
	item->crew->under_way = item;
}

static void start_all(struct crew *c)
{
	c->left = c->size;
	for (unsigned i = 0; i < c->size; i++) {
		int rc = pawl_sem_acquire_op(&room, &c->items[i].op);

		if (rc == 0)
			item_begins(&c->items[i].op, 0);
		else if (rc != EINPROGRESS)
			stress_fail("pawl_sem_acquire_op returned %d", rc);
	}
}

static void end_those_under_way(struct stress_worker *w, struct crew *c)
{
	for (; c->under_way; c->left--) {
		c->under_way = c->under_way->next;
		stress_await(w);
		end_item();
		pawl_sem_release(&room, 1);
		stress_done(w);
	}
}

static void open_crew(struct crew *c, unsigned size)
{
	*c = (struct crew){ .items = get_memory(size, sizeof *c->items), .size = size };
	if (pawl_cq_open(&c->cq) != 0) {
		stress_fail("pawl_cq_open failed");
		exit(1);
	}
	for (unsigned i = 0; i < size; i++) {
		c->items[i].crew = c;
		pawl_op_init(&c->items[i].op, c->cq, item_begins, &c->items[i]);
	}
}

static void bounded_body(struct stress_worker *w)
{
	struct crew c;
	struct pollfd p = { .events = POLLIN };

	open_crew(&c, (ITEMS + w->team->size - 1) / w->team->size);
	p.fd = pawl_cq_fd(c.cq);
	while (stress_again(w)) {
		start_all(&c);
		for (end_those_under_way(w, &c); c.left > 0; end_those_under_way(w, &c))
			if (poll(&p, 1, 1) == 1)
				(void)pawl_cq_dispatch(c.cq, 0);
	}
	pawl_cq_close(c.cq);
	free(c.items);
}

static void bounded_right(struct stress_team *t)
{
	stress_name(&room, "the semaphore");
	stress_run(t, bounded_body);
	stress_note("most at a time", (uint64_t)atomic_load(&most));
	if (atomic_load(&excess) != 0)
		stress_fail("%" PRIu64 " items began one too many, %" PRId64 " at a time",
			atomic_load(&excess), atomic_load(&most));
	if (stress_ops(t) < ITEMS || atomic_load(&under_way) != 0)
		stress_fail("%" PRIu64 " items ended, %" PRId64 " are under way", stress_ops(t),
			atomic_load(&under_way));
	if (pawl_sem_value(&room) != LIMIT || room.queue_ != 0)
		stress_fail("not all room is free in the end");
	pawl_sem_destroy(&room);
}

const struct stress_case stress_sem_cases[] = {
	{
		.name = "sem.barging",
		.about = "threads, ops and requests for several; three in ten timed, one canceled",
		.right = "pawl_sem",
		.run_right = barging_right,
	},
	{
		.name = "sem.fair",
		.about = "the same in the order of arrival",
		.right = "pawl_sem, PAWL_FAIR",
		.run_right = fair_right,
	},
	{
		.name = "sem.bounded",
		.about = "10,000 items, of which at most 100 are under way",
		.bad = "items too many",
		.right = "pawl_sem_acquire_op",
		.run_broken = counted_broken,
		.run_right = bounded_right,
		.never_waits = true,
	},
	{ .name = NULL },
};
