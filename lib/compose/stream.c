/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream.c - pawl/stream.h: a queue, and who still uses it.  Uses: platform, queue.
 *
 * state = error << 32 | CLOSED | producers that have not ended
 *
 *	n --ST2 end--> n-1	with the error, if it is the first that failed
 *	n --ST4 close--> n|CLOSED
 *
 * Who ended last, failed first, or closed, closes the queue; and only then gives its share of the
 * memory back, as others may be the last users meanwhile.
 */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>
#include <pawl/stream.h>

#include "platform/cpu.h"
#include "platform/fatal.h"
#include "platform/hb.h"
#include "platform/memory.h"

static const uint64_t CLOSED = (uint64_t)1 << 31;

struct pawl_stream {
	pawl_queue *queue;
	void (*evicted)(void *item, void *user);
	void *user;
	uint64_t state;
	uint64_t users;		/* producers that have not ended, and the readers */
	_Alignas(CACHE_LINE) unsigned char item[];	/* what close takes out, one by one */
};

static uint32_t producers_of(uint64_t state)
{
	return (uint32_t)(state & (CLOSED - 1));
}

static int error_of(uint64_t state)
{
	return (int)(uint32_t)(state >> 32);
}

int pawl_stream_open(const pawl_queue_config *cfg, unsigned producers, pawl_stream **ret_s)
{
	pawl_stream *s;
	pawl_queue *q;
	int rc;

	if (producers == 0 || producers > PAWL_STREAM_PRODUCERS_MAX)
		return EINVAL;
	rc = pawl_queue_open(cfg, &q);
	if (rc != 0)
		return rc;
	s = pawl_i_memory_get(sizeof *s + cfg->item_size, CACHE_LINE);
	if (!s) {
		pawl_queue_free(q);
		return ENOMEM;
	}
	s->queue = q;
	s->evicted = cfg->evicted;
	s->user = cfg->user;
	s->state = producers;
	s->users = (uint64_t)producers + 1;
	*ret_s = s;
	return 0;
}

/* One user less. */
static void let_go(pawl_stream *s)
{
	hb_release(s);
	/* ST3 acq_rel: pairs with ST3.  What the others did with it, for who frees it. */
	if (pawl_fetch_sub_(&s->users, 1, acq_rel) > 1)
		return;
	hb_acquire(s);
	pawl_queue_free(s->queue);
	pawl_i_memory_put(s);
}

int pawl_stream_emit(pawl_stream *s, const void *item, pawl_time deadline)
{
	return pawl_queue_push_until(s->queue, item, deadline);
}

void pawl_stream_end(pawl_stream *s, int rc)
{
	/* ST1 relaxed: ST2 looks again. */
	uint64_t next, state = pawl_load_(&s->state, relaxed);

	hb_release(s);
	do {
		if (producers_of(state) == 0)
			pawl_i_misuse("pawl_stream_end", "stream", s,
				      "has no producer that has not ended", 0);
		next = state - 1;
		if (error_of(state) == 0)
			next |= (uint64_t)(uint32_t)rc << 32;
		/* ST2 release: pairs with ST5.  What each producer did; another may close for it. */
	} while (!pawl_cas_weak_(&s->state, &state, next, release, relaxed));
	if (producers_of(next) == 0 || rc != 0)
		pawl_queue_close(s->queue);
	let_go(s);
}

int pawl_stream_next(pawl_stream *s, void *ret_item, pawl_time deadline)
{
	int rc = pawl_queue_pop_until(s->queue, ret_item, deadline), error;

	if (rc != EPIPE)
		return rc;
	hb_acquire(s);
	/* ST5 acquire: pairs with ST2.  The queue was closed after it. */
	error = error_of(pawl_load_(&s->state, acquire));
	return error != 0 ? error : EPIPE;
}

void pawl_stream_close(pawl_stream *s)
{
	if (!s)
		return;
	/* ST4 relaxed: for a check of misuse. */
	if (pawl_fetch_or_(&s->state, CLOSED, relaxed) & CLOSED)
		pawl_i_misuse("pawl_stream_close", "stream", s, "was closed before", 0);
	pawl_queue_close(s->queue);
	while (s->evicted && pawl_queue_trypop(s->queue, s->item) == 0)
		s->evicted(s->item, s->user);
	let_go(s);
}
