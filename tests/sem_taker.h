/* SPDX-License-Identifier: BSD-2-Clause */
/* sem_taker.h - threads that take permits of a semaphore, and what tests of that share. */
#ifndef TESTS_SEM_TAKER_H
#define TESTS_SEM_TAKER_H

#include <pawl/scope.h>
#include <pawl/sem.h>

#include "support.h"

struct sem_taker {
	struct worker worker;
	pawl_sem *sem;
	int64_t n;
	pawl_time deadline;
	pawl_cancel *source;	/* of a scope around it; NULL: none */
	int id, result;
	struct order *order;	/* may be NULL */
};

/* Start one that takes @n permits, of which there are not enough; returns when it sleeps. */
void taker_start(struct sem_taker *t, pawl_sem *s, int64_t n, pawl_time deadline);

/* The same, and note when it has them. */
void taker_start_in(struct order *order, struct sem_taker *t, int id, pawl_sem *s, int64_t n);

/* The same, for ever, in a scope that @source cancels. */
void taker_start_scoped(struct sem_taker *t, pawl_sem *s, int64_t n, pawl_cancel *source);

/* Return when it sleeps. */
void taker_await(const struct sem_taker *t);

/* Return: the result of its acquire; what it took it has still. */
int taker_join(struct sem_taker *t);

/* @t sleeps for a permit of the default policy: let it lose a race after more than 1 ms, so that
 * it sleeps again, and insists.  There is no permit then. */
void taker_starve(struct sem_taker *t);

/* Say that @id has what it waited for; from any thread. */
void order_note(struct order *order, int id);

/* Return when @count have noted themselves; the last of them is @id, or it fails. */
void order_expect(struct order *order, int count, int id);

/* With both policies: @fn with a semaphore without permits.  Nobody must be left in its queue. */
void with_each_sem(void (*fn)(pawl_sem *s));

/* The caller may take @n permits and no more, and nobody waits. */
void assert_permits(pawl_sem *s, int64_t n);

#endif
