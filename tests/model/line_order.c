/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line_order.c - joining, giving up and answering, judged as a history: the queue is a list of
 * waits, each of which ends once, answered as the first of those that wait then, or given up.
 */
#include "line_model.h"

enum operation_kind { JOIN, GIVE_UP, ANSWER };
enum sight { GAVE_UP, ANSWERED, SECOND };

static uint64_t queue;

static void start(void *state)
{
	*(uint64_t *)state = 0;
}

/* State: threads, four bits each, the first the lowest. */
static bool is_in(uint64_t line_of, uint64_t thread, unsigned *ret_place)
{
	for (*ret_place = 0; line_of != 0; line_of >>= 4, ++*ret_place)
		if ((line_of & 15) == thread)
			return true;
	return false;
}

static void take_out(uint64_t *line_of, unsigned place)
{
	uint64_t before = (UINT64_C(1) << (4 * place)) - 1;

	*line_of = (*line_of & before) | ((*line_of >> 4) & ~before);
}

static bool step(void *state, const struct operation *op)
{
	uint64_t *line_of = state;
	unsigned place;
	bool in = is_in(*line_of, op->thread, &place);

	switch (op->kind) {
	case JOIN:
		*line_of |= (uint64_t)op->thread << (4 * place);
		return !in;
	case GIVE_UP:
		if (in && op->result == 0)
			take_out(line_of, place);
		return in == (op->result == 0);
	default:
		if ((*line_of & 15) != (uint64_t)op->result)
			return false;
		take_out(line_of, 0);
		return true;
	}
}

static const char *describe(const struct operation *op, char *buffer, size_t size)
{
	static const char *const names[] = { "join", "give up", "answer" };

	(void)buffer;
	(void)size;
	return names[op->kind];
}

static const struct specification in_order = {
	"a queue", sizeof(uint64_t), start, step, describe
};

static void join_as(unsigned who)
{
	model_invoke(JOIN, 0);
	MODEL_CHECK(ref_handle(join(&queue)) == who);
	model_return(0);
}

/* Return: whether it was answered. */
static bool give_up_and_leave(void)
{
	uint32_t got;

	model_invoke(GIVE_UP, 0);
	got = pawl_i_waiter_give_up(own_waiter());
	model_return(got);
	leave(&queue);
	model_saw(got == 0 ? GAVE_UP : ANSWERED);
	return got != 0;
}

/* Return: the thread that was answered, whose waiter has that number; 0: nobody waited. */
static unsigned answer_as(void)
{
	unsigned thread;

	model_invoke(ANSWER, 0);
	thread = ref_handle(answer_first(&queue));
	model_return(thread);
	return thread;
}

static void make(void)
{
	model_name(&queue, sizeof queue, "queue");
}

static void none_left(void)
{
	nothing_is_left(&queue);
}

static void come_and_go(unsigned who)
{
	if (who == 3) {
		(void)answer_as();
		return;
	}
	join_as(who);
	(void)give_up_and_leave();
}

/* Two preemptions, as three threads have many states; random schedules have more. */
MODEL(line_history, .about = "two join and give up, one answers", .threads = 3,
      .preemptions = 2,
      .without = NO_MEMORY, .enter = model_attach, .setup = make, .thread = come_and_go,
      .finish = none_left, .spec = &in_order,
      .sights = { "a wait was given up", "a wait was answered" });

static void make_narrow(void)
{
	make();
	model_cells = 1;
}

static void start_with_first(void *state)
{
	*(uint64_t *)state = 1;
}

static const struct specification in_order_from_first = {
	"a queue", sizeof(uint64_t), start_with_first, step, describe
};

static void enter_first(unsigned who)
{
	model_attach(who);
	if (who == 1)
		(void)join(&queue);
}

static void come_behind(unsigned who)
{
	if (who == 3) {
		if (answer_as() != 0 && answer_as() != 0)
			model_saw(SECOND);
		return;
	}
	if (who == 2)
		join_as(who);
	(void)give_up_and_leave();
}

MODEL(line_history_narrow, .threads = 3, .preemptions = 2,
      .about = "one joined, one joins, both give up, one answers twice; a cell a segment",
      .without = NO_MEMORY, .enter = enter_first, .setup = make_narrow, .thread = come_behind,
      .finish = none_left, .spec = &in_order_from_first,
      .sights = { "a wait was given up", "a wait was answered", "both were answered" });
