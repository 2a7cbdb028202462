/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c - one run of a model.
 *
 * Thread 0 sets up, waits until the others are done, and finishes.  Each thread has a stack;
 * they switch among themselves at points, and to the caller of run() when the run is over,
 * however deep they are: what they leave behind is forgotten.
 */
#include "config.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/switch.h"

#include "explorer/cells.h"
#include "explorer/choose.h"
#include "explorer/engine.h"
#include "explorer/heap.h"
#include "explorer/history.h"
#include "explorer/names.h"
#include "explorer/platform.h"
#include "explorer/sections.h"
#include "explorer/shadow.h"
#include "explorer/system.h"

struct engine engine;

enum {
	YIELDS_MAX = 4		/* before others have to go first */
};

static void crash(int signal)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };

	if (engine.current)
		fail(engine.current->pc, "%s, after what is shown", strsignal(signal));
	(void)sigaction(signal, &plain, NULL);	/* the explorer's own: dies of it on return */
}

/* A twin may follow a wild pointer: a failure like others, with its schedule. */
static void catch_crashes(void)
{
	static char stack[1 << 16];
	stack_t own = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction action = { .sa_handler = crash, .sa_flags = SA_ONSTACK | SA_NODEFER };

	(void)sigaltstack(&own, NULL);
	(void)sigaction(SIGSEGV, &action, NULL);
	(void)sigaction(SIGBUS, &action, NULL);
	(void)sigaction(SIGFPE, &action, NULL);
}

void run_init(void)
{
	cells_init();
	shadow_init();
	catch_crashes();
}

/* Go on as @t.  What is the thread's own follows it. */
static void go_on_as(struct thread *t)
{
	struct thread *from = engine.current;

	if (t == from)
		return;
	platform_save(&from->local);
	platform_load(&t->local);
	engine.current = t;
	pawl_i_switch(&from->sp, t->sp);
}

_Noreturn void leave_run(enum outcome outcome)
{
	void *never;

	engine.outcome = outcome;
	pawl_i_switch(&never, engine.sp);
	__builtin_unreachable();
}

_Noreturn void fail(uintptr_t pc, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(engine.reason, sizeof engine.reason, format, ap);
	va_end(ap);
	engine.reason_pc = pc;
	leave_run(FAILED);
}

void wake(struct thread *t)
{
	t->state = READY;
	t->polls = 0;
	engine.ready |= 1u << t->index;
}

/* Nobody can go on.  Return: who can, after time has passed; or the run is over. */
static struct thread *next_of_none(void)
{
	struct thread *t = system_next();
	bool frozen = false, spinning = false, all_done = true;

	if (t)
		return t;
	for (unsigned i = 1; i <= engine.threads; i++) {
		enum thread_state state = engine.thread[i].state;

		all_done &= state == DONE;
		frozen |= state == FROZEN;
		spinning |= state == PAUSED;
	}
	if (all_done && engine.thread[0].state != ASLEEP)
		return &engine.thread[0];
	if (frozen)
		leave_run(STUCK);
	if (spinning)
		fail(0, "livelock: nobody changes what a loop waits for");
	fail(0, "deadlock or lost wake-up: all that are left sleep for ever");
}

/* Of those in @ready; @stay: the current one, if it could go on, or NULL. */
static struct thread *next_of(uint32_t ready, struct thread *stay)
{
	engine.points++;
	if (ready == 0)
		return next_of_none();
	if ((ready & (ready - 1)) == 0)
		return &engine.thread[__builtin_ctz(ready)];
	return choose_thread(ready, stay);
}

static struct thread *next_thread(struct thread *stay)
{
	return next_of(engine.ready, stay);
}

void wait_here(enum thread_state state)
{
	struct thread *t = engine.current;

	t->state = state;
	engine.ready &= ~(1u << t->index);
	go_on_as(next_thread(NULL));
	t->state = READY;
}

void yield(void)
{
	struct thread *t = engine.current;
	uint32_t others = engine.ready & ~(1u << t->index);

	if (!engine.running)
		return;
	/* A loop of yields would be a schedule without an end: now and then others go first. */
	if (++t->yields > YIELDS_MAX && others != 0) {
		t->yields = 0;
		go_on_as(next_of(others, NULL));
	} else {
		go_on_as(next_thread(NULL));
	}
}

static void count_step(struct thread *t, uintptr_t pc)
{
	t->pc = pc;
	t->steps++;
	t->subject_steps += t->subject;
	if (++engine.steps == STEPS_MAX)
		fail(pc, "livelock: %d steps and no end", STEPS_MAX);
	if (t->steps == t->freeze_at)
		wait_here(FROZEN);
}

void point(uintptr_t pc, bool shared)
{
	struct thread *t = engine.current;

	if (!engine.running) {
		if (++engine.steps == STEPS_MAX)
			fail(pc, "livelock: %d steps and no end", STEPS_MAX);
		return;
	}
	count_step(t, pc);
	if (shared || chooser.strategy != SEARCH)
		go_on_as(next_thread(t));
	else if (engine.ready & (engine.ready - 1))
		t->decisions++;	/* the same number as in a replay, where all points are */
}

/* Each thread in turn, with nobody else about; what they do is known to all. */
static void enter_threads(void)
{
	struct thread *zero = &engine.thread[0];

	for (unsigned i = 1; i <= engine.threads; i++) {
		struct thread *t = &engine.thread[i];

		t->clock = vclock_max(t->clock, zero->clock);
		if (engine.model->enter)
			go_on_as(t);
		zero->clock = vclock_max(zero->clock, t->clock);
	}
	for (unsigned i = 1; i <= engine.threads; i++) {
		struct thread *t = &engine.thread[i];

		t->clock = zero->clock;
		t->clock[i]++;
		t->chain = mix(t->chain, i);
		t->state = READY;
		engine.ready |= 1u << i;
	}
	zero->clock[0]++;
}

static void run_threads(void)
{
	struct thread *zero = &engine.thread[0];

	enter_threads();
	engine.steps = 0;
	engine.running = true;
	wait_here(JOINING);
	engine.running = false;
	for (unsigned i = 1; i <= engine.threads; i++)
		zero->clock = vclock_max(zero->clock, engine.thread[i].clock);
}

static void body(void *arg)
{
	struct thread *t = arg;
	const struct model *m = engine.model;

	if (t->index > 0) {
		if (m->enter) {
			m->enter(t->index);
			go_on_as(&engine.thread[0]);
		}
		m->thread(t->index);
		platform_exit(&t->local);
		wait_here(DONE);
	}
	if (m->setup)
		m->setup();
	run_threads();
	if (m->finish)
		m->finish();
	platform_exit(&t->local);
	history_check(m->spec);
	heap_check();
	leave_run(PASSED);
}

static void make_thread(struct thread *t)
{
	uintptr_t low = t->stack_low, high = t->stack_high;
	uint32_t freeze_at = t->freeze_at;

	*t = (struct thread){
		.index = t->index, .stack_low = low, .stack_high = high, .used_low = high,
		.deepest = high, .freeze_at = freeze_at, .deadline = INT64_MAX, .frame = t->frames
	};
	t->frames[0] = high;
	t->clock[t->index] = 1;
	t->sp = pawl_i_switch_make((void *)low, STACK_SIZE, body, t);
}

/* A model that reads what it did not write shall read the same in each run. */
static void clear_stack(const struct thread *t)
{
	uintptr_t low = t->deepest - OWN_FRAMES;

	if (engine.outcome == FAILED || low < t->stack_low)
		low = t->stack_low;
	memset((void *)low, 0, t->stack_high - low);
}

void run(const struct model *m)
{
	engine.model = m;
	engine.threads = m->threads;
	engine.steps = engine.sleeps = engine.accesses = engine.ready = 0;
	engine.idle_jumps = 0;
	engine.running = false;
	engine.fences = ALWAYS;
	engine.fences_hash = 0;
	engine.reason_pc = engine.reason_other = 0;
	engine.reason[0] = '\0';
	for (unsigned i = 0; i <= m->threads; i++)
		make_thread(&engine.thread[i]);
	system_reset();
	heap_reset();
	history_reset();
	names_reset();
	sections_reset();
	engine.current = &engine.thread[0];
	platform_load(&engine.current->local);
	pawl_i_switch(&engine.sp, engine.current->sp);
	engine.current = NULL;
	shadow_reset();
	for (unsigned i = 0; i <= m->threads; i++)
		clear_stack(&engine.thread[i]);
}
