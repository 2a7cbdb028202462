/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ends_model.h - how waits end: grant, cancel, deadline and close come at once, and who was granted
 * frees the object.  Written once, for whatever can be waited for: the files ends_*.c say what a
 * wait and a grant are there, and what must be true when all is over.
 */
#ifndef TESTS_MODEL_ENDS_MODEL_H
#define TESTS_MODEL_ENDS_MODEL_H

#include <errno.h>

#include "explorer/model.h"
#include "platform/poll.h"
#include "reclaim/sizes.h"

enum { NONE = -1, OPS = 2 };

/* What is not offered to three threads of which two wait, as it is in the models of one; and, with
 * two preemptions, to those that wait for several things, or would take too long. */
enum {
	LESS = NO_MEMORY | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES,
	LEAST = LESS | STALE_LOADS | WEAK_FAILURES
};

struct subject {
	size_t size;			/* of the object, zeroed memory */
	void (*make)(void);		/* so that who comes has to wait; may be NULL */
	/* Return: 0: it got what it waited for; EPIPE, ETIMEDOUT or ECANCELED. */
	int (*wait)(pawl_time deadline);
	int (*start)(pawl_op *op);
	void (*grant)(void);		/* once */
	void (*put)(void);		/* give back what a wait got; NULL: there is nothing */
	/* Of one wait or more, @taken got it; nobody waits now, and nothing was lost or doubled. */
	void (*judge)(int taken);
	void (*destroy)(void);		/* before it is freed; may be NULL */
};

static const struct subject *subject;
static void *object;
static pawl_cancel *source;
static pawl_cq *cq;
static pawl_op ops[OPS];
static pawl_time until;		/* the deadline of the wait */
static int results[OPS], cancels[OPS], calls, users, taken;
static bool granted, freed;

enum sight { CANCELED, GRANTED, LATE, BOTH };
#define SIGHTS "canceled", "granted", "late"

static void grant(void)
{
	granted = true;
	subject->grant();
}

static void free_object(void)
{
	freed = true;
	if (subject->destroy)
		subject->destroy();
	model_free(object);
}

/* What happened to a wait that ended with @rc; @too: it was canceled, or is late.  A grant may be
 * that it is closed. */
static void see(int rc, bool too)
{
	MODEL_CHECK(rc == 0 || rc == EPIPE || rc == ECANCELED || rc == ETIMEDOUT);
	model_saw(rc == ECANCELED ? CANCELED : rc == ETIMEDOUT ? LATE : too ? BOTH : GRANTED);
}

static void count_taken(void)
{
	(void)__atomic_add_fetch(&taken, 1, __ATOMIC_RELAXED);
	if (subject->put)
		subject->put();
}

static void begin(const struct subject *s, pawl_time deadline)
{
	subject = s;
	until = deadline;
	users = OPS;
	object = model_alloc(s->size);
	model_name(object, s->size, "object");
	MODEL_CHECK(pawl_cancel_open(NULL, &source) == 0);
	if (s->make)
		s->make();
}

/* Whoever comes now gets what is left. */
static void end(void)
{
	if (!freed) {
		if (!granted)
			grant();
		subject->judge(taken);
		free_object();
	}
	pawl_cancel_close(source);
	pawl_cq_close(cq);
}

/* Threads. */

/* Return: as the wait. */
static int wait_in_scope(pawl_time deadline)
{
	pawl_scope scope;
	int rc;

	pawl_scope_enter(&scope, PAWL_FOREVER, source, 0);
	rc = subject->wait(deadline);
	see(rc, pawl_cancel_reason(source) != 0 || pawl_now() >= model_soon());
	MODEL_CHECK(rc != ECANCELED || pawl_cancel_reason(source) != 0);
	MODEL_CHECK(pawl_scope_leave(&scope, rc) == rc);
	if (rc == 0)
		count_taken();
	return rc;
}

static __attribute__((__unused__)) void wait_grant_fire(unsigned who)
{
	if (who == 1)
		(void)wait_in_scope(until);
	else if (who == 2)
		grant();
	else
		pawl_cancel_fire(source, 1);
}

static __attribute__((__unused__)) void wait_or_fire(unsigned who)
{
	wait_grant_fire(who == 2 ? 3 : who);
}

/* Two wait, one of whom gives up, or not; the last of them frees the object. */
static __attribute__((__unused__)) void wait_or_wait_and_fire(unsigned who)
{
	if (who == 1) {
		grant();
		return;
	}
	if (who == 3) {
		pawl_cancel_fire(source, 1);
		MODEL_CHECK(subject->wait(PAWL_FOREVER) == 0);
		count_taken();
	} else {
		(void)wait_in_scope(until);
	}
	if (__atomic_sub_fetch(&users, 1, __ATOMIC_ACQ_REL) == 0)
		free_object();
}

/* Both are canceled at once. */
static __attribute__((__unused__)) void two_wait_or_fire(unsigned who)
{
	wait_grant_fire(who == 2 ? 1 : who);
}

#define THREE(id, text, body, last, ...) \
	MODEL(id, .about = text, .threads = 3, .setup = make_##id, .enter = model_attach, \
	      .thread = body, .finish = last, __VA_ARGS__)
#define ALL_BUT_MEMORY .without = NO_MEMORY, .preemptions = 2

/* A thread that waits is granted, canceled, and late. */
#define ENDS_THREAD(id, subject_) \
	static void make_##id(void) { begin(&subject_, model_soon()); } \
	THREE(id, "T1 waits until a deadline, T2 grants, T3 cancels", wait_grant_fire, end, \
	      .sights = { SIGHTS, "granted, but canceled or late too" }, ALL_BUT_MEMORY)

/* It is canceled, and late; nothing else comes. */
#define ENDS_LATE(id, subject_) \
	static void make_##id(void) { begin(&subject_, model_soon()); } \
	static void end_##id(void) { model_saw(GRANTED); end(); } \
	MODEL(id, .about = "T1 waits until a deadline, T2 cancels", .threads = 2, \
	      .setup = make_##id, .enter = model_attach, .thread = wait_or_fire, \
	      .finish = end_##id, .sights = { "canceled", "over", "late" })

/* Two are canceled at once. */
#define ENDS_BOTH(id, subject_, ...) \
	static void make_##id(void) { begin(&subject_, PAWL_FOREVER); } \
	THREE(id, "T1 and T2 wait, T3 cancels both", two_wait_or_fire, end, \
	      .sights = { "canceled" }, __VA_ARGS__)

/* Of two threads one gives up, and the last frees the object. */
#define ENDS_LAST(id, subject_, ...) \
	static void make_##id(void) { begin(&subject_, model_soon()); } \
	THREE(id, "T1 grants; T2 waits until a deadline, T3 cancels it, and waits; the last frees", \
	      wait_or_wait_and_fire, end, \
	      .sights = { SIGHTS, "granted, but canceled or late too" }, __VA_ARGS__)

/* Ops. */

static void done(pawl_op *op, int rc)
{
	int *result = &results[op == &ops[1]];

	MODEL_CHECK(*result == NONE);
	*result = rc;
	(void)__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	if (rc == 0)
		count_taken();
}

/* Who got it frees it. */
static __attribute__((__unused__)) void done_and_free(pawl_op *op, int rc)
{
	done(op, rc);
	if (rc == 0)
		free_object();
}

/* No grant comes but this. */
static __attribute__((__unused__)) void done_for_good(pawl_op *op, int rc)
{
	done(op, rc);
	grant();
	free_object();
}

static void start(pawl_op *op)
{
	MODEL_CHECK(subject->start(op) == EINPROGRESS);
	results[op == &ops[1]] = NONE;
}

static __attribute__((__unused__)) void begin_inline(const struct subject *s, pawl_done_fn fn)
{
	begin(s, PAWL_FOREVER);
	for (int i = 0; i < OPS; i++)
		pawl_op_init_inline(&ops[i], fn, NULL);
	start(&ops[0]);
}

static __attribute__((__unused__)) void begin_two(const struct subject *s)
{
	begin_inline(s, done);
	start(&ops[1]);
}

static __attribute__((__unused__)) void begin_queue(const struct subject *s, pawl_done_fn fn)
{
	begin(s, model_soon());
	MODEL_CHECK(pawl_cq_open(&cq) == 0);
	model_name(cq, 256, "cq");
	pawl_op_init(&ops[0], cq, fn, NULL);
	pawl_op_deadline(&ops[0], until);
	start(&ops[0]);
}

static void cancel(int i)
{
	cancels[i] = pawl_op_cancel(&ops[i]);
	MODEL_CHECK(cancels[i] == 0 || cancels[i] == EALREADY);
}

static void end_ops(int n)
{
	MODEL_CHECK(calls == n);
	for (int i = 0; i < n; i++) {
		see(results[i], false);
		MODEL_CHECK((results[i] == ECANCELED) == (cancels[i] == 0));
	}
	end();
}

static __attribute__((__unused__)) void end_one(void)
{
	end_ops(1);
}

static __attribute__((__unused__)) void end_two(void)
{
	end_ops(2);
}

static __attribute__((__unused__)) void grant_or_cancel(unsigned who)
{
	if (who == 1)
		grant();
	else
		cancel((int)who - 2);
}

static __attribute__((__unused__)) void dispatch_cancel_grant(unsigned who)
{
	if (who == 3)
		grant();
	else if (who == 2)
		cancel(0);
	while (who == 1 && calls == 0) {
		model_poll(pawl_cq_fd(cq));
		(void)pawl_cq_dispatch(cq, 0);
	}
}

static __attribute__((__unused__)) void close_cancel_grant(unsigned who)
{
	if (who > 1) {
		dispatch_cancel_grant(who);
		return;
	}
	pawl_cq_close(cq);
	cq = NULL;
}

/* Whatever came first, a close is a cancel; the grant went back. */
static __attribute__((__unused__)) void end_closed(void)
{
	MODEL_CHECK(calls == 1);
	MODEL_CHECK(results[0] == ECANCELED || results[0] == ETIMEDOUT || results[0] == EPIPE);
	MODEL_CHECK(results[0] == ECANCELED || cancels[0] != 0);
	model_saw(cancels[0] == 0 ? CANCELED : results[0] == ETIMEDOUT ? LATE : GRANTED);
	end();
}

/* An inline op is granted, and canceled. */
#define ENDS_INLINE(id, subject_) \
	static void make_##id(void) { begin_inline(&subject_, done); } \
	MODEL(id, .about = "T1 grants an inline op, T2 cancels it", .threads = 2, \
	      .setup = make_##id, .enter = model_attach, .thread = grant_or_cancel, \
	      .finish = end_one, .sights = { "canceled", "granted" }, .without = NO_MEMORY)

/* Who is granted frees the object, while both calls are returning. */
#define ENDS_INLINE_FREED(id, subject_) \
	static void make_##id(void) { begin_inline(&subject_, done_and_free); } \
	MODEL(id, .about = "the same, and it frees the object if it is granted", .threads = 2, \
	      .setup = make_##id, .enter = model_attach, .thread = grant_or_cancel, \
	      .finish = end_one, .sights = { "canceled", "granted" }, .without = NO_MEMORY)

/* Two inline ops: the grant that one of them leaves goes to the other, or stays. */
#define ENDS_TWO(id, subject_) \
	static void make_##id(void) { begin_two(&subject_); } \
	THREE(id, "T1 grants one of two inline ops, T2 and T3 cancel one each", \
	      grant_or_cancel, end_two, \
	      .sights = { "one was canceled", "one was granted" }, ALL_BUT_MEMORY)

/* An op of a queue is granted, canceled, and late. */
#define ENDS_OP(id, subject_) \
	static void make_##id(void) { begin_queue(&subject_, done); } \
	THREE(id, "T1 dispatches an op until its deadline, T2 cancels it, T3 grants it", \
	      dispatch_cancel_grant, end_one, .sights = { SIGHTS }, ALL_BUT_MEMORY)

/* Its done() frees the object, while the call that ended it returns, or one that came too late. */
#define ENDS_OP_FREED(id, subject_) \
	static void make_##id(void) { begin_queue(&subject_, done_and_free); } \
	THREE(id, "the same, and it frees the object if it is granted", \
	      dispatch_cancel_grant, end_one, \
	      .sights = { SIGHTS }, ALL_BUT_MEMORY)

#define ENDS_OP_LATE(id, subject_) \
	static void make_##id(void) { begin_queue(&subject_, done_for_good); } \
	static void end_##id(void) { model_saw(GRANTED); end_one(); } \
	MODEL(id, .about = "T1 dispatches an op, which frees the object, T2 cancels it", \
	      .threads = 2, .setup = make_##id, .enter = model_attach, \
	      .thread = dispatch_cancel_grant, .finish = end_##id, \
	      .sights = { "canceled", "over", "late" }, .without = NO_MEMORY)

/* The queue is closed meanwhile. */
#define ENDS_CLOSED(id, subject_) \
	static void make_##id(void) { begin_queue(&subject_, done); } \
	THREE(id, "T1 closes the queue of an op, T2 cancels it, T3 grants it", \
	      close_cancel_grant, end_closed, ALL_BUT_MEMORY, \
	      .sights = { "canceled", "granted or closed", "late" })

#endif
