/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of an heir, a waiter that an unlock woke without giving it the mutex: it loses
 * to one that barges in and waits in front again; it starves, and the next unlock gives it the
 * mutex; it gives up.  Thread 1 holds the mutex from the beginning, and barges in.  Who holds
 * it may look at the list, as a waiter that gives up does.
 */
#include <errno.h>

#include <pawl/atomic.h>

#include "explorer/model.h"
#include "wait/list.h"

enum { WOKEN = 4 };	/* as in lib/sync/mutex.c */

/* What only makes more schedules here, and is in other models. */
enum { NOISE = SPINS | SPURIOUS_WAKES };

static pawl_mutex m;
static uint64_t self_of_2;
static uint64_t due;		/* who must have it next; 0: anybody */
static bool in_front, starved, behind_heir;
static int result;

static void make(void)
{
	model_name(&m, sizeof m, "m");
}

static void enter(unsigned who)
{
	model_attach(who);
	if (who == 1)
		pawl_mutex_lock(&m);
	if (who == 2)
		self_of_2 = pawl_self_;
}

static void visit(void)
{
	pawl_mutex_lock(&m);
	MODEL_CHECK(due == 0 || due == pawl_self_);
	due = 0;
	pawl_mutex_unlock(&m);
}

/* Leave the mutex, take it again, which may be before an heir does, and see who waits.
 * @last: the caller will not come back; so nobody can pass one behind whom another waits. */
static void barge(bool last)
{
	const struct waiter *first;

	pawl_mutex_unlock(&m);
	pawl_mutex_lock(&m);
	pawl_i_list_lock(&m.word_);
	first = list_first(m.queue_);
	if (first) {
		MODEL_CHECK(first->next == first || !first->next->front);
		in_front = first->front && first->next != first;
		starved = first->starving;
		behind_heir = first->self != self_of_2 && (pawl_load_(&m.word_, relaxed) & WOKEN);
		due = starved || (in_front && last) ? first->self : 0;
	}
	pawl_i_list_unlock(&m.word_, 0);
}

static void barge_and_leave(bool last)
{
	barge(last);
	pawl_mutex_unlock(&m);
}

static void one_barges(unsigned who)
{
	if (who == 1)
		barge_and_leave(true);
	else
		visit();
}

static void judge_front(void)
{
	if (in_front)
		model_saw(0);
	pawl_mutex_destroy(&m);
}

static void judge_starving(void)
{
	if (starved)
		model_saw(0);
	pawl_mutex_destroy(&m);
}

static void judge_both(void)
{
	if (in_front && starved)
		model_saw(0);
	pawl_mutex_destroy(&m);
}

MODEL(mutex_heir, .about = "an heir loses, and waits in front of another", .threads = 3,
      .setup = make, .enter = enter, .thread = one_barges, .finish = judge_front,
      .sights = { "one that had lost waited in front of another" },
      .without = CLOCK_JUMPS | NOISE, .deviations = 1);

static void one_barges_twice(unsigned who)
{
	if (who == 1)
		barge_and_leave(false);
	visit();
}

/* One waits, or with one barging less two. */
MODEL(mutex_starving, .about = "an heir loses for 1 ms, and is given the mutex", .threads = 2,
      .setup = make, .enter = enter, .thread = one_barges_twice, .finish = judge_starving,
      .sights = { "one starved" });

MODEL(mutex_starving_front, .about = "the same, in front of another", .threads = 3,
      .setup = make, .enter = enter, .thread = one_barges, .finish = judge_both,
      .sights = { "one starved in front of another" },
      .without = STALE_LOADS | WEAK_FAILURES | NOISE);

static void visit_until(pawl_time deadline)
{
	result = pawl_mutex_lock_until(&m, deadline);
	if (result == 0)
		pawl_mutex_unlock(&m);
}

/* A jump of the clock is 5 ms: after the first it starves, after the second it is late. */
static void starve_until(unsigned who)
{
	if (who == 2) {
		visit_until(model_soon() + PAWL_MS(5));
		return;
	}
	barge(false);
	model_pause();	/* here it may give up */
	pawl_mutex_unlock(&m);
}

static void judge_starved(void)
{
	if (starved && result == ETIMEDOUT)
		model_saw(0);
	pawl_mutex_destroy(&m);
}

MODEL(mutex_starving_late, .about = "one that starves gives up", .threads = 2,
      .setup = make, .enter = enter, .thread = starve_until, .finish = judge_starved,
      .sights = { "one that starved gave up" });

static void resign(unsigned who)
{
	if (who == 1) {
		barge_and_leave(false);
	} else if (who == 2) {
		visit_until(model_soon());
	} else {
		pawl_mutex_lock(&m);
		pawl_mutex_unlock(&m);
	}
}

static void judge_heir(void)
{
	if (behind_heir && result == ETIMEDOUT)
		model_saw(0);
	pawl_mutex_destroy(&m);
}

MODEL(mutex_heir_late, .about = "an heir gives up, and another waits behind it", .threads = 3,
      .setup = make, .enter = enter, .thread = resign, .finish = judge_heir,
      .sights = { "an heir gave up, and another waited behind it" },
      .without = NOISE, .deviations = 1);
