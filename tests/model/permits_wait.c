/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Permits: each is handed to who waits, or is there for who comes; none is lost, whoever gives up,
 * and nobody sleeps while there is one.
 */
#include <errno.h>

#include "explorer/model.h"
#include "sync/permits.h"
#include "wait/line.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = NO_MEMORY | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
enum { NONE = -1 };
enum sight { GOT, ENDED, AT_ONCE };

static struct permits_given given;
static struct permits_taken had;
static struct permits p = { &given, &had };
static pawl_op op;
static int data, taken, result, started, calls, cancel;

static void make(void)
{
	model_name(&given, sizeof given, "given");
	model_name(&had, sizeof had, "taken");
	model_name(&op, sizeof op, "op");
	started = result = NONE;
}

static int wait_for_one(pawl_time deadline)
{
	struct wait_for what = { "permits", &p, NULL };
	struct limit l = pawl_i_limit(deadline);
	int rc = pawl_i_permits_wait(&p, &what, &l);

	model_saw(rc == 0 ? GOT : ENDED);
	if (rc == 0)
		(void)__atomic_add_fetch(&taken, 1, __ATOMIC_RELAXED);
	return rc;
}

/* Those that were given are taken, or there; nobody waits. */
static void judge(int all)
{
	int err, left = permits_between(given.word, had.word);

	MODEL_CHECK(taken + left == all);
	MODEL_CHECK(given.line == 0);
	MODEL_CHECK(left == 0 || !(given.word & PERMITS_SOME_WAIT));
	if (!(given.word & PERMITS_SHUT))
		MODEL_CHECK((int)permits_take(&p, PERMITS_MAX, &err) == left);
}

static void judge_none(void)
{
	judge(0);
}

static void judge_one(void)
{
	judge(1);
}

static void judge_two(void)
{
	judge(2);
}

/* What was done before a permit was given is seen by who has it. */
static void wait_or_give(unsigned who)
{
	if (who == 1) {
		MODEL_CHECK(wait_for_one(PAWL_FOREVER) == 0);
		MODEL_CHECK(data >= 1);
	} else {
		data = 1;
		permits_give(&p, 1);
	}
}

MODEL(permits_wait, .about = "T1 waits, T2 gives", .threads = 2, .setup = make,
      .thread = wait_or_give, .finish = judge_one, .enter = model_attach,
      .sights = { "it got one" });

/* Each has the one permit, in turn. */
static void make_one(void)
{
	make();
	permits_give(&p, 1);
}

static void use(unsigned who)
{
	for (int i = 0; i < 2; i++) {
		int rc = wait_for_one(who == 1 ? PAWL_FOREVER : model_soon());

		MODEL_CHECK(rc == 0 || (who == 2 && rc == ETIMEDOUT));
		if (rc != 0)
			continue;
		data++;
		taken--;
		permits_give(&p, 1);
	}
}

MODEL(permits_use, .about = "T1 takes and gives twice, as T2, which may give up", .threads = 2,
      .setup = make_one, .thread = use, .finish = judge_one, .enter = model_attach,
      .sights = { "it got one", "its deadline passed" });

/* Somebody waited before, and gave up: the word says still that somebody does. */
static void make_stale(void)
{
	make();
	given.word = PERMITS_SOME_WAIT;
}

MODEL(permits_stale, .about = "one gave up before; T1 waits, T2 gives", .threads = 2,
      .setup = make_stale, .thread = wait_or_give, .finish = judge_one, .enter = model_attach,
      .sights = { "it got one" });

static void late_or_give(unsigned who)
{
	if (who == 1)
		(void)wait_for_one(model_soon());
	else
		permits_give(&p, 1);
}

MODEL(permits_late, .about = "T1 waits until a deadline, T2 gives", .threads = 2, .setup = make,
      .thread = late_or_give, .finish = judge_one, .enter = model_attach,
      .sights = { "it got one", "its deadline passed" });

/* One gives up, or gives it on. */
static void two_wait(unsigned who)
{
	if (who == 3)
		permits_give(&p, 1);
	else if (who == 1)
		MODEL_CHECK(wait_for_one(PAWL_FOREVER) == 0);
	else if (wait_for_one(model_soon()) == 0) {
		taken--;
		permits_give(&p, 1);
	}
}

MODEL(permits_late_two, .about = "T1 waits, T2 does until a deadline, T3 gives", .threads = 3,
      .setup = make, .thread = two_wait, .finish = judge_one, .enter = model_attach,
      .sights = { "it got one", "its deadline passed" }, .without = NOISE, .preemptions = 2);

/* Two at once, and one by one. */
static void two_at_once(unsigned who)
{
	if (who == 3)
		permits_give(&p, 2);
	else
		MODEL_CHECK(wait_for_one(PAWL_FOREVER) == 0);
}

MODEL(permits_give_two, .about = "T1 and T2 wait, T3 gives two", .threads = 3, .setup = make,
      .thread = two_at_once, .finish = judge_two, .enter = model_attach,
      .sights = { "it got one" }, .without = NOISE, .preemptions = 2);

static void one_by_one(unsigned who)
{
	if (who == 3) {
		permits_give(&p, 1);
		permits_give(&p, 1);
	} else {
		MODEL_CHECK(wait_for_one(PAWL_FOREVER) == 0);
	}
}

MODEL(permits_give_each, .about = "T1 and T2 wait, T3 gives one, and one", .threads = 3,
      .setup = make, .thread = one_by_one, .finish = judge_two, .enter = model_attach,
      .sights = { "it got one" }, .without = NOISE, .preemptions = 2);

/* Who comes for what is there, and gives it back. */
static void wait_give_try(unsigned who)
{
	int err;

	if (who == 3 && permits_take(&p, 1, &err) == 1) {
		data++;
		permits_give(&p, 1);
		model_saw(ENDED);
	} else if (who != 3) {
		wait_or_give(who);
	}
}

MODEL(permits_barge, .about = "T1 waits, T2 gives, T3 takes one and gives it back", .threads = 3,
      .setup = make, .thread = wait_give_try, .finish = judge_one, .enter = model_attach,
      .sights = { "it got one", "T3 had it" }, .without = NOISE);

/* Two takers, of whom one goes by what the other saw. */
static void give_two_or_take(unsigned who)
{
	int err;

	if (who == 3) {
		data = 1;
		permits_give(&p, 2);
	} else if (permits_take(&p, 1, &err) == 1) {
		MODEL_CHECK(data == 1);
		(void)__atomic_add_fetch(&taken, 1, __ATOMIC_RELAXED);
		model_saw(GOT);
	}
}

MODEL(permits_limit, .about = "T1 and T2 try, T3 gives two", .threads = 3, .setup = make,
      .thread = give_two_or_take, .finish = judge_two, .enter = model_attach,
      .sights = { "it got one" });

/* Shut: those who wait, or would, learn it, and what was done before that. */
static void wait_or_shut(unsigned who)
{
	if (who == 1) {
		MODEL_CHECK(wait_for_one(PAWL_FOREVER) == EPIPE);
		MODEL_CHECK(data == 1);
	} else {
		data = 1;
		pawl_i_permits_shut(&p);
	}
}

MODEL(permits_shut, .about = "T1 waits, T2 shuts", .threads = 2, .setup = make,
      .thread = wait_or_shut, .finish = judge_none, .enter = model_attach,
      .sights = { NULL, "it was shut" });

static void try_or_shut(unsigned who)
{
	int err;

	if (who == 1) {
		if (permits_take(&p, 1, &err) == 0 && err == EPIPE)
			MODEL_CHECK(data == 1);
	} else {
		data = 1;
		pawl_i_permits_shut(&p);
	}
}

MODEL(permits_shut_try, .about = "T1 tries, T2 shuts", .threads = 2, .setup = make,
      .thread = try_or_shut, .finish = judge_none, .enter = model_attach);

static void wait_give_shut(unsigned who)
{
	if (who == 1)
		(void)wait_for_one(model_soon());
	else if (who == 2)
		permits_give(&p, 1);
	else
		pawl_i_permits_shut(&p);
}

MODEL(permits_shut_give, .about = "T1 waits until a deadline, T2 gives, T3 shuts", .threads = 3,
      .setup = make_stale, .thread = wait_give_shut, .finish = judge_one, .enter = model_attach,
      .sights = { "it got one", "it did not" }, .without = NOISE);

/*** Ops ***************************************************************************************/

static int finish(pawl_op *which, uint32_t answer, bool closing)
{
	(void)closing;
	return answer == GRANT ? 0 : answer == CLOSED ? EPIPE : pawl_i_op_error(which, answer);
}

static const struct op_verb verb = { "permits", finish };

static void done(pawl_op *which, int rc)
{
	(void)which;
	calls++;
	result = rc;
	taken += rc == 0;
}

static void make_op(void)
{
	make_stale();
	pawl_op_init_inline(&op, done, NULL);
}

static void start(void)
{
	int err = 0;

	do {
		if (permits_take(&p, 1, &err) == 1) {
			model_saw(AT_ONCE);
			done(&op, 0);
			return;
		}
		started = err == EPIPE ? EPIPE : pawl_i_permits_wait_op(&p, &op, &verb, &p);
	} while (started == EAGAIN);
	if (started != EINPROGRESS)
		done(&op, started);
}

static void start_give_cancel(unsigned who)
{
	if (who == 1)
		start();
	else if (who == 2)
		permits_give(&p, 1);
	else
		cancel = pawl_op_cancel(&op);
}

static void granted_or(int end)
{
	MODEL_CHECK(calls == 1 && (result == 0 || result == end));
	if (started == EINPROGRESS)
		model_saw(result == 0 ? GOT : ENDED);
	judge_one();
}

static void granted_or_canceled(void)
{
	MODEL_CHECK((result == 0) == (cancel != 0));
	granted_or(ECANCELED);
}

MODEL(permits_op_cancel, .about = "T1 starts an op, T2 gives, T3 cancels it", .threads = 3,
      .setup = make_op, .thread = start_give_cancel, .finish = granted_or_canceled,
      .enter = model_attach, .sights = { "it got one", "canceled", "at once" },
      .without = NOISE);

static void start_give_shut(unsigned who)
{
	if (who < 3)
		start_give_cancel(who);
	else
		pawl_i_permits_shut(&p);
}

static void granted_or_shut(void)
{
	granted_or(EPIPE);
}

MODEL(permits_op_shut, .about = "T1 starts an op, T2 gives, T3 shuts", .threads = 3,
      .setup = make_op, .thread = start_give_shut, .finish = granted_or_shut,
      .enter = model_attach, .sights = { "it got one", "shut", "at once" },
      .without = NOISE);
