/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session.c - requests of one user, each validated by a slow server.
 *
 * A request must look at the session, ask a server whether its token is good, and
 * then note the request in the session.  The obvious way is wrong:
 *
 *	token = session.token;		// read
 *	validate(token);		// await: meanwhile the user may log out
 *	session.requests++;		// write, on the strength of what is now stale
 *
 * No ThreadSanitizer sees this if every line takes the lock for itself: it is no
 * data race, and still a request is served after the logout.  Holding the lock all
 * the time would be right, but then one slow answer holds up everybody, the logout
 * too.  So:
 *
 *	1. copy what is needed, under the lock;
 *	2. validate the copy, outside the lock;
 *	3. take the lock again and look whether the copy still holds.  If it does,
 *	   update, in the same section; if not, begin anew, or give up.
 *
 * Build: cc session.c $(pkg-config --cflags --libs pawl)
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <pawl/cond.h>
#include <pawl/counter.h>
#include <pawl/mutex.h>

enum { THREADS = 8, REQUESTS = 100, RENEW_EVERY = 100, RENEWALS = 3, LOGGED_OUT = 0 };

struct session {
	pawl_mutex lock;    /* guards all that follows */
	pawl_cond progress; /* signalled with every request that was noted */
	int token;          /* changes when it is renewed; LOGGED_OUT at the end */
	int requests;
};

static struct session session = { .token = 1 }; /* an all-zero mutex and cond are valid */

static pawl_counter accepted, refused, validated_again;

/* Stands for a question to another server: it takes its time, and knows its tokens. */
static bool validate(int token)
{
	nanosleep(&(struct timespec){ .tv_nsec = 100 * 1000 }, NULL);
	return token != LOGGED_OUT;
}

static int current_token(struct session *s)
{
	int token;

	pawl_mutex_lock(&s->lock);
	token = s->token;
	pawl_mutex_unlock(&s->lock);
	return token;
}

/* Note a request that was found good under @token: true, unless that is stale. */
static bool note_request(struct session *s, int token)
{
	bool still_good;

	pawl_mutex_lock(&s->lock);
	still_good = s->token == token;
	if (still_good) {
		s->requests++;
		pawl_cond_signal(&s->progress);
	}
	pawl_mutex_unlock(&s->lock);
	return still_good;
}

/* Serve one request: false if the user is logged out. */
static bool serve_request(struct session *s)
{
	for (;;) {
		int token = current_token(s);

		if (!validate(token))
			return false;
		if (note_request(s, token))
			return true;
		/* The token changed while we asked: what we know is about the old one. */
		pawl_counter_add(&validated_again, 1);
	}
}

static void *serve_requests(void *unused)
{
	(void)unused;
	for (int i = 0; i < REQUESTS; i++)
		pawl_counter_add(serve_request(&session) ? &accepted : &refused, 1);
	return NULL;
}

/* Wait until there are @n requests, then change the token.  Return: how many there are. */
static int change_token_after(struct session *s, int n, int token)
{
	int err = 0, requests;

	pawl_mutex_lock(&s->lock);
	while (s->requests < n && err == 0)
		err = pawl_cond_wait_until(&s->progress, &s->lock, PAWL_FOREVER);
	requests = s->requests;
	s->token = token;
	pawl_mutex_unlock(&s->lock);
	return requests;
}

int main(void)
{
	pthread_t threads[THREADS];
	int at_logout, late;
	long long sum;

	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, serve_requests, NULL) != 0) {
			fputs("session: cannot start a thread\n", stderr);
			return EXIT_FAILURE;
		}
	}
	for (int i = 1; i <= RENEWALS; i++)
		change_token_after(&session, i * RENEW_EVERY, 1 + i);
	at_logout = change_token_after(&session, (RENEWALS + 1) * RENEW_EVERY, LOGGED_OUT);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);

	late = session.requests - at_logout;
	sum = (long long)(pawl_counter_get(&accepted) + pawl_counter_get(&refused));
	printf("accepted:        %lld\n", (long long)pawl_counter_get(&accepted));
	printf("refused:         %lld\n", (long long)pawl_counter_get(&refused));
	printf("together:        %lld of %d\n", sum, THREADS * REQUESTS);
	printf("validated again: %lld\n", (long long)pawl_counter_get(&validated_again));
	printf("after logout:    %d\n", late);
	return late == 0 && sum == THREADS * REQUESTS &&
			session.requests == pawl_counter_get(&accepted)
		? EXIT_SUCCESS
		: EXIT_FAILURE;
}
