/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of an heir, a waiter that an unlock told to try without giving it the mutex: it
 * loses to one that barges in and parks in front of all others; it starves, and the next unlock
 * gives it the mutex; it gives up, also while it is called.  Thread 1 holds the mutex from the
 * beginning, barges in, and looks at who waits.
 */
#include <errno.h>

#include <pawl/atomic.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"
#include "wait/context.h"
#include "wait/line.h"
#include "wait/owner.h"

enum { WOKEN = 4, HEIR = 8, STARVING = 16 };	/* as in lib/sync/mutex.c */

/* What only makes more schedules of three, and is in the models of two; so are more preemptions. */
enum { NOISE = STALE_LOADS | WEAK_FAILURES | SPINS | SPURIOUS_WAKES | NO_MEMORY };

static pawl_mutex m;
static struct waiter *waiter_of[4];
static uint32_t heir, due;	/* handles: the parked heir; who must have it next; 0: anybody */
static bool in_front, starved;
static int result;

static void make(void)
{
	model_name(&m, sizeof m, "m");
	model_cells = 1;
}

static void enter(unsigned who)
{
	model_attach(who);
	waiter_of[who] = pawl_i_context()->waiter;
	if (who == 1)
		pawl_mutex_lock(&m);
}

static bool is_parked(const struct waiter *w)
{
	return w && (pawl_load_(&w->word, relaxed) & (REF_MARK - 1)) == PARKED;
}

static bool both_wait(void)
{
	return is_parked(waiter_of[2]) && is_parked(waiter_of[3]);
}

/* By the owner, of threads 2 and 3. */
static void look(void)
{
	uint64_t word = pawl_load_(&m.word_, acquire);
	uint64_t *place = word & HEIR ? pawl_i_line_words(&m.queue_) : NULL;

	if (!place)	/* or it gave up meanwhile */
		return;
	heir = ref_handle(pawl_load_(place, relaxed));
	in_front = is_parked(waiter_of[heir == waiter_of[2]->handle ? 3 : 2]);
	starved = word & STARVING;
}

/* @last: thread 1 will not come back; so nobody can pass one behind whom another waits. */
static void barge(bool last)
{
	uint32_t first = both_wait() ? ref_handle(pawl_i_line_first(&m.queue_)) : 0;

	pawl_mutex_unlock(&m);
	pawl_mutex_lock(&m);
	model_pause();	/* here the heir may lose */
	look();
	due = starved ? heir : 0;
	if (first != 0 && last && both_wait())
		due = first;
}

static void barge_and_leave(bool last)
{
	barge(last);
	pawl_mutex_unlock(&m);
}

static void visit(unsigned who)
{
	pawl_mutex_lock(&m);
	MODEL_CHECK(due == 0 || due == waiter_of[who]->handle);
	due = 0;
	pawl_mutex_unlock(&m);
}

static void one_barges(unsigned who)
{
	if (who == 1)
		barge_and_leave(true);
	else
		visit(who);
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
      .without = ~0u, .preemptions = 1);

static void one_barges_twice(unsigned who)
{
	if (who == 1)
		barge_and_leave(false);
	visit(who);
}

/* One waits, or with one barging less two. */
MODEL(mutex_starving, .about = "an heir loses for 1 ms, and is given the mutex", .threads = 2,
      .setup = make, .enter = enter, .thread = one_barges_twice, .finish = judge_starving,
      .sights = { "one starved" });

MODEL(mutex_starving_front, .about = "the same, in front of another", .threads = 3,
      .setup = make, .enter = enter, .thread = one_barges, .finish = judge_both,
      .sights = { "one starved in front of another" },
      .without = NOISE | TIMEOUTS, .preemptions = 1);

static void visit_until(pawl_time deadline)
{
	result = pawl_mutex_lock_until(&m, deadline);
	MODEL_CHECK(result == 0 || result == ETIMEDOUT);
	MODEL_CHECK(pawl_mutex_is_mine(&m) == (result == 0));
	if (result != 0)
		return;
	if (heir != 0 && pawl_now() >= deadline)
		model_saw(1);
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
      .sights = { "one that starved gave up", "it was called as its deadline passed" });

static void resign(unsigned who)
{
	if (who == 1)
		barge_and_leave(false);
	else if (who == 2)
		visit_until(model_soon());
	else
		visit(who);
}

static void judge_heir(void)
{
	if (heir == waiter_of[2]->handle && result == ETIMEDOUT)
		model_saw(0);
	pawl_mutex_destroy(&m);
}

#define LATE_SIGHTS { "a parked heir gave up", "it was called as its deadline passed" }

MODEL(mutex_heir_late, .about = "an heir gives up", .threads = 2, .setup = make,
      .enter = enter, .thread = resign, .finish = judge_heir, .sights = LATE_SIGHTS);

static void judge_behind(void)
{
	if (in_front && heir == waiter_of[2]->handle && result == ETIMEDOUT)
		model_saw(0);
	pawl_mutex_destroy(&m);
}

MODEL(mutex_heir_behind, .about = "an heir gives up, and another waits behind it", .threads = 3,
      .setup = make, .enter = enter, .thread = resign, .finish = judge_behind,
      .sights = { "an heir gave up, and another waited behind it" },
      .without = NOISE | CLOCK_JUMPS, .preemptions = 1);
