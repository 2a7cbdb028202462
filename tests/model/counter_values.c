/* SPDX-License-Identifier: BSD-2-Clause */
/* counter_values.c - values are exact, and in one order with those of other counters. */
#include <errno.h>

#include "explorer/model.h"

enum operations { ADD, GET, WAIT };

static pawl_counter c, d;
static int64_t seen[3];

static void init(void *state)
{
	*(int64_t *)state = 0;
}

static bool step(void *state, const struct operation *op)
{
	int64_t *value = state;

	if (op->returned == 0)
		return true;
	switch ((enum operations)op->kind) {
	case ADD:
		return (*value += op->argument) == op->result;
	case GET:
		return *value == op->result;
	case WAIT:
		return op->result == ETIMEDOUT || *value == 0;
	}
	return false;
}

static const struct specification spec = {
	.name = "counter", .state_size = sizeof(int64_t), .init = init, .step = step
};

static void add(int64_t n)
{
	model_invoke(ADD, n);
	model_return(pawl_counter_add(&c, n));
}

static void get(void)
{
	model_invoke(GET, 0);
	model_return(pawl_counter_get(&c));
}

static void setup(void)
{
	model_name(&c, sizeof c, "c");
	model_name(&d, sizeof d, "d");
}

static void add_and_get(unsigned who)
{
	switch (who) {
	case 1:
		add(5);
		add(-3);
		break;
	case 2:
		add(-2);
		get();
		break;
	case 3:
		get();
		add(7);
		break;
	}
}

static void sum_is_right(void)
{
	MODEL_CHECK(pawl_counter_get(&c) == 7);
}

MODEL(counter_values, .about = "adds and gets of three threads", .threads = 3,
      .setup = setup, .thread = add_and_get, .finish = sum_is_right, .spec = &spec);

static void up_and_down(unsigned who)
{
	if (who < 3) {
		add(1);
		add(-1);
		return;
	}
	get();
	model_invoke(WAIT, 0);
	model_return(pawl_counter_wait_zero(&c, PAWL_FOREVER));
}

MODEL(counter_up_and_down, .about = "two pass zero on their way, one waits for it", .threads = 3,
      .enter = model_attach, .setup = setup, .thread = up_and_down, .spec = &spec);

/* Each adds to one and reads the other: the later of the adds is seen. */
static void cross(unsigned who)
{
	(void)pawl_counter_add(who == 1 ? &c : &d, 1);
	seen[who] = pawl_counter_get(who == 1 ? &d : &c);
}

static void one_saw_the_other(void)
{
	MODEL_CHECK(seen[1] + seen[2] > 0);
}

MODEL(counter_cross, .about = "two threads add to one counter and read another's", .threads = 2,
      .setup = setup, .thread = cross, .finish = one_saw_the_other);

/* What was done before an add is seen by whom reads its value. */
static int gift;

static void read_what_was_done(unsigned who)
{
	if (who == 1) {
		gift = 1;
		(void)pawl_counter_add(&c, 2);
	} else if (pawl_counter_get(&c) >= 2) {
		MODEL_CHECK(gift == 1);
	}
	if (who == 2)
		(void)pawl_counter_add(&c, 1);
}

MODEL(counter_get, .about = "one writes and adds, another adds, one reads", .threads = 3,
      .setup = setup, .thread = read_what_was_done);
