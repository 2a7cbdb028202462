/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_op_enomem.c - pawl/op.h without memory.  This program has the library's allocator
 * (platform/memory.h) and makes it fail from some call on: what returns ENOMEM has started
 * nothing, and what was started needs no more memory to end.
 *
 * Each case runs in a child, where nothing was allocated yet.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pawl/mutex.h>
#include <pawl/op.h>

#include "failing_memory.h"
#include "support.h"

enum { NONE = -1 };

static void note_done(pawl_op *op, int rc)
{
	*(int *)pawl_op_user(op) = rc;
}

static void open_without_memory(void *arg)
{
	pawl_cq *cq;

	(void)arg;
	fail_calls_from(0);
	must(pawl_cq_open(&cq) == ENOMEM);
	fail_calls(NEVER, 0);
	must(pawl_cq_open(&cq) == 0);
	pawl_cq_close(cq);
}

/* With ever more memory, until it can be started; then there is none. */
static void start_without_memory(void *arg)
{
	pawl_mutex m = PAWL_MUTEX_INIT;
	int rc = NONE, calls, started;
	pawl_cq *cq;
	pawl_op op;

	(void)arg;
	must(pawl_cq_open(&cq) == 0);
	pawl_op_init(&op, cq, note_done, &rc);
	pawl_mutex_lock(&m);
	for (calls = 0;; calls++) {
		fail_calls_from(calls);
		started = pawl_mutex_lock_op(&m, &op);
		if (started != ENOMEM)
			break;
		must(calls < 10);
		must(pawl_op_cancel(&op) == EALREADY);
		must(pawl_cq_dispatch(cq, 0) == 0);
	}
	must(calls > 0);
	must(started == EINPROGRESS);
	fail_calls_from(0);
	pawl_mutex_unlock(&m);
	must(pawl_cq_dispatch(cq, 0) == 1);
	must(rc == 0);
	must(pawl_mutex_lock_op(&m, &op) == EINPROGRESS);
	must(pawl_op_cancel(&op) == 0);
	must(pawl_cq_dispatch(cq, 0) == 1);
	must(rc == ECANCELED);
	must(pawl_mutex_lock_op(&m, &op) == EINPROGRESS);
	pawl_mutex_unlock(&m);
	pawl_cq_close(cq);
	must(rc == ECANCELED);
	pawl_mutex_destroy(&m);
}

/* What could not be started stands in nobody's way. */
static void start_some(void *arg)
{
	enum { MANY = 2000, CALLS = 6 };
	static pawl_op op[MANY];
	static int rc[MANY];
	pawl_mutex m = PAWL_MUTEX_INIT;
	pawl_cq *cq;
	int started = 0, done = 0;

	(void)arg;
	must(pawl_cq_open(&cq) == 0);
	pawl_mutex_lock(&m);
	fail_calls_from(CALLS);
	for (int i = 0; i < MANY; i++) {
		pawl_op_init(&op[i], cq, note_done, &rc[i]);
		rc[i] = pawl_mutex_lock_op(&m, &op[i]);
		must(rc[i] == EINPROGRESS || rc[i] == ENOMEM);
		started += rc[i] == EINPROGRESS;
	}
	must(started > 0 && started < MANY);
	pawl_mutex_unlock(&m);
	while (pawl_cq_dispatch(cq, 0) == 1) {
		done++;
		pawl_mutex_unlock(&m);
	}
	must(done == started);
	for (int i = 0; i < MANY; i++)
		must(rc[i] == 0 || rc[i] == ENOMEM);
	pawl_mutex_destroy(&m);
	pawl_cq_close(cq);
}

static void run_in_child(void (*fn)(void *arg))
{
	struct child c;

	child_run(&c, fn, NULL);
	child_assert_silent(&c);
}

static void open_says_so(void **state)
{
	(void)state;
	run_in_child(open_without_memory);
}

static void start_says_so_and_ends_need_no_memory(void **state)
{
	(void)state;
	run_in_child(start_without_memory);
}

static void what_was_started_is_served_past_what_was_not(void **state)
{
	(void)state;
	run_in_child(start_some);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_says_so),
		TEST(start_says_so_and_ends_need_no_memory),
		TEST(what_was_started_is_served_past_what_was_not),
	};

	return test_main(tests);
}
