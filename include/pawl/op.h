/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/op.h - waiting without a thread: callbacks, for programs that have an event loop.
 *
 * An op is one wait for one object.  It is started by the _op form of a function, such as
 * pawl_mutex_lock_op(), and stands in the same queue as waiting threads.  When its turn has
 * come, its deadline has passed, or it was canceled, it goes to its completion queue, whose
 * file descriptor becomes readable; the program polls that with whatever loop it has, and
 * calls pawl_cq_dispatch(), which runs the callback done().
 *
 *	pawl_op_init(&op, cq, done, me);
 *	rc = pawl_mutex_lock_op(&m, &op);	0: it is locked, done() will not come
 *						EINPROGRESS: done() will come
 *						ENOMEM: nothing was started
 *
 * For each EINPROGRESS there is one call of done(), with 0, ETIMEDOUT, ECANCELED or what the
 * function says; nothing else calls it.  What one op waits for is ended by one step: grant,
 * deadline or cancel; if several come together, one of them is it, and the grant is not lost.
 *
 * An op without a queue (pawl_op_init_inline) has its done() called by whoever completes it:
 * on that thread, at the end of the call of pawl that did it, or, if that goes on to wait (a
 * condition, which gives up its mutex), before it does; never inside another done().
 *
 * Threads:   pawl_op_cancel() may be called at any time from any thread, as may the start of
 *            different ops.  An op is started by one thread at a time; a queue is dispatched by
 *            one thread at a time, no matter which.
 * Memory:    what was done before an op was started, and before it was granted or canceled, is
 *            visible in done().
 * Progress:  start, cancel, and completing an op: lock-free but for malloc and the write to
 *            the descriptor, which never blocks.  A call that was stopped anywhere holds up no
 *            op but its own.  dispatch waits for nobody.  close waits for calls that have
 *            just ended a wait of one of its ops and not yet returned.
 * Signals:   pawl_op_user and pawl_cq_fd are async-signal-safe; the others are not.
 * Misuse:    starting an op that was not initialised, or that is under way; giving a deadline
 *            to one that is under way, or to an inline one; waiting in the done() of an inline
 *            op; dispatching or closing a queue inside a done() of it, or on two threads at
 *            once; starting an op while its queue is being closed; dispatching a queue that was
 *            opened before a fork: one sentence on standard error, then abort().
 * Lifetime:  from its start until done() is called an op must stay where it is, and so must the
 *            object that it waits for.  done() may free the op, and may start it again; but it must
 *            outlive every call of pawl_op_cancel() on it.  A queue must outlive the calls
 *            that start ops of it.
 * Fork:      in the child a queue may be closed, which frees what it has there and calls
 *            nobody; nothing else.
 *
 * Ops ignore scopes (pawl/scope.h).
 *
 * Source: completion queues after io_uring; the list of completions is Treiber's stack, taken
 * whole; deadlines in a pairing heap (Fredman, Sedgewick, Sleator and Tarjan 1986).
 */
#ifndef PAWL_OP_H
#define PAWL_OP_H

#include <pawl/base.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_op pawl_op;
typedef struct pawl_cq pawl_cq;

/*
 * What to do when an op is over.
 *
 * Callbacks: of a queue, on the thread that dispatches or closes it, holding nothing but what
 * was granted; it may do anything but dispatch or close that queue.  Of an inline op, on the
 * thread that granted or canceled it, holding what that thread holds; it may not wait.  Neither
 * may leave otherwise than by returning.
 *
 * @rc:		0: what was waited for is the op's; ETIMEDOUT; ECANCELED; or as the function that
 *		started it says
 */
typedef void (*pawl_done_fn)(pawl_op *op, int rc);

struct pawl_op {
	uint64_t wait_;		/* private, all of it; drawn in lib/wait/op.h */
	uint64_t state_;
	const void *verb_;
	pawl_cq *cq_;
	pawl_done_fn done_;
	void *user_;
	pawl_time deadline_;
	void *object_;
	uint64_t *queue_;
	void *waiter_;
	void *result_;
	uint64_t phase_;
	uint32_t answer_;
	pawl_op *next_;
	pawl_op *links_[3];
};

/* Prepare @op: its done() will run in pawl_cq_dispatch(@cq). */
PAWL_API void pawl_op_init(pawl_op *op, pawl_cq *cq, pawl_done_fn done, void *user)
	__attribute__((__nonnull__(1, 2, 3)));

/* Prepare @op: its done() will run on the thread that grants or cancels it, when that has
 * touched the object for the last time, and never inside another done(). */
PAWL_API void pawl_op_init_inline(pawl_op *op, pawl_done_fn done, void *user)
	__attribute__((__nonnull__(1, 2)));

/*
 * Let @op end with ETIMEDOUT at @deadline.  Before its start; stays for later starts of it.
 *
 * @deadline:	instant; PAWL_FOREVER: none; in the past: what can be had at once is had
 */
PAWL_API void pawl_op_deadline(pawl_op *op, pawl_time deadline) PAWL_NONNULL_;

/* Return: the @user of init. */
PAWL_API void *pawl_op_user(const pawl_op *op) PAWL_NONNULL_;

/*
 * Give up what @op waits for.
 *
 * Return: 0: done() will be called with ECANCELED (for an inline op it has been, unless this is
 * called inside a done(), or while another thread is still starting the op, which then calls
 * it); EALREADY: it is granted, over, or was never started.
 */
PAWL_API int pawl_op_cancel(pawl_op *op) PAWL_NONNULL_;

/* Make a completion queue.  Return: 0; ENOMEM, EMFILE or ENFILE. */
PAWL_API int pawl_cq_open(pawl_cq **ret_cq) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Return: the descriptor to poll for reading, the same until close.  It is readable while
 * there is something to dispatch; now and then, when that came while a dispatch was running, once
 * more for nothing.  Nothing else may be done with it.
 */
PAWL_API int pawl_cq_fd(const pawl_cq *cq) PAWL_NONNULL_;

/*
 * Run the done() of ops that are over.  Does not wait.
 *
 * @max:	so many at most; <= 0: all that are over at this moment
 *
 * Return: how many.
 */
PAWL_API int pawl_cq_dispatch(pawl_cq *cq, int max) PAWL_NONNULL_;

/*
 * Close @cq, which may be NULL.  Ops that still wait are canceled; grants that were not
 * dispatched go back, to the next in line.  All of them get their done() now, with ECANCELED
 * (or what ended them before, such as ETIMEDOUT), so that it can free them.
 */
PAWL_API void pawl_cq_close(pawl_cq *cq);

PAWL_END_DECLS
#endif
