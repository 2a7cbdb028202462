/* SPDX-License-Identifier: BSD-2-Clause */
/* team.c - the threads of a variant, and where they meet. */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "stress.h"

double stress_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t voluntary_switches(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nvcsw : 0;
}

static void *worker_main(void *arg)
{
	struct stress_worker *w = arg;
	uint64_t before;

	atomic_store(&w->tid, (int)syscall(SYS_gettid));
	pthread_barrier_wait(&w->team->gate);
	before = voluntary_switches();
	w->team->body(w);
	w->switches += voluntary_switches() - before;
	atomic_store(&w->tid, 0);
	return NULL;
}

static void start(struct stress_worker *w)
{
	int err = pthread_create(&w->thread, NULL, worker_main, w);

	if (err == 0)
		return;
	stress_fail("cannot make thread %u: %s", w->index, strerror(err));
	exit(1);
}

static void sleep_for(double seconds)
{
	struct timespec left = { (time_t)seconds, 0 };

	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

void stress_run(struct stress_team *t, void (*body)(struct stress_worker *w))
{
	t->body = body;
	atomic_store(&t->stop, false);
	pthread_barrier_init(&t->gate, NULL, t->size + 1);
	for (unsigned i = 0; i < t->size; i++)
		start(&t->workers[i]);
	pthread_barrier_wait(&t->gate);
	if (t->mode != STRESS_BROKEN) {
		sleep_for(t->duration);
		atomic_store_explicit(&t->stop, true, memory_order_relaxed);
	}
	for (unsigned i = 0; i < t->size; i++)
		pthread_join(t->workers[i].thread, NULL);
	for (int i = 0; i < STRESS_MISSES; i++)
		t->misses[i] = NULL;
	pthread_barrier_destroy(&t->gate);
}

bool stress_wants_waits(const struct stress_team *t)
{
	return t->waiting_wanted &&
	       atomic_load_explicit(&t->waits, memory_order_relaxed) < STRESS_WAITS;
}

void stress_go_on_while(struct stress_team *t, bool (*misses)(void))
{
	int i = 0;

	while (t->misses[i])
		i++;
	t->misses[i] = misses;
}

static bool misses_any(const struct stress_team *t)
{
	for (int i = 0; i < STRESS_MISSES; i++)
		if (t->misses[i] && t->misses[i]())
			return true;
	return false;
}

bool stress_again(struct stress_worker *w)
{
	if (w->team->mode == STRESS_BROKEN)
		return atomic_load_explicit(&w->ops, memory_order_relaxed) < STRESS_ITERATIONS;
	return !atomic_load_explicit(&w->team->stop, memory_order_relaxed) ||
	       stress_wants_waits(w->team) || misses_any(w->team);
}

void stress_done(struct stress_worker *w)
{
	uint64_t ops = atomic_load_explicit(&w->ops, memory_order_relaxed);

	atomic_store_explicit(&w->ops, ops + 1, memory_order_relaxed);
}

void stress_meet(struct stress_worker *w)
{
	struct stress_team *t = w->team;
	uint64_t mine = atomic_fetch_add_explicit(&t->tick, 1, memory_order_relaxed);
	uint64_t all = mine - mine % t->size + t->size;

	/* A release that nobody acquires.  TSan skips an access that its thread has made before
	 * since it last released something, and of accesses at the very same time it may miss
	 * one; after this it looks at each round anew. */
	atomic_store_explicit(&w->met, mine, memory_order_release);
	while (atomic_load_explicit(&t->tick, memory_order_relaxed) < all)
		sched_yield();
}

void stress_await(struct stress_worker *w)
{
	__asm__ volatile("" : : : "memory");
	if (++w->awaits % STRESS_EVERY != 0)
		return;
	if (w->team->mode == STRESS_BROKEN)
		stress_meet(w);
	else
		sched_yield();
}

uint64_t stress_ops(const struct stress_team *t)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < t->size; i++)
		sum += atomic_load_explicit(&t->workers[i].ops, memory_order_relaxed);
	return sum;
}

uint64_t stress_least(const struct stress_team *t)
{
	return STRESS_ITERATIONS / STRESS_EVERY * (uint64_t)(t->size - 1);
}

/* splitmix64 (Steele, Lea and Flood 2014). */
uint64_t stress_random(struct stress_worker *w, uint64_t n)
{
	uint64_t x = w->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (x ^ (x >> 31)) % n;
}
