/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scope_fire.c - one waits in a scope, for what does not come; another fires its source: no
 * cancel is lost, and what was done before it is visible.
 */
#include <errno.h>

#include "explorer/model.h"
#include "wait/cancel.h"

enum { WHY = 7, ENOUGH = 65 /* sources, for two of them to have one bit */ };

static pawl_cancel *source, *parent;
static pawl_mutex m, other;
static pawl_cond c;
static pawl_counter counter;
static pawl_once o;
static int gift, ended;

static void setup(void)
{
	MODEL_CHECK(pawl_cancel_open(NULL, &parent) == 0);
	MODEL_CHECK(pawl_cancel_open(parent, &source) == 0);
	counter = (pawl_counter)PAWL_COUNTER_INIT(1);
	model_name(&m, sizeof m, "m");
	model_name(&counter, sizeof counter, "counter");
	model_name(&o, sizeof o, "o");
}

static void finish(void)
{
	MODEL_CHECK(pawl_cancel_reason(source) == WHY);
	pawl_cancel_close(source);
	pawl_cancel_close(parent);
}

static void fire(pawl_cancel *what)
{
	gift = 1;
	pawl_cancel_fire(what, WHY);
}

static int wait_zero(void)
{
	return pawl_counter_wait_zero(&counter, PAWL_FOREVER);
}

/* It stays canceled; but what can be had at once is had. */
static void check_that_it_stays(void)
{
	MODEL_CHECK(pawl_scope_check() == ECANCELED && gift == 1);
	MODEL_CHECK(wait_zero() == ECANCELED);
	MODEL_CHECK(pawl_mutex_lock_until(&other, PAWL_FOREVER) == 0);
	pawl_mutex_unlock(&other);
}

static void wait_canceled(int (*wait)(void))
{
	pawl_scope s;

	pawl_scope_enter(&s, PAWL_FOREVER, source, 0);
	MODEL_CHECK(wait() == ECANCELED);
	check_that_it_stays();
	MODEL_CHECK(pawl_scope_leave(&s, ECANCELED) == ECANCELED);
	MODEL_CHECK(pawl_scope_check() == 0);
}

static void wait_or_fire(unsigned who)
{
	if (who == 1)
		wait_canceled(wait_zero);
	else
		fire(source);
}

MODEL(scope_fire, .about = "one waits for a counter, one fires", .threads = 2,
      .enter = model_attach, .setup = setup, .thread = wait_or_fire, .finish = finish);

static void wait_or_fire_parent(unsigned who)
{
	if (who == 1)
		wait_canceled(wait_zero);
	else
		fire(parent);
}

MODEL(scope_fire_parent, .about = "one waits, one fires the parent of its source", .threads = 2,
      .enter = model_attach, .setup = setup, .thread = wait_or_fire_parent, .finish = finish);

static void attach_and_hold(unsigned who)
{
	model_attach(who);
	if (who == 2)
		pawl_mutex_lock(&m);
}

static int lock(void)
{
	return pawl_mutex_lock_until(&m, PAWL_FOREVER);
}

static void lock_or_fire(unsigned who)
{
	if (who == 1)
		wait_canceled(lock);
	else
		fire(source);
}

MODEL(scope_fire_lock, .about = "one waits for a mutex, its holder fires", .threads = 2,
      .enter = attach_and_hold, .setup = setup, .thread = lock_or_fire, .finish = finish);

static int wait_signal(void)
{
	int err;

	pawl_mutex_lock(&m);
	err = pawl_cond_wait_until(&c, &m, PAWL_FOREVER);
	pawl_mutex_unlock(&m);
	return err;
}

static void wait_signal_or_fire(unsigned who)
{
	if (who == 1)
		wait_canceled(wait_signal);
	else
		fire(source);
}

MODEL(scope_fire_cond, .about = "one waits for a condition, one fires", .threads = 2,
      .enter = model_attach, .setup = setup, .thread = wait_signal_or_fire, .finish = finish);

static int fire_inside(void *arg)
{
	(void)arg;
	__atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
	fire(source);
	while (__atomic_load_n(&ended, __ATOMIC_ACQUIRE) != 2)
		model_pause();
	return 0;
}

static int must_not_run(void *arg)
{
	(void)arg;
	return EIO;	/* another runs it: do_once() must not */
}

static int do_once(void)
{
	return pawl_once_do(&o, must_not_run, NULL);
}

static void do_or_fire(unsigned who)
{
	if (who == 2) {
		MODEL_CHECK(pawl_once_do(&o, fire_inside, NULL) == 0);
		return;
	}
	while (!__atomic_load_n(&ended, __ATOMIC_ACQUIRE))
		model_pause();
	wait_canceled(do_once);
	__atomic_store_n(&ended, 2, __ATOMIC_RELEASE);
}

MODEL(scope_fire_once, .about = "one waits for an initialiser, which fires", .threads = 2,
      .enter = model_attach, .setup = setup, .thread = do_or_fire, .finish = finish);

/* Another source has its bit, and must not end the wait. */
static pawl_cancel *neighbour;

static void find_neighbour(void)
{
	pawl_cancel *seen[ENOUGH];
	unsigned n = 0;

	setup();
	while (!neighbour) {
		MODEL_CHECK(n < ENOUGH && pawl_cancel_open(NULL, &seen[n]) == 0);
		if (pawl_i_cancel_bits(seen[n++]) & pawl_i_cancel_bits(source))
			neighbour = seen[--n];
	}
	while (n-- > 0)
		pawl_cancel_close(seen[n]);
}

static void wait_or_fire_neighbour(unsigned who)
{
	pawl_scope s;

	if (who == 2) {
		pawl_cancel_fire(neighbour, WHY);
		(void)pawl_counter_add(&counter, -1);
		return;
	}
	pawl_scope_enter(&s, PAWL_FOREVER, source, 0);
	MODEL_CHECK(wait_zero() == 0);
	MODEL_CHECK(pawl_scope_leave(&s, 0) == 0);
}

static void close_all(void)
{
	MODEL_CHECK(pawl_cancel_reason(source) == 0);
	pawl_cancel_close(neighbour);
	pawl_cancel_close(source);
	pawl_cancel_close(parent);
}

MODEL(scope_neighbour, .about = "one waits, another source with the bit of its own is fired",
      .threads = 2, .enter = model_attach, .setup = find_neighbour,
      .thread = wait_or_fire_neighbour, .finish = close_all);
