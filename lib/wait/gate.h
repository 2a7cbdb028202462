/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gate.h - waits that one step ends for all: what event, notify, latch, barrier and future have in
 * common.  Uses: atomic, platform, context, limit, waiter, queue, park, op.
 *
 * word = UPPER << 32 | announces << 1 | OPEN
 *
 *	wait	join the queue, then announce it: announces + 1, by a compare-and-swap from a word by
 *		which one has to wait
 *	open	read the word, look up the queue's root, then change the word by a compare-and-swap;
 *		then answer those in the root
 *
 * I1  if the step of open succeeds, nobody has announced himself since the word was read: so all
 *     who did are in that root.  Who announces himself after it sees that he need not wait.
 *     (A stopped call of open would have to miss 2^31 announces, and no other change of the word.)
 * I2  that step is the last touch of the object: who sees it open may free it.
 * I3  of a gate that closes again UPPER is an epoch: open adds 1.  Who waits notes the epoch in
 *     which the call began, before it joins; all who joined before the step are in the queue before
 *     those who note a later epoch.  So open answers those who came before it, and not who
 *     came again.  Who finds a later epoch when it announces itself was let pass: it was
 *     inside a call when the gate was open.
 */
#ifndef PAWL_WAIT_GATE_H
#define PAWL_WAIT_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "wait/op.h"
#include "wait/park.h"
#include "wait/queue.h"

#define GATE_OPEN ((uint64_t)1)
#define GATE_ANNOUNCE ((uint64_t)2)
#define GATE_EPOCH ((uint64_t)1 << 32)

/* What a call may do by a word. */
enum gate_look {
	GATE_WAIT,
	GATE_PASS,
	GATE_TAKE	/* go on if it is the one who takes OPEN away */
};

struct gate {
	const char *kind;	/* for dumps */
	void *object;
	uint64_t *word, *queue;
	/* @seen: what the word was when the call began */
	enum gate_look (*look)(uint64_t word, uint64_t seen);
	/* Somebody took OPEN away, and was answered GRANT too: give one back; NULL: as none takes. */
	void (*give_back)(void *object);
	uint32_t (*note)(uint64_t seen);	/* NULL: 0 */
};

static inline uint32_t gate_epoch(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

/* Pass, if that can be.  @announce: and if not, announce oneself, who joined the queue. */
enum gate_look pawl_i_gate_step(const struct gate *g, uint64_t seen, bool announce);

/* Return: what to note of the wait of a call that saw @seen. */
uint32_t pawl_i_gate_note(const struct gate *g, uint64_t seen);

/* Wait.  Return: 0; EPIPE: it was answered CLOSED; ETIMEDOUT or ECANCELED. */
int pawl_i_gate_wait(const struct gate *g, pawl_time deadline);

/* Have @op wait.  Return: 0, EINPROGRESS or ENOMEM. */
int pawl_i_gate_wait_op(const struct gate *g, pawl_op *op, const struct op_verb *verb);

/* The finish() of ops (op.h) that have nothing to give back. */
int pawl_i_gate_finish(pawl_op *op, uint32_t answer, bool closing);

/*
 * Open: change the word from *@old, that was read with acquire, to @next, and @answer those who
 * announced themselves and noted less than @note.
 *
 * Return: false: it was not *@old, which is what it was then; nothing was done.
 */
bool pawl_i_gate_open(uint64_t *word, uint64_t *queue, uint64_t *old, uint64_t next,
	uint32_t answer, uint32_t note);

#endif
