/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line_freed.c - objects that go away while somebody is still answering.
 *
 * The releaser looks up the root, takes the step after which others may free the object, and
 * then answers those it finds in the root: each that joined before that step, and
 * nobody of another object for which the same memory serves as root by then.
 */
#include "line_model.h"
#include "wait/owner.h"

enum { RELEASED = 4 };
#define RELEASER (UINT64_C(1) << 32)
enum sight { ANSWERED, SAW_RELEASE, GAVE_UP, ROOT_AGAIN = 0, TOLD };

static struct object {
	uint64_t word, queue;
} *object;

static uint64_t other;		/* queue of another object */
static unsigned users;		/* of the object, but for the releaser */
static int gift;

static void make(unsigned count)
{
	object = model_alloc(sizeof *object);
	object->word = RELEASER;
	users = count;
	model_name(object, sizeof *object, "object");
	model_name(&other, sizeof other, "other");
}

static void make_one(void)
{
	make(1);
}

static void make_two(void)
{
	make(2);
	model_cells = 1;
}

static bool is_free(uint64_t word)
{
	return (word & OWNER) == 0;
}

/* As once.c does it. */
static void release(void)
{
	uint64_t root = 0, word = RELEASER;

	gift = 1;
	while (!__atomic_compare_exchange_n(&object->word, &word, RELEASED, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
		pawl_i_owner_clear(&object->word);
		root = pawl_i_line_root(&object->queue);
		word = RELEASER;
	}
	pawl_i_line_tell_all(root, GRANT, UINT64_MAX);
}

/* The caller joined. */
static void wait_for_release(void)
{
	if (!is_free(pawl_i_owner_announce(&object->word))) {
		MODEL_CHECK(wait_until(PAWL_FOREVER) == GRANT);
		model_saw(ANSWERED);
	} else {
		(void)pawl_i_waiter_give_up(own_waiter());
		model_saw(SAW_RELEASE);
	}
	MODEL_CHECK(gift == 1);
	leave(&object->queue);
}

/* The last to use the object frees it. */
static void leave_object(void)
{
	if (__atomic_sub_fetch(&users, 1, __ATOMIC_ACQ_REL) == 0)
		model_free(object);
}
static void release_or_wait(unsigned who)
{
	if (who == 1) {
		release();
		return;
	}
	if (who == 2)
		(void)join(&object->queue);
	wait_for_release();
	leave_object();
}

/* The third stands in the queue from the beginning. */
static void enter_third(unsigned who)
{
	model_attach(who);
	if (who == 3)
		(void)join(&object->queue);
}

static void nothing_left(void)
{
	nothing_is_left(&other);
}

MODEL(line_freed, .about = "one releases, one waits, and frees the object", .threads = 2,
      .without = NO_MEMORY, .enter = model_attach, .setup = make_one,
      .thread = release_or_wait, .finish = nothing_left,
      .sights = { "a wait was answered", "a wait was not needed" });

/* Somebody announced itself who has gone since, so that nobody else does. */
static void make_announced(void)
{
	make(1);
	object->word |= WAITERS;
}

MODEL(line_freed_announced, .about = "the same when others were announced before",
      .threads = 2, .without = NO_MEMORY, .enter = model_attach, .setup = make_announced,
      .thread = release_or_wait, .finish = nothing_left,
      .sights = { "a wait was answered", "a wait was not needed" });

/* Two preemptions, as three threads that park have many states. */
MODEL(line_freed_two, .about = "one releases, two wait, the last frees the object",
      .threads = 3, .without = NO_MEMORY | SPURIOUS_WAKES, .preemptions = 2,
      .enter = enter_third, .setup = make_two, .thread = release_or_wait,
      .finish = nothing_left,
      .sights = { "a wait was answered", "a wait was not needed" });

/* Four threads, and two preemptions, without deviations, or it takes minutes: one releases, one
 * waits, one gives up, and one frees the object when they have left it. */
static void four(unsigned who)
{
	if (who == 1) {
		release();
	} else if (who == 4) {
		while (__atomic_load_n(&users, __ATOMIC_ACQUIRE) != 0 ||
		       !is_free(__atomic_load_n(&object->word, __ATOMIC_ACQUIRE)))
			model_pause();
		model_free(object);
	} else {
		if (who == 2) {
			(void)join(&object->queue);
			wait_for_release();
		} else {
			if (pawl_i_waiter_give_up(own_waiter()) == 0)
				model_saw(GAVE_UP);
			leave(&object->queue);
		}
		(void)__atomic_sub_fetch(&users, 1, __ATOMIC_RELEASE);
	}
}

MODEL(line_freed_four, .about = "one releases, one waits, one gives up, one frees the object",
      .threads = 4, .preemptions = 2, .deviations = 1, .without = ~0u,
      .enter = enter_third, .setup = make_two, .thread = four, .finish = nothing_left,
      .sights = { "a wait was answered", "a wait was not needed", "a wait was given up" });

/*
 * The same without a word, so that it is short: thread 2 joined, gives up, and has a wait in the
 * other object's queue, whose root is the same segment.
 */
static uint64_t first, root_was;

static void join_first(unsigned who)
{
	model_attach(who);
	if (who == 2)
		(void)join(&first);
}

static void move_on(void)
{
	unsigned root = root_handle(first);

	(void)pawl_i_waiter_give_up(own_waiter());
	leave(&first);
	MODEL_CHECK(first == 0);
	(void)join(&other);
	if (root_handle(other) == root)
		model_saw(ROOT_AGAIN);
	MODEL_CHECK(pawl_i_waiter_give_up(own_waiter()) == 0);
	leave(&other);
}

static void tell_or_move_on(unsigned who)
{
	uint64_t root;

	if (who == 2) {
		move_on();
		return;
	}
	root = pawl_i_line_root(&first);
	if (root != 0)
		model_saw(TOLD);
	pawl_i_line_tell_all(root, GRANT, 1);
}

MODEL(line_other, .about = "one looks up a root and tells, one goes on to another queue",
      .threads = 2, .without = NO_MEMORY, .enter = join_first, .thread = tell_or_move_on,
      .finish = nothing_left,
      .sights = { "a root was used again", "there was a root" });

/* The root was looked up long ago; and the wait in the other queue must be found there. */
static void join_and_look(unsigned who)
{
	join_first(who);
	if (who == 2)
		root_was = pawl_i_line_root(&first);
}

static void stay_in_other(void)
{
	(void)pawl_i_waiter_give_up(own_waiter());
	leave(&first);
	(void)join(&other);
	if (root_handle(other) == ref_handle(root_was))
		model_saw(ROOT_AGAIN);
	MODEL_CHECK(pawl_i_line_first(&other) != 0);
	MODEL_CHECK(pawl_i_waiter_give_up(own_waiter()) == 0);
	leave(&other);
}

static void tell_late(unsigned who)
{
	if (who == 2)
		stay_in_other();
	else
		pawl_i_line_tell_all(root_was, GRANT, 1);
}

static void make_narrow(void)
{
	model_cells = 1;
}

MODEL(line_late, .about = "one tells the root of long ago, one is in another queue",
      .threads = 2, .without = NO_MEMORY, .enter = join_and_look, .thread = tell_late,
      .finish = nothing_left, .sights = { "a root was used again" });

MODEL(line_late_narrow, .about = "the same with a cell a segment",
      .threads = 2, .without = NO_MEMORY, .enter = join_and_look, .setup = make_narrow,
      .thread = tell_late, .finish = nothing_left, .sights = { "a root was used again" });
