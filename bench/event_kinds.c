/* SPDX-License-Identifier: BSD-2-Clause */
/* event_kinds.c - events of pawl and of others; see event_subject.h. */
#include "config.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <pawl/event.h>
#include <pawl/notify.h>

#include "bench.h"
#include "event_subject.h"

#define FITS(type) _Static_assert(sizeof(type) <= EVENT_KIND_SIZE, "a kind's state has room");

void event_futex(const uint32_t *word, int op, uint32_t value, const struct timespec *until)
{
	(void)syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, until, NULL,
		      FUTEX_BITSET_MATCH_ANY);
}

/* The least that there is: one word, one system call each. */
static void word_wait(void *state, unsigned which, uint32_t n)
{
	uint32_t *word = &((struct two_words *)state)->of[which].word, seen;

	while ((int32_t)((seen = __atomic_load_n(word, __ATOMIC_ACQUIRE)) - n) < 0)
		event_futex(word, FUTEX_WAIT_BITSET, seen, NULL);
}

static void word_set(void *state, unsigned which, uint32_t n)
{
	uint32_t *word = &((struct two_words *)state)->of[which].word;

	__atomic_store_n(word, n, __ATOMIC_RELEASE);
	event_futex(word, FUTEX_WAKE, INT_MAX, NULL);
}

FITS(struct two_words)
const struct event_kind event_word = { word_wait, word_set, NULL };

struct two_events {
	struct {
		pawl_event event OWN_LINES;
		pawl_notify notify OWN_LINES;
	} of[2];
};

static void event_wait(void *state, unsigned which, uint32_t n)
{
	(void)n;
	if (pawl_event_wait(&((struct two_events *)state)->of[which].event) != 0)
		fatal("a wait without a deadline failed");
}

static void event_set(void *state, unsigned which, uint32_t n)
{
	(void)n;
	pawl_event_set(&((struct two_events *)state)->of[which].event);
}

static void event_clear(void *state, unsigned which)
{
	pawl_event_clear(&((struct two_events *)state)->of[which].event);
}

static void notify_wait(void *state, unsigned which, uint32_t n)
{
	(void)n;
	if (pawl_notify_wait_until(&((struct two_events *)state)->of[which].notify,
				   PAWL_FOREVER) != 0)
		fatal("a wait without a deadline failed");
}

static void notify_one(void *state, unsigned which, uint32_t n)
{
	(void)n;
	pawl_notify_one(&((struct two_events *)state)->of[which].notify);
}

static void notify_all(void *state, unsigned which, uint32_t n)
{
	(void)n;
	pawl_notify_all(&((struct two_events *)state)->of[which].notify);
}

FITS(struct two_events)
const struct event_kind
	event_pawl = { event_wait, event_set, event_clear },
	event_notify = { notify_wait, notify_one, NULL },
	event_notify_all = { notify_wait, notify_all, NULL };

struct two_sems {
	struct {
		sem_t sem OWN_LINES;
	} of[2];
};

static void posix_sem_wait(void *state, unsigned which, uint32_t n)
{
	(void)n;
	while (sem_wait(&((struct two_sems *)state)->of[which].sem) != 0)
		;
}

static void posix_sem_post(void *state, unsigned which, uint32_t n)
{
	(void)n;
	sem_post(&((struct two_sems *)state)->of[which].sem);
}

FITS(struct two_sems)
const struct event_kind event_sem = { posix_sem_wait, posix_sem_post, NULL };

struct two_conds {
	struct {
		pthread_mutex_t mutex OWN_LINES;
		pthread_cond_t cond;
		uint32_t n;
	} of[2];
};

static void posix_wait(void *state, unsigned which, uint32_t n)
{
	struct two_conds *c = state;

	pthread_mutex_lock(&c->of[which].mutex);
	while ((int32_t)(c->of[which].n - n) < 0)
		pthread_cond_wait(&c->of[which].cond, &c->of[which].mutex);
	pthread_mutex_unlock(&c->of[which].mutex);
}

static void posix_set(void *state, unsigned which, uint32_t n)
{
	struct two_conds *c = state;

	pthread_mutex_lock(&c->of[which].mutex);
	c->of[which].n = n;
	pthread_mutex_unlock(&c->of[which].mutex);
	pthread_cond_broadcast(&c->of[which].cond);
}

FITS(struct two_conds)
const struct event_kind event_posix = { posix_wait, posix_set, NULL };
