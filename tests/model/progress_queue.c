/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress_queue.c - progress of pawl/queue.h: the subject's call among peers that push and pop,
 * and give up.  There are two slots: who is frozen costs one of them.
 */
#include <errno.h>

#include "explorer/progress.h"

static pawl_queue *q, *own;
static pawl_op op;
static void *slot;
static int items[2], got;

static void make_with(size_t max_weight, size_t count)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = 2, .item_size = sizeof(int),
		.max_weight = max_weight
	};

	MODEL_CHECK(pawl_queue_open(&cfg, &q) == 0);
	model_name(q, 640, "q");
	for (size_t i = 0; i < count; i++)
		MODEL_CHECK(pawl_queue_trypush(q, &items[i]) == 0);
}

static void make_empty(void)
{
	make_with(0, 0);
}

static void make_half(void)
{
	make_with(0, 1);
}

static void make_full(void)
{
	make_with(0, 2);
}

static void make_heavy(void)
{
	make_with(2, 0);
}

static void pop_one(pawl_time deadline)
{
	int item, rc = pawl_queue_pop_until(q, &item, deadline);

	MODEL_CHECK(rc == 0 || rc == EPIPE || (rc == ETIMEDOUT && deadline != PAWL_FOREVER));
}

/* One waits as long as it takes, one until a deadline. */
static void contend(unsigned who)
{
	int item = 1;
	int rc = pawl_queue_push_until(q, &item, who == 2 ? PAWL_FOREVER : model_soon());

	MODEL_CHECK(rc == 0 || rc == EPIPE || (rc == ETIMEDOUT && who == 3));
	if (rc == 0)
		pop_one(PAWL_FOREVER);
}

static void contend_for_room(unsigned who)
{
	int item = 1;
	pawl_time deadline = who == 2 ? PAWL_FOREVER : model_soon();

	if (pawl_queue_push_weighed(q, &item, 1, deadline) == 0)
		pop_one(PAWL_FOREVER);
}

static void push_only(unsigned who)
{
	int item = 1, rc = pawl_queue_push_until(q, &item, pawl_after(PAWL_MS(1)));

	(void)who;
	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT);
}

static void pop_only(unsigned who)
{
	(void)who;
	pop_one(pawl_after(PAWL_MS(1)));
}

static void pop_and_push(unsigned who)
{
	int item;

	(void)who;
	if (pawl_queue_pop_until(q, &item, pawl_after(PAWL_MS(1))) == 0)
		while (pawl_queue_push_until(q, &item, pawl_after(PAWL_MS(1))) == ETIMEDOUT)
			;
}

static void try_both(unsigned who)
{
	int item = 1, rc = pawl_queue_trypush(q, &item);

	(void)who;
	if (rc == 0)
		rc = pawl_queue_trypop(q, &item);
	MODEL_CHECK(rc == 0 || rc == EAGAIN);
}

static void done(pawl_op *which, int rc)
{
	(void)which;
	(void)rc;
}

static void call_open(void)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = 2, .item_size = sizeof(int)
	};

	MODEL_CHECK(pawl_queue_open(&cfg, &own) == 0);
}

static void call_free(void)
{
	pawl_queue_free(own);
}

static void call_len(void)
{
	(void)pawl_queue_len(q);
}

static void call_capacity(void)
{
	(void)pawl_queue_capacity(q);
}

static void call_trypush(void)
{
	got = pawl_queue_trypush(q, &items[0]) == 0;
}

static void call_push(void)
{
	got = pawl_queue_push(q, &items[0]) == 0;
}

static void call_push_until(void)
{
	got = pawl_queue_push_until(q, &items[0], model_soon()) == 0;
}

static void call_push_n(void)
{
	size_t n;
	int rc = pawl_queue_push_n(q, items, 2, model_soon(), &n);

	MODEL_CHECK(rc == (n > 0 ? 0 : ETIMEDOUT));
	got = (int)n;
}

static void call_push_weighed(void)
{
	got = pawl_queue_push_weighed(q, &items[0], 2, model_soon()) == 0;
}

static void pop_again(void)
{
	for (; got > 0; got--)
		pop_one(PAWL_FOREVER);
}

static void call_trypop(void)
{
	got = pawl_queue_trypop(q, &items[0]) == 0;
}

static void call_pop(void)
{
	got = pawl_queue_pop(q, &items[0]) == 0;
}

static void call_pop_until(void)
{
	got = pawl_queue_pop_until(q, &items[0], model_soon()) == 0;
}

static void call_pop_n(void)
{
	size_t n;
	int rc = pawl_queue_pop_n(q, items, 2, model_soon(), &n);

	MODEL_CHECK(rc == (n > 0 ? 0 : ETIMEDOUT));
	got = (int)n;
}

static void push_again(void)
{
	for (; got > 0; got--)
		MODEL_CHECK(pawl_queue_push(q, &items[0]) == 0);
}

static void call_reserve(void)
{
	got = pawl_queue_reserve(q, model_soon(), &slot) == 0;
}

static void reserve(void)
{
	MODEL_CHECK(pawl_queue_reserve(q, PAWL_FOREVER, &slot) == 0);
	got = 1;
}

static void call_commit(void)
{
	MODEL_CHECK(pawl_queue_commit(q, slot) == 0);
}

static void call_abandon(void)
{
	if (got)
		pawl_queue_abandon(q, slot);
}

static void call_close(void)
{
	pawl_queue_close(q);
}

static void call_push_op(void)
{
	int rc;

	pawl_op_init_inline(&op, done, NULL);
	rc = pawl_queue_push_op(q, &items[0], &op);
	MODEL_CHECK(rc == 0 || rc == EINPROGRESS);
}

static void call_pop_op(void)
{
	int rc;

	pawl_op_init_inline(&op, done, NULL);
	rc = pawl_queue_pop_op(q, &items[0], &op);
	MODEL_CHECK(rc == 0 || rc == EINPROGRESS);
}

/* Of two slots one is free, or one is filled, whoever is frozen: this, or that. */
static void call_either(void)
{
	while (pawl_queue_trypush(q, &items[0]) != 0 && pawl_queue_trypop(q, &items[0]) != 0)
		model_pause();
}

/* Who is frozen has one item, or one slot, not the other; or has yet to wake us. */
static void call_pop_again(void)
{
	while (pawl_queue_pop_until(q, &items[0], pawl_after(PAWL_MS(1))) == ETIMEDOUT)
		;
}

static void call_push_again(void)
{
	while (pawl_queue_push_until(q, &items[0], pawl_after(PAWL_MS(1))) == ETIMEDOUT)
		;
}

#define CAS_LOOPS "who takes, gives, joins or looks begins again when it changed"

PROGRESS(queue_open, 3, make_half, "pawl_queue_open", "", .call = call_open, .after = call_free,
	 .peer = contend);
PROGRESS(queue_free, 3, make_half, "pawl_queue_free", "", .before = call_open,
	 .call = call_free, .peer = contend);
PROGRESS(queue_len, 3, make_half, "pawl_queue_len", "", .call = call_len, .peer = contend);
PROGRESS(queue_capacity, 3, make_half, "pawl_queue_capacity", "", .call = call_capacity,
	 .peer = contend);
PROGRESS(queue_trypush, 3, make_empty, "pawl_queue_trypush", "", .call = call_trypush,
	 .after = pop_again, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(queue_trypop, 3, make_half, "pawl_queue_trypop", "", .call = call_trypop,
	 .after = push_again, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(queue_try_either, 2, make_half, "pawl_queue_trypush", "", .call = call_either,
	 .peer = try_both, .lock_free = CAS_LOOPS);
PROGRESS(queue_commit, 3, make_empty, "pawl_queue_commit", "", .before = reserve,
	 .call = call_commit, .after = pop_again, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(queue_abandon, 3, make_half, "pawl_queue_abandon", "", .before = reserve,
	 .call = call_abandon, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(queue_close, 3, make_half, "pawl_queue_close", "", .call = call_close,
	 .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(queue_push, 3, make_full, "pawl_queue_push", "", .call = call_push, .peer = pop_only);
PROGRESS(queue_pop, 3, make_empty, "pawl_queue_pop", "", .call = call_pop, .peer = push_only);
PROGRESS(queue_push_until, 3, make_empty, "pawl_queue_push_until", "", .timed = true,
	 .call = call_push_until, .after = pop_again, .peer = contend);
PROGRESS(queue_pop_until, 3, make_half, "pawl_queue_pop_until", "", .timed = true,
	 .call = call_pop_until, .after = push_again, .peer = contend);
PROGRESS(queue_pop_of_pushers, 3, make_empty, "pawl_queue_pop_until", "", .timed = true,
	 .call = call_pop_again, .peer = push_only);
PROGRESS(queue_push_of_poppers, 3, make_full, "pawl_queue_push_until", "", .timed = true,
	 .call = call_push_again, .peer = pop_only);
PROGRESS(queue_pop_of_both, 3, make_full, "pawl_queue_pop_until", "", .timed = true,
	 .call = call_pop_again, .peer = pop_and_push);
PROGRESS(queue_push_n, 3, make_full, "pawl_queue_push_n", "", .timed = true,
	 .call = call_push_n, .peer = pop_only);
PROGRESS(queue_pop_n, 3, make_empty, "pawl_queue_pop_n", "", .timed = true,
	 .call = call_pop_n, .peer = push_only);
PROGRESS(queue_push_weighed, 3, make_heavy, "pawl_queue_push_weighed", "", .timed = true,
	 .call = call_push_weighed, .after = pop_again, .peer = contend_for_room);
PROGRESS(queue_reserve, 3, make_full, "pawl_queue_reserve", "", .timed = true,
	 .call = call_reserve, .after = call_abandon, .peer = pop_only);
PROGRESS(queue_push_op, 3, make_empty, "pawl_queue_push_op", "", .call = call_push_op,
	 .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(queue_pop_op, 3, make_half, "pawl_queue_pop_op", "", .call = call_pop_op,
	 .peer = contend, .lock_free = CAS_LOOPS);
