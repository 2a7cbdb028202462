/* SPDX-License-Identifier: BSD-2-Clause */
/* test_queue_fast.c - pawl/queue.h: PAWL_QUEUE_FAST, in all forms, also of few cells. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <pawl/op.h>
#include <pawl/queue.h>
#include <pawl/scope.h>

#include "support.h"

enum { NONE = -1, SHORT = 2000000 };

static const size_t capacities[] = { 1, 2, 3, 4, 7 };

static pawl_queue *open_queue(size_t capacity, size_t item_size, size_t max_weight, unsigned flags)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = capacity, .item_size = item_size,
		.max_weight = max_weight, .flags = PAWL_QUEUE_FAST | flags
	};
	pawl_queue *q;

	assert_int_equal(pawl_queue_open(&cfg, &q), 0);
	assert_int_equal(pawl_queue_capacity(q), capacity);
	return q;
}

static void with_each_capacity(void (*fn)(pawl_queue *q, size_t capacity))
{
	for (size_t i = 0; i < COUNT_OF(capacities); i++) {
		pawl_queue *q = open_queue(capacities[i], sizeof(uint64_t), 0, 0);

		fn(q, capacities[i]);
		pawl_queue_free(q);
	}
}

static void push(pawl_queue *q, uint64_t item)
{
	assert_int_equal(pawl_queue_push(q, &item), 0);
}

static void assert_pops(pawl_queue *q, uint64_t item)
{
	uint64_t got = ~item;

	assert_int_equal(pawl_queue_pop(q, &got), 0);
	assert_int_equal(got, item);
}

static void assert_empty(pawl_queue *q)
{
	uint64_t got;

	assert_int_equal(pawl_queue_trypop(q, &got), EAGAIN);
	assert_int_equal(pawl_queue_len(q), 0);
}

/*** One thread ********************************************************************************/

static void check_order(pawl_queue *q, size_t capacity)
{
	uint64_t in = 0, out = 0, item;

	for (int lap = 0; lap < 9; lap++) {
		while (pawl_queue_trypush(q, &in) == 0)
			in++;
		assert_int_equal(in - out, capacity);
		assert_int_equal(pawl_queue_len(q), capacity);
		assert_int_equal(pawl_queue_push_until(q, &in, 0), ETIMEDOUT);
		for (size_t n = lap % 2 ? capacity : 1; n > 0; n--)
			assert_pops(q, out++);
	}
	while (pawl_queue_trypop(q, &item) == 0)
		assert_int_equal(item, out++);
	assert_int_equal(in, out);
	assert_empty(q);
	assert_int_equal(pawl_queue_pop_until(q, &item, 0), ETIMEDOUT);
}

static void as_many_as_the_capacity_go_in_and_come_out_in_order(void **state)
{
	(void)state;
	with_each_capacity(check_order);
}

static void items_of_any_size_come_out_as_they_went_in(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 4, 7, 8, 12, 16, 24, 32, 48, 64, 100, 128, 4096 };
	unsigned char in[4096], out[4096];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		pawl_queue *q = open_queue(3, sizes[i], 0, 0);

		for (int round = 0; round < 8; round++) {
			memset(in, 'a' + round, sizeof in);
			memset(out, 0, sizeof out);
			assert_int_equal(pawl_queue_push(q, in), 0);
			assert_int_equal(pawl_queue_pop(q, out), 0);
			assert_memory_equal(in, out, sizes[i]);
			assert_true(sizes[i] == sizeof out || out[sizes[i]] == 0);
		}
		pawl_queue_free(q);
	}
}

static void check_many(pawl_queue *q, size_t capacity)
{
	uint64_t in[16], out[16];
	size_t n;

	for (size_t i = 0; i < COUNT_OF(in); i++)
		in[i] = i;
	assert_int_equal(pawl_queue_push_n(q, in, COUNT_OF(in), PAWL_FOREVER, &n), 0);
	assert_int_equal(n, capacity);
	assert_int_equal(pawl_queue_push_n(q, in, COUNT_OF(in), 0, &n), ETIMEDOUT);
	assert_int_equal(n, 0);
	assert_int_equal(pawl_queue_pop_n(q, out, COUNT_OF(out), PAWL_FOREVER, &n), 0);
	assert_int_equal(n, capacity);
	assert_memory_equal(in, out, n * sizeof in[0]);
	assert_int_equal(pawl_queue_pop_n(q, out, COUNT_OF(out), 0, &n), ETIMEDOUT);
	assert_int_equal(n, 0);
}

static void several_at_once_take_what_there_is(void **state)
{
	(void)state;
	with_each_capacity(check_many);
}

static void check_reserve(pawl_queue *q, size_t capacity)
{
	void *slots[8], *more;
	uint64_t item = 99;

	for (size_t i = 0; i < capacity; i++) {
		assert_int_equal(pawl_queue_reserve(q, PAWL_FOREVER, &slots[i]), 0);
		assert_true((uintptr_t)slots[i] % sizeof(uint64_t) == 0);
		item = i;
		memcpy(slots[i], &item, sizeof item);
	}
	assert_empty(q);
	assert_int_equal(pawl_queue_trypush(q, &item), EAGAIN);
	assert_int_equal(pawl_queue_reserve(q, 0, &more), ETIMEDOUT);
	/* The last one goes back; the others are in the order of their commits. */
	pawl_queue_abandon(q, slots[capacity - 1]);
	for (size_t i = capacity - 1; i-- > 0;)
		assert_int_equal(pawl_queue_commit(q, slots[i]), 0);
	push(q, 77);
	assert_int_equal(pawl_queue_len(q), capacity);
	assert_int_equal(pawl_queue_trypush(q, &item), EAGAIN);
	for (size_t i = capacity - 1; i-- > 0;)
		assert_pops(q, i);
	assert_pops(q, 77);
	assert_empty(q);
}

static void a_reserved_slot_takes_room_and_its_place_is_that_of_the_commit(void **state)
{
	(void)state;
	with_each_capacity(check_reserve);
}

static void check_close(pawl_queue *q, size_t capacity)
{
	void *slot;
	uint64_t item = 5;

	assert_int_equal(pawl_queue_reserve(q, PAWL_FOREVER, &slot), 0);
	memcpy(slot, &item, sizeof item);
	for (size_t i = 1; i < capacity; i++)
		push(q, i);
	pawl_queue_close(q);
	pawl_queue_close(q);
	assert_int_equal(pawl_queue_trypush(q, &item), EPIPE);
	assert_int_equal(pawl_queue_push(q, &item), EPIPE);
	assert_int_equal(pawl_queue_commit(q, slot), EPIPE);
	assert_int_equal(*(uint64_t *)slot, 5);
	for (size_t i = 1; i < capacity; i++)
		assert_pops(q, i);
	assert_int_equal(pawl_queue_trypop(q, &item), EPIPE);
	assert_int_equal(pawl_queue_pop(q, &item), EPIPE);
	assert_int_equal(pawl_queue_commit(q, slot), EPIPE);
	pawl_queue_abandon(q, slot);
	assert_int_equal(pawl_queue_reserve(q, PAWL_FOREVER, &slot), EPIPE);
}

static void after_a_close_what_is_left_comes_out_and_nothing_goes_in(void **state)
{
	(void)state;
	with_each_capacity(check_close);
}

static void heavy_items_wait_for_what_is_left_of_the_weight(void **state)
{
	pawl_queue *q = open_queue(4, sizeof(uint64_t), 10, 0);
	uint64_t item = 1;

	(void)state;
	assert_int_equal(pawl_queue_push_weighed(q, &item, 11, PAWL_FOREVER), EOVERFLOW);
	for (int round = 0; round < 9; round++) {
		assert_int_equal(pawl_queue_push_weighed(q, &item, 6, PAWL_FOREVER), 0);
		assert_int_equal(pawl_queue_push_weighed(q, &item, 5, 0), ETIMEDOUT);
		push(q, 2);
		assert_int_equal(pawl_queue_push_weighed(q, &item, 4, PAWL_FOREVER), 0);
		assert_pops(q, 1);
		assert_pops(q, 2);
		assert_pops(q, 1);
	}
	pawl_queue_free(q);
}

static uint64_t dropped[8];
static size_t drops;

static void note_dropped(void *item, void *user)
{
	assert_ptr_equal(user, dropped);
	memcpy(&dropped[drops++], item, sizeof(uint64_t));
}

static void the_oldest_are_dropped_and_what_is_left_at_the_end(void **state)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = 2, .item_size = sizeof(uint64_t),
		.flags = PAWL_QUEUE_FAST | PAWL_QUEUE_DROP_OLDEST, .evicted = note_dropped,
		.user = dropped
	};
	pawl_queue *q;
	void *slots[2];
	uint64_t item = 9;

	(void)state;
	drops = 0;
	assert_int_equal(pawl_queue_open(&cfg, &q), 0);
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(pawl_queue_trypush(q, &i), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pawl_queue_reserve(q, PAWL_FOREVER, &slots[i]), 0);
	assert_int_equal(pawl_queue_trypush(q, &item), EAGAIN);
	assert_int_equal(pawl_queue_push_until(q, &item, 0), ETIMEDOUT);
	for (int i = 0; i < 2; i++)
		pawl_queue_abandon(q, slots[i]);
	push(q, 4);
	pawl_queue_free(q);
	assert_int_equal(drops, 5);
	for (size_t i = 0; i < drops; i++)
		assert_int_equal(dropped[i], i);
}

/*** Others wait *******************************************************************************/

struct user {
	struct worker worker;
	pawl_queue *q;
	pawl_time deadline;
	pawl_cancel *source;
	uint64_t item;
	int rc;
};

static void do_pop(void *arg)
{
	struct user *u = arg;
	pawl_scope scope;

	pawl_scope_enter(&scope, PAWL_FOREVER, u->source, 0);
	u->rc = pawl_queue_pop_until(u->q, &u->item, u->deadline);
	(void)pawl_scope_leave(&scope, u->rc);
}

static void do_push(void *arg)
{
	struct user *u = arg;

	u->rc = pawl_queue_push_until(u->q, &u->item, u->deadline);
}

static void user_start(struct user *u, pawl_queue *q, void (*fn)(void *arg), uint64_t item)
{
	u->q = q;
	u->item = item;
	if (u->deadline == 0)
		u->deadline = PAWL_FOREVER;
	worker_start(&u->worker, fn, u);
	worker_await_wait(&u->worker, "queue", q);
}

static void each_that_waits_for_an_item_gets_one(void **state)
{
	pawl_queue *q = open_queue(3, sizeof(uint64_t), 0, 0);
	struct user users[3] = { { .rc = NONE }, { .rc = NONE }, { .rc = NONE } };
	uint64_t sum = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(users); i++)
		user_start(&users[i], q, do_pop, 0);
	for (uint64_t i = 1; i <= 3; i++)
		push(q, i);
	for (size_t i = 0; i < COUNT_OF(users); i++) {
		worker_join(&users[i].worker);
		assert_int_equal(users[i].rc, 0);
		sum += users[i].item;
	}
	assert_int_equal(sum, 6);
	assert_empty(q);
	pawl_queue_free(q);
}

static void each_that_waits_for_room_gets_some(void **state)
{
	pawl_queue *q = open_queue(1, sizeof(uint64_t), 0, 0);
	struct user users[3] = { { .rc = NONE }, { .rc = NONE }, { .rc = NONE } };
	uint64_t item, sum = 0;
	void *slot;

	(void)state;
	assert_int_equal(pawl_queue_reserve(q, PAWL_FOREVER, &slot), 0);
	for (size_t i = 0; i < COUNT_OF(users); i++)
		user_start(&users[i], q, do_push, i + 1);
	pawl_queue_abandon(q, slot);
	for (size_t i = 0; i < COUNT_OF(users); i++) {
		assert_int_equal(pawl_queue_pop(q, &item), 0);
		sum += item;
	}
	for (size_t i = 0; i < COUNT_OF(users); i++) {
		worker_join(&users[i].worker);
		assert_int_equal(users[i].rc, 0);
	}
	assert_int_equal(sum, 6);
	pawl_queue_free(q);
}

static void a_close_ends_the_waits(void **state)
{
	pawl_queue *q = open_queue(1, sizeof(uint64_t), 0, 0), *full = open_queue(1, 8, 0, 0);
	struct user pops = { .rc = NONE }, pushes = { .rc = NONE };

	(void)state;
	push(full, 1);
	user_start(&pops, q, do_pop, 0);
	user_start(&pushes, full, do_push, 0);
	pawl_queue_close(q);
	pawl_queue_close(full);
	worker_join(&pops.worker);
	worker_join(&pushes.worker);
	assert_int_equal(pops.rc, EPIPE);
	assert_int_equal(pushes.rc, EPIPE);
	assert_pops(full, 1);
	pawl_queue_free(q);
	pawl_queue_free(full);
}

static void a_deadline_and_a_cancel_end_a_wait(void **state)
{
	pawl_queue *q = open_queue(2, sizeof(uint64_t), 0, 0);
	struct user late = { .rc = NONE, .deadline = pawl_after(SHORT) }, canceled = { .rc = NONE };
	pawl_time begin = pawl_now();

	(void)state;
	assert_int_equal(pawl_cancel_open(NULL, &canceled.source), 0);
	user_start(&canceled, q, do_pop, 0);
	late.q = q;
	worker_start(&late.worker, do_pop, &late);
	worker_join(&late.worker);
	assert_int_equal(late.rc, ETIMEDOUT);
	assert_true(pawl_now() - begin >= SHORT);
	pawl_cancel_fire(canceled.source, 1);
	worker_join(&canceled.worker);
	assert_int_equal(canceled.rc, ECANCELED);
	push(q, 1);
	assert_pops(q, 1);
	pawl_cancel_close(canceled.source);
	pawl_queue_free(q);
}

/*** Ops ***************************************************************************************/

struct note_op {
	pawl_op op;
	uint64_t item;
	int rc, calls;
};

static pawl_cq *cq;

static void note_done(pawl_op *op, int rc)
{
	struct note_op *n = pawl_op_user(op);

	n->rc = rc;
	n->calls++;
}

static void op_pops(struct note_op *n, pawl_queue *q)
{
	*n = (struct note_op){ .rc = NONE };
	pawl_op_init(&n->op, cq, note_done, n);
	assert_int_equal(pawl_queue_pop_op(q, &n->item, &n->op), EINPROGRESS);
}

static void op_pushes(struct note_op *n, pawl_queue *q, uint64_t item)
{
	*n = (struct note_op){ .rc = NONE, .item = item };
	pawl_op_init(&n->op, cq, note_done, n);
	assert_int_equal(pawl_queue_push_op(q, &n->item, &n->op), EINPROGRESS);
}

static void assert_done(const struct note_op *n, int rc)
{
	assert_int_equal(n->calls, 1);
	assert_int_equal(n->rc, rc);
}

static void check_ops(pawl_queue *q, size_t capacity)
{
	struct note_op now = { .rc = NONE }, pops[9], pushes[9];

	assert_int_equal(pawl_cq_open(&cq), 0);
	pawl_op_init(&now.op, cq, note_done, &now);
	now.item = 3;
	assert_int_equal(pawl_queue_push_op(q, &now.item, &now.op), 0);
	assert_int_equal(pawl_queue_pop_op(q, &now.item, &now.op), 0);
	assert_int_equal(now.item, 3);
	for (size_t i = 0; i < capacity; i++)
		op_pops(&pops[i], q);
	for (size_t i = 0; i < capacity; i++)
		push(q, i);
	/* Those are the ops' from now on. */
	assert_int_equal(pawl_queue_trypop(q, &now.item), EAGAIN);
	assert_int_equal(pawl_cq_dispatch(cq, 0), capacity);
	for (size_t i = 0; i < capacity; i++) {
		assert_done(&pops[i], 0);
		assert_int_equal(pops[i].item, i);
		push(q, 100);
	}
	for (size_t i = 0; i < capacity; i++)
		op_pushes(&pushes[i], q, 200 + i);
	for (size_t i = 0; i < capacity; i++)
		assert_pops(q, 100);
	assert_int_equal(pawl_queue_trypush(q, &now.item), EAGAIN);
	assert_int_equal(pawl_cq_dispatch(cq, 0), capacity);
	for (size_t i = 0; i < capacity; i++) {
		assert_done(&pushes[i], 0);
		assert_pops(q, 200 + i);
	}
	assert_empty(q);
	pawl_cq_close(cq);
}

static void ops_get_what_they_wait_for_when_they_are_dispatched(void **state)
{
	(void)state;
	with_each_capacity(check_ops);
}

static void an_op_that_is_canceled_or_closed_gives_its_item_to_the_next(void **state)
{
	pawl_queue *q = open_queue(2, sizeof(uint64_t), 0, 0);
	struct note_op canceled, granted, late;
	struct user next = { .rc = NONE };

	(void)state;
	assert_int_equal(pawl_cq_open(&cq), 0);
	op_pops(&canceled, q);
	op_pops(&granted, q);
	user_start(&next, q, do_pop, 0);
	assert_int_equal(pawl_op_cancel(&canceled.op), 0);
	push(q, 7);
	assert_int_equal(pawl_op_cancel(&granted.op), EALREADY);
	late = (struct note_op){ .rc = NONE };
	pawl_op_init(&late.op, cq, note_done, &late);
	pawl_op_deadline(&late.op, pawl_now());
	assert_int_equal(pawl_queue_pop_op(q, &late.item, &late.op), EINPROGRESS);
	/* It closes before it dispatches what was granted. */
	pawl_cq_close(cq);
	worker_join(&next.worker);
	assert_int_equal(next.rc, 0);
	assert_int_equal(next.item, 7);
	assert_done(&canceled, ECANCELED);
	assert_done(&granted, ECANCELED);
	assert_int_equal(late.calls, 1);
	assert_empty(q);
	pawl_queue_free(q);
}

static void check_closed_ops(pawl_queue *q, size_t capacity)
{
	struct note_op pop, push_op;
	pawl_queue *full = open_queue(1, sizeof(uint64_t), 0, 0);

	(void)capacity;
	assert_int_equal(pawl_cq_open(&cq), 0);
	push(full, 1);
	op_pops(&pop, q);
	op_pushes(&push_op, full, 2);
	pawl_queue_close(q);
	pawl_queue_close(full);
	assert_int_equal(pawl_cq_dispatch(cq, 0), 2);
	assert_done(&pop, EPIPE);
	assert_done(&push_op, EPIPE);
	assert_pops(full, 1);
	pawl_cq_close(cq);
	pawl_queue_free(full);
}

static void a_close_ends_ops(void **state)
{
	(void)state;
	with_each_capacity(check_closed_ops);
}

static void an_inline_op_is_done_on_the_thread_that_pushes(void **state)
{
	pawl_queue *q = open_queue(1, sizeof(uint64_t), 0, 0);
	struct note_op n = { .rc = NONE };

	(void)state;
	pawl_op_init_inline(&n.op, note_done, &n);
	for (uint64_t i = 1; i <= 3; i++) {
		assert_int_equal(pawl_queue_pop_op(q, &n.item, &n.op), EINPROGRESS);
		push(q, i);
		assert_int_equal(n.calls, i);
		assert_int_equal(n.item, i);
	}
	assert_empty(q);
	pawl_queue_free(q);
}

/*** Races *************************************************************************************/

enum { PRODUCERS = 2, CONSUMERS = 2, EACH = 4000 };

static struct race {
	pawl_queue *q;
	unsigned char seen[PRODUCERS][EACH];
	int failures;		/* how often one gave up, and came again */
} race;

static void race_push(void *arg)
{
	uint64_t who = (uintptr_t)arg;

	for (uint64_t i = 0; i < ROUNDS(EACH);) {
		uint64_t item = who << 32 | i;
		int rc = i % 3 ? pawl_queue_push(race.q, &item) :
			pawl_queue_push_until(race.q, &item, pawl_after((pawl_ns)(i % 50) * 1000));

		must(rc == 0 || rc == ETIMEDOUT);
		i += rc == 0;
	}
}

static void race_pop(void *arg)
{
	uint64_t next[PRODUCERS] = { 0 }, item;
	int rc;

	(void)arg;
	for (unsigned i = 0;; i++) {
		rc = i % 3 ? pawl_queue_pop(race.q, &item) :
			pawl_queue_pop_until(race.q, &item, pawl_after((pawl_ns)(i % 50) * 1000));
		if (rc == EPIPE)
			break;
		must(rc == 0 || rc == ETIMEDOUT);
		if (rc != 0)
			continue;
		must(item >> 32 < PRODUCERS && (uint32_t)item >= next[item >> 32]);
		next[item >> 32] = (uint32_t)item + 1;
		must(race.seen[item >> 32][(uint32_t)item]++ == 0);
	}
}

static void check_race(pawl_queue *q, size_t capacity)
{
	struct worker producers[PRODUCERS], consumers[CONSUMERS];

	(void)capacity;
	memset(&race, 0, sizeof race);
	race.q = q;
	for (uintptr_t i = 0; i < PRODUCERS; i++)
		worker_start(&producers[i], race_push, (void *)i);
	for (int i = 0; i < CONSUMERS; i++)
		worker_start(&consumers[i], race_pop, NULL);
	for (int i = 0; i < PRODUCERS; i++)
		worker_join(&producers[i]);
	pawl_queue_close(q);
	for (int i = 0; i < CONSUMERS; i++)
		worker_join(&consumers[i]);
	for (int i = 0; i < PRODUCERS; i++)
		for (int k = 0; k < ROUNDS(EACH); k++)
			assert_int_equal(race.seen[i][k], 1);
	assert_int_equal(pawl_queue_len(q), 0);
}

static void each_item_comes_out_once_and_in_its_producer_s_order(void **state)
{
	(void)state;
	with_each_capacity(check_race);
}

/* Ops are canceled while their items come; a thread takes what they do not. */
static uint64_t taken_by_ops;

static void op_race_done(pawl_op *op, int rc)
{
	struct note_op *n = pawl_op_user(op);

	must(rc == 0 || rc == ECANCELED || rc == EPIPE);
	n->rc = rc;
	n->calls++;
	if (rc == 0)
		taken_by_ops += n->item;
}

static void cancel_rounds(void *arg)
{
	pawl_queue *q = arg;
	struct note_op n = { .rc = NONE };

	pawl_op_init(&n.op, cq, op_race_done, &n);
	for (int rc = 0; rc != EPIPE;) {
		rc = pawl_queue_pop_op(q, &n.item, &n.op);
		if (rc == 0)
			taken_by_ops += n.item;
		if (rc != EINPROGRESS)
			continue;
		n.calls = 0;
		for (int i = 0; n.calls == 0; i++) {
			if (i % 4 == 3)
				(void)pawl_op_cancel(&n.op);
			(void)pawl_cq_dispatch(cq, 0);
		}
		rc = n.rc;
	}
}

static void check_cancels(pawl_queue *q, size_t capacity)
{
	struct worker canceler, popper;
	struct user u = { .q = q };
	uint64_t sum = 0, all = 0;

	(void)capacity;
	(void)popper;
	assert_int_equal(pawl_cq_open(&cq), 0);
	taken_by_ops = 0;
	worker_start(&canceler, cancel_rounds, q);
	for (uint64_t i = 1; i <= ROUNDS(4000); i++) {
		push(q, i);
		all += i;
		if (i % 3 == 0 && pawl_queue_trypop(q, &u.item) == 0)
			sum += u.item;
	}
	pawl_queue_close(q);
	worker_join(&canceler);
	pawl_cq_close(cq);
	assert_int_equal(sum + taken_by_ops, all);
}

static void no_item_is_lost_when_ops_are_canceled(void **state)
{
	(void)state;
	with_each_capacity(check_cancels);
}

/*** Misuse ************************************************************************************/

static void free_reserved(void *arg)
{
	void *slot;

	must(pawl_queue_reserve(arg, PAWL_FOREVER, &slot) == 0);
	pawl_queue_free(arg);
}

static void abandon_twice(void *arg)
{
	void *slot;

	must(pawl_queue_reserve(arg, PAWL_FOREVER, &slot) == 0);
	pawl_queue_abandon(arg, slot);
	pawl_queue_abandon(arg, slot);
}

static void misuse_is_refused(void **state)
{
	pawl_queue *q = open_queue(2, sizeof(uint64_t), 0, 0);
	struct child c;

	(void)state;
	child_run(&c, free_reserved, q);
	child_assert_misuse(&c, "has a slot that is reserved");
	child_run(&c, abandon_twice, q);
	child_assert_misuse(&c, "has not reserved that slot");
	pawl_queue_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(as_many_as_the_capacity_go_in_and_come_out_in_order),
		TEST(items_of_any_size_come_out_as_they_went_in),
		TEST(several_at_once_take_what_there_is),
		TEST(a_reserved_slot_takes_room_and_its_place_is_that_of_the_commit),
		TEST(after_a_close_what_is_left_comes_out_and_nothing_goes_in),
		TEST(heavy_items_wait_for_what_is_left_of_the_weight),
		TEST(the_oldest_are_dropped_and_what_is_left_at_the_end),
		TEST(each_that_waits_for_an_item_gets_one),
		TEST(each_that_waits_for_room_gets_some),
		TEST(a_close_ends_the_waits),
		TEST(a_deadline_and_a_cancel_end_a_wait),
		TEST(ops_get_what_they_wait_for_when_they_are_dispatched),
		TEST(an_op_that_is_canceled_or_closed_gives_its_item_to_the_next),
		TEST(a_close_ends_ops),
		TEST(an_inline_op_is_done_on_the_thread_that_pushes),
		TEST(each_item_comes_out_once_and_in_its_producer_s_order),
		TEST(no_item_is_lost_when_ops_are_canceled),
		TEST(misuse_is_refused),
	};

	return test_main(tests);
}
