/* SPDX-License-Identifier: BSD-2-Clause */
/* stress_session.c - a user's session: read, await its validation, write what is stale by then. */
#include "config.h"

#include <inttypes.h>

#include <pawl/mutex.h>

#include "stress.h"

struct session {
	int64_t items;		/* in the cart */
	int64_t version;
};

extern struct session stress_session_plain;
struct session stress_session_plain;

static struct session session;
static pawl_mutex lock = PAWL_MUTEX_INIT;
static _Atomic uint64_t refreshes;

static struct session with_one_more(struct session s)
{
	s.items++;
	s.version++;
	return s;
}

static void plain_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		struct session mine = stress_session_plain;

		stress_await(w);	/* validate it */
		stress_session_plain = with_one_more(mine);
		stress_done(w);
	}
}

static void lost(struct stress_team *t, const struct session *s, struct stress_outcome *ret)
{
	ret->of = stress_ops(t);
	ret->bad = ret->of - (uint64_t)s->items;
	ret->least = stress_least(t);
}

static void plain_broken(struct stress_team *t, struct stress_outcome *ret)
{
	stress_run(t, plain_body);
	lost(t, &stress_session_plain, ret);
}

static struct session get(void)
{
	struct session s;

	pawl_mutex_lock(&lock);
	s = session;
	pawl_mutex_unlock(&lock);
	return s;
}

static void put(struct session s)
{
	pawl_mutex_lock(&lock);
	session = s;
	pawl_mutex_unlock(&lock);
}

/* Each access is under the mutex, but the mutex was given up in between. */
static void stale_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		struct session mine = get();

		stress_await(w);
		put(with_one_more(mine));
		stress_done(w);
	}
}

static void stale_broken(struct stress_team *t, struct stress_outcome *ret)
{
	stress_run(t, stale_body);
	lost(t, &session, ret);
}

/* Validate outside; update inside, if it still is what was validated. */
static bool update(struct stress_worker *w)
{
	struct session seen = get();
	bool same;

	stress_await(w);
	pawl_mutex_lock(&lock);
	stress_hold(w, &lock);
	same = session.version == seen.version;
	if (same)
		session = with_one_more(session);
	pawl_mutex_unlock(&lock);
	return same;
}

static void checked_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		while (!update(w))
			atomic_fetch_add_explicit(&refreshes, 1, memory_order_relaxed);
		stress_done(w);
	}
}

static void checked_right(struct stress_team *t)
{
	stress_name(&lock, "the session's mutex");
	stress_run(t, checked_body);
	stress_note("validated again", atomic_load(&refreshes));
	if ((uint64_t)session.items != stress_ops(t))
		stress_fail("%" PRId64 " items after %" PRIu64 " updates", session.items,
			stress_ops(t));
}

/* The other remedy: what is changed is computed from what is there, in one section. */
static void short_body(struct stress_worker *w)
{
	while (stress_again(w)) {
		stress_await(w);
		pawl_mutex_lock(&lock);
		stress_hold(w, &lock);
		session = with_one_more(session);
		pawl_mutex_unlock(&lock);
		stress_done(w);
	}
}

static void short_right(struct stress_team *t)
{
	stress_name(&lock, "the session's mutex");
	stress_run(t, short_body);
	if ((uint64_t)session.items != stress_ops(t))
		stress_fail("%" PRId64 " items after %" PRIu64 " updates", session.items,
			stress_ops(t));
}

const struct stress_case stress_session_cases[] = {
	{
		.name = "session.plain",
		.about = "session update: read, await validation, write what is stale",
		.bad = "items lost",
		.right = "pawl_mutex, update inside",
		.symbol = "stress_session_plain",
		.racy = &stress_session_plain,
		.racy_size = sizeof stress_session_plain,
		.run_broken = plain_broken,
		.run_right = short_right,
	},
	{
		.name = "session.stale",
		.about = "the same, read and written under a lock: no data race, still wrong",
		.bad = "items lost",
		.right = "pawl_mutex, checked again inside",
		.run_broken = stale_broken,
		.run_right = checked_right,
	},
	{ .name = NULL },
};
