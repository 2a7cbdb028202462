/* SPDX-License-Identifier: BSD-2-Clause */
/* test_fork.c - in a child process only the thread that forked lives: pawl/thread.h. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pawl/counter.h>
#include <pawl/mutex.h>
#include <pawl/once.h>
#include <pawl/queue.h>
#include <pawl/rwlock.h>
#include <pawl/sem.h>
#include <pawl/thread.h>

#include "support.h"

/* Run @fn in a child, with other threads of the parent alive; its must() may abort it. */
static void run_in_child(void (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(WATCH_SECONDS / 2);
		fn(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ThreadSanitizer refuses new threads in a child of a process with several threads. */
static bool threads_may_follow_fork(void)
{
	if (UNDER_TSAN)
		note("no threads in the child under ThreadSanitizer");
	return !UNDER_TSAN;
}

static void lock_and_unlock(void *arg)
{
	pawl_mutex_lock(arg);
	must(pawl_mutex_is_mine(arg));
	pawl_mutex_unlock(arg);
}

static void unlock_in_child(void *arg)
{
	struct worker w[2];

	must(pawl_mutex_is_mine(arg));
	must(pawl_mutex_trylock(arg) == EBUSY);
	must(pawl_mutex_lock_until(arg, PAWL_FOREVER) == EDEADLK);
	for (size_t i = 0; i < COUNT_OF(w); i++) {
		worker_start(&w[i], lock_and_unlock, arg);
		worker_await_wait(&w[i], "mutex", arg);
	}
	pawl_mutex_unlock(arg);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_join(&w[i]);
	must(pawl_mutex_trylock(arg) == 0);
	pawl_mutex_unlock(arg);
	pawl_mutex_destroy(arg);
}

static void the_child_may_unlock_what_its_thread_held(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		pawl_mutex m;

		assert_int_equal(pawl_mutex_init(&m, flags), 0);
		pawl_mutex_lock(&m);
		run_in_child(unlock_in_child, &m);
		assert_true(pawl_mutex_is_mine(&m));	/* here it is another one */
		pawl_mutex_unlock(&m);
	}
}

/*** With other threads in the parent **********************************************************/

struct holder {
	struct worker worker;
	pawl_mutex mutex;
	struct gate holds, may_end;
};

static void hold(void *arg)
{
	struct holder *h = arg;

	pawl_mutex_lock(&h->mutex);
	gate_open(&h->holds);
	gate_pass(&h->may_end);
	pawl_mutex_unlock(&h->mutex);
}

static void find_it_held(void *arg)
{
	struct holder *h = arg;

	must(!pawl_mutex_is_mine(&h->mutex));
	must(pawl_mutex_trylock(&h->mutex) == EBUSY);
	must(pawl_mutex_lock_until(&h->mutex, pawl_after(PAWL_MS(2))) == ETIMEDOUT);
	/* It can only be made anew. */
	must(pawl_mutex_init(&h->mutex, 0) == 0);
	lock_and_unlock(&h->mutex);
}

static void what_another_thread_held_stays_held_in_the_child(void **state)
{
	struct holder h = { .mutex = PAWL_MUTEX_INIT, .holds = GATE_INIT, .may_end = GATE_INIT };

	(void)state;
	worker_start(&h.worker, hold, &h);
	gate_pass(&h.holds);
	run_in_child(find_it_held, &h);
	assert_int_equal(pawl_mutex_trylock(&h.mutex), EBUSY);
	gate_open(&h.may_end);
	worker_join(&h.worker);
}

/* One lock that another thread reads, in a slot, and one that the caller does. */
struct reader {
	struct worker worker;
	pawl_rwlock theirs, ours;
	struct gate reads, may_end;
};

static void read_often(pawl_rwlock *l)
{
	for (int i = 0; i < 100; i++) {
		pawl_rwlock_rdlock(l);
		pawl_rwlock_rdunlock(l);
	}
}

static void read_theirs(void *arg)
{
	struct reader *r = arg;

	read_often(&r->theirs);
	pawl_rwlock_rdlock(&r->theirs);
	gate_open(&r->reads);
	gate_pass(&r->may_end);
	pawl_rwlock_rdunlock(&r->theirs);
}

static void find_them_read(void *arg)
{
	struct reader *r = arg;

	must(pawl_rwlock_trywrlock(&r->ours) == EBUSY);
	pawl_rwlock_rdunlock(&r->ours);
	must(pawl_rwlock_trywrlock(&r->ours) == 0);
	pawl_rwlock_wrunlock(&r->ours);
	/* What others read can only be made anew; and then nobody is left who has it. */
	r->theirs = (pawl_rwlock)PAWL_RWLOCK_INIT;
	read_often(&r->theirs);
	must(pawl_rwlock_trywrlock(&r->theirs) == 0);
	pawl_rwlock_wrunlock(&r->theirs);
}

static void a_reader_stays_one_in_the_child_and_what_others_read_can_be_made_anew(void **state)
{
	struct reader r = { .reads = GATE_INIT, .may_end = GATE_INIT };

	(void)state;
	worker_start(&r.worker, read_theirs, &r);
	gate_pass(&r.reads);
	read_often(&r.ours);
	pawl_rwlock_rdlock(&r.ours);
	run_in_child(find_them_read, &r);
	assert_int_equal(pawl_rwlock_trywrlock(&r.ours), EBUSY);
	assert_int_equal(pawl_rwlock_trywrlock(&r.theirs), EBUSY);
	pawl_rwlock_rdunlock(&r.ours);
	gate_open(&r.may_end);
	worker_join(&r.worker);
	assert_int_equal(pawl_rwlock_trywrlock(&r.ours), 0);
	assert_int_equal(pawl_rwlock_trywrlock(&r.theirs), 0);
}

/*** Queues ************************************************************************************/

enum { SLOTS = 8 };

static pawl_queue *queue_of_ints(unsigned flags)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = SLOTS, .item_size = sizeof(int),
		.max_weight = SLOTS, .flags = flags,
	};
	pawl_queue *q;

	must(pawl_queue_open(&cfg, &q) == 0);
	return q;
}

/* Pop @from, @from + 1 and so on, before @to; or push them, in each way that there is. */
static void pop_ints(pawl_queue *q, int from, int to)
{
	for (int item; from < to; from++)
		must(pawl_queue_pop(q, &item) == 0 && item == from);
}

static void push_ints(pawl_queue *q, int from, int to)
{
	void *slot;

	for (; from < to; from++)
		if (from % 3 == 0) {
			must(pawl_queue_push(q, &from) == 0);
		} else if (from % 3 == 1) {
			must(pawl_queue_push_weighed(q, &from, 2, 0) == 0);
		} else {
			must(pawl_queue_reserve(q, 0, &slot) == 0);
			memcpy(slot, &from, sizeof from);
			must(pawl_queue_commit(q, slot) == 0);
		}
}

/* Is alive in the parent, but for its calls is done with the queue. */
struct producer {
	struct worker worker;
	pawl_queue *queue;
	struct gate pushed, may_end;
	void *slot;		/* reserved by the thread that forks */
	bool closed;		/* before */
};

static void produce(void *arg)
{
	struct producer *p = arg;

	push_ints(p->queue, 0, 3);
	gate_open(&p->pushed);
	gate_pass(&p->may_end);
}

static void pop_and_push_in_threads(void *arg)
{
	pawl_queue *q = arg;
	int item;

	for (int i = 0; i < 100; i++) {
		must(pawl_queue_pop(q, &item) == 0);
		must(pawl_queue_push(q, &item) == 0);
	}
}

static void go_on_with_the_queue(struct producer *p)
{
	struct worker w[3];
	int item = 3;

	memcpy(p->slot, &item, sizeof item);
	must(pawl_queue_commit(p->queue, p->slot) == 0);
	push_ints(p->queue, 4, 3 + SLOTS);
	must(pawl_queue_len(p->queue) == SLOTS);
	must(pawl_queue_trypush(p->queue, &item) == EAGAIN);
	pop_ints(p->queue, 3, 3 + SLOTS);
	must(pawl_queue_push(p->queue, &item) == 0);
	for (size_t i = 0; i < COUNT_OF(w) && !UNDER_TSAN; i++)
		worker_start(&w[i], pop_and_push_in_threads, p->queue);
	for (size_t i = 0; i < COUNT_OF(w) && !UNDER_TSAN; i++)
		worker_join(&w[i]);
	pop_ints(p->queue, 3, 4);
	must(pawl_queue_pop_until(p->queue, &item, pawl_after(PAWL_MS(1))) == ETIMEDOUT);
	push_ints(p->queue, 0, 3);
}

static void use_the_queue_of_the_parent(void *arg)
{
	struct producer *p = arg;
	int item = 0;

	must(pawl_queue_len(p->queue) == 3);
	pop_ints(p->queue, 0, 3);
	if (p->closed) {
		must(pawl_queue_trypush(p->queue, &item) == EPIPE);
		must(pawl_queue_commit(p->queue, p->slot) == EPIPE);
		pawl_queue_abandon(p->queue, p->slot);
	} else {
		must(pawl_queue_trypop(p->queue, &item) == EAGAIN);
		go_on_with_the_queue(p);
		pawl_queue_close(p->queue);
		pop_ints(p->queue, 0, 3);
	}
	must(pawl_queue_pop(p->queue, &item) == EPIPE);
	pawl_queue_free(p->queue);
}

static void check_queue_in_child(unsigned flags, bool closed)
{
	struct producer p = { .queue = queue_of_ints(flags), .closed = closed };

	worker_start(&p.worker, produce, &p);
	gate_pass(&p.pushed);
	assert_int_equal(pawl_queue_reserve(p.queue, 0, &p.slot), 0);
	if (closed)
		pawl_queue_close(p.queue);
	run_in_child(use_the_queue_of_the_parent, &p);
	gate_open(&p.may_end);
	worker_join(&p.worker);
	pawl_queue_abandon(p.queue, p.slot);
	pop_ints(p.queue, 0, 3);	/* the child had others */
	pawl_queue_free(p.queue);
}

static void what_is_in_a_queue_is_in_the_childs_too_and_that_can_be_used(void **state)
{
	const unsigned flags[] = { 0, PAWL_QUEUE_FAST };

	(void)state;
	(void)threads_may_follow_fork();
	for (size_t i = 0; i < COUNT_OF(flags); i++)
		for (int closed = 0; closed <= 1; closed++)
			check_queue_in_child(flags[i], closed);
}

/*** All of it *********************************************************************************/

struct everything {
	pawl_mutex mutex;
	pawl_cond cond;
	pawl_counter counter;
	pawl_once once;
	pawl_sem sem;
	pawl_rwlock rwlock;
	pawl_queue *queue;
	bool ready;
	int runs;
};

static int count_run(void *arg)
{
	struct everything *e = arg;

	nap(PAWL_MS(1));
	return ++e->runs < 2 ? EIO : 0;
}

static void hand_an_item_on(pawl_queue *q)
{
	int item;

	must(pawl_queue_pop(q, &item) == 0);
	nap(PAWL_MS(1));
	item++;
	must(pawl_queue_push(q, &item) == 0);
}

static void use_everything(void *arg)
{
	struct everything *e = arg;

	pawl_mutex_lock(&e->mutex);
	while (!e->ready)
		must(pawl_cond_wait_until(&e->cond, &e->mutex, PAWL_FOREVER) == 0);
	pawl_mutex_unlock(&e->mutex);
	while (pawl_once_do(&e->once, count_run, e) != 0)
		continue;
	must(pawl_sem_acquire(&e->sem) == 0);
	nap(PAWL_MS(1));
	pawl_sem_release(&e->sem, 1);
	pawl_rwlock_rdlock(&e->rwlock);
	nap(PAWL_MS(1));
	pawl_rwlock_rdunlock(&e->rwlock);
	pawl_rwlock_wrlock(&e->rwlock);
	nap(PAWL_MS(1));
	pawl_rwlock_wrunlock(&e->rwlock);
	hand_an_item_on(e->queue);
	(void)pawl_counter_add(&e->counter, -1);
}

static void use_everything_in_threads(void *arg)
{
	struct everything e = { .counter = PAWL_COUNTER_INIT(3), .sem = PAWL_SEM_INIT(1) };
	struct worker w[3];
	int item = 0;

	(void)arg;
	e.queue = queue_of_ints(0);
	must(pawl_queue_push(e.queue, &item) == 0);
	for (size_t i = 0; i < COUNT_OF(w); i++) {
		worker_start(&w[i], use_everything, &e);
		worker_await_wait(&w[i], "cond", &e.cond);
	}
	pawl_mutex_lock(&e.mutex);
	e.ready = true;
	pawl_cond_broadcast(&e.cond);
	pawl_mutex_unlock(&e.mutex);
	must(pawl_counter_wait_zero(&e.counter, PAWL_FOREVER) == 0);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_join(&w[i]);
	must(e.runs == 2);
	must(pawl_queue_trypop(e.queue, &item) == 0 && item == 3);
	pawl_queue_free(e.queue);
}

static void the_child_may_start_threads_that_wait(void **state)
{
	(void)state;
	run_in_child(use_everything_in_threads, NULL);
}

static void even_if_threads_of_the_parent_wait_meanwhile(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker l[3];

	(void)state;
	if (!threads_may_follow_fork())
		return;
	pawl_mutex_lock(&m);
	for (int i = 0; i < 3; i++)
		locker_start(&l[i], i, &m, PAWL_FOREVER, NULL);
	run_in_child(use_everything_in_threads, NULL);
	pawl_mutex_unlock(&m);
	for (int i = 0; i < 3; i++)
		assert_int_equal(locker_join(&l[i]), 0);
}

/* What others waited for, and this thread held, is made anew and not released. */
static void make_anew(void *arg)
{
	pawl_mutex *m = arg;
	struct worker w[2];

	must(pawl_mutex_is_mine(m));
	must(pawl_mutex_init(m, 0) == 0);
	must(!pawl_mutex_is_mine(m));
	pawl_mutex_lock(m);
	for (size_t i = 0; i < COUNT_OF(w) && !UNDER_TSAN; i++) {
		worker_start(&w[i], lock_and_unlock, m);
		worker_await_wait(&w[i], "mutex", m);
	}
	pawl_mutex_unlock(m);
	for (size_t i = 0; i < COUNT_OF(w) && !UNDER_TSAN; i++)
		worker_join(&w[i]);
	pawl_mutex_destroy(m);
}

static void what_others_waited_for_can_be_made_anew_in_the_child(void **state)
{
	(void)state;
	(void)threads_may_follow_fork();
	for (unsigned flags = 0; flags <= PAWL_FAIR; flags++) {
		struct locker l[3];
		pawl_mutex m;

		assert_int_equal(pawl_mutex_init(&m, flags), 0);
		pawl_mutex_lock(&m);
		for (int i = 0; i < 3; i++)
			locker_start(&l[i], i, &m, PAWL_FOREVER, NULL);
		run_in_child(make_anew, &m);
		pawl_mutex_unlock(&m);
		for (int i = 0; i < 3; i++)
			assert_int_equal(locker_join(&l[i]), 0);
		pawl_mutex_destroy(&m);
	}
}

static void must_be_alone(void *arg)
{
	char all[4096], own[64];

	(void)arg;
	dump_read(all, sizeof all);
	snprintf(own, sizeof own, " (tid %d) does not wait\n", (int)getpid());
	must(strchr(all, '\n') == all + strlen(all) - 1);	/* one line */
	must(strstr(all, own) != NULL);
}

static void a_dump_in_the_child_shows_its_own_thread_only(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker l[3];

	(void)state;
	assert_int_equal(pawl_thread_attach(), 0);
	pawl_mutex_lock(&m);
	for (int i = 0; i < 3; i++)
		locker_start(&l[i], i, &m, PAWL_FOREVER, NULL);
	run_in_child(must_be_alone, NULL);
	pawl_mutex_unlock(&m);
	for (int i = 0; i < 3; i++)
		assert_int_equal(locker_join(&l[i]), 0);
}

/* A child of a child, and ids go on: the parent's and the child's threads do not mix. */
static void fork_again(void *arg)
{
	pawl_mutex *m = arg;
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (pid == 0) {
		unlock_in_child(m);
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	unlock_in_child(m);
}

static void a_child_may_fork_in_its_turn(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;

	(void)state;
	pawl_mutex_lock(&m);
	run_in_child(fork_again, &m);
	pawl_mutex_unlock(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_child_may_unlock_what_its_thread_held),
		TEST(what_another_thread_held_stays_held_in_the_child),
		TEST(a_reader_stays_one_in_the_child_and_what_others_read_can_be_made_anew),
		TEST(what_is_in_a_queue_is_in_the_childs_too_and_that_can_be_used),
		TEST(the_child_may_start_threads_that_wait),
		TEST(even_if_threads_of_the_parent_wait_meanwhile),
		TEST(what_others_waited_for_can_be_made_anew_in_the_child),
		TEST(a_dump_in_the_child_shows_its_own_thread_only),
		TEST(a_child_may_fork_in_its_turn),
	};

	return test_main(tests);
}
