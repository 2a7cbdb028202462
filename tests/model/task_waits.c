/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * task_waits.c - waits of primitives by tasks, ended by a thread, by another task, by deadlines, by
 * the virtual clock and by cancels.
 *
 * Thread 1 runs the tasks, thread 2 is the stack of the first; thread 3 that of the second, or
 * another thread.
 */
#include <errno.h>

#include "explorer/model.h"
#include "platform/flow.h"
#include "runtime/task.h"
#include "wait/park.h"

enum { RUNNER = 1, STACK, THIRD };
enum { NOISE = STALE_LOADS | WEAK_FAILURES | SPURIOUS_WAKES | WAKE_ORDERS | NO_MEMORY };
enum sight { GOT_IT, LATE };

static pawl_sem sem;
static pawl_event event;
static pawl_mutex mutex;
static pawl_cancel *source;
static int count;

static void spawn(void (*fn)(void *arg))
{
	MODEL_CHECK(pawl_i_task_spawn(fn, NULL) == 0);
}

static void run_with(unsigned who, void (*other)(void))
{
	if (who == RUNNER)
		MODEL_CHECK(pawl_i_tasks_run() == 0);
	else if (who == STACK || !other)
		model_carry(who - RUNNER);
	else
		other();
}

/*** A semaphore *******************************************************************************/

static void acquires(void *arg)
{
	int rc = pawl_sem_acquire_until(&sem, model_soon());

	(void)arg;
	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT);
	model_saw(rc == 0 ? GOT_IT : LATE);
	count += rc == 0;
}

static void setup_sem(void)
{
	MODEL_CHECK(pawl_sem_init(&sem, 0, 0) == 0);
	model_name(&sem, sizeof sem, "sem");
	spawn(acquires);
}

static void release(void)
{
	pawl_sem_release(&sem, 1);
}

static void thread_releases(unsigned who)
{
	run_with(who, release);
}

static void judge_sem(void)
{
	MODEL_CHECK(pawl_sem_value(&sem) == 1 - count && sem.queue_ == 0);
	pawl_sem_destroy(&sem);
}

MODEL(task_sem, .about = "a task takes a permit, with a deadline, that a thread releases",
      .threads = 3, .setup = setup_sem, .enter = model_attach, .thread = thread_releases,
      .finish = judge_sem, .without = NOISE, .preemptions = 2,
      .sights = { "it got one", "its deadline passed" });

/*** A mutex: a task that has it yields to one that wants it, and a thread wants it too ***********/

static void locks(void *arg)
{
	(void)arg;
	pawl_mutex_lock(&mutex);
	count++;
	pawl_i_task_yield();
	pawl_mutex_unlock(&mutex);
}

static void setup_mutex(void)
{
	mutex = (pawl_mutex)PAWL_MUTEX_INIT;
	model_name(&mutex, sizeof mutex, "mutex");
	spawn(locks);
	spawn(locks);
}

static void setup_fair_mutex(void)
{
	mutex = (pawl_mutex)PAWL_MUTEX_FAIR_INIT;
	model_name(&mutex, sizeof mutex, "mutex");
	spawn(locks);
	spawn(locks);
}

static void tasks_and_thread_lock(unsigned who)
{
	if (who <= THIRD) {
		run_with(who, NULL);
		return;
	}
	pawl_mutex_lock(&mutex);
	count++;
	pawl_mutex_unlock(&mutex);
}

static void judge_mutex(void)
{
	MODEL_CHECK(count == 3 && mutex.word_ == 0);
	pawl_mutex_destroy(&mutex);
}

#define LOCK3 .threads = 4, .enter = model_attach, .thread = tasks_and_thread_lock, \
	.finish = judge_mutex, .without = NOISE | SPINS, .preemptions = 1

MODEL(task_mutex, .about = "two tasks and a thread lock a mutex", .setup = setup_mutex, LOCK3);

MODEL(task_mutex_fair, .about = "the same, fair", .setup = setup_fair_mutex, LOCK3);

/*** Cancels and the virtual clock *************************************************************/

static void waits_in_scope(void *arg)
{
	pawl_scope scope;
	int rc;

	(void)arg;
	pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
	rc = pawl_event_wait(&event);
	MODEL_CHECK(pawl_scope_leave(&scope, rc) == ECANCELED);
	count++;
}

static void setup_scope(void)
{
	event = (pawl_event)PAWL_EVENT_INIT;
	MODEL_CHECK(pawl_cancel_open(NULL, &source) == 0);
	spawn(waits_in_scope);
}

static void fire(void)
{
	pawl_cancel_fire(source, 1);
}

static void thread_fires(unsigned who)
{
	run_with(who, fire);
}

static void judge_scope(void)
{
	MODEL_CHECK(count == 1 && event.queue_ == 0);
	pawl_cancel_close(source);
}

MODEL(task_cancel, .about = "a thread cancels a task's wait", .threads = 3, .setup = setup_scope,
      .enter = model_attach, .thread = thread_fires, .finish = judge_scope,
      .without = NOISE, .preemptions = 2);

static void waits_virtually(void *arg)
{
	(void)arg;
	MODEL_CHECK(pawl_event_wait_until(&event, 200) == ETIMEDOUT && pawl_now() >= 200);
	count++;
}

static void setup_clock(void)
{
	event = (pawl_event)PAWL_EVENT_INIT;
	MODEL_CHECK(pawl_clock_set_virtual(100) == 0);
	spawn(waits_virtually);
}

static void advance(void)
{
	MODEL_CHECK(pawl_clock_advance(100) == 0);
}

static void thread_advances(unsigned who)
{
	run_with(who, advance);
}

static void judge_clock(void)
{
	MODEL_CHECK(count == 1 && event.queue_ == 0);
}

MODEL(task_clock, .about = "the virtual clock ends a task's wait", .threads = 3,
      .setup = setup_clock, .enter = model_attach, .thread = thread_advances,
      .finish = judge_clock, .without = NOISE & ~STALE_LOADS, .preemptions = 2);

/*** Polls: a task that cannot join lets the other run, which it waits for *********************/

static void waits_without_memory(void *arg)
{
	(void)arg;
	MODEL_CHECK(pawl_event_wait(&event) == 0);
	count++;
}

/* As who never gets memory. */
static void polls(void *arg)
{
	struct limit l = limit_none();

	(void)arg;
	for (unsigned round = 0; !pawl_event_is_set(&event); round++)
		pawl_i_park_poll(round, &l);
	count++;
}

static void sets(void *arg)
{
	(void)arg;
	pawl_i_task_yield();
	pawl_event_set(&event);
	count++;
}

static void setup_poll(void)
{
	event = (pawl_event)PAWL_EVENT_INIT;
	spawn(waits_without_memory);
	spawn(sets);
}

static void setup_polls(void)
{
	event = (pawl_event)PAWL_EVENT_INIT;
	spawn(polls);
	spawn(sets);
}

static void one_sets(unsigned who)
{
	run_with(who, NULL);
}

static void judge_poll(void)
{
	MODEL_CHECK(count == 2 && event.queue_ == 0);
}

MODEL(task_poll, .about = "a task waits for another, perhaps without memory", .threads = 3,
      .setup = setup_poll, .thread = one_sets, .finish = judge_poll);

MODEL(task_polls, .about = "a task polls for what another does", .threads = 3,
      .setup = setup_polls, .thread = one_sets, .finish = judge_poll, .without = NO_MEMORY);

/*** A barrier: two threads meet, and one of them comes again, to meet the task *******************/

static pawl_barrier barrier;
static int serial;

static void meet(void)
{
	int rc = pawl_barrier_wait_until(&barrier, PAWL_FOREVER);

	MODEL_CHECK(rc <= 0);
	(void)__atomic_add_fetch(rc < 0 ? &serial : &count, 1, __ATOMIC_RELAXED);
}

static void meets(void *arg)
{
	(void)arg;
	meet();
	model_saw(GOT_IT);
}

static void setup_barrier(void)
{
	MODEL_CHECK(pawl_barrier_init(&barrier, 2) == 0);
	model_name(&barrier, sizeof barrier, "barrier");
	spawn(meets);
}

static void threads_meet(unsigned who)
{
	static int again;

	if (who < THIRD) {
		run_with(who, NULL);
		return;
	}
	meet();
	if (__atomic_fetch_add(&again, 1, __ATOMIC_RELAXED) == 0)
		meet();
}

static void judge_barrier(void)
{
	MODEL_CHECK(count == 2 && serial == 2);
	MODEL_CHECK(barrier.queue_ == 0 && barrier.word_ == UINT64_C(2) << 32);
}

MODEL(task_barrier, .about = "a task and two threads, of which one comes again, meet in pairs",
      .threads = 4, .setup = setup_barrier, .enter = model_attach, .thread = threads_meet,
      .finish = judge_barrier, .without = NOISE | CLOCK_JUMPS | SPINS, .preemptions = 1,
      .sights = { "the task met one" });
