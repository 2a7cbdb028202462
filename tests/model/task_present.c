/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * task_present.c - contexts of tasks come and go while another thread looks at all: it misses none
 * that stays, sees what a new one is, and what one did that it does not find any more.
 */
#include "explorer/model.h"
#include "wait/context.h"
#include "wait/present.h"

enum { OWNER = 1, LOOKER };
enum sight { MOVED };

static struct context stays, goes, goes_too, comes;
static int flow;	/* plain: what a context points to */
static int done;	/* the same: what one did before it was removed */

static void add_three(void)
{
	goes.flow = goes_too.flow = stays.flow = &flow;
	pawl_i_present_add(&goes);
	pawl_i_present_add(&goes_too);
	pawl_i_present_add(&stays);
}

static void come(void)
{
	comes.flow = &flow;
	pawl_i_present_add(&comes);
}

static void go(struct context *c)
{
	done++;
	pawl_i_present_remove(c);
}

/* Return: whether @c was found. */
static bool look_for(const struct context *c)
{
	struct context_walk w = context_walk();
	bool found = false;

	for (struct context *one; (one = context_next(&w)) != NULL;) {
		MODEL_CHECK(one->flow == &flow);
		if ((one == &stays && w.tasks < 2) || (one == &comes && w.tasks == 0))
			model_saw(MOVED);
		found |= one == c;
	}
	return found;
}

static void find_what_stays(void)
{
	MODEL_CHECK(look_for(&stays));
}

static void one_goes_one_comes(unsigned who)
{
	if (who == LOOKER) {
		find_what_stays();
		return;
	}
	go(&goes);
	come();
}

static void one_comes_one_goes(unsigned who)
{
	if (who == LOOKER) {
		find_what_stays();
		return;
	}
	come();
	go(&goes);
}

static void two_go(unsigned who)
{
	if (who == LOOKER) {
		find_what_stays();
		return;
	}
	go(&goes_too);
	go(&goes);
}

static void all_can_go(void)
{
	MODEL_CHECK(pawl_i_present_count() == (comes.flow ? 3 : 1));
	find_what_stays();
	go(&stays);
	MODEL_CHECK(!look_for(&stays));
	MODEL_CHECK(!comes.flow || (look_for(&goes_too) && look_for(&comes)));
}

#define THREE .threads = 2, .setup = add_three, .finish = all_can_go, \
	.sights = { "it was found where another one was" }

MODEL(task_present, .about = "one goes and one comes, another looks at all",
      .thread = one_goes_one_comes, THREE);

MODEL(task_present_new, .about = "one comes, and has the place of one that goes, another looks",
      .thread = one_comes_one_goes, THREE);

MODEL(task_present_moves, .about = "two go, and one moves twice, another looks at all",
      .thread = two_go, THREE);

/* The last one moves nobody. */
static void add_one(void)
{
	goes.flow = &flow;
	pawl_i_present_add(&goes);
}

static void last_goes(unsigned who)
{
	if (who == OWNER)
		go(&goes);
	else if (pawl_i_present_count() == 0)
		MODEL_CHECK(done == 1);
	else
		model_saw(MOVED);
}

MODEL(task_present_end, .about = "the last one goes, another looks", .threads = 2,
      .setup = add_one, .thread = last_goes, .sights = { "it was there" });

/* As a wait that may be canceled, and who cancels: one sees the other. */
static uint32_t cause, told;

static void begin_or_tell(unsigned who)
{
	if (who == OWNER) {
		come();
		if (__atomic_load_n(&cause, __ATOMIC_SEQ_CST))
			done = 1;
		return;
	}
	__atomic_store_n(&cause, 1, __ATOMIC_SEQ_CST);
	if (pawl_i_present_count() != 0)
		told = 1;
	else
		model_saw(MOVED);
}

static void one_saw_the_other(void)
{
	MODEL_CHECK(done || told);
}

MODEL(task_present_begins, .about = "one begins and looks, another changes that and looks for it",
      .threads = 2, .thread = begin_or_tell, .finish = one_saw_the_other,
      .sights = { "it was not there yet" });
