/* SPDX-License-Identifier: BSD-2-Clause */
/* test_debug.c - pawl/debug.h: the lines of pawl_dump(). */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pawl/counter.h>
#include <pawl/debug.h>
#include <pawl/mutex.h>
#include <pawl/once.h>
#include <pawl/rwlock.h>
#include <pawl/sem.h>

#include "support.h"

static char text[65536];

/* How many lines of the last dump match @pattern as a whole. */
static int lines_like(const char *pattern)
{
	char *copy = strdup(text), *rest = copy, *line, anchored[512];
	regex_t regex;
	int count = 0;

	must(copy != NULL);
	snprintf(anchored, sizeof anchored, "^%s$", pattern);
	must(regcomp(&regex, anchored, REG_EXTENDED | REG_NOSUB) == 0);
	while ((line = strsep(&rest, "\n")) != NULL)
		count += line[0] != '\0' && regexec(&regex, line, 0, NULL, 0) == 0;
	regfree(&regex);
	free(copy);
	return count;
}

static void dump(void)
{
	dump_read(text, sizeof text);
}

#define ANY_THREAD "pawl: thread [0-9]+ \\(tid [0-9]+\\) "
#define ANY_LINE ANY_THREAD "(does not wait|waits [0-9]+\\.[0-9]{3} s for .*)"

static void before_anybody_waited_it_is_empty(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;

	(void)state;
	pawl_mutex_lock(&m);
	pawl_mutex_unlock(&m);
	dump();
	assert_string_equal(text, "");
}

static void an_attached_thread_is_shown_as_not_waiting(void **state)
{
	char pattern[128];

	(void)state;
	assert_int_equal(pawl_thread_attach(), 0);
	snprintf(pattern, sizeof pattern, "pawl: thread [0-9]+ \\(tid %d\\) does not wait",
		 (int)getpid());
	dump();
	assert_int_equal(lines_like(pattern), 1);
	assert_int_equal(lines_like(".*"), 1);
}

/*** One wait of each kind *********************************************************************/

struct objects {
	pawl_mutex mutex, cond_mutex;
	pawl_cond cond;
	pawl_counter counter;
	pawl_once once;
	pawl_sem sem;
	pawl_rwlock rwlock;
	struct worker on_mutex, on_cond, on_counter, on_once, on_sem, to_read, to_write;
};

static void wait_on_mutex(void *arg)
{
	struct objects *o = arg;

	pawl_mutex_lock(&o->mutex);
	pawl_mutex_unlock(&o->mutex);
}

static void wait_on_cond(void *arg)
{
	struct objects *o = arg;

	pawl_mutex_lock(&o->cond_mutex);
	must(pawl_cond_wait_until(&o->cond, &o->cond_mutex, PAWL_FOREVER) == 0);
	pawl_mutex_unlock(&o->cond_mutex);
}

static void wait_on_counter(void *arg)
{
	struct objects *o = arg;

	must(pawl_counter_wait_zero(&o->counter, PAWL_FOREVER) == 0);
}

static int run_nothing(void *arg)
{
	(void)arg;
	must_fail(__FILE__, __LINE__, "one initialiser is enough");
}

static void wait_on_once(void *arg)
{
	struct objects *o = arg;

	must(pawl_once_do(&o->once, run_nothing, o) == 0);
}

static void wait_on_sem(void *arg)
{
	struct objects *o = arg;

	must(pawl_sem_acquire(&o->sem) == 0);
}

static void wait_to_read(void *arg)
{
	struct objects *o = arg;

	pawl_rwlock_rdlock(&o->rwlock);
	pawl_rwlock_rdunlock(&o->rwlock);
}

static void wait_to_write(void *arg)
{
	struct objects *o = arg;

	pawl_rwlock_wrlock(&o->rwlock);
	pawl_rwlock_wrunlock(&o->rwlock);
}

/* Return: the number of pawl's thread with this kernel id. */
static int thread_number(pid_t tid)
{
	char who[64], *line;

	snprintf(who, sizeof who, " (tid %d) ", (int)tid);
	line = strstr(text, who);
	must(line != NULL);
	while (line > text && line[-1] != '\n')
		line--;
	must(strncmp(line, "pawl: thread ", 13) == 0);
	return atoi(line + 13);
}

static void assert_waits(const struct worker *w, const char *kind, const void *object, int holder)
{
	char pattern[256], held_by[64] = "";

	if (holder != 0)
		snprintf(held_by, sizeof held_by, " held by thread %d", holder);
	snprintf(pattern, sizeof pattern,
		 "pawl: thread [0-9]+ \\(tid %d\\) waits [0-9]+\\.[0-9]{3} s for %s %p%s",
		 (int)w->tid, kind, object, held_by);
	if (lines_like(pattern) != 1)
		fail_msg("no line like '%s' in:\n%s", pattern, text);
}

/* The initialiser of the once, so that others wait for it. */
static int dump_while_all_wait(void *arg)
{
	struct objects *o = arg;
	int self;

	pawl_mutex_lock(&o->mutex);
	worker_start(&o->on_mutex, wait_on_mutex, o);
	worker_await_wait(&o->on_mutex, "mutex", &o->mutex);
	worker_start(&o->on_cond, wait_on_cond, o);
	worker_await_wait(&o->on_cond, "cond", &o->cond);
	worker_start(&o->on_counter, wait_on_counter, o);
	worker_await_wait(&o->on_counter, "counter", &o->counter);
	worker_start(&o->on_once, wait_on_once, o);
	worker_await_wait(&o->on_once, "once", &o->once);
	worker_start(&o->on_sem, wait_on_sem, o);
	worker_await_wait(&o->on_sem, "semaphore", &o->sem);
	pawl_rwlock_wrlock(&o->rwlock);
	worker_start(&o->to_read, wait_to_read, o);
	worker_await_wait(&o->to_read, "rwlock", &o->rwlock);
	worker_start(&o->to_write, wait_to_write, o);
	worker_await_wait(&o->to_write, "rwlock", &o->rwlock);
	dump();
	self = thread_number(getpid());
	assert_waits(&o->on_mutex, "mutex", &o->mutex, self);
	assert_waits(&o->on_cond, "cond", &o->cond, 0);
	assert_waits(&o->on_counter, "counter", &o->counter, 0);
	assert_waits(&o->on_once, "once", &o->once, self);
	assert_waits(&o->on_sem, "semaphore", &o->sem, 0);
	assert_waits(&o->to_read, "rwlock", &o->rwlock, 0);
	assert_waits(&o->to_write, "rwlock", &o->rwlock, 0);
	assert_int_equal(lines_like(ANY_LINE), 8);
	assert_int_equal(lines_like(".*"), 8);	/* no deadlock */
	pawl_mutex_unlock(&o->mutex);
	pawl_cond_signal(&o->cond);
	(void)pawl_counter_add(&o->counter, -1);
	pawl_sem_release(&o->sem, 1);
	pawl_rwlock_wrunlock(&o->rwlock);
	return 0;
}

static void each_kind_of_wait_is_shown_with_its_object_and_holder(void **state)
{
	struct objects o = { .counter = PAWL_COUNTER_INIT(1) };

	(void)state;
	assert_int_equal(pawl_once_do(&o.once, dump_while_all_wait, &o), 0);
	worker_join(&o.on_mutex);
	worker_join(&o.on_cond);
	worker_join(&o.on_counter);
	worker_join(&o.on_once);
	worker_join(&o.on_sem);
	worker_join(&o.to_read);
	worker_join(&o.to_write);
}

static void hold_until_told(void *arg)
{
	struct objects *o = arg;

	pawl_mutex_lock(&o->mutex);
	pawl_mutex_lock(&o->cond_mutex);
	pawl_mutex_unlock(&o->cond_mutex);
	pawl_mutex_unlock(&o->mutex);
}

static void the_holder_of_the_moment_is_shown(void **state)
{
	struct objects o = { .mutex = PAWL_MUTEX_FAIR_INIT };
	struct worker holder, waiter;

	(void)state;
	pawl_mutex_lock(&o.cond_mutex);
	pawl_mutex_lock(&o.mutex);
	worker_start(&holder, hold_until_told, &o);
	worker_await_wait(&holder, "mutex", &o.mutex);
	worker_start(&waiter, wait_on_mutex, &o);
	worker_await_wait(&waiter, "mutex", &o.mutex);
	dump();
	assert_waits(&waiter, "mutex", &o.mutex, thread_number(getpid()));
	pawl_mutex_unlock(&o.mutex);	/* it is the other's now */
	worker_await_wait(&holder, "mutex", &o.cond_mutex);
	dump();
	assert_waits(&waiter, "mutex", &o.mutex, thread_number(holder.tid));
	assert_waits(&holder, "mutex", &o.cond_mutex, thread_number(getpid()));
	pawl_mutex_unlock(&o.cond_mutex);
	worker_join(&holder);
	worker_join(&waiter);
}

static void wait_for_ever(void *arg)
{
	pawl_mutex_lock(arg);
}

static void dump_without_object(void *arg)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	pawl_mutex *m = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	struct worker w;
	char line[128];

	(void)arg;
	must(m != MAP_FAILED);
	pawl_mutex_lock(m);
	worker_start(&w, wait_for_ever, m);
	worker_await_wait(&w, "mutex", m);
	must(munmap(m, page) == 0);
	dump_read(text, sizeof text);
	snprintf(line, sizeof line, ANY_THREAD "waits [0-9]+\\.[0-9]{3} s for mutex %p", (void *)m);
	must(lines_like(line) == 1);
}

static void an_object_that_is_gone_does_no_harm(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, dump_without_object, NULL);
	child_assert_silent(&c);
}

static void how_long_it_has_waited_is_shown(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker l;
	const char *place;

	(void)state;
	pawl_mutex_lock(&m);
	locker_start(&l, 0, &m, PAWL_FOREVER, NULL);
	nap(PAWL_MS(250));
	dump();
	place = strstr(text, ") waits ");
	assert_non_null(place);
	assert_true(atof(place + strlen(") waits ")) >= 0.250);
	pawl_mutex_unlock(&m);
	assert_int_equal(locker_join(&l), 0);
}

static void threads_that_exited_are_not_shown(void **state)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	struct locker l[4];

	(void)state;
	pawl_mutex_lock(&m);
	for (int i = 0; i < 4; i++)
		locker_start(&l[i], i, &m, PAWL_FOREVER, NULL);
	dump();
	assert_int_equal(lines_like(ANY_LINE), 5);
	pawl_mutex_unlock(&m);
	for (int i = 0; i < 4; i++)
		assert_int_equal(locker_join(&l[i]), 0);
	dump();
	assert_int_equal(lines_like(ANY_LINE), 1);
}

/*** Deadlocks *********************************************************************************/

enum { RING_MAX = 3 };

struct ring {
	pthread_barrier_t all_hold;
	pawl_mutex mutex[RING_MAX];
	pawl_time deadline;	/* which ends it in virtual time */
};

struct member {
	struct worker worker;
	struct ring *ring;
	int first, second;
};

/* Hold one, want the next; the virtual clock ends it. */
static void hold_and_wait(void *arg)
{
	struct member *m = arg;

	pawl_mutex_lock(&m->ring->mutex[m->first]);
	pthread_barrier_wait(&m->ring->all_hold);
	must(pawl_mutex_lock_until(&m->ring->mutex[m->second], m->ring->deadline) == ETIMEDOUT);
	pthread_barrier_wait(&m->ring->all_hold);
	pawl_mutex_unlock(&m->ring->mutex[m->first]);
}

/* What the ring's line must be, from its smallest thread. */
static void expect_ring(char *line, size_t size, const struct member members[], int n)
{
	int numbers[RING_MAX] = { 0 }, smallest = 0;
	size_t length;

	for (int i = 0; i < n; i++) {
		numbers[i] = thread_number(members[i].worker.tid);
		if (numbers[i] < numbers[smallest])
			smallest = i;
	}
	length = (size_t)snprintf(line, size, "pawl: deadlock: thread %d", numbers[smallest]);
	for (int step = 0; step < n; step++) {
		int from = (smallest + step) % n, to = (from + 1) % n;

		length += (size_t)snprintf(line + length, size - length,
					   " -> mutex %p -> thread %d",
					   (const void *)&members[from].ring->mutex[to],
					   numbers[to]);
	}
}

static void check_ring(int n)
{
	struct ring r = { .deadline = pawl_after(PAWL_S(1000)) };
	struct member members[RING_MAX];
	char line[512];

	pthread_barrier_init(&r.all_hold, NULL, (unsigned)n);
	for (int i = 0; i < n; i++) {
		members[i] = (struct member){ .ring = &r, .first = i, .second = (i + 1) % n };
		worker_start(&members[i].worker, hold_and_wait, &members[i]);
	}
	for (int i = 0; i < n; i++)
		worker_await_wait(&members[i].worker, "mutex", &r.mutex[members[i].second]);
	dump_read(text, sizeof text);
	expect_ring(line, sizeof line, members, n);
	must(lines_like(line) == 1);
	must(lines_like("pawl: deadlock: .*") == 1);
	must(pawl_clock_advance(PAWL_S(1000)) == 0);
	for (int i = 0; i < n; i++)
		worker_join(&members[i].worker);
	dump_read(text, sizeof text);
	must(lines_like("pawl: deadlock: .*") == 0);
}

static void check_rings(void *arg)
{
	(void)arg;
	must(pawl_clock_set_virtual(0) == 0);
	check_ring(2);
	check_ring(3);
}

static void a_deadlock_is_named_once_as_a_cycle(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, check_rings, NULL);
	child_assert_silent(&c);
}

/*** At any time *******************************************************************************/

static void dump_in_handler(int signal_number)
{
	int fd = open("/dev/null", O_WRONLY);

	(void)signal_number;
	pawl_dump(fd);
	close(fd);
}

struct busy {
	pawl_mutex mutex[2];
	bool stop;	/* guarded by the first */
};

static void lock_both_again_and_again(void *arg)
{
	struct busy *b = arg;
	bool stop = false;

	while (!stop) {
		pawl_mutex *const both[] = { &b->mutex[0], &b->mutex[1] };

		pawl_mutex_lock_all(both, 2);
		stop = b->stop;
		pawl_mutex_unlock_all(both, 2);
	}
}

/* Also from handlers that interrupt the library anywhere. */
static void it_may_be_called_while_all_are_busy(void **state)
{
	struct sigaction action = { .sa_handler = dump_in_handler, .sa_flags = SA_RESTART };
	struct busy b = { .stop = false };
	struct worker w[4];

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_start(&w[i], lock_both_again_and_again, &b);
	for (int i = 0; i < ROUNDS(1000); i++) {
		dump();
		assert_int_equal(lines_like(".*"),
				 lines_like(ANY_LINE) + lines_like("pawl: deadlock: .*"));
		pthread_kill(w[(size_t)i % COUNT_OF(w)].pthread, SIGUSR1);
	}
	pawl_mutex_lock(&b.mutex[0]);
	b.stop = true;
	pawl_mutex_unlock(&b.mutex[0]);
	for (size_t i = 0; i < COUNT_OF(w); i++)
		worker_join(&w[i]);
}

static void a_bad_descriptor_does_no_harm(void **state)
{
	(void)state;
	errno = 123;
	pawl_dump(-1);
	assert_int_equal(errno, 123);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(before_anybody_waited_it_is_empty),
		TEST(an_attached_thread_is_shown_as_not_waiting),
		TEST(each_kind_of_wait_is_shown_with_its_object_and_holder),
		TEST(the_holder_of_the_moment_is_shown),
		TEST(an_object_that_is_gone_does_no_harm),
		TEST(how_long_it_has_waited_is_shown),
		TEST(threads_that_exited_are_not_shown),
		TEST(a_deadlock_is_named_once_as_a_cycle),
		TEST(it_may_be_called_while_all_are_busy),
		TEST(a_bad_descriptor_does_no_harm),
	};

	return test_main(tests);
}
