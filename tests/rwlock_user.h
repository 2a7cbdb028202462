/* SPDX-License-Identifier: BSD-2-Clause */
/* rwlock_user.h - threads and ops that have a lock, or wait for it: what tests of that share. */
#ifndef TESTS_RWLOCK_USER_H
#define TESTS_RWLOCK_USER_H

#include <pawl/op.h>
#include <pawl/rwlock.h>
#include <pawl/scope.h>

#include "support.h"

enum rw_how { RW_READ, RW_WRITE };

struct rw_user {
	struct worker worker;
	pawl_rwlock *lock;
	enum rw_how how;
	pawl_time deadline;
	pawl_cancel *source;	/* of a scope around its call; NULL: none */
	int result;		/* of its call; RW_NONE: under way */
	uint32_t turn;		/* whose it was to get it: larger ones got it later */
	uint32_t seen;		/* rw_written when it had it, with its own write */
	uint32_t back;		/* atomic: 1 when the call has returned */
	struct gate may_leave;
};

enum { RW_NONE = -77 };

/* What writers change and readers read; plain, so that only the locks order it. */
extern uint32_t rw_written;

/* Start one, and return when it sleeps. */
void rw_park(struct rw_user *u, pawl_rwlock *l, enum rw_how how);
void rw_park_until(struct rw_user *u, pawl_rwlock *l, enum rw_how how, pawl_time deadline);
void rw_park_scoped(struct rw_user *u, pawl_rwlock *l, enum rw_how how, pawl_cancel *source);

/* Start one that gets it; return when it has it. */
void rw_enter(struct rw_user *u, pawl_rwlock *l, enum rw_how how);

/* It has not got it, and sleeps. */
void rw_assert_waits(const struct rw_user *u);

/* Return: the result of its call, when that has returned. */
int rw_await(const struct rw_user *u);

/* It gets it. */
void rw_assert_gets(const struct rw_user *u);

/* Let it unlock, and end. */
void rw_leave(struct rw_user *u);

/* Its call returns @result, not 0; and it ends. */
void rw_assert_fails(struct rw_user *u, int result);

/*** Ops ***************************************************************************************/

/* One that notes how it ended. */
struct rw_op {
	pawl_op op;
	pawl_rwlock *lock;
	enum rw_how how;
	int rc;			/* RW_NONE: done() was not called */
	int calls;
	pthread_t where;
};

/* The done() of these, and of inline ones that do no more. */
void rw_op_done(pawl_op *op, int rc);

void rw_op_init(pawl_cq *cq, struct rw_op *n, pawl_rwlock *l, enum rw_how how);
void rw_op_init_inline(struct rw_op *n, pawl_rwlock *l, enum rw_how how, pawl_done_fn done);

/* Return: what its start returned. */
int rw_op_begin(struct rw_op *n);

/* Begin one that has to wait. */
void rw_op_start(pawl_cq *cq, struct rw_op *n, pawl_rwlock *l, enum rw_how how);
void rw_op_start_inline(struct rw_op *n, pawl_rwlock *l, enum rw_how how);

/* Unlock what it got; as another thread. */
void rw_op_let_go(struct rw_op *n);
void rw_op_let_go_elsewhere(struct rw_op *n);

/* It has ended so, once. */
void rw_op_assert_ends(const struct rw_op *n, int rc);

/*** Locks *************************************************************************************/

/* Let readers be in slots of their threads from now on, until there is a writer. */
void rw_have_slots(pawl_rwlock *l);

/* Lock for reading, in a slot. */
void rw_read_in_slot(pawl_rwlock *l);

/* Nobody has it, and nobody waits. */
void rw_assert_free(pawl_rwlock *l);

/* A number of readers, and no writer, have it; nobody waits for writing. */
void rw_assert_read(pawl_rwlock *l);

/* A writer has it. */
void rw_assert_written(pawl_rwlock *l);

#endif
