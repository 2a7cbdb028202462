/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * linear.c - Wing and Gong's search for a linearization, with Lowe's memo.
 *
 * Operations go by rank: those that returned, in the order of their returns, and then the
 * pending ones.  A set of operations is a mask of ranks.  Let f be the lowest rank that is
 * not done.  All that is left returns at f's return or later, so
 *
 *	i may be next  iff  i was invoked no later than f returned	(may_follow[f])
 *
 * and there is nothing left to explain when f is a pending one.
 *
 *	L1  a pending operation that changes nothing need not be taken: none waits for it, and
 *	    it can still be taken later.  Not so a returned one: a write of the value that is
 *	    there may be needed after another write.
 *	L2  a pair (done, state) from which no way led to the end is not entered again.
 */
#undef NDEBUG	/* a history that does not fit is a bug of the model, in every build */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "explorer/linear.h"

enum { WORD = sizeof(uint64_t), WORDS = LINEAR_STATE / WORD };

static struct {
	const struct specification *spec;
	unsigned count, returned;		/* operations; those that returned */
	unsigned words;				/* of a state */
	unsigned depth;				/* operations in order[] */
	unsigned index[LINEAR_MAX];		/* rank to the caller's index */
	const struct operation *op[LINEAR_MAX];	/* by rank */
	uint32_t may_follow[LINEAR_MAX];	/* by f */
	unsigned order[LINEAR_MAX];		/* ranks */
	/* Before the first operation, after it, ...; zeros behind state_size. */
	_Alignas(max_align_t) unsigned char state[LINEAR_MAX + 1][LINEAR_STATE];
} run;

/*** States ************************************************************************************/

/* By memcpy, as the specification sees structs of its own there. */
static inline uint64_t word_of(const unsigned char *state, unsigned i)
{
	uint64_t word;

	memcpy(&word, state + i * WORD, WORD);
	return word;
}

static inline void copy_state(unsigned char *to, const unsigned char *from)
{
	for (unsigned i = 0; i < run.words; i++)
		memcpy(to + i * WORD, from + i * WORD, WORD);
}

static inline bool same_state(const unsigned char *a, const unsigned char *b)
{
	for (unsigned i = 0; i < run.words; i++)
		if (word_of(a, i) != word_of(b, i))
			return false;
	return true;
}

static void first_state(void)
{
	memset(run.state[0], 0, run.words * WORD);
	run.spec->init(run.state[0]);
	run.depth = 0;
}

/* Put @rank next in the order.  Return: whether it is possible in the state reached. */
static inline bool append(unsigned rank)
{
	unsigned char *next = run.state[run.depth + 1];

	copy_state(next, run.state[run.depth]);
	if (!run.spec->step(next, run.op[rank]))
		return false;
	run.order[run.depth++] = rank;
	return true;
}

/*** The memo (L2) *****************************************************************************/

enum { BUCKET_BITS = 13, FAILED_MAX = 1 << 15, NONE = FAILED_MAX };

struct failed {
	uint32_t bucket, next, done;
	unsigned char state[LINEAR_STATE];
};

/* Chains of entries below failed_count.  head[] is never cleared: what it says of a bucket
 * holds if it names an entry in use that is of this bucket, as each entry became the head
 * of its bucket when it was made. */
static struct failed failed[FAILED_MAX];
static uint32_t failed_count;
static uint32_t head[1 << BUCKET_BITS];

static inline uint32_t first_of(uint32_t bucket)
{
	uint32_t i = head[bucket];

	return i < failed_count && failed[i].bucket == bucket ? i : NONE;
}

static uint32_t bucket_of(uint32_t done, const unsigned char *state)
{
	const uint64_t odd = 0x9e3779b97f4a7c15;	/* 2^64 / golden ratio */
	uint64_t hash = done * odd;

	for (unsigned i = 0; i < run.words; i++) {
		hash = (hash ^ word_of(state, i)) * odd;
		hash ^= hash >> 32;
	}
	return (uint32_t)(hash * odd >> (64 - BUCKET_BITS));
}

static bool has_failed(uint32_t bucket, uint32_t done, const unsigned char *state)
{
	for (uint32_t i = first_of(bucket); i != NONE; i = failed[i].next)
		if (failed[i].done == done && same_state(failed[i].state, state))
			return true;
	return false;
}

static void note_failed(uint32_t bucket, uint32_t done, const unsigned char *state)
{
	struct failed *f;

	/* Full: forget them all, which costs time and nothing else. */
	if (failed_count == FAILED_MAX)
		failed_count = 0;
	f = &failed[failed_count];
	f->next = first_of(bucket);
	f->bucket = bucket;
	f->done = done;
	copy_state(f->state, state);
	head[bucket] = failed_count++;
}

/*** The search ********************************************************************************/

static bool search(uint32_t done);

/* Return: whether one of the operations that may be next leads to the end. */
static bool try_each(uint32_t done, uint32_t next)
{
	unsigned depth = run.depth;

	for (; next != 0; next &= next - 1) {
		unsigned rank = (unsigned)__builtin_ctz(next);

		run.depth = depth;
		if (!append(rank))
			continue;
		if (rank >= run.returned && same_state(run.state[depth], run.state[depth + 1]))
			continue;	/* L1 */
		if (search(done | 1u << rank))
			return true;
	}
	return false;
}

/* Return: whether what is not done can follow the state reached; then run.order is whole. */
static bool search(uint32_t done)
{
	const unsigned char *state = run.state[run.depth];
	unsigned f = (unsigned)__builtin_ctz(~done);
	uint32_t bucket;

	if (f >= run.returned)
		return true;
	bucket = bucket_of(done, state);
	if (has_failed(bucket, done, state))
		return false;
	if (try_each(done, run.may_follow[f] & ~done))
		return true;
	note_failed(bucket, done, state);
	return false;
}

/* The order of returns, without the pending ones, always keeps to the stamps. */
static bool returns_are_in_order(void)
{
	for (unsigned i = 0; i < run.returned; i++)
		if (!append(i))
			return false;
	return true;
}

/*** What the search is about ******************************************************************/

static void put_at(unsigned rank, const struct operation *op, unsigned index)
{
	run.op[rank] = op;
	run.index[rank] = index;
}

static void rank_operations(const struct operation *ops, unsigned n)
{
	run.count = n;
	run.returned = 0;
	for (unsigned i = 0; i < n; i++) {
		unsigned rank = run.returned;

		assert(ops[i].invoked > 0);
		if (ops[i].returned == 0)
			continue;
		assert(ops[i].invoked <= ops[i].returned);
		for (; rank > 0 && run.op[rank - 1]->returned > ops[i].returned; rank--)
			put_at(rank, run.op[rank - 1], run.index[rank - 1]);
		put_at(rank, &ops[i], i);
		run.returned++;
	}
	for (unsigned i = 0, rank = run.returned; rank < n; i++)
		if (ops[i].returned == 0)
			put_at(rank++, &ops[i], i);
}

static void find_may_follow(void)
{
	for (unsigned f = 0; f < run.returned; f++) {
		uint32_t mask = 0;

		for (unsigned i = 0; i < run.count; i++)
			mask |= (uint32_t)(run.op[i]->invoked <= run.op[f]->returned) << i;
		run.may_follow[f] = mask;
	}
}

static bool find_order(void)
{
	first_state();
	if (returns_are_in_order())
		return true;
	find_may_follow();
	failed_count = 0;
	first_state();
	return search(0);
}

bool linear_check(const struct specification *s, const struct operation *ops, unsigned n,
	unsigned ret_order[LINEAR_MAX], unsigned *ret_n)
{
	assert(n <= LINEAR_MAX && s->state_size <= LINEAR_STATE);
	run.spec = s;
	run.words = (unsigned)((s->state_size + WORD - 1) / WORD);
	rank_operations(ops, n);
	if (!find_order())
		return false;
	for (unsigned i = 0; i < run.depth; i++)
		ret_order[i] = run.index[run.order[i]];
	*ret_n = run.depth;
	return true;
}

static void print_operation(FILE *f, const struct specification *s, const struct operation *op)
{
	char text[128];

	if (s->describe)
		fputs(s->describe(op, text, sizeof text), f);
	else if (op->returned == 0)
		fprintf(f, "kind %" PRIu32 " of %" PRId64, op->kind, op->argument);
	else
		fprintf(f, "kind %" PRIu32 " of %" PRId64 " gave %" PRId64, op->kind, op->argument,
			op->result);
}

void linear_print(FILE *f, const struct specification *s, const struct operation *ops, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		fprintf(f, "%s %2u  thread %" PRIu32 "  %3" PRIu32 " - ", s->name, i, ops[i].thread,
			ops[i].invoked);
		if (ops[i].returned == 0)
			fputs("pending  ", f);
		else
			fprintf(f, "%-7" PRIu32 "  ", ops[i].returned);
		print_operation(f, s, &ops[i]);
		putc('\n', f);
	}
}
