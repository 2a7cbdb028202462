/* SPDX-License-Identifier: BSD-2-Clause */
/* any_kinds.h - what pawl_wait_any() can wait for, one of each; and a thread that does. */
#ifndef TESTS_ANY_KINDS_H
#define TESTS_ANY_KINDS_H

#include <pawl/any.h>
#include <pawl/event.h>
#include <pawl/queue.h>
#include <pawl/scope.h>
#include <pawl/sem.h>

#include "support.h"

struct things {
	pawl_sem sem;		/* no permits */
	pawl_event event;
	pawl_notify notify;
	pawl_future future;
	pawl_latch latch;	/* one has to arrive */
	pawl_queue *queue;	/* of ints, empty */
	pawl_cancel *parent, *cancel;
};

struct any_kind {
	const char *name;
	int kind;
	bool is_used_up;	/* by who takes it */
	void *(*object)(struct things *t);
	void (*grant)(struct things *t);
};

enum { SEM, EVENT, NOTIFY, FUTURE, CANCEL, LATCH, QUEUE, KINDS };
extern const struct any_kind any_kinds[KINDS];

/* An empty one, of ints. */
pawl_queue *things_queue(unsigned flags);

void things_open(struct things *t);

/* Nobody waits for them, or stands in their queues. */
void things_close(struct things *t);

pawl_any things_one(struct things *t, size_t kind);

/* All kinds, from @first on. */
void things_list(struct things *t, size_t first, pawl_any list[KINDS]);

/* The result of a look without a wait; *@ret_which as it was if nothing is there. */
int any_poll(const pawl_any *list, size_t n, size_t *ret_which);

enum { UNTOUCHED = 12345 };

/* A thread that waits for @list. */
struct any_waiter {
	struct worker worker;
	const pawl_any *list;
	size_t n;
	pawl_time deadline;
	bool scoped;			/* inside a scope with these: */
	pawl_time scope_deadline;
	pawl_cancel *source;
	size_t which;
	int rc, left;			/* of the wait, and of the scope's leave */
};

#define ANY_WAITER(l, size) { .list = (l), .n = (size), .deadline = PAWL_FOREVER, \
	.scope_deadline = PAWL_FOREVER, .which = UNTOUCHED }

/* Start it; and return when it sleeps. */
void any_waiter_start(struct any_waiter *w);
void any_waiter_park(struct any_waiter *w);

/* It has taken, or takes, @which. */
void any_waiter_assert_takes(struct any_waiter *w, size_t which);

/* It ends, or has ended, with this error, and took nothing. */
void any_waiter_assert_fails(struct any_waiter *w, int rc);

#endif
