/* SPDX-License-Identifier: BSD-2-Clause */
/* test_rwlock_ends.c - pawl/rwlock.h: waits that end by a deadline, in virtual time, or a cancel;
 * and who comes in because of that. */
#include "config.h"

#include <errno.h>

#include "rwlock_user.h"

/*** Two ways to end a wait ********************************************************************/

struct end {
	pawl_time deadline;
	pawl_cancel *source;		/* NULL: by the deadline */
};

enum { ENDS = 2 };

static struct end end_new(int way)
{
	struct end e = { PAWL_FOREVER, NULL };

	if (way == 0)
		e.deadline = pawl_after(PAWL_S(1));
	else
		assert_int_equal(pawl_cancel_open(NULL, &e.source), 0);
	return e;
}

static void end_park(const struct end *e, struct rw_user *u, pawl_rwlock *l, enum rw_how how)
{
	if (e->source)
		rw_park_scoped(u, l, how, e->source);
	else
		rw_park_until(u, l, how, e->deadline);
}

static void end_come(const struct end *e)
{
	if (e->source)
		pawl_cancel_fire(e->source, 1);
	else
		assert_int_equal(pawl_clock_advance(PAWL_S(1)), 0);
}

static int end_error(const struct end *e)
{
	return e->source ? ECANCELED : ETIMEDOUT;
}

static void end_forget(const struct end *e)
{
	if (e->source)
		pawl_cancel_close(e->source);
}

/* With a new lock and a new end, of both ways. */
static void with_each_end(void (*fn)(pawl_rwlock *l, const struct end *e))
{
	for (int way = 0; way < ENDS; way++) {
		pawl_rwlock l = PAWL_RWLOCK_INIT;
		struct end e = end_new(way);

		fn(&l, &e);
		rw_assert_free(&l);
		end_forget(&e);
	}
}

/*** It ends ***********************************************************************************/

static void check_both_end(pawl_rwlock *l, const struct end *e)
{
	struct rw_user r, w;

	pawl_rwlock_wrlock(l);
	end_park(e, &r, l, RW_READ);
	end_park(e, &w, l, RW_WRITE);
	end_come(e);
	rw_assert_fails(&r, end_error(e));
	rw_assert_fails(&w, end_error(e));
	rw_assert_written(l);
	pawl_rwlock_wrunlock(l);
}

static void a_wait_behind_a_writer_ends(void **state)
{
	(void)state;
	with_each_end(check_both_end);
}

static void check_others_wait_on(pawl_rwlock *l, const struct end *e)
{
	struct rw_user r[3], w;

	pawl_rwlock_wrlock(l);
	rw_park(&r[0], l, RW_READ);
	end_park(e, &r[1], l, RW_READ);
	rw_park(&r[2], l, RW_READ);
	end_come(e);
	rw_assert_fails(&r[1], end_error(e));
	rw_assert_waits(&r[0]);
	rw_assert_waits(&r[2]);
	pawl_rwlock_wrunlock(l);
	rw_assert_gets(&r[0]);
	rw_assert_gets(&r[2]);
	rw_park(&w, l, RW_WRITE);
	rw_leave(&r[0]);
	rw_assert_waits(&w);
	rw_leave(&r[2]);
	rw_assert_gets(&w);		/* nobody is counted for who gave up */
	rw_leave(&w);
}

static void a_reader_that_gives_up_is_not_let_in_and_others_are(void **state)
{
	(void)state;
	with_each_end(check_others_wait_on);
}

static void a_wait_ends_at_its_deadline_and_not_before(void **state)
{
	(void)state;
	for (enum rw_how how = RW_READ; how <= RW_WRITE; how++) {
		pawl_rwlock l = PAWL_RWLOCK_INIT;
		struct rw_user u;

		pawl_rwlock_wrlock(&l);
		rw_park_until(&u, &l, how, pawl_after(PAWL_S(5)));
		assert_int_equal(pawl_clock_advance(PAWL_S(5) - 1), 0);
		nap(PAWL_MS(2));
		rw_assert_waits(&u);
		assert_int_equal(pawl_clock_advance(1), 0);
		rw_assert_fails(&u, ETIMEDOUT);
		pawl_rwlock_wrunlock(&l);
		rw_assert_free(&l);
	}
}

/*** A writer gives up *************************************************************************/

static void check_readers_come_in(pawl_rwlock *l, const struct end *e, bool slot)
{
	struct rw_user inside, r[3], w;

	if (slot)
		rw_have_slots(l);
	rw_enter(&inside, l, RW_READ);
	end_park(e, &w, l, RW_WRITE);
	for (size_t i = 0; i < COUNT_OF(r); i++)
		rw_park(&r[i], l, RW_READ);
	end_come(e);
	rw_assert_fails(&w, end_error(e));
	for (size_t i = 0; i < COUNT_OF(r); i++)
		rw_assert_gets(&r[i]);		/* while the first one is still inside */
	rw_assert_read(l);
	rw_leave(&inside);
	for (size_t i = 0; i < COUNT_OF(r); i++)
		rw_leave(&r[i]);
}

static void check_counted_inside(pawl_rwlock *l, const struct end *e)
{
	check_readers_come_in(l, e, false);
}

static void check_inside_in_a_slot(pawl_rwlock *l, const struct end *e)
{
	check_readers_come_in(l, e, true);
}

static void readers_that_waited_because_of_it_only_come_in_at_once(void **state)
{
	(void)state;
	with_each_end(check_counted_inside);
	with_each_end(check_inside_in_a_slot);
}

/* While another one waits, new readers stay out. */
static void check_another_writer_waits(pawl_rwlock *l, const struct end *e)
{
	struct rw_user inside, r, w[3];

	rw_enter(&inside, l, RW_READ);
	rw_park(&w[0], l, RW_WRITE);
	end_park(e, &w[1], l, RW_WRITE);
	rw_park(&w[2], l, RW_WRITE);
	rw_park(&r, l, RW_READ);
	end_come(e);
	rw_assert_fails(&w[1], end_error(e));
	rw_assert_waits(&r);
	rw_assert_waits(&w[0]);
	rw_leave(&inside);
	rw_assert_gets(&w[0]);
	rw_leave(&w[0]);
	rw_assert_gets(&r);
	rw_assert_waits(&w[2]);
	rw_leave(&r);
	rw_assert_gets(&w[2]);
	rw_leave(&w[2]);
}

static void but_not_if_another_writer_waits(void **state)
{
	(void)state;
	with_each_end(check_another_writer_waits);
}

static void check_first_gives_up(pawl_rwlock *l, const struct end *e)
{
	struct rw_user w[3];

	pawl_rwlock_wrlock(l);
	end_park(e, &w[0], l, RW_WRITE);
	rw_park(&w[1], l, RW_WRITE);
	rw_park(&w[2], l, RW_WRITE);
	end_come(e);
	rw_assert_fails(&w[0], end_error(e));
	pawl_rwlock_wrunlock(l);
	rw_assert_gets(&w[1]);
	rw_assert_waits(&w[2]);
	rw_leave(&w[1]);
	rw_assert_gets(&w[2]);
	rw_leave(&w[2]);
}

static void the_next_writer_takes_the_place_of_one_that_gave_up(void **state)
{
	(void)state;
	with_each_end(check_first_gives_up);
}

/*** The grant wins ****************************************************************************/

static void check_granted(pawl_rwlock *l, const struct end *e, enum rw_how how)
{
	struct rw_user u;

	pawl_rwlock_wrlock(l);
	end_park(e, &u, l, how);
	worker_freeze(&u.worker);
	pawl_rwlock_wrunlock(l);
	end_come(e);
	worker_thaw(&u.worker);
	rw_assert_gets(&u);
	rw_leave(&u);
}

static void check_granted_reader(pawl_rwlock *l, const struct end *e)
{
	check_granted(l, e, RW_READ);
}

static void check_granted_writer(pawl_rwlock *l, const struct end *e)
{
	check_granted(l, e, RW_WRITE);
}

static void who_was_let_in_has_it_whatever_came_since(void **state)
{
	(void)state;
	with_each_end(check_granted_reader);
	with_each_end(check_granted_writer);
}

/* And who gave up before it ran has nothing, though it was let go meanwhile. */
static void check_too_late(pawl_rwlock *l, const struct end *e)
{
	struct rw_user r, w;

	pawl_rwlock_rdlock(l);
	end_park(e, &w, l, RW_WRITE);
	rw_park(&r, l, RW_READ);
	end_come(e);
	rw_assert_fails(&w, end_error(e));
	rw_assert_gets(&r);
	rw_leave(&r);
	pawl_rwlock_rdunlock(l);
}

static void who_gave_up_is_not_handed_it(void **state)
{
	(void)state;
	with_each_end(check_too_late);
}

/*** Scopes ************************************************************************************/

struct scoped {
	struct worker worker;
	pawl_rwlock *lock;
	pawl_cancel *source;
	enum rw_how how;
};

static void lock_whatever_the_scope(void *arg)
{
	struct scoped *s = arg;
	pawl_scope scope;

	pawl_scope_enter(&scope, PAWL_FOREVER, s->source, 0);
	if (s->how == RW_READ) {
		pawl_rwlock_rdlock(s->lock);
		pawl_rwlock_rdunlock(s->lock);
	} else {
		pawl_rwlock_wrlock(s->lock);
		pawl_rwlock_wrunlock(s->lock);
	}
	must(pawl_scope_check() == ECANCELED);
	must(pawl_scope_leave(&scope, 0) == 0);
}

static void calls_without_a_deadline_wait_in_a_canceled_scope_too(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct scoped s = { .lock = &l, .how = i % 2 ? RW_WRITE : RW_READ };

		assert_int_equal(pawl_cancel_open(NULL, &s.source), 0);
		pawl_rwlock_wrlock(&l);
		if (i < 2)
			pawl_cancel_fire(s.source, 1);
		worker_start(&s.worker, lock_whatever_the_scope, &s);
		worker_await_wait(&s.worker, "rwlock", &l);
		pawl_cancel_fire(s.source, 1);
		nap(PAWL_MS(1));
		worker_await_wait(&s.worker, "rwlock", &l);
		pawl_rwlock_wrunlock(&l);
		worker_join(&s.worker);
		pawl_cancel_close(s.source);
		rw_assert_free(&l);
	}
}

static void in_a_canceled_scope_one_gets_what_is_free_and_waits_for_nothing(void **state)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;
	pawl_cancel *source;
	pawl_scope scope;

	(void)state;
	assert_int_equal(pawl_cancel_open(NULL, &source), 0);
	pawl_cancel_fire(source, 1);
	pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
	assert_int_equal(pawl_rwlock_wrlock_until(&l, PAWL_FOREVER), 0);
	assert_int_equal(pawl_rwlock_rdlock_until(&l, PAWL_FOREVER), ECANCELED);
	assert_int_equal(pawl_rwlock_wrlock_until(&l, PAWL_FOREVER), ECANCELED);
	assert_int_equal(pawl_rwlock_tryrdlock(&l), EBUSY);
	pawl_rwlock_wrunlock(&l);
	assert_int_equal(pawl_rwlock_rdlock_until(&l, PAWL_FOREVER), 0);
	assert_int_equal(pawl_rwlock_wrlock_until(&l, PAWL_FOREVER), ECANCELED);
	assert_int_equal(pawl_rwlock_tryrdlock(&l), 0);
	pawl_rwlock_rdunlock(&l);
	pawl_rwlock_rdunlock(&l);
	rw_assert_free(&l);
	assert_int_equal(pawl_scope_leave(&scope, 0), 0);
	pawl_cancel_close(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wait_behind_a_writer_ends),
		TEST(a_reader_that_gives_up_is_not_let_in_and_others_are),
		TEST(a_wait_ends_at_its_deadline_and_not_before),
		TEST(readers_that_waited_because_of_it_only_come_in_at_once),
		TEST(but_not_if_another_writer_waits),
		TEST(the_next_writer_takes_the_place_of_one_that_gave_up),
		TEST(who_was_let_in_has_it_whatever_came_since),
		TEST(who_gave_up_is_not_handed_it),
		TEST(calls_without_a_deadline_wait_in_a_canceled_scope_too),
		TEST(in_a_canceled_scope_one_gets_what_is_free_and_waits_for_nothing),
	};

	if (pawl_clock_set_virtual(PAWL_S(1000)) != 0)
		return 99;
	return test_main(tests);
}
