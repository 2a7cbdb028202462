/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_cleanup.c - what has to be given back when a wait ends without what it waited for. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <pawl/cleanup.h>
#include <pawl/counter.h>
#include <pawl/sem.h>

#include "stress.h"

static pawl_counter never = PAWL_COUNTER_INIT(1);

static pawl_cancel *open_source(void)
{
	pawl_cancel *c;

	if (pawl_cancel_open(NULL, &c) != 0) {
		stress_fail("no memory");
		exit(1);
	}
	return c;
}

/*** A clean-up that is canceled itself *******************************************************/

enum { CONNECTIONS = 2, SOON_US = 100 };

/* Who has it may say goodbye to the server. */
static pawl_sem farewell = PAWL_SEM_INIT(1);
static _Atomic uint64_t kept;

/* In a canceled scope the clean-up does what it can without waiting: so long as nobody else cleans
 * up at that moment, that is all. */
static void hasty_body(struct stress_worker *w)
{
	pawl_cancel *c = open_source();

	pawl_cancel_fire(c, 1);
	while (stress_again(w)) {
		pawl_scope s;
		int rc;

		pawl_scope_enter(&s, PAWL_FOREVER, c, 0);
		rc = pawl_sem_acquire(&farewell);
		stress_await(w);
		if (rc == 0)
			pawl_sem_release(&farewell, 1);
		else
			atomic_fetch_add(&kept, 1);
		(void)pawl_scope_leave(&s, rc);
		stress_done(w);
	}
	pawl_cancel_close(c);
}

static void hasty_broken(struct stress_team *t, struct stress_outcome *ret)
{
	stress_run(t, hasty_body);
	ret->of = stress_ops(t);
	ret->bad = atomic_load(&kept);
	ret->least = stress_least(t);
}

/* Each worker's source, for its neighbour to fire; with a reference. */
struct slot {
	_Alignas(STRESS_LINE) _Atomic(pawl_cancel *) source;
};

static struct slot *slots;
static pawl_sem pool = PAWL_SEM_INIT(CONNECTIONS);
static uint64_t farewells;	/* guarded by farewell */
static _Atomic uint64_t taken, canceled_with_one, canceled_without;

static void fire(struct slot *s)
{
	pawl_cancel *c = atomic_exchange(&s->source, NULL);

	if (!c)
		return;
	pawl_cancel_fire(c, 1);
	pawl_cancel_close(c);
}

static void say_goodbye(struct stress_worker *w)
{
	if (pawl_sem_acquire(&farewell) != 0) {
		stress_fail("a shielded wait was canceled");
		return;
	}
	stress_hold(w, NULL);
	farewells++;
	pawl_sem_release(&farewell, 1);
	pawl_sem_release(&pool, 1);
}

/* Return: of the wait for the answer, or for the connection. */
static int ask(struct stress_worker *w)
{
	int rc = pawl_sem_acquire(&pool);

	if (rc != 0)
		return rc;
	atomic_fetch_add_explicit(&taken, 1, memory_order_relaxed);
	rc = pawl_counter_wait_zero(&never, pawl_after(PAWL_US(stress_random(w, SOON_US))));
	if (rc == ECANCELED)
		atomic_fetch_add_explicit(&canceled_with_one, 1, memory_order_relaxed);
	PAWL_SHIELDED(PAWL_S(1000), say_goodbye(w));
	return ETIMEDOUT;
}

static void shielded_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		pawl_cancel *c = open_source();
		pawl_scope s;

		atomic_store(&slots[w->index].source, pawl_cancel_ref(c));
		pawl_scope_enter(&s, PAWL_FOREVER, c, 0);
		if (stress_random(w, 2) == 0)
			fire(&slots[(w->index + 1) % w->team->size]);
		if (ask(w) == ECANCELED)
			atomic_fetch_add_explicit(&canceled_without, 1, memory_order_relaxed);
		(void)pawl_scope_leave(&s, 0);
		fire(&slots[w->index]);
		pawl_cancel_close(c);
		stress_done(w);
	}
}

static void shielded_right(struct stress_team *t)
{
	slots = aligned_alloc(STRESS_LINE, t->size * sizeof *slots);
	if (!slots) {
		stress_fail("no memory");
		return;
	}
	for (unsigned i = 0; i < t->size; i++)
		slots[i] = (struct slot){ .source = NULL };
	stress_run(t, shielded_body);
	stress_note("canceled with a connection", atomic_load(&canceled_with_one));
	stress_note("canceled without", atomic_load(&canceled_without));
	if (farewells != atomic_load(&taken))
		stress_fail("%" PRIu64 " connections taken, %" PRIu64 " given back",
			atomic_load(&taken), farewells);
	if (pawl_sem_value(&pool) != CONNECTIONS)
		stress_fail("%" PRId64 " connections in the pool", pawl_sem_value(&pool));
	if (atomic_load(&canceled_with_one) == 0)
		stress_fail("nobody was canceled with a connection");
	free(slots);
}

/*** A grant that comes when the time is over **************************************************/

enum place { WAITS, GRANTED, GONE };

static _Atomic int *places;
static _Atomic uint64_t lost, late;

/* Home-made: the time is over, so take oneself off the list, and somebody has granted just then.
 * Each worker waits, and grants its neighbour's wait; of those who met, the last one to go was
 * granted before it went. */
static void hurried_body(struct stress_worker *w)
{
	_Atomic int *mine = &places[w->index];
	_Atomic int *neighbour_s = &places[(w->index + 1) % w->team->size];

	while (stress_again(w)) {
		int waits = WAITS;

		atomic_store(mine, WAITS);
		stress_await(w);
		(void)atomic_compare_exchange_strong(neighbour_s, &waits, GRANTED);
		if (atomic_exchange(mine, GONE) == GRANTED)
			atomic_fetch_add(&lost, 1);
		stress_done(w);
	}
}

static void hurried_broken(struct stress_team *t, struct stress_outcome *ret)
{
	places = calloc(t->size, sizeof *places);
	if (!places) {
		stress_fail("no memory");
		return;
	}
	stress_run(t, hurried_body);
	ret->of = stress_ops(t);
	ret->bad = atomic_load(&lost);
	ret->least = STRESS_ITERATIONS / STRESS_EVERY;
	free(places);
}

static pawl_sem permit = PAWL_SEM_INIT(1);
static uint64_t uses;		/* guarded by permit */
static _Atomic uint64_t used;

static void limited_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		if (pawl_sem_acquire_until(&permit,
				pawl_after(PAWL_US(stress_random(w, SOON_US)))) == 0) {
			stress_hold(w, &permit);
			uses++;
			atomic_fetch_add_explicit(&used, 1, memory_order_relaxed);
			pawl_sem_release(&permit, 1);
		} else {
			atomic_fetch_add_explicit(&late, 1, memory_order_relaxed);
		}
		stress_done(w);
	}
}

static void limited_right(struct stress_team *t)
{
	stress_name(&permit, "the permit");
	stress_run(t, limited_body);
	stress_note("nothing in time", atomic_load(&late));
	if (pawl_sem_value(&permit) != 1)
		stress_fail("%" PRId64 " permits of 1 at the end", pawl_sem_value(&permit));
	if (uses != atomic_load(&used))
		stress_fail("%" PRIu64 " uses counted, not %" PRIu64, uses, atomic_load(&used));
	if (atomic_load(&late) == 0)
		stress_fail("nobody was late");
}

const struct stress_case stress_cleanup_cases[] = {
	{
		.name = "cleanup.shield",
		.about = "canceled with a connection: its clean-up has to wait, and is canceled too",
		.bad = "connections not given back",
		.right = "PAWL_SHIELDED",
		.run_broken = hasty_broken,
		.run_right = shielded_right,
	},
	{
		.name = "cleanup.late",
		.about = "a time limit: the grant comes when the time is over",
		.bad = "grants lost",
		.right = "pawl_sem_acquire_until",
		.run_broken = hurried_broken,
		.run_right = limited_right,
	},
	{ .name = NULL },
};
