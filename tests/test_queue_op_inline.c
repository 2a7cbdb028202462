/* SPDX-License-Identifier: BSD-2-Clause */
/* test_queue_op_inline.c - pawl/queue.h: push_op and pop_op whose done() is called at once; and
 * cancels that meet grants. */
#include "config.h"

#include <errno.h>

#include <pawl/op.h>

#include "op_race.h"
#include "queue_note.h"

enum { MANY = 200 };

static struct note_op many[MANY];

/*** Inline ************************************************************************************/

static void push_5(void *q)
{
	must(try_push(q, 5) == 0);
}

static void pop_5(void *q)
{
	must(try_pop(q) == 5);
}

static void check_inline(pawl_queue *q)
{
	struct note_op n;
	struct worker w;

	note_init_inline(&n, q, NOTHING, note_done);
	assert_int_equal(start_pop(&n), EINPROGRESS);
	worker_start(&w, push_5, q);
	worker_join(&w);
	assert_true(n.rc == 0 && n.item == 5);
	assert_false(pthread_equal(n.where, pthread_self()));
	push_range(q, 5, 6);
	note_init_inline(&n, q, 6, note_done);
	assert_int_equal(start_push(&n), EINPROGRESS);
	worker_start(&w, pop_5, q);
	worker_join(&w);
	assert_int_equal(n.rc, 0);
	assert_false(pthread_equal(n.where, pthread_self()));
	assert_int_equal(start_push(&n), EINPROGRESS);
	assert_int_equal(pawl_op_cancel(&n.op), 0);
	assert_int_equal(n.rc, ECANCELED);
	assert_int_equal(n.calls, 2);
	pop_range(q, 6, 7);
}

static void an_inline_op_is_done_by_the_thread_that_makes_it_possible(void **state)
{
	(void)state;
	with_each_queue(1, check_inline);
}

static int depth;

/* One item goes through all of them. */
static void push_in_done(pawl_op *op, int rc)
{
	struct note_op *n = pawl_op_user(op);

	must(++depth == 1 && rc == 0);		/* never inside another done() */
	note_done(op, rc);
	must(try_push(n->queue, n->item + 1) == 0);
	depth--;
}

static void check_chain(pawl_queue *q)
{
	for (size_t i = 0; i < MANY; i++) {
		note_init_inline(&many[i], q, NOTHING, push_in_done);
		assert_int_equal(start_pop(&many[i]), EINPROGRESS);
	}
	assert_int_equal(try_push(q, 0), 0);
	for (size_t i = 0; i < MANY; i++)
		assert_true(many[i].rc == 0 && many[i].calls == 1 && many[i].item == i);
	pop_range(q, MANY, MANY + 1);
}

static void done_may_push_and_pop_where_it_need_not_wait(void **state)
{
	(void)state;
	with_each_queue(1, check_chain);
}

/* Start the same op again from done(), with its item in the op. */
static void pop_again(pawl_op *op, int rc)
{
	struct note_op *n = pawl_op_user(op);
	int started;

	note_done(op, rc);
	if (rc != 0)
		return;
	do
		started = start_pop(n);
	while (started == 0 && ++n->calls > 0);
	must(started == EINPROGRESS || started == EPIPE);
}

static void check_restart(pawl_queue *q)
{
	struct note_op n;

	assert_int_equal(pawl_cq_open(&cq), 0);
	n = (struct note_op){ .queue = q, .item = NOTHING, .rc = NONE };
	pawl_op_init(&n.op, cq, pop_again, &n);
	assert_int_equal(start_pop(&n), EINPROGRESS);
	for (uint64_t i = 0; i < 30; i += 3) {
		push_range(q, i, i + 3);
		dispatch(1);
		assert_int_equal(n.item, i + 2);
		assert_int_equal(n.calls, i + 3);
	}
	pawl_cq_close(cq);
	assert_int_equal(n.rc, ECANCELED);
}

static void done_may_start_its_op_again(void **state)
{
	(void)state;
	with_each_queue(3, check_restart);
}

/*** Cancels that meet grants ********************************************************************/

static struct note_op ops[RACE_OPS];
static pawl_queue *raced[RACE_OPS];
static bool race_pushes;

static pawl_op *start_race(int i, int round)
{
	struct note_op *n = &ops[i];

	if (race_pushes)
		must(try_push(raced[i], 1) == 0);
	if (i < RACE_OPS / 2)
		note_init(n, raced[i], race_pushes ? 2 : NOTHING);
	else
		note_init_inline(n, raced[i], race_pushes ? 2 : NOTHING, note_done);
	must((race_pushes ? start_push(n) : start_pop(n)) == EINPROGRESS);
	(void)round;
	return &n->op;
}

static void grant_race(int i)
{
	if (race_pushes)
		must(try_pop(raced[i]) == 1);
	else
		must(try_push(raced[i], 3) == 0);
}

static bool judge_race(int i)
{
	bool got = ops[i].rc == 0;

	must(ops[i].calls == 1 && (got || ops[i].rc == ECANCELED));
	if (race_pushes)
		must(try_pop(raced[i]) == (got ? 2 : NOTHING));
	else if (!got)
		must(try_pop(raced[i]) == 3);
	else
		must(ops[i].item == 3 && try_pop(raced[i]) == NOTHING);
	return got;
}

static void a_cancel_that_meets_the_grant_loses_nothing(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 4; round++) {
		struct op_race race = { .queued = RACE_OPS / 2, .start = start_race,
			.grant = grant_race, .judge = judge_race };

		race_pushes = round % 2;
		assert_int_equal(pawl_cq_open(&cq), 0);
		race.cq = cq;
		for (size_t i = 0; i < RACE_OPS; i++)
			raced[i] = queue_of(1, round / 2 ? PAWL_QUEUE_FAST : 0);
		op_race(&race);
		for (size_t i = 0; i < RACE_OPS; i++) {
			assert_whole(raced[i]);
			pawl_queue_free(raced[i]);
		}
		pawl_cq_close(cq);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_inline_op_is_done_by_the_thread_that_makes_it_possible),
		TEST(done_may_push_and_pop_where_it_need_not_wait),
		TEST(done_may_start_its_op_again),
		TEST(a_cancel_that_meets_the_grant_loses_nothing),
	};

	return test_main(tests);
}
