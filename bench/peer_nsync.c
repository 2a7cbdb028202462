/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_nsync.c - nsync_mu and nsync_cv as subjects. */
#include "config.h"

#include "bench.h"

#ifdef BENCH_NSYNC
#include <nsync.h>

#include "cond_subject.h"
#include "lock_subject.h"

static int mu_open(nsync_mu *lock)
{
	nsync_mu_init(lock);
	return 0;
}
#define MU_CLOSE(lock) (void)(lock)

LOCK_SUBJECTS(nsync, "nsync", nsync_mu, mu_open, MU_CLOSE,
	      nsync_mu_lock, nsync_mu_trylock, nsync_mu_unlock)

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
#else
typedef int bench_nsync_is_absent;
#endif
