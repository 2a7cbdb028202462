/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends of waits for a condition (ends_model.h); a signal that comes as one of two gives up is for
 * the other, and the last frees all.
 */
#include <pawl/cond.h>
#include <pawl/mutex.h>

#include "ends_model.h"

struct all {
	pawl_mutex m;
	pawl_cond c;
	int users;
	bool ready;
};

static struct all *all(void)
{
	return object;
}

static int wait_signal(pawl_time deadline)
{
	struct all *a = all();
	int rc = 0;

	pawl_mutex_lock(&a->m);
	if (!a->ready)
		rc = pawl_cond_wait_until(&a->c, &a->m, deadline);
	MODEL_CHECK(pawl_mutex_is_mine(&a->m));
	MODEL_CHECK(rc != 0 || a->ready);
	pawl_mutex_unlock(&a->m);
	return rc;
}

static void get_ready(void (*tell)(pawl_cond *c), bool held)
{
	struct all *a = all();

	pawl_mutex_lock(&a->m);
	a->ready = true;
	if (held)
		tell(&a->c);
	pawl_mutex_unlock(&a->m);
	if (!held)
		tell(&a->c);
}

static void signal_held(void)
{
	get_ready(pawl_cond_signal, true);
}

static void signal_unheld(void)
{
	get_ready(pawl_cond_signal, false);
}

static void broadcast_held(void)
{
	get_ready(pawl_cond_broadcast, true);
}

static void judge(int told)
{
	(void)told;
	MODEL_CHECK(all()->c.word_ == 0 && all()->c.queue_ == 0);
	MODEL_CHECK(pawl_mutex_trylock(&all()->m) == 0);
	pawl_mutex_unlock(&all()->m);
}

static void destroy(void)
{
	pawl_mutex_destroy(&all()->m);
}

#define COND .size = sizeof(struct all), .wait = wait_signal, .judge = judge, .destroy = destroy

static const struct subject held = { COND, .grant = signal_held };
static const struct subject unheld = { COND, .grant = signal_unheld };
static const struct subject everybody = { COND, .grant = broadcast_held };

ENDS_THREAD(ends_cond, held);
ENDS_THREAD(ends_cond_unheld, unheld);
ENDS_THREAD(ends_cond_all, everybody);
ENDS_LATE(ends_cond_late, held);
ENDS_BOTH(ends_cond_both, held, .without = LESS, .preemptions = 1);

/* One signal for two: who gets it though it is canceled, or late, passes it on. */
static void make_unheld(void)
{
	begin(&unheld, model_soon());
}

static void wait_until_ready(void)
{
	struct all *a = all();

	pawl_mutex_lock(&a->m);
	while (!a->ready)
		MODEL_CHECK(pawl_cond_wait_until(&a->c, &a->m, PAWL_FOREVER) == 0);
	pawl_mutex_unlock(&a->m);
}

static void pass_on(unsigned who)
{
	if (who == 1) {
		if (wait_in_scope(until) == 0)
			pawl_cond_signal(&all()->c);
	} else if (who == 2) {
		pawl_cancel_fire(source, 1);
		wait_until_ready();
	} else {
		grant();
	}
}

MODEL(ends_cond_passed, .about = "T1 waits in a scope, T2 fires it and waits, T3 signals once",
      .threads = 3, .setup = make_unheld, .enter = model_attach, .thread = pass_on, .finish = end,
      .sights = { SIGHTS, "granted, but canceled or late too" }, .without = LEAST,
      .preemptions = 2);

/* Users are counted under the mutex. */
static void make_users(void)
{
	begin(&held, model_soon());
	all()->users = 3;
}

static void leave(void)
{
	struct all *a = all();
	bool last = --a->users == 0;

	pawl_mutex_unlock(&a->m);
	if (last)
		free_object();
}

static void wait_and_leave(unsigned who)
{
	struct all *a = all();
	pawl_scope scope;
	int rc = 0;

	if (who == 3)
		pawl_cancel_fire(source, 1);
	pawl_scope_enter(&scope, PAWL_FOREVER, who == 1 ? source : NULL, 0);
	pawl_mutex_lock(&a->m);
	while (who != 2 && !a->ready && rc == 0)
		rc = pawl_cond_wait_until(&a->c, &a->m, who == 1 ? until : PAWL_FOREVER);
	a->ready |= who == 2;
	pawl_cond_broadcast(&a->c);
	see(rc, false);
	leave();
	MODEL_CHECK(pawl_scope_leave(&scope, rc) == rc);
}

MODEL(ends_cond_last, .about = "T1 waits in a scope, T2 tells, T3 fires and waits; the last frees",
      .threads = 3, .setup = make_users, .enter = model_attach, .thread = wait_and_leave,
      .finish = end, .sights = { SIGHTS }, .without = LEAST, .preemptions = 1);
