/* SPDX-License-Identifier: BSD-2-Clause */
/* test_rwlock_races.c - pawl/rwlock.h: threads whose wait is canceled about when they are let in;
 * ops: test_rwlock_inline.c. */
#include "config.h"

#include <errno.h>
#include <sched.h>

#include <pawl/atomic.h>

#include "rwlock_user.h"

enum { DUELS = 1000, SPIN_MOST = 1000000 };

/* A thread waits for one lock after the other; the test cancels each wait, and lets it in. */
struct duel {
	struct worker worker;
	enum rw_how how;
	pawl_rwlock lock[DUELS];
	pawl_cancel *source[DUELS];
	int rc[DUELS];
	uint32_t at;		/* atomic: how many waits were begun */
};

static int wait_for(struct duel *d, int i)
{
	pawl_scope scope;
	int rc;

	pawl_scope_enter(&scope, PAWL_FOREVER, d->source[i], 0);
	rc = d->how == RW_READ ? pawl_rwlock_rdlock_until(&d->lock[i], PAWL_FOREVER) :
		pawl_rwlock_wrlock_until(&d->lock[i], PAWL_FOREVER);
	must(pawl_scope_leave(&scope, 0) == 0);
	return rc;
}

static void wait_for_each(void *arg)
{
	struct duel *d = arg;

	for (int i = 0; i < ROUNDS(DUELS); i++) {
		pawl_store_(&d->at, (uint32_t)i + 1, release);
		d->rc[i] = wait_for(d, i);
		must(d->rc[i] == 0 || d->rc[i] == ECANCELED);
		if (d->rc[i] != 0)
			continue;
		(d->how == RW_READ ? pawl_rwlock_rdunlock : pawl_rwlock_wrunlock)(&d->lock[i]);
	}
	pawl_store_(&d->at, (uint32_t)ROUNDS(DUELS) + 1, release);
}

static void await_begin(struct duel *d, int i)
{
	while (pawl_load_(&d->at, acquire) < (uint32_t)i + 1)
		sched_yield();
}

static void spin(int n)
{
	for (volatile int i = 0; i < n; i++)
		;
}

/* The pause between the two grows while the grant wins, and shrinks while the cancel does: so it
 * comes to where either may. */
static void run_duel(struct duel *d, enum rw_how how)
{
	int granted = 0, pause = 1000;

	d->how = how;
	d->at = 0;
	for (int i = 0; i < ROUNDS(DUELS); i++) {
		d->lock[i] = (pawl_rwlock)PAWL_RWLOCK_INIT;
		pawl_rwlock_wrlock(&d->lock[i]);
		assert_int_equal(pawl_cancel_open(NULL, &d->source[i]), 0);
	}
	worker_start(&d->worker, wait_for_each, d);
	for (int i = 0; i < ROUNDS(DUELS); i++) {
		await_begin(d, i);
		worker_await_wait(&d->worker, "rwlock", &d->lock[i]);
		pawl_cancel_fire(d->source[i], 1);
		spin(pause + i % 16 * 4);
		pawl_rwlock_wrunlock(&d->lock[i]);
		await_begin(d, i + 1);
		granted += d->rc[i] == 0;
		pause += d->rc[i] == 0 ? pause / 16 + 1 : -(pause / 16 + 1);
		pause = pause < 0 ? 0 : pause > SPIN_MOST ? SPIN_MOST : pause;
	}
	worker_join(&d->worker);
	for (int i = 0; i < ROUNDS(DUELS); i++) {
		rw_assert_free(&d->lock[i]);
		pawl_cancel_close(d->source[i]);
	}
	note("%d of %d were let in, the last pause was %d", granted, ROUNDS(DUELS), pause);
}

static void a_reader_canceled_about_when_it_is_let_in_has_it_or_not(void **state)
{
	static struct duel d;

	(void)state;
	run_duel(&d, RW_READ);
}

static void so_does_a_writer(void **state)
{
	static struct duel d;

	(void)state;
	run_duel(&d, RW_WRITE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reader_canceled_about_when_it_is_let_in_has_it_or_not),
		TEST(so_does_a_writer),
	};

	return test_main(tests);
}
