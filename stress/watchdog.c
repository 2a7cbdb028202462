/* SPDX-License-Identifier: BSD-2-Clause */
/* watchdog.c - ends a variant that is stuck, and says where. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <pawl/debug.h>

#include "child.h"
#include "suite.h"

static struct {
	struct stress_team *team;
	struct child_options options;
	int dump_fd;
} dog = { .dump_fd = -1 };

/* Changes as long as anything happens. */
static uint64_t progress(void)
{
	return stress_ops(dog.team) + atomic_load_explicit(&dog.team->tick, memory_order_relaxed) +
	       atomic_load_explicit(&dog.team->waits, memory_order_relaxed);
}

static void count_one(struct stress_worker *sleeper, void *arg)
{
	(void)sleeper;
	++*(unsigned *)arg;
}

/* Every thread that has not ended sleeps, so none will wake another. */
static bool all_sleep(void)
{
	unsigned alive = 0, asleep = 0;

	for (unsigned i = 0; i < dog.team->size; i++)
		alive += atomic_load(&dog.team->workers[i].tid) != 0;
	for_each_sleeper(dog.team, &dog.dump_fd, NULL, count_one, &asleep);
	return alive > 0 && asleep == alive;
}

static void show_worker(const struct stress_worker *w)
{
	const char *phase = atomic_load(&w->phase);
	int tid = atomic_load(&w->tid);

	if (tid == 0)
		dprintf(STDERR_FILENO, "stress: worker %u has ended or not begun\n", w->index);
	else
		dprintf(STDERR_FILENO, "stress: worker %u is tid %d, in round %llu%s%s\n", w->index,
			tid, (unsigned long long)atomic_load(&w->ops), phase ? ", " : "",
			phase ? phase : "");
}

static _Noreturn void bark(double stuck)
{
	dprintf(STDERR_FILENO, "stress: watchdog: %s %s is stuck: no progress for %.1f s\n",
		dog.options.of->name, mode_name(dog.options.mode), stuck);
	for (unsigned i = 0; i < dog.team->size; i++)
		show_worker(&dog.team->workers[i]);
	child_show_names();
	pawl_dump(STDERR_FILENO);
	/* Not _exit(), of which sanitizers take the opportunity to report what is left. */
	for (;;)
		syscall(SYS_exit_group, STRESS_EXIT_STUCK);
}

static void *watch(void *arg)
{
	bool deadlocks = dog.options.of->deadlocks && dog.options.mode == STRESS_BROKEN;
	uint64_t last = progress(), now;
	double since = stress_now();
	struct timespec look = { 0, 50000000 };
	unsigned asleep = 0;

	for (;; last = now) {
		nanosleep(&look, NULL);
		now = progress();
		if (now != last) {
			since = stress_now();
			asleep = 0;
		}
		/* Where a deadlock is wanted, two looks that find all asleep will do. */
		asleep = deadlocks && all_sleep() ? asleep + 1 : 0;
		if (asleep > 1 || stress_now() - since > dog.options.watchdog)
			bark(stress_now() - since);
	}
	return arg;
}

void watchdog_start(struct stress_team *t, const struct child_options *o)
{
	pthread_t thread;

	dog.team = t;
	dog.options = *o;
	if (pthread_create(&thread, NULL, watch, NULL) != 0) {
		stress_fail("cannot make the watchdog's thread");
		exit(1);
	}
	pthread_detach(thread);
}
