/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress_stream.c - progress of pawl/stream.h: the subject's call among producers that emit, and
 * readers.  Its peers do not end, as nobody could go on then; a share of theirs is left.
 */
#include <errno.h>

#include <pawl/stream.h>

#include "explorer/progress.h"

static pawl_stream *s, *own;
static int seven = 7;

static pawl_stream *make(unsigned producers)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = 2, .item_size = sizeof(int),
	};
	pawl_stream *stream;

	MODEL_CHECK(pawl_stream_open(&cfg, producers, &stream) == 0);
	return stream;
}

static void make_some(void)
{
	s = make(100);
}

static void make_full(void)
{
	make_some();
	while (pawl_stream_emit(s, &seven, 0) == 0)
		continue;
}

static void emit_or_read(unsigned who)
{
	int item, rc = who == 2 ? pawl_stream_emit(s, &seven, model_soon()) :
		pawl_stream_next(s, &item, model_soon());

	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT || rc == EPIPE || rc == EIO);
}

/* No call of next is under way in a close. */
static void emit_only(unsigned who)
{
	int rc = pawl_stream_emit(s, &seven, who == 2 ? model_soon() : model_past());

	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT || rc == EPIPE);
}

static void call_emit(void)
{
	MODEL_CHECK(pawl_stream_emit(s, &seven, model_soon()) != EINVAL);
}

static void call_next(void)
{
	int item;

	MODEL_CHECK(pawl_stream_next(s, &item, model_soon()) != EINVAL);
}

static void call_end(void)
{
	pawl_stream_end(s, EIO);
}

static void call_close(void)
{
	pawl_stream_close(s);
}

static void call_open(void)
{
	own = make(1);
}

static void free_own(void)
{
	pawl_stream_end(own, 0);
	pawl_stream_close(own);
}

#define CAS_LOOPS "who pushes, pops, gives or joins begins again when it changed"

PROGRESS(stream_open, 3, make_some, "pawl_stream_open", "", .call = call_open, .after = free_own,
	 .peer = emit_or_read);
PROGRESS(stream_emit, 3, make_full, "pawl_stream_emit", "", .timed = true, .call = call_emit,
	 .peer = emit_or_read);
PROGRESS(stream_next, 3, make_some, "pawl_stream_next", "", .timed = true, .call = call_next,
	 .peer = emit_or_read);
PROGRESS(stream_end, 3, make_some, "pawl_stream_end", "", .call = call_end,
	 .peer = emit_or_read, .lock_free = CAS_LOOPS);
PROGRESS(stream_close, 3, make_some, "pawl_stream_close", "", .call = call_close,
	 .peer = emit_only, .lock_free = CAS_LOOPS);
