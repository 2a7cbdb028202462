/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_transfer.c - money between accounts: spent twice, vanished, or waiting for ever. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>

#include <pawl/mutex.h>

#include "stress.h"

enum {
	PRICE = 100,		/* each account of SHOPPERS can pay once */
	ROUNDS = STRESS_ITERATIONS / STRESS_EVERY,
	SHOPPERS = 1 << 18,	/* as many as NATURAL may get through */
	ACCOUNTS = 6,
	START = 1000,		/* on each of ACCOUNTS */
	PICKS = 4,
};

/* Check, await, then act: every step atomic, and the money is spent several times. */
static _Atomic int64_t shoppers[SHOPPERS];
static _Atomic uint64_t shoppers_served;

static void negative_body(struct stress_worker *w)
{
	uint64_t end = w->team->mode == STRESS_BROKEN ? ROUNDS : SHOPPERS, i;

	for (i = 0; i < end && !atomic_load_explicit(&w->team->stop, memory_order_relaxed); i++) {
		bool enough = atomic_load(&shoppers[i]) >= PRICE;

		if (w->team->mode == STRESS_BROKEN)
			stress_meet(w);
		else
			stress_await(w);
		if (enough)
			atomic_fetch_sub(&shoppers[i], PRICE);
		stress_done(w);
	}
	for (uint64_t served = atomic_load(&shoppers_served);
	     served < i && !atomic_compare_exchange_weak(&shoppers_served, &served, i);)
		;
}

static void negative_broken(struct stress_team *t, struct stress_outcome *ret)
{
	for (size_t i = 0; i < SHOPPERS; i++)
		atomic_init(&shoppers[i], PRICE);
	stress_run(t, negative_body);
	ret->of = atomic_load(&shoppers_served);
	for (size_t i = 0; i < ret->of; i++)
		ret->bad += atomic_load(&shoppers[i]) < 0;
	ret->least = ROUNDS;
}

/* From an account of one's own to a common one, which is read and written back. */
extern int64_t stress_transfer_hub;
int64_t stress_transfer_hub;

static _Atomic int64_t paid;

static void sum_body(struct stress_worker *w)
{
	int64_t own = 0;

	while (stress_again(w)) {
		int64_t hub = stress_transfer_hub;

		own--;
		stress_await(w);
		stress_transfer_hub = hub + 1;
		stress_done(w);
	}
	atomic_fetch_sub(&paid, own);
}

static void sum_broken(struct stress_team *t, struct stress_outcome *ret)
{
	stress_run(t, sum_body);
	ret->of = (uint64_t)atomic_load(&paid);
	ret->bad = ret->of - (uint64_t)stress_transfer_hub;
	ret->least = stress_least(t);
}

/* Two threads, two mutexes, two orders. */
static pawl_mutex checking = PAWL_MUTEX_INIT, savings = PAWL_MUTEX_INIT;
static _Atomic uint64_t blocked;

static void deadlock_body(struct stress_worker *w)
{
	pawl_mutex *first = w->index == 0 ? &checking : &savings;
	pawl_mutex *second = w->index == 0 ? &savings : &checking;

	if (w->index > 1) {
		stress_meet(w);
		return;
	}
	pawl_mutex_lock(first);
	stress_meet(w);
	pawl_mutex_lock(second);
	pawl_mutex_unlock(second);
	pawl_mutex_unlock(first);
	stress_done(w);
}

/* The same without a rendezvous; who would be blocked for good gives up, and is counted. */
static void deadlock_natural_body(struct stress_worker *w)
{
	pawl_mutex *first = w->index % 2 == 0 ? &checking : &savings;
	pawl_mutex *second = w->index % 2 == 0 ? &savings : &checking;

	while (stress_again(w)) {
		pawl_mutex_lock(first);
		stress_await(w);
		if (pawl_mutex_lock_until(second, pawl_after(PAWL_MS(5))) == 0)
			pawl_mutex_unlock(second);
		else
			atomic_fetch_add(&blocked, 1);
		pawl_mutex_unlock(first);
		stress_done(w);
	}
}

static void deadlock_broken(struct stress_team *t, struct stress_outcome *ret)
{
	stress_name(&checking, "the checking account");
	stress_name(&savings, "the savings account");
	stress_run(t, t->mode == STRESS_BROKEN ? deadlock_body : deadlock_natural_body);
	ret->bad = atomic_load(&blocked);
	ret->of = stress_ops(t);
}

/* What is right: all mutexes of a transfer at once. */
static struct account {
	pawl_mutex lock;
	int64_t balance;
} accounts[ACCOUNTS];

static _Atomic uint64_t refused, audits, timeouts;

static void open_accounts(void)
{
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		if (pawl_mutex_init(&accounts[i].lock, i % 2 ? PAWL_FAIR : 0) != 0)
			stress_fail("pawl_mutex_init");
		accounts[i].balance = START;
	}
}

static void check_accounts(void)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < ACCOUNTS; i++) {
		sum += accounts[i].balance;
		if (accounts[i].balance < 0)
			stress_fail("account %u has a balance of %" PRId64, i, accounts[i].balance);
	}
	if (sum != ACCOUNTS * START)
		stress_fail("the accounts have %" PRId64 " together, not %d", sum,
			ACCOUNTS * START);
}

static void close_accounts(void)
{
	check_accounts();
	for (unsigned i = 0; i < ACCOUNTS; i++)
		pawl_mutex_destroy(&accounts[i].lock);
}

static struct account *any_account(struct stress_worker *w)
{
	return &accounts[stress_random(w, ACCOUNTS)];
}

/* Both are held. */
static void move(struct stress_worker *w, struct account *from, struct account *to)
{
	int64_t amount = (int64_t)stress_random(w, START);

	if (from->balance < amount) {
		atomic_fetch_add_explicit(&refused, 1, memory_order_relaxed);
		return;
	}
	from->balance -= amount;
	to->balance += amount;
}

/* From and to may be one and the same. */
static void transfer(struct stress_worker *w)
{
	struct account *from = any_account(w), *to = any_account(w);
	pawl_mutex *const both[] = { &from->lock, &to->lock };

	pawl_mutex_lock_all(both, 2);
	stress_hold(w, NULL);
	move(w, from, to);
	if (from->balance < 0)
		stress_fail("an account was overdrawn");
	pawl_mutex_unlock_all(both, 2);
}

static void transfer_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		transfer(w);
		stress_done(w);
	}
}

static void negative_right(struct stress_team *t)
{
	open_accounts();
	stress_run(t, transfer_body);
	stress_note("refused", atomic_load(&refused));
	close_accounts();
}

static void audit(void)
{
	pawl_mutex *all[ACCOUNTS];

	for (unsigned i = 0; i < ACCOUNTS; i++)
		all[i] = &accounts[ACCOUNTS - 1 - i].lock;
	pawl_mutex_lock_all(all, ACCOUNTS);
	check_accounts();
	pawl_mutex_unlock_all(all, ACCOUNTS);
	atomic_fetch_add_explicit(&audits, 1, memory_order_relaxed);
}

static void audit_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		if (stress_random(w, 8) == 0)
			audit();
		else
			transfer(w);
		stress_done(w);
	}
}

static void sum_right(struct stress_team *t)
{
	open_accounts();
	stress_run(t, audit_body);
	stress_note("audits", atomic_load(&audits));
	close_accounts();
}

static int lock_some(struct stress_worker *w, pawl_mutex *const some[], size_t n)
{
	if (stress_random(w, 4) != 0) {
		pawl_mutex_lock_all(some, n);
		return 0;
	}
	return pawl_mutex_lock_all_until(some, n, pawl_after(PAWL_US(stress_random(w, 300))));
}

/* Any accounts in any order, some of them twice, some with a deadline. */
static void any_order_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		struct account *picks[PICKS];
		pawl_mutex *some[PICKS];
		size_t n = 2 + stress_random(w, PICKS - 1);

		for (size_t i = 0; i < n; i++) {
			picks[i] = any_account(w);
			some[i] = &picks[i]->lock;
		}
		if (lock_some(w, some, n) == 0) {
			stress_hold(w, NULL);
			for (size_t i = 1; i < n; i++)
				move(w, picks[i - 1], picks[i]);
			pawl_mutex_unlock_all(some, n);
		} else {
			atomic_fetch_add_explicit(&timeouts, 1, memory_order_relaxed);
			for (size_t i = 0; i < n; i++)
				if (pawl_mutex_is_mine(some[i]))
					stress_fail("a mutex was kept after ETIMEDOUT");
		}
		stress_done(w);
	}
}

static void deadlock_right(struct stress_team *t)
{
	open_accounts();
	stress_run(t, any_order_body);
	stress_note("timeouts", atomic_load(&timeouts));
	close_accounts();
}

const struct stress_case stress_transfer_cases[] = {
	{
		.name = "transfer.negative",
		.about = "double spending: check the balance, await, then take the money",
		.bad = "accounts overdrawn",
		.right = "pawl_mutex_lock_all",
		.run_broken = negative_broken,
		.run_right = negative_right,
	},
	{
		.name = "transfer.sum",
		.about = "money vanishes: two balances changed without a lock",
		.bad = "payments lost",
		.right = "pawl_mutex_lock_all, with audits",
		.symbol = "stress_transfer_hub",
		.racy = &stress_transfer_hub,
		.racy_size = sizeof stress_transfer_hub,
		.run_broken = sum_broken,
		.run_right = sum_right,
	},
	{
		.name = "transfer.deadlock",
		.about = "A waits for B, B for A: the watchdog names both threads and both mutexes",
		.bad = "deadlocks",
		.right = "pawl_mutex_lock_all, any order",
		.run_broken = deadlock_broken,
		.run_right = deadlock_right,
		.deadlocks = true,
	},
	{ .name = NULL },
};
