/* SPDX-License-Identifier: BSD-2-Clause */
/* mixed_verbs.h - every wait that there is, as a table: for test_mixed.c. */
#ifndef TESTS_MIXED_VERBS_H
#define TESTS_MIXED_VERBS_H

#include <pawl/op.h>
#include <pawl/time.h>

#include "support.h"

enum serves {
	IN_TURN,	/* one grant: each passes it on, in the order in which they came */
	IN_TURN_OR_LATE, /* the same, but who gives up looks once more: when others have passed */
	ONE_BY_ONE,	/* a grant for each, in that order */
	IN_ANY_ORDER,	/* as IN_TURN, but the order is not promised */
	ALL_AT_ONCE	/* one grant for all */
};

struct verb {
	const char *name;
	enum serves serves;
	void (*open)(unsigned waiters);	/* nothing is to be had */
	/* Return: 0, or how it failed.  Calls got(@arg) once, when it has what it waited for. */
	int (*wait)(pawl_time deadline, void (*got)(void *arg), void *arg);
	int (*start)(pawl_op *op);	/* NULL: there is no such form */
	void (*finish)(void);		/* an op has it: give back, or on; NULL: nothing to do */
	void (*grant)(void);
	void (*close)(void);		/* nothing is lost, and nobody is in a queue */
	bool breaks;			/* if one gives up, it is not to be had any more */
};

/* Those of mixed_verbs_queue.c. */
enum { QUEUE_VERBS = 5 };
extern const struct verb queue_verbs[QUEUE_VERBS];

/* Return: the first, for NULL; NULL after the last. */
const struct verb *verb_after(const struct verb *v);

#define FOR_EACH_VERB(v) for (const struct verb *v = verb_after(NULL); v; v = verb_after(v))

#endif
