/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timelimit.c - ask a server, with a time limit; if it is over: nothing, and nothing is lost.
 *
 * What goes wrong without care, when somebody stops waiting:
 *
 *	rc = wait_for_answer(c, 2000);		// its own limit, after that of the connection
 *	if (rc != 0)
 *		return rc;			// the connection is gone; and the server still
 *						// writes its answer, to where it was on our stack
 *
 * A scope limits all waits inside together, however many there are and whoever makes them.
 * When it is over, each of them returns ECANCELED; pawl_scope_leave() makes ETIMEDOUT of it.
 * What was taken is given back on every way out (PAWL_CLEANUP, PAWL_GUARD).  And the clean-up
 * may wait, for the server to let go of our memory: a shield keeps the time limit out.
 *
 * Build: cc timelimit.c $(pkg-config --cflags --libs pawl)
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <pawl/cleanup.h>
#include <pawl/counter.h>

enum { CLIENTS = 4, QUESTIONS = 5, CONNECTIONS = 2, TOO_HARD = 0 };

enum state { IDLE, ASKED, ANSWERED, WITHDRAWN, CLOSED };

struct connection {
	pawl_mutex lock;	/* guards all that follows */
	pawl_cond changed;
	enum state state;
	int question;
	int *answer;		/* the client's memory */
};

static struct connection connections[CONNECTIONS];

static pawl_mutex pool_lock = PAWL_MUTEX_INIT;
static pawl_cond pool_grew = PAWL_COND_INIT;
static struct connection *pool[CONNECTIONS]; /* guarded by pool_lock, as is its size */
static int pool_size;

static pawl_counter answers, nothing, errors;

static int take_connection(struct connection **ret_c)
{
	int rc = 0;

	PAWL_GUARD(&pool_lock);
	while (pool_size == 0 && rc == 0)
		rc = pawl_cond_wait_until(&pool_grew, &pool_lock, PAWL_FOREVER);
	if (pool_size == 0)
		return rc;
	*ret_c = pool[--pool_size];
	return 0;
}

static void give_back(struct connection **c)
{
	if (!*c)
		return;
	PAWL_GUARD(&pool_lock); /* a lock never fails, canceled or not */
	pool[pool_size++] = *c;
	pawl_cond_signal(&pool_grew);
}

static void change(struct connection *c, enum state state)
{
	c->state = state;
	pawl_cond_broadcast(&c->changed);
}

/* Tell the server to forget our question, and wait until it has: then `answer` is ours again. */
static int withdraw(struct connection *c)
{
	int rc = 0;

	change(c, WITHDRAWN);
	while (c->state == WITHDRAWN && rc == 0)
		rc = pawl_cond_wait_until(&c->changed, &c->lock, PAWL_FOREVER);
	return rc;
}

static int ask(struct connection *c, int question, int *ret_answer)
{
	int answer, rc = 0;

	PAWL_GUARD(&c->lock);
	c->question = question;
	c->answer = &answer;
	change(c, ASKED);
	while (c->state == ASKED && rc == 0)
		rc = pawl_cond_wait_until(&c->changed, &c->lock, PAWL_FOREVER);
	if (c->state == ANSWERED) {
		*ret_answer = answer;
		c->state = IDLE;
		return 0;
	}
	if (PAWL_SHIELDED(PAWL_S(60), withdraw(c)) != 0)
		abort(); /* a server that does not answer for a minute */
	return rc;
}

static int fetch_somehow(int question, int *ret_answer)
{
	PAWL_CLEANUP(give_back) struct connection *c = NULL;
	int rc = take_connection(&c);

	return rc == 0 ? ask(c, question, ret_answer) : rc;
}

/* Return: 0 and *ret_answer, or ETIMEDOUT. */
static int fetch(int question, pawl_ns limit, int *ret_answer)
{
	pawl_scope s;

	pawl_scope_enter(&s, pawl_after(limit), NULL, 0);
	return pawl_scope_leave(&s, fetch_somehow(question, ret_answer));
}

/* One question is too hard: the server thinks about it until the client gives up. */
static void *serve(void *connection)
{
	struct connection *c = connection;

	PAWL_GUARD(&c->lock);
	while (c->state != CLOSED) {
		if (c->state == WITHDRAWN) {
			change(c, IDLE);
		} else if (c->state == ASKED && c->question != TOO_HARD) {
			*c->answer = c->question * 2;
			change(c, ANSWERED);
		} else if (pawl_cond_wait_until(&c->changed, &c->lock, PAWL_FOREVER) != 0) {
			break;
		}
	}
	return NULL;
}

static void *ask_all(void *unused)
{
	(void)unused;
	for (int question = 0; question < QUESTIONS; question++) {
		pawl_ns limit = question == TOO_HARD ? PAWL_MS(20) : PAWL_S(60);
		int answer = 0, rc = fetch(question, limit, &answer);

		if (rc == 0 && answer == question * 2)
			pawl_counter_add(&answers, 1);
		else
			pawl_counter_add(rc == ETIMEDOUT ? &nothing : &errors, 1);
	}
	return NULL;
}

static void start(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	if (pthread_create(thread, NULL, fn, arg) != 0) {
		fputs("timelimit: cannot start a thread\n", stderr);
		exit(EXIT_FAILURE);
	}
}

int main(void)
{
	pthread_t servers[CONNECTIONS], clients[CLIENTS];

	for (int i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &connections[i];

		start(&servers[i], serve, c);
		give_back(&c);
	}
	for (int i = 0; i < CLIENTS; i++)
		start(&clients[i], ask_all, NULL);
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(clients[i], NULL);
	for (int i = 0; i < CONNECTIONS; i++) {
		pawl_mutex_lock(&connections[i].lock);
		change(&connections[i], CLOSED);
		pawl_mutex_unlock(&connections[i].lock);
		pthread_join(servers[i], NULL);
	}

	printf("answers: %lld\n", (long long)pawl_counter_get(&answers));
	printf("nothing: %lld\n", (long long)pawl_counter_get(&nothing));
	printf("errors:  %lld\n", (long long)pawl_counter_get(&errors));
	printf("connections: %d of %d\n", pool_size, CONNECTIONS);
	return pool_size == CONNECTIONS && pawl_counter_get(&errors) == 0 ? EXIT_SUCCESS
									   : EXIT_FAILURE;
}
