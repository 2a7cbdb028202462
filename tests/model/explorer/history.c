/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history.c - see history.h, and model.h for model_invoke() and model_return().
 *
 * What counts is which operations had returned when another was invoked.  So an invocation
 * observes the returns so far, whose own order does not matter.
 */
#include "config.h"

#include "explorer/engine.h"
#include "explorer/history.h"

#define PC ((uintptr_t)__builtin_return_address(0))

static struct operation operations[LINEAR_MAX];
static unsigned operation_count;
static uint32_t stamp;
static uint64_t returns_hash;
static struct operation *open_of[THREADS];

void history_reset(void)
{
	operation_count = 0;
	stamp = 0;
	returns_hash = 0;
	for (unsigned i = 0; i < THREADS; i++)
		open_of[i] = NULL;
}

void model_invoke(uint32_t kind, int64_t argument)
{
	unsigned thread = engine.current->index;

	point(PC, true);
	if (operation_count == LINEAR_MAX)
		fail(PC, "the model has a history of more than %d operations", LINEAR_MAX);
	open_of[thread] = &operations[operation_count++];
	*open_of[thread] = (struct operation){
		.thread = thread, .kind = kind, .argument = argument, .invoked = ++stamp
	};
	observe(returns_hash);
}

void model_return(int64_t result)
{
	struct operation *op = open_of[engine.current->index];

	if (!op)
		fail(PC, "the model returns from an operation that it did not invoke");
	point(PC, true);
	op->result = result;
	op->returned = ++stamp;
	open_of[engine.current->index] = NULL;
	observe((uint64_t)result);
	returns_hash += engine.current->chain;
}

void history_check(const struct specification *spec)
{
	unsigned order[LINEAR_MAX], n;

	if (spec && !linear_check(spec, operations, operation_count, order, &n))
		fail(0, "no order of the operations is one that the specification of %s allows",
		     spec->name);
}

void history_print(FILE *f, const struct specification *spec)
{
	if (spec && operation_count > 0)
		linear_print(f, spec, operations, operation_count);
}
