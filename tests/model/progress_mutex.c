/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress_mutex.c - progress of pawl/mutex.h: the subject's call among peers that lock, unlock,
 * wait and give up.
 */
#include <pawl/atomic.h>

#include "explorer/progress.h"

static pawl_mutex m, second, own;
static pawl_mutex *const both[] = { &second, &m };
static pawl_cond c;
static bool got, moved;

static void name_them(void)
{
	model_name(&m, sizeof m, "m");
	model_name(&second, sizeof second, "second");
}

static void make_fair(void)
{
	name_them();
	(void)pawl_mutex_init(&m, PAWL_FAIR);
}

/* One waits as long as it takes, one until a deadline. */
static void contend(unsigned who)
{
	if (who == 2)
		pawl_mutex_lock(&m);
	else if (pawl_mutex_lock_until(&m, model_soon()) != 0)
		return;
	pawl_mutex_unlock(&m);
}

/* Let the others run until @bits stand in the word, if they ever do. */
static void await(uint64_t bits)
{
	for (int i = 0; i < 3 && !(pawl_load_(&m.word_, relaxed) & bits); i++)
		model_pause();
}

/* Let the subject lose, so that it parks as the heir; then call it. */
static void pass_by(unsigned who)
{
	enum { WAITERS = 2, HEIR = 8 };

	if (who != 2 || pawl_mutex_trylock(&m) != 0)
		return;
	await(WAITERS);
	pawl_mutex_unlock(&m);
	if (pawl_mutex_trylock(&m) != 0)
		return;
	await(HEIR);
	pawl_mutex_unlock(&m);
}

/* Nobody ever waits. */
static void try(unsigned who)
{
	(void)who;
	if (!pawl_mutex_is_mine(&m) && pawl_mutex_trylock(&m) == 0)
		pawl_mutex_unlock(&m);
}

/* A signal moves one that waits to the queue of a mutex that is free. */
static void move(unsigned who)
{
	if (who > 2) {
		pawl_cond_signal(&c);
		return;
	}
	pawl_mutex_lock(&m);
	if (pawl_cond_wait_until(&c, &m, model_soon()) == 0)
		moved = true;
	pawl_mutex_unlock(&m);
}

static void lock(void)
{
	pawl_mutex_lock(&m);
}

static void unlock(void)
{
	pawl_mutex_unlock(&m);
}

static void unlock_if_got(void)
{
	if (got)
		pawl_mutex_unlock(&m);
}

static void call_init(void)
{
	(void)pawl_mutex_init(&own, 0);
}

static void call_destroy(void)
{
	pawl_mutex_destroy(&own);
}

static void call_is_mine(void)
{
	(void)pawl_mutex_is_mine(&m);
}

static void call_trylock(void)
{
	got = pawl_mutex_trylock(&m) == 0;
}

static void call_lock_until(void)
{
	got = pawl_mutex_lock_until(&m, model_soon()) == 0;
}

static void lock_both(void)
{
	pawl_mutex_lock_all(both, 2);
}

static void lock_both_until(void)
{
	got = pawl_mutex_lock_all_until(both, 2, model_soon()) == 0;
}

static void unlock_both(void)
{
	pawl_mutex_unlock_all(both, 2);
}

static void unlock_both_if_got(void)
{
	if (got)
		pawl_mutex_unlock_all(both, 2);
}

PROGRESS(mutex_init, 3, name_them, "pawl_mutex_init", "", .call = call_init, .peer = contend);
PROGRESS(mutex_destroy, 3, name_them, "pawl_mutex_destroy", "", .before = call_init,
	 .call = call_destroy, .peer = contend);
PROGRESS(mutex_is_mine, 3, name_them, "pawl_mutex_is_mine", "", .call = call_is_mine,
	 .peer = contend);
PROGRESS(mutex_trylock, 3, name_them, "pawl_mutex_trylock", "", .call = call_trylock,
	 .after = unlock_if_got, .peer = contend);
PROGRESS(mutex_trylock_moved, 3, name_them, "pawl_mutex_trylock", "", .call = call_trylock,
	 .after = unlock_if_got, .peer = move);
PROGRESS(mutex_lock, 3, name_them, "pawl_mutex_lock", "", .call = lock, .after = unlock,
	 .peer = contend);
PROGRESS(mutex_lock_fair, 3, make_fair, "pawl_mutex_lock", "", .call = lock, .after = unlock,
	 .peer = contend);
PROGRESS(mutex_lock_all, 3, name_them, "pawl_mutex_lock_all", "", .call = lock_both,
	 .after = unlock_both, .peer = contend);
PROGRESS(mutex_lock_until, 3, name_them, "pawl_mutex_lock_until", "", .timed = true,
	 .call = call_lock_until, .after = unlock_if_got, .peer = contend);
PROGRESS(mutex_lock_until_heir, 2, name_them, "pawl_mutex_lock_until", "", .timed = true,
	 .call = call_lock_until, .after = unlock_if_got, .peer = pass_by);
PROGRESS(mutex_lock_all_until, 3, name_them, "pawl_mutex_lock_all_until", "",
	 .timed = true, .call = lock_both_until, .after = unlock_both_if_got, .peer = contend);
PROGRESS(mutex_unlock_alone, 3, name_them, "pawl_mutex_unlock", "if nobody waits",
	 .before = lock, .call = unlock, .peer = try);
PROGRESS(mutex_unlock, 3, name_them, "pawl_mutex_unlock", "else", .before = lock,
	 .call = unlock, .peer = contend);
PROGRESS(mutex_unlock_fair, 3, make_fair, "pawl_mutex_unlock", "else", .before = lock,
	 .call = unlock, .peer = contend);
PROGRESS(mutex_unlock_all_alone, 3, name_them, "pawl_mutex_unlock_all", "if nobody waits",
	 .before = lock_both, .call = unlock_both, .peer = try);
PROGRESS(mutex_unlock_all, 3, name_them, "pawl_mutex_unlock_all", "else", .before = lock_both,
	 .call = unlock_both, .peer = contend,
	 .lock_free = "who looks into a queue begins again when it changed");
