/* SPDX-License-Identifier: BSD-2-Clause */
/* progress_clock.c - progress of pawl/time.h, pawl/thread.h and pawl/debug.h. */
#include <errno.h>

#include "explorer/progress.h"

static pawl_mutex m;
static pawl_time seen;

static void make_virtual(void)
{
	MODEL_CHECK(pawl_clock_set_virtual(1) == 0);
}

static void advance(void)
{
	int err = pawl_clock_advance(PAWL_MS(1));

	MODEL_CHECK(err == 0 || err == EPERM);
}

static void set_virtual(void)
{
	int err = pawl_clock_set_virtual(PAWL_S(1));

	MODEL_CHECK(err == 0 || err == EALREADY);
}

/* One drives the clock, one waits by it. */
static void drive(unsigned who)
{
	if (who == 2) {
		set_virtual();
		advance();
	} else if (pawl_mutex_lock_until(&m, PAWL_S(1) + PAWL_MS(1)) == 0) {
		pawl_mutex_unlock(&m);
	}
}

static void advance_all(unsigned who)
{
	(void)who;
	advance();
}

static void call_now(void)
{
	seen = pawl_now();
}

static void call_after(void)
{
	seen = pawl_after(PAWL_MS(1)) + pawl_after(-PAWL_MS(1));
}

PROGRESS(now, 3, NULL, "pawl_now", "", .call = call_now, .peer = drive);
PROGRESS(after, 3, NULL, "pawl_after", "", .call = call_after, .peer = drive);
PROGRESS(clock_set_virtual, 3, NULL, "pawl_clock_set_virtual", "", .call = set_virtual,
	 .peer = drive);
PROGRESS(clock_advance, 3, make_virtual, "pawl_clock_advance", "", .call = advance,
	 .peer = advance_all);

static void attach(void)
{
	MODEL_CHECK(pawl_thread_attach() == 0);
}

/* More rounds: more threads, as each attaches once. */
static void attach_some(unsigned who)
{
	if (who < 2 + progress_rounds())
		attach();
}

PROGRESS(thread_attach, 5, NULL, "pawl_thread_attach", "", .unattached = true, .call = attach,
	 .peer = attach_some);

/* Nobody reads it. */
static void dump(void)
{
	pawl_dump(-1);
}

static void lock(void)
{
	pawl_mutex_lock(&m);
}

static void unlock(void)
{
	pawl_mutex_unlock(&m);
}

static void contend(unsigned who)
{
	(void)who;
	lock();
	unlock();
}

/* While it holds what the others wait for. */
PROGRESS(dump, 3, NULL, "pawl_dump", "", .before = lock, .call = dump, .after = unlock,
	 .peer = contend);
