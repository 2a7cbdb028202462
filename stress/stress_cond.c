/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_cond.c - conditions: pairs that take turns, and a crowd that is woken at once. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <pawl/mutex.h>

#include "mixed.h"
#include "stress.h"

/* Some waits end early; who waits looks at its condition again anyway. */
static void wait_a_turn(struct stress_worker *w, pawl_cond *c, pawl_mutex *m)
{
	struct mixed x;
	pawl_time deadline = mixed_begin(&x, w);
	int err = mixed_end(&x, w, pawl_cond_wait_until(c, m, deadline));

	if (err != 0 && err != ETIMEDOUT && err != ECANCELED)
		stress_fail("pawl_cond_wait_until returned %d", err);
	if (!pawl_mutex_is_mine(m))
		stress_fail("a wait returned without the mutex");
}

/* Worker 2k and worker 2k + 1 take turns; a worker without a partner has nothing to do. */
static struct pair {
	_Alignas(STRESS_LINE) pawl_mutex lock;
	pawl_cond turned;
	unsigned turn;		/* 0: the even one's */
	uint64_t turns;
	bool over;
} *pairs;

static void show_that_partner_sleeps(struct stress_worker *w, struct pair *p)
{
	if (w->index == 0 && stress_wants_waits(w->team))
		stress_hold_until(w, &p->turned, 1);
}

/* Return: whether there is a turn for @me. */
static bool take_turn(struct stress_worker *w, struct pair *p, unsigned me)
{
	while (p->turn != me && !p->over)
		wait_a_turn(w, &p->turned, &p->lock);
	if (p->turn != me)
		return false;
	p->turns++;
	p->turn = !me;
	pawl_cond_signal(&p->turned);
	return true;
}

static void even_body(struct stress_worker *w, struct pair *p)
{
	while (stress_again(w)) {
		pawl_mutex_lock(&p->lock);
		while (p->turn != 0)
			wait_a_turn(w, &p->turned, &p->lock);
		pawl_mutex_unlock(&p->lock);
		/* Its own turn, so the partner waits, and without the mutex it gets there. */
		show_that_partner_sleeps(w, p);
		mixed_fire(w, w->index + 1, w->index + 2);
		pawl_mutex_lock(&p->lock);
		(void)take_turn(w, p, 0);
		pawl_mutex_unlock(&p->lock);
		stress_done(w);
	}
	pawl_mutex_lock(&p->lock);
	p->over = true;
	pawl_mutex_unlock(&p->lock);
	pawl_cond_signal(&p->turned);	/* without the mutex, for a change */
}

static void odd_body(struct stress_worker *w, struct pair *p)
{
	for (;;) {
		bool mine;

		pawl_mutex_lock(&p->lock);
		mine = take_turn(w, p, 1);
		pawl_mutex_unlock(&p->lock);
		if (!mine)
			break;
		stress_done(w);
	}
}

static void pingpong_body(struct stress_worker *w)
{
	struct pair *p = &pairs[w->index / 2];

	if ((w->index | 1) >= w->team->size)
		return;
	if (w->index % 2 == 0)
		even_body(w, p);
	else
		odd_body(w, p);
}

static void pingpong_right(struct stress_team *t)
{
	size_t n = (t->size + 1) / 2;
	uint64_t turns = 0;

	pairs = aligned_alloc(STRESS_LINE, n * sizeof *pairs);
	if (!pairs) {
		stress_fail("no memory");
		return;
	}
	for (size_t i = 0; i < n; i++)
		pairs[i] = (struct pair){ .lock = PAWL_MUTEX_INIT, .turned = PAWL_COND_INIT };
	stress_name(&pairs[0].lock, "the first pair's mutex");
	stress_name(&pairs[0].turned, "the first pair's condition");
	mixed_open(t);
	stress_run(t, pingpong_body);
	mixed_close();
	for (size_t i = 0; i < n; i++)
		turns += pairs[i].turns;
	if (turns != stress_ops(t))
		stress_fail("%" PRIu64 " turns, but %" PRIu64 " rounds", turns, stress_ops(t));
	free(pairs);
}

/* Worker 0 begins a generation, all others see it, the last of them says so. */
static pawl_mutex lock = PAWL_MUTEX_INIT;
static pawl_cond begun = PAWL_COND_INIT, seen_by_all = PAWL_COND_INIT;
static uint64_t generation, seen;
static bool over;

static void broadcast_leader(struct stress_worker *w)
{
	uint64_t others = w->team->size - 1;

	while (stress_again(w)) {
		if (stress_wants_waits(w->team))
			stress_hold_until(w, &begun, (unsigned)others);
		mixed_fire(w, 1, w->team->size);
		pawl_mutex_lock(&lock);
		generation++;
		seen = 0;
		pawl_cond_broadcast(&begun);
		while (seen < others)
			wait_a_turn(w, &seen_by_all, &lock);
		pawl_mutex_unlock(&lock);
		stress_done(w);
	}
	pawl_mutex_lock(&lock);
	over = true;
	pawl_cond_broadcast(&begun);
	pawl_mutex_unlock(&lock);
}

static void broadcast_body(struct stress_worker *w)
{
	uint64_t last = 0;

	if (w->index == 0) {
		broadcast_leader(w);
		return;
	}
	pawl_mutex_lock(&lock);
	for (;;) {
		while (generation == last && !over)
			wait_a_turn(w, &begun, &lock);
		if (generation == last)
			break;
		if (generation != ++last)
			stress_fail("a generation was missed");
		if (++seen == w->team->size - 1)
			pawl_cond_signal(&seen_by_all);
		stress_done(w);
	}
	pawl_mutex_unlock(&lock);
}

static void broadcast_right(struct stress_team *t)
{
	stress_name(&lock, "the mutex");
	stress_name(&begun, "the condition 'begun'");
	stress_name(&seen_by_all, "the condition 'seen by all'");
	mixed_open(t);
	stress_run(t, broadcast_body);
	mixed_close();
	if (generation * t->size != stress_ops(t))
		stress_fail("%" PRIu64 " generations, but %" PRIu64 " rounds", generation,
			stress_ops(t));
}

const struct stress_case stress_cond_cases[] = {
	{
		.name = "cond.pingpong",
		.about = "pairs take turns; no signal is lost",
		.right = "pawl_cond_signal",
		.run_right = pingpong_right,
	},
	{
		.name = "cond.broadcast",
		.about = "a crowd sees every generation",
		.right = "pawl_cond_broadcast",
		.run_right = broadcast_right,
	},
	{ .name = NULL },
};
