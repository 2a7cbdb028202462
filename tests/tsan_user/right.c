/* SPDX-License-Identifier: BSD-2-Clause */
/* right.c - every function of libpawl that orders something, used as it should be. */
#ifndef _GNU_SOURCE
# define _GNU_SOURCE
#endif
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pawl/pawl.h>

#include "user.h"

enum { ROUNDS = 5000, SHORT_ROUNDS = 400, KEYS = 64 };

/* Whether a thread waits in libpawl now; called by one thread at a time. */
static bool somebody_waits(void)
{
	static int fd = -1;
	static char text[1 << 16];
	ssize_t n;

	if (fd < 0)
		fd = memfd_create("dump", MFD_CLOEXEC);
	CHECK(fd >= 0 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	pawl_dump(fd);
	n = pread(fd, text, sizeof text - 1, 0);
	CHECK(n >= 0);
	text[n] = '\0';
	return strstr(text, " waits ") != NULL;
}

/* So that the slow paths are really taken: the holder stays until somebody waits. */
static unsigned waits_seen;

static void hold(void)
{
	while (others_run()) {
		if (somebody_waits()) {
			waits_seen++;
			return;
		}
		sched_yield();
	}
}

static pawl_mutex lock, locks[3];
static long data, all_data[3];

static unsigned policies_begun;

static bool lock_somehow(unsigned round)
{
	switch (round % 4) {
	case 0:
		return pawl_mutex_trylock(&lock) == 0;
	case 1:
		return pawl_mutex_lock_until(&lock, pawl_after(PAWL_US(20))) == 0;
	case 2:
		return pawl_mutex_lock_until(&lock, PAWL_FOREVER) == 0;
	default:
		pawl_mutex_lock(&lock);
		return true;
	}
}

static void mutex_part(unsigned me)
{
	static _Atomic unsigned begun;

	/* Thread 0 has it before the others begin. */
	if (me == 0) {
		pawl_mutex_lock(&lock);
		atomic_fetch_add_explicit(&begun, 1, memory_order_relaxed);
		hold();
		pawl_mutex_unlock(&lock);
	}
	while (atomic_load_explicit(&begun, memory_order_relaxed) < policies_begun)
		sched_yield();
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (!lock_somehow(round + me))
			continue;
		data++;
		if (me == 0 && round % 100 == 0)
			hold();
		pawl_mutex_unlock(&lock);
	}
}

static void lock_all_part(unsigned me)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned a = (round + me) % 3, b = (round * 7 + me) % 3;
		pawl_mutex *const two[] = { &locks[a], &locks[b] };

		if (round % 3 != 0)
			pawl_mutex_lock_all(two, 2);
		else if (pawl_mutex_lock_all_until(two, 2, pawl_after(PAWL_US(20))) != 0)
			continue;
		all_data[a]++;
		all_data[b]++;
		pawl_mutex_unlock_all(two, 2);
	}
}

static pawl_rwlock rwlock;
static long written, read_last[THREADS];

static bool rdlock_somehow(unsigned round)
{
	switch (round % 3) {
	case 0:
		return pawl_rwlock_tryrdlock(&rwlock) == 0;
	case 1:
		return pawl_rwlock_rdlock_until(&rwlock, pawl_after(PAWL_US(20))) == 0;
	default:
		pawl_rwlock_rdlock(&rwlock);
		return true;
	}
}

static bool wrlock_somehow(unsigned round)
{
	switch (round % 3) {
	case 0:
		return pawl_rwlock_trywrlock(&rwlock) == 0;
	case 1:
		return pawl_rwlock_wrlock_until(&rwlock, pawl_after(PAWL_US(20))) == 0;
	default:
		pawl_rwlock_wrlock(&rwlock);
		return true;
	}
}

/* As the writer, who sees too what readers noted. */
static void write_and_unlock(unsigned me, unsigned round)
{
	written++;
	for (unsigned i = 0; i < THREADS; i++)
		CHECK(read_last[i] < written);
	if (me == 0 && round % 100 == 0)
		hold();
	if (round % 2 == 0) {
		pawl_rwlock_wrunlock(&rwlock);
		return;
	}
	pawl_rwlock_downgrade(&rwlock);
	read_last[me] = written;
	pawl_rwlock_rdunlock(&rwlock);
}

static atomic_int writer_begun;

static void rwlock_part(unsigned me)
{
	/* So that the others are still there for the writer that stays until one waits: on a busy
	 * machine they may be through with all their rounds before it runs at all. */
	if (me == 0) {
		pawl_rwlock_wrlock(&rwlock);
		atomic_store_explicit(&writer_begun, 1, memory_order_relaxed);
		write_and_unlock(me, 0);
	}
	while (atomic_load_explicit(&writer_begun, memory_order_relaxed) == 0)
		sched_yield();
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (round % 10 == me) {
			if (wrlock_somehow(round / 10))
				write_and_unlock(me, round / 10);
		} else if (rdlock_somehow(round)) {
			read_last[me] = written;
			pawl_rwlock_rdunlock(&rwlock);
		}
	}
}

static void rwlock_done(pawl_op *op, int rc)
{
	CHECK(rc == 0);
	written++;
	*(bool *)pawl_op_user(op) = true;
	pawl_rwlock_wrunlock(&rwlock);
}

/* Done by whoever lets it in, and seen by who locks it after that. */
static void rwlock_op_part(unsigned me)
{
	for (unsigned round = 0; round < SHORT_ROUNDS; round++) {
		bool done = false;
		pawl_op op;
		int rc;

		pawl_op_init_inline(&op, rwlock_done, &done);
		rc = pawl_rwlock_wrlock_op(&rwlock, &op);
		CHECK(rc == 0 || rc == EINPROGRESS);
		if (rc == 0)
			rwlock_done(&op, 0);
		for (bool seen = false; !seen; ) {
			pawl_rwlock_rdlock(&rwlock);
			seen = done;
			read_last[me] = written;
			pawl_rwlock_rdunlock(&rwlock);
		}
	}
}

static pawl_cond cond;
static unsigned turn;

static void cond_part(unsigned me)
{
	for (unsigned round = 0; round < SHORT_ROUNDS; round++) {
		pawl_mutex_lock(&lock);
		while (turn % THREADS != me) {
			pawl_time deadline = PAWL_FOREVER;
			int err;

			if (round % 4 == 0)
				deadline = pawl_after(PAWL_US(50));
			err = pawl_cond_wait_until(&cond, &lock, deadline);
			CHECK(err == 0 || err == ETIMEDOUT);
		}
		turn++;
		data++;
		if (round % 2 == 0)
			pawl_cond_broadcast(&cond);
		pawl_mutex_unlock(&lock);
		if (round % 2 != 0)
			pawl_cond_broadcast(&cond);
	}
}

static pawl_mutex pair_lock;
static pawl_cond pair_cond;
static unsigned pair_turn;

static void signal_part(unsigned me)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		pawl_mutex_lock(&pair_lock);
		while (pair_turn != me)
			CHECK(pawl_cond_wait_until(&pair_cond, &pair_lock, PAWL_FOREVER) == 0);
		pair_turn = !me;
		data++;
		pawl_cond_signal(&pair_cond);
		pawl_mutex_unlock(&pair_lock);
	}
}

/* The signal itself orders what was written before it: no mutex, no atomic does. */
static long signal_data;
static _Atomic unsigned signalled;

static void signal_order_part(unsigned me)
{
	if (me == 0) {
		hold();
		signal_data = 42;
		atomic_store_explicit(&signalled, 1, memory_order_relaxed);
		pawl_cond_signal(&pair_cond);
		return;
	}
	pawl_mutex_lock(&pair_lock);
	while (atomic_load_explicit(&signalled, memory_order_relaxed) == 0)
		CHECK(pawl_cond_wait_until(&pair_cond, &pair_lock, PAWL_FOREVER) == 0);
	pawl_mutex_unlock(&pair_lock);
	CHECK(signal_data == 42);
}

static pawl_once onces[SHORT_ROUNDS];
static long once_data[SHORT_ROUNDS];
static _Atomic unsigned once_calls[SHORT_ROUNDS];

static int initialise(void *arg)
{
	size_t i = (size_t)(uintptr_t)arg;

	if (atomic_fetch_add_explicit(&once_calls[i], 1, memory_order_relaxed) == 0)
		hold();
	/* In every third, the first two fail, one after the other. */
	if (i % 3 == 0 && once_data[i]++ < 2)
		return EIO;
	once_data[i] = 42;
	return 0;
}

static int do_once(size_t i, bool timed)
{
	void *arg = (void *)(uintptr_t)i;

	if (timed)
		return pawl_once_do_until(&onces[i], initialise, arg, pawl_after(PAWL_US(100)));
	return pawl_once_do(&onces[i], initialise, arg);
}

static void once_part(unsigned me)
{
	for (size_t i = 0; i < SHORT_ROUNDS; i++) {
		while (do_once(i, (i + me) % 4 == 0) != 0)
			;
		CHECK(once_data[i] == 42);
	}
	for (size_t i = 0; i < SHORT_ROUNDS; i++)
		CHECK(pawl_once_is_done(&onces[i]) && once_data[i] == 42);
}

static pawl_once peeked;
static long peeked_data;

static int initialise_peeked(void *arg)
{
	(void)arg;
	peeked_data = 42;
	return 0;
}

static void is_done_part(unsigned me)
{
	if (me == 0)
		CHECK(pawl_once_do(&peeked, initialise_peeked, NULL) == 0);
	while (!pawl_once_is_done(&peeked))
		sched_yield();
	CHECK(peeked_data == 42);
}

static pawl_counter rounds[SHORT_ROUNDS], flag;
static long round_data[SHORT_ROUNDS][THREADS];

static void counter_part(unsigned me)
{
	for (unsigned i = 0; i < SHORT_ROUNDS; i++) {
		round_data[i][me] = 1;
		if (me == 0 && i % 10 == 0)
			hold();
		(void)pawl_counter_add(&rounds[i], -1);
		while (pawl_counter_wait_zero(&rounds[i], pawl_after(PAWL_MS(5))) != 0)
			;
		for (unsigned other = 0; other < THREADS; other++)
			CHECK(round_data[i][other] == 1);
	}
	if (me == 0) {
		data = -1;
		(void)pawl_counter_add(&flag, 1);
	}
	while (pawl_counter_get(&flag) == 0)
		sched_yield();
	CHECK(data == -1);
}

/* References counted down: who sees zero owns what the others wrote. */
static void last_part(unsigned me)
{
	for (unsigned i = 0; i < SHORT_ROUNDS; i++) {
		round_data[i][me] = 2;
		if (pawl_counter_add(&rounds[i], -1) != 0)
			continue;
		for (unsigned other = 0; other < THREADS; other++)
			CHECK(round_data[i][other] == 2);
	}
}

struct value {
	uint64_t key;
	long more;
};

static pawl_cache *cache;
static _Atomic unsigned cache_calls[KEYS];

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	struct value *v = malloc(sizeof *v);
	uint64_t k;

	(void)user;
	CHECK(v && len == sizeof k);
	memcpy(&k, key, sizeof k);
	if (k >= KEYS) {
		free(v);
		return EIO;
	}
	if (atomic_fetch_add_explicit(&cache_calls[k], 1, memory_order_relaxed) == 0 &&
		k % 8 == 0) {
		free(v);
		return EIO;
	}
	*v = (struct value){ k, 42 };
	ret->value = v;
	return 0;
}

static void drop(void *value, void *user)
{
	(void)user;
	CHECK(((struct value *)value)->more == 42);
	free(value);
}

static void look(void *value, void *arg)
{
	CHECK(((struct value *)value)->key == *(uint64_t *)arg &&
		((struct value *)value)->more == 42);
}

static int ask(uint64_t key, bool with)
{
	pawl_cache_ref *ref;
	int err;

	if (with)
		return pawl_cache_with(cache, &key, sizeof key, PAWL_FOREVER, look, &key);
	err = pawl_cache_get_or_fetch(cache, &key, sizeof key, PAWL_FOREVER, &ref);
	if (err == 0) {
		look(pawl_cache_ref_value(ref), &key);
		pawl_cache_release(cache, ref);
	}
	return err;
}

static void cache_part(unsigned me)
{
	for (uint64_t i = 0; i < 10 * KEYS; i++)
		while (ask(i * (2 * me + 1) % KEYS, (i + me) % 2 == 0) != 0)
			;
	for (uint64_t key = 0; key < KEYS; key++) {
		pawl_cache_ref *ref;

		CHECK(pawl_cache_get(cache, &key, sizeof key, &ref) == 0);
		look(pawl_cache_ref_value(ref), &key);
		pawl_cache_release(cache, ref);
	}
}

/* Keys that are never there: entries come and go while others look at them. */
static void churn_part(unsigned me)
{
	for (uint64_t i = 0; i < ROUNDS; i++)
		CHECK(ask(KEYS + (i + me) % 4, i % 2 == 0) == EIO);
}

/* Thread 0 writes to a value, then gives it back; thread 1 closes the cache. */
static _Atomic unsigned given_back;

static void close_part(unsigned me)
{
	uint64_t key = 1;
	pawl_cache_ref *ref;

	if (me == 0) {
		CHECK(pawl_cache_get(cache, &key, sizeof key, &ref) == 0);
		((struct value *)pawl_cache_ref_value(ref))->more = 42;
		pawl_cache_release(cache, ref);
		atomic_store_explicit(&given_back, 1, memory_order_relaxed);
		return;
	}
	while (atomic_load_explicit(&given_back, memory_order_relaxed) == 0)
		sched_yield();
	pawl_cache_close(cache);
}

static void open_cache(void)
{
	pawl_cache_config config = { .size = sizeof config, .fetch = fetch, .drop = drop };

	CHECK(pawl_cache_open(&config, &cache) == 0);
}

struct shared {
	pawl_mutex lock;
	unsigned users;
	long data;
};

/* Thread 1 destroys what thread 0 has left. */
static struct shared *left_over;
static _Atomic unsigned left;

static void destroy_part(unsigned me)
{
	if (me == 0) {
		pawl_mutex_lock(&left_over->lock);
		left_over->data = 42;
		pawl_mutex_unlock(&left_over->lock);
		atomic_store_explicit(&left, 1, memory_order_relaxed);
		return;
	}
	while (atomic_load_explicit(&left, memory_order_relaxed) == 0)
		sched_yield();
	pawl_mutex_destroy(&left_over->lock);
	CHECK(left_over->data == 42);
	free(left_over);
}

/* The last user frees the mutex right after its unlock. */
static struct shared *objects[SHORT_ROUNDS];

static void free_part(unsigned me)
{
	for (unsigned i = 0; i < SHORT_ROUNDS; i++) {
		struct shared *s = objects[i];
		bool last;

		(void)me;
		pawl_mutex_lock(&s->lock);
		s->data++;
		last = --s->users == 0;
		pawl_mutex_unlock(&s->lock);
		if (last) {
			pawl_mutex_destroy(&s->lock);
			free(s);
		}
	}
}

void everything_right(void)
{
	unsigned before = 0;

	for (unsigned policy = 0; policy <= PAWL_FAIR; policy++) {
		CHECK(pawl_mutex_init(&lock, policy) == 0);
		policies_begun++;
		run(THREADS, mutex_part);
		CHECK(waits_seen > before);
		before = waits_seen;
	}
	run(THREADS, lock_all_part);
	run(THREADS, rwlock_part);
	CHECK(waits_seen > before);
	before = waits_seen;
	run(THREADS, rwlock_op_part);
	run(THREADS, cond_part);
	run(2, signal_part);
	run(2, signal_order_part);
	run(THREADS, once_part);
	CHECK(waits_seen > before);
	before = waits_seen;
	run(THREADS, is_done_part);
	for (unsigned i = 0; i < SHORT_ROUNDS; i++)
		(void)pawl_counter_add(&rounds[i], THREADS);
	run(THREADS, counter_part);
	CHECK(waits_seen > before);
	for (unsigned i = 0; i < SHORT_ROUNDS; i++)
		(void)pawl_counter_add(&rounds[i], THREADS);
	run(THREADS, last_part);
	open_cache();
	run(THREADS, cache_part);
	for (unsigned i = 0; i < 4; i++)
		run(THREADS, churn_part);
	run(2, close_part);
	left_over = calloc(1, sizeof *left_over);
	CHECK(left_over);
	run(2, destroy_part);
	for (unsigned i = 0; i < SHORT_ROUNDS; i++) {
		objects[i] = calloc(1, sizeof *objects[i]);
		CHECK(objects[i] && pawl_mutex_init(&objects[i]->lock, i % 2 ? PAWL_FAIR : 0) == 0);
		objects[i]->users = THREADS;
	}
	run(THREADS, free_part);
	printf("user: all right, %u waits seen\n", waits_seen);
}
