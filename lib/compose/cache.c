/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.c - pawl/cache.h: lookups, flights, references.  Uses: atomic, platform, reclaim,
 * sync.  Opening and closing: cache_open.c.
 *
 * Shards, chosen by the top bits of a key's hash; each a registry (readers without a
 * lock) and a mutex for its writers.  An entry is in the table from the moment somebody
 * wants its key; its pawl_once is the flight, and done when its value is there.
 *
 * refs = DEAD, or one for the table and one for each call or reference that uses it:
 *
 *	2 --F1 join--> 3 --F2,F5 leave--> 2		any number of these
 *	2 --F3 resign--> DEAD				its only user had no success
 *	DEAD --F8--> 1					but another had, just before
 *
 * I1  an entry whose once is done stays in the table until close.
 * I2  one that is not done dies with its last user: under the lock it becomes DEAD, which
 *     keeps others out, and only then is what its once says final.  If it is not done,
 *     it is taken out of the table and retired.  Who finds it without the lock either
 *     joined before (and then that user was not the last), or sees DEAD, and looks again
 *     with the lock.
 * I3  value is written by the once's runner only, before it is done, and then constant.
 * I4  failed is touched by the once's runner only.
 *
 * Readers without the lock stay in an smr section while they use an entry they hold no
 * reference to.  No section spans a wait: what has to wait counts a reference, leaves
 * the section, and then waits.  Without memory for a section's record (and on CPUs where
 * configure says so) lookups take the lock instead, and nothing else changes.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <pawl/atomic.h>

#include "compose/cache.h"
#include "compose/hash.h"
#include "platform/clock.h"
#include "platform/fatal.h"
#include "platform/hb.h"
#include "platform/memory.h"
#include "platform/tls.h"
#include "reclaim/readers.h"
#include "sync/once_op.h"

#define DEAD ((uint64_t)1 << 63)

/* What one call looks for. */
struct request {
	pawl_cache *cache;
	struct shard *shard;
	struct registry_key key;
};

/* One call that found no value. */
struct flight {
	const struct request *request;
	pawl_cache_ref *entry;
	bool fetched;
	int err;
};

/* One call of the user's fetch. */
struct fetch {
	struct flight *flight;
	pawl_cache_value result;
	int64_t start;
	int err;
};

struct loan {
	pawl_cache *cache;
	pawl_cache_ref *entry;
	bool inside;
};

static void count(uint64_t *word, uint64_t n)
{
	/* F6 relaxed: statistics only. */
	(void)pawl_fetch_add_(word, n, relaxed);
}

/* Open a section.  False: the lock must do. */
static bool enter(void)
{
	return !LOCKED_READS && pawl_i_smr_enter();
}

static void leave(const bool *inside)
{
	if (*inside)
		pawl_i_smr_leave();
}

static struct request make_request(pawl_cache *c, const void *key, size_t len)
{
	uint64_t hash = pawl_i_hash(key, len, c->seed);

	return (struct request){ c, &c->shard[hash >> c->shift], { hash, len, key } };
}

/* In a section, or with the lock. */
static pawl_cache_ref *peek(const struct request *q)
{
	struct registry_key *key = pawl_i_registry_find(&q->shard->set, &q->key);

	return key ? entry_of(key) : NULL;
}

static bool is_ready(const pawl_cache_ref *e)
{
	return pawl_once_is_done(&e->once);
}

/* In a section, or with the lock.  False: somebody decides whether it dies. */
static bool join(pawl_cache_ref *e)
{
	/* F1 relaxed: not DEAD is all it says; the once has the value. */
	return !(pawl_fetch_add_(&e->refs, 1, relaxed) & DEAD);
}

/* In a section, or with the lock. */
static pawl_cache_ref *peek_for(const struct request *q, bool ready)
{
	pawl_cache_ref *e = peek(q);

	return e && ready && !is_ready(e) ? NULL : e;
}

/* Return: whether *@ret_e is known, without the lock. */
static bool find_unlocked(const struct request *q, bool ready, pawl_cache_ref **ret_e)
{
	bool inside = enter(), known = inside;

	if (inside) {
		*ret_e = peek_for(q, ready);
		known = !*ret_e || join(*ret_e);
	}
	leave(&inside);
	return known;
}

/* What the cache locks for a moment is not a wait of the caller's, who may be the done() of an
 * inline op: there it polls.  Not inline, as it would cost a hit the saving of registers. */
__attribute__((__noinline__)) static void lock_shard(struct shard *s)
{
	enum tls_inline stage = pawl_i_tls.stage;

	if (stage == IN_DONE)
		pawl_i_tls.stage = FINISHING;
	pawl_mutex_lock(&s->lock);
	pawl_i_tls.stage = stage;
}

/* Return: the entry, joined; or NULL.  If @ready, only one that has its value. */
static pawl_cache_ref *find(const struct request *q, bool ready)
{
	pawl_cache_ref *e;

	if (find_unlocked(q, ready, &e))
		return e;
	lock_shard(q->shard);
	e = peek_for(q, ready);
	if (e)
		(void)join(e);	/* with the lock, it is not DEAD (I2) */
	pawl_mutex_unlock(&q->shard->lock);
	return e;
}

static pawl_cache_ref *make_entry(const struct request *q)
{
	size_t len = q->key.length;
	pawl_cache_ref *e = NULL;

	if (len < SIZE_MAX - sizeof *e)
		e = pawl_i_memory_get(sizeof *e + len, CACHE_LINE);
	if (!e)
		return NULL;
	if (len > 0)
		memcpy(e->bytes, q->key.bytes, len);
	e->key = (struct registry_key){ q->key.hash, len, e->bytes };
	e->cache = q->cache;
	e->refs = 2;		/* the table's and the caller's */
	return e;
}

/* With the lock: put @fresh into the table unless there is one.  Return: as find(). */
static pawl_cache_ref *find_or_put(const struct request *q, pawl_cache_ref *fresh)
{
	bool inside = enter();	/* the table may be retired for a larger one */
	pawl_cache_ref *e = peek(q);

	if (e)
		(void)join(e);	/* as in find() */
	else if (pawl_i_registry_put(&q->shard->set, &fresh->key) == 0)
		e = fresh;
	leave(&inside);
	return e;
}

/* Return: the entry, joined; NULL: no memory. */
static pawl_cache_ref *find_or_add(const struct request *q)
{
	pawl_cache_ref *fresh, *e = find(q, false);

	if (e)
		return e;
	fresh = make_entry(q);
	if (!fresh)
		return NULL;
	lock_shard(q->shard);
	e = find_or_put(q, fresh);
	pawl_mutex_unlock(&q->shard->lock);
	if (e != fresh)
		pawl_i_memory_put(fresh);
	pawl_i_smr_poll();
	return e;
}

static void free_entry(struct smr_entry *smr)
{
	pawl_i_memory_put((char *)smr - offsetof(pawl_cache_ref, smr));
}

/* With the lock: it became DEAD by us. */
static void bury(struct shard *s, pawl_cache_ref *e)
{
	bool inside = enter();

	pawl_i_registry_remove(&s->set, &e->key);
	if (LOCKED_READS)
		free_entry(&e->smr);	/* only who has the lock, or a reference, looks at entries */
	else
		pawl_i_smr_retire(&e->smr, free_entry, sizeof *e + e->key.length);
	leave(&inside);
}

/* With the lock: leave a flight without its value (I2). */
static void resign_locked(struct shard *s, pawl_cache_ref *e)
{
	uint64_t alone = 2;

	/* F3 acquire: pairs with F2, F5.  Whether others made it done before they left,
	 * and their last touches of it. */
	if (!pawl_cas_(&e->refs, &alone, DEAD, acquire, relaxed))
		/* F5 release: pairs with F3, F4.  As F2. */
		(void)pawl_fetch_sub_(&e->refs, 1, release);
	else if (is_ready(e))
		/* F8 release: pairs with F4.  A store: who joined meanwhile saw DEAD, and
		 * does not count.  Passes on what F3 acquired. */
		pawl_store_(&e->refs, 1, release);
	else
		bury(s, e);
}

/* The call ends, or its thread does. */
static void land(struct flight *f)
{
	struct shard *s = f->request->shard;

	if (!f->fetched)
		count(&s->joins, 1);
	if (f->err == 0)
		return;
	lock_shard(s);
	resign_locked(s, f->entry);
	pawl_mutex_unlock(&s->lock);
	pawl_i_smr_poll();
}

/* The user's fetch returned, or did not: then err is still set. */
static void fetched(struct fetch *f)
{
	pawl_cache_ref *e = f->flight->entry;
	struct shard *s = f->flight->request->shard;

	count(&s->fetch_time, (uint64_t)(pawl_i_clock_now() - f->start));
	if (f->err != 0) {
		count(&s->failures, 1);
		e->failed = true;
		return;
	}
	count(&s->entries, 1);
	e->value = f->result.value;
}

/* Runs as the once's runner. */
static int run_fetch(void *flight)
{
	__attribute__((__cleanup__(fetched))) struct fetch f = {
		.flight = flight, .start = pawl_i_clock_now(), .err = ECANCELED
	};
	const struct request *q = f.flight->request;

	f.flight->fetched = true;
	count(&q->shard->fetches, 1);
	if (f.flight->entry->failed)
		count(&q->shard->takeovers, 1);
	f.err = q->cache->fetch(q->key.bytes, q->key.length, &f.result, q->cache->user);
	return f.err;
}

/* Fetch, or wait for who does.  The caller's reference is kept if this returns 0. */
static int fly(const struct request *q, pawl_cache_ref *e, pawl_time deadline)
{
	__attribute__((__cleanup__(land))) struct flight f = { q, e, false, ECANCELED };

	if (pawl_i_smr_is_inside())
		pawl_i_misuse("pawl_cache_get_or_fetch", "cache", q->cache,
			      "is asked for a missing value by a callback of pawl_cache_with()", 0);
	count(&q->shard->misses, 1);
	f.err = pawl_once_do_until(&e->once, run_fetch, &f, deadline);
	return f.err;
}

static int get_or_fetch(const struct request *q, pawl_time deadline, pawl_cache_ref **ret_ref)
{
	pawl_cache_ref *e = find_or_add(q);
	int err;

	if (!e)
		return ENOMEM;
	if (is_ready(e)) {
		pawl_tally_add(&q->cache->hits, 1);
	} else {
		err = fly(q, e, deadline);
		if (err != 0)
			return err;
	}
	*ret_ref = e;
	return 0;
}

int pawl_cache_get_or_fetch(pawl_cache *c, const void *key, size_t len, pawl_time deadline,
	pawl_cache_ref **ret_ref)
{
	struct request q = make_request(c, key, len);

	return get_or_fetch(&q, deadline, ret_ref);
}

/* What fetch returned, unless that means something else. */
static int not_pending(int err)
{
	return err == EINPROGRESS ? EIO : err;
}

/* The op's turn came, with the role of the runner, if it was not stopped. */
static int fly_op(const struct request *q, pawl_op *op, uint32_t answer, bool closing)
{
	__attribute__((__cleanup__(land))) struct flight f = { q, op->object_, false, ECANCELED };

	if (answer == RETRY && !closing)
		f.err = pawl_i_once_run_for_op(&f.entry->once, run_fetch, &f);
	else if (answer == RETRY)
		pawl_i_once_resign_for_op(&f.entry->once);
	else
		f.err = pawl_i_op_error(op, answer);
	return not_pending(f.err);
}

static int finish_op(pawl_op *op, uint32_t answer, bool closing)
{
	pawl_cache_ref *e = op->object_, **ret_ref = op->result_;
	struct request q = make_request(e->cache, e->bytes, e->key.length);
	int err = 0;

	if (answer == GRANT)
		count(&q.shard->joins, 1);
	else
		err = fly_op(&q, op, answer, closing);
	if (err != 0)
		return err;
	hb_acquire(&e->once);
	if (closing) {
		pawl_cache_release(q.cache, e);
		return ECANCELED;
	}
	*ret_ref = e;
	return 0;
}

static const struct op_verb get_or_fetch_op = { "pawl_cache_get_or_fetch_op", finish_op };

struct op_start {
	struct flight flight;
	bool waited;		/* then finish_op() lands, or has */
};

static void land_start(struct op_start *s)
{
	if (!s->waited)
		land(&s->flight);
}

/* As fly(), but for an op. */
static int start_op(const struct request *q, pawl_cache_ref *e, pawl_op *op)
{
	__attribute__((__cleanup__(land_start))) struct op_start s = {
		{ q, e, false, ECANCELED }, false
	};
	struct flight *f = &s.flight;

	if (pawl_i_smr_is_inside())
		pawl_i_misuse(get_or_fetch_op.name, "cache", q->cache,
			      "is asked for a missing value by a callback of pawl_cache_with()", 0);
	count(&q->shard->misses, 1);
	f->err = pawl_i_once_do_op(&e->once, run_fetch, f, op, &get_or_fetch_op, e, &s.waited);
	return s.waited ? f->err : not_pending(f->err);
}

int pawl_cache_get_or_fetch_op(pawl_cache *c, const void *key, size_t len,
	pawl_cache_ref **ret_ref, pawl_op *op)
{
	struct request q = make_request(c, key, len);
	pawl_cache_ref *e = find_or_add(&q);
	int err = 0;

	if (!e)
		return ENOMEM;
	op->result_ = ret_ref;
	if (is_ready(e))
		pawl_tally_add(&c->hits, 1);
	else
		err = start_op(&q, e, op);
	if (err == 0)
		*ret_ref = e;
	return err;
}

int pawl_cache_get(pawl_cache *c, const void *key, size_t len, pawl_cache_ref **ret_ref)
{
	struct request q = make_request(c, key, len);
	pawl_cache_ref *e = find(&q, true);

	if (!e) {
		count(&q.shard->misses, 1);
		return ENOENT;
	}
	pawl_tally_add(&c->hits, 1);
	*ret_ref = e;
	return 0;
}

/* The hit, which writes the thread's own record and the CPU's own count only. */
static bool with_hit(const struct request *q, void (*fn)(void *value, void *arg), void *arg)
{
	__attribute__((__cleanup__(leave))) bool inside = enter();
	pawl_cache_ref *e = inside ? peek(q) : NULL;

	if (!e || !is_ready(e))
		return false;
	pawl_tally_add(&q->cache->hits, 1);
	fn(e->value, arg);
	return true;
}

static void end_loan(struct loan *l)
{
	leave(&l->inside);
	pawl_cache_release(l->cache, l->entry);
}

int pawl_cache_with(pawl_cache *c, const void *key, size_t len, pawl_time deadline,
	void (*fn)(void *value, void *arg), void *arg)
{
	struct request q = make_request(c, key, len);
	pawl_cache_ref *e;
	int err;

	if (with_hit(&q, fn, arg))
		return 0;
	err = get_or_fetch(&q, deadline, &e);
	if (err == 0) {
		/* The section is not for us: it shows an fn that waits. */
		__attribute__((__cleanup__(end_loan))) struct loan l = { c, e, enter() };

		fn(l.entry->value, arg);
	}
	return err;
}

void *pawl_cache_ref_value(const pawl_cache_ref *r)
{
	return r->value;
}

void pawl_cache_release(pawl_cache *c, pawl_cache_ref *r)
{
	uint64_t before;

	if (r->cache != c)
		pawl_i_misuse("pawl_cache_release", "reference", r, "is another cache's", 0);
	hb_release(r);
	/* F2 release: pairs with F3, F4.  The user's last look at the value. */
	before = pawl_fetch_sub_(&r->refs, 1, release);
	if (before < 2 || (before & DEAD))
		pawl_i_misuse("pawl_cache_release", "reference", r, "was released before", 0);
}
