/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lock, unlock, trylock and polls, judged as a history: each has its effect at one moment of
 * its call; so what says that somebody holds the mutex is right at some moment of it.
 */
#include <errno.h>

#include "explorer/model.h"

enum operation_kind { LOCK, UNLOCK, TRYLOCK, POLL };

static pawl_mutex m;

static void start(void *state)
{
	*(uint64_t *)state = 0;
}

static bool step(void *state, const struct operation *op)
{
	uint64_t *holder = state;

	if (op->kind == UNLOCK) {
		bool possible = *holder == op->thread;

		*holder = 0;
		return possible;
	}
	if (op->result != 0)
		return op->kind != LOCK && *holder != 0 &&
			op->result == (op->kind == POLL ? ETIMEDOUT : EBUSY);
	if (*holder != 0)
		return false;
	*holder = op->thread;
	return true;
}

static const char *describe(const struct operation *op, char *buffer, size_t size)
{
	static const char *const names[] = { "lock", "unlock", "trylock", "poll" };

	(void)buffer;
	(void)size;
	return names[op->kind];
}

static const struct specification mutual_exclusion = {
	"a mutex", sizeof(uint64_t), start, step, describe
};

static int call(enum operation_kind kind)
{
	int result = 0;

	model_invoke(kind, 0);
	switch (kind) {
	case LOCK: pawl_mutex_lock(&m); break;
	case UNLOCK: pawl_mutex_unlock(&m); break;
	case TRYLOCK: result = pawl_mutex_trylock(&m); break;
	case POLL: result = pawl_mutex_lock_until(&m, model_past()); break;
	}
	model_return(result);
	return result;
}

static void visit(enum operation_kind kind)
{
	if (call(kind) == 0)
		(void)call(UNLOCK);
	else
		model_saw(0);
}

static void each_its_way(unsigned who)
{
	if (who == 1) {
		visit(LOCK);
	} else if (who == 2) {
		visit(TRYLOCK);
		visit(POLL);
	} else {
		visit(LOCK);
	}
}

static void make(void)
{
	model_name(&m, sizeof m, "m");
}

static void make_fair(void)
{
	make();
	(void)pawl_mutex_init(&m, PAWL_FAIR);
}

/* Without STALE_LOADS: the moments of a history are those of one clock for all, and nothing
 * promises that a trylock, which is ordered with nothing when it fails, is not behind it. */
MODEL(mutex_linear, .about = "a history of lock, trylock, polls and unlock", .threads = 3,
      .enter = model_attach, .setup = make, .thread = each_its_way, .spec = &mutual_exclusion,
      .sights = { "somebody found it held" }, .without = STALE_LOADS | CLOCK_JUMPS);

MODEL(mutex_linear_fair, .about = "the same, with PAWL_FAIR", .threads = 3,
      .enter = model_attach, .setup = make_fair, .thread = each_its_way,
      .spec = &mutual_exclusion, .sights = { "somebody found it held" },
      .without = STALE_LOADS | CLOCK_JUMPS);
