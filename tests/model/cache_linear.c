/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache_linear.c - calls for one key, judged as a history: a value appears once, by a fetch that
 * succeeded, and stays; a failure changes nothing.
 *
 * Without older values: who was told of a return by nobody may well see none of it.  And without
 * other deviations, which the searches of other models have.
 */
#include "cache_model.h"

enum operation_kind { GET, GET_OR_FETCH, WITH, POLL };
enum sight { NOT_THERE, THERE, IN_FLIGHT };

/* The state is the value, 0: none yet. */
static bool step(void *state, const struct operation *op)
{
	int64_t *value = state;

	if (op->result == -ENOENT)
		return op->kind == GET && *value == 0;
	if (op->result == -ETIMEDOUT)
		return op->kind == POLL && *value == 0;
	if (op->result == -EIO)
		return op->kind != GET && *value == 0;
	if (*value == 0 && op->kind != GET)
		*value = op->result;
	return op->result == *value;
}

static void start(void *state)
{
	*(int64_t *)state = 0;
}

static const char *describe(const struct operation *op, char *buffer, size_t size)
{
	static const char *const names[] = { "get", "get_or_fetch", "with", "poll" };

	(void)buffer, (void)size;
	return names[op->kind];
}

static const struct specification one_value = {
	"a cache of one key", sizeof(int64_t), start, step, describe
};

static void first_fails(void)
{
	open_cache(fetch_one);
	failing = 1;
}

static void call(enum operation_kind kind)
{
	int got = 0;

	model_invoke(kind, 0);
	switch (kind) {
	case GET: got = get("b"); break;
	case GET_OR_FETCH: got = get_or_fetch("b", PAWL_FOREVER); break;
	case WITH: got = with("b", PAWL_FOREVER); break;
	case POLL: got = get_or_fetch("b", model_past()); break;
	}
	model_return(got);
	model_saw(got > 0 ? THERE : got == -ETIMEDOUT ? IN_FLIGHT : NOT_THERE);
}

static void call_twice(unsigned who)
{
	switch (who) {
	case 1: call(GET_OR_FETCH), call(GET); break;
	case 2: call(GET), call(WITH); break;
	case 3: call(GET), call(GET); break;
	}
}

static void close_it(void)
{
	close_cache(fetches > failing);
}

MODEL(cache_linear, .about = "calls for one key, whose first fetch fails", .threads = 3,
      .preemptions = 2, .enter = model_attach, .setup = first_fails, .thread = call_twice,
      .finish = close_it,
      .spec = &one_value, .without = ~0u,
      .sights = { "it was not there", "it was there" });

static void none_fails(void)
{
	open_cache(fetch_one);
}

static void poll_and_look(unsigned who)
{
	switch (who) {
	case 1: call(GET_OR_FETCH), call(GET); break;
	case 2: call(POLL), call(GET); break;
	case 3: call(GET), call(GET); break;
	}
}

MODEL(cache_linear_poll, .about = "calls for one key, one of which waits for nobody",
      .threads = 3, .preemptions = 2, .enter = model_attach, .setup = none_fails,
      .thread = poll_and_look,
      .finish = close_it, .spec = &one_value, .without = ~0u,
      .sights = { "it was not there", "it was there", "it was being fetched" });
