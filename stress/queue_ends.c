/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_ends.c - queue.ends, queue.fast_ends: rounds of one queue each, in which waits time out,
 * are canceled, or end by close.  What was pushed is popped or, where nobody did, evicted; what was
 * not is pushed in a later round.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "mixed.h"
#include "queue_cases.h"

enum { CAPACITY = 4, AT_ONCE = 3, ROUND_US = 500 };

static pawl_queue *queue;
static pthread_barrier_t meeting;
static bool over;
static unsigned queue_flags;
static struct grip grip;
static _Atomic bool closing;
static _Atomic uint64_t refused;		/* pushes that met a close */
static uint64_t queues, evictions, late;	/* of worker 0 */
static unsigned evictor;

static void take_evicted(void *item, void *user)
{
	(void)user;
	parcels_taken(item, evictor);
	evictions++;
}

/* Nobody gets anything before worker 0 has canceled what can be. */
static void begin_round(void)
{
	pawl_queue_config cfg = {
		.capacity = CAPACITY, .flags = queue_flags, .evicted = take_evicted,
	};

	queue = queue_of_parcels(&cfg);
	atomic_store(&closing, false);
	grip_take(&grip, queue);
	queues++;
}

static bool is_end(int rc)
{
	return rc == 0 || rc == EPIPE || rc == ETIMEDOUT || rc == ECANCELED;
}

static int push_mixed(struct stress_worker *w)
{
	struct parcel p[AT_ONCE];
	size_t n = 1 + stress_random(w, AT_ONCE), sent = 0;
	struct mixed x;
	pawl_time deadline;
	int rc;

	for (size_t i = 0; i < n; i++)
		parcels_make(&p[i], w->index, i, w->random);
	deadline = mixed_begin(&x, w);
	if (n == 1) {
		rc = mixed_end(&x, w, pawl_queue_push_until(queue, p, deadline));
		sent = rc == 0;
	} else {
		rc = mixed_end(&x, w, pawl_queue_push_n(queue, p, n, deadline, &sent));
	}
	if (!is_end(rc) || (rc == 0) != (sent > 0))
		stress_fail("a push returned %d, with %zu pushed", rc, sent);
	for (size_t i = 0; i < sent; i++)
		parcels_sent(&p[i]);
	return rc;
}

static int pop_mixed(struct stress_worker *w)
{
	struct parcel p[AT_ONCE];
	size_t n = 1 + stress_random(w, AT_ONCE), got = 0;
	struct mixed x;
	pawl_time deadline = mixed_begin(&x, w);
	int rc;

	if (n == 1) {
		rc = mixed_end(&x, w, pawl_queue_pop_until(queue, p, deadline));
		got = rc == 0;
	} else {
		rc = mixed_end(&x, w, pawl_queue_pop_n(queue, p, n, deadline, &got));
	}
	if (!is_end(rc) || (rc == 0) != (got > 0))
		stress_fail("a pop returned %d, with %zu popped", rc, got);
	for (size_t i = 0; i < got; i++)
		parcels_taken(&p[i], w->index);
	return rc;
}

static void produce(struct stress_worker *w)
{
	struct parcel p;
	int rc;

	while (push_mixed(w) != EPIPE) {
		parcels_make(&p, w->index, 0, 0);
		rc = pawl_queue_trypush(queue, &p);
		if (rc == 0)
			parcels_sent(&p);
		else if (rc != EAGAIN && rc != EPIPE)
			stress_fail("pawl_queue_trypush returned %d", rc);
		stress_done(w);
	}
	atomic_fetch_add_explicit(&refused, 1, memory_order_relaxed);
}

/* Some leave before all is popped. */
static void consume(struct stress_worker *w)
{
	while (pop_mixed(w) != EPIPE) {
		stress_done(w);
		if (atomic_load(&closing) && stress_random(w, 4) == 0)
			break;
	}
}

/* With one slot in its hand, or none if it cannot have one soon. */
static void close_queue(struct stress_worker *w)
{
	void *slot;
	int rc = pawl_queue_reserve(queue, pawl_after(PAWL_US(stress_random(w, 100))), &slot);

	atomic_store(&closing, true);
	pawl_queue_close(queue);
	if (rc != 0)
		return;
	parcels_make(slot, w->index, 0, 0);
	if (pawl_queue_commit(queue, slot) != EPIPE)
		stress_fail("pawl_queue_commit went into a queue that was closed");
	pawl_queue_abandon(queue, slot);
	late++;
}

static void lead(struct stress_worker *w)
{
	struct timespec pause = { 0, (long)PAWL_US(stress_random(w, ROUND_US)) };

	if (stress_wants_waits(w->team))
		stress_hold_until(w, queue, 1);
	mixed_fire(w, 1, w->team->size);
	if (stress_random(w, 2) == 0)
		grip_commit(&grip, w->index);
	else
		grip_abandon(&grip);
	nanosleep(&pause, NULL);
	close_queue(w);
	stress_done(w);
}

static void body(struct stress_worker *w)
{
	for (;;) {
		if (w->index == 0) {
			over = !stress_again(w) && mixed_timeouts() > 0;
			if (!over)
				begin_round();
		}
		pthread_barrier_wait(&meeting);
		if (over)
			break;
		if (w->index == 0)
			lead(w);
		else if (stress_random(w, 2) == 0)
			produce(w);
		else
			consume(w);
		pthread_barrier_wait(&meeting);
		if (w->index == 0)
			pawl_queue_free(queue);
	}
}

static void go_round(struct stress_team *t, unsigned flags)
{
	queue_flags = flags;
	evictor = t->size;
	parcels_open(t->size, t->size + 1);
	pthread_barrier_init(&meeting, NULL, t->size);
	mixed_open(t);
	stress_run(t, body);
	mixed_close();
	pthread_barrier_destroy(&meeting);
	stress_note("queues", queues);
	stress_note("items", parcels_close());
	stress_note("evicted", evictions);
	stress_note("pushes refused", atomic_load(&refused));
	stress_note("commits refused", late);
}

void queue_ends_right(struct stress_team *t)
{
	go_round(t, 0);
}

void queue_ends_fast(struct stress_team *t)
{
	go_round(t, PAWL_QUEUE_FAST);
}
