/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache_inline.c - inline ops for a key whose first fetch fails: they end, take over, or begin
 * anew on the thread that failed or canceled, while others hold what the cache locks.
 */
#include <pawl/op.h>

#include "cache_model.h"

enum sight { TOOK_OVER, CANCELED, AGAIN = 0 };
enum { NONE = -1 };

static pawl_op op;
static pawl_cache_ref *ref;
static int got, calls, asked, cancel = NONE;

static void take_result(int rc)
{
	got = use(rc, ref);
	calls++;
}

static void done(pawl_op *which, int rc)
{
	MODEL_CHECK(which == &op);
	take_result(rc);
}

/* The first fetch lasts until the op waits for it. */
static int fetch_until_asked(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	int err = fetch_one(key, len, ret, user);

	while (!__atomic_load_n(&asked, __ATOMIC_RELAXED))
		model_pause();
	return err;
}

static void setup(void)
{
	open_cache(fetch_until_asked);
	failing = 1;
	pawl_op_init_inline(&op, done, NULL);
}

static int start(void)
{
	return pawl_cache_get_or_fetch_op(cache, "b", 1, &ref, &op);
}

static void get_one(void)
{
	int value = get_or_fetch("b", PAWL_FOREVER);

	MODEL_CHECK(value == 2 || value == -EIO);
}

static void start_in_flight(void)
{
	wait_for_flight();
	MODEL_CHECK(start() == EINPROGRESS);
	__atomic_store_n(&asked, 1, __ATOMIC_RELAXED);
}

static void get_or_cancel(unsigned who)
{
	if (who == 1) {
		get_one();
		return;
	}
	start_in_flight();
	cancel = pawl_op_cancel(&op);
}

static void canceled_or_not(void)
{
	MODEL_CHECK(calls == 1 && got == (cancel == 0 ? -ECANCELED : 2));
	model_saw(cancel == 0 ? CANCELED : TOOK_OVER);
	close_cache(fetches > failing);
}

MODEL(cache_inline, .about = "T1 gets a key, and fails; T2 waits by an inline op, and cancels it",
      .threads = 2, .without = NO_MEMORY | CLOCK_JUMPS, .setup = setup, .enter = model_attach,
      .thread = get_or_cancel, .finish = canceled_or_not,
      .sights = { "the op took over", "the op was canceled" });

/* It is canceled, and tries again at once. */
static void start_again(pawl_op *which, int rc)
{
	MODEL_CHECK(which == &op);
	take_result(rc);
	if (calls > 1 || rc == 0)
		return;
	model_saw(AGAIN);
	rc = start();
	if (rc != EINPROGRESS)
		take_result(rc);
}

static void setup_again(void)
{
	setup();
	pawl_op_init_inline(&op, start_again, NULL);
}

static void got_at_last(void)
{
	MODEL_CHECK(calls == 1 + (cancel == 0) && (got == 2 || got == -EIO));
	close_cache(fetches > failing);
}

MODEL(cache_inline_again, .about = "the same, but the op tries again when it was canceled",
      .threads = 2, .preemptions = 2, .without = BELOW, .setup = setup_again,
      .enter = model_attach, .thread = get_or_cancel, .finish = got_at_last,
      .sights = { "the op tried again" });

/* The thread that cancels it has begun to wait for something else, and gives up its mutex for that,
 * to an op whose done() cancels. */
static pawl_mutex m;
static pawl_cond never;
static pawl_op lock_op;

static void unlock_and_cancel(pawl_op *which, int rc)
{
	MODEL_CHECK(which == &lock_op && rc == 0);
	pawl_mutex_unlock(&m);
	cancel = pawl_op_cancel(&op);
}

static void setup_waiting(void)
{
	setup();
	pawl_op_init_inline(&lock_op, unlock_and_cancel, NULL);
}

static void wait_for_nothing(void)
{
	pawl_mutex_lock(&m);
	MODEL_CHECK(pawl_mutex_lock_op(&m, &lock_op) == EINPROGRESS);
	start_in_flight();
	MODEL_CHECK(pawl_cond_wait_until(&never, &m, model_past()) == ETIMEDOUT);
	pawl_mutex_unlock(&m);
}

static void get_or_wait(unsigned who)
{
	if (who == 1)
		get_one();
	else
		wait_for_nothing();
}

MODEL(cache_inline_waits, .about = "T1 fails to get a key; T2 cancels its op as it begins to wait",
      .threads = 2, .preemptions = 2, .without = BELOW, .setup = setup_waiting,
      .enter = model_attach, .thread = get_or_wait, .finish = canceled_or_not,
      .sights = { "the op took over", "the op was canceled" });
