/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_turns.c - threads that push into a bounded queue, and threads that pop.
 *
 * All wait, or yield, in their calls; so a turn ends like this: the producers see that it is to
 * stop, and the last of them to end pushes an item for each consumer that tells it to end.  What
 * went in must have come out: as many items, and the same sum.
 *
 * A queue may collapse (some items in a second); then a turn gets as far as it gets in its time.
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "queue_subject.h"

enum { MAX_THREADS = 64, MAX_RUNS = 256, WARM_UP_US = 10000, RUN_MS = 500, RUNS_MS = 2000,
	COLLAPSE = 50, STALL_US = 20000 };

struct queue_flow;

struct queue_worker {
	struct queue_end end;
	pthread_t thread;
	struct queue_flow *flow;
	void (*work)(void *state, struct queue_end *e);
	int64_t began, ended;
};

struct queue_flow {
	const struct bench_case *c;
	const struct queue_load *load;
	const struct queue_kind *kind;
	const char *label;
	void *state;
	struct queue_times *times;		/* NULL: not looked at */
	pthread_barrier_t start;
	sem_t pushed;				/* posted when the producers have ended */
	struct queue_worker workers[MAX_THREADS];	/* the producers first */
	enum queue_phase phase OWN_LINES;
	unsigned producers OWN_LINES;		/* that have not ended */
	int64_t asleep_ns;			/* the first producer, in its pushes */
	uint64_t meanwhile;			/* items that the others pushed */
};

static __thread struct queue_flow *own_flow;

void queue_torn(void)
{
	fatal("an item was not the one that was pushed");
}

void queue_failed(const char *label)
{
	fatal("%s: a push or pop failed", label);
}

void queue_turn(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
		struct sample *ret)
{
	((const struct queue_load *)c->load)->turn(s, state, c, ms, ret);
}

/*** A flow of items **************************************************************************/

static void *worker_run(void *arg)
{
	struct queue_worker *w = arg;
	struct queue_flow *f = w->flow;
	bool pushes = w < f->workers + f->load->producers;

	if (f->load->apart)
		machine_pin((unsigned)(w - f->workers), 1);
	else
		machine_pin(0, f->c->cpus);
	pthread_barrier_wait(&f->start);
	own_flow = f;
	w->began = clock_ns();
	w->work(f->state, &w->end);
	w->ended = clock_ns();
	if (pushes && __atomic_sub_fetch(&f->producers, 1, __ATOMIC_ACQ_REL) == 0) {
		for (unsigned i = 0; i < f->load->consumers; i++)
			f->kind->push_last(f->state);
		sem_post(&f->pushed);
	}
	return NULL;
}

static void worker_start(struct queue_flow *f, unsigned i, uint64_t limit)
{
	struct queue_worker *w = &f->workers[i];

	w->flow = f;
	w->end.phase = &f->phase;
	w->end.times = f->times ? &f->times[i] : NULL;
	w->end.first = 1 + ((uint64_t)i << 32) % (UINTPTR_MAX / 2);
	w->end.limit = limit;
	if (i >= f->load->producers)
		w->work = f->kind->pops;
	else if (i == 0 && f->load->turn == queue_stalled)
		w->work = f->kind->stalls;
	else
		w->work = f->times ? f->kind->timed : f->kind->pushes;
	if (pthread_create(&w->thread, NULL, worker_run, w) != 0)
		fatal("%s: cannot make %u threads", f->c->name, f->c->threads);
}

/* Open the queue and start all threads; each producer pushes up to @limit items. */
static struct queue_flow *flow_start(const struct subject *s, void *state,
				     const struct bench_case *c, uint64_t limit, bool timed)
{
	void *memory = NULL;
	struct queue_flow *f;
	int err;

	if (c->threads > MAX_THREADS || posix_memalign(&memory, STATE_ALIGN, sizeof *f) != 0)
		fatal("%s: too many threads, or out of memory", c->name);
	f = memset(memory, 0, sizeof *f);
	f->c = c;
	f->load = c->load;
	f->kind = s->kind;
	f->label = s->name;
	f->state = state;
	f->producers = f->load->producers;
	if (timed && !(f->times = calloc(f->load->producers, sizeof *f->times)))
		fatal("out of memory");
	memset(state, 0, STATE_SIZE);
	if ((err = f->kind->open(state, f->load->capacity)) != 0)
		fatal("%s: cannot be opened: %s", s->name, strerror(err));
	pthread_barrier_init(&f->start, NULL, c->threads + 1);
	sem_init(&f->pushed, 0, 0);
	for (unsigned i = 0; i < c->threads; i++)
		worker_start(f, i, limit);
	pthread_barrier_wait(&f->start);
	return f;
}

static void flow_phase(struct queue_flow *f, enum queue_phase phase)
{
	__atomic_store_n(&f->phase, phase, __ATOMIC_RELAXED);
}

/* Wait for all threads, and see that nothing was lost; f is still there. */
static void flow_end(struct queue_flow *f)
{
	uint64_t pushed = 0, popped = 0, sum = 0;

	for (unsigned i = 0; i < f->c->threads; i++) {
		const struct queue_end *e = &f->workers[i].end;

		pthread_join(f->workers[i].thread, NULL);
		if (i < f->load->producers) {
			pushed += e->count;
			sum += e->sum;
		} else {
			popped += e->count;
			sum -= e->sum;
		}
	}
	if (pushed != popped || sum != 0)
		fatal("%s %s: %llu items pushed, %llu popped: they are not the same ones",
		      f->c->name, f->label, (unsigned long long)pushed, (unsigned long long)popped);
	f->kind->close(f->state);
}

static void flow_free(struct queue_flow *f)
{
	pthread_barrier_destroy(&f->start);
	sem_destroy(&f->pushed);
	free(f->times);
	free(f);
}

/* Return: how many items the threads from @first up to @last have dealt with. */
static uint64_t flow_count(const struct queue_flow *f, unsigned first, unsigned last)
{
	uint64_t count = 0;

	for (unsigned i = first; i < last; i++)
		count += __atomic_load_n(&f->workers[i].end.count, __ATOMIC_RELAXED);
	return count;
}

/* Measure what those threads do in so many ms, after a warm-up; then stop. */
static void flow_measure(struct queue_flow *f, unsigned first, unsigned last, unsigned ms,
			 struct sample *ret)
{
	uint64_t count;
	int64_t begin, cpu;

	usleep(WARM_UP_US);
	count = flow_count(f, first, last);
	begin = clock_ns();
	cpu = clock_of_process();
	flow_phase(f, QUEUE_MEASURED);
	usleep(ms * 1000);
	count = flow_count(f, first, last) - count;
	begin = clock_ns() - begin;
	cpu = clock_of_process() - cpu;
	flow_phase(f, QUEUE_STOP);
	/* No item in all that time: it is at least this. */
	if (count == 0)
		count = 1;
	ret->ns = (double)begin / (double)count;
	ret->cpu = (double)cpu / (double)count;
	flow_end(f);
}

/*** Turns ************************************************************************************/

void queue_flow(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
		struct sample *ret)
{
	struct queue_flow *f = flow_start(s, state, c, UINT64_MAX, false);

	flow_measure(f, f->load->producers, c->threads, ms, ret);
	flow_free(f);
}

/* Some queues hardly ever let a slow producer in again, so it is only its sleep that counts. */
void queue_stall(void)
{
	struct queue_flow *f = own_flow;
	bool counts = __atomic_load_n(&f->phase, __ATOMIC_RELAXED) == QUEUE_MEASURED;
	uint64_t count = flow_count(f, 1, f->load->producers);
	int64_t ns = clock_ns();

	usleep(STALL_US);
	ns = clock_ns() - ns;
	count = flow_count(f, 1, f->load->producers) - count;
	if (!counts || __atomic_load_n(&f->phase, __ATOMIC_RELAXED) != QUEUE_MEASURED)
		return;
	f->asleep_ns += ns;
	f->meanwhile += count;
}

void queue_stalled(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
		   struct sample *ret)
{
	struct queue_flow *f = flow_start(s, state, c, UINT64_MAX, false);

	flow_measure(f, 1, f->load->producers, ms, ret);
	/* None at all: it is at least this. */
	ret->ns = f->asleep_ns == 0 ? NAN :
		(double)f->asleep_ns / (double)(f->meanwhile ? f->meanwhile : 1);
	flow_free(f);
}

/* Return: the most, in us, that this share of all pushes took. */
static double percentile(const struct queue_times *t, double share)
{
	uint64_t all = 0, so_far = 0;
	unsigned i = 0;

	for (unsigned j = 0; j < QUEUE_TIMES; j++)
		all += t->of[j];
	if (all == 0)
		return NAN;
	while ((double)(so_far += t->of[i]) < share * (double)all)
		i++;
	/* Where the next bucket begins. */
	i++;
	return fmin(ldexp(i < 16 ? i : 16 + i % 16, i < 16 ? 0 : (int)(i / 16) - 1),
		    (double)t->longest) / 1000;
}

void queue_latency(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
		   struct sample *ret)
{
	struct queue_flow *f = flow_start(s, state, c, UINT64_MAX, true);
	struct queue_times *all = &f->times[0];

	flow_measure(f, f->load->producers, c->threads, ms, ret);
	for (unsigned i = 1; i < f->load->producers; i++) {
		for (unsigned j = 0; j < QUEUE_TIMES; j++)
			all->of[j] += f->times[i].of[j];
		if (f->times[i].longest > all->longest)
			all->longest = f->times[i].longest;
	}
	ret->more[0] = percentile(all, 0.5);
	ret->more[1] = percentile(all, 0.99);
	ret->more[2] = percentile(all, 0.999);
	ret->more[3] = (double)all->longest / 1000;
	flow_free(f);
}

/* Stop it if the producers have not ended RUN_MS from now.  Return: whether they had. */
static bool run_wait(struct queue_flow *f)
{
	struct timespec until;
	int rc;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += RUN_MS / 1000;
	until.tv_nsec += RUN_MS % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while ((rc = sem_timedwait(&f->pushed, &until)) != 0 && errno == EINTR)
		;
	flow_phase(f, QUEUE_STOP);
	return rc == 0;
}

/* A run.  Return: ns per item, from the first thread's start to the last one's end; below 0: it was
 * stopped. */
static double run(const struct subject *s, void *state, const struct bench_case *c)
{
	const struct queue_load *load = c->load;
	struct queue_flow *f = flow_start(s, state, c, load->items / load->producers, false);
	int64_t began = INT64_MAX, ended = 0;
	bool in_time = run_wait(f);
	double ns;

	flow_end(f);
	for (unsigned i = 0; i < c->threads; i++) {
		const struct queue_worker *w = &f->workers[i];

		began = w->began < began ? w->began : began;
		ended = w->ended > ended ? w->ended : ended;
	}
	ns = (double)(ended - began) / (double)(flow_count(f, 0, load->producers) + 1);
	flow_free(f);
	return in_time ? ns : -ns;
}

void queue_runs(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
		struct sample *ret)
{
	const struct queue_load *load = c->load;
	int64_t end = clock_ns() + (int64_t)RUNS_MS * 1000000;
	double runs[MAX_RUNS], worst;
	bool stopped[MAX_RUNS];
	unsigned count = 0, collapses = 0;

	(void)ms;
	for (; count < load->runs && count < MAX_RUNS && clock_ns() < end; count++) {
		runs[count] = run(s, state, c);
		stopped[count] = runs[count] < 0;
		runs[count] = fabs(runs[count]);
	}
	ret->ns = median(runs, count, NULL, &worst);
	for (unsigned i = 0; i < count; i++)
		if (stopped[i] || runs[i] > COLLAPSE * ret->ns)
			collapses++;
	ret->more[0] = collapses;
	ret->more[1] = count;
	ret->more[2] = worst / ret->ns;
}
