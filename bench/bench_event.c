/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_event.c - pawl/event.h and pawl/notify.h beside others.
 *
 * Ping-pong: two threads set each other's event in turn; an operation is one set, one way.
 * Broadcast: 100 threads sleep; an operation is from the call of set to the last one awake, or
 * that call alone.
 */
#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"
#include "event_subject.h"

enum { MAX_WAITERS = 128, MAX_SETS = 4096, WARM_UP_SETS = 5, MAX_STRETCHES = 8192,
	STRETCH_NS = 200000 };

struct member {
	pthread_t thread;
	unsigned index;
	int tid;
	const struct event_kind *kind;
	struct event_shared *shared;
	const struct bench_case *c;
	struct stretches *stretches;	/* ping-pong: to measure; NULL: the other does */
};

static void member_start(struct member *m, unsigned index, const struct subject *s, void *state,
			 const struct bench_case *c, struct stretches *stretches,
			 void *(*run)(void *))
{
	*m = (struct member){
		.index = index, .kind = s->kind, .shared = state, .c = c, .stretches = stretches,
	};
	if (pthread_create(&m->thread, NULL, run, m) != 0)
		fatal("%s: cannot make %u threads", c->name, c->threads);
}

static void members_join(struct member *members, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		pthread_join(members[i].thread, NULL);
}

/* Ping-pong *************************************************************************************/

/* The figure is the median of stretches of some 0.2 ms: so a thread that is put off its CPU spoils
 * one of them, and of two ways to wait, awake or asleep, the one that lasts counts. */
struct stretches {
	double ns[MAX_STRETCHES];	/* one way */
	size_t count;
	uint64_t turns, look;		/* since the stretch began; when to look at the clock */
	int64_t begin;
};

static void stretches_turn(struct stretches *all)
{
	int64_t now, took;

	if (++all->turns < all->look)
		return;
	now = clock_ns();
	took = now - all->begin;
	if (all->begin != 0 && all->count < MAX_STRETCHES)
		all->ns[all->count++] = (double)took / (double)all->turns / 2;
	if (took < STRETCH_NS / 2)
		all->look *= 2;
	else if (took > STRETCH_NS * 2 && all->look > 1)
		all->look /= 2;
	all->turns = 0;
	all->begin = now;
}

static void *ping_pong_run(void *arg)
{
	struct member *m = arg;
	const struct event_kind *kind = m->kind;
	bool stop;

	machine_pin(m->c->cpus == 2 ? m->index : 0, 1);
	for (uint32_t n = 1;; n++) {
		kind->wait(m->shared, m->index, n);
		if (kind->clear)
			kind->clear(m->shared, m->index);
		stop = __atomic_load_n(&m->shared->stop, __ATOMIC_RELAXED);
		if (m->stretches)
			stretches_turn(m->stretches);
		kind->set(m->shared, !m->index, n + m->index);
		if (stop)
			return NULL;
	}
}

static void ping_pong(const struct subject *s, void *state, const struct bench_case *c,
		      unsigned ms, struct sample *ret)
{
	static struct stretches stretches;
	const struct event_kind *kind = s->kind;
	struct event_shared *shared = state;
	struct member two[2];

	memset(&stretches, 0, sizeof stretches);
	stretches.look = 1;
	for (unsigned i = 0; i < 2; i++)
		member_start(&two[i], i, s, state, c, i == 0 ? &stretches : NULL, ping_pong_run);
	kind->set(state, 0, 1);
	usleep(ms * 1000);
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	members_join(two, 2);
	ret->ns = median(stretches.ns, stretches.count, NULL, NULL);
}

/* Broadcast *************************************************************************************/

static void *waiter_run(void *arg)
{
	struct member *m = arg;
	struct event_shared *shared = m->shared;
	unsigned waiters = m->c->threads - 1;

	machine_pin(0, m->c->cpus);
	__atomic_store_n(&m->tid, (int)syscall(SYS_gettid), __ATOMIC_RELAXED);
	for (uint32_t n = 1;; n++) {
		m->kind->wait(shared, n % 2, n);
		if (__atomic_load_n(&shared->stop, __ATOMIC_RELAXED))
			return NULL;
		if (__atomic_add_fetch(&shared->awake, 1, __ATOMIC_ACQ_REL) == waiters) {
			shared->last_awake = clock_ns();
			sem_post(&shared->all_awake);
		}
	}
}

/* By what the kernel says: the one way that is the same for all kinds. */
static bool is_asleep(const struct member *m)
{
	char path[64], text[256];
	const char *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/self/task/%d/stat",
		 __atomic_load_n(&m->tid, __ATOMIC_RELAXED));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	state = strrchr(text, ')');		/* "tid (name) S ..." */
	return state && strncmp(state, ") S", 3) == 0;
}

static void wait_until_asleep(const struct member *members, unsigned waiters)
{
	for (unsigned i = 0; i < waiters; i++)
		if (!is_asleep(&members[i])) {
			usleep(100);
			i = UINT_MAX;		/* all once more: in one pass all are */
		}
}

struct times {
	double called[MAX_SETS], awake[MAX_SETS];
	size_t count;
};

static void set_once(const struct event_kind *kind, struct event_shared *shared, uint32_t n,
		     struct times *t)
{
	int64_t begin, end;

	if (kind->clear)
		kind->clear(shared, !(n % 2));
	shared->awake = 0;
	begin = clock_ns();
	kind->set(shared, n % 2, n);
	end = clock_ns();
	while (sem_wait(&shared->all_awake) != 0)
		;
	if (n > WARM_UP_SETS) {
		t->called[t->count] = (double)(end - begin);
		t->awake[t->count++] = (double)(shared->last_awake - begin);
	}
}

static void broadcasts(const struct subject *s, void *state, const struct bench_case *c,
		       unsigned ms, struct times *t)
{
	static struct member members[MAX_WAITERS];
	struct event_shared *shared = state;
	unsigned waiters = c->threads - 1;
	int64_t end;
	uint32_t n = 1;

	if (waiters > MAX_WAITERS || sem_init(&shared->all_awake, 0, 0) != 0)
		fatal("%s: too many threads", c->name);
	for (unsigned i = 0; i < waiters; i++)
		member_start(&members[i], i, s, state, c, NULL, waiter_run);
	machine_pin(0, c->cpus);
	t->count = 0;
	end = clock_ns() + (int64_t)ms * 1000000;
	for (; t->count == 0 || (clock_ns() < end && t->count < MAX_SETS); n++) {
		wait_until_asleep(members, waiters);
		set_once(s->kind, shared, n, t);
	}
	/* A notification is not kept for those who come later. */
	wait_until_asleep(members, waiters);
	machine_pin(0, 0);
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	((const struct event_kind *)s->kind)->set(shared, n % 2, n);
	members_join(members, waiters);
	sem_destroy(&shared->all_awake);
}

static struct times times;

static void broadcast(const struct subject *s, void *state, const struct bench_case *c,
		      unsigned ms, struct sample *ret)
{
	broadcasts(s, state, c, ms, &times);
	ret->ns = median(times.awake, times.count, NULL, NULL);
}

static void broadcast_set(const struct subject *s, void *state, const struct bench_case *c,
			  unsigned ms, struct sample *ret)
{
	broadcasts(s, state, c, ms, &times);
	ret->ns = median(times.called, times.count, NULL, NULL);
}

/* The cases *************************************************************************************/

#define PING_PONG(label, of) { .name = label, .turn = ping_pong, .kind = &of }
#define BROADCAST(label, of) { .name = label, .turn = broadcast, .kind = &of }
#define SET(label, of) { .name = label, .turn = broadcast_set, .kind = &of }
static const struct subject
	word_ping = PING_PONG("futex", event_word), word_all = BROADCAST("futex", event_word),
	word_set_all = SET("futex", event_word),
	pawl_ping = PING_PONG("pawl", event_pawl), pawl_all = BROADCAST("pawl", event_pawl),
	pawl_set_all = SET("pawl", event_pawl),
	event_all = BROADCAST("pawl-event", event_pawl), event_set_all = SET("pawl-event", event_pawl),
	notify_all = BROADCAST("pawl", event_notify_all), notify_set_all = SET("pawl", event_notify_all),
	notify_ping = PING_PONG("pawl", event_notify), sem_ping = PING_PONG("sem_t", event_sem),
	posix_ping = PING_PONG("pthread", event_posix), posix_all = BROADCAST("pthread", event_posix),
	posix_set_all = SET("pthread", event_posix);

/* The bound between two cores is one against ck_ec32, which comes first then. */
#ifdef BENCH_CK_EC
static const struct subject ck_ping = PING_PONG("ck_ec32", event_ck);
# define CK_PING &ck_ping,
enum { BOUND_2_CORES = 11 };
static const struct subject *const two_cores[] = {
	&ck_ping, &pawl_ping, &word_ping, &sem_ping, &posix_ping, NULL
};
#else
# define CK_PING
enum { BOUND_2_CORES = 0 };
static const struct subject *const two_cores[] = {
	&word_ping, &pawl_ping, &sem_ping, &posix_ping, NULL
};
#endif
static const struct subject *const one_core[] = {
	&word_ping, &pawl_ping, CK_PING &sem_ping, &posix_ping, NULL
};
static const struct subject *const notifies[] = {
	&word_ping, &notify_ping, &sem_ping, &posix_ping, NULL
};
static const struct subject *const alls[] = { &word_all, &pawl_all, &posix_all, NULL };
static const struct subject *const sets[] = { &word_set_all, &pawl_set_all, &posix_set_all, NULL };
static const struct subject *const notify_alls[] = { &word_all, &notify_all, &event_all, NULL };
static const struct subject *const notify_sets[] = {
	&word_set_all, &notify_set_all, &event_set_all, NULL
};

const struct bench_case bench_event[] = {
	{ .name = "event/pingpong-2cores", .what = "set to awake, two cores", .mode = OWN,
	  .threads = 2, .cpus = 2, .min_ms = 300, .max_ratio = BOUND_2_CORES / 10.0,
	  .subjects = two_cores },
	{ .name = "event/pingpong-1core", .what = "set to awake, one core", .mode = OWN,
	  .threads = 2, .cpus = 1, .min_ms = 300, .max_ratio = 1.1, .subjects = one_core },
	{ .name = "event/broadcast-100", .what = "from set to the last of 100 awake, 2 CPUs",
	  .mode = OWN, .threads = 101, .cpus = 2, .min_ms = 500, .max_ratio = 1.05,
	  .subjects = alls },
	{ .name = "event/broadcast-100-set", .what = "the set alone, 100 wait, 2 CPUs", .mode = OWN,
	  .threads = 101, .cpus = 2, .subjects = sets },
	{ .name = "notify/pingpong", .what = "one to awake, two cores", .mode = OWN, .threads = 2,
	  .cpus = 2, .subjects = notifies },
	{ .name = "notify/broadcast-100", .what = "from all to the last of 100 awake, 2 CPUs",
	  .mode = OWN, .threads = 101, .cpus = 2, .min_ms = 500, .subjects = notify_alls },
	{ .name = "notify/broadcast-100-all", .what = "the call of all alone, 100 wait, 2 CPUs",
	  .mode = OWN, .threads = 101, .cpus = 2, .subjects = notify_sets },
	{ .name = NULL }
};
