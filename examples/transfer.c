/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transfer.c - many threads move money between accounts; no cent appears or is lost.
 *
 * Three faults lie in wait here:
 *
 *	check-then-act	  if (from->balance >= amount)	// two threads both see 100
 *				withdraw(from, amount);	// both withdraw 100
 *	broken sum	  the money has left one account and not reached the other
 *			  when somebody adds up
 *	deadlock	  A to B locks A, then B; B to A locks B, then A; each waits
 *			  for the other, for ever
 *
 * One call cures all three: pawl_mutex_lock_all() locks the accounts of a transfer
 * in an order that is the same for everybody (that of their addresses, so that one
 * need not think about it), and check and update then happen in one section.
 *
 * Build: cc transfer.c $(pkg-config --cflags --libs pawl)
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <pawl/counter.h>
#include <pawl/mutex.h>

enum { ACCOUNTS = 8, START_BALANCE = 100, THREADS = 16, TRANSFERS = 2000, AUDITS = 500 };

struct account {
	pawl_mutex lock; /* guards balance */
	long balance;
};

static struct account accounts[ACCOUNTS];

static pawl_counter done, refused, bad_audits;

/* Move @amount: false if there is not enough.  @from and @to may be the same. */
static bool transfer(struct account *from, struct account *to, long amount)
{
	/* One mutex that stands there twice is locked once. */
	pawl_mutex *const locks[] = { &from->lock, &to->lock };
	bool enough;

	pawl_mutex_lock_all(locks, 2);
	enough = from->balance >= amount;
	if (enough) {
		from->balance -= amount;
		to->balance += amount;
	}
	pawl_mutex_unlock_all(locks, 2);
	return enough;
}

/* Add up all accounts as they are at one instant: true if nothing is amiss. */
static bool audit(long *ret_sum)
{
	pawl_mutex *locks[ACCOUNTS];
	long sum = 0;
	bool overdrawn = false;

	for (int i = 0; i < ACCOUNTS; i++)
		locks[i] = &accounts[i].lock;

	pawl_mutex_lock_all(locks, ACCOUNTS);
	for (int i = 0; i < ACCOUNTS; i++) {
		sum += accounts[i].balance;
		overdrawn |= accounts[i].balance < 0;
	}
	pawl_mutex_unlock_all(locks, ACCOUNTS);

	*ret_sum = sum;
	return sum == ACCOUNTS * START_BALANCE && !overdrawn;
}

static void *make_transfers(void *number)
{
	/* Each thread has its own random numbers: rand() would be shared by all. */
	unsigned short seed[3] = { *(unsigned short *)number, 0, 1 };

	for (int i = 0; i < TRANSFERS; i++) {
		struct account *from = &accounts[nrand48(seed) % ACCOUNTS];
		struct account *to = &accounts[nrand48(seed) % ACCOUNTS];
		long amount = 1 + nrand48(seed) % START_BALANCE;

		pawl_counter_add(transfer(from, to, amount) ? &done : &refused, 1);
	}
	return NULL;
}

static void *make_audits(void *unused)
{
	long sum;

	(void)unused;
	for (int i = 0; i < AUDITS; i++) {
		if (!audit(&sum))
			pawl_counter_add(&bad_audits, 1);
	}
	return NULL;
}

static void start(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	if (pthread_create(thread, NULL, fn, arg) != 0) {
		fputs("transfer: cannot start a thread\n", stderr);
		exit(EXIT_FAILURE);
	}
}

int main(void)
{
	pthread_t threads[THREADS], auditor;
	unsigned short numbers[THREADS];
	long sum;
	bool good;

	for (int i = 0; i < ACCOUNTS; i++)
		accounts[i].balance = START_BALANCE;
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = (unsigned short)i;
		start(&threads[i], make_transfers, &numbers[i]);
	}
	start(&auditor, make_audits, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_join(auditor, NULL);

	good = audit(&sum) && pawl_counter_get(&bad_audits) == 0;
	printf("done:       %lld\n", (long long)pawl_counter_get(&done));
	printf("refused:    %lld\n", (long long)pawl_counter_get(&refused));
	printf("bad audits: %lld of %d\n", (long long)pawl_counter_get(&bad_audits), AUDITS);
	printf("sum:        %ld of %d\n", sum, ACCOUNTS * START_BALANCE);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
