/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A closed semaphore lets nobody wait, and takes no permit away: who waits, who is about to, who
 * has been woken, and who collects several.
 */
#include <errno.h>

#include <pawl/op.h>
#include <pawl/sem.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

/* What only makes more schedules of three, and is in the models of two. */
enum {
	NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES,
	MORE_NOISE = NOISE | STALE_LOADS | WEAK_FAILURES
};

static pawl_sem s;
static int taken, data;

static void make(unsigned flags)
{
	MODEL_CHECK(pawl_sem_init(&s, 0, flags) == 0);
	model_name(&s, sizeof s, "s");
}

static void make_none(void)
{
	make(0);
}

static void make_none_fair(void)
{
	make(PAWL_FAIR);
}

static void note(int rc, int n)
{
	MODEL_CHECK(rc == 0 || rc == EPIPE);
	model_saw(rc == 0 ? 0 : 1);
	if (rc == 0)
		(void)__atomic_add_fetch(&taken, n, __ATOMIC_RELAXED);
}

static void judge(int permits)
{
	MODEL_CHECK(s.queue_ == 0);
	MODEL_CHECK(pawl_sem_value(&s) + taken == permits);
	MODEL_CHECK(pawl_sem_tryacquire(&s) == EPIPE);
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

static void wait_or_close(unsigned who)
{
	if (who == 1)
		MODEL_CHECK(pawl_sem_acquire(&s) == EPIPE);
	else
		pawl_sem_close(&s);
	model_saw(0);
}

MODEL(sem_close, .about = "one waits, one closes", .threads = 2, .setup = make_none,
      .thread = wait_or_close, .finish = judge_none, .enter = model_attach,
      .sights = { "it was closed" });

/* Two waits, one close. */
static void two_wait(unsigned who)
{
	wait_or_close(who == 3 ? 2 : 1);
}

MODEL(sem_close_two, .about = "two wait, one closes", .threads = 3, .setup = make_none,
      .thread = two_wait, .finish = judge_none, .enter = model_attach,
      .sights = { "it was closed" }, .without = MORE_NOISE, .preemptions = 2);

static void wait_release_close(unsigned who)
{
	if (who == 1) {
		int rc = pawl_sem_acquire(&s);

		MODEL_CHECK(rc != 0 || data == 7);
		note(rc, 1);
	} else if (who == 2) {
		data = 7;
		pawl_sem_release(&s, 1);
	} else {
		pawl_sem_close(&s);
	}
}

#define THREE .threads = 3, .enter = model_attach, .without = NOISE, .preemptions = 2, \
	.sights = { "it got one", "it was closed" }

MODEL(sem_close_release, .about = "one waits, one releases, one closes", .setup = make_none,
      .thread = wait_release_close, .finish = judge_one, THREE);

MODEL(sem_close_release_fair, .about = "the same, fair", .setup = make_none_fair,
      .thread = wait_release_close, .finish = judge_one, THREE);

/* Who collects gives back what it has. */
static void collect_release_close(unsigned who)
{
	if (who == 1) {
		note(pawl_sem_acquire_n(&s, 2, PAWL_FOREVER), 2);
	} else if (who == 2) {
		pawl_sem_release(&s, 1);
		pawl_sem_release(&s, 1);
	} else {
		pawl_sem_close(&s);
	}
}

MODEL(sem_close_many, .about = "one wants two permits, one releases two, one closes",
      .setup = make_none, .thread = collect_release_close, .finish = judge_two, THREE);

/* Somebody waited before, and gave up: the word says still that somebody does. */
static pawl_op before;

static void done(pawl_op *op, int rc)
{
	MODEL_CHECK(op == &before && rc == ECANCELED);
}

static void make_stale(void)
{
	make(0);
	pawl_op_init_inline(&before, done, NULL);
	MODEL_CHECK(pawl_sem_acquire_op(&s, &before) == EINPROGRESS);
	MODEL_CHECK(pawl_op_cancel(&before) == 0);
}

MODEL(sem_close_stale, .about = "one gave up; one waits, one closes", .threads = 2,
      .setup = make_stale, .thread = wait_or_close, .finish = judge_none, .enter = model_attach,
      .sights = { "it was closed" });

static void wait_or_release(unsigned who)
{
	if (who == 1)
		note(pawl_sem_acquire(&s), 1);
	else
		pawl_sem_release(&s, 1);
}

static void none_left(void)
{
	MODEL_CHECK(s.queue_ == 0 && pawl_sem_value(&s) == 0);
	pawl_sem_destroy(&s);
}

MODEL(sem_close_never, .about = "one gave up; one waits, one releases", .threads = 2,
      .setup = make_stale, .thread = wait_or_release, .finish = none_left, .enter = model_attach,
      .sights = { "it got one" });

/* Who finds it closed sees what was done before that. */
static void close_or_find_closed(unsigned who)
{
	if (who == 1) {
		data = 1;
		pawl_sem_close(&s);
	} else if (pawl_sem_tryacquire(&s) == EPIPE) {
		MODEL_CHECK(data == 1);
		model_saw(0);
	}
}

static void destroy_it(void)
{
	pawl_sem_destroy(&s);
}

MODEL(sem_closed_before, .about = "T1 closes, T2 finds it closed", .threads = 2,
      .setup = make_none, .thread = close_or_find_closed, .finish = destroy_it,
      .enter = model_attach, .sights = { "it was closed" });
