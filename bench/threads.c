/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads.c - threads that work on a subject for a while, and what they did in it.
 *
 * SOLO: CPU time of the thread, in stretches of some 1 ms, of which the median counts.
 *
 * CROWD: after a warm-up, how far each thread's count moved in a window, and how long
 * the window really was.
 *
 * OVERLAP: the window is cut into slices of 1 ms.  Each thread looks at the clock after
 * each batch and books the batch on its slice.  A gap of more than 0.3 ms between two
 * looks means that the thread was off its CPU, or starved: the slices it touches do not
 * count, for neither thread.
 */
#include "config.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { MAX_THREADS = 128, STRETCH_NS = 1000000, SLICE_NS = 1000000, GAP_NS = 300000,
	WARM_UP_US = 20000, MIN_SLICES = 5, MIN_SHARE = 20 };

struct slice {
	uint64_t ops;
	bool dirty;
};

struct worker {
	uint64_t ops OWN_LINES;		/* written by its thread, read by any */
	pthread_t thread;
	unsigned index;
	struct crowd *crowd;
	struct slice *slices;		/* OVERLAP */
	int64_t last_look;
};

struct crowd {
	const struct bench_case *c;
	const struct subject *subject;
	void *state;
	unsigned steps;
	size_t slice_count;
	pthread_barrier_t start;
	struct worker workers[MAX_THREADS];
	int64_t begin OWN_LINES;	/* of the window; 0: not yet */
	bool stop;
};

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_of_process(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/* One subject's zeroed memory. */
static void *state_open(const struct subject *s)
{
	void *state = NULL;
	int err = posix_memalign(&state, STATE_ALIGN, STATE_SIZE);

	if (err == 0) {
		memset(state, 0, STATE_SIZE);
		err = s->open ? s->open(state) : 0;
	}
	if (err != 0)
		fatal("%s: cannot be opened: %s", s->name, strerror(err));
	return state;
}

static void state_close(const struct subject *s, void *state)
{
	if (s->close)
		s->close(state);
	free(state);
}

static void check_done(const struct crowd *crowd)
{
	const struct subject *s = crowd->subject;
	uint64_t did = 0, saw;

	if (!s->done)
		return;
	for (unsigned i = 0; i < crowd->c->threads; i++)
		did += crowd->workers[i].ops;
	saw = s->done(crowd->state);
	if (saw != did)
		fatal("%s %s: %llu operations done, %llu seen: updates were lost", crowd->c->name,
		      s->name, (unsigned long long)did, (unsigned long long)saw);
}

/* SOLO ******************************************************************************************/

struct solo {
	const struct bench_case *c;
	const struct subject *subject;
	void *state;
	unsigned ms;
	double ns;
};

static int64_t solo_stretch(const struct solo *solo, uint64_t n, unsigned steps)
{
	int64_t begin = read_clock(CLOCK_THREAD_CPUTIME_ID);

	solo->subject->batch(solo->state, n, steps);
	return read_clock(CLOCK_THREAD_CPUTIME_ID) - begin;
}

static void *solo_run(void *arg)
{
	struct solo *solo = (struct solo *)arg;
	unsigned steps = machine_steps(solo->c->section_ns);
	double stretches[256];
	size_t count = 0, want = solo->ms < 256 ? solo->ms : 256;
	uint64_t n = 64;

	machine_pin(0, solo->c->cpus);
	while (solo_stretch(solo, n, steps) < STRETCH_NS / 2)
		n *= 2;
	do
		stretches[count++] = (double)solo_stretch(solo, n, steps) / (double)n;
	while (count < want);
	solo->ns = median(stretches, count, NULL, NULL);
	return NULL;
}

/* In a thread of its own, so that the process has two and nobody takes short cuts. */
static void solo_measure(const struct bench_case *c, const struct subject *s, void *state,
			 unsigned ms, struct sample *ret)
{
	struct solo solo = { c, s, state, ms, NAN };
	pthread_t thread;

	if (pthread_create(&thread, NULL, solo_run, &solo) != 0)
		fatal("%s: cannot make a thread", c->name);
	pthread_join(thread, NULL);
	ret->ns = ret->cpu = solo.ns;
}

/* OVERLAP and CROWD *****************************************************************************/

/* Book a batch that ended now. */
static void look(struct worker *w, int64_t begin)
{
	struct crowd *crowd = w->crowd;
	int64_t now = clock_ns(), slice, last = w->last_look;

	w->last_look = now;
	if (begin == 0 || now < begin)
		return;
	slice = (now - begin) / SLICE_NS;
	if (now - last > GAP_NS)
		for (int64_t i = last < begin ? 0 : (last - begin) / SLICE_NS;
		     i <= slice && i < (int64_t)crowd->slice_count; i++)
			w->slices[i].dirty = true;
	if (slice < (int64_t)crowd->slice_count)
		w->slices[slice].ops += crowd->c->batch;
}

static void *crowd_run(void *arg)
{
	struct worker *w = (struct worker *)arg;
	struct crowd *crowd = w->crowd;
	void (*batch)(void *, uint64_t, unsigned) = crowd->subject->batch;
	void *state = crowd->state;
	unsigned n = crowd->c->batch, steps = crowd->steps;
	bool alone = crowd->c->mode == OVERLAP;

	machine_pin(alone ? w->index : 0, alone ? 1 : crowd->c->cpus);
	pthread_barrier_wait(&crowd->start);
	w->last_look = clock_ns();
	while (!__atomic_load_n(&crowd->stop, __ATOMIC_RELAXED)) {
		batch(state, n, steps);
		__atomic_store_n(&w->ops, w->ops + n, __ATOMIC_RELAXED);
		if (alone)
			look(w, __atomic_load_n(&crowd->begin, __ATOMIC_RELAXED));
	}
	return NULL;
}

static void crowd_counts(struct crowd *crowd, uint64_t *ret_ops)
{
	for (unsigned i = 0; i < crowd->c->threads; i++)
		ret_ops[i] = __atomic_load_n(&crowd->workers[i].ops, __ATOMIC_RELAXED);
}

static void crowd_start(struct crowd *crowd)
{
	pthread_barrier_init(&crowd->start, NULL, crowd->c->threads + 1);
	for (unsigned i = 0; i < crowd->c->threads; i++) {
		struct worker *w = &crowd->workers[i];

		w->index = i;
		w->crowd = crowd;
		if (crowd->c->mode == OVERLAP &&
		    !(w->slices = (struct slice *)calloc(crowd->slice_count, sizeof *w->slices)))
			fatal("out of memory");
		if (pthread_create(&w->thread, NULL, crowd_run, w) != 0)
			fatal("%s: cannot make %u threads", crowd->c->name, crowd->c->threads);
	}
	pthread_barrier_wait(&crowd->start);
	usleep(WARM_UP_US);
}

static void crowd_stop(struct crowd *crowd)
{
	__atomic_store_n(&crowd->stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < crowd->c->threads; i++)
		pthread_join(crowd->workers[i].thread, NULL);
	pthread_barrier_destroy(&crowd->start);
}

/* Count what was done in the slices where all threads were at work. */
static void overlap_count(const struct crowd *crowd, struct sample *ret)
{
	uint64_t ops = 0;
	size_t clean = 0;

	for (size_t i = 0; i < crowd->slice_count; i++) {
		uint64_t here = 0;
		bool dirty = false;

		for (unsigned t = 0; t < crowd->c->threads; t++) {
			here += crowd->workers[t].slices[i].ops;
			dirty |= crowd->workers[t].slices[i].dirty;
		}
		if (dirty)
			continue;
		clean++;
		ops += here;
	}
	ret->kept = (double)clean / (double)crowd->slice_count;
	/* Of a few survivors in a storm, most were disturbed too, only for a shorter time. */
	if (clean >= MIN_SLICES && clean >= crowd->slice_count / MIN_SHARE && ops > 0)
		ret->ns = (double)clean * SLICE_NS / (double)ops;
}

static void window_count(const struct crowd *crowd, const uint64_t *before, const uint64_t *after,
			 int64_t wall, int64_t cpu, struct sample *ret)
{
	uint64_t total = 0, most = 0, least = UINT64_MAX;

	for (unsigned i = 0; i < crowd->c->threads; i++) {
		uint64_t ops = after[i] - before[i];

		total += ops;
		most = ops > most ? ops : most;
		least = ops < least ? ops : least;
	}
	if (total == 0)
		return;
	ret->cpu = (double)cpu / (double)total;
	ret->fairness = least ? (double)most / (double)least : INFINITY;
	if (crowd->c->mode == CROWD)
		ret->ns = (double)wall / (double)total;
}

static void crowd_measure(struct crowd *crowd, unsigned ms, struct sample *ret)
{
	uint64_t before[MAX_THREADS], after[MAX_THREADS];
	int64_t begin, end, cpu;

	crowd->slice_count = ms;
	crowd_start(crowd);
	crowd_counts(crowd, before);
	begin = clock_ns();
	cpu = clock_of_process();
	__atomic_store_n(&crowd->begin, begin, __ATOMIC_RELAXED);
	usleep(ms * 1000);
	crowd_counts(crowd, after);
	end = clock_ns();
	cpu = clock_of_process() - cpu;
	crowd_stop(crowd);
	window_count(crowd, before, after, end - begin, cpu, ret);
	if (crowd->c->mode == OVERLAP)
		overlap_count(crowd, ret);
	check_done(crowd);
}

static void crowd_free(struct crowd *crowd)
{
	for (unsigned i = 0; i < crowd->c->threads; i++)
		free(crowd->workers[i].slices);
	free(crowd);
}

static struct crowd *crowd_new(const struct bench_case *c, const struct subject *s, void *state)
{
	void *memory = NULL;
	struct crowd *crowd;

	if (c->threads > MAX_THREADS || posix_memalign(&memory, STATE_ALIGN, sizeof *crowd) != 0)
		fatal("%s: too many threads, or out of memory", c->name);
	crowd = (struct crowd *)memory;
	memset(crowd, 0, sizeof *crowd);
	crowd->c = c;
	crowd->subject = s;
	crowd->state = state;
	crowd->steps = machine_steps(c->section_ns);
	return crowd;
}

void threads_measure(const struct bench_case *c, const struct subject *s, unsigned ms,
		     struct sample *ret)
{
	void *state = state_open(s);

	if (c->mode == SOLO) {
		solo_measure(c, s, state, ms, ret);
	} else if (c->mode == OWN) {
		s->turn(s, state, c, ms, ret);
	} else {
		struct crowd *crowd = crowd_new(c, s, state);

		crowd_measure(crowd, ms, ret);
		crowd_free(crowd);
	}
	state_close(s, state);
}
