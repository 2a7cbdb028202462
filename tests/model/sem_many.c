/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several permits at once, debts, and releases of several: none is lost when who collects, or waits
 * for who collects, gives up; and two large requests do not hold each a part of the other's.
 */
#include <errno.h>

#include <pawl/sem.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

enum sight { GOT_THEM, GAVE_UP };

static pawl_sem s;
static int taken;

static void make(int64_t permits, unsigned flags)
{
	MODEL_CHECK(pawl_sem_init(&s, permits, flags) == 0);
	model_name(&s, sizeof s, "s");
}

static void make_none(void)
{
	make(0, 0);
}

static void make_one(void)
{
	make(1, 0);
}

static void make_two(void)
{
	make(2, 0);
}

static void make_two_fair(void)
{
	make(2, PAWL_FAIR);
}

static void judge(int64_t permits)
{
	MODEL_CHECK(pawl_sem_value(&s) + taken == permits);
	MODEL_CHECK(s.queue_ == 0 && (s.word_ & 4) == 0);
	pawl_sem_destroy(&s);
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

static bool take(int64_t n, pawl_time deadline)
{
	int rc = n == 1 ? pawl_sem_acquire_until(&s, deadline) :
		pawl_sem_acquire_n(&s, n, deadline);

	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT);
	model_saw(rc == 0 ? GOT_THEM : GAVE_UP);
	return rc == 0;
}

static void use(int64_t n, pawl_time deadline)
{
	if (take(n, deadline))
		pawl_sem_release(&s, n);
}

static void keep(int64_t n, pawl_time deadline)
{
	if (take(n, deadline))
		(void)__atomic_add_fetch(&taken, (int)n, __ATOMIC_RELAXED);
}

static void use_both(unsigned who)
{
	(void)who;
	use(2, PAWL_FOREVER);
}

static void use_both_or_one(unsigned who)
{
	use(who < 3 ? 2 : 1, PAWL_FOREVER);
}

#define TWO .enter = model_attach, .finish = judge_two
#define GOT .sights = { "one got them" }
#define LATE .sights = { "one got them", "a deadline passed" }
#define QUIET .without = NOISE | NO_MEMORY, .preemptions = 2

MODEL(sem_many, .about = "two want both permits", .threads = 2, .setup = make_two,
      .thread = use_both, TWO, GOT, .without = SPINS | SPURIOUS_WAKES | CLOCK_JUMPS);

MODEL(sem_many_three, .about = "two want both permits, one wants one", .threads = 3,
      .setup = make_two, .thread = use_both_or_one, TWO, GOT, QUIET);

MODEL(sem_many_fair, .about = "the same, fair", .threads = 3, .setup = make_two_fair,
      .thread = use_both_or_one, TWO, GOT, QUIET);

/* Who is at the turnstile, or before it, gives up. */
static void use_both_timed(unsigned who)
{
	use(who < 3 ? 2 : 1, who == 2 ? PAWL_FOREVER : model_soon());
}

MODEL(sem_many_late, .about = "the same, two with deadlines", .threads = 3, .setup = make_two,
      .thread = use_both_timed, TWO, LATE, QUIET);

/* One of two permits comes, and then no other. */
static void collect_part(unsigned who)
{
	if (who == 2) {
		pawl_sem_release(&s, 1);
		return;
	}
	MODEL_CHECK(pawl_sem_acquire_n(&s, 2, model_soon()) == ETIMEDOUT);
	model_saw(0);
}

MODEL(sem_many_part, .about = "one of the two permits that one wants until a deadline comes",
      .threads = 2, .setup = make_none, .thread = collect_part, .finish = judge_one,
      .enter = model_attach, .sights = { "its deadline passed" });

/* Two come at once for two who wait, one of whom gives up. */
static void two_at_once(unsigned who)
{
	if (who == 3)
		pawl_sem_release(&s, 2);
	else
		keep(1, who == 1 ? model_soon() : PAWL_FOREVER);
}

MODEL(sem_many_at_once, .about = "two wait, one with a deadline, two permits come at once",
      .threads = 3, .setup = make_none, .thread = two_at_once, TWO, LATE, QUIET);

/* A debt: one permit that is out is to be none. */
static void make_debt(void)
{
	make_one();
	MODEL_CHECK(pawl_sem_tryacquire(&s) == 0);
}

static void adjust_or_wait(unsigned who)
{
	if (who == 1) {
		int64_t n = pawl_sem_adjust(&s, -1);

		MODEL_CHECK(n == -1 || n == 0);
		pawl_sem_release(&s, 2);
	} else {
		keep(1, PAWL_FOREVER);
	}
}

MODEL(sem_debt, .about = "one is taken away and two are released, one waits", .threads = 2,
      .setup = make_debt, .thread = adjust_or_wait, .finish = judge_one, .enter = model_attach,
      GOT);

/* More than that: nobody gets one before it is paid. */
static void pay_or_wait(unsigned who)
{
	if (who == 1)
		MODEL_CHECK(pawl_sem_adjust(&s, -1) <= 0);
	else if (who == 2)
		pawl_sem_release(&s, 1);
	else
		keep(1, model_soon());
}

MODEL(sem_debt_three, .about = "one is taken away, one released, one waits until a deadline",
      .threads = 3, .setup = make_debt, .thread = pay_or_wait, .finish = judge_none,
      .enter = model_attach, LATE, QUIET);

static void make_in_debt(void)
{
	make(0, PAWL_FAIR);
	MODEL_CHECK(pawl_sem_adjust(&s, -1) == -1);
}

static void pay_and_give(unsigned who)
{
	if (who == 1)
		pawl_sem_release(&s, 2);
	else
		keep(1, PAWL_FOREVER);
}

MODEL(sem_debt_paid, .about = "a debt of one, two are released, one waits", .threads = 2,
      .setup = make_in_debt, .thread = pay_and_give, .finish = judge_one, .enter = model_attach,
      GOT);

/* One is not enough. */
static void pay_or_be_late(unsigned who)
{
	if (who == 1)
		pawl_sem_release(&s, 1);
	else
		MODEL_CHECK(pawl_sem_acquire_until(&s, model_soon()) == ETIMEDOUT);
	model_saw(0);
}

MODEL(sem_debt_only, .about = "a debt of one, one is released, one waits until a deadline",
      .threads = 2, .setup = make_in_debt, .thread = pay_or_be_late, .finish = judge_none,
      .enter = model_attach, .sights = { "one is done" });
