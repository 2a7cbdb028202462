/* SPDX-License-Identifier: BSD-2-Clause */
/* permits.c - see permits.h. */
#include "config.h"

#include <pawl/atomic.h>

#include "sync/permits.h"
#include "wait/line.h"
#include "wait/patience.h"

enum { ANNOUNCE = 4 };
#define ANNOUNCES UINT64_C(0xfffffffc)

/* Lay @n down where some waited, as nobody is in line.  False: the word changed. */
static bool lay_down(struct permits *p, uint64_t word, uint32_t n)
{
	uint64_t next = (word & ~(uint64_t)PERMITS_SOME_WAIT) + ((uint64_t)n << PERMITS_SHIFT);

	/* PM4 release: pairs with PM17.  As PM3. */
	return pawl_cas_weak_(&p->given->word, &word, next, release, relaxed);
}

void pawl_i_permits_hand_out(struct permits *p, uint32_t n)
{
	pawl_i_op_hold();
	while (n > 0) {
		/* PM7 acquire: pairs with PM6.  That who announced itself is in line. */
		uint64_t word = pawl_load_(&p->given->word, acquire);
		uint64_t ref = pawl_i_line_first(&p->given->line);
		struct waiter *wake;

		if (ref == 0 || (word & PERMITS_SHUT))
			n = lay_down(p, word, n) ? 0 : n;
		else if (pawl_i_waiter_tell(ref, GRANT, &wake)) {
			n--;
			if (wake)
				pawl_i_waiter_wake(wake);
		}
	}
	pawl_i_op_let();
}

int pawl_i_permits_announce(struct permits *p)
{
	/* PM8 relaxed: PM6 looks again. */
	uint64_t next, word = pawl_load_(&p->given->word, relaxed);

	do {
		if (word & PERMITS_SHUT)
			return EPIPE;
		/* PM19 relaxed: if it is as many as were given, it is not older than they are. */
		if (permits_between(word, pawl_load_(&p->taken->word, relaxed)) != 0)
			return 0;
		next = (word & ~ANNOUNCES) | ((word + ANNOUNCE) & ANNOUNCES) | PERMITS_SOME_WAIT;
		/* PM6 release: pairs with PM7, PM9.  The caller is in line. */
	} while (!pawl_cas_weak_(&p->given->word, &word, next, release, relaxed));
	return EAGAIN;
}

bool pawl_i_permits_have_line(const struct permits *p)
{
	/* PM12 relaxed: for checks of misuse. */
	return line_users(pawl_load_(&p->given->line, relaxed)) != 0;
}

void pawl_i_permits_shut(struct permits *p)
{
	/* PM18 release: pairs with PM11.  What was done before. */
	(void)pawl_fetch_or_(&p->taken->word, PERMITS_TAKEN_SHUT, release);
	/* PM9 acquire: pairs with PM6.  Who announced itself before is in line. */
	(void)pawl_fetch_or_(&p->given->word, PERMITS_SHUT, acquire);
	pawl_i_op_hold();
	pawl_i_line_tell_all(pawl_i_line_root(&p->given->line), CLOSED, UINT64_MAX);
	pawl_i_op_let();
}

/*** Waiting **********************************************************************************/

static bool others_wait(void *permits)
{
	const struct permits *p = permits;

	/* PM10 relaxed: a hint. */
	return pawl_load_(&p->given->word, relaxed) & PERMITS_SOME_WAIT;
}

static int take_one(void *permits)
{
	int err;

	return permits_take(permits, 1, &err) == 1 ? 0 : err;
}

/* Return: 0: the caller has one; EAGAIN: try again; EPIPE. */
static int wait_in_line(struct permits *p, const struct wait_for *what, struct limit *l,
	unsigned round)
{
	struct waiter *w = pawl_i_park_waiter(what);
	uint32_t answer;

	if (!w || pawl_i_line_join(&p->given->line, w, pawl_i_waiter_arm(w)) != 0) {
		pawl_i_park_poll(round, l);
		return EAGAIN;
	}
	if (pawl_i_permits_announce(p) == EAGAIN)
		answer = pawl_i_park_or_give_up(w, what, l);
	else
		answer = pawl_i_waiter_give_up(w);
	pawl_i_line_leave(&p->given->line, w);
	return answer == GRANT ? 0 : answer == CLOSED ? EPIPE : EAGAIN;
}

int pawl_i_permits_wait(struct permits *p, const struct wait_for *what, struct limit *l)
{
	int rc = pawl_i_patience(l, take_one, others_wait, p);

	for (unsigned round = 0; rc == EAGAIN; round++) {
		if (pawl_i_limit_reached(l))
			return pawl_i_limit_error(l);
		rc = wait_in_line(p, what, l, round);
		if (rc == EAGAIN)
			rc = take_one(p);
	}
	return rc;
}

int pawl_i_permits_wait_op(struct permits *p, pawl_op *op, const struct op_verb *verb,
	void *object)
{
	int rc;

	pawl_i_op_hold();
	rc = pawl_i_op_join(op, verb, object, &p->given->line, 0);
	if (rc == 0) {
		if (pawl_i_permits_announce(p) != EAGAIN && pawl_i_op_withdraw(op))
			rc = EAGAIN;
		else
			rc = pawl_i_op_park(op);
	}
	pawl_i_op_let();
	return rc;
}
