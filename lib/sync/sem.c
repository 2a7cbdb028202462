/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sem.c - pawl/sem.h.  Uses: atomic, platform, wait.
 *
 * word = permits << 8 | SHUT | WOKEN | WAITERS | PAWL_FAIR (constant); permits are signed.
 *
 *	p --V2 take--> p-1, p --V3 release--> p+n		no flag: nobody waits
 *
 *	p <= 0         --V7 wait--> WAITERS
 *	WAITERS        --hand over--> the same: who waited longest was told GRANT, the permit never
 *				was in the word.  Fair, or it insists
 *	WAITERS        --V11--> WAITERS|WOKEN --V9--> p+n|WAITERS|WOKEN
 *				barging: who waited longest was told RETRY, it is the heir
 *	WAITERS|WOKEN  --V9--> p+n|WAITERS|WOKEN		an heir is on its way: wake no other
 *	p|WOKEN        --V8 heir--> p-1[|WOKEN]			with WOKEN if it has to wake another
 *	WOKEN, p <= 0  --V14 heir--> p				it lost, and waits again, or gives up
 *	WAITERS|WOKEN  --W5--> WOKEN --V9--> p+n		nobody waits
 *
 * WOKEN is a token: one thread, a releaser or the heir, has the duty to see that permits find
 * those who wait.
 *
 * I1  permits > 0 and somebody waits, announced (WAITERS)  =>  WOKEN.  So whoever gives, without
 *     the token, permits that could serve somebody, serves somebody, or finds the token taken; and
 *     the token is laid down only when there is nothing to serve, or nobody.
 * I2  who has the token takes WAITERS away, then looks at the queue (owner.h).
 * I3  a releaser lays its last permit down as the last touch of the object, be it by V3, by V9 or
 * by
 *     an answer; what it has to do, it does before, with the permit in its hand.  So whoever got
 *     the permit may free the object.  The heir has the token inside its own call.
 *
 * An heir that finds no permit goes to the end of the queue.  If it has waited for STARVE_NS by
 * then, it insists: next time it is its turn, it is told GRANT.
 *
 * Debt: permits < 0 is paid before anybody is served.
 */
#include "config.h"

#include <errno.h>

#include <pawl/sem.h>

#include "platform/clock.h"
#include "platform/cpu.h"
#include "platform/fatal.h"
#include "platform/hb.h"
#include "sync/sem_op.h"
#include "wait/op.h"
#include "wait/owner.h"
#include "wait/park.h"

enum { WOKEN = 4, SHUT = 8, FLAGS = 0xff };
#define PERMIT ((uint64_t)1 << 8)
#define DESTROYED_SEM ((uint64_t)INT64_MIN | SHUT)

_Static_assert(sizeof(pawl_sem) == 16, "pawl_sem has 16 bytes");

static int64_t permits_of(uint64_t word)
{
	return (int64_t)word >> 8;
}

static uint64_t of_permits(int64_t permits)
{
	return (uint64_t)permits << 8;
}

static _Noreturn void refuse(const char *verb, const pawl_sem *s, const char *problem)
{
	pawl_i_misuse(verb, "semaphore", s, problem, 0);
}

/* @word was seen by a call of @verb. */
static void check(const char *verb, const pawl_sem *s, uint64_t word)
{
	if (word == DESTROYED_SEM)
		refuse(verb, s, "was destroyed before");
}

/* Return: the sum, of what @verb makes it. */
static int64_t sum_of(const char *verb, const pawl_sem *s, int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum) || sum > PAWL_SEM_MAX || sum < -PAWL_SEM_MAX)
		refuse(verb, s, "has too many permits, or too large a debt");
	return sum;
}

/* Whether who comes may take one: if it is fair, only when nobody is in line, and nobody is looking
 * whether that is so. */
static bool is_free(uint64_t word)
{
	return permits_of(word) > 0 && !((word & PAWL_FAIR) && (word & (WAITERS | WOKEN)));
}

int pawl_sem_init(pawl_sem *s, int64_t permits, unsigned flags)
{
	if (flags & ~(unsigned)PAWL_FAIR || permits < 0 || permits > PAWL_SEM_MAX)
		return EINVAL;
	s->word_ = of_permits(permits) | flags;
	s->queue_ = 0;
	return 0;
}

void pawl_sem_destroy(pawl_sem *s)
{
	/* V6 relaxed: who waits is inside a call that the caller must not race with. */
	if (line_users(pawl_load_(&s->queue_, relaxed)) != 0)
		refuse("pawl_sem_destroy", s, "is being waited for");
	/* V13 acquire: pairs with V3, V9.  What releasers wrote happens before the free. */
	check("pawl_sem_destroy", s, pawl_xchg_(&s->word_, DESTROYED_SEM, acquire));
	hb_acquire(s);
}

/*** Giving ***********************************************************************************/

/* Permits that are to be given, and perhaps the token. */
struct hand {
	pawl_sem *sem;
	const char *verb;
	int64_t permits;
	bool token;
	bool inside;		/* the caller has yet to touch the object after this (I3) */
	int64_t left;		/* in the word, after the last step */
	struct waiter *wake;	/* to be woken */
};

static bool tell(struct hand *h, uint64_t ref, uint32_t answer)
{
	struct waiter *wake;

	if (!pawl_i_waiter_tell(ref, answer, &wake))
		return false;
	if (h->wake)
		pawl_i_waiter_wake(h->wake);
	h->wake = wake;
	return true;
}

/* Lay all down.  False: the word changed. */
static bool lay_down(struct hand *h, uint64_t word)
{
	uint64_t next = word + of_permits(h->permits);

	if (h->token)
		next &= ~(uint64_t)WOKEN;
	/* V9 release: pairs with V2, V8, V13, V16.  Last touch of the object (I3). */
	if (!pawl_cas_weak_(&h->sem->word_, &word, next, release, relaxed))
		return false;
	h->left = permits_of(next);
	h->permits = 0;
	h->token = false;
	return true;
}

static void pay_debt(struct hand *h, uint64_t word)
{
	int64_t debt = -permits_of(word);

	/* V10 release: pairs with V8.  As V9. */
	if (pawl_cas_weak_(&h->sem->word_, &word, word + of_permits(debt), release, relaxed))
		h->permits -= debt;
}

static bool take_token(struct hand *h, uint64_t word)
{
	/* V11 relaxed: publishes nothing. */
	h->token = pawl_cas_(&h->sem->word_, &word, word | WOKEN, relaxed, relaxed);
	return h->token;
}

/* With the token, and no other permit that could be given: get one, out of the word; if there is
 * none, lay the token down, as it may not be in the hand any more when the last permit is given. */
static void draw(struct hand *h, uint64_t word)
{
	if (permits_of(word) > 0)
		/* V16 acquire: pairs with V3, V9.  Who released it, for whom it is given to. */
		h->permits += pawl_cas_weak_(&h->sem->word_, &word, word - PERMIT, acquire, relaxed);
	else
		/* V26 relaxed: as V14. */
		h->token = !pawl_cas_weak_(&h->sem->word_, &word, word & ~(uint64_t)WOKEN,
					   relaxed, relaxed);
}

/* Whether the wait @ref wants a GRANT. */
static bool insists(uint64_t ref)
{
	return pawl_i_waiter_is_op(ref) || pawl_i_waiter_note(ref) == SEM_INSISTS;
}

/* Somebody waits, by @word, and could be served. */
static void serve_first(struct hand *h, uint64_t word)
{
	pawl_sem *s = h->sem;
	uint64_t ref = pawl_i_line_first(&s->queue_);
	bool grant = (word & PAWL_FAIR) || (ref != 0 && insists(ref));

	if (ref != 0 && grant && h->token && h->permits == !h->inside)
		draw(h, word);
	else if (ref != 0 && grant)
		h->permits -= tell(h, ref, GRANT);
	else if (!h->token && !take_token(h, word))
		;	/* it changed: look again */
	else if (ref != 0)
		h->token = !tell(h, ref, RETRY);
	else
		pawl_i_owner_look_again(&s->word_, &s->queue_);
}

static void give(struct hand *h)
{
	int64_t sum;

	pawl_i_op_hold();
	while (h->permits > 0 || h->token) {
		/* V12 relaxed: who changes the word looks again. */
		uint64_t word = pawl_load_(&h->sem->word_, relaxed);
		bool waits = (word & WAITERS) && !(word & SHUT);

		check(h->verb, h->sem, word);
		sum = sum_of(h->verb, h->sem, permits_of(word), h->permits);
		h->left = permits_of(word);
		if (!waits || sum <= 0 || ((word & WOKEN) && !h->token))
			(void)lay_down(h, word);
		else if (permits_of(word) < 0)
			pay_debt(h, word);
		else
			serve_first(h, word);
	}
	if (h->wake)
		pawl_i_waiter_wake(h->wake);
	pawl_i_op_let();
}

void pawl_sem_release_slow_(pawl_sem *s, int64_t n)
{
	struct hand h = { .sem = s, .verb = "pawl_sem_release", .permits = n };

	if (n < 0)
		refuse(h.verb, s, "cannot be given less than nothing");
	hb_release(s);
	give(&h);
}

int64_t pawl_sem_adjust(pawl_sem *s, int64_t delta)
{
	struct hand h = { .sem = s, .verb = "pawl_sem_adjust", .permits = delta };
	/* V18 relaxed: V19 looks again. */
	uint64_t word = pawl_load_(&s->word_, relaxed);
	int64_t sum;

	if (delta > 0) {
		hb_release(s);
		give(&h);
		return h.left;
	}
	do {
		check(h.verb, s, word);
		sum = sum_of(h.verb, s, permits_of(word), delta);
		/* V19 relaxed: takes nothing that anybody wrote. */
	} while (!pawl_cas_weak_(&s->word_, &word, of_permits(sum) | (word & FLAGS), relaxed, relaxed));
	return sum;
}

void pawl_sem_close(pawl_sem *s)
{
	/* V20 seq_cst: pairs with V7, V28.  Who joins after the look below sees it, as the look is
	 * after it. */
	check("pawl_sem_close", s, pawl_fetch_or_(&s->word_, SHUT, seq_cst));
	pawl_i_op_hold();
	pawl_i_line_tell_all(pawl_i_line_root(&s->queue_), CLOSED, UINT64_MAX);
	pawl_i_op_let();
}

/*** Taking ***********************************************************************************/

struct attempt {
	pawl_sem *sem;
	struct limit limit;
	int64_t since;		/* first wait, real time; 0: none yet */
	unsigned polls;		/* rounds without memory */
	bool heir;		/* the token is ours */
};

/* Wake the next one, as there is more than one permit. */
static void pass_on(pawl_sem *s)
{
	struct hand h = { .sem = s, .verb = "pawl_sem_acquire", .token = true, .inside = true };

	give(&h);
}

/* Take @least permits, or up to @most.  Return: 0; EAGAIN; EPIPE. */
static int take(struct attempt *a, int64_t least, int64_t most, int64_t *ret_n)
{
	/* V15 relaxed: V8 looks again. */
	uint64_t word = pawl_load_(&a->sem->word_, relaxed), next;

	do {
		check("pawl_sem_acquire", a->sem, word);
		if (word & SHUT) {
			/* V28 acquire: pairs with V20.  What was done before the close. */
			(void)pawl_load_(&a->sem->word_, acquire);
			return EPIPE;
		}
		if (!is_free(word) || permits_of(word) < least)
			return EAGAIN;
		*ret_n = permits_of(word) < most ? permits_of(word) : most;
		next = word - of_permits(*ret_n);
		if (a->heir && !((next & WAITERS) && permits_of(next) > 0))
			next &= ~(uint64_t)WOKEN;
		/* V8 acquire: pairs with V3, V9, V10.  As V2. */
	} while (!pawl_cas_weak_(&a->sem->word_, &word, next, acquire, relaxed));
	if (a->heir && (next & WOKEN))
		pass_on(a->sem);
	a->heir = false;
	return 0;
}

static int take_one(struct attempt *a)
{
	int64_t n;

	return take(a, 1, 1, &n);
}

static bool others_wait(pawl_sem *s)
{
	/* V25 relaxed: a hint. */
	return pawl_load_(&s->word_, relaxed) & WAITERS;
}

/* Take it now, or while a wait for that costs less than to park: by a bounded spin, but not when
 * others wait already: there are more threads than permits then, and the CPU is for who has one. */
static int spin_and_take(struct attempt *a)
{
	uint32_t spins = pawl_i_park_spins(&a->limit);
	int rc;

	while ((rc = take_one(a)) == EAGAIN && spins-- > 0 && !others_wait(a->sem))
		pawl_i_cpu_pause();
	return rc;
}

/* As the heir, lay the token down.  False: there is a permit. */
static bool resign(struct attempt *a)
{
	/* V21 relaxed: V14 looks again. */
	uint64_t word = pawl_load_(&a->sem->word_, relaxed);

	while (a->heir && permits_of(word) <= 0)
		/* V14 relaxed: publishes nothing; and as there is no permit, I1 holds. */
		if (pawl_cas_weak_(&a->sem->word_, &word, word & ~(uint64_t)WOKEN, relaxed, relaxed))
			a->heir = false;
	return !a->heir;
}

/* Return: EAGAIN: who joined the queue has to wait; 0: there is a permit; EPIPE. */
static int announce(pawl_sem *s)
{
	/* V7 seq_cst: pairs with V20, W5.  See owner.h, I2. */
	uint64_t word = pawl_load_(&s->word_, seq_cst);

	for (;;) {
		if (word & SHUT)
			return EPIPE;
		if (is_free(word))
			return 0;
		/* V22 acq_rel: pairs with W5.  As W2. */
		if ((word & WAITERS) ||
		    pawl_cas_weak_(&s->word_, &word, word | WAITERS, acq_rel, acquire))
			return EAGAIN;
	}
}

/* Return: 0; EAGAIN: try again; EPIPE. */
static int answered(struct attempt *a, uint32_t answer)
{
	a->heir = answer == RETRY;
	return answer == GRANT ? 0 : answer == CLOSED ? EPIPE : EAGAIN;
}

static int wait_in_queue(struct attempt *a)
{
	pawl_sem *s = a->sem;
	struct wait_for what = { "semaphore", s, NULL };
	struct waiter *w = pawl_i_park_waiter(&what);
	int64_t now = pawl_i_clock_real();
	uint32_t answer;

	if (a->since == 0)
		a->since = now;
	if (w)
		pawl_i_waiter_make_note(w, now - a->since >= STARVE_NS ? SEM_INSISTS : 0);
	if (!w || pawl_i_line_join(&s->queue_, w, pawl_i_waiter_arm(w)) != 0) {
		pawl_i_park_poll(a->polls++, &a->limit);
		return EAGAIN;
	}
	if (announce(s) == EAGAIN)
		answer = pawl_i_park_or_give_up(w, &what, &a->limit);
	else
		answer = pawl_i_waiter_give_up(w);
	pawl_i_line_leave(&s->queue_, w);
	return answered(a, answer);
}

int pawl_sem_acquire_slow_(pawl_sem *s, pawl_time deadline)
{
	struct attempt a = { .sem = s, .limit = pawl_i_limit(deadline) };
	int rc = spin_and_take(&a);

	while (rc == EAGAIN) {
		if (resign(&a)) {
			if (pawl_i_limit_reached(&a.limit))
				return pawl_i_limit_error(&a.limit);
			rc = wait_in_queue(&a);
		}
		if (rc == EAGAIN)
			rc = spin_and_take(&a);
	}
	if (rc == 0)
		hb_acquire(s);
	return rc;
}

int pawl_i_sem_take(pawl_sem *s, int64_t least, int64_t most, int64_t *ret_n)
{
	struct attempt a = { .sem = s };
	int rc = take(&a, least, most, ret_n);

	if (rc == 0)
		hb_acquire(s);
	return rc;
}

int pawl_sem_tryacquire_slow_(pawl_sem *s)
{
	int64_t n;

	return pawl_i_sem_take(s, 1, 1, &n);
}

int pawl_i_sem_announce(pawl_sem *s)
{
	return announce(s);
}
