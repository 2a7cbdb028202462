/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_line_oracle.c - the waiter queue beside the list (oracle_list.h): the same
 * operations give the same answers in the same order.  And with threads, for which
 * there is no list to compare with: histories that a queue can have.
 *
 * PAWL_SEED=N repeats a run; the seed is printed.
 */
#include "config.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include <pawl/atomic.h>

#include "oracle_list.h"
#include "support.h"
#include "wait/line.h"

static uint64_t seed;

static void choose_seed(void)
{
	const char *given = getenv("PAWL_SEED");
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	seed = given ? strtoull(given, NULL, 0) :
		(uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
	note("PAWL_SEED=%llu", (unsigned long long)seed);
}

/* splitmix64 */
static uint64_t next_random(uint64_t *random)
{
	uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static unsigned random_below(uint64_t *random, unsigned n)
{
	return (unsigned)(next_random(random) >> 32) % n;
}

/*** One thread: both at once ******************************************************************/

enum { ACTORS = 400, OPERATIONS = 400000 };

enum stage { AWAY, WAITS, OVER };	/* OVER: answered or given up, but in the queue still */

struct actor {
	struct waiter *w;
	uint64_t ref;
	struct oracle_waiter oracle;
	enum stage stage;
};

static struct actor actors[ACTORS];

struct both {
	uint64_t queue;
	struct oracle oracle;
	uint64_t random;
	unsigned inside, joins, answers, give_ups, deepest;
};

static void both_join(struct both *b, struct actor *a)
{
	a->ref = pawl_i_waiter_arm(a->w);
	assert_int_equal(pawl_i_line_join(&b->queue, a->w, a->ref), 0);
	oracle_join(&b->oracle, &a->oracle);
	a->stage = WAITS;
	b->joins++;
	if (++b->inside > b->deepest)
		b->deepest = b->inside;
}

static void both_leave(struct both *b, struct actor *a)
{
	pawl_i_line_leave(&b->queue, a->w);
	a->stage = AWAY;
	b->inside--;
}

static void both_give_up(struct both *b, struct actor *a)
{
	uint32_t answer = oracle_give_up(&b->oracle, &a->oracle);

	assert_int_equal(pawl_i_waiter_give_up(a->w), answer);
	assert_int_equal(answer, 0);
	a->stage = OVER;
	b->give_ups++;
}

static struct actor *actor_of(const struct oracle_waiter *w)
{
	for (int i = 0; i < ACTORS; i++)
		if (w == &actors[i].oracle)
			return &actors[i];
	return NULL;
}

static void both_answer(struct both *b, uint32_t answer)
{
	struct actor *first = actor_of(oracle_answer_first(&b->oracle, answer));
	uint64_t ref = pawl_i_line_first(&b->queue);
	struct waiter *wake;

	assert_true(ref == (first ? first->ref : 0));
	if (!first)
		return;
	assert_true(pawl_i_waiter_tell(ref, answer, &wake));
	assert_int_equal(pawl_i_waiter_answer(first->w), answer);
	assert_int_equal(first->oracle.answer, answer);
	first->stage = OVER;
	b->answers++;
}

/* What @a may do, or an answer for whoever is first: @joins of 8 are joins. */
static void both_step(struct both *b, struct actor *a, unsigned joins)
{
	if (a->stage == OVER) {
		both_leave(b, a);
	} else if (random_below(&b->random, 8) < joins) {
		if (a->stage == AWAY)
			both_join(b, a);
	} else if (a->stage == WAITS && random_below(&b->random, 2)) {
		both_give_up(b, a);
		if (random_below(&b->random, 4) != 0)
			both_leave(b, a);
	} else {
		both_answer(b, random_below(&b->random, 2) ? GRANT : RETRY);
	}
}

static void both_end(struct both *b)
{
	while (b->oracle.first)
		both_answer(b, GRANT);
	assert_int_equal(pawl_i_line_first(&b->queue), 0);
	for (int i = 0; i < ACTORS; i++)
		if (actors[i].stage == OVER)
			both_leave(b, &actors[i]);
	assert_int_equal(b->inside, 0);
	assert_int_equal(b->queue, 0);
}

static void queue_and_list_answer_the_same_in_the_same_order(void **state)
{
	struct both b = { .random = seed };
	unsigned some = 0, joins = 0;

	(void)state;
	for (int i = 0; i < ACTORS; i++)
		assert_non_null(actors[i].w = pawl_i_waiter_get(NULL));
	for (int i = 0; i < OPERATIONS; i++) {
		if (i % 2000 == 0) {	/* now they grow, now they shrink, now there are few */
			some = 1 + random_below(&b.random, i / 2000 % 2 ? ACTORS : 8);
			joins = 2 + random_below(&b.random, 5);
		}
		both_step(&b, &actors[random_below(&b.random, some)], joins);
		if (random_below(&b.random, 20000) == 0)
			both_end(&b);
	}
	both_end(&b);
	note("%u joined, %u were answered, %u gave up; at most %u at once", b.joins, b.answers,
	     b.give_ups, b.deepest);
	assert_int_equal(b.joins, b.answers + b.give_ups);
	assert_true(b.answers > 10000 && b.give_ups > 10000 && b.deepest > ACTORS / 4);
	for (int i = 0; i < ACTORS; i++)
		pawl_i_waiter_put(actors[i].w);
}

/*** Threads ***********************************************************************************/

enum { THREADS = 4, WAITS_EACH = 5 };

/* All join one queue, several times each, answer whoever is first, give up some. */
struct history {
	uint64_t queue;
	int rounds;
	uint64_t told;	/* atomic */
};

struct participant {
	struct worker worker;
	struct history *history;
	struct waiter *w[WAITS_EACH];
	uint64_t random, told, answered, gave_up;
};

static void answer_some(struct participant *p, unsigned times)
{
	struct waiter *wake;
	uint64_t ref;

	while (times > 0 && (ref = pawl_i_line_first(&p->history->queue)) != 0) {
		times--;
		p->told += pawl_i_waiter_tell(ref, GRANT, &wake);
	}
}

/* Ours joined in order 0, 1, 2 ...: seen from the last one backwards, once one was answered
 * all before it are over. */
static void check_order(struct participant *p, const bool gave_up[])
{
	bool later = false;

	for (int i = WAITS_EACH - 1; i >= 0; i--) {
		bool answered = !gave_up[i] && pawl_i_waiter_answer(p->w[i]) != 0;

		must(!later || answered || gave_up[i]);
		later |= answered;
	}
}

static void take_part_once(struct participant *p)
{
	uint64_t *queue = &p->history->queue;
	bool gave_up[WAITS_EACH] = { false };

	for (int i = 0; i < WAITS_EACH; i++)
		must(pawl_i_line_join(queue, p->w[i], pawl_i_waiter_arm(p->w[i])) == 0);
	answer_some(p, random_below(&p->random, WAITS_EACH + 1));
	check_order(p, gave_up);
	for (unsigned tries = random_below(&p->random, WAITS_EACH); tries > 0; tries--) {
		unsigned i = random_below(&p->random, WAITS_EACH);

		if (!gave_up[i] && pawl_i_waiter_give_up(p->w[i]) == 0) {
			gave_up[i] = true;
			p->gave_up++;
		}
		check_order(p, gave_up);
	}
	for (int i = WAITS_EACH - 1; i >= 0; i--) {
		if (gave_up[i])
			;
		else if (pawl_i_waiter_give_up(p->w[i]) == 0)
			p->gave_up++;
		else
			p->answered++;
		pawl_i_line_leave(queue, p->w[i]);
	}
}

static void take_part(void *arg)
{
	struct participant *p = arg;

	for (int i = 0; i < WAITS_EACH; i++)
		must((p->w[i] = pawl_i_waiter_get(NULL)) != NULL);
	for (int i = 0; i < p->history->rounds; i++)
		take_part_once(p);
	for (int i = 0; i < WAITS_EACH; i++)
		pawl_i_waiter_put(p->w[i]);
}

static void each_wait_of_many_threads_ends_once_and_those_of_one_in_their_order(void **state)
{
	struct history h = { .rounds = ROUNDS(50000) };
	uint64_t told = 0, answered = 0, gave_up = 0;
	struct participant p[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		p[i] = (struct participant){ .history = &h, .random = seed + i };
		worker_start(&p[i].worker, take_part, &p[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		worker_join(&p[i].worker);
		told += p[i].told;
		answered += p[i].answered;
		gave_up += p[i].gave_up;
	}
	note("%llu answered, %llu gave up", (unsigned long long)answered,
	     (unsigned long long)gave_up);
	assert_int_equal(told, answered);
	assert_int_equal(answered + gave_up, (uint64_t)THREADS * WAITS_EACH * (uint64_t)h.rounds);
	assert_true(answered > 0 && gave_up > 0);
	assert_int_equal(h.queue, 0);
}

/* One answers, all others wait for that, in objects that are freed as soon as nobody is
 * inside: each is told once, whatever comes meanwhile. */
struct relay {
	uint64_t *queue;	/* an object of its own, which the one who joined frees */
	uint64_t root;		/* atomic; of it: others may tell; 0: none */
	uint64_t told;		/* atomic */
	bool stop;		/* atomic */
};

static void tell_late(void *arg)
{
	struct relay *r = arg;
	struct waiter *wake;

	while (!pawl_load_(&r->stop, acquire)) {
		uint64_t ref = pawl_i_line_first_of(pawl_load_(&r->root, acquire));

		if (ref != 0 && pawl_i_waiter_tell(ref, GRANT, &wake))
			pawl_fetch_add_(&r->told, 1, relaxed);
	}
}

static void who_answers_needs_the_root_only_and_the_object_may_go(void **state)
{
	struct relay r = { .queue = NULL };
	struct worker tellers[2];
	struct waiter *w[3];
	uint64_t answered = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_non_null(w[i] = pawl_i_waiter_get(NULL));
	for (int i = 0; i < 2; i++)
		worker_start(&tellers[i], tell_late, &r);
	for (int round = 0; round < ROUNDS(100000); round++) {
		must((r.queue = calloc(1, sizeof *r.queue)) != NULL);
		for (int i = 0; i < 3; i++)
			must(pawl_i_line_join(r.queue, w[i], pawl_i_waiter_arm(w[i])) == 0);
		pawl_store_(&r.root, pawl_i_line_root(r.queue), release);
		for (int pause = 0; pause < round % 2048; pause++)
			(void)pawl_i_waiter_answer(w[0]);
		if (round % 1024 == 0)
			sched_yield();	/* where there is one CPU only */
		for (int i = 0; i < 3; i++) {
			answered += pawl_i_waiter_give_up(w[i]) != 0;
			pawl_i_line_leave(r.queue, w[i]);
		}
		must(*r.queue == 0);
		free(r.queue);
	}
	pawl_store_(&r.stop, true, release);
	for (int i = 0; i < 2; i++)
		worker_join(&tellers[i]);
	note("%llu of %d answered", (unsigned long long)answered, 3 * ROUNDS(100000));
	assert_int_equal(r.told, answered);
	assert_true(answered > 0);
	for (int i = 0; i < 3; i++)
		pawl_i_waiter_put(w[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(queue_and_list_answer_the_same_in_the_same_order),
		TEST(each_wait_of_many_threads_ends_once_and_those_of_one_in_their_order),
		TEST(who_answers_needs_the_root_only_and_the_object_may_go),
	};

	choose_seed();
	return test_main(tests);
}
