/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flood.h - pawl-flood: so many items through queues, by 1, 2, 4, 16 threads at each end; a fifth
 * of them through queues that are PAWL_QUEUE_FAST.
 *
 * Rounds of one queue each, of capacity 64, 4, 1, 1024 and so on.  Items go one by one and many at
 * once; waits are timed and canceled, and a queue may be closed before its producers are done: what
 * was not pushed then goes into the next.  At the end of a round all that was pushed has been
 * popped, once, and in the order of its producer by each consumer; or else pawl-flood says what was
 * not.
 */
#ifndef STRESS_FLOOD_H
#define STRESS_FLOOD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pawl/queue.h>
#include <pawl/scope.h>

enum {
	FLOOD_LINE = 64,		/* bytes that threads do not share */
	FLOOD_THREADS = 32,
	FLOOD_AT_ONCE = 32,		/* items of a call */
	FLOOD_ROUND = 1 << 18,		/* items of a round, at most */
	FLOOD_IN_VAIN = 1 << 16,	/* with as many, waits in vain are for sure */
};

struct flood_shape {
	const char *name;
	unsigned producers, consumers;
	unsigned flags;			/* of the queues */
	unsigned share;			/* of all items */
};

/* What is planted, for the judge to see: something that a queue never does. */
enum flood_plant { PLANT_NONE, PLANT_LOSE, PLANT_DOUBLE, PLANT_SWAP, PLANT_ALTER };

struct flood_item {
	uint32_t producer, check;
	uint64_t number;
};

struct flood_ends {
	uint64_t timeouts, cancels, refused, sleeps;
};

/* A producer, or a consumer. */
struct flood_worker {
	_Alignas(FLOOD_LINE) _Atomic uint64_t moved;	/* items */
	_Atomic(pawl_cancel *) source;	/* fires at what it does now */
	struct flood *flood;
	unsigned index;			/* among its kind */
	uint64_t random;
	struct flood_ends ends;
	pthread_t thread;
	/* A producer: its next item, the first of the round, and the end of the round. */
	uint64_t next, first, end;
	/* A consumer: which items of the round it got, see flood_judge.c. */
	uint64_t *seen;
	uint64_t *last;			/* of each producer: its next is not less */
};

struct flood {
	const struct flood_shape *shape;
	enum flood_plant plant;
	bool planted;			/* the first consumer's */
	uint64_t wanted, done;		/* items */
	uint64_t rounds;
	pawl_queue *queue;
	bool over;
	struct flood_worker *closer;	/* closes too early; or NULL */
	uint64_t closes_after;		/* so many items of its in the round */
	size_t span;			/* of each producer's items in seen */
	_Atomic unsigned busy;		/* producers that are not done */
	_Atomic bool failed;
	pthread_barrier_t meeting;
	struct flood_worker *producers, *consumers;
};

/* flood_flow.c: run all threads of @f, until all items are through, or it failed. */
void flood_run(struct flood *f);

/* What any thread moved; to see whether it goes on. */
uint64_t flood_moved(const struct flood *f);

uint64_t flood_random(struct flood_worker *w, uint64_t n);
void flood_fail(struct flood *f, const char *format, ...)
	__attribute__((__format__(__printf__, 2, 3)));

/* flood_calls.c: push, or pop, @n items at most.  Return: as push_n; and EAGAIN, where it does not
 * wait. */
typedef int (*flood_call_fn)(pawl_queue *q, struct flood_item *items, size_t n, pawl_time deadline,
	size_t *ret_n);

struct flood_verb {
	flood_call_fn many, one, or_not;
};

extern const struct flood_verb flood_push, flood_pop;

/* In some of the ways that there are; most of them wait for ever. */
int flood_call(struct flood_worker *w, const struct flood_verb *v, struct flood_item *items,
	size_t n, size_t *ret_n);

/* As nothing is to be had now: until a deadline, and until it is canceled by flood_cancel(). */
void flood_wait_in_vain(struct flood_worker *w, const struct flood_verb *v,
	struct flood_item *item);

/* Cancel what waits and can be. */
void flood_cancel(struct flood *f);

/* flood_judge.c: for all rounds */
void flood_judge_open(struct flood *f);
void flood_judge_close(struct flood *f);

void flood_make(struct flood_item *ret, const struct flood_worker *producer, uint64_t number);

/* The consumer @w got @n items, in this order. */
void flood_got(struct flood_worker *w, struct flood_item *items, size_t n);

/* The round is over.  Return: how many were pushed in it. */
uint64_t flood_judge(struct flood *f);

#endif
