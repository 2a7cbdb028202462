/* SPDX-License-Identifier: BSD-2-Clause */
/* flood_calls.c - one call on a queue, in one of many ways; see flood.h. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "flood.h"

enum { TIMEOUT_US = 20, REASON = 42 };

/* Of 64 calls. */
enum { CANCELED = 2, TIMED = 4, POLLED = 7, SINGLE = 16 };

/*** Waits that are canceled *******************************************************************/

static void fire(struct flood_worker *w)
{
	pawl_cancel *c = atomic_exchange(&w->source, NULL);

	if (!c)
		return;
	pawl_cancel_fire(c, REASON);
	pawl_cancel_close(c);
}

void flood_cancel(struct flood *f)
{
	for (unsigned i = 0; i < f->shape->producers; i++)
		fire(&f->producers[i]);
	for (unsigned i = 0; i < f->shape->consumers; i++)
		fire(&f->consumers[i]);
}

/* Whatever they do now. */
static void fire_at_one_kind(struct flood_worker *w)
{
	struct flood *f = w->flood;
	bool producers = flood_random(w, 2) == 0;
	struct flood_worker *those = producers ? f->producers : f->consumers;
	unsigned n = producers ? f->shape->producers : f->shape->consumers;

	for (unsigned i = 0; i < n; i++)
		if (atomic_load_explicit(&those[i].source, memory_order_relaxed))
			fire(&those[i]);
}

static pawl_cancel *publish(struct flood_worker *w)
{
	pawl_cancel *c;

	if (pawl_cancel_open(NULL, &c) != 0)
		abort();
	atomic_store(&w->source, pawl_cancel_ref(c));
	return c;
}

static void forget(struct flood_worker *w, pawl_cancel *c)
{
	pawl_cancel *left = atomic_exchange(&w->source, NULL);

	if (left)
		pawl_cancel_close(left);
	pawl_cancel_close(c);
}

/*** One call **********************************************************************************/

static int push_many(pawl_queue *q, struct flood_item *items, size_t n, pawl_time deadline,
	size_t *ret_n)
{
	return pawl_queue_push_n(q, items, n, deadline, ret_n);
}

static int push_one(pawl_queue *q, struct flood_item *items, size_t n, pawl_time deadline,
	size_t *ret_n)
{
	int rc = pawl_queue_push_until(q, items, deadline);

	*ret_n = rc == 0 && n > 0;
	return rc;
}

static int push_or_not(pawl_queue *q, struct flood_item *items, size_t n, pawl_time deadline,
	size_t *ret_n)
{
	int rc = pawl_queue_trypush(q, items);

	(void)deadline;
	*ret_n = rc == 0 && n > 0;
	return rc;
}

static int pop_many(pawl_queue *q, struct flood_item *items, size_t n, pawl_time deadline,
	size_t *ret_n)
{
	return pawl_queue_pop_n(q, items, n, deadline, ret_n);
}

static int pop_one(pawl_queue *q, struct flood_item *items, size_t n, pawl_time deadline,
	size_t *ret_n)
{
	int rc = pawl_queue_pop_until(q, items, deadline);

	*ret_n = rc == 0 && n > 0;
	return rc;
}

static int pop_or_not(pawl_queue *q, struct flood_item *items, size_t n, pawl_time deadline,
	size_t *ret_n)
{
	int rc = pawl_queue_trypop(q, items);

	(void)deadline;
	*ret_n = rc == 0 && n > 0;
	return rc;
}

const struct flood_verb flood_push = { push_many, push_one, push_or_not };
const struct flood_verb flood_pop = { pop_many, pop_one, pop_or_not };

static int call_canceled(struct flood_worker *w, flood_call_fn call, struct flood_item *items,
	size_t n, size_t *ret_n)
{
	pawl_cancel *c = publish(w);
	pawl_scope s;
	int rc;

	pawl_scope_enter(&s, PAWL_FOREVER, c, 0);
	rc = pawl_scope_leave(&s, call(w->flood->queue, items, n, PAWL_FOREVER, ret_n));
	forget(w, c);
	return rc;
}

static int call_timed(struct flood_worker *w, flood_call_fn call, struct flood_item *items,
	size_t n, size_t *ret_n)
{
	pawl_time deadline = pawl_after(PAWL_US(flood_random(w, TIMEOUT_US)));
	int rc = call(w->flood->queue, items, n, deadline, ret_n);

	if (rc == ETIMEDOUT && pawl_now() < deadline)
		flood_fail(w->flood, "a wait ended before its deadline");
	return rc;
}

static void count_end(struct flood_worker *w, int rc, size_t n)
{
	w->ends.timeouts += rc == ETIMEDOUT;
	w->ends.cancels += rc == ECANCELED;
	w->ends.refused += rc == EPIPE;
	if ((rc == 0) != (n > 0) ||
	    (rc != 0 && rc != EPIPE && rc != ETIMEDOUT && rc != ECANCELED && rc != EAGAIN))
		flood_fail(w->flood, "a call returned %d, with %zu items", rc, n);
}

int flood_call(struct flood_worker *w, const struct flood_verb *v, struct flood_item *items,
	size_t n, size_t *ret_n)
{
	uint64_t how = flood_random(w, 64);
	flood_call_fn call = how % 2 == 0 ? v->one : v->many;
	int rc;

	*ret_n = 0;
	if (how < CANCELED) {
		rc = call_canceled(w, call, items, n, ret_n);
	} else if (how < TIMED) {
		fire_at_one_kind(w);
		rc = call_timed(w, call, items, n, ret_n);
	} else if (how < POLLED) {
		rc = v->or_not(w->flood->queue, items, n, 0, ret_n);
	} else {
		call = how < SINGLE ? v->one : v->many;
		rc = call(w->flood->queue, items, n, PAWL_FOREVER, ret_n);
	}
	count_end(w, rc, *ret_n);
	return rc;
}

static void expect(struct flood_worker *w, int rc, int wanted)
{
	if (rc != wanted)
		flood_fail(w->flood, "a wait ended with %d, and not %d", rc, wanted);
	count_end(w, rc, 0);
}

void flood_wait_in_vain(struct flood_worker *w, const struct flood_verb *v,
	struct flood_item *item)
{
	size_t n = 0;

	expect(w, call_timed(w, v->one, item, 1, &n), ETIMEDOUT);
	expect(w, call_timed(w, v->many, item, 1, &n), ETIMEDOUT);
	/* By the main thread. */
	expect(w, call_canceled(w, v->one, item, 1, &n), ECANCELED);
	expect(w, call_canceled(w, v->many, item, 1, &n), ECANCELED);
}
