/* SPDX-License-Identifier: BSD-2-Clause */
/* gate.c - see gate.h. */
#include "config.h"

#include <errno.h>

#include <pawl/atomic.h>

#include "platform/cpu.h"
#include "platform/hb.h"
#include "wait/gate.h"
#include "wait/lobby.h"

#define ANNOUNCES (GATE_EPOCH - GATE_ANNOUNCE)

/* How one waits if one has to. */
enum way { NOT_YET, ASLEEP, IN_QUEUE };

/* The next word of who announces himself; the upper half stays as it is.  Of those who sleep the
 * first one does: it is said for all. */
static uint64_t announced(uint64_t word, enum way way)
{
	if (way == NOT_YET)
		return word;
	if (way == ASLEEP)
		return word | GATE_SLEEPS;
	return (word & ~ANNOUNCES) | ((word + GATE_ANNOUNCE) & ANNOUNCES);
}

static enum gate_look step(const struct gate *g, uint64_t seen, enum way way)
{
	/* H1 acquire: pairs with H3, J2, Z2.  What was done before it was opened. */
	uint64_t word = pawl_load_(g->word, acquire), next;
	enum gate_look look;

	do {
		look = g->look(word, seen);
		next = look == GATE_TAKE ? word & ~GATE_OPEN : announced(word, way);
		if (look == GATE_PASS || next == word)
			return look;
		/* H2 acq_rel: pairs with A1, H2, H3, J1, Y3, Z1, Z2, Z3.  That we stand in the
		 * queue, or are about to sleep, for who opens; as H1, if we take it or it is open
		 * now. */
	} while (!pawl_cas_weak_(g->word, &word, next, acq_rel, acquire));
	return look;
}

enum gate_look pawl_i_gate_step(const struct gate *g, uint64_t seen, bool announce)
{
	return step(g, seen, announce ? IN_QUEUE : NOT_YET);
}

uint32_t pawl_i_gate_note(const struct gate *g, uint64_t seen)
{
	return g->note ? g->note(seen) : 0;
}

/* Then it takes long anyway to wake them all, and the CPU is for who opens. */
static bool others_wait(const struct gate *g)
{
	/* H7 relaxed: a hint. */
	if (pawl_load_(g->word, relaxed) & GATE_SLEEPS)
		return true;
	/* H12 relaxed: the same. */
	return line_users(pawl_load_(g->queue, relaxed)) != 0;
}

static bool spin_and_pass(const struct gate *g, uint64_t seen, struct limit *l)
{
	uint32_t spins;

	if (pawl_i_gate_step(g, seen, false) != GATE_WAIT)
		return true;
	for (spins = others_wait(g) ? 0 : pawl_i_park_spins(l); spins > 0; spins--) {
		pawl_i_cpu_pause();
		/* H4 relaxed: H1 looks again. */
		if (pawl_load_(g->word, relaxed) != seen &&
		    pawl_i_gate_step(g, seen, false) != GATE_WAIT)
			return true;
	}
	return false;
}

struct sleep {
	const struct gate *gate;
	uint64_t seen;
};

static bool has_passed(void *arg)
{
	const struct sleep *s = arg;

	return step(s->gate, s->seen, NOT_YET) != GATE_WAIT;
}

/* Return: EAGAIN: the limit was reached, or there is no memory, and it is not over yet. */
static int wait_asleep(const struct gate *g, uint64_t seen, struct limit *l, unsigned round)
{
	struct wait_for what = { g->kind, g->object, NULL };
	struct waiter *w = pawl_i_park_waiter(&what);
	struct sleep s = { g, seen };

	if (!w)
		pawl_i_park_poll(round, l);
	else if (step(g, seen, ASLEEP) == GATE_WAIT)
		pawl_i_park_in_lobby(w->context, &what, l, g->word, has_passed, &s);
	return has_passed(&s) ? 0 : EAGAIN;
}

/* Return: false: no memory. */
static bool join(const struct gate *g, struct waiter *w, uint64_t seen)
{
	pawl_i_waiter_make_note(w, pawl_i_gate_note(g, seen));
	pawl_i_park_enter_room(w);
	if (pawl_i_line_join(g->queue, w, pawl_i_waiter_arm(w)) == 0)
		return true;
	pawl_i_park_leave_room(w);
	return false;
}

static void leave(const struct gate *g, struct waiter *w)
{
	pawl_i_line_leave(g->queue, w);
	pawl_i_park_leave_room(w);
}

/* The same as wait_asleep, at a gate that tells each by itself, and of a task. */
static int wait_in_queue(const struct gate *g, uint64_t seen, struct limit *l, unsigned round)
{
	struct wait_for what = { g->kind, g->object, NULL };
	struct waiter *w = pawl_i_park_waiter(&what);
	enum gate_look look;
	uint32_t answer;

	if (!w || !join(g, w, seen)) {
		pawl_i_park_poll(round, l);
		return pawl_i_gate_step(g, seen, false) != GATE_WAIT ? 0 : EAGAIN;
	}
	look = pawl_i_gate_step(g, seen, true);
	answer = look == GATE_WAIT ? pawl_i_park_or_give_up(w, &what, l) : pawl_i_waiter_give_up(w);
	leave(g, w);
	if (look == GATE_TAKE && answer == GRANT)
		g->give_back(g->object);
	if (look != GATE_WAIT)
		return 0;
	return answer == 0 ? EAGAIN : answer == CLOSED ? EPIPE : 0;
}

int pawl_i_gate_wait(const struct gate *g, pawl_time deadline)
{
	struct limit l = pawl_i_limit(deadline);
	/* H5 acquire: pairs with H3.  What the caller of a wait knows of, it need not wait for. */
	uint64_t seen = pawl_load_(g->word, acquire);
	int rc = spin_and_pass(g, seen, &l) ? 0 : EAGAIN;

	for (unsigned round = 0; rc == EAGAIN; round++) {
		if (pawl_i_limit_reached(&l))
			/* Whoever opened it may be stopped before it has answered us. */
			rc = pawl_i_gate_step(g, seen, false) != GATE_WAIT ? 0 :
				pawl_i_limit_error(&l);
		else
			rc = g->give_back || !pawl_i_park_is_thread() ?
				wait_in_queue(g, seen, &l, round) : wait_asleep(g, seen, &l, round);
	}
	if (rc == 0)
		hb_acquire(g->object);
	return rc;
}

/* @op joined the queue. */
static int park_op(const struct gate *g, pawl_op *op, uint64_t seen)
{
	enum gate_look look = pawl_i_gate_step(g, seen, true);
	uint32_t answer;
	int rc;

	if (look == GATE_WAIT)
		return pawl_i_op_park(op);
	if (pawl_i_op_withdraw(op)) {
		hb_acquire(g->object);
		return 0;
	}
	answer = pawl_i_waiter_answer(op->waiter_);
	rc = pawl_i_op_park(op);
	/* Told GRANT it has two; canceled, or late, it wants none. */
	if (look == GATE_TAKE && answer != RETRY)
		g->give_back(g->object);
	return rc;
}

int pawl_i_gate_wait_op(const struct gate *g, pawl_op *op, const struct op_verb *verb)
{
	/* H6 acquire: pairs with H3.  As H5. */
	uint64_t seen = pawl_load_(g->word, acquire);
	int rc;

	if (pawl_i_gate_step(g, seen, false) != GATE_WAIT) {
		hb_acquire(g->object);
		return 0;
	}
	pawl_i_op_hold();
	rc = pawl_i_op_join(op, verb, g->object, g->queue, pawl_i_gate_note(g, seen));
	if (rc == 0)
		rc = park_op(g, op, seen);
	pawl_i_op_let();
	return rc;
}

int pawl_i_gate_finish(pawl_op *op, uint32_t answer, bool closing)
{
	if ((answer != GRANT && answer != RETRY) || closing)
		return pawl_i_op_error(op, answer);
	hb_acquire(op->object_);
	return 0;
}

bool pawl_i_gate_open(uint64_t *word, uint64_t *queue, uint64_t *old, uint64_t next,
	uint32_t answer, uint32_t note)
{
	uint64_t root = pawl_i_line_root(queue);

	/* H3 acq_rel: pairs with H1, H2, H5, H6, J2, J3, J4, J5, J6, T3, Y1, Y2, Y3.  What was done
	 * before it is open; and by others who did their part of that.  The failure: those who
	 * announced themselves. */
	if (!pawl_cas_(word, old, next, acq_rel, acquire))
		return false;
	if (root == 0)
		return true;
	pawl_i_op_hold();
	pawl_i_line_tell_before(root, answer, note);
	pawl_i_op_let();
	return true;
}

void pawl_i_gate_call(const uint64_t *word)
{
	pawl_i_lobby_call(pawl_i_lobby(word), pawl_i_lobby_bit(word));
}

bool pawl_i_gate_open_wide(uint64_t *word, uint64_t *queue, uint64_t *old, uint64_t next,
	uint32_t answer, uint32_t note)
{
	if (!pawl_i_gate_open(word, queue, old, next, answer, note))
		return false;
	if (*old & GATE_SLEEPS)
		pawl_i_gate_call(word);
	return true;
}
