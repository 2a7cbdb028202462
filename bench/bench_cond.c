/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_cond.c - pawl/cond.h beside others.
 *
 * Ping-pong: two threads wake each other in turn; an operation is one wake, one way.
 * Broadcast: all but one wait; an operation is from the call to the last one awake.
 */
#include "config.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <pawl/cond.h>
#include <pawl/mutex.h>

#include "bench.h"
#include "cond_subject.h"

enum { MAX_WAITERS = 128, MAX_BROADCASTS = 4096, WARM_UP = 20 };

struct member {
	pthread_t thread;
	unsigned index;
	const struct cond_kind *kind;
	struct cond_shared *shared;
	const struct bench_case *c;
	uint64_t turns;
};

/* A core each for two; else all on the CPUs of the case. */
static void member_pin(const struct member *m)
{
	if (m->c->threads == 2 && m->c->cpus == 2)
		machine_pin(m->index, 1);
	else
		machine_pin(0, m->c->cpus);
}

static void member_start(struct member *m, const struct subject *s, void *state,
			 const struct bench_case *c, unsigned index, void *(*run)(void *))
{
	*m = (struct member){ .index = index, .kind = s->kind, .shared = state, .c = c };
	if (pthread_create(&m->thread, NULL, run, m) != 0)
		fatal("%s: cannot make %u threads", c->name, c->threads);
}

static void *ping_pong_run(void *arg)
{
	struct member *m = arg;
	struct cond_shared *shared = m->shared;
	unsigned other = !m->index;
	bool stop = false;

	member_pin(m);
	while (!stop) {
		m->kind->lock(shared);
		while (shared->turn != m->index && !shared->stop)
			m->kind->wait(shared, m->index);
		stop = shared->stop;
		shared->turn = other;
		m->turns++;
		m->kind->signal(shared, other);
		m->kind->unlock(shared);
	}
	return NULL;
}

void cond_ping_pong(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
		    struct sample *ret)
{
	const struct cond_kind *kind = s->kind;
	struct cond_shared *shared = state;
	struct member members[2];
	int64_t begin = clock_ns(), end;

	for (unsigned i = 0; i < 2; i++)
		member_start(&members[i], s, state, c, i, ping_pong_run);
	usleep(ms * 1000);
	kind->lock(shared);
	shared->stop = true;
	end = clock_ns();
	kind->broadcast(shared, 0);
	kind->broadcast(shared, 1);
	kind->unlock(shared);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(members[i].thread, NULL);
	ret->ns = (double)(end - begin) / (double)(members[0].turns + members[1].turns);
}

/* Condition 0: the turn came; condition 1: all are awake. */
static void *broadcast_run(void *arg)
{
	struct member *m = arg;
	struct cond_shared *shared = m->shared;
	unsigned seen = 0, waiters = m->c->threads - 1;

	member_pin(m);
	m->kind->lock(shared);
	for (;;) {
		shared->awake++;
		if (shared->awake == waiters) {
			shared->last_awake = clock_ns();
			m->kind->signal(shared, 1);
		}
		while (shared->turn == seen)
			m->kind->wait(shared, 0);
		seen = shared->turn;
		if (shared->stop)
			break;
	}
	m->kind->unlock(shared);
	return NULL;
}

/* With the mutex held: all are waiting when it returns. */
static void wait_for_all(const struct cond_kind *kind, struct cond_shared *shared, unsigned waiters)
{
	while (shared->awake != waiters)
		kind->wait(shared, 1);
	shared->awake = 0;
}

static double broadcasts(const struct cond_kind *kind, struct cond_shared *shared,
			 unsigned waiters, unsigned ms)
{
	static double times[MAX_BROADCASTS];
	int64_t end = clock_ns() + (int64_t)ms * 1000000, begin = 0;
	size_t count = 0;

	kind->lock(shared);
	wait_for_all(kind, shared, waiters);
	for (unsigned i = 0; begin < end && count < MAX_BROADCASTS; i++) {
		begin = clock_ns();
		shared->turn++;
		kind->broadcast(shared, 0);
		wait_for_all(kind, shared, waiters);
		if (i >= WARM_UP)
			times[count++] = (double)(shared->last_awake - begin);
	}
	shared->stop = true;
	shared->turn++;
	kind->broadcast(shared, 0);
	kind->unlock(shared);
	return median(times, count, NULL, NULL);
}

void cond_broadcast(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
		    struct sample *ret)
{
	static struct member members[MAX_WAITERS];
	unsigned waiters = c->threads - 1;

	if (waiters > MAX_WAITERS)
		fatal("%s: too many threads", c->name);
	for (unsigned i = 0; i < waiters; i++)
		member_start(&members[i], s, state, c, i, broadcast_run);
	ret->ns = broadcasts(s->kind, state, waiters, ms);
	for (unsigned i = 0; i < waiters; i++)
		pthread_join(members[i].thread, NULL);
}

/* pawl */
struct pawl_state {
	pawl_mutex mutex OWN_LINES;
	pawl_cond conds[2];
};
_Static_assert(sizeof(struct pawl_state) <= COND_KIND_SIZE, "a kind's state has room");

static void pawl_lock(void *state)
{
	pawl_mutex_lock(&((struct pawl_state *)state)->mutex);
}

static void pawl_unlock(void *state)
{
	pawl_mutex_unlock(&((struct pawl_state *)state)->mutex);
}

static void pawl_wait(void *state, unsigned which)
{
	struct pawl_state *s = state;

	if (pawl_cond_wait_until(&s->conds[which], &s->mutex, PAWL_FOREVER) != 0)
		fatal("a wait without a deadline failed");
}

static void pawl_signal(void *state, unsigned which)
{
	pawl_cond_signal(&((struct pawl_state *)state)->conds[which]);
}

static void pawl_broadcast(void *state, unsigned which)
{
	pawl_cond_broadcast(&((struct pawl_state *)state)->conds[which]);
}

/* pthreads */
struct posix_state {
	pthread_mutex_t mutex OWN_LINES;
	pthread_cond_t conds[2];
};
_Static_assert(sizeof(struct posix_state) <= COND_KIND_SIZE, "a kind's state has room");

static int posix_open(void *state)
{
	struct posix_state *s = state;

	pthread_cond_init(&s->conds[0], NULL);
	pthread_cond_init(&s->conds[1], NULL);
	return pthread_mutex_init(&s->mutex, NULL);
}

static void posix_lock(void *state)
{
	pthread_mutex_lock(&((struct posix_state *)state)->mutex);
}

static void posix_unlock(void *state)
{
	pthread_mutex_unlock(&((struct posix_state *)state)->mutex);
}

static void posix_wait(void *state, unsigned which)
{
	struct posix_state *s = state;

	pthread_cond_wait(&s->conds[which], &s->mutex);
}

static void posix_signal(void *state, unsigned which)
{
	pthread_cond_signal(&((struct posix_state *)state)->conds[which]);
}

static void posix_broadcast(void *state, unsigned which)
{
	pthread_cond_broadcast(&((struct posix_state *)state)->conds[which]);
}

static const struct cond_kind
	pawl_kind = { pawl_lock, pawl_unlock, pawl_wait, pawl_signal, pawl_broadcast },
	posix_kind = { posix_lock, posix_unlock, posix_wait, posix_signal, posix_broadcast };

static const struct subject
	pawl_ping = { .name = "pawl", .turn = cond_ping_pong, .kind = &pawl_kind },
	pawl_all = { .name = "pawl", .turn = cond_broadcast, .kind = &pawl_kind },
	posix_ping = { .name = "pthread", .open = posix_open, .turn = cond_ping_pong,
		       .kind = &posix_kind },
	posix_all = { .name = "pthread", .open = posix_open, .turn = cond_broadcast,
		      .kind = &posix_kind };

#ifdef BENCH_NSYNC
# define NSYNC(what) &nsync_##what,
#else
# define NSYNC(what)
#endif
static const struct subject *const pings[] = { &posix_ping, &pawl_ping, NSYNC(ping_pong) NULL };
static const struct subject *const alls[] = { &posix_all, &pawl_all, NSYNC(broadcast) NULL };

const struct bench_case bench_cond[] = {
	{ .name = "cond/ping-pong", .what = "one wake, two CPUs", .mode = OWN, .threads = 2, .cpus = 2,
	  .subjects = pings },
	{ .name = "cond/ping-pong-1cpu", .what = "one wake, one CPU", .mode = OWN, .threads = 2,
	  .cpus = 1, .subjects = pings },
	{ .name = "cond/broadcast-100", .what = "from the call to the last of 100 awake, 2 CPUs",
	  .mode = OWN, .threads = 101, .cpus = 2, .subjects = alls },
	{ .name = NULL }
};
