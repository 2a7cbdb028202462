/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_line.c - the waiter queue from inside, beside a locked instruction and the list
 * under a lock that it took the place of (tests/oracle_list.h).  A program of its own,
 * as the library hides what is measured here.
 *
 * resume: a wait that is answered before it parks; abort: one that gives up; each with so many
 * others that wait all the time.  stalls: tests/stall_load.h.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "bench.h"
#include "oracle_list.h"
#include "stall_load.h"
#include "wait/line.h"

/* A locked instruction **************************************************************************/

static void xadd_batch(void *state, uint64_t n, unsigned steps)
{
	uint64_t *word = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++)
		__atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
}

static const struct subject xadd = { .name = "xadd", .batch = xadd_batch };

/* The queue *************************************************************************************/

/* All but the next one wait. */
struct waits {
	uint64_t queue OWN_LINES;
	struct waiter **w;
	size_t count, next;
};

static void join(struct waits *q, struct waiter *w)
{
	if (pawl_i_line_join(&q->queue, w, pawl_i_waiter_arm(w)) != 0)
		fatal("no memory for a wait");
}

static int queue_open(void *state, size_t live)
{
	struct waits *q = state;

	q->count = live + 1;
	q->w = calloc(q->count, sizeof(struct waiter *));
	if (!q->w)
		return ENOMEM;
	for (size_t i = 0; i < q->count; i++)
		if (!(q->w[i] = pawl_i_waiter_get(NULL)))
			return ENOMEM;
	for (size_t i = 0; i < live; i++)
		join(q, q->w[i]);
	q->next = live;
	return 0;
}

static void queue_close(void *state)
{
	struct waits *q = state;

	for (size_t i = 0; i < q->count; i++) {
		if (i != q->next) {
			(void)pawl_i_waiter_give_up(q->w[i]);
			pawl_i_line_leave(&q->queue, q->w[i]);
		}
		pawl_i_waiter_put(q->w[i]);
	}
	free(q->w);
}

/* The next one joins, and who waited longest is answered and leaves. */
static void queue_resume(void *state, uint64_t n, unsigned steps)
{
	struct waits *q = state;
	struct waiter *wake;

	(void)steps;
	for (uint64_t i = 0; i < n; i++) {
		join(q, q->w[q->next]);
		q->next = q->next + 1 < q->count ? q->next + 1 : 0;
		if (!pawl_i_waiter_tell(pawl_i_line_first(&q->queue), GRANT, &wake))
			fatal("nobody was answered");
		if (pawl_i_waiter_answer(q->w[q->next]) != GRANT)
			fatal("another one was answered");
		pawl_i_line_leave(&q->queue, q->w[q->next]);
	}
}

static void queue_abort(void *state, uint64_t n, unsigned steps)
{
	struct waits *q = state;
	struct waiter *w = q->w[q->next];

	(void)steps;
	for (uint64_t i = 0; i < n; i++) {
		join(q, w);
		if (pawl_i_waiter_give_up(w) != 0)
			fatal("an answer from nobody");
		pawl_i_line_leave(&q->queue, w);
	}
}

/* The list **************************************************************************************/

struct list_waits {
	struct oracle list OWN_LINES;
	struct oracle_waiter *w;
	size_t count, next;
};

static int list_open(void *state, size_t live)
{
	struct list_waits *l = state;

	l->count = live + 1;
	l->w = calloc(l->count, sizeof *l->w);
	if (!l->w)
		return ENOMEM;
	for (size_t i = 0; i < live; i++)
		oracle_join(&l->list, &l->w[i]);
	l->next = live;
	return 0;
}

static void list_close(void *state)
{
	struct list_waits *l = state;

	free(l->w);
}

static void list_resume(void *state, uint64_t n, unsigned steps)
{
	struct list_waits *l = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++) {
		oracle_join(&l->list, &l->w[l->next]);
		l->next = l->next + 1 < l->count ? l->next + 1 : 0;
		if (oracle_answer_first(&l->list, GRANT) != &l->w[l->next])
			fatal("another one was answered");
	}
}

static void list_abort(void *state, uint64_t n, unsigned steps)
{
	struct list_waits *l = state;

	(void)steps;
	for (uint64_t i = 0; i < n; i++) {
		oracle_join(&l->list, &l->w[l->next]);
		if (oracle_give_up(&l->list, &l->w[l->next]) != 0)
			fatal("an answer from nobody");
	}
}

/* So many others wait ***************************************************************************/

#define SUBJECTS(live) \
	static int queue_open_##live(void *state) { return queue_open(state, live); } \
	static int list_open_##live(void *state) { return list_open(state, live); } \
	static const struct subject \
		queue_resume_##live = { .name = "queue", .open = queue_open_##live, \
			.close = queue_close, .batch = queue_resume }, \
		queue_abort_##live = { .name = "queue", .open = queue_open_##live, \
			.close = queue_close, .batch = queue_abort }, \
		list_resume_##live = { .name = "list", .open = list_open_##live, \
			.close = list_close, .batch = list_resume }, \
		list_abort_##live = { .name = "list", .open = list_open_##live, \
			.close = list_close, .batch = list_abort }; \
	static const struct subject *const \
		resume_##live[] = { &xadd, &queue_resume_##live, &list_resume_##live, NULL }, \
		*const abort_##live[] = { &xadd, &queue_abort_##live, &list_abort_##live, NULL };

SUBJECTS(0)
SUBJECTS(1)
SUBJECTS(1000)
SUBJECTS(100000)

/* Stalls ****************************************************************************************/

enum { STALLS = 5, EVERY = 500 };

static void stall_turn(const struct subject *s, void *state, const struct bench_case *c,
		       unsigned ms, struct sample *ret)
{
	struct stall_load load = { .threads = c->threads, .stalls = STALLS, .every = EVERY };

	(void)state;
	(void)ms;
	if (s->kind)
		stall_load_list(&load);
	else
		stall_load_queue(&load);
	if (load.told != load.answered)
		fatal("%s: answers were lost", c->name);
	ret->ns = (double)load.ns / (double)load.ops;
}

static const struct subject
	queue_stalls = { .name = "queue", .turn = stall_turn },
	list_stalls = { .name = "list", .turn = stall_turn, .kind = "list" };

static const struct subject *const stalls[] = { &list_stalls, &queue_stalls, NULL };

/* The table *************************************************************************************/

#define SOLO_CASE(name_, what_, ratio, who) \
	{ .name = "queue/" name_, .what = what_, .mode = SOLO, .threads = 1, .cpus = 1, \
	  .max_ratio = ratio, .subjects = who }

static const struct bench_case bench_line[] = {
	SOLO_CASE("resume", "wait, answer; nobody else waits", 15, resume_0),
	SOLO_CASE("resume-1", "wait, answer; one more waits", 15, resume_1),
	SOLO_CASE("resume-1000", "wait, answer; 1000 more wait", 15, resume_1000),
	SOLO_CASE("resume-100000", "wait, answer; 100000 more wait", 0, resume_100000),
	SOLO_CASE("abort", "wait, give up; nobody else waits", 13, abort_0),
	SOLO_CASE("abort-1", "wait, give up; one more waits", 13, abort_1),
	SOLO_CASE("abort-1000", "wait, give up; 1000 more wait", 13, abort_1000),
	SOLO_CASE("abort-100000", "wait, give up; 100000 more wait", 0, abort_100000),
	{ .name = "queue/stalls", .what = "8 threads, a stall of 20 ms in one of 500 operations",
	  .mode = OWN, .threads = 8, .max_ratio = 0.2, .subjects = stalls },
	{ .name = NULL }
};

const struct bench_case *const bench_tables[] = { bench_line, NULL };
