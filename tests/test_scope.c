/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_scope.c - pawl/scope.h: what cancels what, what leave() returns, sources and their
 * references, misuse.  Scopes around each kind of wait: test_scope_waits.c.
 *
 * This program has the library's allocator, to count what is there, and to have none.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pawl/counter.h>
#include <pawl/scope.h>

#include "platform/memory.h"
#include "support.h"

/*** The allocator *****************************************************************************/

static int live;	/* objects there are; atomic */
static bool fail;

void *pawl_i_memory_get(size_t size, size_t align)
{
	void *p;

	if (fail)
		return NULL;
	must(posix_memalign(&p, align, size) == 0);
	__atomic_add_fetch(&live, 1, __ATOMIC_RELAXED);
	return memset(p, 0, size);
}

void pawl_i_memory_put(void *p)
{
	__atomic_sub_fetch(&live, 1, __ATOMIC_RELAXED);
	free(p);
}

static pawl_cancel *open_source(pawl_cancel *parent)
{
	pawl_cancel *c;

	must(pawl_cancel_open(parent, &c) == 0);
	return c;
}

/* A wait that can't be satisfied. */
static int wait_in_vain(pawl_time deadline)
{
	pawl_counter c = PAWL_COUNTER_INIT(1);

	return pawl_counter_wait_zero(&c, deadline);
}

/*** What cancels ******************************************************************************/

static void outside_of_scopes_nothing_is_canceled(void **state)
{
	(void)state;
	assert_int_equal(pawl_scope_check(), 0);
	assert_int_equal(wait_in_vain(0), ETIMEDOUT);
}

static void a_scope_without_anything_cancels_nothing(void **state)
{
	pawl_scope s;

	(void)state;
	pawl_scope_enter(&s, PAWL_FOREVER, NULL, 0);
	assert_int_equal(pawl_scope_check(), 0);
	assert_int_equal(wait_in_vain(0), ETIMEDOUT);
	assert_int_equal(pawl_scope_leave(&s, 0), 0);
}

static void a_source_cancels_until_the_scope_is_left(void **state)
{
	pawl_cancel *c = open_source(NULL);
	pawl_scope s;

	(void)state;
	pawl_scope_enter(&s, PAWL_FOREVER, c, 0);
	assert_int_equal(pawl_scope_check(), 0);
	pawl_cancel_fire(c, 1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pawl_scope_check(), ECANCELED);
		assert_int_equal(wait_in_vain(PAWL_FOREVER), ECANCELED);
		assert_int_equal(wait_in_vain(0), ECANCELED);
	}
	assert_int_equal(pawl_scope_leave(&s, ECANCELED), ECANCELED);
	assert_int_equal(pawl_scope_check(), 0);
	pawl_cancel_close(c);
}

static void a_scope_may_be_entered_with_a_source_that_was_fired(void **state)
{
	pawl_cancel *c = open_source(NULL);
	pawl_scope s;

	(void)state;
	pawl_cancel_fire(c, 1);
	pawl_scope_enter(&s, PAWL_FOREVER, c, PAWL_SHIELD);	/* its own source it obeys */
	assert_int_equal(pawl_scope_check(), ECANCELED);
	assert_int_equal(pawl_scope_leave(&s, 0), 0);
	pawl_cancel_close(c);
}

static void a_deadline_that_passed_cancels_at_once(void **state)
{
	const pawl_time deadlines[] = { INT64_MIN, -1, 0, pawl_now() };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(deadlines); i++) {
		pawl_scope s;

		pawl_scope_enter(&s, deadlines[i], NULL, 0);
		assert_int_equal(pawl_scope_check(), ECANCELED);
		assert_int_equal(wait_in_vain(PAWL_FOREVER), ECANCELED);
		assert_int_equal(wait_in_vain(INT64_MIN), ECANCELED);
		assert_int_equal(pawl_scope_leave(&s, ECANCELED), ETIMEDOUT);
	}
}

static void inner_scopes_inherit_cancels_and_deadlines(void **state)
{
	pawl_cancel *c = open_source(NULL), *other = open_source(NULL);
	pawl_time soon = pawl_after(PAWL_MS(5));
	pawl_scope outer, middle, inner;

	(void)state;
	pawl_scope_enter(&outer, PAWL_FOREVER, c, 0);
	pawl_scope_enter(&middle, soon, NULL, 0);
	pawl_scope_enter(&inner, pawl_after(PAWL_S(1000)), other, 0);
	assert_int_equal(wait_in_vain(pawl_after(PAWL_S(1000))), ECANCELED);	/* middle's */
	assert_true(pawl_now() >= soon);
	assert_int_equal(pawl_scope_leave(&inner, ECANCELED), ECANCELED);
	assert_int_equal(pawl_scope_leave(&middle, ECANCELED), ETIMEDOUT);
	assert_int_equal(pawl_scope_check(), 0);
	pawl_scope_enter(&inner, PAWL_FOREVER, other, 0);
	pawl_cancel_fire(c, 1);
	assert_int_equal(pawl_scope_check(), ECANCELED);	/* outer's */
	assert_int_equal(pawl_scope_leave(&inner, ECANCELED), ECANCELED);
	assert_int_equal(pawl_scope_leave(&outer, ECANCELED), ECANCELED);
	pawl_cancel_close(c);
	pawl_cancel_close(other);
}

static void an_inner_scope_does_not_reach_out(void **state)
{
	pawl_cancel *c = open_source(NULL);
	pawl_scope outer, inner;

	(void)state;
	pawl_scope_enter(&outer, pawl_after(PAWL_S(1000)), NULL, 0);
	pawl_scope_enter(&inner, 0, c, 0);
	pawl_cancel_fire(c, 1);
	assert_int_equal(pawl_scope_check(), ECANCELED);
	assert_int_equal(pawl_scope_leave(&inner, ECANCELED), ECANCELED);
	assert_int_equal(pawl_scope_check(), 0);
	assert_int_equal(pawl_scope_leave(&outer, 0), 0);
	pawl_cancel_close(c);
}

static void a_shield_keeps_out_what_is_outside_of_it_only(void **state)
{
	pawl_cancel *c = open_source(NULL), *own = open_source(NULL);
	pawl_scope outer, shield, inner;

	(void)state;
	pawl_scope_enter(&outer, 0, c, 0);
	pawl_cancel_fire(c, 1);
	pawl_scope_enter(&shield, PAWL_FOREVER, own, PAWL_SHIELD);
	pawl_scope_enter(&inner, pawl_after(PAWL_MS(2)), NULL, 0);
	assert_int_equal(pawl_scope_check(), 0);
	assert_int_equal(wait_in_vain(PAWL_FOREVER), ECANCELED);
	assert_int_equal(pawl_scope_leave(&inner, ECANCELED), ETIMEDOUT);
	pawl_scope_enter(&inner, PAWL_FOREVER, NULL, 0);
	pawl_cancel_fire(own, 1);
	assert_int_equal(pawl_scope_check(), ECANCELED);
	assert_int_equal(pawl_scope_leave(&inner, 0), 0);
	assert_int_equal(pawl_scope_leave(&shield, 0), 0);
	assert_int_equal(pawl_scope_check(), ECANCELED);
	assert_int_equal(pawl_scope_leave(&outer, 0), 0);
	pawl_cancel_close(c);
	pawl_cancel_close(own);
}

static void check_elsewhere(void *arg)
{
	must(pawl_scope_check() == 0);
	must(wait_in_vain(0) == ETIMEDOUT);
	must(arg == NULL);
}

static void a_scope_is_its_thread_s_own(void **state)
{
	struct worker w;
	pawl_scope s;

	(void)state;
	pawl_scope_enter(&s, 0, NULL, 0);
	worker_start(&w, check_elsewhere, NULL);
	worker_join(&w);
	assert_int_equal(pawl_scope_leave(&s, 0), 0);
}

/*** What leave returns ************************************************************************/

static void leave_hands_through_all_but_its_own_timeout(void **state)
{
	const int results[] = { 0, EIO, ETIMEDOUT, -1, INT_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(results); i++) {
		pawl_scope s;

		pawl_scope_enter(&s, 0, NULL, 0);
		assert_int_equal(wait_in_vain(PAWL_FOREVER), ECANCELED);
		assert_int_equal(pawl_scope_leave(&s, results[i]), results[i]);
	}
}

static void a_cancel_that_no_call_got_from_the_deadline_stays_one(void **state)
{
	pawl_cancel *c = open_source(NULL);
	pawl_scope s, inner;

	(void)state;
	pawl_scope_enter(&s, 0, NULL, 0);
	assert_int_equal(pawl_scope_leave(&s, ECANCELED), ECANCELED);	/* of its own */

	pawl_cancel_fire(c, 1);
	pawl_scope_enter(&s, 0, c, 0);		/* both: the source */
	assert_int_equal(pawl_scope_check(), ECANCELED);
	assert_int_equal(pawl_scope_leave(&s, ECANCELED), ECANCELED);

	pawl_scope_enter(&s, PAWL_FOREVER, c, 0);	/* a source outside */
	pawl_scope_enter(&inner, 0, NULL, 0);
	assert_int_equal(pawl_scope_check(), ECANCELED);
	assert_int_equal(pawl_scope_leave(&inner, ECANCELED), ECANCELED);
	assert_int_equal(pawl_scope_leave(&s, ECANCELED), ECANCELED);
	pawl_cancel_close(c);
}

static void the_scope_whose_deadline_came_first_timed_out(void **state)
{
	pawl_time now = pawl_now();
	pawl_scope outer, inner;

	(void)state;
	pawl_scope_enter(&outer, now - 2, NULL, 0);
	pawl_scope_enter(&inner, now - 1, NULL, 0);
	assert_int_equal(pawl_scope_check(), ECANCELED);
	assert_int_equal(pawl_scope_leave(&inner, ECANCELED), ECANCELED);
	assert_int_equal(pawl_scope_leave(&outer, ECANCELED), ETIMEDOUT);

	pawl_scope_enter(&outer, now - 1, NULL, 0);
	pawl_scope_enter(&inner, now - 2, NULL, 0);
	assert_int_equal(pawl_scope_check(), ECANCELED);
	assert_int_equal(pawl_scope_leave(&inner, ECANCELED), ETIMEDOUT);
	assert_int_equal(pawl_scope_leave(&outer, ECANCELED), ECANCELED);

	pawl_scope_enter(&outer, now, NULL, 0);
	pawl_scope_enter(&inner, now, NULL, 0);	/* at once */
	assert_int_equal(pawl_scope_check(), ECANCELED);
	assert_int_equal(pawl_scope_leave(&inner, ECANCELED), ETIMEDOUT);
	assert_int_equal(pawl_scope_leave(&outer, ECANCELED), ETIMEDOUT);
}

static void a_shield_s_timeout_is_not_that_of_scopes_outside(void **state)
{
	pawl_scope outer, shield;

	(void)state;
	pawl_scope_enter(&outer, 0, NULL, 0);
	pawl_scope_enter(&shield, 0, NULL, PAWL_SHIELD);
	assert_int_equal(wait_in_vain(PAWL_FOREVER), ECANCELED);
	assert_int_equal(pawl_scope_leave(&shield, ECANCELED), ETIMEDOUT);
	assert_int_equal(pawl_scope_leave(&outer, ECANCELED), ECANCELED);
}

/*** Sources ***********************************************************************************/

static void the_first_reason_counts(void **state)
{
	const int reasons[] = { 1, -1, ETIMEDOUT, INT_MAX, INT_MIN };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(reasons); i++) {
		pawl_cancel *c = open_source(NULL);

		assert_int_equal(pawl_cancel_reason(c), 0);
		pawl_cancel_fire(c, reasons[i]);
		assert_int_equal(pawl_cancel_reason(c), reasons[i]);
		pawl_cancel_fire(c, 77);
		assert_int_equal(pawl_cancel_reason(c), reasons[i]);
		pawl_cancel_close(c);
	}
}

static void a_parent_fires_its_children_and_not_the_other_way(void **state)
{
	pawl_cancel *parent = open_source(NULL), *child = open_source(parent);
	pawl_cancel *grandchild = open_source(child), *fired = open_source(parent);

	(void)state;
	pawl_cancel_fire(fired, 3);
	assert_int_equal(pawl_cancel_reason(parent), 0);
	pawl_cancel_fire(child, 4);
	assert_int_equal(pawl_cancel_reason(grandchild), 4);
	pawl_cancel_fire(parent, 5);
	assert_int_equal(pawl_cancel_reason(fired), 3);		/* the nearest */
	assert_int_equal(pawl_cancel_reason(grandchild), 4);
	assert_int_equal(pawl_cancel_reason(parent), 5);
	pawl_cancel_close(grandchild);
	pawl_cancel_close(child);
	pawl_cancel_close(parent);
	assert_int_equal(pawl_cancel_reason(fired), 3);
	pawl_cancel_close(fired);
}

static void a_source_goes_with_its_last_reference(void **state)
{
	int before = live;
	pawl_cancel *parent = open_source(NULL), *child = open_source(parent);
	pawl_scope s;

	(void)state;
	assert_int_equal(live, before + 2);
	assert_ptr_equal(pawl_cancel_ref(child), child);
	pawl_cancel_close(parent);		/* the child has it */
	pawl_scope_enter(&s, PAWL_FOREVER, child, 0);
	pawl_cancel_close(child);
	pawl_cancel_fire(child, 2);
	pawl_cancel_close(child);		/* the scope has it */
	assert_int_equal(live, before + 2);
	assert_int_equal(pawl_scope_check(), ECANCELED);
	assert_int_equal(pawl_scope_leave(&s, 0), 0);
	assert_int_equal(live, before);
}

static void without_memory_there_is_no_source(void **state)
{
	int before = live;
	pawl_cancel *parent = open_source(NULL), *c = parent;

	(void)state;
	fail = true;
	errno = 123;
	assert_int_equal(pawl_cancel_open(NULL, &c), ENOMEM);
	assert_int_equal(pawl_cancel_open(parent, &c), ENOMEM);
	assert_int_equal(errno, 123);
	fail = false;
	assert_ptr_equal(c, parent);
	pawl_cancel_close(parent);
	assert_int_equal(live, before);		/* no reference of a child that there is not */
}

static void wait_without_memory(void *arg)
{
	pawl_cancel *c = arg;
	pawl_scope s;

	fail = true;	/* so the thread has no context, and polls */
	pawl_scope_enter(&s, PAWL_FOREVER, c, 0);
	must(wait_in_vain(PAWL_FOREVER) == ECANCELED);
	must(pawl_scope_leave(&s, ECANCELED) == ECANCELED);
	pawl_scope_enter(&s, pawl_after(PAWL_MS(3)), NULL, 0);
	must(wait_in_vain(PAWL_FOREVER) == ECANCELED);
	must(pawl_scope_leave(&s, ECANCELED) == ETIMEDOUT);
}

static void fire_at_who_polls(void *arg)
{
	pawl_cancel *c = open_source(NULL);
	struct worker w;

	must(arg == NULL);
	worker_start(&w, wait_without_memory, c);
	nap(PAWL_MS(5));
	pawl_cancel_fire(c, 1);
	worker_join(&w);
	pawl_cancel_close(c);
}

static void a_cancel_reaches_those_who_wait_without_memory(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, fire_at_who_polls, NULL);
	child_assert_silent(&c);
}

/*** Fork **************************************************************************************/

static void child_goes_on(pawl_cancel *c, pawl_scope *s)
{
	must(pawl_scope_check() == 0);
	pawl_cancel_fire(c, 1);
	must(pawl_scope_check() == ECANCELED);
	must(wait_in_vain(PAWL_FOREVER) == ECANCELED);
	must(pawl_scope_leave(s, ECANCELED) == ECANCELED);
	must(pawl_scope_check() == 0);
	pawl_cancel_close(c);
	_exit(0);
}

static void a_child_process_is_in_the_same_scopes_with_its_own_sources(void **state)
{
	pawl_cancel *c = open_source(NULL);
	pawl_scope s;
	int status;
	pid_t pid;

	(void)state;
	pawl_scope_enter(&s, PAWL_FOREVER, c, 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child_goes_on(c, &s);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(pawl_scope_check(), 0);
	assert_int_equal(pawl_cancel_reason(c), 0);
	assert_int_equal(pawl_scope_leave(&s, 0), 0);
	pawl_cancel_close(c);
}

/*** Misuse ************************************************************************************/

static pawl_scope first, second;	/* static: the same address in the child */

static void leave_outer(void *arg)
{
	pawl_scope_enter(&first, PAWL_FOREVER, arg, 0);
	pawl_scope_enter(&second, PAWL_FOREVER, NULL, PAWL_SHIELD);
	(void)pawl_scope_leave(&first, 0);
}

static void leave_twice(void *arg)
{
	pawl_scope_enter(&first, PAWL_FOREVER, arg, 0);
	must(pawl_scope_leave(&first, 0) == 0);
	(void)pawl_scope_leave(&first, 0);
}

static void leave_first(void *arg)
{
	must(arg == NULL);
	(void)pawl_scope_leave(&first, 0);
}

static void leave_another_thread_s(void *arg)
{
	struct worker w;

	pawl_scope_enter(&first, PAWL_FOREVER, arg, 0);
	worker_start(&w, leave_first, NULL);
	worker_join(&w);
}

/* What a loop does that forgets to leave. */
static void enter_twice(void *arg)
{
	pawl_scope_enter(&first, PAWL_FOREVER, arg, 0);
	pawl_scope_enter(&first, PAWL_FOREVER, arg, 0);
}

static void enter_with_flags(void *arg)
{
	pawl_scope_enter(&first, PAWL_FOREVER, arg, PAWL_SHIELD | 2);
}

static void fire_without_reason(void *arg)
{
	must(arg == NULL);
	pawl_cancel_fire(open_source(NULL), 0);
}

static void expect(void (*fn)(void *arg), const char *call, const char *object, const char *problem)
{
	struct child c;
	char words[256];

	child_run(&c, fn, NULL);
	snprintf(words, sizeof words, "pawl: %s: %s ", call, object);
	child_assert_misuse(&c, words);
	snprintf(words, sizeof words, " %s\n", problem);
	assert_non_null(strstr(c.text, words));
}

static void misuse_ends_the_process_with_one_sentence(void **state)
{
	static const char not_innermost[] = "is not the innermost of the calling thread";

	(void)state;
	expect(leave_outer, "pawl_scope_leave", "scope", not_innermost);
	expect(leave_first, "pawl_scope_leave", "scope", not_innermost);
	expect(leave_twice, "pawl_scope_leave", "scope", not_innermost);
	expect(leave_another_thread_s, "pawl_scope_leave", "scope", not_innermost);
	expect(enter_twice, "pawl_scope_enter", "scope", "was entered before, and not left");
	expect(enter_with_flags, "pawl_scope_enter", "scope", "has unknown flags");
	expect(fire_without_reason, "pawl_cancel_fire", "cancel", "is fired without a reason");
}

static void enter_with_durations(void *arg)
{
	must(arg == NULL);
	for (int i = 0; i < 2; i++) {
		pawl_scope_enter(&first, PAWL_MS(5), NULL, 0);
		must(wait_in_vain(PAWL_FOREVER) == ECANCELED);
		must(pawl_scope_leave(&first, ECANCELED) == ETIMEDOUT);
	}
}

static void a_duration_for_a_deadline_is_pointed_out_once(void **state)
{
	struct child c;

	(void)state;
	child_run(&c, enter_with_durations, NULL);
	assert_int_equal(c.exit_status, 0);
	assert_int_equal(c.lines, 1);
	assert_non_null(strstr(c.text, "pawl_after()"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(outside_of_scopes_nothing_is_canceled),
		TEST(a_scope_without_anything_cancels_nothing),
		TEST(a_source_cancels_until_the_scope_is_left),
		TEST(a_scope_may_be_entered_with_a_source_that_was_fired),
		TEST(a_deadline_that_passed_cancels_at_once),
		TEST(inner_scopes_inherit_cancels_and_deadlines),
		TEST(an_inner_scope_does_not_reach_out),
		TEST(a_shield_keeps_out_what_is_outside_of_it_only),
		TEST(a_scope_is_its_thread_s_own),
		TEST(leave_hands_through_all_but_its_own_timeout),
		TEST(a_cancel_that_no_call_got_from_the_deadline_stays_one),
		TEST(the_scope_whose_deadline_came_first_timed_out),
		TEST(a_shield_s_timeout_is_not_that_of_scopes_outside),
		TEST(the_first_reason_counts),
		TEST(a_parent_fires_its_children_and_not_the_other_way),
		TEST(a_source_goes_with_its_last_reference),
		TEST(without_memory_there_is_no_source),
		TEST(a_cancel_reaches_those_who_wait_without_memory),
		TEST(a_child_process_is_in_the_same_scopes_with_its_own_sources),
		TEST(misuse_ends_the_process_with_one_sentence),
		TEST(a_duration_for_a_deadline_is_pointed_out_once),
	};

	return test_main(tests);
}
