/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache_op.c - ops and a thread that want one key, whose first fetch fails: the role passes on to
 * the next in line, past those that are canceled or whose queue is closed, and each op is over
 * once.
 */
#include <pawl/op.h>

#include "cache_model.h"
#include "platform/poll.h"

enum sight { WAITED, TOOK_OVER, CANCELED = 0 };
enum { OPS = 2 };

static pawl_cq *cq;
static pawl_op op[OPS];
static pawl_cache_ref *refs[OPS];
static int started[OPS], got[OPS], pending, cancel;

/* What @i got: the value, or the error, negative. */
static void take_result(long i, int rc)
{
	MODEL_CHECK(got[i] == 0);
	got[i] = use(rc, refs[i]);
}

static void done(pawl_op *which, int rc)
{
	take_result(which - op, rc);
	pending--;
}

static void setup_with(pawl_fetch_fn fetch)
{
	open_cache(fetch);
	failing = 1;
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	model_name(cq, 256, "cq");
	for (int i = 0; i < OPS; i++)
		pawl_op_init(&op[i], cq, done, NULL);
}

static void setup(void)
{
	setup_with(fetch_one);
}

static void start(int i)
{
	started[i] = pawl_cache_get_or_fetch_op(cache, "b", 1, &refs[i], &op[i]);
	if (started[i] == EINPROGRESS)
		pending++;
	else
		take_result(i, started[i]);
}

static void dispatch(void)
{
	while (pending > 0) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
}

static void get_one(void)
{
	int value = get_or_fetch("b", PAWL_FOREVER);

	MODEL_CHECK(value == 2 || value == -EIO);
}

static void see(int i)
{
	if (started[i] != EINPROGRESS)
		return;
	model_saw(WAITED);
	if (got[i] == fetches && values[1] != 0)
		model_saw(TOOK_OVER);
}

static void close_both(void)
{
	pawl_cq_close(cq);
	close_cache(fetches > failing);
}

static void get_by_both(unsigned who)
{
	if (who == 1) {
		get_one();
		return;
	}
	start(0);
	start(1);
	dispatch();
}

static void both_got(void)
{
	int failed = 0;

	for (int i = 0; i < OPS; i++) {
		MODEL_CHECK(got[i] == 2 || got[i] == -EIO);
		failed += got[i] == -EIO;
		see(i);
	}
	MODEL_CHECK(failed <= 1 && fetches == 2);
	close_both();
}

MODEL(cache_op, .about = "T1 gets a key, T2 by two ops; the first fetch fails",
      .threads = 2, .without = NO_MEMORY | CLOCK_JUMPS, .setup = setup, .enter = model_attach,
      .thread = get_by_both, .finish = both_got,
      .sights = { "an op waited", "an op took over" });

/* The first fetch lasts until the op waits for it. */
static int asked;

static int fetch_until_asked(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	int err = fetch_one(key, len, ret, user);

	while (!__atomic_load_n(&asked, __ATOMIC_RELAXED))
		model_pause();
	return err;
}

static void setup_long(void)
{
	setup_with(fetch_until_asked);
}

static void start_in_flight(void)
{
	wait_for_flight();
	start(0);
	MODEL_CHECK(started[0] == EINPROGRESS);
	__atomic_store_n(&asked, 1, __ATOMIC_RELAXED);
}

static void get_or_cancel(unsigned who)
{
	if (who == 1) {
		get_one();
		return;
	}
	start_in_flight();
	cancel = pawl_op_cancel(&op[0]);
	dispatch();
}

static void canceled_or_not(void)
{
	MODEL_CHECK(got[0] == (cancel == 0 ? -ECANCELED : 2));
	model_saw(cancel == 0 ? CANCELED : TOOK_OVER);
	close_both();
}

MODEL(cache_op_cancel, .about = "T1 gets a key, and fails; T2 waits by an op, and cancels it",
      .threads = 2, .without = NO_MEMORY | CLOCK_JUMPS, .setup = setup_long,
      .enter = model_attach, .thread = get_or_cancel, .finish = canceled_or_not,
      .sights = { "the op was canceled", "the op took over" });

static void close_queue(void)
{
	start_in_flight();
	pawl_cq_close(cq);
	cq = NULL;
	MODEL_CHECK(got[0] == -ECANCELED);
}

/* If the op was to fetch, T1 comes after it in line. */
static void get_twice_or_close(unsigned who)
{
	if (who == 2) {
		close_queue();
		return;
	}
	get_one();
	get_one();
}

MODEL(cache_op_close, .about = "T1 gets a key, fails, tries again; T2 waits by an op, and closes",
      .threads = 2, .preemptions = 2,	/* T1 has many steps */
      .without = NO_MEMORY | CLOCK_JUMPS, .setup = setup_long,
      .enter = model_attach, .thread = get_twice_or_close, .finish = close_both);

static void setup_success(void)
{
	setup_long();
	failing = 0;
}

static void get_or_close(unsigned who)
{
	if (who == 1)
		MODEL_CHECK(get_or_fetch("b", PAWL_FOREVER) == 1);
	else
		close_queue();
}

MODEL(cache_op_granted, .about = "T1 gets a key; T2 waits for it by an op, and closes its queue",
      .threads = 2, .without = NO_MEMORY | CLOCK_JUMPS, .setup = setup_success,
      .enter = model_attach, .thread = get_or_close, .finish = close_both);
