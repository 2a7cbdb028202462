/* SPDX-License-Identifier: BSD-2-Clause */
/* progress_cond.c - progress of pawl/cond.h. */
#include "explorer/progress.h"

static pawl_mutex m;
static pawl_cond c;
static int signals;

static void name_them(void)
{
	model_name(&m, sizeof m, "m");
	model_name(&c, sizeof c, "c");
}

static void lock(void)
{
	pawl_mutex_lock(&m);
}

static void unlock(void)
{
	pawl_mutex_unlock(&m);
}

static void wait_once(void)
{
	signals += pawl_cond_wait_until(&c, &m, model_soon()) == 0;
}

static void signal_one(void)
{
	pawl_cond_signal(&c);
}

static void signal_all(void)
{
	pawl_cond_broadcast(&c);
}

static void wait_locked(unsigned who)
{
	(void)who;
	lock();
	wait_once();
	unlock();
}

/* The last does not wait. */
static void wait_or_signal(unsigned who)
{
	if (who < 3) {
		wait_locked(who);
		return;
	}
	lock();
	signal_all();
	unlock();
}

/* Nobody waits for the condition. */
static void only_signal(unsigned who)
{
	lock();
	if (who < 3)
		signal_one();
	else
		signal_all();
	unlock();
}

PROGRESS(cond_wait_until, 3, name_them, "pawl_cond_wait_until", "", .timed = true,
	 .before = lock, .call = wait_once, .after = unlock, .peer = wait_or_signal);
PROGRESS(cond_signal_alone, 3, name_them, "pawl_cond_signal", "if nobody waits",
	 .call = signal_one, .peer = only_signal);
PROGRESS(cond_signal, 3, name_them, "pawl_cond_signal", "else", .call = signal_one,
	 .peer = wait_locked);
PROGRESS(cond_broadcast_alone, 3, name_them, "pawl_cond_broadcast", "if nobody waits",
	 .call = signal_all, .peer = only_signal);
PROGRESS(cond_broadcast, 3, name_them, "pawl_cond_broadcast", "else", .call = signal_all,
	 .peer = wait_locked);
