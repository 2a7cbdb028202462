/* SPDX-License-Identifier: BSD-2-Clause */
/* asleep.c - which threads sleep for an object of pawl; the method is told in stress.h. */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <pawl/debug.h>

#include "child.h"
#include "stress.h"

/* What the kernel says of a thread: sleeping, or else running, or gone. */
static bool kernel_says_asleep(int tid)
{
	char path[64], text[512];
	const char *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	state = strrchr(text, ')');	/* the name before it may hold anything */
	return state && state[1] == ' ' && state[2] == 'S';
}

/* A memory file, as pawl_dump() would block on a pipe that is full. */
char *dump_text(int *fd)
{
	char *text;
	off_t size;

	if (*fd < 0)
		*fd = memfd_create("pawl_dump", MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, 0) != 0 || lseek(*fd, 0, SEEK_SET) != 0)
		return NULL;
	pawl_dump(*fd);
	size = lseek(*fd, 0, SEEK_CUR);
	text = calloc(1, (size_t)size + 1);
	if (text && pread(*fd, text, (size_t)size, 0) != size)
		text[0] = '\0';
	return text;
}

/* The thread that a line shows waiting for @object, 0 if it does not. */
static int waiting_thread(const char *line, const void *object)
{
	uintptr_t address = 0;
	int tid;
	const char *at;

	/* pawl: thread 2 (tid 4711) waits 1.204 s for mutex 0x55d0c0de held by thread 3 */
	if (sscanf(line, "pawl: thread %*u (tid %d) waits %*f s for %*s 0x%" SCNxPTR, &tid,
		   &address) != 2)
		return 0;
	at = strstr(line, " waits ");
	return at && (!object || address == (uintptr_t)object) ? tid : 0;
}

void for_each_sleeper(struct stress_team *t, int *dump_fd, const void *object,
	void (*fn)(struct stress_worker *sleeper, void *arg), void *arg)
{
	char *text = dump_text(dump_fd), *rest = text;

	for (char *line; rest && (line = strsep(&rest, "\n"));) {
		int tid = waiting_thread(line, object);

		for (unsigned i = 0; tid != 0 && i < t->size; i++)
			if (atomic_load(&t->workers[i].tid) == tid && kernel_says_asleep(tid))
				fn(&t->workers[i], arg);
	}
	free(text);
}

static void count_one(struct stress_worker *sleeper, void *arg)
{
	(void)sleeper;
	++*(unsigned *)arg;
}

unsigned stress_sleepers(struct stress_worker *w, const void *object)
{
	unsigned n = 0;

	for_each_sleeper(w->team, &w->dump_fd, object, count_one, &n);
	return n;
}

void stress_count_waits(struct stress_team *t, unsigned n)
{
	atomic_fetch_add_explicit(&t->waits, n, memory_order_relaxed);
}

static void pause_a_little(void)
{
	struct timespec time = { 0, 100000 };

	nanosleep(&time, NULL);
}

void stress_hold_until(struct stress_worker *w, const void *object, unsigned n)
{
	atomic_store(&w->phase, "waits until others sleep for what it holds");
	while (stress_sleepers(w, object) < n)
		pause_a_little();
	stress_count_waits(w->team, n);
	atomic_store(&w->phase, NULL);
}

static bool went_round(const struct stress_worker *other)
{
	return atomic_load_explicit(&other->ops, memory_order_relaxed) != other->counted;
}

/* Its next sleep is another one only after it has gone round. */
static void count_if_new(struct stress_worker *sleeper, void *arg)
{
	if (!went_round(sleeper))
		return;
	sleeper->counted = atomic_load_explicit(&sleeper->ops, memory_order_relaxed);
	++*(unsigned *)arg;
}

static bool can_see_a_new_one(const struct stress_team *t)
{
	for (unsigned i = 1; i < t->size; i++)
		if (went_round(&t->workers[i]))
			return true;
	return false;
}

void stress_hold(struct stress_worker *w, const void *object)
{
	unsigned n = 0;

	if (w->index != 0 || !stress_wants_waits(w->team) || !can_see_a_new_one(w->team))
		return;
	atomic_store(&w->phase, "waits until another sleeps for what it holds");
	for (;;) {
		for_each_sleeper(w->team, &w->dump_fd, object, count_if_new, &n);
		if (n > 0)
			break;
		pause_a_little();
	}
	stress_count_waits(w->team, n);
	atomic_store(&w->phase, NULL);
}
