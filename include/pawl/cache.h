/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/cache.h - a cache whose misses are fetched once, whoever asks.
 *
 * get_or_fetch() returns the value of a key.  If there is none, the first caller
 * runs the configured fetch function, on its own thread, and all others who want
 * the same key meanwhile wait for its result (single flight).  If it fails, its
 * error goes to that caller, and the next in line runs its own fetch.  Errors are
 * not kept: when nobody is left in line, the key is unknown again.
 *
 * This is the first form: no eviction, no time-to-live.  A configuration that asks
 * for them is refused with ENOTSUP.  A value, once fetched, stays until close.
 *
 * Threads:   every function but open and close may run at any time.
 * Memory:    what fetch wrote is visible to whoever gets the value.
 * Progress:  a hit: lock-free (on x86-64, and elsewhere with a fixed Concurrency
 *            Kit; see README), but for one case: while a call that gave up on the
 *            same key's fetch, or whose own failed, leaves it, hits that return a
 *            reference wait for the shard's lock.  The hit of pawl_cache_with()
 *            writes no shared cache line, the others one of the entry's own.  A
 *            miss blocks: for its shard's lock, and for the fetch.  A thread for
 *            whose record (some 256 bytes, at its first call) there is no memory
 *            takes the shard's lock for hits too, and needs no memory for them.
 * Signals:   nothing here is async-signal-safe.
 * Misuse:    releasing a reference twice or to another cache, closing a cache that
 *            is in use, a miss inside of a callback of pawl_cache_with(): one
 *            sentence on standard error, then abort(), where it is noticed.
 * Lifetime:  close when no other call is inside and every reference is released.
 * Fork:      in the child only the calling thread lives: keys that others were
 *            fetching, and shards that they had locked, are waited for for ever.
 *
 * Keys are hashed with a random seed for each cache, so that who chooses keys but
 * cannot measure lookups cannot aim them at one slot; it is no cryptographic hash.
 *
 * Source: CK's hash set (one writer, many readers, Al Bahra) under CK's epoch
 * reclamation (Fraser 2004); single flight through pawl_once.
 */
#ifndef PAWL_CACHE_H
#define PAWL_CACHE_H

#include <pawl/base.h>
#include <pawl/op.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_cache pawl_cache;
typedef struct pawl_cache_ref pawl_cache_ref;

typedef struct {
	void *value;
	size_t weight;		/* for max_weight; unused in this form */
	pawl_ns ttl;		/* 0: the cache's; unused in this form */
} pawl_cache_value;

/*
 * Make the value of a key.
 *
 * Callbacks: runs on the thread that called get_or_fetch() or with(), with nothing
 * of pawl held but the flight of this key; may wait, and may use the cache for
 * other keys (for its own key: EDEADLK).  Fetches that wait for each other's keys
 * wait for ever, or until their deadlines.  It runs inside the caller's scopes: if they
 * are canceled, what it waits for returns ECANCELED, and so, as a rule, will it; then the next
 * in line fetches, inside its own.  If it leaves by pthread_exit(), by
 * cancellation or by a C++ exception, that counts as a failure.
 *
 * @ret:	all zero before; ignored if it fails
 *
 * Return: 0 and *@ret, or a positive errno value.
 */
typedef int (*pawl_fetch_fn)(const void *key, size_t len, pawl_cache_value *ret, void *user);

typedef struct {
	size_t size;		/* sizeof this structure, as the program knows it */
	size_t max_entries;	/* 0: no limit; else ENOTSUP in this form */
	size_t max_weight;	/* the same */
	pawl_ns ttl, negative_ttl, stale_ttl;	/* 0: for ever; else ENOTSUP in this form */
	pawl_fetch_fn fetch;	/* required */
	/* May be NULL.  Called once for each value when nobody can reach it any more;
	 * in this form: by close(), on its thread.  May not use the cache. */
	void (*drop)(void *value, void *user);
	void *user;		/* handed to both */
	unsigned flags;		/* 0 */
} pawl_cache_config;

/*
 * @cfg:	may go after the call
 *
 * Return: 0 and *@ret_c; EINVAL if @cfg is not valid (no fetch, unknown flags, a
 * negative time, a size smaller than the first version's or over 4096, something
 * other than zero behind what this version knows); ENOTSUP for limits; ENOMEM.
 */
PAWL_API int pawl_cache_open(const pawl_cache_config *cfg, pawl_cache **ret_c)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* Drop everything.  @c may be NULL; nobody uses it, and no reference is held. */
PAWL_API void pawl_cache_close(pawl_cache *c);

/*
 * Get a counted reference to the value of @key, fetched if need be.
 *
 * @key, @len:	any bytes; copied when the key is new; @len may be 0
 * @deadline:	instant for waiting on another caller's fetch; PAWL_FOREVER; a past
 *		one polls once (and fetches, if nobody else does)
 *
 * Return: 0 and *@ret_ref, to be released; fetch's error; ETIMEDOUT; ECANCELED if it
 * would have to wait for another's fetch in a canceled scope (pawl/scope.h), and that fetch
 * goes on; EDEADLK if called by the fetch of the same key; ENOMEM.
 */
PAWL_API int pawl_cache_get_or_fetch(pawl_cache *c, const void *key, size_t len,
	pawl_time deadline, pawl_cache_ref **ret_ref)
	PAWL_MUST_CHECK_ __attribute__((__nonnull__(1, 5)));

/*
 * The same, but where that would wait for another caller's fetch, @op does.
 *
 * Callbacks: if nobody fetches @key, fetch runs right here.  If the fetch that @op waits for fails,
 * and @op is the next in line, fetch runs on the thread that dispatches it, before done(); for
 * an inline op, on the thread whose fetch failed, at the end of its call.  Run for an op, fetch may
 * not leave otherwise than by returning; in a done() of an inline op it may not wait either.
 *
 * @key:	may go after the call
 * @ret_ref:	written before this returns 0, or before done(@op, 0)
 *
 * Return: 0 and *@ret_ref; EINPROGRESS, and done() will be called, with 0, fetch's error,
 * ETIMEDOUT or ECANCELED; fetch's error, if it ran right here (EIO instead of EINPROGRESS);
 * EDEADLK; ENOMEM.
 */
PAWL_API int pawl_cache_get_or_fetch_op(pawl_cache *c, const void *key, size_t len,
	pawl_cache_ref **ret_ref, pawl_op *op)
	PAWL_MUST_CHECK_ __attribute__((__nonnull__(1, 4, 5)));

/*
 * The same as pawl_cache_get_or_fetch(), but @fn gets the value on loan, and a hit writes no shared
 * line.
 *
 * Callbacks: @fn runs on the calling thread, once if this returns 0, else not; it
 * may not wait, and not keep the value.  It may use caches, but in no way that has to
 * fetch.  While it runs, no memory is given back in any cache: it should be short.  It
 * may leave by pthread_exit(), by cancellation or by a C++ exception.
 *
 * Return: as pawl_cache_get_or_fetch().
 */
PAWL_API int pawl_cache_with(pawl_cache *c, const void *key, size_t len, pawl_time deadline,
	void (*fn)(void *value, void *arg), void *arg)
	PAWL_MUST_CHECK_ __attribute__((__nonnull__(1, 5)));

/* Return: 0 and *@ret_ref if it is there now; ENOENT, also while it is being fetched. */
PAWL_API int pawl_cache_get(pawl_cache *c, const void *key, size_t len, pawl_cache_ref **ret_ref)
	PAWL_MUST_CHECK_ __attribute__((__nonnull__(1, 4)));

/* Return: the value, valid until @r is released. */
PAWL_API void *pawl_cache_ref_value(const pawl_cache_ref *r) PAWL_NONNULL_;

/* Give back a reference of @c; any thread may. */
PAWL_API void pawl_cache_release(pawl_cache *c, pawl_cache_ref *r) PAWL_NONNULL_;

/* misses = fetches + joins + what get() did not find; evictions, stale and weight stay 0
 * in this form. */
typedef struct {
	uint64_t hits;		/* found */
	uint64_t misses;	/* not found */
	uint64_t joins;		/* left it to another caller's fetch, and got or awaited that */
	uint64_t takeovers;	/* fetches after another caller's for the same key had failed */
	uint64_t fetches, failures;	/* calls of fetch, and those that failed */
	uint64_t evictions, stale;
	pawl_ns fetch_time;	/* total spent in fetch */
	size_t entries, weight;	/* values there are now */
} pawl_cache_stats_t;

/* Sums of per-CPU counts: exact when nothing else runs. */
PAWL_API void pawl_cache_stats(pawl_cache *c, pawl_cache_stats_t *ret) PAWL_NONNULL_;

PAWL_END_DECLS
#endif
