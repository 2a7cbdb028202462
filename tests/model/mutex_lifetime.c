/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whoever holds a mutex last destroys and frees it, right after its unlock, while the unlock
 * of the holder before may still be returning.
 */
#include <errno.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

static struct shared {
	pawl_mutex m;
	unsigned users;
} *shared;

static void make(void)
{
	shared = model_alloc(sizeof *shared);
	shared->users = 3;
}

static void make_fair(void)
{
	make();
	model_cells = 1;
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

static void lock_and_leave(unsigned who)
{
	struct shared *s = shared;

	(void)who;
	pawl_mutex_lock(&s->m);
	leave(s);
}

MODEL(mutex_free, .about = "the last of three frees the mutex", .threads = 3,
      .enter = model_attach, .setup = make, .thread = lock_and_leave);

MODEL(mutex_free_fair, .about = "the same, with PAWL_FAIR", .threads = 3,
      .enter = model_attach, .setup = make_fair, .thread = lock_and_leave);

/* Thread 2 may give up first; then it has been in the list, or the heir. */
static void lock_late_and_leave(unsigned who)
{
	struct shared *s = shared;

	if (who == 2 && pawl_mutex_lock_until(&s->m, model_soon()) == ETIMEDOUT) {
		model_saw(0);
		pawl_mutex_lock(&s->m);
	} else if (who != 2) {
		pawl_mutex_lock(&s->m);
	}
	leave(s);
}

MODEL(mutex_free_late, .about = "the same, after one has given up once", .threads = 3,
      .enter = model_attach, .setup = make, .thread = lock_late_and_leave,
      .sights = { "a deadline passed" });
