/* SPDX-License-Identifier: BSD-2-Clause */
/* test_cq.c - pawl/op.h: completion queues: descriptor, deadlines, close, fork. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <pawl/atomic.h>
#include <pawl/mutex.h>
#include <pawl/op.h>

#include "support.h"

enum { NONE = -1 };

struct note_op {
	pawl_op op;
	pawl_mutex mutex;	/* held until somebody unlocks it */
	int rc;			/* NONE: done() was not called */
	pawl_time when;		/* it was */
	unsigned place;		/* among those of its queue */
};

static unsigned places;

static void note_done(pawl_op *op, int rc)
{
	struct note_op *n = pawl_op_user(op);

	must(n->rc == NONE);
	n->rc = rc;
	n->when = pawl_now();
	n->place = places++;
}

/* Start it for its own mutex, which is held by an op: any thread may unlock it. */
static void start(struct note_op *n, pawl_cq *cq, pawl_time deadline)
{
	*n = (struct note_op){ .rc = NONE };
	pawl_op_init(&n->op, cq, note_done, n);
	must(pawl_mutex_lock_op(&n->mutex, &n->op) == 0);
	pawl_op_deadline(&n->op, deadline);
	must(pawl_mutex_lock_op(&n->mutex, &n->op) == EINPROGRESS);
}

static void start_many(struct note_op *n, int count, pawl_cq *cq)
{
	for (int i = 0; i < count; i++)
		start(&n[i], cq, PAWL_FOREVER);
}

static bool is_readable(pawl_cq *cq, int timeout)
{
	struct pollfd p = { .fd = pawl_cq_fd(cq), .events = POLLIN };

	return poll(&p, 1, timeout) == 1 && (p.revents & POLLIN);
}

static bool is_free(pawl_mutex *m)
{
	bool free = pawl_mutex_trylock(m) == 0;

	if (free)
		pawl_mutex_unlock(m);
	return free;
}

static pawl_cq *open_queue(void)
{
	pawl_cq *cq;

	must(pawl_cq_open(&cq) == 0);
	return cq;
}

/*** The descriptor ****************************************************************************/

static void it_is_readable_exactly_while_there_is_something(void **state)
{
	enum { MANY = 5 };
	pawl_cq *cq = open_queue();
	struct note_op n[MANY];
	int fd = pawl_cq_fd(cq);

	(void)state;
	assert_false(is_readable(cq, 0));
	start_many(n, MANY, cq);
	assert_false(is_readable(cq, 0));
	for (int i = 0; i < MANY; i++) {
		pawl_mutex_unlock(&n[i].mutex);
		assert_true(is_readable(cq, 0));
	}
	for (int i = 0; i < MANY; i++) {
		assert_true(is_readable(cq, 0));
		assert_int_equal(pawl_cq_dispatch(cq, 1), 1);
		assert_int_equal(n[i].rc, 0);
	}
	assert_false(is_readable(cq, 0));
	assert_int_equal(pawl_cq_dispatch(cq, 1), 0);
	assert_int_equal(pawl_cq_fd(cq), fd);
	start(&n[0], cq, PAWL_FOREVER);
	assert_int_equal(pawl_op_cancel(&n[0].op), 0);
	assert_true(is_readable(cq, 0));
	assert_int_equal(pawl_cq_dispatch(cq, 7), 1);
	assert_false(is_readable(cq, 0));
	pawl_cq_close(cq);
}

static void dispatch_runs_no_more_than_it_was_asked_to(void **state)
{
	enum { MANY = 10 };
	pawl_cq *cq = open_queue();
	struct note_op n[MANY];

	(void)state;
	start_many(n, MANY, cq);
	for (int i = 0; i < MANY; i++)
		pawl_mutex_unlock(&n[i].mutex);
	assert_int_equal(pawl_cq_dispatch(cq, 3), 3);
	assert_int_equal(n[3].rc, NONE);
	assert_int_equal(pawl_cq_dispatch(cq, 4), 4);
	assert_int_equal(pawl_cq_dispatch(cq, -1), 3);
	assert_int_equal(n[MANY - 1].rc, 0);
	pawl_cq_close(cq);
}

static pawl_mutex passed;	/* from op to op, until stopped */
static bool stopped;

static void pass(pawl_op *op, int rc)
{
	if (rc == 0 && !stopped) {
		rc = pawl_mutex_lock_op(&passed, op);
		must(rc == EINPROGRESS);
	}
	if (rc != ECANCELED)
		pawl_mutex_unlock(&passed);
}

static void what_comes_while_it_runs_is_for_the_next_dispatch(void **state)
{
	pawl_cq *cq = open_queue();
	pawl_op op[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		pawl_op_init(&op[i], cq, pass, NULL);
	pawl_mutex_lock(&passed);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pawl_mutex_lock_op(&passed, &op[i]), EINPROGRESS);
	pawl_mutex_unlock(&passed);
	for (int i = 0; i < 10; i++) {
		assert_true(is_readable(cq, 0));
		assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	}
	stopped = true;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	assert_true(is_free(&passed));
	pawl_cq_close(cq);
}

/*** Deadlines *********************************************************************************/

static void an_op_ends_at_its_deadline_and_not_before(void **state)
{
	pawl_cq *cq = open_queue();
	struct note_op n;
	pawl_time deadline = pawl_after(PAWL_MS(30));

	(void)state;
	start(&n, cq, deadline);
	while (n.rc == NONE) {
		assert_true(is_readable(cq, -1));
		(void)pawl_cq_dispatch(cq, 0);
	}
	assert_int_equal(n.rc, ETIMEDOUT);
	assert_true(n.when >= deadline);
	assert_false(is_readable(cq, 0));
	assert_int_equal(pawl_op_cancel(&n.op), EALREADY);
	pawl_mutex_unlock(&n.mutex);
	assert_true(is_free(&n.mutex));
	pawl_cq_close(cq);
}

static void a_deadline_in_the_past_lets_an_op_have_what_is_free(void **state)
{
	pawl_cq *cq = open_queue();
	struct note_op n;
	pawl_op op;

	(void)state;
	start(&n, cq, pawl_after(-1));
	assert_true(is_readable(cq, 0));
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	assert_int_equal(n.rc, ETIMEDOUT);
	pawl_mutex_unlock(&n.mutex);
	pawl_op_init(&op, cq, note_done, NULL);
	pawl_op_deadline(&op, pawl_after(-1));
	assert_int_equal(pawl_mutex_lock_op(&n.mutex, &op), 0);
	assert_false(is_readable(cq, 0));
	pawl_cq_close(cq);
}

static void a_granted_op_has_no_deadline_any_more(void **state)
{
	pawl_cq *cq = open_queue();
	struct note_op n;

	(void)state;
	start(&n, cq, pawl_after(PAWL_MS(5)));
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	pawl_mutex_unlock(&n.mutex);
	nap(PAWL_MS(10));
	assert_true(is_readable(cq, 0));
	assert_int_equal(pawl_cq_dispatch(cq, 0), 1);
	assert_int_equal(n.rc, 0);
	assert_false(is_readable(cq, 10));
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	pawl_cq_close(cq);
}

struct elsewhere {
	pawl_cq *cq;
	struct note_op n;
};

static void start_elsewhere(void *arg)
{
	struct elsewhere *e = arg;

	start(&e->n, e->cq, pawl_after(PAWL_MS(10)));
}

/* The dispatcher sleeps until the later one. */
static void an_earlier_deadline_from_another_thread_is_heard(void **state)
{
	struct elsewhere e = { .cq = open_queue() };
	struct note_op later;
	struct worker w;

	(void)state;
	start(&later, e.cq, pawl_after(PAWL_S(3600)));
	(void)pawl_cq_dispatch(e.cq, 0);
	assert_false(is_readable(e.cq, 0));
	worker_start(&w, start_elsewhere, &e);
	worker_join(&w);
	while (e.n.rc == NONE) {
		assert_true(is_readable(e.cq, -1));
		(void)pawl_cq_dispatch(e.cq, 0);
	}
	assert_int_equal(e.n.rc, ETIMEDOUT);
	assert_false(is_readable(e.cq, 0));
	pawl_cq_close(e.cq);
	assert_int_equal(later.rc, ECANCELED);
}

/*** Virtual time, in children *****************************************************************/

static void expect(pawl_cq *cq, pawl_ns d, int done)
{
	must(pawl_clock_advance(d) == 0);
	must(is_readable(cq, 0) == (done > 0));
	must(pawl_cq_dispatch(cq, 0) == done);
	must(!is_readable(cq, 0));
}

static void obey_the_virtual_clock(void *arg)
{
	pawl_cq *cq = open_queue();
	struct note_op a, b, c;

	(void)arg;
	start(&c, cq, pawl_after(PAWL_MS(1)));
	must(pawl_cq_dispatch(cq, 0) == 0);
	must(pawl_clock_set_virtual(0) == 0);
	must(is_readable(cq, 0));
	must(pawl_cq_dispatch(cq, 0) == 0);
	must(pawl_op_cancel(&c.op) == 0);
	must(pawl_cq_dispatch(cq, 0) == 1);
	start(&a, cq, pawl_after(PAWL_S(2)));
	start(&b, cq, pawl_after(PAWL_S(1)));
	must(pawl_cq_dispatch(cq, 0) == 0);
	nap(PAWL_MS(5));
	must(!is_readable(cq, 0));
	expect(cq, PAWL_S(1) - 1, 0);
	expect(cq, 1, 1);
	must(b.rc == ETIMEDOUT && b.when == PAWL_S(1) && a.rc == NONE);
	expect(cq, PAWL_S(5), 1);
	must(a.rc == ETIMEDOUT);
	pawl_cq_close(cq);
	must(pawl_clock_advance(1) == 0);
}

/* Half of them are canceled or granted before their time. */
static void keep_the_order_of_deadlines(void *arg)
{
	enum { MANY = 1000, SPAN = 200 };
	static struct note_op n[MANY];
	pawl_cq *cq = open_queue();
	pawl_time at;
	int timed_out = 0;

	(void)arg;
	must(pawl_clock_set_virtual(0) == 0);
	srand(1);
	for (int i = 0; i < MANY; i++) {
		start(&n[i], cq, 1 + rand() % SPAN);
		if (i % 10 == 0)
			(void)pawl_cq_dispatch(cq, 0);
	}
	for (int i = 0; i < MANY; i++)
		if (rand() % 4 == 0)
			must(pawl_op_cancel(&n[i].op) == 0);
		else if (rand() % 3 == 0)
			pawl_mutex_unlock(&n[i].mutex);
	for (at = 1; at <= SPAN; at++) {
		must(pawl_clock_advance(1) == 0);
		(void)pawl_cq_dispatch(cq, 0);
		for (int i = 0; i < MANY; i++)
			must(n[i].rc != NONE || n[i].op.deadline_ > at);
	}
	for (int i = 0; i < MANY; i++)
		if (n[i].rc == ETIMEDOUT) {
			must(n[i].when == n[i].op.deadline_);
			timed_out++;
		}
	must(timed_out > MANY / 4);
	pawl_cq_close(cq);
}

static void deadlines_obey_the_virtual_clock(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, obey_the_virtual_clock, NULL);
	child_assert_silent(&c);
	child_run(&c, keep_the_order_of_deadlines, NULL);
	child_assert_silent(&c);
}

/*** Close *************************************************************************************/

static void close_gives_back_and_cancels(void **state)
{
	pawl_cq *cq = open_queue();
	struct note_op granted, waiting, late, canceled, with_deadline;
	struct locker l;

	(void)state;
	start(&late, cq, pawl_after(-1));
	(void)pawl_cq_dispatch(cq, -1);
	assert_int_equal(late.rc, ETIMEDOUT);
	start(&granted, cq, PAWL_FOREVER);
	start(&waiting, cq, PAWL_FOREVER);
	start(&late, cq, pawl_after(-1));
	start(&canceled, cq, PAWL_FOREVER);
	start(&with_deadline, cq, pawl_after(PAWL_S(3600)));
	locker_start(&l, 0, &granted.mutex, PAWL_FOREVER, NULL);
	pawl_mutex_unlock(&granted.mutex);
	assert_int_equal(pawl_op_cancel(&canceled.op), 0);
	pawl_cq_close(cq);
	assert_int_equal(locker_join(&l), 0);
	assert_true(is_free(&granted.mutex));
	assert_int_equal(granted.rc, ECANCELED);
	assert_int_equal(waiting.rc, ECANCELED);
	assert_int_equal(canceled.rc, ECANCELED);
	assert_int_equal(with_deadline.rc, ECANCELED);
	assert_int_equal(late.rc, ETIMEDOUT);
	pawl_mutex_unlock(&waiting.mutex);
	assert_true(is_free(&waiting.mutex));
	pawl_mutex_destroy(&waiting.mutex);
	pawl_cq_close(NULL);
}

static void undispatched_ops_of_a_closed_queue_do_not_get_each_others_grants(void **state)
{
	pawl_cq *cq = open_queue();
	struct note_op a = { .rc = NONE }, b = { .rc = NONE };
	pawl_mutex m = PAWL_MUTEX_INIT;

	(void)state;
	pawl_op_init(&a.op, cq, note_done, &a);
	pawl_op_init(&b.op, cq, note_done, &b);
	pawl_mutex_lock(&m);
	assert_int_equal(pawl_mutex_lock_op(&m, &a.op), EINPROGRESS);
	assert_int_equal(pawl_mutex_lock_op(&m, &b.op), EINPROGRESS);
	pawl_mutex_unlock(&m);
	pawl_cq_close(cq);
	assert_int_equal(a.rc, ECANCELED);
	assert_int_equal(b.rc, ECANCELED);
	pawl_mutex_destroy(&m);
}

struct closing {
	struct note_op n;
	uint32_t turn;		/* atomic */
	unsigned rounds;
};

static void unlock_each(void *arg)
{
	struct closing *c = arg;

	for (unsigned round = 1; round <= c->rounds; round++) {
		while (pawl_load_(&c->turn, acquire) != round)
			sched_yield();
		pawl_mutex_unlock(&c->n.mutex);
		pawl_store_(&c->turn, 0, release);
	}
}

/* What is under way on another thread when close begins comes back too. */
static void close_waits_for_grants_under_way(void **state)
{
	static struct closing c;
	struct worker w;

	(void)state;
	c.rounds = ROUNDS(5000);
	worker_start(&w, unlock_each, &c);
	for (unsigned round = 1; round <= c.rounds; round++) {
		pawl_cq *cq = open_queue();

		start(&c.n, cq, PAWL_FOREVER);
		pawl_store_(&c.turn, round, release);
		if (round % 2 == 0)
			sched_yield();
		pawl_cq_close(cq);
		assert_int_equal(c.n.rc, ECANCELED);
		while (pawl_load_(&c.turn, acquire) != 0)
			sched_yield();
		assert_true(is_free(&c.n.mutex));
	}
	worker_join(&w);
}

static int count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int count = 0;

	must(d);
	while (readdir(d))
		count++;
	closedir(d);
	return count;
}

static void close_gives_its_descriptors_back(void **state)
{
	pawl_cq *cq[40];
	int before = count_descriptors();

	(void)state;
	for (int round = 0; round < 10; round++) {
		for (size_t i = 0; i < COUNT_OF(cq); i++)
			cq[i] = open_queue();
		for (size_t i = 0; i < COUNT_OF(cq); i++)
			pawl_cq_close(cq[i]);
	}
	assert_int_equal(count_descriptors(), before);
}

static void open_without_descriptors(void *arg)
{
	struct rlimit limit;
	pawl_cq *cq;
	int before = count_descriptors(), used = dup(0);

	(void)arg;
	must(used >= 0);
	close(used);
	must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	for (int more = 0; more < 3; more++) {
		limit.rlim_cur = (rlim_t)(used + more);
		must(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		errno = 4711;
		must(pawl_cq_open(&cq) == EMFILE);
		must(errno == 4711);
	}
	limit.rlim_cur = (rlim_t)(used + 3);
	must(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	must(pawl_cq_open(&cq) == 0);
	pawl_cq_close(cq);
	must(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ limit.rlim_max, limit.rlim_max }) == 0);
	must(count_descriptors() == before);
}

static void open_says_that_there_is_no_descriptor(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, open_without_descriptors, NULL);
	child_assert_silent(&c);
}

/*** Many threads ******************************************************************************/

enum { STARTERS = 4, EACH = 500 };

struct starter {
	struct worker worker;
	pawl_cq *cq;
	struct note_op n[EACH];
	int canceled;
};

/* A third is granted, one canceled, one times out. */
static void start_and_end(void *arg)
{
	struct starter *s = arg;

	for (int i = 0; i < EACH; i++) {
		struct note_op *n = &s->n[i];

		start(n, s->cq, i % 3 == 2 ? pawl_after(PAWL_US(i)) : PAWL_FOREVER);
		if (i % 3 == 0)
			pawl_mutex_unlock(&n->mutex);
		else if (i % 3 == 1)
			must(pawl_op_cancel(&n->op) == 0);
	}
}

static void ops_may_be_started_and_ended_on_any_thread(void **state)
{
	static struct starter s[STARTERS];
	const int want[] = { 0, ECANCELED, ETIMEDOUT };
	pawl_cq *cq = open_queue();
	int done = 0;

	(void)state;
	for (int t = 0; t < STARTERS; t++) {
		s[t].cq = cq;
		worker_start(&s[t].worker, start_and_end, &s[t]);
	}
	while (done < STARTERS * EACH) {
		assert_true(is_readable(cq, -1));
		done += pawl_cq_dispatch(cq, 64);
	}
	for (int t = 0; t < STARTERS; t++) {
		worker_join(&s[t].worker);
		for (int i = 0; i < EACH; i++)
			assert_int_equal(s[t].n[i].rc, want[i % 3]);
	}
	assert_int_equal(pawl_cq_dispatch(cq, 0), 0);
	pawl_cq_close(cq);
}

static void do_nothing(int signal)
{
	(void)signal;
}

static void signals_do_no_harm(void **state)
{
	struct sigaction action = { .sa_handler = do_nothing }, before;
	struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };

	assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	close_waits_for_grants_under_way(state);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
}

/*** Fork **************************************************************************************/

static pawl_cq *inherited;
static struct note_op inherited_op;

static void close_in_child(void *arg)
{
	int before = count_descriptors();

	(void)arg;
	pawl_cq_close(inherited);
	must(count_descriptors() == before - 3);
	must(inherited_op.rc == NONE);
	inherited = open_queue();
	start(&inherited_op, inherited, pawl_after(-1));
	must(pawl_cq_dispatch(inherited, 0) == 1);
	pawl_cq_close(inherited);
}

static void dispatch_in_child(void *arg)
{
	(void)arg;
	(void)pawl_cq_dispatch(inherited, 0);
}

static void a_child_may_close_what_it_inherits_and_no_more(void **state)
{
	struct child c;

	(void)state;
	inherited = open_queue();
	start(&inherited_op, inherited, PAWL_FOREVER);
	child_run(&c, close_in_child, NULL);
	child_assert_silent(&c);
	child_run(&c, dispatch_in_child, NULL);
	child_assert_misuse(&c, "was opened before a fork");
	assert_false(is_readable(inherited, 0));
	pawl_mutex_unlock(&inherited_op.mutex);
	assert_true(is_readable(inherited, 0));
	assert_int_equal(pawl_cq_dispatch(inherited, 0), 1);
	pawl_cq_close(inherited);
}

/*** Misuse ************************************************************************************/

static pawl_cq *misused;

static void dispatch_inside(pawl_op *op, int rc)
{
	(void)op;
	(void)rc;
	(void)pawl_cq_dispatch(misused, 0);
}

static void close_inside(pawl_op *op, int rc)
{
	(void)op;
	(void)rc;
	pawl_cq_close(misused);
}

static void start_inside(pawl_op *op, int rc)
{
	pawl_mutex *m = pawl_op_user(op);

	(void)rc;
	must(pawl_mutex_trylock(m) == EBUSY);
	rc = pawl_mutex_lock_op(m, op);
	must(rc == ENOMEM);
}

static void misuse(void *done)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	pawl_op op;

	misused = open_queue();
	pawl_op_init(&op, misused, *(pawl_done_fn *)done, &m);
	pawl_mutex_lock(&m);
	must(pawl_mutex_lock_op(&m, &op) == EINPROGRESS);
	if (*(pawl_done_fn *)done == start_inside) {
		pawl_cq_close(misused);
		return;
	}
	must(pawl_op_cancel(&op) == 0);
	(void)pawl_cq_dispatch(misused, 0);
}

static void misuse_is_told(void **state)
{
	pawl_done_fn done[] = { dispatch_inside, close_inside, start_inside };
	struct child c;

	(void)state;
	child_run(&c, misuse, &done[0]);
	child_assert_misuse(&c, "is being dispatched");
	child_run(&c, misuse, &done[1]);
	child_assert_misuse(&c, "is being dispatched");
	child_run(&c, misuse, &done[2]);
	child_assert_misuse(&c, "is being closed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(misuse_is_told),
		TEST(a_child_may_close_what_it_inherits_and_no_more),
		TEST(open_says_that_there_is_no_descriptor),
		TEST(deadlines_obey_the_virtual_clock),
		TEST(it_is_readable_exactly_while_there_is_something),
		TEST(dispatch_runs_no_more_than_it_was_asked_to),
		TEST(what_comes_while_it_runs_is_for_the_next_dispatch),
		TEST(an_op_ends_at_its_deadline_and_not_before),
		TEST(a_deadline_in_the_past_lets_an_op_have_what_is_free),
		TEST(a_granted_op_has_no_deadline_any_more),
		TEST(an_earlier_deadline_from_another_thread_is_heard),
		TEST(close_gives_back_and_cancels),
		TEST(undispatched_ops_of_a_closed_queue_do_not_get_each_others_grants),
		TEST(close_waits_for_grants_under_way),
		TEST(close_gives_its_descriptors_back),
		TEST(ops_may_be_started_and_ended_on_any_thread),
		TEST(signals_do_no_harm),
	};

	return test_main(tests);
}
