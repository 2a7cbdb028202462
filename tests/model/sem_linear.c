/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Acquires, polls, releases, adjusts and a close, judged as a history: each has its effect at one
 * moment of its call.
 */
#include <errno.h>

#include <pawl/sem.h>

#include "explorer/model.h"

enum operation_kind { ACQUIRE, TRY, RELEASE, ADJUST, CLOSE };

struct state {
	int64_t permits;
	int64_t closed;
};

static pawl_sem s;

static void start(void *state)
{
	*(struct state *)state = (struct state){ 0, 0 };
}

static bool take(struct state *now, const struct operation *op)
{
	if (now->closed || op->result == EPIPE)
		return now->closed && op->result == EPIPE;
	if (op->result == 0)
		now->permits--;
	return op->result == 0 ? now->permits >= 0 : op->kind == TRY && now->permits <= 0;
}

static bool step(void *state, const struct operation *op)
{
	struct state *now = state;

	switch (op->kind) {
	case RELEASE:
		now->permits += op->argument;
		return true;
	case ADJUST:
		now->permits += op->argument;
		return op->result == now->permits;
	case CLOSE:
		now->closed = 1;
		return true;
	default:
		return take(now, op);
	}
}

static const char *describe(const struct operation *op, char *buffer, size_t size)
{
	static const char *const names[] = { "acquire", "try", "release", "adjust", "close" };

	(void)buffer;
	(void)size;
	return names[op->kind];
}

static const struct specification counting = {
	"a semaphore", sizeof(struct state), start, step, describe
};

static int64_t call(enum operation_kind kind, int64_t argument)
{
	int64_t result = 0;

	model_invoke(kind, argument);
	switch (kind) {
	case ACQUIRE: result = pawl_sem_acquire(&s); break;
	case TRY: result = pawl_sem_tryacquire(&s); break;
	case RELEASE: pawl_sem_release(&s, argument); break;
	case ADJUST: result = pawl_sem_adjust(&s, argument); break;
	case CLOSE: pawl_sem_close(&s); break;
	}
	model_return(result);
	return result;
}

static void make(void)
{
	model_name(&s, sizeof s, "s");
}

static void make_fair(void)
{
	make();
	MODEL_CHECK(pawl_sem_init(&s, 0, PAWL_FAIR) == 0);
}

static void give_try_wait(unsigned who)
{
	if (who == 1) {
		(void)call(RELEASE, 1);
		(void)call(ADJUST, -1);
		(void)call(RELEASE, 2);
	} else if (who == 2) {
		model_saw(call(TRY, 0) == 0 ? 0 : 1);
	} else {
		(void)call(ACQUIRE, 0);
	}
}

/* Without STALE_LOADS: see mutex_linear.c. */
#define QUIET .without = STALE_LOADS | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES | NO_MEMORY | \
	WEAK_FAILURES, .preemptions = 2, .enter = model_attach, .spec = &counting

MODEL(sem_linear, .about = "a history of releases, adjust, acquire and tryacquire", .threads = 3,
      .setup = make, .thread = give_try_wait, .sights = { "it got one", "it found none" }, QUIET);

MODEL(sem_linear_fair, .about = "the same, fair", .threads = 3, .setup = make_fair,
      .thread = give_try_wait, .sights = { "it got one", "it found none" }, QUIET);

static void give_close_wait(unsigned who)
{
	if (who == 1) {
		(void)call(RELEASE, 1);
		(void)call(TRY, 0);
	} else if (who == 2) {
		(void)call(CLOSE, 0);
	} else {
		model_saw(call(ACQUIRE, 0) == 0 ? 0 : 1);
	}
}

MODEL(sem_linear_closed, .about = "a history of release, close, acquire and tryacquire",
      .threads = 3, .setup = make, .thread = give_close_wait,
      .sights = { "it got one", "it was closed" }, QUIET);
