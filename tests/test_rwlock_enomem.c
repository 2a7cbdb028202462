/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_rwlock_enomem.c - pawl/rwlock.h without memory.  This program has the library's allocator
 * (platform/memory.h) and makes it fail: threads that find no place in a queue poll, and ops are
 * not started.
 *
 * Each case runs in a child, where no thread has a context yet.
 */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>

#include "failing_memory.h"
#include "rwlock_user.h"

static void run_in_child(void (*fn)(void *arg))
{
	struct child c;

	child_run(&c, fn, NULL);
	child_assert_silent(&c);
}

/* For children: cmocka's assertions are not for them. */
static void must_be_free(pawl_rwlock *l)
{
	must(pawl_rwlock_trywrlock(l) == 0);
	pawl_rwlock_wrunlock(l);
	must(pawl_rwlock_tryrdlock(l) == 0);
	pawl_rwlock_rdunlock(l);
	must(l->readers_ == 0 && l->writers_ == 0);
}

/*** Threads ***********************************************************************************/

enum { THREADS = 6, TURNS = 50 };

struct table {
	pawl_rwlock lock;
	uint32_t a, b;		/* the same, guarded */
};

static void write_and_downgrade(struct table *t)
{
	pawl_rwlock_wrlock(&t->lock);
	t->a++;
	nap(PAWL_US(10));
	t->b++;
	pawl_rwlock_downgrade(&t->lock);
	must(t->a == t->b);
	pawl_rwlock_rdunlock(&t->lock);
}

static void read_and_write(void *arg)
{
	struct table *t = arg;

	for (int i = 0; i < TURNS; i++) {
		pawl_rwlock_rdlock(&t->lock);
		must(t->a == t->b);
		pawl_rwlock_rdunlock(&t->lock);
		write_and_downgrade(t);
	}
}

static void use_with_some_memory(void *arg)
{
	(void)arg;
	for (int memory = 0; memory < 12; memory++) {
		struct table t = { .lock = PAWL_RWLOCK_INIT };
		struct worker w[THREADS];

		fail_calls_from(memory);
		for (int i = 0; i < THREADS; i++)
			worker_start(&w[i], read_and_write, &t);
		for (int i = 0; i < THREADS; i++)
			worker_join(&w[i]);
		must(t.a == THREADS * TURNS && t.b == t.a);
		must_be_free(&t.lock);
	}
}

static void who_has_no_memory_waits_too(void **state)
{
	(void)state;
	run_in_child(use_with_some_memory);
}

struct poller {
	struct worker worker;
	pawl_rwlock *lock;
	uint32_t has;			/* atomic */
};

static void rdlock_once(void *arg)
{
	struct poller *p = arg;

	pawl_rwlock_rdlock(p->lock);
	pawl_store_(&p->has, 1, release);
}

/* Its share is counted while it polls: the writer that comes next has to wait for it. */
static void poll_for_share(void *arg)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;
	struct poller p = { .lock = &l };

	(void)arg;
	fail_calls_from(0);
	for (int i = 0; i < 20; i++) {
		uint64_t before;

		p.has = 0;
		pawl_rwlock_wrlock(&l);
		before = pawl_load_(&l.word_, relaxed);
		worker_start(&p.worker, rdlock_once, &p);
		while (pawl_load_(&l.word_, relaxed) == before)
			nap(PAWL_US(50));
		pawl_rwlock_wrunlock(&l);
		must(pawl_rwlock_trywrlock(&l) == EBUSY);
		worker_join(&p.worker);
		must(p.has);
		must(pawl_rwlock_trywrlock(&l) == EBUSY);
		pawl_rwlock_rdunlock(&l);
		must_be_free(&l);
	}
}

static void a_reader_without_memory_keeps_its_turn(void **state)
{
	(void)state;
	run_in_child(poll_for_share);
}

static void give_up_without_memory(void *arg)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;

	(void)arg;
	fail_calls_from(0);
	for (int i = 0; i < 4; i++) {
		pawl_time soon = pawl_after(PAWL_MS(3));
		pawl_scope s;

		pawl_rwlock_wrlock(&l);
		pawl_scope_enter(&s, i < 2 ? PAWL_FOREVER : soon, NULL, 0);
		must((i % 2 ? pawl_rwlock_rdlock_until(&l, i < 2 ? soon : PAWL_FOREVER) :
		      pawl_rwlock_wrlock_until(&l, i < 2 ? soon : PAWL_FOREVER)) ==
		     (i < 2 ? ETIMEDOUT : ECANCELED));
		must(pawl_now() >= soon);
		must(pawl_scope_leave(&s, 0) == 0);
		pawl_rwlock_wrunlock(&l);
		must_be_free(&l);
	}
}

static void deadlines_and_scopes_hold_for_who_has_no_memory(void **state)
{
	(void)state;
	run_in_child(give_up_without_memory);
}

/* It cannot note readers in slots of its own. */
static void read_without_memory(void *arg)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;

	(void)arg;
	fail_calls_from(0);
	for (int i = 0; i < 1000; i++) {
		pawl_rwlock_rdlock(&l);
		must(pawl_rwlock_trywrlock(&l) == EBUSY);
		pawl_rwlock_rdunlock(&l);
	}
	must_be_free(&l);
}

static void reading_needs_no_memory(void **state)
{
	(void)state;
	run_in_child(read_without_memory);
}

/*** Ops ***************************************************************************************/

/* With ever more memory, until it can be started; then there is none. */
static void start_op(enum rw_how how, pawl_cq *cq)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;
	struct rw_op n;
	int calls, started;

	rw_op_init(cq, &n, &l, how);
	for (calls = 0;; calls++) {
		uint64_t before;

		pawl_rwlock_wrlock(&l);
		before = pawl_load_(&l.word_, relaxed);
		fail_calls_from(calls);
		started = rw_op_begin(&n);
		if (started != ENOMEM)
			break;
		must(calls < 10);
		must(pawl_load_(&l.word_, relaxed) == before);
		must(pawl_op_cancel(&n.op) == EALREADY);
		must(pawl_cq_dispatch(cq, 0) == 0);
		pawl_rwlock_wrunlock(&l);
		must_be_free(&l);
	}
	must(calls > 0 && started == EINPROGRESS);
	fail_calls_from(0);
	pawl_rwlock_wrunlock(&l);
	must(pawl_cq_dispatch(cq, 0) == 1);
	must(n.rc == 0 && n.calls == 1);
	rw_op_let_go(&n);
	must_be_free(&l);
	must(rw_op_begin(&n) == 0);		/* what is free needs no memory */
}

static void start_read_op(void *arg)
{
	pawl_cq *cq;

	(void)arg;
	must(pawl_cq_open(&cq) == 0);
	start_op(RW_READ, cq);
	pawl_cq_close(cq);
}

static void start_write_op(void *arg)
{
	pawl_cq *cq;

	(void)arg;
	must(pawl_cq_open(&cq) == 0);
	start_op(RW_WRITE, cq);
	pawl_cq_close(cq);
}

static void an_op_is_not_started_and_leaves_nothing_behind_or_ends_without_more(void **state)
{
	(void)state;
	run_in_child(start_read_op);
	run_in_child(start_write_op);
}

/* A reader is inside: an op that cannot wait must not leave the word of a writer who waits. */
static void start_write_op_behind_reader(void *arg)
{
	pawl_rwlock l = PAWL_RWLOCK_INIT;
	struct rw_op n;

	(void)arg;
	fail_calls_from(0);
	rw_op_init_inline(&n, &l, RW_WRITE, rw_op_done);
	pawl_rwlock_rdlock(&l);
	must(rw_op_begin(&n) == ENOMEM);
	must(pawl_rwlock_tryrdlock(&l) == 0);
	pawl_rwlock_rdunlock(&l);
	pawl_rwlock_rdunlock(&l);
	must_be_free(&l);
	must(n.calls == 0);
}

static void an_op_that_is_not_started_keeps_no_reader_out(void **state)
{
	(void)state;
	run_in_child(start_write_op_behind_reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_has_no_memory_waits_too),
		TEST(a_reader_without_memory_keeps_its_turn),
		TEST(deadlines_and_scopes_hold_for_who_has_no_memory),
		TEST(reading_needs_no_memory),
		TEST(an_op_is_not_started_and_leaves_nothing_behind_or_ends_without_more),
		TEST(an_op_that_is_not_started_keeps_no_reader_out),
	};

	return test_main(tests);
}
