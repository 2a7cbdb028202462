/* SPDX-License-Identifier: BSD-2-Clause */
/* test_task_waits.c - waits of tasks: wakes from anywhere and at any time.  Deadlines and cancels:
 * test_task_ends.c; in a queue with other kinds of waiters: test_mixed.c. */
#include "config.h"

#include <errno.h>

#include <pawl/pawl.h>

#include "platform/tls.h"
#include "wait/context.h"
#include "wait/park.h"

#include "tasks.h"

/*** Wakes *************************************************************************************/

enum { PINGS = 100000 };

static pawl_sem ping, pong;

/* With pauses of all lengths, so that wakes come between a look and the switch, too. */
static void answers(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < ROUNDS(PINGS); i++) {
		must(pawl_sem_acquire(&ping) == 0);
		for (unsigned spin = i * 7 % 400; spin > 0; spin--)
			__atomic_signal_fence(__ATOMIC_SEQ_CST);
		pawl_sem_release(&pong, 1);
	}
}

static void asks(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < ROUNDS(PINGS); i++) {
		pawl_sem_release(&ping, 1);
		must(pawl_sem_acquire(&pong) == 0);
	}
}

static void a_wake_may_come_at_any_moment(void **state)
{
	struct worker w;

	(void)state;
	ping = pong = (pawl_sem)PAWL_SEM_INIT(0);
	spawn(asks, NULL);
	worker_start(&w, answers, NULL);
	run_all();
	worker_join(&w);
	spawn(asks, NULL);
	spawn(answers, NULL);
	run_all();
}

/* A waiter and a context with nothing around them: many threads wake it, most for nothing. */
static uint64_t armed;
static struct context *context;
static uint32_t stop;

static void waits_for_each_answer(void *arg)
{
	struct wait_for what = { "test", &armed, NULL };

	(void)arg;
	__atomic_store_n(&context, pawl_i_context(), __ATOMIC_RELEASE);
	for (unsigned i = 0; i < ROUNDS(20000); i++) {
		struct limit l = limit_none();
		struct waiter *w = pawl_i_park_waiter(&what);

		__atomic_store_n(&armed, pawl_i_waiter_arm(w), __ATOMIC_RELEASE);
		must(pawl_i_park(w, &what, &l) == GRANT);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
}

static void answers_each(void *arg)
{
	uint64_t last = 0, ref;
	struct waiter *wake;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		ref = __atomic_load_n(&armed, __ATOMIC_ACQUIRE);
		if (ref == last)
			continue;
		must(pawl_i_waiter_tell(ref, GRANT, &wake));
		if (wake)
			pawl_i_waiter_wake(wake);
		last = ref;
	}
}

static void wakes_for_nothing(void *arg)
{
	struct context *c;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		c = __atomic_load_n(&context, __ATOMIC_ACQUIRE);
		if (c)
			pawl_i_context_wake(c);
	}
}

static void wakes_for_nothing_lose_none(void **state)
{
	struct worker w[3];

	(void)state;
	armed = 0;
	stop = 0;
	spawn(waits_for_each_answer, NULL);
	worker_start(&w[0], answers_each, NULL);
	worker_start(&w[1], wakes_for_nothing, NULL);
	worker_start(&w[2], wakes_for_nothing, NULL);
	run_all();
	for (int i = 0; i < 3; i++)
		worker_join(&w[i]);
}

static void notes_its_context(void *arg)
{
	*(struct context **)arg = pawl_i_context();
}

static void yields_some(void *arg)
{
	for (int i = 0; i < 5; i++)
		pawl_i_task_yield();
	++*(int *)arg;
}

static void a_wake_after_the_end_does_nothing(void **state)
{
	struct context *old[2] = { NULL, NULL };
	struct worker w;
	int ended = 0;

	(void)state;
	spawn(notes_its_context, &old[0]);
	spawn(notes_its_context, &old[1]);
	run_all();
	/* One of their nodes will have a task when the marks are taken, the other none. */
	pawl_i_context_wake(old[0]);
	pawl_i_context_wake(old[1]);
	spawn(yields_some, &ended);
	run_all();
	__atomic_store_n(&context, old[1], __ATOMIC_RELEASE);
	stop = 0;
	worker_start(&w, wakes_for_nothing, NULL);
	for (int i = 0; i < 500; i++) {
		for (int k = 0; k < 3; k++)
			spawn(yields_some, &ended);
		run_all();
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	worker_join(&w);
	assert_int_equal(ended, 1501);
}

/*** In the middle of an inline op, where a wait polls *******************************************/

static pawl_mutex held;

static void holds_for_a_while(void *arg)
{
	pawl_mutex_lock(&held);
	for (int i = 0; i < 10; i++)
		pawl_i_task_yield();
	must(pawl_i_tls.stage == NOT_INLINE);
	pawl_mutex_unlock(&held);
	++*(int *)arg;
}

static void locks_while_it_finishes(void *arg)
{
	while (pawl_mutex_trylock(&held) == 0) {
		pawl_mutex_unlock(&held);
		pawl_i_task_yield();
	}
	pawl_i_tls.stage = FINISHING;
	pawl_mutex_lock(&held);
	must(*(int *)arg == 1 && pawl_i_tls.stage == FINISHING);
	pawl_i_tls.stage = NOT_INLINE;
	pawl_mutex_unlock(&held);
	++*(int *)arg;
}

static void a_poll_lets_others_run(void **state)
{
	int ends = 0;

	(void)state;
	held = (pawl_mutex)PAWL_MUTEX_INIT;
	spawn(holds_for_a_while, &ends);
	spawn(locks_while_it_finishes, &ends);
	run_all();
	assert_int_equal(ends, 2);
}

static uint32_t dones;

static void notes_done(pawl_op *op, int rc)
{
	must(rc == 0 && pawl_i_task_is_one());
	dones++;
	pawl_sem_release(pawl_op_user(op), 1);
}

static void releases_to_ops(void *arg)
{
	pawl_sem_release(arg, 1);
	pawl_i_task_yield();
	must(dones > 0);
}

static void an_inline_op_is_finished_by_the_task_that_releases(void **state)
{
	pawl_sem sem = PAWL_SEM_INIT(0);
	pawl_op ops[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		pawl_op_init_inline(&ops[i], notes_done, &sem);
		assert_int_equal(pawl_sem_acquire_op(&sem, &ops[i]), EINPROGRESS);
	}
	spawn(releases_to_ops, &sem);
	run_all();
	assert_int_equal(dones, 3);
	assert_int_equal(pawl_sem_value(&sem), 1);
}

/*** Read locks, noted in the slots of a task's context ****************************************/

static pawl_rwlock shared;

static size_t slots_noted(void)
{
	struct context_walk w = context_walk();
	size_t n = 0;

	for (struct context *c; (c = context_next(&w)) != NULL;)
		for (int i = 0; i < CONTEXT_SLOTS; i++)
			n += c->slots[i] == (uintptr_t)&shared.word_;
	return n;
}

static void reads_over_yields(void *arg)
{
	int *step = arg;

	for (int i = 0; i < 100; i++) {
		pawl_rwlock_rdlock(&shared);
		pawl_rwlock_rdunlock(&shared);
	}
	pawl_rwlock_rdlock(&shared);
	for (++*step; *step != 3;)
		pawl_i_task_yield();
	pawl_rwlock_rdunlock(&shared);
}

static void wants_to_write(void *arg)
{
	int *step = arg;

	while (*step != 2)
		pawl_i_task_yield();
	must(slots_noted() == 2);
	must(pawl_rwlock_trywrlock(&shared) == EBUSY);
	++*step;
	pawl_rwlock_wrlock(&shared);
	must(slots_noted() == 0);
	pawl_rwlock_wrunlock(&shared);
}

static void a_writer_finds_the_tasks_that_read(void **state)
{
	int step = 0;

	(void)state;
	shared = (pawl_rwlock)PAWL_RWLOCK_INIT;
	spawn(reads_over_yields, &step);
	spawn(reads_over_yields, &step);
	spawn(wants_to_write, &step);
	run_all();
	assert_int_equal(step, 3);
	assert_int_equal(slots_noted(), 0);
}

/*** Dumps, and where a task may not wait ******************************************************/

static void waits_for_event(void *arg)
{
	must(pawl_event_wait(arg) == 0);
}

static void a_dump_names_tasks(void **state)
{
	pawl_event event = PAWL_EVENT_INIT;
	struct worker w;

	(void)state;
	spawn(waits_for_event, &event);
	worker_start(&w, run_in_thread, NULL);
	worker_await_wait(&w, "event", &event);
	assert_true(dump_shows("pawl: task ", "s for event"));
	pawl_event_set(&event);
	worker_join(&w);
	assert_false(dump_shows("pawl: task ", ""));
}

static int fetches(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	(void)key, (void)len, (void)user;
	ret->value = &armed;
	return 0;
}

static void waits_with_a_value(void *value, void *arg)
{
	(void)value;
	(void)!pawl_event_wait(arg);
}

static void waits_inside_a_section(void *arg)
{
	const pawl_cache_config config = { .size = sizeof config, .fetch = fetches };
	pawl_cache *cache;

	must(pawl_cache_open(&config, &cache) == 0);
	(void)!pawl_cache_with(cache, "key", 3, PAWL_FOREVER, waits_with_a_value, arg);
}

static void runs_one_that_waits_inside(void *arg)
{
	pawl_event event = PAWL_EVENT_INIT;

	(void)arg;
	spawn(waits_inside_a_section, &event);
	run_all();
}

static void a_task_may_not_wait_inside_a_section(void **state)
{
#ifndef PAWL_CACHE_LOCKED_READS	/* there are no sections then, and it may */
	struct child c;

	child_run(&c, runs_one_that_waits_inside, NULL);
	child_assert_misuse(&c, "a task waits where it may not");
#endif
	(void)state;
	(void)runs_one_that_waits_inside;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wake_may_come_at_any_moment),
		TEST(wakes_for_nothing_lose_none),
		TEST(a_wake_after_the_end_does_nothing),
		TEST(a_poll_lets_others_run),
		TEST(an_inline_op_is_finished_by_the_task_that_releases),
		TEST(a_writer_finds_the_tasks_that_read),
		TEST(a_dump_names_tasks),
		TEST(a_task_may_not_wait_inside_a_section),
	};

	return test_main(tests);
}
