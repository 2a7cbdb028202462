/* SPDX-License-Identifier: BSD-2-Clause */
/* test_linear.c - the explorer's linearizability checker, model/explorer/linear.h, which is
 * linked here alone: known histories, and random ones against all permutations. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explorer/linear.h"
#include "support.h"

/*** Specifications ****************************************************************************/

/* Calls of step() since a case set it to 0: what a search costs, on any machine. */
static unsigned long steps;

static bool may_return(const struct operation *op, int64_t result)
{
	return op->returned == 0 || op->result == result;
}

enum { READ, WRITE };

static void register_init(void *state)
{
	*(int64_t *)state = 0;
}

static bool register_step(void *state, const struct operation *op)
{
	int64_t *value = state;

	steps++;
	if (op->kind == READ)
		return may_return(op, *value);
	*value = op->argument;
	return may_return(op, 0);
}

static const struct specification register_spec = {
	"register", sizeof(int64_t), register_init, register_step, NULL
};

enum { LOCK, UNLOCK, TRYLOCK };

/* The state is its holder's number, 0 for nobody. */
static void mutex_init(void *state)
{
	*(uint32_t *)state = 0;
}

static bool mutex_step(void *state, const struct operation *op)
{
	uint32_t *holder = state;

	steps++;
	if (op->kind == UNLOCK) {
		if (*holder != op->thread)
			return false;
		*holder = 0;
		return may_return(op, 0);
	}
	if (*holder != 0)
		return op->kind == TRYLOCK && may_return(op, EBUSY);
	*holder = op->thread;
	return may_return(op, 0);
}

static const char *mutex_describe(const struct operation *op, char *buf, size_t n)
{
	static const char *const names[] = { "lock", "unlock", "trylock" };

	if (op->returned == 0)
		return names[op->kind];
	snprintf(buf, n, "%s: %" PRId64, names[op->kind], op->result);
	return buf;
}

static const struct specification mutex_spec = {
	"mutex", sizeof(uint32_t), mutex_init, mutex_step, mutex_describe
};

/* Its one kind of operation adds, and returns what was there before. */
static bool counter_step(void *state, const struct operation *op)
{
	int64_t *value = state, before = *value;

	steps++;
	*value += op->argument;
	return may_return(op, before);
}

static const struct specification counter_spec = {
	"counter", sizeof(int64_t), register_init, counter_step, NULL
};

enum { PUSH, POP };
enum { EMPTY = -1, ITEMS = 15 };

struct queue {
	int32_t count, items[ITEMS];	/* zeros behind the last */
};

static void queue_init(void *state)
{
	memset(state, 0, sizeof(struct queue));
}

static bool queue_step(void *state, const struct operation *op)
{
	struct queue *q = state;
	int32_t front = q->items[0];

	steps++;
	if (op->kind == PUSH) {
		must(q->count < ITEMS);
		q->items[q->count++] = (int32_t)op->argument;
		return may_return(op, 0);
	}
	if (q->count == 0)
		return may_return(op, EMPTY);
	memmove(q->items, q->items + 1, (ITEMS - 1) * sizeof q->items[0]);
	q->items[--q->count] = 0;
	return may_return(op, front);
}

static const struct specification line_spec = {
	"queue", sizeof(struct queue), queue_init, queue_step, NULL
};

/* Its one kind of operation returns whether it ran the initialiser. */
static bool once_step(void *state, const struct operation *op)
{
	uint32_t *done = state;
	bool first = *done == 0;

	steps++;
	*done = 1;
	return may_return(op, first);
}

static const struct specification once_spec = {
	"once", sizeof(uint32_t), mutex_init, once_step, NULL
};

/*** What must hold of an order ****************************************************************/

static bool stamps_allow(const struct operation *ops, const unsigned *order, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = i + 1; j < n; j++) {
			const struct operation *first = &ops[order[i]], *later = &ops[order[j]];

			if (later->returned != 0 && later->returned < first->invoked)
				return false;
		}
	return true;
}

static bool steps_allow(const struct specification *s, const struct operation *ops,
	const unsigned *order, unsigned n)
{
	_Alignas(max_align_t) unsigned char state[LINEAR_STATE] = { 0 };

	s->init(state);
	for (unsigned i = 0; i < n; i++)
		if (!s->step(state, &ops[order[i]]))
			return false;
	return true;
}

/* Whether each operation is in the order once, or never, if it is pending. */
static bool is_complete(const struct operation *ops, unsigned n, const unsigned *order, unsigned m)
{
	unsigned seen[LINEAR_MAX] = { 0 };

	for (unsigned i = 0; i < m; i++)
		if (order[i] >= n || ++seen[order[i]] > 1)
			return false;
	for (unsigned i = 0; i < n; i++)
		if (ops[i].returned != 0 && seen[i] == 0)
			return false;
	return true;
}

/* Return: the verdict, after its order was looked at, or nothing was written. */
static bool verdict(const struct specification *s, const struct operation *ops, unsigned n)
{
	unsigned order[LINEAR_MAX] = { 77 }, m = 78;

	if (!linear_check(s, ops, n, order, &m)) {
		assert_true(order[0] == 77 && m == 78);
		return false;
	}
	assert_true(m <= n);
	assert_true(is_complete(ops, n, order, m));
	assert_true(stamps_allow(ops, order, m));
	assert_true(steps_allow(s, ops, order, m));
	return true;
}

#define assert_linearizable(spec, ops) assert_true(verdict(&(spec), ops, COUNT_OF(ops)))
#define assert_not_linearizable(spec, ops) assert_false(verdict(&(spec), ops, COUNT_OF(ops)))

/*** Known histories: thread, kind, argument, result, invoked, returned ************************/

static void a_history_of_nothing_is_linearizable(void **state)
{
	const struct operation pending = { 1, WRITE, 5, 0, 1, 0 };

	(void)state;
	assert_true(verdict(&register_spec, NULL, 0));
	assert_true(verdict(&register_spec, &pending, 1));
}

static void a_read_beside_a_write_may_see_the_old_value_or_the_new(void **state)
{
	struct operation ops[] = { { 1, WRITE, 5, 0, 1, 4 }, { 2, READ, 0, 0, 2, 3 } };

	(void)state;
	assert_linearizable(register_spec, ops);
	ops[1].result = 5;
	assert_linearizable(register_spec, ops);
	ops[1].result = 6;
	assert_not_linearizable(register_spec, ops);
}

static void a_read_after_a_write_does_not_see_the_old_value(void **state)
{
	struct operation ops[] = { { 2, READ, 0, 0, 3, 4 }, { 1, WRITE, 5, 0, 1, 2 } };

	(void)state;
	assert_not_linearizable(register_spec, ops);
	ops[0].result = 5;
	assert_linearizable(register_spec, ops);
}

static void a_value_that_was_seen_does_not_go_away_again(void **state)
{
	struct operation ops[] = {
		{ 1, WRITE, 5, 0, 1, 6 }, { 2, READ, 0, 5, 2, 3 }, { 2, READ, 0, 0, 4, 5 },
	};

	(void)state;
	assert_not_linearizable(register_spec, ops);
	ops[2].result = 5;
	assert_linearizable(register_spec, ops);
}

/* The second write must come after the first one, where it is not idle. */
static void a_write_of_the_first_value_may_hide_another(void **state)
{
	struct operation ops[] = {
		{ 1, WRITE, 5, 0, 1, 6 }, { 2, WRITE, 0, 0, 2, 5 }, { 3, READ, 0, 5, 3, 7 },
		{ 1, READ, 0, 0, 8, 9 },
	};

	(void)state;
	assert_linearizable(register_spec, ops);
	ops[1].returned = 0;	/* nor is it left out for good when it is pending */
	assert_linearizable(register_spec, ops);
	ops[1].invoked = 10;
	assert_not_linearizable(register_spec, ops);
}

static void with_equal_stamps_operations_overlap(void **state)
{
	const struct operation ops[] = { { 1, WRITE, 5, 0, 1, 2 }, { 2, READ, 0, 0, 2, 3 } };

	(void)state;
	assert_linearizable(register_spec, ops);
}

static void a_mutex_has_one_holder_at_a_time(void **state)
{
	struct operation ops[] = {
		{ 1, LOCK, 0, 0, 1, 3 }, { 2, LOCK, 0, 0, 2, 6 }, { 1, UNLOCK, 0, 0, 4, 5 },
	};

	(void)state;
	assert_linearizable(mutex_spec, ops);
	ops[1].returned = 4;
	ops[2].invoked = 5;
	ops[2].returned = 6;
	assert_not_linearizable(mutex_spec, ops);
}

static void a_trylock_fails_only_while_the_mutex_may_be_held(void **state)
{
	struct operation ops[] = {
		{ 1, LOCK, 0, 0, 1, 2 }, { 2, TRYLOCK, 0, EBUSY, 3, 5 }, { 1, UNLOCK, 0, 0, 4, 6 },
	};

	(void)state;
	assert_linearizable(mutex_spec, ops);
	ops[1].result = 0;	/* after the unlock */
	assert_linearizable(mutex_spec, ops);
	ops[2].invoked = 6;
	ops[2].returned = 7;
	assert_not_linearizable(mutex_spec, ops);
	ops[1].invoked = 8;	/* and after an unlock that is over it does not fail */
	ops[1].returned = 9;
	assert_linearizable(mutex_spec, ops);
	ops[1].result = EBUSY;
	assert_not_linearizable(mutex_spec, ops);
}

static void adds_do_not_return_the_same_value_twice(void **state)
{
	struct operation ops[] = {
		{ 1, 0, 1, 2, 1, 4 }, { 2, 0, 1, 0, 2, 6 }, { 3, 0, 1, 1, 3, 5 },
	};

	(void)state;
	assert_linearizable(counter_spec, ops);
	ops[0].result = 1;
	assert_not_linearizable(counter_spec, ops);
}

static void a_queue_is_first_in_first_out(void **state)
{
	struct operation ops[] = {
		{ 1, PUSH, 7, 0, 1, 3 }, { 2, PUSH, 8, 0, 2, 4 },
		{ 1, POP, 0, 8, 5, 6 }, { 1, POP, 0, 7, 7, 8 }, { 2, POP, 0, EMPTY, 9, 10 },
	};

	(void)state;
	assert_linearizable(line_spec, ops);
	ops[1].invoked = 3;	/* still overlapping */
	assert_linearizable(line_spec, ops);
	ops[0].returned = 2;	/* no longer: 7 was first */
	assert_not_linearizable(line_spec, ops);
}

/* Vyukov's ring: thread 1 has claimed the first cell and not yet published it; so the
 * consumer finds nothing, although thread 2 has returned from its push. */
static void a_pop_that_misses_a_push_that_returned_is_caught(void **state)
{
	struct operation ops[] = {
		{ 1, PUSH, 7, 0, 1, 7 }, { 2, PUSH, 8, 0, 2, 3 }, { 3, POP, 0, EMPTY, 4, 5 },
		{ 3, POP, 0, 7, 8, 9 }, { 3, POP, 0, 8, 10, 11 },
	};

	(void)state;
	assert_not_linearizable(line_spec, ops);
	ops[0].returned = 0;	/* nor when the first push never returns */
	assert_not_linearizable(line_spec, ops);
	ops[2].invoked = 2;	/* but beside the second it may find nothing */
	assert_linearizable(line_spec, ops);
}

static void of_several_once_calls_one_runs_the_initialiser(void **state)
{
	struct operation ops[] = {
		{ 1, 0, 0, false, 1, 3 }, { 2, 0, 0, true, 2, 5 }, { 3, 0, 0, false, 4, 6 },
	};

	(void)state;
	assert_linearizable(once_spec, ops);
	ops[0].result = true;
	assert_not_linearizable(once_spec, ops);
	ops[0].result = ops[1].result = false;
	assert_not_linearizable(once_spec, ops);
	ops[1].result = true;
	ops[1].invoked = 4;	/* the first found it done before anybody ran it */
	assert_not_linearizable(once_spec, ops);
}

/*** Pending operations ************************************************************************/

static void a_pending_operation_may_have_taken_effect(void **state)
{
	struct operation ops[] = { { 1, PUSH, 7, 99, 1, 0 }, { 2, POP, 0, 7, 2, 3 } };

	(void)state;
	assert_linearizable(line_spec, ops);
	ops[0].invoked = 4;	/* but not before it was invoked */
	assert_not_linearizable(line_spec, ops);
}

static void a_pending_operation_may_not_have_taken_effect(void **state)
{
	const struct operation ops[] = {
		{ 1, PUSH, 7, 0, 1, 0 }, { 2, POP, 0, EMPTY, 2, 3 }, { 2, POP, 0, EMPTY, 4, 5 },
	};

	(void)state;
	assert_linearizable(line_spec, ops);
}

static void a_pending_operation_takes_effect_once(void **state)
{
	const struct operation ops[] = {
		{ 1, PUSH, 7, 0, 1, 0 }, { 2, POP, 0, 7, 2, 3 }, { 2, POP, 0, 7, 4, 5 },
	};

	(void)state;
	assert_not_linearizable(line_spec, ops);
}

static void a_pending_lock_explains_a_trylock_that_failed(void **state)
{
	struct operation ops[] = { { 1, LOCK, 0, 0, 1, 0 }, { 2, TRYLOCK, 0, EBUSY, 2, 3 } };

	(void)state;
	assert_linearizable(mutex_spec, ops);
	ops[0].kind = UNLOCK;
	assert_not_linearizable(mutex_spec, ops);
}

/*** Twelve at once ****************************************************************************/

/* What each took: a number of steps, as the time depends on the machine.  A million are far
 * less than a second, and 12! are 479 millions. */
static void assert_verdict_within_a_million_steps(const struct specification *s,
	struct operation ops[static 12], bool expected)
{
	for (unsigned i = 0; i < 12; i++) {
		ops[i].thread = i + 1;
		ops[i].invoked = i + 1;
		ops[i].returned = 24 - i;
	}
	steps = 0;
	assert_int_equal(verdict(s, ops, 12), expected);
	note("%s, %slinearizable: %lu steps", s->name, expected ? "" : "not ", steps);
	assert_true(steps < 1000000);
}

static void twelve_adds_at_once_are_judged_soon(void **state)
{
	struct operation ops[12] = { { 0 } };

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		ops[i].argument = 1;
		ops[i].result = (i * 5 + 3) % 12;
	}
	assert_verdict_within_a_million_steps(&counter_spec, ops, true);
	ops[7].result = ops[6].result;
	assert_verdict_within_a_million_steps(&counter_spec, ops, false);
}

static void twelve_reads_and_writes_at_once_are_judged_soon(void **state)
{
	struct operation ops[12] = { { 0 } };

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		ops[i].kind = i == 3 || i == 6 ? READ : WRITE;
		ops[i].argument = i;
	}
	ops[3].result = 11;
	ops[6].result = 10;
	assert_verdict_within_a_million_steps(&register_spec, ops, true);
	ops[6].result = 99;
	assert_verdict_within_a_million_steps(&register_spec, ops, false);
}

static void twelve_pushes_and_pops_at_once_are_judged_soon(void **state)
{
	struct operation ops[12] = { { 0 } };

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		ops[i].kind = i % 2 == 0 ? PUSH : POP;
		ops[i].argument = i;
		ops[i].result = i % 2 == 0 ? 0 : (i * 7 + 3) % 12;
	}
	assert_verdict_within_a_million_steps(&line_spec, ops, true);
	ops[7].result = ops[5].result;
	assert_verdict_within_a_million_steps(&line_spec, ops, false);
}

/* The orders of eight pushes are 109,601 states, more than the memo has room for. */
static void a_search_with_more_states_than_the_memo_holds_is_right(void **state)
{
	struct operation ops[10] = { { 0 } };

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		ops[i] = (struct operation){ i + 1, PUSH, i, 0, i + 1, 30 - i };
	ops[8] = (struct operation){ 9, POP, 0, 3, 31, 32 };
	ops[9] = (struct operation){ 9, POP, 0, 4, 33, 34 };
	assert_linearizable(line_spec, ops);
	ops[9].result = 99;
	assert_not_linearizable(line_spec, ops);
}

/*** Random histories **************************************************************************/

enum { SMALL = 6, THREADS = 3, TURNS = 40 };

static uint64_t seed = 20;

static unsigned random_below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static const struct family {
	const struct specification *spec;
	unsigned kinds, arguments, results;
	int64_t result[4];	/* those that its operations may have */
} families[] = {
	{ &register_spec, 2, 3, 3, { 0, 1, 2 } },
	{ &mutex_spec, 3, 1, 2, { 0, EBUSY } },
	{ &counter_spec, 1, 3, 4, { 0, 1, 2, 3 } },
	{ &line_spec, 2, 3, 4, { 0, 1, 2, EMPTY } },
	{ &once_spec, 1, 1, 2, { false, true } },
};

/* Let @op take effect now.  Return: whether it can; then its result is set. */
static bool take_effect(const struct family *f, void *state, struct operation *op)
{
	_Alignas(max_align_t) unsigned char copy[LINEAR_STATE];
	struct operation would = *op;

	would.returned = 1;
	for (unsigned i = 0; i < f->results; i++) {
		memcpy(copy, state, sizeof copy);
		would.result = f->result[i];
		if (!f->spec->step(copy, &would))
			continue;
		op->result = would.result;
		memcpy(state, copy, sizeof copy);
		return true;
	}
	return false;
}

/* A few threads whose operations are invoked, take effect and return at random moments;
 * those that are not through after TURNS stay pending.  Return: how many there are. */
static unsigned true_history(const struct family *f, struct operation ops[SMALL])
{
	enum { IDLE, INVOKED, EFFECTIVE } is[THREADS] = { IDLE };
	_Alignas(max_align_t) unsigned char state[LINEAR_STATE] = { 0 };
	unsigned n = 0, own[THREADS] = { 0 }, max = 1 + random_below(SMALL);

	f->spec->init(state);
	for (uint32_t now = 1; now < TURNS; now++) {
		unsigned t = random_below(THREADS);

		if (is[t] == IDLE && n < max) {
			own[t] = n;
			ops[n++] = (struct operation){ t + 1, random_below(f->kinds),
				random_below(f->arguments), 0, now, 0 };
			is[t] = INVOKED;
		} else if (is[t] == INVOKED && take_effect(f, state, &ops[own[t]])) {
			is[t] = EFFECTIVE;
		} else if (is[t] == EFFECTIVE && random_below(8) != 0) {
			ops[own[t]].returned = now;
			is[t] = IDLE;
		} else if (is[t] == EFFECTIVE && random_below(2) == 0) {
			now = TURNS;	/* the rest stays as it is */
		}
	}
	return n;
}

/* Change results, or stamps so that some are equal; or nothing. */
static void spoil(const struct family *f, struct operation *ops, unsigned n)
{
	if (random_below(4) == 0)
		for (unsigned i = 0; i < n; i++) {
			ops[i].invoked = ops[i].invoked / 2 + 1;
			ops[i].returned = ops[i].returned == 0 ? 0 : ops[i].returned / 2 + 1;
		}
	for (unsigned i = random_below(3); i > 0; i--)
		ops[random_below(n)].result = f->result[random_below(f->results)];
}

/* Whether the operations order[0..n) with those of order[at..n) permuted make it true. */
static bool some_permutation(const struct specification *s, const struct operation *ops,
	unsigned *order, unsigned at, unsigned n)
{
	bool found = at == n && stamps_allow(ops, order, n) && steps_allow(s, ops, order, n);

	for (unsigned i = at; i < n && !found; i++) {
		unsigned chosen = order[i];

		order[i] = order[at];
		order[at] = chosen;
		found = some_permutation(s, ops, order, at + 1, n);
		order[at] = order[i];
		order[i] = chosen;
	}
	return found;
}

/* The definition: some of the pending ones, and all others, in any order whatever. */
static bool brute_verdict(const struct specification *s, const struct operation *ops, unsigned n)
{
	for (unsigned set = 0; set < 1u << n; set++) {
		unsigned order[SMALL], m = 0;

		for (unsigned i = 0; i < n; i++)
			if (set >> i & 1)
				order[m++] = i;
		if (is_complete(ops, n, order, m) && some_permutation(s, ops, order, 0, m))
			return true;
	}
	return false;
}

static void random_histories_are_judged_as_by_all_permutations(void **state)
{
	const unsigned rounds = ROUNDS(10000);
	unsigned verdicts[2][2] = { { 0 } };	/* any pending, linearizable */

	(void)state;
	for (unsigned round = 0; round < rounds; round++) {
		const struct family *f = &families[round % COUNT_OF(families)];
		struct operation ops[SMALL];
		unsigned n = true_history(f, ops), pending = 0;
		bool is;

		assert_true(verdict(f->spec, ops, n));
		spoil(f, ops, n);
		is = verdict(f->spec, ops, n);
		if (is != brute_verdict(f->spec, ops, n)) {
			linear_print(stderr, f->spec, ops, n);
			fail_msg("the verdict was %d", is);
		}
		for (unsigned i = 0; i < n; i++)
			pending += ops[i].returned == 0;
		verdicts[pending > 0][is]++;
	}
	note("nothing pending: %u not, %u; pending: %u not, %u linearizable", verdicts[0][0],
		verdicts[0][1], verdicts[1][0], verdicts[1][1]);
	for (unsigned i = 0; i < 4; i++)
		assert_true(verdicts[i / 2][i % 2] > rounds / 40);
}

/*** Printing **********************************************************************************/

static void each_operation_is_printed_on_a_line_with_its_interval(void **state)
{
	const struct operation ops[] = { { 1, LOCK, 0, 0, 1, 0 }, { 2, TRYLOCK, 3, 4, 2, 30 } };
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	linear_print(f, &mutex_spec, ops, 2);
	linear_print(f, &counter_spec, &ops[1], 1);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text,
		"mutex  0  thread 1    1 - pending  lock\n"
		"mutex  1  thread 2    2 - 30       trylock: 4\n"
		"counter  0  thread 2    2 - 30       kind 2 of 3 gave 4\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_history_of_nothing_is_linearizable),
		TEST(a_read_beside_a_write_may_see_the_old_value_or_the_new),
		TEST(a_read_after_a_write_does_not_see_the_old_value),
		TEST(a_value_that_was_seen_does_not_go_away_again),
		TEST(a_write_of_the_first_value_may_hide_another),
		TEST(with_equal_stamps_operations_overlap),
		TEST(a_mutex_has_one_holder_at_a_time),
		TEST(a_trylock_fails_only_while_the_mutex_may_be_held),
		TEST(adds_do_not_return_the_same_value_twice),
		TEST(a_queue_is_first_in_first_out),
		TEST(a_pop_that_misses_a_push_that_returned_is_caught),
		TEST(of_several_once_calls_one_runs_the_initialiser),
		TEST(a_pending_operation_may_have_taken_effect),
		TEST(a_pending_operation_may_not_have_taken_effect),
		TEST(a_pending_operation_takes_effect_once),
		TEST(a_pending_lock_explains_a_trylock_that_failed),
		TEST(twelve_adds_at_once_are_judged_soon),
		TEST(twelve_reads_and_writes_at_once_are_judged_soon),
		TEST(twelve_pushes_and_pops_at_once_are_judged_soon),
		TEST(a_search_with_more_states_than_the_memo_holds_is_right),
		TEST(random_histories_are_judged_as_by_all_permutations),
		TEST(each_operation_is_printed_on_a_line_with_its_interval),
	};

	return test_main(tests);
}
