/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gate.h - waits that one step ends for all: what event, notify, latch, barrier and future have in
 * common.  Uses: atomic, platform, context, limit, waiter, queue, park, op.
 *
 * word = UPPER << 32 | announces << 3 | one bit of the object's | SLEEPS | OPEN
 *
 *	wait	of a thread: see that SLEEPS is set, by a compare-and-swap from a word by which one
 *		has to wait; then sleep in the object's lobby (lobby.h) until the word is another
 *	told	of an op, of a thread that waits for any of several, and at a notify, which lets
 *		single ones pass: join the queue, then announce it: announces + 1, in the same way
 *	open	read the word, look up the queue's root, then change the word by a compare-and-swap;
 *		then answer those in the root; and if SLEEPS was set, call all in the lobby
 *
 * I1  if the step of open succeeds, nobody has announced himself since the word was read: so all
 *     who did are in that root.  Who announces himself after it sees that he need not wait.
 *     (A stopped call of open would have to miss 2^29 announces, and no other change of the word.)
 *     In the same way all who sleep, or are about to, are called: no other step takes SLEEPS away.
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

#include "wait/line.h"
#include "wait/op.h"
#include "wait/park.h"

#define GATE_OPEN ((uint64_t)1)
#define GATE_SLEEPS ((uint64_t)2)
#define GATE_OWN ((uint64_t)4)		/* the object's */
#define GATE_ANNOUNCE ((uint64_t)8)
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
	/* Somebody took OPEN away, and was answered GRANT too: give one back; NULL: as none takes,
	 * and so threads need not be told one by one. */
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

/* The same of a gate at which threads sleep: and call those. */
bool pawl_i_gate_open_wide(uint64_t *word, uint64_t *queue, uint64_t *old, uint64_t next,
	uint32_t answer, uint32_t note);

/* Call those who sleep at the gate of @word, which may be gone. */
void pawl_i_gate_call(const uint64_t *word);

#endif
