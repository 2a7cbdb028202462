/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A condition and its mutex are freed by whoever holds the mutex last: no call on the
 * condition is inside then, but the unlock of the holder before may be returning.
 */
#include <errno.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

/* What only makes more schedules here. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static struct shared {
	pawl_mutex m;
	pawl_cond c;
	int users;
	bool ready;
} *shared;

static void make(void)
{
	shared = model_alloc(sizeof *shared);
	shared->users = 3;
	model_cells = 1;
}

static void make_for_two(void)
{
	make();
	shared->users = 2;
}

static void make_fair(void)
{
	make_for_two();
	(void)pawl_mutex_init(&shared->m, PAWL_FAIR);
}

static void leave(struct shared *s)
{
	bool last = --s->users == 0;

	pawl_mutex_unlock(&s->m);
	if (!last)
		return;
	pawl_mutex_destroy(&s->m);
	model_free(s);
}

static void wait_or_tell(unsigned who)
{
	struct shared *s = shared;
	int err = 0;

	pawl_mutex_lock(&s->m);
	if (who == 2) {
		s->ready = true;
		pawl_cond_broadcast(&s->c);
	}
	while (!s->ready && err == 0) {
		err = pawl_cond_wait_until(&s->c, &s->m, who == 1 ? model_soon() : PAWL_FOREVER);
		model_saw(err != 0);
	}
	leave(s);
}

#define FREE \
	.enter = model_attach, .thread = wait_or_tell, \
	.sights = { "one was woken", "a deadline passed" }

MODEL(cond_free, .about = "the last of a waiter and who wakes it frees all", .threads = 2,
      .setup = make_for_two, FREE, .without = CLOCK_JUMPS);

MODEL(cond_free_fair, .about = "the same, with a fair mutex", .threads = 2,
      .setup = make_fair, FREE, .without = CLOCK_JUMPS);

MODEL(cond_free_both, .about = "the last of two waiters and who wakes them frees all",
      .threads = 3, .setup = make, FREE, .without = NOISE, .preemptions = 1);

/*
 * The mutex alone is freed, by its last holder, while the signal that brought that about may be
 * returning: it was given without the mutex.  The third makes the mutex one that others wait for.
 */
static pawl_cond outside;

static void make_mutex(void)
{
	make();
	model_name(&outside, sizeof outside, "c");
}

static void signal_unheld(unsigned who)
{
	struct shared *s = shared;

	pawl_mutex_lock(&s->m);
	while (who == 1 && !s->ready)
		MODEL_CHECK(pawl_cond_wait_until(&outside, &s->m, PAWL_FOREVER) == 0);
	s->ready = true;
	model_saw(0);
	leave(s);
	if (who == 2)
		pawl_cond_signal(&outside);
}

MODEL(cond_free_unheld, .about = "the last of three frees the mutex, a signal came without it",
      .threads = 3, .setup = make_mutex, .enter = model_attach, .thread = signal_unheld,
      .sights = { "all had it" }, .without = NOISE, .preemptions = 2);
