/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads lock and unlock one mutex, by either policy.  Nobody is inside with another (that
 * would be a race on count), nobody sleeps for ever, and at the end the word is as at the
 * beginning, or destroy would refuse.  Three do so once: two wait at a time; two do so twice: who
 * lets go comes back.
 */
#include "explorer/model.h"
#include "reclaim/sizes.h"

/* What only makes more schedules of three. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static pawl_mutex m;
static int count;

static void visit(unsigned who)
{
	(void)who;
	pawl_mutex_lock(&m);
	MODEL_CHECK(pawl_mutex_is_mine(&m));
	count++;
	pawl_mutex_unlock(&m);
}

static void enter(unsigned who)
{
	model_attach(who);
	if (who == 1)
		pawl_mutex_lock(&m);
}

/* Thread 1 has the mutex from the beginning. */
static void visit_twice(unsigned who)
{
	if (who == 1) {
		count++;
		pawl_mutex_unlock(&m);
	} else {
		visit(who);
	}
	visit(who);
}

static void three_counted(void)
{
	MODEL_CHECK(count == 3);
	pawl_mutex_destroy(&m);
}

static void four_counted(void)
{
	MODEL_CHECK(count == 4);
	pawl_mutex_destroy(&m);
}

static void make(void)
{
	model_name(&m, sizeof m, "m");
}

/* Each wait is in another segment of the queue. */
static void make_narrow(void)
{
	make();
	model_cells = 1;
}

static void make_fair(void)
{
	make();
	(void)pawl_mutex_init(&m, PAWL_FAIR);
}

static void make_fair_narrow(void)
{
	make_fair();
	model_cells = 1;
}

MODEL(mutex_lock, .about = "three threads lock and unlock", .threads = 3, .enter = model_attach,
      .setup = make_narrow, .thread = visit, .finish = three_counted, .without = NOISE);

MODEL(mutex_lock_twice, .about = "two threads lock and unlock twice", .threads = 2,
      .enter = enter, .setup = make, .thread = visit_twice, .finish = four_counted);

/* Time changes nothing where every unlock hands over. */
MODEL(mutex_fair, .about = "three threads, with PAWL_FAIR", .threads = 3, .enter = model_attach,
      .setup = make_fair_narrow, .thread = visit, .finish = three_counted, .without = NOISE);

MODEL(mutex_fair_twice, .about = "two threads twice, with PAWL_FAIR", .threads = 2,
      .enter = enter, .setup = make_fair, .thread = visit_twice, .finish = four_counted,
      .without = CLOCK_JUMPS);
