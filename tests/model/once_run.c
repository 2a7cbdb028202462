/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * once_run.c - who runs an initialiser, and who finds that it is done.
 *
 * Initialisers write plain data, so that two at once, or one that does not see what an earlier
 * one left, are a race; and a history says that each call ran one only while it was not done.
 */
#include <errno.h>

#include "explorer/model.h"
#include "wait/owner.h"

enum { FAILURE = EIO };
enum sight { FAILED_BEFORE_OTHERS, DONE_BEFORE_OTHERS, TIMED_OUT };

/* What a call did: it ran an initialiser that failed or succeeded, or found it done. */
enum did { RAN_BADLY, RAN_WELL, FOUND_DONE, GAVE_UP };

static pawl_once o;
static int runs, value;

static void init(void *state)
{
	*(uint64_t *)state = 0;
}

/* State: whether it is done. */
static bool step(void *state, const struct operation *op)
{
	uint64_t *done = state;

	if (op->returned == 0)
		return true;
	switch ((enum did)op->result) {
	case RAN_BADLY:
		return !*done;
	case RAN_WELL:
		return !*done && (*done = 1);
	case FOUND_DONE:
		return *done;
	case GAVE_UP:
		break;
	}
	return true;
}

static const struct specification spec = {
	.name = "once", .state_size = sizeof(uint64_t), .init = init, .step = step
};

static bool others_wait(void)
{
	return __atomic_load_n(&o.word_, __ATOMIC_RELAXED) & WAITERS;
}

static int fail(void *arg)
{
	*(bool *)arg = true;
	runs++;
	if (others_wait())
		model_saw(FAILED_BEFORE_OTHERS);
	return FAILURE;
}

static int succeed(void *arg)
{
	*(bool *)arg = true;
	runs++;
	MODEL_CHECK(value == 0);
	value = 1;
	if (others_wait())
		model_saw(DONE_BEFORE_OTHERS);
	return 0;
}

static enum did what_happened(int err, bool ran)
{
	if (err == ETIMEDOUT) {
		model_saw(TIMED_OUT);
		MODEL_CHECK(!ran);
		return GAVE_UP;
	}
	if (err == FAILURE) {
		MODEL_CHECK(ran);
		return RAN_BADLY;
	}
	MODEL_CHECK(err == 0 && value == 1);
	return ran ? RAN_WELL : FOUND_DONE;
}

static void call(int (*fn)(void *arg), pawl_time deadline)
{
	bool ran = false;
	int err;

	model_invoke(0, 0);
	err = pawl_once_do_until(&o, fn, &ran, deadline);
	model_return(what_happened(err, ran));
}

static void setup(void)
{
	model_name(&o, sizeof o, "o");
}

/* With no run under way, a call that must not wait succeeds or finds it done. */
static void nobody_runs(void)
{
	bool ran = false;

	MODEL_CHECK(pawl_once_do_until(&o, succeed, &ran, model_past()) == 0);
	MODEL_CHECK(pawl_once_is_done(&o) && value == 1);
	MODEL_CHECK(o.queue_ == 0);	/* nobody is in it */
}

static void fail_and_succeed(unsigned who)
{
	if (who == 1)
		call(fail, PAWL_FOREVER);
	call(succeed, PAWL_FOREVER);
}

MODEL(once_mix, .about = "one fails and then succeeds, one succeeds", .threads = 2,
      .enter = model_attach, .setup = setup, .thread = fail_and_succeed, .finish = nobody_runs,
      .spec = &spec,
      .sights = { "an initialiser failed while others waited",
		  "an initialiser succeeded while others waited" });

/* Polls instead of waits, at any of them. */
MODEL(once_memory, .about = "the same, with memory or without", .threads = 2,
      .setup = setup, .thread = fail_and_succeed, .finish = nobody_runs, .spec = &spec,
      .sights = { "an initialiser failed while others waited",
		  "an initialiser succeeded while others waited" });

static void all_fail(unsigned who)
{
	(void)who;
	call(fail, PAWL_FOREVER);
}

static void three_ran(void)
{
	MODEL_CHECK(runs == 3);
	nobody_runs();
}

/* Three that wait are many schedules: two preemptions. */
MODEL(once_failures, .about = "each of three fails, so that the role is handed on twice",
      .threads = 3, .preemptions = 2, .enter = model_attach, .setup = setup, .thread = all_fail,
      .finish = three_ran, .spec = &spec,
      .sights = { "an initialiser failed while others waited" });

/* A role that comes as the deadline passes is taken, or the next one would wait for ever. */
static void timed(unsigned who)
{
	call(who == 3 ? succeed : fail, who == 2 ? model_soon() : PAWL_FOREVER);
}

MODEL(once_timed, .about = "one fails, one has a deadline, and one waits for ever", .threads = 3,
      .preemptions = 2, .enter = model_attach, .setup = setup, .thread = timed,
      .finish = nobody_runs, .spec = &spec,
      .sights = { "an initialiser failed while others waited",
		  "an initialiser succeeded while others waited", "a deadline passed" });

static void timed_pair(unsigned who)
{
	if (who == 1)
		call(fail, PAWL_FOREVER);
	call(who == 1 ? succeed : fail, who == 1 ? PAWL_FOREVER : model_soon());
}

MODEL(once_timed_pair, .about = "one fails and then succeeds, one has a deadline", .threads = 2,
      .enter = model_attach, .setup = setup, .thread = timed_pair, .finish = nobody_runs,
      .spec = &spec,
      .sights = { "an initialiser failed while others waited",
		  "an initialiser succeeded while others waited", "a deadline passed" });
