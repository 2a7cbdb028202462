/* SPDX-License-Identifier: BSD-2-Clause */
/* park.h - how a thread waits for an answer.  Uses: atomic, platform, context, limit, waiter. */
#ifndef PAWL_WAIT_PARK_H
#define PAWL_WAIT_PARK_H

#include <stdbool.h>
#include <stdint.h>

#include "wait/context.h"
#include "wait/limit.h"
#include "wait/waiter.h"

/* Who has waited so long, and comes again, is served before others. */
#define STARVE_NS PAWL_MS(1)

/* What the wait is for, shown by pawl_dump(). */
struct wait_for {
	const char *kind;
	const void *object;
	const uint64_t *word;	/* its upper half is the owner's id; NULL: nobody owns it */
};

/*
 * Return: the calling thread's waiter, for one wait; NULL: none is to be had, so poll.  There is no
 * memory; or an inline op is being finished on this thread, and the waiter may stand for a wait
 * that this is in the middle of.  In the op's done(), which may not wait: abort.
 */
struct waiter *pawl_i_park_waiter(const struct wait_for *what);

/*
 * Wait until @w, of the calling thread and armed, is answered, or the limit @l is reached.
 *
 * Return: the answer; 0: @l is reached; it has to be given up then, or waited for again.
 */
uint32_t pawl_i_park(struct waiter *w, const struct wait_for *what, struct limit *l);

/*
 * Return: how many pauses to spin before a wait under @l parks.  None if the limit is reached; or
 * if who woke the thread the last time was on the CPU on which it is: it could not come while we
 * spin.
 */
uint32_t pawl_i_park_spins(struct limit *l);

/*
 * Sleep until @is_over(@arg), which looks at waiters of the calling thread that went to
 * PARKED, or at what @cancels stand for (cancel.h); or the limit @l is reached.
 */
void pawl_i_park_until(struct context *c, const struct wait_for *what, struct limit *l,
	uint64_t cancels, bool (*is_over)(void *arg), void *arg);

/* The same until, in the lobby of @object, where one call wakes all who are there. */
void pawl_i_park_in_lobby(struct context *c, const struct wait_for *what, struct limit *l,
	const void *object, bool (*is_over)(void *arg), void *arg);

/*
 * Before @w, the one of park_waiter, is armed, and after it has left: meanwhile a thread parks in
 * its room (lobby.h), so that who answers several wakes them by one call.
 */
void pawl_i_park_enter_room(struct waiter *w);
void pawl_i_park_leave_room(struct waiter *w);

/* The same as park, and give up at the limit.  Return: the answer; 0: it was given up. */
uint32_t pawl_i_park_or_give_up(struct waiter *w, const struct wait_for *what, struct limit *l);

/* Return: whether the caller may sleep in a lobby; a task has to be woken by itself. */
bool pawl_i_park_is_thread(void);

/* For those who cannot wait in a queue, for want of memory: sleep a while, longer each
 * @round from 0, if @l is not reached. */
void pawl_i_park_poll(unsigned round, struct limit *l);

#endif
