/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream: the end, or the first error, is told after what was emitted; readers and producers
 * leave in any order, and the last frees it, once; what was emitted is read or evicted.
 */
#include <errno.h>

#include <pawl/stream.h>

#include "explorer/model.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static pawl_stream *s;
static int emitted, refused, evicted, got, rc, data;

static void evict(void *item, void *user)
{
	MODEL_CHECK(*(int *)item == 7 && user == &evicted);
	evicted++;
}

static void make(unsigned producers)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = 1, .item_size = sizeof(int), .evicted = evict,
		.user = &evicted,
	};

	MODEL_CHECK(pawl_stream_open(&cfg, producers, &s) == 0);
}

static void make_one(void)
{
	make(1);
}

static void make_two(void)
{
	make(2);
}

static void emit(pawl_time deadline)
{
	int err = pawl_stream_emit(s, &(int){ 7 }, deadline);

	MODEL_CHECK(err == 0 || err == EPIPE);
	emitted += err == 0;
	refused += err == EPIPE;
}

/* Read all, then close. */
static void read_all(void)
{
	int item;

	while ((rc = pawl_stream_next(s, &item, PAWL_FOREVER)) == 0) {
		MODEL_CHECK(item == 7);
		got++;
	}
	MODEL_CHECK(data == 1);
	pawl_stream_close(s);
}

static void emit_or_read(unsigned who)
{
	if (who == 2) {
		read_all();
		return;
	}
	emit(PAWL_FOREVER);
	data = 1;
	pawl_stream_end(s, 0);
}

static void all_read(void)
{
	MODEL_CHECK(rc == EPIPE && got == emitted && refused == 0 && evicted == 0);
	model_saw(0);
}

MODEL(stream_end, .about = "one emits and ends, one reads to the end", .threads = 2,
      .setup = make_one, .thread = emit_or_read, .finish = all_read, .enter = model_attach,
      .sights = { "it was read" });

static void fail_or_read(unsigned who)
{
	if (who == 2) {
		read_all();
		return;
	}
	data = 1;
	pawl_stream_end(s, EIO);
}

static void failed(void)
{
	MODEL_CHECK(rc == EIO);
	model_saw(0);
}

MODEL(stream_error, .about = "one fails, one reads", .threads = 2, .setup = make_one,
      .thread = fail_or_read, .finish = failed, .enter = model_attach,
      .sights = { "it had the error" });

/* The item goes to the reader, to evicted(), or stays with the producer. */
static void emit_or_close(unsigned who)
{
	if (who == 2) {
		pawl_stream_close(s);
		return;
	}
	emit(PAWL_FOREVER);
	pawl_stream_end(s, 0);
}

static void evicted_or_refused(void)
{
	MODEL_CHECK(emitted == evicted && emitted + refused == 1);
	model_saw((unsigned)refused);
}

MODEL(stream_close, .about = "one emits and ends, the reader closes", .threads = 2,
      .setup = make_one, .thread = emit_or_close, .finish = evicted_or_refused,
      .enter = model_attach, .sights = { "it was evicted", "it was refused" });

static void make_full(void)
{
	make_one();
	emit(0);
}

static void refused_late(void)
{
	MODEL_CHECK(emitted == 1 && evicted == 1 && refused == 1);
	model_saw(0);
}

MODEL(stream_close_full, .about = "one waits to emit, and ends, the reader closes", .threads = 2,
      .setup = make_full, .thread = emit_or_close, .finish = refused_late,
      .enter = model_attach, .sights = { "it was refused" });

/* Three leave; whoever is the last frees it. */
static void end_both_and_close(unsigned who)
{
	if (who == 3)
		pawl_stream_close(s);
	else
		pawl_stream_end(s, who == 1 ? 0 : EIO);
}

static void gone(void)
{
	model_saw(0);
}

MODEL(stream_last, .about = "two end, the reader closes", .threads = 3, .setup = make_two,
      .thread = end_both_and_close, .finish = gone, .enter = model_attach,
      .sights = { "it is gone" }, .without = NOISE, .preemptions = 2);

static void fail_end_read(unsigned who)
{
	if (who == 1) {
		pawl_stream_end(s, 0);
	} else if (who == 2) {
		data = 1;
		pawl_stream_end(s, EIO);
	} else {
		read_all();
	}
}

MODEL(stream_first_error, .about = "one ends, one fails, one reads", .threads = 3,
      .setup = make_two, .thread = fail_end_read, .finish = failed, .enter = model_attach,
      .sights = { "it had the error" }, .without = NOISE, .preemptions = 2);
