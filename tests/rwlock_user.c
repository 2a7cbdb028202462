/* SPDX-License-Identifier: BSD-2-Clause */
/* rwlock_user.c - see rwlock_user.h. */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>

#include "rwlock_user.h"

uint32_t rw_written;

static uint32_t turns;		/* atomic */

static int lock(struct rw_user *u)
{
	if (u->deadline != PAWL_FOREVER || u->source)
		return u->how == RW_READ ? pawl_rwlock_rdlock_until(u->lock, u->deadline) :
			pawl_rwlock_wrlock_until(u->lock, u->deadline);
	if (u->how == RW_READ)
		pawl_rwlock_rdlock(u->lock);
	else
		pawl_rwlock_wrlock(u->lock);
	return 0;
}

static int lock_in_scope(struct rw_user *u)
{
	pawl_scope scope;
	int rc;

	if (!u->source)
		return lock(u);
	pawl_scope_enter(&scope, PAWL_FOREVER, u->source, 0);
	rc = lock(u);
	must(pawl_scope_leave(&scope, 0) == 0);
	return rc;
}

static void use(void *arg)
{
	struct rw_user *u = arg;
	int rc = lock_in_scope(u);

	must(rc != ETIMEDOUT || pawl_now() >= u->deadline);
	if (rc == 0) {
		u->turn = pawl_fetch_add_(&turns, 1, relaxed);
		u->seen = u->how == RW_WRITE ? ++rw_written : rw_written;
	}
	u->result = rc;
	pawl_store_(&u->back, 1, release);
	gate_pass(&u->may_leave);
	if (rc != 0)
		return;
	must(rw_written == u->seen);
	if (u->how == RW_READ)
		pawl_rwlock_rdunlock(u->lock);
	else
		pawl_rwlock_wrunlock(u->lock);
}

static void start(struct rw_user *u, const struct rw_user *like)
{
	*u = *like;
	u->result = RW_NONE;
	u->may_leave = (struct gate)GATE_INIT;
	worker_start(&u->worker, use, u);
}

static void park(struct rw_user *u, const struct rw_user *like)
{
	start(u, like);
	worker_await_wait(&u->worker, "rwlock", u->lock);
}

void rw_park(struct rw_user *u, pawl_rwlock *l, enum rw_how how)
{
	park(u, &(struct rw_user){ .lock = l, .how = how, .deadline = PAWL_FOREVER });
}

void rw_park_until(struct rw_user *u, pawl_rwlock *l, enum rw_how how, pawl_time deadline)
{
	park(u, &(struct rw_user){ .lock = l, .how = how, .deadline = deadline });
}

void rw_park_scoped(struct rw_user *u, pawl_rwlock *l, enum rw_how how, pawl_cancel *source)
{
	park(u, &(struct rw_user){ .lock = l, .how = how, .deadline = PAWL_FOREVER,
		.source = source });
}

void rw_enter(struct rw_user *u, pawl_rwlock *l, enum rw_how how)
{
	start(u, &(struct rw_user){ .lock = l, .how = how, .deadline = PAWL_FOREVER });
	rw_assert_gets(u);
}

void rw_assert_waits(const struct rw_user *u)
{
	worker_await_wait(&u->worker, "rwlock", u->lock);
	assert_int_equal(pawl_load_(&u->back, acquire), 0);
}

int rw_await(const struct rw_user *u)
{
	while (!pawl_load_(&u->back, acquire))
		nap(PAWL_US(50));
	return u->result;
}

void rw_assert_gets(const struct rw_user *u)
{
	assert_int_equal(rw_await(u), 0);
}

void rw_leave(struct rw_user *u)
{
	gate_open(&u->may_leave);
	worker_join(&u->worker);
}

void rw_assert_fails(struct rw_user *u, int result)
{
	assert_int_equal(rw_await(u), result);
	rw_leave(u);
}

/*** Ops ***************************************************************************************/

void rw_op_done(pawl_op *op, int rc)
{
	struct rw_op *n = pawl_op_user(op);

	n->rc = rc;
	n->calls++;
	n->where = pthread_self();
}

void rw_op_init(pawl_cq *cq, struct rw_op *n, pawl_rwlock *l, enum rw_how how)
{
	*n = (struct rw_op){ .lock = l, .how = how, .rc = RW_NONE };
	pawl_op_init(&n->op, cq, rw_op_done, n);
}

void rw_op_init_inline(struct rw_op *n, pawl_rwlock *l, enum rw_how how, pawl_done_fn done)
{
	*n = (struct rw_op){ .lock = l, .how = how, .rc = RW_NONE };
	pawl_op_init_inline(&n->op, done, n);
}

int rw_op_begin(struct rw_op *n)
{
	return n->how == RW_READ ? pawl_rwlock_rdlock_op(n->lock, &n->op) :
		pawl_rwlock_wrlock_op(n->lock, &n->op);
}

void rw_op_start(pawl_cq *cq, struct rw_op *n, pawl_rwlock *l, enum rw_how how)
{
	rw_op_init(cq, n, l, how);
	assert_int_equal(rw_op_begin(n), EINPROGRESS);
}

void rw_op_start_inline(struct rw_op *n, pawl_rwlock *l, enum rw_how how)
{
	rw_op_init_inline(n, l, how, rw_op_done);
	assert_int_equal(rw_op_begin(n), EINPROGRESS);
}

void rw_op_let_go(struct rw_op *n)
{
	if (n->how == RW_READ)
		pawl_rwlock_rdunlock(n->lock);
	else
		pawl_rwlock_wrunlock(n->lock);
}

static void let_go_anywhere(void *arg)
{
	rw_op_let_go(arg);
}

void rw_op_let_go_elsewhere(struct rw_op *n)
{
	struct worker w;

	worker_start(&w, let_go_anywhere, n);
	worker_join(&w);
}

void rw_op_assert_ends(const struct rw_op *n, int rc)
{
	assert_int_equal(n->rc, rc);
	assert_int_equal(n->calls, 1);
}

/*** Locks *************************************************************************************/

/* Return: whether a reader left no trace in the lock itself. */
static bool read_leaves_no_trace(pawl_rwlock *l)
{
	uint64_t before = pawl_load_(&l->word_, relaxed), now;

	pawl_rwlock_rdlock(l);
	now = pawl_load_(&l->word_, relaxed);
	pawl_rwlock_rdunlock(l);
	return before == now;
}

void rw_have_slots(pawl_rwlock *l)
{
	for (int i = 0; i < 1000; i++)
		if (read_leaves_no_trace(l))
			return;
	fail_msg("1000 reads did not lead to slots");
}

void rw_read_in_slot(pawl_rwlock *l)
{
	uint64_t before;

	rw_have_slots(l);
	before = pawl_load_(&l->word_, relaxed);
	pawl_rwlock_rdlock(l);
	assert_int_equal(pawl_load_(&l->word_, relaxed), before);
}

void rw_assert_free(pawl_rwlock *l)
{
	assert_int_equal(pawl_rwlock_trywrlock(l), 0);
	rw_assert_written(l);
	pawl_rwlock_wrunlock(l);
	assert_int_equal(pawl_rwlock_tryrdlock(l), 0);
	pawl_rwlock_rdunlock(l);
	assert_int_equal(l->readers_, 0);
	assert_int_equal(l->writers_, 0);
}

void rw_assert_read(pawl_rwlock *l)
{
	assert_int_equal(pawl_rwlock_trywrlock(l), EBUSY);
	assert_int_equal(pawl_rwlock_tryrdlock(l), 0);
	pawl_rwlock_rdunlock(l);
}

void rw_assert_written(pawl_rwlock *l)
{
	assert_int_equal(pawl_rwlock_trywrlock(l), EBUSY);
	assert_int_equal(pawl_rwlock_tryrdlock(l), EBUSY);
}
