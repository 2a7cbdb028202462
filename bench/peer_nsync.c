/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_nsync.c - nsync_mu and nsync_cv as subjects; a semaphore and a queue made of them. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "bench.h"

#ifdef BENCH_NSYNC
#include <nsync.h>

#include "cond_subject.h"
#include "lock_subject.h"
#include "queue_subject.h"
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

static int ring_init(nsync_mu *mutex, nsync_cv *a, nsync_cv *b)
{
	nsync_mu_init(mutex);
	nsync_cv_init(a);
	nsync_cv_init(b);
	return 0;
}

#define NSYNC_RING(id, item) \
MUTEX_RING(id, item, nsync_mu, nsync_cv, ring_init, nsync_mu_lock, nsync_mu_unlock, nsync_cv_wait, \
	   nsync_cv_signal)

NSYNC_RING(nsync_ring, queue_ptr)
NSYNC_RING(nsync_wide_ring, queue_wide)
MUTEX_RING_STALL(nsync_ring, queue_ptr)
MUTEX_RING_TRY(nsync_ring, queue_ptr, nsync_mu_lock, nsync_mu_unlock, nsync_cv_signal)
QUEUE_STALLS(nsync_q_ptr, struct nsync_ring, queue_ptr, nsync_ring_stall)
QUEUE_SUBJECT(nsync_q_ptr, "nsync", struct nsync_ring, queue_ptr, nsync_ring_open,
	      nsync_ring_close, nsync_ring_push, nsync_ring_pop, nsync_q_ptr_stalls)
QUEUE_SUBJECT(nsync_q_wide, "nsync", struct nsync_wide_ring, queue_wide, nsync_wide_ring_open,
	      nsync_wide_ring_close, nsync_wide_ring_push, nsync_wide_ring_pop, NULL)
QUEUE_TRY(nsync_q_try, "nsync", struct nsync_ring, queue_ptr, nsync_ring_open, nsync_ring_close,
	  nsync_ring_trypush, nsync_ring_trypop)
#else
typedef int bench_nsync_is_absent;
#endif
