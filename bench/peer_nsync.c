/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_nsync.c - nsync_mu and nsync_cv as subjects, and a semaphore made of them. */
#include "config.h"

#include "bench.h"

#ifdef BENCH_NSYNC
#include <nsync.h>

#include "cond_subject.h"
#include "lock_subject.h"
#include "rw_subject.h"
#include "sem_subject.h"

static int mu_open(nsync_mu *lock)
{
	nsync_mu_init(lock);
	return 0;
}
#define MU_CLOSE(lock) (void)(lock)

LOCK_SUBJECTS(nsync, "nsync", nsync_mu, mu_open, MU_CLOSE,
	      nsync_mu_lock, nsync_mu_trylock, nsync_mu_unlock)
RW_SUBJECTS(nsync_rw, "nsync", nsync_mu, mu_open, nsync_mu_rlock, nsync_mu_runlock, nsync_mu_lock,
	    nsync_mu_unlock)

struct cv_state {
	nsync_mu mutex OWN_LINES;
	nsync_cv conds[2];
};
_Static_assert(sizeof(struct cv_state) <= COND_KIND_SIZE, "a kind's state has room");

static void cv_lock(void *state)
{
	nsync_mu_lock(&((struct cv_state *)state)->mutex);
}

static void cv_unlock(void *state)
{
	nsync_mu_unlock(&((struct cv_state *)state)->mutex);
}

static void cv_wait(void *state, unsigned which)
{
	struct cv_state *s = state;

	nsync_cv_wait(&s->conds[which], &s->mutex);
}

static void cv_signal(void *state, unsigned which)
{
	nsync_cv_signal(&((struct cv_state *)state)->conds[which]);
}

static void cv_broadcast(void *state, unsigned which)
{
	nsync_cv_broadcast(&((struct cv_state *)state)->conds[which]);
}

static const struct cond_kind kind = { cv_lock, cv_unlock, cv_wait, cv_signal, cv_broadcast };
const struct subject
	nsync_ping_pong = { .name = "nsync", .turn = cond_ping_pong, .kind = &kind },
	nsync_broadcast = { .name = "nsync", .turn = cond_broadcast, .kind = &kind };

/* nsync has no semaphore; this is how one is made of what it has. */
struct mu_sem {
	nsync_mu mutex;
	nsync_cv some;
	unsigned permits;
};

static int sem_open_n(struct mu_sem *sem, unsigned permits)
{
	nsync_mu_init(&sem->mutex);
	nsync_cv_init(&sem->some);
	sem->permits = permits;
	return 0;
}

static void sem_take(struct mu_sem *sem)
{
	nsync_mu_lock(&sem->mutex);
	while (sem->permits == 0)
		nsync_cv_wait(&sem->some, &sem->mutex);
	sem->permits--;
	nsync_mu_unlock(&sem->mutex);
}

static bool sem_try(struct mu_sem *sem)
{
	bool taken;

	nsync_mu_lock(&sem->mutex);
	taken = sem->permits > 0;
	if (taken)
		sem->permits--;
	nsync_mu_unlock(&sem->mutex);
	return taken;
}

static void sem_give(struct mu_sem *sem)
{
	nsync_mu_lock(&sem->mutex);
	sem->permits++;
	nsync_cv_signal(&sem->some);
	nsync_mu_unlock(&sem->mutex);
}

SEM_SUBJECTS(nsync_sem, "nsync", struct mu_sem, sem_open_n, MU_CLOSE, sem_take, sem_try, sem_give)
#else
typedef int bench_nsync_is_absent;
#endif
