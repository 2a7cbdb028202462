/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends of waits for another's fetch: it succeeds, or fails and leaves the fetch to who waits, a
 * thread or an op (ends_model.h).
 */
#include <pawl/op.h>

#include "cache_model.h"
#include "ends_model.h"

static int asked;
static pawl_cache_ref *ref;

/* The first fetch lasts until an op waits for it. */
static int fetch_until_asked(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	int err = fetch_one(key, len, ret, user);

	while (!__atomic_load_n(&asked, __ATOMIC_RELAXED))
		model_pause();
	return err;
}

static void make_good(void)
{
	open_cache(fetch_one);
}

static void make_bad(void)
{
	open_cache(fetch_one);
	failing = 1;
}

static void make_good_op(void)
{
	open_cache(fetch_until_asked);
}

static void make_bad_op(void)
{
	open_cache(fetch_until_asked);
	failing = 1;
}

static int wait_for_value(pawl_time deadline)
{
	int got;

	wait_for_flight();
	got = get_or_fetch("b", deadline);
	MODEL_CHECK(got < 0 || got == 1 + failing);
	return got < 0 ? -got : 0;
}

static void fetch(void)
{
	MODEL_CHECK(get_or_fetch("b", PAWL_FOREVER) == (failing ? -EIO : 1));
}

/* It is there, or can be fetched. */
static void judge(int taken_by)
{
	MODEL_CHECK(fetches == (failing && taken_by > 0 ? 2 : 1));
	MODEL_CHECK(get_or_fetch("b", model_past()) == 1 + failing);
	close_cache(1);
}

#define CACHE .size = 1, .wait = wait_for_value, .grant = fetch, .judge = judge

static const struct subject good = { CACHE, .make = make_good };
static const struct subject bad = { CACHE, .make = make_bad };
static const struct subject good_op = { CACHE, .make = make_good_op };
static const struct subject bad_op = { CACHE, .make = make_bad_op };

ENDS_THREAD(ends_cache, good);
ENDS_THREAD(ends_cache_role, bad);

/* Ops are started while the fetch goes on. */
static void done_cache(pawl_op *op, int rc)
{
	if (rc == 0)
		MODEL_CHECK(use(0, ref) == 1 + failing);
	done(op, rc);
}

static void start_in_flight(void)
{
	results[0] = NONE;
	wait_for_flight();
	MODEL_CHECK(pawl_cache_get_or_fetch_op(cache, "b", 1, &ref, &ops[0]) == EINPROGRESS);
	__atomic_store_n(&asked, 1, __ATOMIC_RELEASE);
}

static void start_dispatch_cancel(unsigned who)
{
	if (who == 1)
		start_in_flight();
	while (who == 2 && !__atomic_load_n(&asked, __ATOMIC_ACQUIRE))
		model_pause();
	dispatch_cancel_grant(who);
}

static void start_close_cancel(unsigned who)
{
	if (who != 1) {
		start_dispatch_cancel(who);
		return;
	}
	start_in_flight();
	pawl_cq_close(cq);
	cq = NULL;
}

static void begin_op(const struct subject *s)
{
	begin(s, model_soon());
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	model_name(cq, 256, "cq");
	pawl_op_init(&ops[0], cq, done_cache, NULL);
	pawl_op_deadline(&ops[0], until);
}

static void make_good_started(void)
{
	begin_op(&good_op);
}

static void make_bad_started(void)
{
	begin_op(&bad_op);
}

#define OP .threads = 3, .enter = model_attach, .thread = start_dispatch_cancel, \
	.finish = end_one, .sights = { SIGHTS }, .without = LEAST, .preemptions = 2

MODEL(ends_cache_op, .about = "T1 waits by an op until a deadline, T2 cancels it, T3 fetches",
      .setup = make_good_started, OP);

MODEL(ends_cache_op_role, .about = "the same, and the fetch of T3 fails",
      .setup = make_bad_started, OP);

/* The queue is closed meanwhile. */
MODEL(ends_cache_closed, .about = "T1 waits by an op and closes its queue, T2 cancels, T3 fetches",
      .threads = 3, .setup = make_bad_started, .enter = model_attach,
      .thread = start_close_cancel, .finish = end_closed, .without = LEAST, .preemptions = 2,
      .sights = { "canceled", "granted or closed" });
