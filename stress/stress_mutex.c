/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_mutex.c - both policies, deadlines, storms of waits given up, freed right after unlock. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/mutex.h>

#include "mixed.h"
#include "stress.h"

enum { CLOSED = -1 };

static pawl_mutex lock;
static uint64_t plain;		/* what the mutex guards */
static uint64_t *inside;	/* of each worker: how often it was in; guarded too */

static void open_lock(const struct stress_team *t, unsigned flags)
{
	stress_name(&lock, "the mutex");
	inside = calloc(t->size, sizeof *inside);
	if (!inside || pawl_mutex_init(&lock, flags) != 0) {
		stress_fail("no memory");
		exit(1);
	}
}

static void close_lock(const struct stress_team *t, uint64_t expected)
{
	uint64_t least = UINT64_MAX, most = 0;

	if (plain != expected)
		stress_fail("%" PRIu64 " sections changed the data, which says %" PRIu64,
			expected, plain);
	for (unsigned i = 0; i < t->size; i++) {
		least = inside[i] < least ? inside[i] : least;
		most = inside[i] > most ? inside[i] : most;
	}
	stress_note("sections of the unluckiest thread", least);
	stress_note("of the luckiest", most);
	if (pawl_mutex_trylock(&lock) != 0) {
		stress_fail("the mutex is not free in the end");
		return;
	}
	pawl_mutex_unlock(&lock);
	pawl_mutex_destroy(&lock);
	free(inside);
}

static void section(struct stress_worker *w)
{
	uint64_t before = plain;

	inside[w->index]++;
	stress_await(w);
	plain = before + 1;
}

static void barging_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		pawl_mutex_lock(&lock);
		stress_hold(w, &lock);
		section(w);
		pawl_mutex_unlock(&lock);
		stress_done(w);
	}
}

static void barging_right(struct stress_team *t)
{
	open_lock(t, 0);
	stress_run(t, barging_body);
	close_lock(t, stress_ops(t));
}

/* Who was seen asleep while worker 0 had the mutex must get it before worker 0 does again. */
struct fairness {
	uint64_t *counted, *inside;	/* of each worker, when worker 0 left the mutex */
	bool *must;
};

static void fair_before(struct stress_worker *w, struct fairness *f)
{
	for (unsigned i = 0; i < w->team->size; i++) {
		if (f->must[i] && inside[i] == f->inside[i])
			stress_fail("worker %u waited, and was overtaken by one that came later",
				i);
		f->must[i] = false;
		f->counted[i] = w->team->workers[i].counted;
	}
}

static void fair_after(struct stress_worker *w, struct fairness *f)
{
	for (unsigned i = 0; i < w->team->size; i++) {
		f->must[i] = w->team->workers[i].counted != f->counted[i];
		f->inside[i] = inside[i];
	}
}

static void fair_leader(struct stress_worker *w)
{
	unsigned n = w->team->size;
	struct fairness f = { calloc(n, sizeof *f.counted), calloc(n, sizeof *f.inside),
		calloc(n, sizeof *f.must) };

	if (!f.counted || !f.inside || !f.must) {
		stress_fail("no memory");
		exit(1);
	}
	while (stress_again(w)) {
		pawl_mutex_lock(&lock);
		fair_before(w, &f);
		stress_hold(w, &lock);
		fair_after(w, &f);
		section(w);
		pawl_mutex_unlock(&lock);
		stress_done(w);
	}
	free(f.counted);
	free(f.inside);
	free(f.must);
}

static void fair_body(struct stress_worker *w)
{
	if (w->index == 0)
		fair_leader(w);
	else
		barging_body(w);
}

static void fair_right(struct stress_team *t)
{
	open_lock(t, PAWL_FAIR);
	stress_run(t, fair_body);
	close_lock(t, stress_ops(t));
}

/* Every way to get it or not to; worker 0 keeps it until some wait was seen and given up. */
static _Atomic uint64_t timeouts, busy;

static uint64_t timeouts_now(void)
{
	return atomic_load_explicit(&timeouts, memory_order_relaxed);
}

static int lock_until(pawl_mutex *m, pawl_time deadline)
{
	int err = pawl_mutex_lock_until(m, deadline);

	if (err == ETIMEDOUT) {
		atomic_fetch_add_explicit(&timeouts, 1, memory_order_relaxed);
		if (pawl_now() < deadline)
			stress_fail("ETIMEDOUT came before the deadline");
	} else if (err != 0) {
		stress_fail("pawl_mutex_lock_until returned %d", err);
	}
	return err;
}

static int lock_somehow(struct stress_worker *w)
{
	int err;

	switch (stress_random(w, 4)) {
	case 0:
		err = pawl_mutex_trylock(&lock);
		if (err == EBUSY)
			atomic_fetch_add_explicit(&busy, 1, memory_order_relaxed);
		else if (err != 0)
			stress_fail("pawl_mutex_trylock returned %d", err);
		return err;
	case 1:
		return lock_until(&lock, pawl_after(-PAWL_MS(1)));
	case 2:
		return lock_until(&lock, pawl_after(PAWL_US(stress_random(w, 300))));
	default:
		return lock_until(&lock, pawl_after(PAWL_MS(20)));
	}
}

static void timed_leader(struct stress_worker *w)
{
	while (stress_again(w)) {
		uint64_t before = timeouts_now();

		pawl_mutex_lock(&lock);
		if (stress_wants_waits(w->team)) {
			stress_hold(w, &lock);
			while (timeouts_now() == before)
				sched_yield();
		}
		section(w);
		pawl_mutex_unlock(&lock);
		stress_done(w);
	}
}

static void timed_body(struct stress_worker *w)
{
	if (w->index == 0) {
		timed_leader(w);
		return;
	}
	while (stress_again(w)) {
		if (lock_somehow(w) == 0) {
			section(w);
			pawl_mutex_unlock(&lock);
		}
		stress_done(w);
	}
}

static uint64_t sections(const struct stress_team *t)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < t->size; i++)
		sum += inside[i];
	return sum;
}

static void timed_right(struct stress_team *t)
{
	open_lock(t, 0);
	stress_run(t, timed_body);
	stress_note("timeouts", timeouts_now());
	stress_note("busy", atomic_load(&busy));
	if (sections(t) + timeouts_now() + atomic_load(&busy) != stress_ops(t))
		stress_fail("%" PRIu64 " rounds, but %" PRIu64 " sections, %" PRIu64
			    " timeouts, %" PRIu64 " busy", stress_ops(t), sections(t),
			    timeouts_now(), atomic_load(&busy));
	close_lock(t, sections(t));
}

/* Waits that end early, of both policies; worker 0 cancels while it has both. */
static pawl_mutex fair = PAWL_MUTEX_FAIR_INIT;
static uint64_t fair_plain;	/* what that one guards */

static void mixed_leader(struct stress_worker *w)
{
	pawl_mutex *const both[] = { &lock, &fair };

	while (stress_again(w)) {
		pawl_mutex_lock_all(both, 2);
		if (stress_wants_waits(w->team))
			stress_hold_until(w, NULL, w->team->size - 1);
		mixed_fire(w, 1, w->team->size);
		section(w);
		pawl_mutex_unlock_all(both, 2);
		stress_done(w);
	}
}

static void mixed_body(struct stress_worker *w)
{
	if (w->index == 0) {
		mixed_leader(w);
		return;
	}
	while (stress_again(w)) {
		pawl_mutex *m = stress_random(w, 2) == 0 ? &lock : &fair;
		struct mixed x;
		pawl_time deadline = mixed_begin(&x, w);
		int err = mixed_end(&x, w, pawl_mutex_lock_until(m, deadline));

		if (err == 0) {
			if (m == &lock)
				section(w);
			else
				fair_plain++;
			pawl_mutex_unlock(m);
		} else if (err != ETIMEDOUT && err != ECANCELED) {
			stress_fail("pawl_mutex_lock_until returned %d", err);
		}
		stress_done(w);
	}
}

static void mixed_right(struct stress_team *t)
{
	uint64_t early;

	open_lock(t, 0);
	stress_name(&fair, "the fair mutex");
	mixed_open(t);
	stress_run(t, mixed_body);
	early = mixed_timeouts() + mixed_cancels();
	mixed_close();
	if (plain + fair_plain + early != stress_ops(t))
		stress_fail("%" PRIu64 " rounds, but %" PRIu64 " sections and %" PRIu64
			    " waits given up", stress_ops(t), plain + fair_plain, early);
	if (pawl_mutex_trylock(&fair) != 0)
		stress_fail("the fair mutex is not free in the end");
	close_lock(t, plain);
}

/*
 * Abort storm: worker 0 holds a mutex until all others have given up waiting for it, in
 * any order; then all of them lock it for good.  So the number of timeouts is exact.
 * The policy changes each round.
 */
static pawl_mutex storms[2] = { PAWL_MUTEX_INIT, PAWL_MUTEX_FAIR_INIT };
static _Atomic int64_t storm_round;
static _Atomic uint64_t gave_up, came_in;

static void storm_leader(struct stress_worker *w)
{
	uint64_t others = w->team->size - 1;

	for (uint64_t round = 1; stress_again(w); round++) {
		pawl_mutex *m = &storms[round % 2];
		unsigned most = 0;

		pawl_mutex_lock(m);
		atomic_store(&storm_round, (int64_t)round);
		while (atomic_load(&gave_up) < round * others) {
			if (stress_wants_waits(w->team)) {
				unsigned n = stress_sleepers(w, m);

				most = n > most ? n : most;
			}
			sched_yield();
		}
		stress_count_waits(w->team, most);
		plain++;
		pawl_mutex_unlock(m);
		while (atomic_load(&came_in) < round * others)
			sched_yield();
		stress_done(w);
	}
	atomic_store(&storm_round, CLOSED);
}

static void storm_body(struct stress_worker *w)
{
	int64_t round, last = 0;

	if (w->index == 0) {
		storm_leader(w);
		return;
	}
	for (;; last = round) {
		pawl_mutex *m;

		while ((round = atomic_load(&storm_round)) == last)
			sched_yield();
		if (round == CLOSED)
			break;
		m = &storms[round % 2];
		if (lock_until(m, pawl_after(PAWL_US(stress_random(w, 1000)))) == 0)
			stress_fail("a mutex was had that another held");
		atomic_fetch_add(&gave_up, 1);
		pawl_mutex_lock(m);
		plain++;
		pawl_mutex_unlock(m);
		atomic_fetch_add(&came_in, 1);
		stress_done(w);
	}
}

static void abort_right(struct stress_team *t)
{
	stress_name(&storms[0], "the barging mutex");
	stress_name(&storms[1], "the fair mutex");
	stress_run(t, storm_body);
	stress_note("timeouts", timeouts_now());
	if (timeouts_now() != atomic_load(&gave_up) || plain != stress_ops(t))
		stress_fail("%" PRIu64 " waits were given up, %" PRIu64 " timed out; %" PRIu64
			    " rounds, %" PRIu64 " sections", atomic_load(&gave_up), timeouts_now(),
			    stress_ops(t), plain);
	pawl_mutex_destroy(&storms[0]);
	pawl_mutex_destroy(&storms[1]);
}

/* An object with a count of its users; the last one frees it right after its unlock. */
struct counted {
	pawl_mutex lock;
	unsigned users;
};

static _Atomic(struct counted *) shared;
static _Atomic int64_t free_round;
static _Atomic uint64_t freed;

static struct counted *make_counted(const struct stress_worker *w, unsigned flags)
{
	struct counted *c = malloc(sizeof *c);

	if (!c || pawl_mutex_init(&c->lock, flags) != 0) {
		stress_fail("no memory");
		exit(1);
	}
	c->users = w->team->size;
	return c;
}

/* It is held. */
static void leave(struct stress_worker *w, struct counted *c)
{
	bool last = --c->users == 0;

	pawl_mutex_unlock(&c->lock);
	if (last) {
		pawl_mutex_destroy(&c->lock);
		memset(c, 0xa5, sizeof *c);	/* a late touch meets a wild mutex */
		free(c);
		atomic_fetch_add(&freed, 1);
	}
	stress_done(w);
}

static void free_leader(struct stress_worker *w)
{
	for (uint64_t round = 1; stress_again(w); round++) {
		struct counted *c = make_counted(w, round % 2 ? PAWL_FAIR : 0);

		pawl_mutex_lock(&c->lock);
		atomic_store(&shared, c);
		atomic_store(&free_round, (int64_t)round);
		if (stress_wants_waits(w->team))
			stress_hold_until(w, &c->lock, w->team->size - 1);
		leave(w, c);
		while (atomic_load(&freed) < round)
			sched_yield();
	}
	atomic_store(&free_round, CLOSED);
}

static void free_body(struct stress_worker *w)
{
	int64_t round, last = 0;

	if (w->index == 0) {
		free_leader(w);
		return;
	}
	for (;; last = round) {
		struct counted *c;

		while ((round = atomic_load(&free_round)) == last)
			sched_yield();
		if (round == CLOSED)
			break;
		c = atomic_load(&shared);
		pawl_mutex_lock(&c->lock);
		leave(w, c);
	}
}

static void free_right(struct stress_team *t)
{
	stress_run(t, free_body);
	if (atomic_load(&freed) * t->size != stress_ops(t))
		stress_fail("%" PRIu64 " objects were freed after %" PRIu64 " uses",
			atomic_load(&freed), stress_ops(t));
}

const struct stress_case stress_mutex_cases[] = {
	{
		.name = "mutex.barging",
		.about = "mutual exclusion, default policy",
		.right = "pawl_mutex",
		.run_right = barging_right,
	},
	{
		.name = "mutex.fair",
		.about = "mutual exclusion in the order of arrival",
		.right = "pawl_mutex, PAWL_FAIR",
		.run_right = fair_right,
	},
	{
		.name = "mutex.timed",
		.about = "trylock and deadlines, past, near and far",
		.right = "pawl_mutex_lock_until",
		.run_right = timed_right,
	},
	{
		.name = "mutex.mixed",
		.about = "three in ten waits are timed, one in ten is canceled",
		.right = "pawl_mutex_lock_until",
		.run_right = mixed_right,
	},
	{
		.name = "mutex.abort",
		.about = "abort storm: all who wait give up, then all come in",
		.right = "pawl_mutex_lock_until",
		.run_right = abort_right,
	},
	{
		.name = "mutex.free",
		.about = "freed by its last user right after unlock",
		.right = "pawl_mutex_destroy",
		.run_right = free_right,
	},
	{ .name = NULL },
};
