/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gate_kinds.h - what the tests of event, notify, latch, barrier and future share: each as a gate
 * that one step opens for all who wait at it, threads that wait there, and ops.
 */
#ifndef TESTS_GATE_KINDS_H
#define TESTS_GATE_KINDS_H

#include <pawl/event.h>
#include <pawl/op.h>
#include <pawl/scope.h>

#include "support.h"

struct gate_kind {
	const char *name;		/* as in dumps */
	size_t size, queue_at;
	/* It is all zeros; @waiters will wait. */
	void (*shut)(void *object, unsigned waiters);
	int (*wait)(void *object, pawl_time deadline);
	int (*wait_op)(void *object, pawl_op *op);	/* NULL: a barrier */
	void (*let_pass)(void *object);
	bool stays;			/* who comes later passes too */
	uint64_t waits;			/* bits of its word: of threads that sleep in its lobby; 0: they
					 * stand in its queue */
};

enum { GATE_EVENT, GATE_NOTIFY, GATE_LATCH, GATE_FUTURE, GATE_BARRIER, GATE_KINDS };
enum { GATE_OP_KINDS = GATE_BARRIER };

extern const struct gate_kind gate_kinds[GATE_KINDS];

/* Who gives up breaks a barrier, and it has no ops; test_barrier.c has that. */
#define FOR_EACH_GATE(k) \
	for (const struct gate_kind *k = gate_kinds; k < gate_kinds + GATE_KINDS; k++)
#define FOR_EACH_OP_GATE(k) \
	for (const struct gate_kind *k = gate_kinds; k < gate_kinds + GATE_OP_KINDS; k++)

/* One that is shut, for @waiters. */
void *gate_new(const struct gate_kind *k, unsigned waiters);

/* Whether nobody is in its queue, which was given back then. */
bool gate_is_idle(const struct gate_kind *k, const void *object);

/* Whether somebody waits, or has; for a moment. */
bool gate_is_waited_for(const struct gate_kind *k, const void *object);

/* Until *@word, which only grows, is @value or more. */
void gate_await(uint32_t *word, uint32_t value);

/* Nobody waits, and it is given back. */
void gate_end(const struct gate_kind *k, void *object);

/*** A thread that waits once ******************************************************************/

struct gate_waiter {
	struct worker worker;
	const struct gate_kind *kind;
	void *object;
	pawl_time deadline;
	bool scoped;		/* inside a scope with these two */
	pawl_time scope_deadline;
	pawl_cancel *source;	/* may be NULL */
	int rc, left;		/* of the wait, and of leave */
	int check;		/* of pawl_scope_check() between them */
	int seen;		/* gate_written when it passed */
};

/* What was done before it was opened; plain, so that only the gate orders it. */
extern int gate_written;

#define GATE_WAITER(k, o) { .kind = (k), .object = (o), .deadline = PAWL_FOREVER, \
	.scope_deadline = PAWL_FOREVER }

/* Return when it sleeps. */
void gate_waiter_park(struct gate_waiter *w);
void gate_waiter_start(struct gate_waiter *w);

/* Return: what its wait returned. */
int gate_waiter_join(struct gate_waiter *w);

/* It passes, and has seen @written. */
void gate_waiter_assert_passes(struct gate_waiter *w, int written);

pawl_cancel *gate_source(void);

/*** Waits that end about when the gate opens ***********************************************/

enum { GATE_DUELS = 50 };

/* A thread waits at one object after the other, and at each the test does something against the
 * wait.  They meet once in a round only, so a busy machine does not slow it down much. */
struct gate_duel {
	struct worker worker;
	const struct gate_kind *kind;
	uint32_t rounds;
	bool cancels;			/* each wait can be canceled, and has no deadline */
	void *object[GATE_DUELS];
	pawl_cancel *source[GATE_DUELS];
	int rc[GATE_DUELS];		/* of the waits */
	uint32_t turn, answered;	/* atomic: rounds that began, and are over for the thread */
	uint32_t at;			/* atomic: waits that began in this round */
	pawl_time when;			/* atomic: the deadline of the last of them */
	uint32_t announced;		/* waits that had to sleep when the test came */
};

/*
 * Go through all rounds.
 *
 * @act:	do something against wait @i
 * @judge:	the wait has ended
 */
void gate_duel_run(struct gate_duel *d, void (*act)(struct gate_duel *d, uint32_t i),
	void (*judge)(struct gate_duel *d, uint32_t i));

/* For @act: spin until about the deadline of the wait, now before it and now after it. */
void gate_duel_spin(const struct gate_duel *d, uint32_t i);

/*** An op that notes how it ended *************************************************************/

enum { GATE_NONE = -77 };

struct gate_op {
	pawl_op op;
	int rc;			/* GATE_NONE: done() was not called */
	int calls, seen;
	pthread_t where;
};

/* @cq:		NULL: inline */
void gate_op_init(struct gate_op *o, pawl_cq *cq);

/* It has to wait. */
void gate_op_park(struct gate_op *o, const struct gate_kind *k, void *object);

/* Dispatch until so many were. */
void gate_dispatch(pawl_cq *cq, int count);

#endif
